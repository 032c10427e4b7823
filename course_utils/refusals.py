"""What cannot be trained or measured is refused in words, before anything is compiled."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array

from course_utils.data.dataset import Split, row_blocks
from course_utils.programs import program

PerExample = Callable[[Array, Array], Array]
"""A loss or metric before averaging: ``(outputs, targets)`` → one value per row, or one per target."""


def refuse_misfit(
    graphdef: nnx.GraphDef, arrays: list, rows: Split, measures: Mapping[str, PerExample], batch: int
) -> None:
    """Refuse in words what does not fit together, without running the model.

    Args:
        graphdef, arrays: the model, as ``nnx.split`` gives it.
        rows: inputs and targets.
        measures: name → loss or metric per example.
        batch: rows that the model takes at once.

    Raises:
        ValueError: values that are not numbers or not finite, rows the model does not take, labels outside
            the classes, or a measure whose values are neither one per row nor one per target.
    """
    refuse_values(rows)
    refuse_labels(rows, outputs_form(graphdef, arrays, rows, measures, batch))


def refuse_values(rows: Split) -> None:
    """Refuse rows that are not numbers, or not finite."""
    for name, array in {"x": rows.x, "y": rows.y}.items():
        # JAX knows bfloat16 as a number, NumPy does not.
        if not jnp.issubdtype(array.dtype, np.number) and array.dtype != bool:
            raise ValueError(
                f"{name} must hold numbers, got dtype {array.dtype}: "
                "encode categories and text as numbers first."
            )
        if jnp.issubdtype(array.dtype, np.inexact):
            bad = sum(_rows_not_finite(block) for block in row_blocks(array))
            if bad:
                raise ValueError(
                    f"{bad} of {len(array)} rows of {name} hold NaN or infinity; clean or impute them first."
                )


def _rows_not_finite(block: np.ndarray) -> int:
    finite = np.isfinite(block)
    return 0 if finite.all() else int((~finite).reshape(len(block), -1).any(1).sum())


def outputs_form(
    graphdef: nnx.GraphDef, arrays: list, rows: Split, measures: Mapping[str, PerExample], batch: int
) -> jax.ShapeDtypeStruct:
    """The form of a model's outputs on a batch; the arguments are those of `refuse_misfit`.

    Raises:
        ValueError: the model does not take such a batch, or a measure not its outputs and targets.
    """
    x, y = (
        jax.ShapeDtypeStruct((batch, *a.shape[1:]), jax.dtypes.canonicalize_dtype(a.dtype))
        for a in (rows.x, rows.y)
    )
    try:
        outputs = program(("outputs", graphdef), lambda: _outputs(graphdef)).forms(arrays, x)
    except _GrowingError as error:
        raise ValueError(
            "the model adds variables while it runs, so no compiled loop can carry its state: make all of "
            "them in __init__."
        ) from error
    except Exception as error:
        raise ValueError(
            f"the model does not take a batch x {x.dtype}{list(x.shape)}: {_first_line(error)} "
            "Build the model for these inputs, or reshape x."
        ) from error
    if not isinstance(outputs, jax.ShapeDtypeStruct) or outputs.shape[:1] != (batch,):
        raise ValueError(
            f"the model must return one array with {batch} rows for {batch} rows of x, got {outputs}: "
            "keep the batch as the first axis."
        )
    for name, measure in measures.items():
        _refuse_measure(name, measure, outputs, y)
    return outputs


def refuse_labels(rows: Split, outputs: jax.ShapeDtypeStruct) -> None:
    """Refuse whole-number targets that are no class of the outputs."""
    # One output a target is a sigmoid's or a count's, not a class's.
    if np.issubdtype(rows.y.dtype, np.integer) and outputs.ndim == rows.y.ndim + 1 and outputs.shape[-1] > 1:
        low = min(int(block.min()) for block in row_blocks(rows.y))
        high = max(int(block.max()) for block in row_blocks(rows.y))
        if low < 0 or high >= outputs.shape[-1]:
            raise ValueError(
                f"labels run from {low} to {high}, the model has {outputs.shape[-1]} outputs: labels must "
                f"lie in 0 … {outputs.shape[-1] - 1}. Give the model one output per class, or number the "
                "classes from 0."
            )


class _GrowingError(Exception):
    """A model has more variables after a call than before it."""


def _outputs(graphdef: nnx.GraphDef) -> Callable:
    def outputs(arrays: list, x: Array) -> Any:
        model = nnx.merge(graphdef, *arrays)
        before = nnx.to_flat_state(nnx.state(model)).paths
        result = model(x)
        if nnx.to_flat_state(nnx.state(model)).paths != before:
            raise _GrowingError
        return result

    return outputs


def _refuse_measure(
    name: str, measure: PerExample, outputs: jax.ShapeDtypeStruct, y: jax.ShapeDtypeStruct
) -> None:
    forms = f"outputs {outputs.dtype}{list(outputs.shape)} and targets {y.dtype}{list(y.shape)}"
    try:
        value = program(("measure", measure), lambda: measure).forms(outputs, y)
    except Exception as error:
        raise ValueError(
            f"{name} cannot compare {forms}: {_first_line(error)} "
            "Give the model and the targets the shapes and types that it expects."
        ) from error
    shape = getattr(value, "shape", None)
    if not shape or shape not in {y.shape[:1], y.shape, y.shape[:-1]}:
        raise ValueError(
            f"{name} must give one value per row, {y.shape[:1]}, or per target, {y.shape}; from {forms} "
            f"it gave {shape}. Do not average inside it, and check that outputs and targets have the shapes "
            "it expects."
        )


def _first_line(error: Exception) -> str:
    line = (str(error).strip() or type(error).__name__).splitlines()[0]
    return line if line.endswith((".", ":", "!")) else line + "."
