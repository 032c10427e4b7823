"""The matrix product of a dense layer, with a gradient that is fast on a CPU where the matrices are small.

The weight gradient sums over the batch, the first axis of both its matrices. XLA's CPU backend takes twice as long
for such a product as for one of rows and columns. Here the smaller of the two matrices is transposed in memory
first (of two alike the inputs, which leaves the result as it is wanted), and the fast product follows. Where a layer
has more than some thousands of weights, the copy costs more than it saves, and nothing is changed.
"""

from typing import Any

import jax
from jax import Array
from jax.lax import dot_general, optimization_barrier
from jaxtyping import Float

_MOST = 64 * 64  # weights of the largest layer that gains, as measured; the figure decides the speed alone
_FEW = 4  # outputs whose gradient towards the inputs is faster as a sum of outer products; so does this one


def dense_product(x: Array, kernel: Array, *dimensions: Any, **options: Any) -> Array:
    """``x @ kernel`` for a batch of rows, in the form of `jax.lax.dot_general`, for `flax.nnx.Linear`.

    Value and derivatives are those of `jax.lax.dot_general`, but for the order of additions.

    Args:
        x: inputs, [batch, inputs].
        kernel: weights, [inputs, outputs].
        dimensions, options: the further arguments of `jax.lax.dot_general`.

    >>> import jax.numpy as jnp
    >>> from flax import nnx
    >>> layer = nnx.Linear(3, 2, dot_general=dense_product, rngs=nnx.Rngs(0))
    >>> layer(jnp.ones((4, 3))).shape
    (4, 2)
    """
    small = x.ndim == 2 and x.dtype == kernel.dtype and kernel.size <= _MOST
    if small and jax.default_backend() == "cpu" and all(option is None for option in options.values()):
        return _product(x, kernel)
    return dot_general(x, kernel, *dimensions, **options)


@jax.custom_jvp
def _product(
    x: Float[Array, "batch inputs"], kernel: Float[Array, "inputs outputs"]
) -> Float[Array, "batch outputs"]:
    return x @ kernel


@_product.defjvp
def _directional(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
    """The derivative in a direction; each term is written so that its transpose, the gradient, is fast.

    The barriers keep XLA from merging a transposition into the product again.
    """
    (x, kernel), (dx, dk) = primals, tangents
    inputs, outputs = kernel.shape
    of_x = dx @ kernel if outputs > _FEW else (dx[:, :, None] * kernel).sum(1)
    if inputs <= outputs:
        of_kernel = dot_general(optimization_barrier(x.T), dk, (((0,), (0,)), ((), ())))
    else:
        product = dot_general(optimization_barrier(dk.T), x, (((1,), (1,)), ((), ())))
        of_kernel = optimization_barrier(product).T
    return _product(x, kernel), of_x + of_kernel
