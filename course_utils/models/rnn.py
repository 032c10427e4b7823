"""Recurrent networks: an LSTM and a GRU cell from their formulas, and the network that runs them over time."""

from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jaxtyping import Float, Shaped

from course_utils.models.sizes import refuse_sizes


class _Cell(nnx.Module):
    """What both cells share: `gates` blocks of columns side by side in one product per operand."""

    gates: int

    def __init__(self, inputs: int, hidden: int, *, rngs: nnx.Rngs) -> None:
        refuse_sizes(inputs=inputs, hidden=hidden)
        self.inputs, self.hidden = inputs, hidden
        lecun, orthogonal = nnx.initializers.lecun_normal(), nnx.initializers.orthogonal()
        columns = self.gates * hidden
        self.kernel = nnx.Param(lecun(rngs.params(), (inputs, columns)))
        blocks = [orthogonal(rngs.params(), (hidden, hidden)) for _ in range(self.gates)]
        self.recurrent = nnx.Param(jnp.concatenate(blocks, axis=1))
        self.bias = nnx.Param(jnp.zeros(columns))


class LSTMCell(_Cell):
    """The cell of long short-term memory, with a forget gate.

    $$i, f, o = \\sigma(x W_{i,f,o} + h U_{i,f,o} + b_{i,f,o}), \\quad g = \\tanh(x W_g + h U_g + b_g), \\quad
    c' = f \\odot c + i \\odot g, \\quad h' = o \\odot \\tanh c'$$
    `kernel` is $[W_i\\,W_f\\,W_g\\,W_o] \\in \\mathbb{R}^{d \\times 4n}$, `recurrent` the same of $U$
    ($n \\times 4n$) and `bias` of $b$ ($4n$), with $d$ = `inputs`, $n$ = `hidden`. The blocks of $U$ start
    orthogonal, biases at zero but the forget gate's, which starts at 1 so that an untrained cell remembers.

    Args:
        inputs: numbers per step.
        hidden: units of the memory.
        rngs: the stream `params` for the weights.

    Raises:
        ValueError: a size that is not a positive whole number.

    >>> cell = LSTMCell(3, 5, rngs=nnx.Rngs(0))
    >>> (c, h) = cell.step(cell.start(2), jnp.ones((2, 3)) @ cell.kernel[...])
    >>> h.shape
    (2, 5)

    Sources: S. Hochreiter, J. Schmidhuber, "Long Short-Term Memory", 1997; F. Gers, J. Schmidhuber, F. Cummins,
    "Learning to Forget: Continual Prediction with LSTM", 2000 (the forget gate).
    """

    gates = 4

    def __init__(self, inputs: int, hidden: int, *, rngs: nnx.Rngs) -> None:
        """Draw the weights; the arguments are described in the class."""
        super().__init__(inputs, hidden, rngs=rngs)
        self.bias[...] = self.bias[...].at[hidden : 2 * hidden].set(1.0)

    def start(self, batch: int) -> tuple[Float[Array, "batch hidden"], Float[Array, "batch hidden"]]:
        """The carry $(c, h)$ before the first step: zeros."""
        return (jnp.zeros((batch, self.hidden)),) * 2

    def step(
        self,
        carry: tuple[Float[Array, "batch hidden"], Float[Array, "batch hidden"]],
        xw: Float[Array, "batch gates"],
    ) -> tuple[Float[Array, "batch hidden"], Float[Array, "batch hidden"]]:
        """One step from the carry $(c, h)$ and the product $xW$ to $(c', h')$."""
        c, h = carry
        i, f, g, o = jnp.split(xw + h @ self.recurrent[...] + self.bias[...], 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return c, jax.nn.sigmoid(o) * jnp.tanh(c)

    @staticmethod
    def output(carry: tuple[Array, Array]) -> Array:
        """What the next layer sees of the carry: $h$."""
        return carry[1]


class GRUCell(_Cell):
    """The gated recurrent unit, with the reset gate applied after the product, as in Flax and cuDNN.

    $$r, z = \\sigma(x W_{r,z} + h U_{r,z} + b_{r,z}), \\quad n = \\tanh(x W_n + b_n + r \\odot (h U_n)), \\quad
    h' = (1 - z) \\odot n + z \\odot h$$
    `kernel` is $[W_r\\,W_z\\,W_n] \\in \\mathbb{R}^{d \\times 3n}$, `recurrent` the same of $U$, `bias` of $b$.
    The paper resets before the product, $(r \\odot h) U_n$.

    Args:
        inputs: numbers per step.
        hidden: units of the memory.
        rngs: the stream `params` for the weights.

    Raises:
        ValueError: a size that is not a positive whole number.

    >>> cell = GRUCell(3, 5, rngs=nnx.Rngs(0))
    >>> cell.step(cell.start(2), jnp.ones((2, 3)) @ cell.kernel[...]).shape
    (2, 5)

    Source: K. Cho et al., "Learning Phrase Representations using RNN Encoder–Decoder for Statistical Machine
    Translation", 2014.
    """

    gates = 3

    def start(self, batch: int) -> Float[Array, "batch hidden"]:
        """The carry $h$ before the first step: zeros."""
        return jnp.zeros((batch, self.hidden))

    def step(
        self, h: Float[Array, "batch hidden"], xw: Float[Array, "batch gates"]
    ) -> Float[Array, "batch hidden"]:
        """One step from the carry $h$ and the product $xW$ to $h'$."""
        x_r, x_z, x_n = jnp.split(xw + self.bias[...], 3, axis=-1)
        h_r, h_z, h_n = jnp.split(h @ self.recurrent[...], 3, axis=-1)
        r, z = jax.nn.sigmoid(x_r + h_r), jax.nn.sigmoid(x_z + h_z)
        n = jnp.tanh(x_n + r * h_n)
        return (1 - z) * n + z * h

    @staticmethod
    def output(carry: Array) -> Array:
        """What the next layer sees of the carry: $h$ itself."""
        return carry


CELLS = {"lstm": LSTMCell, "gru": GRUCell}


class RNN(nnx.Module):
    """A recurrent network: cells over time, layer over layer, and a linear head.

    $$h^{(l)}_t = \\mathrm{cell}_l(h^{(l)}_{t-1}, h^{(l-1)}_t), \\qquad z_t = h^{(L)}_t W + b$$
    It returns $z_T$, the logits after the last step, or with `every_step` all of $z_1, \\dots, z_T$. The
    products $xW$ of all steps are one matrix product before the scan: they do not wait for each other.

    Args:
        inputs: numbers per step; with `vocabulary` the width of a token's embedding.
        hidden: units per layer.
        outputs: logits.
        rngs: the stream `params` for the weights.
        cell: "lstm" or "gru".
        layers: recurrent layers.
        vocabulary: number of tokens when x holds token numbers, int [batch, time]; without it x holds
            float [batch, time, inputs].
        every_step: logits at each step instead of the last alone.

    Raises:
        ValueError: a size that is not a positive whole number, an unknown cell, input of another form.

    >>> model = RNN(8, 16, 3, rngs=nnx.Rngs(0), cell="gru")
    >>> model(jnp.ones((4, 20, 8))).shape
    (4, 3)
    >>> reader = RNN(8, 16, 50, rngs=nnx.Rngs(0), vocabulary=50, every_step=True)
    >>> reader(jnp.zeros((4, 20), int)).shape
    (4, 20, 50)
    """

    def __init__(
        self,
        inputs: int,
        hidden: int,
        outputs: int,
        *,
        rngs: nnx.Rngs,
        cell: str = "lstm",
        layers: int = 1,
        vocabulary: int | None = None,
        every_step: bool = False,
    ) -> None:
        """Draw the weights; the arguments are described in the class."""
        if cell not in CELLS:
            raise ValueError(f"unknown cell {cell!r}: choose one of {', '.join(CELLS)}.")
        refuse_sizes(inputs=inputs, hidden=hidden, outputs=outputs, layers=layers, vocabulary=vocabulary or 1)
        widths = [inputs] + [hidden] * (layers - 1)
        self.inputs, self.every_step = inputs, every_step
        self.embedding = nnx.Embed(vocabulary, inputs, rngs=rngs) if vocabulary else None
        self.cells = nnx.List(CELLS[cell](width, hidden, rngs=rngs) for width in widths)
        self.head = nnx.Linear(hidden, outputs, rngs=rngs)

    def __call__(self, x: Shaped[Array, "batch time *inputs"]) -> Float[Array, "batch *time outputs"]:
        """Return the logits of a batch of sequences."""
        if self.embedding is not None:
            if x.ndim != 2 or not jnp.issubdtype(x.dtype, jnp.integer):
                raise ValueError(f"Expected token numbers int [batch, time], got {x.dtype}{list(x.shape)}.")
            x = self.embedding(x)
        elif x.ndim != 3 or x.shape[2] != self.inputs:
            raise ValueError(
                f"Expected float [batch, time, {self.inputs}], got {x.dtype}{list(x.shape)}: "
                "give each step one row of inputs, or pass vocabulary= for token numbers."
            )
        for cell in self.cells:
            x = _over_time(cell, x)
        return self.head(x if self.every_step else x[:, -1])


def _over_time(cell: Any, x: Float[Array, "batch time inputs"]) -> Float[Array, "batch time hidden"]:
    """Run one layer's cell along the second axis."""

    def step(carry: Any, xw: Array) -> tuple[Any, Array]:
        carry = cell.step(carry, xw)
        return carry, cell.output(carry)

    xw = jnp.swapaxes(x @ cell.kernel[...], 0, 1)  # [time, batch, gates]
    _, h = jax.lax.scan(step, cell.start(x.shape[0]), xw)
    return jnp.swapaxes(h, 0, 1)
