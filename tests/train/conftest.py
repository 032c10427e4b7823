"""Small data sets and nets that the tests of the training loop share."""

import jax
import numpy as np
import optax
import pytest
from flax import nnx
from jaxtyping import config

from course_utils.data.dataset import Dataset, Provenance, Split

MADE = Provenance("points", "made in the test", "CC0-1.0", generated=True)


class Mixed(nnx.Module):
    """A net with all that moves during training: weights, running averages, a stream of masks."""

    def __init__(self, rngs):
        self.inner = nnx.Linear(10, 32, rngs=rngs)
        self.norm = nnx.BatchNorm(32, rngs=rngs)
        self.dropout = nnx.Dropout(0.3, rngs=rngs)
        self.outer = nnx.Linear(32, 3, rngs=rngs)

    def __call__(self, x):
        return self.outer(self.dropout(nnx.relu(self.norm(self.inner(x)))))


@pytest.fixture(autouse=True)
def _no_bar(monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", "0")


@pytest.fixture
def rows():
    """One split of 100 rows in three classes that a line separates."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100, 10)).astype(np.float32)
    return Split(x, (x @ rng.normal(size=(10, 3))).argmax(1).astype(np.int32))


@pytest.fixture
def data(rows):
    """The same rows in three splits."""
    parts = (slice(0, 60), slice(60, 83), slice(83, 100))
    return Dataset(*(Split(rows.x[part], rows.y[part]) for part in parts), MADE)


@pytest.fixture
def mixed():
    """Makes the net with BatchNorm and Dropout from a seed."""
    return lambda seed=0: Mixed(nnx.Rngs(seed))


@pytest.fixture
def settings():
    """The arguments of `fit` that most tests share."""
    return {
        "loss": optax.softmax_cross_entropy_with_integer_labels,
        "optimizer": optax.adam(1e-2),
        "epochs": 3,
        "batch_size": 16,
        "key": jax.random.key(7),
    }


@pytest.fixture
def bits():
    """All arrays of a model, as NumPy arrays."""

    def arrays(model):
        leaves = jax.tree.leaves(nnx.state(model))
        return [
            np.asarray(jax.random.key_data(a) if jax.dtypes.issubdtype(a.dtype, jax.dtypes.prng_key) else a)
            for a in leaves
        ]

    return arrays


@pytest.fixture
def unchecked():
    """Turn the shape checker of the tests off: it would speak before the function's own message."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)
