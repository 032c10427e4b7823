"""The one compiled training loop of the course.

An epoch is one program: it shuffles, runs every step under ``lax.scan`` with its state donated, and evaluates.
Python speaks to the device once an epoch. Compilation happens once for a run, and not at all for a second run of
the same network, loss and optimizer. The cost beyond the arithmetic is one copy of the weights.
"""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax import Array
from jaxtyping import Float, PRNGKeyArray
from tqdm.auto import tqdm

from course_utils.data.dataset import Dataset, Split
from course_utils.evaluation import PerExample, averages, checked_batch, evaluation_mode
from course_utils.programs import program


class NonFiniteLossError(FloatingPointError):
    """The loss became NaN or infinite; the model keeps its weights of the last good epoch."""


@dataclass(frozen=True)
class Run:
    """What a training run did.

    Attributes:
        step_loss: mean loss of each batch, before its update, ``[steps]``.
        history: means over each epoch, ``[epochs]`` each: ``loss`` (over the batches as they came) and, with
            validation rows, ``val_loss`` and ``val_<metric>`` after the epoch's last update.
        best_epoch: epoch (from 1) with the lowest validation loss; the last one without validation rows.
        stopped: ``"all epochs"``, ``"early"`` or ``"interrupted"``.
        seconds: wall-clock time of the run, compilation included.
        compilations: programs compiled for this run; 0 when an earlier run left them behind.
    """

    step_loss: Float[np.ndarray, " steps"]
    history: Mapping[str, Float[np.ndarray, " epochs"]]
    best_epoch: int
    stopped: str
    seconds: float = field(compare=False)
    compilations: int = field(compare=False)

    def __repr__(self) -> str:
        """One line without machine-dependent figures."""
        return f"Run({len(self.step_loss)} steps, {len(self.history['loss'])} epochs, stopped: {self.stopped})"


def fit(
    model: nnx.Module,
    data: Dataset | Split,
    *,
    loss: PerExample,
    optimizer: optax.GradientTransformation,
    epochs: int,
    batch_size: int,
    key: PRNGKeyArray,
    metrics: Mapping[str, PerExample] | None = None,
    patience: int | None = None,
) -> Run:
    """Train a model in place, one compiled program an epoch.

    Each epoch visits the training rows in a new random order; the ``rows mod batch_size`` rows at the end of an
    order wait for another epoch, so every batch has one shape. Only ``data.train`` and ``data.val`` are used: the
    test rows never enter.

    Args:
        model: any NNX module with ``model(x) -> outputs``; BatchNorm and Dropout keep their state.
        data: ``Dataset``, or one ``Split`` to train without validation.
        loss: ``loss(outputs, targets) -> [batch]`` or one value per target; its mean is minimised.
            Optax's losses have this form.
        optimizer: an Optax transformation.
        epochs: passes over the training rows, at most.
        batch_size: rows per update.
        key: decides the order of the rows; the same key gives the same run.
        metrics: name → function of the form of ``loss``, averaged over the validation rows after each epoch.
        patience: stop after this many epochs without a lower validation loss, and go back to the weights of
            the best epoch. ``None``: run all epochs and keep the last weights.

    Returns:
        The ``Run``.

    Raises:
        ValueError: arguments that do not fit together, in words.
        NonFiniteLossError: the loss became NaN or infinite; the message says where and what to try.

    >>> from course_utils.models import MLP
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(256, 10)).astype(np.float32)
    >>> rows = Split(x, (x[:, 0] > 0).astype(np.int32))
    >>> run = fit(MLP((10, 16, 2), rngs=nnx.Rngs(0)), rows, epochs=3, batch_size=32, key=jax.random.key(0),
    ...           loss=optax.softmax_cross_entropy_with_integer_labels, optimizer=optax.adam(1e-2))
    >>> run
    Run(24 steps, 3 epochs, stopped: all epochs)
    >>> bool(run.history["loss"][-1] < run.history["loss"][0])
    True
    """
    train, val = (data.train, data.val) if isinstance(data, Dataset) else (data, None)
    measures = {"loss": loss, **(metrics or {})}
    _check(model, train, val, measures, epochs, batch_size, patience)
    graphdef, params, rest = nnx.split(model, nnx.Param, ...)
    run_epoch = program(
        (graphdef, measures, optimizer, batch_size),
        lambda: _epoch(graphdef, measures, optimizer, batch_size),
        donate_argnums=0,
    )
    traced = run_epoch.traces
    # The program's state is donated on every call; the model's own arrays must outlive it.
    state = jax.tree.map(jnp.copy, (params, rest, optimizer.init(params)))
    kept = (params, rest)
    train_rows = (jnp.asarray(train.x), jnp.asarray(train.y))
    val_rows = None if val is None else (jnp.asarray(val.x), jnp.asarray(val.y))

    step_losses: list[np.ndarray] = []
    rows: list[dict[str, float]] = []
    best_epoch, best_loss, stopped = 0, np.inf, "all epochs"
    start = time.perf_counter()
    bar = tqdm(total=epochs, unit="epoch", leave=False, disable=os.environ.get("COURSE_PROGRESS") == "0")
    try:
        for epoch in range(1, epochs + 1):
            state, losses, measured = run_epoch(state, jax.random.fold_in(key, epoch), train_rows, val_rows)
            step_losses.append(np.asarray(losses))
            _refuse_non_finite(step_losses, epoch)
            row = {"loss": float(step_losses[-1].mean())} | {f"val_{name}": float(v) for name, v in measured.items()}
            rows.append(row)
            bar.update()
            bar.set_postfix({name: f"{value:.3g}" for name, value in row.items()})
            improved = row.get("val_loss", -np.inf) < best_loss or val is None
            if improved:
                best_epoch, best_loss = epoch, row.get("val_loss", np.inf)
            if improved or patience is None:
                kept = jax.tree.map(jnp.copy, state[:2])
            if patience is not None and epoch - best_epoch >= patience:
                stopped = "early"
                break
    except KeyboardInterrupt:
        stopped = "interrupted"
    finally:
        bar.close()
        nnx.update(model, *kept)
    if not rows:
        raise KeyboardInterrupt("interrupted before the first epoch ended; the model is unchanged")
    history = {name: np.array([row[name] for row in rows], np.float32) for name in rows[0]}
    return Run(
        step_loss=np.concatenate(step_losses[: len(rows)]),
        history=history,
        best_epoch=best_epoch,
        stopped=stopped,
        seconds=time.perf_counter() - start,
        compilations=run_epoch.traces - traced,
    )


