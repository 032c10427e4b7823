import tracemalloc

import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from course_utils.data.dataset import Split
from course_utils.models import MLP
from course_utils.refusals import refuse_misfit

XENT = optax.softmax_cross_entropy_with_integer_labels
X = np.ones((6, 4), np.float32)
Y = np.array([0, 1, 2, 0, 1, 2], np.int32)


def refused(model, *arguments):
    graphdef, *arrays = nnx.split(model)
    refuse_misfit(graphdef, arrays, *arguments)


@pytest.fixture
def net():
    return MLP((4, 3), rngs=nnx.Rngs(0))


def with_value(array, row, value):
    changed = array.astype(float) if np.isnan(value) else array.copy()
    changed[row] = value
    return changed


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (with_value(X, 2, np.nan), Y, "1 of 6 rows of x hold NaN or infinity; clean or impute"),
        (with_value(X, slice(0, 3), np.inf), Y, "3 of 6 rows of x hold NaN or infinity"),
        (X, with_value(Y, 1, np.nan), "1 of 6 rows of y hold NaN or infinity"),
        (X.astype(object), Y, "x must hold numbers, got dtype object: encode categories"),
        (X, np.array(list("abcabc")), "y must hold numbers, got dtype <U1"),
        (X, Y + 1, r"labels run from 1 to 3, the model has 3 outputs: labels must lie in 0 … 2"),
        (X, Y - 1, "labels run from -1 to 1"),
        (X, with_value(Y, 0, -100), "labels run from -100 to 2"),
        (
            X[:, :2],
            Y,
            r"the model does not take a batch x float32\[4, 2\].*Expected input of shape \(batch, 4\)",
        ),
        (X[:, :, None], Y, r"the model does not take a batch x float32\[4, 4, 1\]"),
        (X, Y.astype(np.float32), r"loss cannot compare outputs float32\[4, 3\] and targets float32\[4\]"),
        (X, np.zeros((6, 2, 2), np.int32), "loss cannot compare"),
    ],
)
def test_rows_that_do_not_fit_are_refused_in_words(net, x, y, message):
    with pytest.raises(ValueError, match=message):
        refused(net, Split(x, y), {"loss": XENT}, 4)


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        (lambda z, y: XENT(z, y).mean(), r"one value per row, \(4,\), or per target.*it gave \(\)"),
        (lambda z, y: (z[:, :1] - y) ** 2, r"it gave \(4, 4\)"),  # broadcasting, the silent mistake
        (lambda z, y: (z, y), "it gave None"),
        (lambda z, y: z.nonsense, "score cannot compare"),
        (lambda z: z, r"score cannot compare.*positional argument"),
    ],
)
def test_measures_of_another_form_are_refused_in_words(net, measure, message):
    with pytest.raises(ValueError, match=message):
        refused(net, Split(X, Y), {"loss": XENT, "score": measure}, 4)


def test_a_library_error_of_the_model_becomes_one_line_and_keeps_its_cause():
    with pytest.raises(ValueError, match=r"does not take a batch x float32\[4, 4\]") as caught:
        refused(nnx.Linear(5, 3, rngs=nnx.Rngs(0)), Split(X, Y), {"loss": XENT}, 4)
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is not None


class Returns(nnx.Module):
    def __init__(self, function):
        self.function = function

    def __call__(self, x):
        return self.function(x)


@pytest.mark.parametrize("function", [lambda x: (x, x), lambda x: x.sum(), lambda x: x.T[:3]])
def test_a_model_that_loses_the_batch_is_refused(function):
    with pytest.raises(ValueError, match="must return one array with 4 rows for 4 rows of x"):
        refused(Returns(function), Split(X, Y), {"loss": XENT}, 4)


@pytest.mark.parametrize(
    ("y", "measure"),
    [
        (Y, XENT),
        (Y.astype(np.int64), XENT),
        (Y.astype(np.uint8), XENT),
        (np.eye(3, dtype=np.float32)[Y], optax.softmax_cross_entropy),
        (np.ones((6, 3), np.float32), optax.squared_error),
        (np.ones((6, 3), bool), optax.sigmoid_binary_cross_entropy),
    ],
)
def test_what_fits_passes(net, y, measure):
    refused(net, Split(X, y), {"loss": measure}, 4)


@pytest.mark.parametrize("measure", [optax.sigmoid_binary_cross_entropy, optax.squared_error])
def test_one_output_is_no_class(measure):
    net = MLP((4, 1), rngs=nnx.Rngs(0))
    refused(net, Split(X, Y), {"loss": lambda z, y: measure(z[:, 0], y)}, 4)


def test_bfloat16_is_a_number(net):
    refused(net, Split(X.astype(jnp.bfloat16), Y), {"loss": XENT}, 4)
    with pytest.raises(ValueError, match="1 of 6 rows of x hold NaN"):
        refused(net, Split(with_value(X, 2, np.nan).astype(jnp.bfloat16), Y), {"loss": XENT}, 4)


def test_a_memmap_is_looked_at_in_blocks(net, tmp_path):
    x = np.memmap(tmp_path / "x", np.float32, "w+", shape=(1_000_000, 4))
    rows = Split(x, np.zeros(len(x), np.int32))
    tracemalloc.start()
    refused(net, rows, {"loss": XENT}, 4)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < x.nbytes / 4


class Growing(nnx.Module):
    """A net that keeps what it saw in a variable that it makes then."""

    def __init__(self):
        self.inner = nnx.Linear(4, 3, rngs=nnx.Rngs(0))

    def __call__(self, x):
        self.seen = nnx.Variable(x)
        return self.inner(x)


def test_a_model_that_adds_variables_is_refused():
    with pytest.raises(ValueError, match=r"adds variables while it runs.*in __init__"):
        refused(Growing(), Split(X, Y), {"loss": XENT}, 4)


def test_counts_as_targets_of_a_regression_are_no_labels():
    net = Returns(lambda x: jnp.exp(x[:, 0]))
    refused(net, Split(X, Y * 1000), {"loss": lambda z, y: z - y * jnp.log(z)}, 4)
