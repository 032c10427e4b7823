"""Convolution and pooling that are fast inside a compiled loop on every device.

XLA's CPU backend runs its own convolution four to six times slower inside a loop than outside
(github.com/jax-ml/jax/issues/12868). There a convolution is written as one matrix product over patches, which
is the same sum; on GPU and TPU the device's own convolution is used. The cost is memory: a patch repeats each
input value ``kh · kw`` times.
"""

from itertools import product

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jaxtyping import Float


class Conv(nnx.Module):
    """A two-dimensional convolution, equal to `flax.nnx.Conv` with the same arguments and weights.

    $$Y_{nijo} = b_o + \\sum_{u,v,c} X_{n,\\,si+u,\\,sj+v,\\,c}\\, W_{uvco}$$
    with $W$ = `kernel` of shape [kh, kw, inputs, outputs], $b$ = `bias`, $s$ = `strides`. Deep-learning
    convolution is what signal processing calls correlation: the kernel is not flipped.

    Args:
        inputs: channels of the input.
        outputs: channels of the result.
        kernel_size: rows and columns of the window, (kh, kw).
        strides: steps of the window along rows and columns, in pixels.
        padding: ``"SAME"`` pads with zeros so that stride 1 keeps the size; ``"VALID"`` pads nothing.
        rngs: stream ``params`` for the weights: a truncated normal of variance 1 / (kh · kw · inputs).

    Raises:
        ValueError: another padding; an input of other channels or smaller than the window.

    >>> conv = Conv(3, 6, (5, 5), padding="VALID", rngs=nnx.Rngs(0))
    >>> conv(jnp.ones((2, 32, 32, 3))).shape
    (2, 28, 28, 6)

    Source: K. Chellapilla, S. Puri, P. Simard, "High Performance Convolutional Neural Networks for Document
    Processing", 2006 (convolution as a matrix product).
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel_size: tuple[int, int],
        *,
        strides: tuple[int, int] = (1, 1),
        padding: str = "SAME",
        rngs: nnx.Rngs,
    ) -> None:
        if padding not in ("SAME", "VALID"):
            raise ValueError(f'padding must be "SAME" or "VALID", got {padding!r}: pad yourself for another.')
        shape = (*kernel_size, inputs, outputs)
        self.kernel = nnx.Param(nnx.initializers.lecun_normal()(rngs.params(), shape))
        self.bias = nnx.Param(jnp.zeros(outputs))
        self.strides, self.padding = strides, padding

    def __call__(self, x: Float[Array, "batch rows columns inputs"]) -> Float[Array, "batch _ _ outputs"]:
        """The result for a batch of images; `x` and the result are described by the formula above."""
        kernel = self.kernel[...]
        rows, columns, inputs, _ = kernel.shape
        small = self.padding == "VALID" and x.ndim == 4 and (x.shape[1] < rows or x.shape[2] < columns)
        if x.ndim != 4 or x.shape[3] != inputs or small:
            raise ValueError(
                f"Expected images (batch, rows ≥ {rows}, columns ≥ {columns}, {inputs} channels), "
                f"got {x.shape}: channels come last; add the axis of a grey image with x[..., None]."
            )
        convolve = _by_patches if jax.default_backend() == "cpu" else _by_device
        return convolve(x, kernel, self.strides, self.padding) + self.bias[...]


def _by_device(x: Array, kernel: Array, strides: tuple[int, int], padding: str) -> Array:
    return jax.lax.conv_general_dilated(
        x, kernel, strides, padding, dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def _by_patches(x: Array, kernel: Array, strides: tuple[int, int], padding: str) -> Array:
    window = (kernel.shape[0], kernel.shape[1])
    pads = jax.lax.padtype_to_pads(x.shape[1:3], window, strides, padding)
    patches = jnp.concatenate(_shifts(jnp.pad(x, [(0, 0), *pads, (0, 0)]), window, strides), axis=-1)
    return patches @ kernel.reshape(-1, kernel.shape[-1])


def max_pool(
    x: Float[Array, "batch rows columns channels"], window: tuple[int, int] = (2, 2)
) -> Float[Array, "batch _ _ channels"]:
    """The largest value of each window; windows lie side by side, incomplete ones at the edge are left out.

    Equal to `flax.nnx.max_pool(x, window, strides=window)`; where values of a window are equally large,
    the gradient is shared among them instead of going to the first.

    Args:
        x: images.
        window: rows and columns of the window, in pixels.

    Returns:
        Images of ``rows // window[0]`` by ``columns // window[1]`` pixels.

    Raises:
        ValueError: the image is smaller than the window.

    >>> max_pool(jnp.arange(16.0).reshape(1, 4, 4, 1))[0, :, :, 0].tolist()
    [[5.0, 7.0], [13.0, 15.0]]
    """
    if x.shape[1] < window[0] or x.shape[2] < window[1]:
        raise ValueError(
            f"max_pool needs images of at least {window} pixels, got {x.shape[1:3]}: pool less often."
        )
    largest, *others = _shifts(x, window, window)
    for other in others:
        largest = jnp.maximum(largest, other)
    return largest


def _shifts(x: Array, window: tuple[int, int], strides: tuple[int, int]) -> list[Array]:
    """For each place in the window, the values that it sees as it moves; strided slices, so no gather."""
    ends = [
        (size - width) // step * step + 1
        for size, width, step in zip(x.shape[1:3], window, strides, strict=True)
    ]
    return [
        x[:, row : row + ends[0] : strides[0], column : column + ends[1] : strides[1]]
        for row, column in product(range(window[0]), range(window[1]))
    ]
