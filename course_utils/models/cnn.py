"""Convolutional networks: LeNet for small colour images, and a one-layer net for grey digits."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from flax import nnx
from jax import Array
from jaxtyping import Float

from course_utils.models.convolution import Conv, max_pool


class LeNet(nnx.Module):
    """Two convolutions with pooling, three linear layers; 62,006 weights for 32 × 32 × 3 and ten classes.

    ``conv 5×5, 6 → pool 2×2 → conv 5×5, 16 → pool 2×2 → linear 120 → linear 84 → linear classes``, ReLU after
    every layer but the last. The paper has sigmoids, average pooling and sparse connections between the
    convolutions; this is the form that is used today.

    Args:
        rngs: stream ``params`` for the weights.
        channels: of the images, 3 for colour.
        classes: logits to return.

    Raises:
        ValueError: images of another size.

    >>> import jax, jax.numpy as jnp
    >>> net = LeNet(rngs=nnx.Rngs(0))
    >>> net(jnp.ones((4, 32, 32, 3))).shape
    (4, 10)
    >>> sum(weights.size for weights in jax.tree.leaves(nnx.state(net, nnx.Param)))
    62006

    Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-Based Learning Applied to Document
    Recognition", 1998.
    """

    def __init__(self, *, rngs: nnx.Rngs, channels: int = 3, classes: int = 10) -> None:
        self.convolutions = nnx.List(
            [
                Conv(channels, 6, (5, 5), padding="VALID", rngs=rngs),
                Conv(6, 16, (5, 5), padding="VALID", rngs=rngs),
            ]
        )
        self.layers = nnx.List(_linear((16 * 5 * 5, 120, 84, classes), rngs))

    def __call__(self, x: Float[Array, "batch 32 32 channels"]) -> Float[Array, "batch classes"]:
        """The logits of a batch of images."""
        _refuse_size(x, 32)
        for convolution in self.convolutions:
            x = max_pool(nnx.relu(convolution(x)))
        return _classified(x, self.layers)


class DigitNet(nnx.Module):
    """One convolution and one hidden layer for grey images of 28 × 28 pixels.

    ``conv 3×3, 32 → pool 2×2 → linear 64 → linear classes``, ReLU after every layer but the last; 347,146
    weights for ten classes, nearly all of them between the pooled image and the hidden layer.

    Args:
        rngs: stream ``params`` for the weights.
        classes: logits to return.

    Raises:
        ValueError: images of another size.

    >>> import jax.numpy as jnp
    >>> DigitNet(rngs=nnx.Rngs(0))(jnp.ones((4, 28, 28, 1))).shape
    (4, 10)
    """

    def __init__(self, *, rngs: nnx.Rngs, classes: int = 10) -> None:
        self.convolution = Conv(1, 32, (3, 3), padding="VALID", rngs=rngs)
        self.layers = nnx.List(_linear((13 * 13 * 32, 64, classes), rngs))

    def __call__(self, x: Float[Array, "batch 28 28 1"]) -> Float[Array, "batch classes"]:
        """The logits of a batch of images."""
        _refuse_size(x, 28)
        return _classified(max_pool(nnx.relu(self.convolution(x))), self.layers)


def _linear(sizes: tuple[int, ...], rngs: nnx.Rngs) -> list[nnx.Linear]:
    he = nnx.initializers.he_normal()
    return [nnx.Linear(inputs, outputs, kernel_init=he, rngs=rngs) for inputs, outputs in pairwise(sizes)]


def _classified(images: Array, layers: Sequence[Callable]) -> Array:
    x = images.reshape(len(images), -1)
    for layer in layers[:-1]:
        x = nnx.relu(layer(x))
    return layers[-1](x)


def _refuse_size(x: Array, size: int) -> None:
    if x.ndim != 4 or x.shape[1:3] != (size, size):
        raise ValueError(
            f"Expected images (batch, {size}, {size}, channels), got {x.shape}: "
            f"resize or pad them to {size} × {size}."
        )
