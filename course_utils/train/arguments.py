"""The arguments of `fit`, and losses that went wrong, refused in words."""

from collections.abc import Mapping
from types import FunctionType
from typing import Any

import jax
import numpy as np
import optax
from flax import nnx

from course_utils.data.dataset import Dataset, Split
from course_utils.refusals import PerExample, refuse_values
from course_utils.train.run import Record


class NonFiniteLossError(FloatingPointError):
    """The loss became NaN or infinite; the model keeps its weights of the last good epoch."""


def refuse_arguments(
    model: nnx.Module,
    data: Dataset | Split,
    measures: Mapping[str, PerExample],
    optimizer: optax.GradientTransformation,
    key: Any,
    counts: Mapping[str, int | None],
) -> None:
    """Refuse in words what would otherwise fail deep inside the compiled program, or not fail at all.

    Args:
        model, data, optimizer, key: as `fit` got them.
        measures: the loss under the name ``loss``, and the metrics.
        counts: ``epochs``, ``batch_size``, ``patience`` and ``chunk``; ``None`` where not given.

    Raises:
        ValueError: expected, got, what to do.
    """
    _refuse_types(model, data, measures, optimizer, key)
    for name, value in counts.items():
        if value is not None and (
            not isinstance(value, int | np.integer) or isinstance(value, bool) or value < 1
        ):
            raise ValueError(f"{name} is a whole number from 1; got {value!r}.")
    rows = len(data.train) if isinstance(data, Dataset) else len(data)
    batch = counts["batch_size"]
    assert batch is not None
    if batch > rows:
        raise ValueError(
            f"batch_size={batch} is larger than the {rows} training rows: not one update would happen. "
            f"Give at most {rows}."
        )
    if len(measures) > 1 and isinstance(data, Split):
        raise ValueError("metrics are measured on validation rows; give a Dataset with them, not one Split.")
    if counts["patience"] is not None and isinstance(data, Split):
        raise ValueError(
            "patience watches the validation loss; give a Dataset with validation rows, not one Split."
        )
    for split in (data.train, data.val) if isinstance(data, Dataset) else (data,):
        refuse_values(split)


def _refuse_types(model: Any, data: Any, measures: Mapping[str, Any], optimizer: Any, key: Any) -> None:
    if not isinstance(model, nnx.Module):
        raise ValueError(f"model must be an nnx.Module, got {type(model).__name__}: write a class of it.")
    if not isinstance(data, Dataset | Split):
        raise ValueError(f"data must be a Dataset or a Split, got {type(data).__name__}: write Split(x, y).")
    for name, measure in measures.items():
        if not callable(measure):
            raise ValueError(
                f"{name} must be a function of (outputs, targets), got {type(measure).__name__}."
            )
    if not (hasattr(optimizer, "init") and hasattr(optimizer, "update")):
        raise ValueError(
            f"optimizer must be an Optax transformation, got {type(optimizer).__name__}: "
            "write for example optax.adam(1e-3)."
        )
    if not isinstance(key, jax.Array):
        raise ValueError(f"key must be a JAX random key, got {type(key).__name__}: write jax.random.key(0).")
    typed = jax.dtypes.issubdtype(key.dtype, jax.dtypes.prng_key)
    if key.shape != () if typed else key.dtype != np.uint32 or key.ndim != 1:
        raise ValueError(
            f"key must be one JAX random key, got {key.dtype}{list(key.shape)}: write jax.random.key(0)."
        )


def refuse_weightless(weights: Any) -> None:
    """Raise ``ValueError`` where ``nnx.split`` found no weights."""
    if not jax.tree.leaves(weights):
        raise ValueError(
            "the model has no nnx.Param, so nothing of it can be trained: give it layers with weights, "
            "for example nnx.Linear."
        )


def refuse_silent_schedule(part: Any) -> None:
    """Optax turns some wrong schedule arguments into a constant without a word; find such a constant.

    A warm-up of zero steps is one too, and is meant: parts of joined schedules are left alone.
    """
    if isinstance(part, tuple | list):
        for item in part:
            refuse_silent_schedule(item)
    if not isinstance(part, FunctionType) or not part.__module__.startswith("optax."):
        return
    maker = part.__qualname__.split(".")[0]
    if maker in {"polynomial_schedule", "exponential_decay"} and part.__name__ == "<lambda>":
        raise ValueError(
            f"{maker} (or linear_schedule) was given transition_steps ≤ 0 or a decay_rate of 0, and Optax "
            "made a constant of it without a word. Give at least 1 transition step, or pass the number."
        )
    if maker != "join_schedules":
        for cell in part.__closure__ or ():
            refuse_silent_schedule(cell.cell_contents)


def refuse_non_finite(losses: np.ndarray, record: Record) -> None:
    """Raise with the first bad step unless all losses are finite.

    Args:
        losses: the newest losses, one a step, all of one epoch.
        record: of the steps before them.
    """
    finite = np.isfinite(losses)
    if not finite.all():
        bad = np.flatnonzero(~finite)
        before = np.concatenate([record.losses, losses[: bad[0]]])
        last = f"{before[-1]:.4g} one step earlier" if len(before) else "not finite from the start"
        raise NonFiniteLossError(
            f"the loss became {losses[bad[0]]} at step {len(before) + 1} (epoch {record.epochs + 1}); it was {last}. "
            + _ADVICE
        )


def refuse_non_finite_validation(measured: Mapping[str, Any], epoch: int) -> None:
    """Raise unless the validation loss is finite."""
    value = float(measured.get("loss", 0.0))
    if not np.isfinite(value):
        raise NonFiniteLossError(f"the validation loss became {value} after epoch {epoch}. {_ADVICE}")


_ADVICE = (
    "Try a learning rate ten times smaller, optax.clip_by_global_norm(1.0) before the optimizer, "
    "and standardised inputs. The model keeps its weights of the last good epoch."
)
