"""`fit`: the loop over epochs around the compiled program.

Python speaks to the device once every ``chunk`` steps, be they a piece of an epoch or several whole ones: the
program itself evaluates at the end of an epoch, keeps its weights and decides whether to go on. It is compiled
once for a run, and not at all for a second run of the same network, loss and optimizer. The cost beyond
the arithmetic: three copies of the weights, the model's own and those kept before and after a call.
"""

import os
import time
from collections.abc import Mapping

import jax
import optax
from flax import nnx
from jax import tree
from jax.sharding import Mesh
from jaxtyping import PRNGKeyArray
from tqdm.auto import tqdm

from course_utils.checkpoint import CheckpointError, Checkpoints
from course_utils.data.dataset import Dataset, Split
from course_utils.refusals import PerExample
from course_utils.train.arguments import (
    NonFiniteLossError,
    refuse_arguments,
    refuse_non_finite,
    refuse_non_finite_validation,
)
from course_utils.train.devices import Devices
from course_utils.train.interruption import interruption
from course_utils.train.plan import planned, strong
from course_utils.train.rows import Rows
from course_utils.train.run import Record, Run
from course_utils.train.saved import Saved


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
    chunk: int = 256,
    checkpoints: Checkpoints | None = None,
    mesh: Mesh | None = None,
) -> Run:
    """Train a model in place with one compiled program.

    Each epoch visits the training rows in a new random order; the ``rows mod batch_size`` rows at the end of
    an order are left out of that epoch, so every batch has one shape. Only ``data.train`` and ``data.val`` are
    used: the test rows never enter.

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
        chunk: steps per call of the program, at most. Ctrl-C and the progress bar answer between calls; the
            result is the same to the bit for every value.
        checkpoints: where to save the run while it goes on. A call with the same arguments and folder goes
            on from the newest checkpoint, to the same bits as if nothing had happened; more ``epochs``
            prolong it.
        mesh: devices that share each batch evenly, all axes of it. Under `jax.distributed`, with the same
            data in every process, all devices of all processes are used without asking.

    Returns:
        The ``Run``. After Ctrl-C too: the model then has the weights it had reached, with ``patience`` those
        of the best epoch.

    Raises:
        ValueError: arguments that do not fit together, in words.
        NonFiniteLossError: the loss became NaN or infinite; the message says where and what to try.
        CheckpointError: a checkpoint could not be written or read; the model has the weights it had reached.

    >>> import numpy as np
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
    start = time.perf_counter()
    if "loss" in (metrics or {}):
        raise ValueError("the name loss is the loss's own; give that metric another.")
    measures = {"loss": loss, **(metrics or {})}
    counts = {"epochs": epochs, "batch_size": batch_size, "patience": patience, "chunk": chunk}
    refuse_arguments(model, data, measures, optimizer, key, counts)
    devices = Devices(mesh)
    devices.refuse_batch(batch_size)
    train, val = (data.train, data.val) if isinstance(data, Dataset) else (data, None)
    rows = Rows(train, batch_size, chunk, epochs, key, devices)  # whose first order is under way from here on
    graphdef, *arrays = nnx.split(model, nnx.Param, ...)
    splits = [train] if val is None else [train, val]
    plan = planned(graphdef, arrays, splits, measures, optimizer, batch_size, devices.mesh)
    record = Record(("loss", *(f"val_{name}" for name in measures if val is not None)))
    forms = plan.state, plan.model
    saved = Saved(checkpoints, forms, (train, val), batch_size, key, record.names, patience is not None)
    own = [strong(array) for array in tree.leaves(arrays)]
    leaves, kept = saved.resume(plan.begin(own), own, record)
    if devices.mesh:
        leaves, kept = devices.everywhere((leaves, kept))
    traced = plan.steps.traces
    calls = rows.calls(record.epochs + 1, record.steps)
    val_rows = None if val is None else devices.everywhere((val.x, val.y))

    bar = tqdm(total=epochs * rows.steps, initial=record.total, unit="step", leave=False, disable=_silent())
    with bar, interruption() as interrupted:
        try:
            upcoming = next(calls, None)
            while not (stopped := record.stop(epochs, patience)):
                if devices.agreed(interrupted()):
                    stopped = "interrupted"
                    break
                assert upcoming is not None
                call, lengths, last = upcoming
                leaves, newest, *told = plan.steps(leaves, kept, *call, val_rows, record.best(patience))
                upcoming = next(calls, None)  # while the device works
                losses, measured, taken = jax.device_get(told)
                kept = newest
                for number, length in enumerate(lengths[: int(taken)]):
                    part, losses = losses[:length], losses[length:]
                    refuse_non_finite(part, record)
                    record.add_steps(part)
                    if last:
                        values = {name: measured[name][number] for name in measured}
                        refuse_non_finite_validation(values, record.epochs + 1)
                        record.end_epoch(values)
                bar.update(record.total - bar.n)
                if record.epochs and not bar.disable:
                    bar.set_postfix({name: f"{value:.3g}" for name, value in record.latest().items()})
                if devices.agreed(saved.due()):
                    saved.save(leaves, kept, record)
            if patience is None or record.best_epoch == 0:
                kept = leaves[: len(kept)]  # a state begins with the model's own arrays
            saved.save(leaves, kept, record)
        except NonFiniteLossError as error:
            if checkpoints is None:
                raise
            raise NonFiniteLossError(
                f"{error} The newest checkpoint may hold weights that are ruined already: begin again in "
                f"another folder than {checkpoints.folder}."
            ) from None
        except CheckpointError:
            if patience is None:
                kept = leaves[: len(kept)]
            raise
        finally:
            nnx.update(model, *plan.model.unflatten(devices.back(kept)))
    return record.run(stopped, time.perf_counter() - start, plan.steps.traces - traced)


def _silent() -> bool:
    return os.environ.get("COURSE_PROGRESS") == "0" or jax.process_index() > 0
