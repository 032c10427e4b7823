"""Running a model on rows without training it: its outputs, and averages of losses and metrics."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jaxtyping import Bool, Num, Shaped

from course_utils.data.dataset import Split
from course_utils.programs import program
from course_utils.refusals import PerExample, refuse_misfit

ROWS_AT_ONCE = 4096
"""Rows evaluated together: large enough to keep a CPU busy, small enough for its memory."""


def correct(logits: Num[Array, "*batch classes"], labels: Num[Array, "*batch"]) -> Bool[Array, "*batch"]:
    """Whether the largest logit is the label's; averaged over rows it is the accuracy.

    >>> correct(jnp.array([[2.0, 1.0], [0.0, 3.0]]), jnp.array([0, 0])).tolist()
    [True, False]
    """
    return logits.argmax(-1) == labels


def infer(
    model: nnx.Module, x: Shaped[np.ndarray | Array, "rows *inputs"]
) -> Shaped[np.ndarray, "rows *outputs"]:
    """The model's outputs on every row, with Dropout off and BatchNorm on its running averages.

    Args:
        model: any NNX module with ``model(x) -> outputs``; it is not changed.
        x: inputs, row by row.

    Returns:
        Outputs in the order of the rows.

    >>> from course_utils.models import MLP
    >>> infer(MLP((10, 16, 2), rngs=nnx.Rngs(0)), np.zeros((5, 10), np.float32)).shape
    (5, 2)
    """
    if len(x) == 0:
        raise ValueError("infer needs at least one row; got none.")
    graphdef, state = nnx.split(model)
    run = program(
        ("infer", graphdef), lambda: lambda state, x: evaluation_mode(nnx.merge(graphdef, state))(x)
    )
    parts = [run(state, jnp.asarray(x[at : at + ROWS_AT_ONCE])) for at in range(0, len(x), ROWS_AT_ONCE)]
    return np.concatenate([np.asarray(part) for part in parts])


def evaluate(model: nnx.Module, rows: Split, measures: Mapping[str, PerExample]) -> dict[str, float]:
    """Average losses and metrics over rows.

    Args:
        model: any NNX module with ``model(x) -> outputs``; it is not changed.
        rows: the split to measure on.
        measures: name → loss or metric per example.

    Returns:
        name → mean over the rows.

    >>> from course_utils.models import MLP
    >>> rows = Split(np.ones((6, 10), np.float32), np.zeros(6, np.int32))
    >>> evaluate(MLP((10, 1), rngs=nnx.Rngs(0)), rows, {"accuracy": correct})
    {'accuracy': 1.0}
    """
    graphdef, state = nnx.split(model)
    refuse_misfit(graphdef, [state], rows, measures, min(len(rows), ROWS_AT_ONCE))
    run = program(
        ("evaluate", graphdef, measures),
        lambda: lambda state, x, y: averages(graphdef, [state], measures, x, y),
    )
    measured = run(state, jnp.asarray(rows.x), jnp.asarray(rows.y))
    return {name: float(value) for name, value in measured.items()}


def evaluation_mode(model: Any) -> Any:
    """A view of the model with Dropout off and BatchNorm on its running averages; the arrays are shared."""
    return nnx.view(model, deterministic=True, use_running_average=True, raise_if_not_found=False)


def averages(
    graphdef: nnx.GraphDef, arrays: Sequence, measures: Mapping[str, PerExample], x: Array, y: Array
) -> dict[str, Array]:
    """Mean of each measure over all rows, ``ROWS_AT_ONCE`` at a time; traced inside a compiled program.

    The model is the one of ``nnx.split``, in evaluation mode; what it changes of itself is forgotten.
    """
    rows = len(x)
    together = min(rows, ROWS_AT_ONCE)
    padding = -rows % together

    def parts(array: Array) -> Array:
        padded = jnp.pad(array, [(0, padding)] + [(0, 0)] * (array.ndim - 1))
        return padded.reshape(-1, together, *array.shape[1:])

    def sums(part: tuple[Array, Array, Array]) -> dict[str, Array]:
        # A fresh model: NNX lets a trace change only the variables that were made inside it.
        fresh = jax.tree.map(lambda array: array, list(arrays))
        outputs = evaluation_mode(nnx.merge(graphdef, *fresh))(part[0])
        values = {name: measure(outputs, part[1]) for name, measure in measures.items()}
        return {n: jnp.where(part[2], v.reshape(together, -1).mean(1), 0).sum() for n, v in values.items()}

    totals = jax.lax.map(sums, (parts(x), parts(y), parts(jnp.ones(rows, bool))))
    return {name: total.sum() / rows for name, total in totals.items()}
