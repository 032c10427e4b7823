"""The graph convolutional network: each node hears the mean of its neighbours."""

from collections.abc import Sequence
from itertools import pairwise

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jaxtyping import Float

from course_utils.models.sizes import refuse_sizes


def normalised(adjacency: Float[Array, "*batch nodes nodes"]) -> Float[Array, "*batch nodes nodes"]:
    """The adjacency matrix with a link from each node to itself, scaled by both ends' degrees.

    $$\\hat A = D^{-1/2} (A + I) D^{-1/2}$$ with $A$ = `adjacency` and $D$ the diagonal of the row sums of $A + I$.
    Its largest eigenvalue is 1, so that many layers do not blow up.

    Args:
        adjacency: symmetric, weights from 0, no link from a node to itself.

    Returns:
        $\\hat A$.

    >>> normalised(jnp.array([[0.0, 1.0], [1.0, 0.0]])).round(6).tolist()
    [[0.5, 0.5], [0.5, 0.5]]
    """
    linked = adjacency + jnp.eye(adjacency.shape[-1])
    scale = linked.sum(axis=-1) ** -0.5
    return scale[..., :, None] * linked * scale[..., None, :]


class GCN(nnx.Module):
    """A graph convolutional network; the last layer is linear.

    $$H_0 = X, \\qquad H_l = \\mathrm{ReLU}(\\hat A H_{l-1} W_l + b_l) \\;\\; (l < L), \\qquad
    H_L = \\hat A H_{L-1} W_L + b_L$$ with $\\hat A$ = `normalised(adjacency)`,
    $W_l \\in \\mathbb{R}^{n_{l-1} \\times n_l}$, $n$ = `sizes`. After $L$ layers a node has heard from those
    at most $L$ links away. The weights do not know the number of nodes: one network reads graphs of any size.

    Args:
        sizes: numbers per node, (inputs, hidden…, outputs).
        rngs: the stream `params` for the weights.

    Raises:
        ValueError: fewer than two sizes or one that is no size; features or adjacency of another form.

    >>> gcn = GCN((3, 8, 2), rngs=nnx.Rngs(0))
    >>> gcn(jnp.ones((5, 3)), jnp.zeros((5, 5))).shape
    (5, 2)

    Source: T. Kipf, M. Welling, "Semi-Supervised Classification with Graph Convolutional Networks", 2017.
    """

    def __init__(self, sizes: Sequence[int], *, rngs: nnx.Rngs) -> None:
        """Draw the weights; the arguments are described in the class."""
        if len(sizes) < 2:
            raise ValueError(f"A GCN needs at least two sizes, (inputs, outputs), got {tuple(sizes)}.")
        refuse_sizes(**{f"sizes[{at}]": size for at, size in enumerate(sizes)})
        he = nnx.initializers.he_normal()
        self.inputs = sizes[0]
        self.layers = nnx.List(
            nnx.Linear(inputs, outputs, kernel_init=he, rngs=rngs) for inputs, outputs in pairwise(sizes)
        )

    def __call__(
        self, features: Float[Array, "*batch nodes inputs"], adjacency: Float[Array, "*graphs nodes nodes"]
    ) -> Float[Array, "*batch nodes outputs"]:
        """Return a row for each node; one graph may serve a whole batch of features."""
        nodes = features.shape[-2] if features.ndim > 1 else None
        if features.shape[-1] != self.inputs or adjacency.shape[-2:] != (nodes, nodes):
            raise ValueError(
                f"Expected features (…, nodes, {self.inputs}) and adjacency (…, nodes, nodes), got "
                f"{features.shape} and {adjacency.shape}: give each node a row in both."
            )
        links = normalised(adjacency)
        hidden = features
        for layer in self.layers[:-1]:
            hidden = nnx.relu(layer(links @ hidden))
        return self.layers[-1](links @ hidden)
