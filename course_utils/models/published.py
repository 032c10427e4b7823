"""Networks as their papers describe them: shapes alone, counted without an array being allocated."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from course_utils.models.counting import count_arrays

Weights = dict[str, Any]


@dataclass(frozen=True)
class Published:
    """A network from the literature.

    Args:
        year: when it was published.
        key: the paper's key in the bibliography.
        stated: the number of parameters that the paper prints; None where it prints none.
        build: makes its weights, as a tree of arrays; call it under `jax.eval_shape` only.
        kind: "convolutional" or "transformer".

    >>> lenet = PUBLISHED["LeNet-5"]
    >>> lenet.year, lenet.key, lenet.parameters
    (1998, 'lecun1998', 60000)
    """

    year: int
    key: str
    stated: float | None
    build: Callable[[], Weights]
    kind: str = "transformer"

    @property
    def parameters(self) -> int:
        """The exact count."""
        return count_arrays(self.build)


def multiply_adds(network: str) -> int:
    """Count the multiplications (each with its addition) that one image costs a published convolutional network.

    $$M = \\sum_{l} |W_l|\\, s_l^2$$ with $|W_l|$ weights of layer $l$ and $s_l$ the side of its output: a filter
    works once at each place. Biases, norms and pooling are left out.

    Args:
        network: a name of `PUBLISHED`.

    Returns:
        Multiply–adds of one forward pass.

    Raises:
        ValueError: the name is unknown, or no convolutional network with recorded places.

    >>> round(multiply_adds("VGG-16") / 1e9, 2)
    15.47
    """
    if network not in _PLACES:
        raise ValueError(f"multiply_adds knows {', '.join(_PLACES)}, got {network!r}.")
    shapes = jax.eval_shape(PUBLISHED[network].build)
    return sum(
        layer["kernel"].size * side**2
        for layer, side in zip(shapes.values(), _PLACES[network](), strict=True)
    )


def _conv(kernel: int, inputs: int, outputs: int, bias: bool = True, norm: bool = False) -> Weights:
    """Weights of a convolution, or of a linear map when the kernel is 1; a norm has a scale and a shift."""
    extra = {"bias": jnp.zeros(outputs)} if bias else {}
    if norm:
        extra |= {"scale": jnp.zeros(outputs), "shift": jnp.zeros(outputs)}
    return {"kernel": jnp.zeros((kernel, kernel, inputs, outputs)), **extra}


def _lenet5() -> Weights:
    """The pooling layers have a coefficient and a bias per map; the output layer is fixed, not trained.

    The third layer's 16 maps see 3, 4 or all 6 maps below (table I of the paper): 60 pairs in all.
    """
    return {
        "C1": _conv(5, 1, 6),
        "S2": {"coefficient": jnp.zeros(6), "bias": jnp.zeros(6)},
        "C3": {"kernel": jnp.zeros((5, 5, 60)), "bias": jnp.zeros(16)},
        "S4": {"coefficient": jnp.zeros(16), "bias": jnp.zeros(16)},
        "C5": _conv(5, 16, 120),
        "F6": _conv(1, 120, 84),
    }


def _alexnet() -> Weights:
    """Two groups in layers 2, 4 and 5, because each of two GPUs held half of the maps."""
    return {
        "1": _conv(11, 3, 96),
        "2": _conv(5, 48, 256),
        "3": _conv(3, 256, 384),
        "4": _conv(3, 192, 384),
        "5": _conv(3, 192, 256),
        "6": _conv(1, 6 * 6 * 256, 4096),
        "7": _conv(1, 4096, 4096),
        "8": _conv(1, 4096, 1000),
    }


_VGG = (64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)  # configuration D


def _vgg16() -> Weights:
    pairs = zip((3, *_VGG), _VGG, strict=False)
    layers = {f"{i:02}": _conv(3, *pair) for i, pair in enumerate(pairs, start=1)}  # JAX sorts by name
    dense = {"14": (7 * 7 * 512, 4096), "15": (4096, 4096), "16": (4096, 1000)}
    return layers | {name: _conv(1, *sizes) for name, sizes in dense.items()}


_RESNET = ((3, 64, 56), (4, 128, 28), (6, 256, 14), (3, 512, 7))  # blocks, width, side of each stage


def _resnet50() -> Weights:
    """Convolutions have no bias; each is followed by a batch norm with scale and shift."""
    layers = {"1": _conv(7, 3, 64, bias=False, norm=True)}
    inputs = 64
    for stage, (blocks, width, _) in enumerate(_RESNET, start=2):
        for block in range(blocks):
            shapes = {"a": (1, inputs, width), "b": (3, width, width), "c": (1, width, 4 * width)}
            if block == 0:
                shapes["shortcut"] = (1, inputs, 4 * width)
            for name, shape in shapes.items():
                layers[f"{stage}.{block}.{name}"] = _conv(*shape, bias=False, norm=True)
            inputs = 4 * width
    return layers | {"fc": _conv(1, inputs, 1000)}


def _resnet50_places() -> list[int]:
    """The stride of a stage is in its first 1 × 1 convolution, as in the paper."""
    sides = [112]
    for blocks, _, side in _RESNET:
        sides += [side] * (3 * blocks + 1)
    return [*sides, 1]


_PLACES: dict[str, Callable[[], list[int]]] = {
    "AlexNet": lambda: [55, 27, 13, 13, 13, 1, 1, 1],
    "VGG-16": lambda: [224] * 2 + [112] * 2 + [56] * 3 + [28] * 3 + [14] * 3 + [1] * 3,
    "ResNet-50": _resnet50_places,
}


def _transformer(
    vocabulary: int, context: int, width: int, layers: int, *, last_norm: bool = True, bert: bool = False
) -> Callable[[], Weights]:
    """Weights of a Transformer whose MLP is four widths wide; the number of heads changes no shape.

    BERT adds two segment embeddings, a norm after the embeddings and a pooler; its task heads are not counted.
    """

    def norm() -> Weights:
        return {"scale": jnp.zeros(width), "shift": jnp.zeros(width)}

    def linear(inputs: int, outputs: int) -> dict[str, Array]:
        return {"kernel": jnp.zeros((inputs, outputs)), "bias": jnp.zeros(outputs)}

    def build() -> Weights:
        rows = vocabulary + context + (2 if bert else 0)
        tree: Weights = {"embeddings": jnp.zeros((rows, width))}
        for layer in range(layers):
            tree[f"block {layer}"] = {
                "attention": [linear(width, width) for _ in range(4)],
                "mlp": [linear(width, 4 * width), linear(4 * width, width)],
                "norms": [norm(), norm()],
            }
        if bert:
            tree |= {"first norm": norm(), "pooler": linear(width, width)}
        if last_norm:
            tree["last norm"] = norm()
        return tree

    return build


def _bert(width: int, layers: int) -> Callable[[], Weights]:
    return _transformer(30522, 512, width, layers, last_norm=False, bert=True)


PUBLISHED = {
    "LeNet-5": Published(1998, "lecun1998", 60e3, _lenet5, "convolutional"),
    "AlexNet": Published(2012, "krizhevsky2012", 60e6, _alexnet, "convolutional"),
    "VGG-16": Published(2014, "simonyan2015", 138e6, _vgg16, "convolutional"),
    "ResNet-50": Published(2015, "he2016", None, _resnet50, "convolutional"),
    "GPT-1": Published(2018, "radford2018", None, _transformer(40478, 512, 768, 12, last_norm=False)),
    "BERT-base": Published(2018, "devlin2019", 110e6, _bert(768, 12)),
    "BERT-large": Published(2018, "devlin2019", 340e6, _bert(1024, 24)),
    "GPT-2 small": Published(2019, "radford2019", 117e6, _transformer(50257, 1024, 768, 12)),
    "GPT-2 medium": Published(2019, "radford2019", 345e6, _transformer(50257, 1024, 1024, 24)),
    "GPT-2 large": Published(2019, "radford2019", 762e6, _transformer(50257, 1024, 1280, 36)),
    "GPT-2 XL": Published(2019, "radford2019", 1542e6, _transformer(50257, 1024, 1600, 48)),
    "GPT-3": Published(2020, "brown2020", 175e9, _transformer(50257, 2048, 12288, 96)),
}
"""Name → network, oldest first."""
