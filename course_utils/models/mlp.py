"""The multilayer perceptron: linear maps with a nonlinearity between them."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from flax import nnx
from jax import Array
from jaxtyping import Float

from course_utils.models.dense import dense_product


def _checked(sizes: Sequence[int | float]) -> tuple[int, ...]:
    if len(sizes) < 2:
        raise ValueError(
            f"An MLP needs at least two sizes, (inputs, outputs), got {tuple(sizes)}: "
            "write (inputs, hidden, …, outputs), for example (10, 50, 50, 2)."
        )
    if any(isinstance(size, bool) or size != int(size) or size < 1 for size in sizes):
        raise ValueError(
            f"Each size is a positive whole number of units, got {tuple(sizes)}: "
            "leave a layer out instead of giving it zero units."
        )
    return tuple(int(size) for size in sizes)


def parameter_count(sizes: Sequence[int]) -> int:
    """Count the weights and biases of an `MLP` without building it.

    $$P = \\sum_{l=1}^{L} (n_{l-1} + 1)\\, n_l$$ with $n_0, \\dots, n_L$ = `sizes`; the 1 is the bias.

    Args:
        sizes: units per layer, (inputs, hidden…, outputs).

    Returns:
        The number of trained scalars.

    Raises:
        ValueError: fewer than two sizes, or one that is not a positive whole number.

    >>> parameter_count((10, 50, 50, 2))
    3202
    """
    return sum((inputs + 1) * outputs for inputs, outputs in pairwise(_checked(sizes)))


class MLP(nnx.Module):
    """A multilayer perceptron; the last layer is linear, so it returns logits.

    $$H_0 = X, \\qquad H_l = \\phi(H_{l-1} W_l + b_l) \\;\\; (l < L), \\qquad Z = H_{L-1} W_L + b_L$$
    with $W_l \\in \\mathbb{R}^{n_{l-1} \\times n_l}$, $n$ = `sizes`, $\\phi$ = `activation`.
    Weights start as a truncated normal of variance $2/n_{l-1}$, biases at zero: ReLU halves the second
    moment and the 2 makes up for it. As in the paper the first layer is treated alike, although no ReLU
    stands before it.

    Args:
        sizes: units per layer, (inputs, hidden…, outputs).
        rngs: streams for the weights (`params`) and, with dropout, for the masks (`dropout`).
        activation: elementwise $\\phi$. It is part of the compiled program's identity: pass a named
            function, since a new lambda compiles anew.
        dropout: probability in [0, 1) of dropping a hidden unit while training. For evaluation use
            `nnx.view(model, deterministic=True)`.

    Raises:
        ValueError: sizes that are no network, dropout outside [0, 1), input of another width.

    >>> import jax.numpy as jnp
    >>> model = MLP((10, 50, 50, 2), rngs=nnx.Rngs(0))
    >>> model(jnp.ones((32, 10))).shape
    (32, 2)

    Source: K. He, X. Zhang, S. Ren, J. Sun, "Delving Deep into Rectifiers: Surpassing Human-Level
    Performance on ImageNet Classification", 2015 (the initialisation).
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        rngs: nnx.Rngs,
        activation: Callable[[Array], Array] = nnx.relu,
        dropout: float = 0.0,
    ) -> None:
        """Draw the weights; the arguments are described in the class."""
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout is a probability in [0, 1), got {dropout}: use 0.0 for none.")
        self.sizes = _checked(sizes)
        he = nnx.initializers.he_normal()
        self.layers = nnx.List(
            nnx.Linear(inputs, outputs, kernel_init=he, dot_general=dense_product, rngs=rngs)
            for inputs, outputs in pairwise(self.sizes)
        )
        self.activation = activation
        self.dropout = nnx.Dropout(dropout, rngs=rngs) if dropout else None

    def __call__(self, x: Float[Array, "batch inputs"]) -> Float[Array, "batch outputs"]:
        """Return the logits of a batch; `x` and the result are described by the formula above."""
        if x.ndim != 2 or x.shape[1] != self.sizes[0]:
            raise ValueError(
                f"Expected input of shape (batch, {self.sizes[0]}), got {x.shape}: "
                "flatten each example to one row, and add a batch axis to a single one with x[None]."
            )
        for layer in self.layers[:-1]:
            x = self.activation(layer(x))
            if self.dropout is not None:
                x = self.dropout(x)
        return self.layers[-1](x)
