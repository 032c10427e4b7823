"""The five families of networks on one form of input, [batch, positions, features], at one budget.

What differs is what each takes for granted: nothing (MLP), that neighbours on a grid belong together (CNN),
that what came before matters (RNN), that anything may refer to anything (Transformer), that links say who
belongs together (GNN).
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jaxtyping import Float

from course_utils.data.tasks import Form
from course_utils.models.convolution import Conv
from course_utils.models.gnn import GCN
from course_utils.models.mlp import MLP, parameter_count
from course_utils.models.rnn import RNN
from course_utils.models.transformer import attention

TRANSFORMER_WIDTH, BLOCKS = 16, 2
_WIDEST = 4096


class FlatMLP(nnx.Module):
    """All numbers of an example in one row, two hidden layers of `width`: positions are columns like any others."""

    def __init__(self, form: Form, width: int, *, rngs: nnx.Rngs) -> None:
        self.net = MLP((form.positions * form.features, width, width, form.classes), rngs=rngs)

    def __call__(self, x: Float[Array, "batch positions features"]) -> Float[Array, "batch classes"]:
        """Return the logits of a batch."""
        return self.net(x.reshape(len(x), -1))

    @staticmethod
    def size(form: Form, width: int) -> int:
        """Weights of the network, by formula."""
        return parameter_count((form.positions * form.features, width, width, form.classes))


class GridCNN(nnx.Module):
    """Two convolutions of nine taps with ReLU, the largest value over all places, a linear head.

    The taps are 3 × 3 on a grid and 1 × 9 on a sequence: the same number of weights.
    """

    def __init__(self, form: Form, width: int, *, rngs: nnx.Rngs) -> None:
        taps = (3, 3) if min(form.grid) > 1 else (1, 9)
        self.grid = form.grid
        self.first = Conv(form.features, width, taps, rngs=rngs)
        self.second = Conv(width, width, taps, rngs=rngs)
        self.head = nnx.Linear(width, form.classes, rngs=rngs)

    def __call__(self, x: Float[Array, "batch positions features"]) -> Float[Array, "batch classes"]:
        """Return the logits of a batch."""
        x = x.reshape(len(x), *self.grid, -1)
        x = nnx.relu(self.second(nnx.relu(self.first(x))))
        return self.head(x.max(axis=(1, 2)))

    @staticmethod
    def size(form: Form, width: int) -> int:
        """Weights of the network, by formula."""
        return (9 * form.features + 1) * width + (9 * width + 1) * width + (width + 1) * form.classes


class LastRNN(nnx.Module):
    """A GRU of `width` units that reads the positions in order; a linear head reads its last state."""

    def __init__(self, form: Form, width: int, *, rngs: nnx.Rngs, cell: str = "gru") -> None:
        self.net = RNN(form.features, width, form.classes, rngs=rngs, cell=cell)

    def __call__(self, x: Float[Array, "batch positions features"]) -> Float[Array, "batch classes"]:
        """Return the logits of a batch."""
        return self.net(x)

    @staticmethod
    def size(form: Form, width: int) -> int:
        """Weights of the network, by formula."""
        return 3 * width * (form.features + width + 1) + (width + 1) * form.classes


class LastTransformer(nnx.Module):
    """Two pre-norm blocks of one attention head over all positions; a linear head reads the last one.

    Each position's row is mapped to 16 numbers and gets a learned vector for its place. `width` is the hidden
    layer of the blocks' MLPs.
    """

    def __init__(self, form: Form, width: int, *, rngs: nnx.Rngs) -> None:
        size = TRANSFORMER_WIDTH
        self.embed = nnx.Linear(form.features, size, rngs=rngs)
        self.places = nnx.Param(0.1 * jax.random.normal(rngs.params(), (form.positions, size)))
        self.blocks = nnx.List(_Block(size, width, rngs) for _ in range(BLOCKS))
        self.norm = nnx.LayerNorm(size, rngs=rngs)
        self.head = nnx.Linear(size, form.classes, rngs=rngs)

    def __call__(self, x: Float[Array, "batch positions features"]) -> Float[Array, "batch classes"]:
        """Return the logits of a batch."""
        x = self.embed(x) + self.places[...]
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x[:, -1]))

    @staticmethod
    def size(form: Form, width: int) -> int:
        """Weights of the network, by formula."""
        d = TRANSFORMER_WIDTH
        block = 4 * d + 4 * (d + 1) * d + (d + 1) * width + (width + 1) * d
        return (form.features + 1 + form.positions) * d + BLOCKS * block + 2 * d + (d + 1) * form.classes


class _Block(nnx.Module):
    """One pre-norm block; Flax's default initialisation, since GPT-2's 0.02 is made for wide networks."""

    def __init__(self, size: int, inner: int, rngs: nnx.Rngs) -> None:
        self.norm1, self.norm2 = nnx.LayerNorm(size, rngs=rngs), nnx.LayerNorm(size, rngs=rngs)
        self.qkv, self.out = nnx.Linear(size, 3 * size, rngs=rngs), nnx.Linear(size, size, rngs=rngs)
        self.up, self.down = nnx.Linear(size, inner, rngs=rngs), nnx.Linear(inner, size, rngs=rngs)

    def __call__(self, x: Float[Array, "batch positions size"]) -> Float[Array, "batch positions size"]:
        parts = jnp.split(self.qkv(self.norm1(x)), 3, axis=-1)
        q, k, v = (part[:, :, None] for part in parts)  # one head
        x = x + self.out(attention(q, k, v, causal=False)[:, :, 0])
        return x + self.down(nnx.relu(self.up(self.norm2(x))))


class _Links(nnx.Variable):
    """Links that belong to the task, not to the weights: never trained, never counted."""


class MeanGNN(nnx.Module):
    """Two graph convolutions of `width`, the mean over all nodes, a linear head.

    The links come with each example where the task has them; else neighbours on its grid are linked.
    """

    def __init__(self, form: Form, width: int, *, rngs: nnx.Rngs) -> None:
        self.positions = form.positions
        self.links = None if form.linked else _Links(jnp.asarray(grid_links(*form.grid)))
        features = form.features - form.positions if form.linked else form.features
        self.net = GCN((features, width, width), rngs=rngs)
        self.head = nnx.Linear(width, form.classes, rngs=rngs)

    def __call__(self, x: Float[Array, "batch positions features"]) -> Float[Array, "batch classes"]:
        """Return the logits of a batch."""
        if self.links is None:
            links, x = x[..., : self.positions], x[..., self.positions :]
        else:
            links = self.links[...]
        return self.head(nnx.relu(self.net(x, links)).mean(axis=1))

    @staticmethod
    def size(form: Form, width: int) -> int:
        """Weights of the network, by formula."""
        features = form.features - form.positions if form.linked else form.features
        return (features + 1 + width + 1) * width + (width + 1) * form.classes


FAMILIES: dict[str, Any] = {
    "MLP": FlatMLP,
    "CNN": GridCNN,
    "RNN": LastRNN,
    "Transformer": LastTransformer,
    "GNN": MeanGNN,
}


def grid_links(rows: int, columns: int) -> Float[np.ndarray, "places places"]:
    """The adjacency matrix of a grid, each place linked to those above, below, left and right.

    >>> grid_links(1, 3).tolist()
    [[0.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    """

    def chain(n: int) -> np.ndarray:
        return np.eye(n, k=1) + np.eye(n, k=-1)

    links = np.kron(np.eye(rows), chain(columns)) + np.kron(chain(rows), np.eye(columns))
    return links.astype(np.float32)


def weights(model: nnx.Module) -> int:
    """The number of trained scalars of a built network."""
    return sum(array.size for array in jax.tree.leaves(nnx.state(model, nnx.Param)))


def width_for(family: str, form: Form, budget: int) -> int:
    """The width at which a family comes nearest to a budget of weights; nothing is allocated.

    Args:
        family: a name of `FAMILIES`.
        form: of the task.
        budget: trained scalars.

    Returns:
        The width, from 1.

    Raises:
        ValueError: an unknown family, or a budget that no width meets within 10 %.

    >>> width_for("MLP", Form(positions=16, features=4, classes=10, grid=(4, 4)), 5000)
    42
    """
    if family not in FAMILIES:
        raise ValueError(f"unknown family {family!r}: choose one of {', '.join(FAMILIES)}.")

    size = FAMILIES[family].size
    best = min(range(1, _WIDEST), key=lambda width: abs(size(form, width) - budget))
    if abs(size(form, best) - budget) > 0.1 * budget:
        raise ValueError(
            f"no {family} comes within 10 % of {budget} weights on this task; the nearest has {size(form, best)}: "
            "choose another budget."
        )
    return best