def _epoch(
    graphdef: nnx.GraphDef, measures: Mapping[str, PerExample], optimizer: optax.GradientTransformation, batch: int
) -> Callable:
    """The program of one epoch: shuffle, scan over the steps, evaluate."""
    loss = measures["loss"]

    def step(state: tuple, rows: tuple[Array, Array]) -> tuple[tuple, Array]:
        params, rest, moments = state

        def objective(params: Any) -> tuple[Array, Any]:
            # A fresh tree: NNX lets a trace change only the variables that were made inside it.
            model = nnx.merge(graphdef, params, jax.tree.map(lambda array: array, rest))
            value = loss(model(rows[0]), rows[1]).mean()
            return value, nnx.split(model, nnx.Param, ...)[2]  # BatchNorm and RNG streams moved on

        (value, rest), gradient = jax.value_and_grad(objective, has_aux=True)(params)
        updates, moments = optimizer.update(gradient, moments, params)
        return (optax.apply_updates(params, updates), rest, moments), value

    def epoch(state: tuple, key: PRNGKeyArray, train: tuple, val: tuple | None) -> tuple[tuple, Array, dict]:
        steps = len(train[0]) // batch
        order = jax.random.permutation(key, len(train[0]))[: steps * batch].reshape(steps, batch)
        state, losses = jax.lax.scan(lambda s, rows: step(s, (train[0][rows], train[1][rows])), state, order)
        if val is None:
            return state, losses, {}
        model = evaluation_mode(nnx.merge(graphdef, *state[:2]))
        return state, losses, averages(model, measures, *val)

    return epoch


def _check(
    model: nnx.Module,
    train: Split,
    val: Split | None,
    measures: Mapping[str, PerExample],
    epochs: int,
    batch: int,
    patience: int | None,
) -> None:
    """Refuse in words what would otherwise fail deep inside the compiled program, or not fail at all."""
    for name, value in {"epochs": epochs, "batch_size": batch, "patience": 1 if patience is None else patience}.items():
        if value < 1:
            raise ValueError(f"{name} counts from 1; got {value}.")
    if batch > len(train.x):
        raise ValueError(
            f"batch_size={batch} is larger than the {len(train.x)} training rows: not one update would happen. "
            f"Give at most {len(train.x)}."
        )
    if patience is not None and val is None:
        raise ValueError("patience watches the validation loss; give a Dataset with validation rows, not one Split.")
    for split in (train, val):
        if split is not None:
            checked_batch(model, split, measures, min(batch, len(split.x)))


def _refuse_non_finite(step_losses: list[np.ndarray], epoch: int) -> None:
    """Raise with the first bad step when the epoch's losses are not all finite."""
    bad = np.flatnonzero(~np.isfinite(step_losses[-1]))
    if len(bad):
        before = np.concatenate(step_losses)[: sum(map(len, step_losses[:-1])) + bad[0]]
        last = f"{before[-1]:.4g} one step earlier" if len(before) else "not finite from the start"
        raise NonFiniteLossError(
            f"the loss became {step_losses[-1][bad[0]]} at step {len(before) + 1} (epoch {epoch}); it was {last}. "
            "Try a learning rate ten times smaller, optax.clip_by_global_norm(1.0) before the optimizer, "
            "and standardised inputs. The model keeps its weights of the last good epoch."
        )
