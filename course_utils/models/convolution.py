"""Convolution and pooling that are fast inside a compiled loop on every device.

XLA's CPU backend runs its own convolution four to six times slower inside a loop than outside
(github.com/jax-ml/jax/issues/12868). There a convolution is written as one matrix product; on GPU and TPU the
device's own convolution is used.

The textbook's product has a row for each output pixel: its patch of the input, ``kh · kw`` copies of the image,
times a matrix with a column for each output channel. A CPU spends such a product on copying, and six columns
fill little of its vector units. Here a row is the patch of a block of neighbouring outputs, which share most of
what they see, and the matrix has a column for each output of the block: the kernel, shifted to its place, and
zeros elsewhere. That computes up to three times as many products and takes a quarter of the time.
"""

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jaxtyping import Float, Num


class Conv(nnx.Module):
    """A two-dimensional convolution, equal to `flax.nnx.Conv` with the same arguments and weights.

    $$Y_{nijo} = b_o + \\sum_{u,v,c} X_{n,\\,si+u,\\,sj+v,\\,c}\\, W_{uvco}$$
    with $W$ = `kernel` of shape [kh, kw, inputs, outputs], $b$ = `bias`, $s$ = `strides`. Deep-learning
    convolution is what signal processing calls correlation: the kernel is not flipped. On a CPU a value of the
    input that is not finite may spoil outputs beside those that see it.

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
    Processing", 2006 (convolution as a matrix product; there of patches of single outputs).
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

    def __call__(self, x: Num[Array, "batch rows columns inputs"]) -> Float[Array, "batch _ _ outputs"]:
        """The result for a batch of images; `x` and the result are described by the formula above."""
        kernel = self.kernel[...]
        rows, columns, inputs, _ = kernel.shape
        small = self.padding == "VALID" and x.ndim == 4 and (x.shape[1] < rows or x.shape[2] < columns)
        if x.ndim != 4 or x.shape[3] != inputs or small:
            raise ValueError(
                f"Expected images (batch, rows ≥ {rows}, columns ≥ {columns}, {inputs} channels), "
                f"got {x.shape}: channels come last; add the axis of a grey image with x[..., None]."
            )
        kind = jnp.result_type(x, kernel)  # whole numbers, such as the bytes of an image, become the kernel's
        convolve = _by_blocks if jax.default_backend() == "cpu" else _by_device
        x, kernel, bias = x.astype(kind), kernel.astype(kind), self.bias[...].astype(kind)
        return convolve(x, kernel, bias, self.strides, self.padding)


def _by_device(x: Array, kernel: Array, bias: Array, strides: tuple[int, int], padding: str) -> Array:
    numbers = ("NHWC", "HWIO", "NHWC")
    return jax.lax.conv_general_dilated(x, kernel, strides, padding, dimension_numbers=numbers) + bias


def _by_blocks(x: Array, kernel: Array, bias: Array, strides: tuple[int, int], padding: str) -> Array:
    """The convolution as a product of patches, each of which is seen by a block of ``a`` × ``b`` outputs.

    A patch may be longer than the step to the next: it is put together from pieces of the image cut at the steps.
    """
    (batch, _, _, inputs), (*window, _, outputs) = x.shape, kernel.shape
    pads = jax.lax.padtype_to_pads(x.shape[1:3], window, strides, padding)
    sizes = [size + sum(pad) for size, pad in zip(x.shape[1:3], pads, strict=True)]
    out = [(size - width) // s + 1 for size, width, s in zip(sizes, window, strides, strict=True)]
    block = _block(out, window, strides, inputs, outputs)
    blocks = [math.ceil(n / side) for n, side in zip(out, block, strict=True)]
    steps = [side * s for side, s in zip(block, strides, strict=True)]
    (tall, wide), (rows, columns) = (_patch(block, window, strides), blocks)
    down, right = math.ceil(tall / steps[0]), math.ceil(wide / steps[1])  # pieces of a patch
    ends = (rows + down - 1) * steps[0], (columns + right - 1) * steps[1]
    edges = [(low, high + end - size, 0) for (low, high), end, size in zip(pads, ends, sizes, strict=True)]
    x = jax.lax.pad(x, jnp.zeros((), x.dtype), [(0, 0, 0), *edges, (0, 0, 0)])  # crops where negative
    x = x.reshape(batch, rows + down - 1, steps[0], columns + right - 1, steps[1] * inputs)
    x = jnp.concatenate(
        [x[..., i : i + columns, : (wide - i * steps[1]) * inputs] for i in range(right)], axis=-1
    )
    x = jnp.concatenate([x[:, i : i + rows, : tall - i * steps[0]] for i in range(down)], axis=2)
    patches = x.transpose(0, 1, 3, 2, 4).reshape(batch * rows * columns, tall * wide * inputs)
    shifted = jnp.einsum("vhj,uvco->uhcjo", _places(block[1], window[1], strides[1], kernel.dtype), kernel)
    matrix = jnp.einsum("ugi,uhcjo->ghcijo", _places(block[0], window[0], strides[0], kernel.dtype), shifted)
    # The bias joins here because its gradient is a sum over rows, slow where they hold few columns.
    y = patches @ matrix.reshape(patches.shape[1], -1) + jnp.tile(bias, block[0] * block[1])
    y = y.reshape(batch, rows, columns, *block, outputs).transpose(0, 1, 3, 2, 4, 5)
    return y.reshape(batch, rows * block[0], columns * block[1], outputs)[:, : out[0], : out[1]]


def _block(
    out: Sequence[int], window: Sequence[int], strides: Sequence[int], inputs: int, outputs: int
) -> tuple[int, int]:
    """Rows and columns of the block that should take the least time.

    Counted in multiplications of the product; copying a patch took as long as 13,000 of them, and matrices of
    more than 192 columns were slower again. The figures decide the speed alone.
    """
    most = max(192 // outputs, 1)

    def cost(block: tuple[int, int]) -> int:
        tall, wide = _patch(block, window, strides)
        product = tall * wide * inputs * block[0] * block[1] * outputs
        return math.ceil(out[0] / block[0]) * math.ceil(out[1] / block[1]) * (product + 13_000)

    sides = ((a, b) for a in range(1, min(out[0], most) + 1) for b in range(1, min(out[1], most // a) + 1))
    return min(sides, key=cost, default=(1, 1))


def _patch(block: Sequence[int], window: Sequence[int], strides: Sequence[int]) -> tuple[int, int]:
    """Rows and columns of the input that a block of outputs sees."""
    tall, wide = ((b - 1) * s + w for b, s, w in zip(block, strides, window, strict=True))
    return tall, wide


def _places(block: int, window: int, stride: int, dtype: Any) -> Array:
    """[window, patch, block]: 1 where output i of the block has place u of the window, at ``i · stride + u``."""
    u, i = jnp.arange(window)[:, None, None], jnp.arange(block)
    return (jnp.arange((block - 1) * stride + window)[:, None] == i * stride + u).astype(dtype)


def max_pool(
    x: Float[Array, "batch rows columns channels"], window: tuple[int, int] = (2, 2)
) -> Float[Array, "batch _ _ channels"]:
    """The largest value of each window; windows lie side by side, incomplete ones at the edge are left out.

    Equal to `flax.nnx.max_pool(x, window, strides=window)`; where values of a window are equally large,
    the gradient is shared evenly among them instead of going to the first.

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
    rows, columns = x.shape[1] // window[0], x.shape[2] // window[1]
    whole = x[:, : rows * window[0], : columns * window[1]]
    return whole.reshape(x.shape[0], rows, window[0], columns, window[1], x.shape[3]).max((2, 4))
