"""Parameters counted two ways: from a formula, and from the arrays a network would have if it were built."""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import jax
from flax import nnx

from course_utils.models.mlp import parameter_count
from course_utils.models.rnn import CELLS
from course_utils.models.sizes import refuse_sizes
from course_utils.models.transformer import GPTConfig


def count_arrays(build: Callable[[], Any]) -> int:
    """Count the trained scalars of what `build` would make, without making it.

    `jax.eval_shape` runs the function on shapes alone: no array is allocated, whatever its size.

    Args:
        build: takes nothing and returns an NNX module, of which the `nnx.Param`s count, or a tree of arrays.

    Returns:
        The number of scalars.

    >>> from course_utils.models import MLP
    >>> count_arrays(lambda: MLP((10, 50, 50, 2), rngs=nnx.Rngs(0)))
    3202
    """
    shapes = nnx.eval_shape(build)
    if isinstance(shapes, nnx.Module):
        shapes = nnx.state(shapes, nnx.Param)
    return sum(prod(array.shape) for array in jax.tree.leaves(shapes))


def conv_parameters(kernel: int, inputs: int, outputs: int, *, groups: int = 1, bias: bool = True) -> int:
    """Count a square two-dimensional convolution; the size of the image does not matter.

    $$P = k^2\\, \\frac{c}{g}\\, m + m$$ with $k$ = `kernel`, $c$ = `inputs`, $m$ = `outputs`, $g$ = `groups`.

    Args:
        kernel: side of the filter, in pixels.
        inputs: channels in.
        outputs: channels out: the number of filters.
        groups: parts into which the channels are split; each filter sees one part.
        bias: whether each filter has one.

    Returns:
        The number of weights and biases.

    Raises:
        ValueError: a size that is not a positive whole number, groups that do not divide both channels.

    >>> conv_parameters(3, 3, 64)
    1792
    """
    refuse_sizes(kernel=kernel, inputs=inputs, outputs=outputs, groups=groups)
    if inputs % groups or outputs % groups:
        raise ValueError(
            f"{groups} groups must divide the channels in and out, got {inputs} and {outputs}: "
            "choose a common divisor, or groups=1."
        )
    return kernel**2 * (inputs // groups) * outputs + bias * outputs


def cnn_parameters(convolutions: Sequence[tuple[int, int, int]], dense: Sequence[int]) -> int:
    """Count a plain convolutional network: convolutions, then an MLP on the flattened rest.

    Pooling and activations have no parameters.

    Args:
        convolutions: (kernel, channels in, channels out) of each.
        dense: units (flattened inputs, hidden…, outputs).

    Returns:
        The number of weights and biases.

    Raises:
        ValueError: a size that is not a positive whole number.

    >>> cnn_parameters([(5, 3, 6), (5, 6, 16)], (400, 120, 84, 10))
    62006
    """
    return sum(conv_parameters(*sizes) for sizes in convolutions) + parameter_count(dense)


def rnn_parameters(
    inputs: int,
    hidden: int,
    outputs: int,
    *,
    cell: str = "lstm",
    layers: int = 1,
    vocabulary: int | None = None,
) -> int:
    """Count an `RNN`; the length of the sequence does not matter.

    $$P = g\\,n\\,(d + n + 1) + (L - 1)\\, g\\,n\\,(2n + 1) + (n + 1)\\, m + V d$$
    with $d$ = `inputs`, $n$ = `hidden`, $m$ = `outputs`, $L$ = `layers`, $V$ = `vocabulary` (0 without) and
    $g = 4$ for the LSTM, 3 for the GRU.

    Args:
        inputs: numbers per step, or the embedding's width.
        hidden: units per layer.
        outputs: logits.
        cell: "lstm" or "gru".
        layers: recurrent layers.
        vocabulary: tokens of the embedding, if there is one.

    Returns:
        The number of weights and biases, one bias per unit and gate (cuDNN and PyTorch keep two).

    Raises:
        ValueError: a size that is not a positive whole number, an unknown cell.

    >>> rnn_parameters(8, 16, 3, cell="gru")
    1251
    """
    refuse_sizes(inputs=inputs, hidden=hidden, outputs=outputs, layers=layers, vocabulary=vocabulary or 1)
    if cell not in CELLS:
        raise ValueError(f"unknown cell {cell!r}: choose one of {', '.join(CELLS)}.")
    gates = CELLS[cell].gates
    below = [inputs] + [hidden] * (layers - 1)
    cells = sum(gates * hidden * (width + hidden + 1) for width in below)
    return cells + (hidden + 1) * outputs + (vocabulary or 0) * inputs


def transformer_parameters(config: GPTConfig) -> int:
    """Count a `GPT`.

    $$P = (V + T)\\,d + L\\,(4d^2 + 2 d f + 9d + f) + 2d \\;(+\\; V d \\text{ if the head is not tied})$$
    with $V$ = `vocabulary`, $T$ = `context`, $d$ = `width`, $L$ = `layers`, $f$ = `inner_units`; for $f = 4d$ a
    block has $12 d^2 + 13 d$. The number of heads does not matter.

    Args:
        config: the shape.

    Returns:
        The number of weights and biases.

    >>> transformer_parameters(GPTConfig(vocabulary=50257, context=1024, width=768, layers=12, heads=12))
    124439808
    """
    d, f = config.width, config.inner_units
    block = 4 * d**2 + 2 * d * f + 9 * d + f
    head = 0 if config.tied else config.vocabulary * d
    return (config.vocabulary + config.context) * d + config.layers * block + 2 * d + head
