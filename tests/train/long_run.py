"""A run in a process of its own: killed, interrupted, or spread over processes by the tests.

python long_run.py RESULT FOLDER EPOCHS SECONDS [PROCESS PORT]
"""

import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from course_utils.checkpoint import Checkpoints, named_arrays
from course_utils.data.dataset import Dataset, Provenance, Split
from course_utils.evaluation import correct, infer
from course_utils.train import fit


class Net(nnx.Module):
    """BatchNorm, Dropout and Adam's moments: all that a resumed run can forget."""

    def __init__(self, rngs):
        # No bias before BatchNorm: its gradient is rounding alone, and Adam makes steps of that.
        self.inner = nnx.Linear(10, 16, use_bias=False, rngs=rngs)
        self.norm = nnx.BatchNorm(16, rngs=rngs)
        self.dropout = nnx.Dropout(0.3, rngs=rngs)
        self.outer = nnx.Linear(16, 3, rngs=rngs)

    def __call__(self, x):
        return self.outer(self.dropout(nnx.relu(self.norm(self.inner(x)))))


def train(epochs, checkpoints=None, mesh=None, patience=None):
    """The run, always the same one: six calls of two steps an epoch."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(260, 10)).astype(np.float32)
    y = (x @ rng.normal(size=(10, 3))).argmax(1).astype(np.int32)
    parts = [Split(x[part], y[part]) for part in (slice(200), slice(200, 230), slice(230, 260))]
    data = Dataset(*parts, Provenance("points", "made in the test", "CC0-1.0", generated=True))
    model = Net(nnx.Rngs(0))
    run = fit(
        model,
        data,
        loss=optax.softmax_cross_entropy_with_integer_labels,
        optimizer=optax.adamw(optax.cosine_decay_schedule(1e-2, 1000)),
        epochs=epochs,
        batch_size=16,
        key=jax.random.key(1),
        metrics={"accuracy": correct},
        patience=patience,
        chunk=2,
        checkpoints=checkpoints,
        mesh=mesh,
    )
    return model, run, data


def result(model, run):
    """All bits of a finished run, by name."""
    return {**named_arrays(nnx.state(model)), "step_loss": run.step_loss, **run.history}


def main(out, folder, epochs, seconds, process=None, port=None):
    if process is not None:
        jax.distributed.initialize(f"127.0.0.1:{port}", num_processes=2, process_id=int(process))
    checkpoints = None if folder == "-" else Checkpoints(folder, seconds=float(seconds))
    model, run, data = train(int(epochs), checkpoints)
    # Written aside first: the reader of the file sees all of it or none.
    aside = Path(f"{out}.part.npz")
    np.savez(aside, stopped=run.stopped, **result(model, run))
    assert np.isfinite(infer(model, data.val.x)).all()
    assert jnp.isfinite(model(jnp.asarray(data.val.x))).all()  # no array of it was left donated
    aside.rename(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
