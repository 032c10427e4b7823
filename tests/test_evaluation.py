import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx
from hypothesis import given
from hypothesis import strategies as st

from course_utils import evaluation
from course_utils.data.dataset import Split
from course_utils.evaluation import averages, correct, evaluate, infer
from course_utils.models import MLP

XENT = optax.softmax_cross_entropy_with_integer_labels


def points(rows, columns=4, classes=3):
    rng = np.random.default_rng(rows)
    return Split(
        rng.normal(size=(rows, columns)).astype(np.float32), rng.integers(0, classes, rows).astype(np.int32)
    )


@pytest.fixture
def net():
    return MLP((4, 8, 3), rngs=nnx.Rngs(0), dropout=0.5)


@pytest.mark.parametrize("count", [1, 7, 8, 9, 20])
def test_ragged_sizes_equal_a_plain_call(net, monkeypatch, count):
    monkeypatch.setattr(evaluation, "ROWS_AT_ONCE", 8)
    rows = points(count)
    plain = nnx.view(net, deterministic=True)(jnp.asarray(rows.x))
    np.testing.assert_allclose(infer(net, rows.x), plain, rtol=1e-5, atol=1e-6)
    graphdef, state = nnx.split(net)
    measured = averages(
        graphdef, [state], {"loss": XENT, "accuracy": correct}, jnp.asarray(rows.x), jnp.asarray(rows.y)
    )
    assert float(measured["loss"]) == pytest.approx(float(XENT(plain, rows.y).mean()), rel=1e-5)
    assert float(measured["accuracy"]) == pytest.approx((np.asarray(plain).argmax(1) == rows.y).mean())


def test_dropout_is_off_and_the_model_is_not_changed(net):
    rows = points(50)
    before = jax.tree.map(np.asarray, nnx.state(net, nnx.Not(nnx.RngKey)))
    first, second = infer(net, rows.x), infer(net, rows.x)
    np.testing.assert_array_equal(first, second)
    assert (np.asarray(net(jnp.asarray(rows.x))) != first).any()  # in training it is on
    net.dropout.rngs.count[...] = jnp.asarray(before["dropout"]["rngs"]["count"][...])
    after = jax.tree.map(np.asarray, nnx.state(net, nnx.Not(nnx.RngKey)))
    jax.tree.map(np.testing.assert_array_equal, before, after)


class Counted(nnx.Module):
    """A net that counts its calls in a variable of its own."""

    def __init__(self, rngs):
        self.inner = nnx.Linear(4, 3, rngs=rngs)
        self.calls = nnx.Variable(jnp.zeros((), jnp.int32))

    def __call__(self, x):
        self.calls[...] += 1
        return self.inner(x)


def test_what_a_model_changes_of_itself_is_forgotten():
    model = Counted(nnx.Rngs(0))
    assert evaluate(model, points(9), {"loss": XENT})["loss"] > 0
    assert model.calls[...] == 0


def test_batchnorm_uses_its_running_averages():
    norm = nnx.BatchNorm(4, rngs=nnx.Rngs(0))
    norm.mean[...] = jnp.full(4, 2.0)
    norm.var[...] = jnp.full(4, 9.0)
    rows = points(5)
    np.testing.assert_allclose(infer(norm, rows.x), (rows.x - 2) / 3, rtol=1e-4)
    assert norm.mean[0] == 2


def test_evaluate_is_the_mean_over_rows(net):
    rows = points(33)
    outputs = infer(net, rows.x)
    measured = evaluate(net, rows, {"loss": XENT, "accuracy": correct})
    assert measured["loss"] == pytest.approx(float(XENT(outputs, rows.y).mean()), rel=1e-5)
    assert measured["accuracy"] == pytest.approx((outputs.argmax(1) == rows.y).mean())
    assert all(type(value) is float for value in measured.values())


def test_values_per_target_are_averaged_over_all_targets():
    net = MLP((4, 6), rngs=nnx.Rngs(0))
    x = points(9).x
    rows = Split(x, np.random.default_rng(1).normal(size=(9, 6)).astype(np.float32))
    expected = ((infer(net, x) - rows.y) ** 2).mean()
    assert evaluate(net, rows, {"error": lambda z, y: (z - y) ** 2})["error"] == pytest.approx(
        expected, rel=1e-5
    )


def test_the_second_evaluation_compiles_nothing(net):
    traced = []

    def counted(outputs, targets):
        traced.append(1)
        return correct(outputs, targets)

    rows = points(12)
    evaluate(net, rows, {"accuracy": counted})
    once = len(traced)
    evaluate(MLP((4, 8, 3), rngs=nnx.Rngs(1), dropout=0.5), rows, {"accuracy": counted})
    assert len(traced) == once > 0


@given(st.integers(1, 40), st.integers(2, 5))
def test_correct_averages_to_the_accuracy(count, classes):
    rng = np.random.default_rng(count)
    logits, labels = rng.normal(size=(count, classes)), rng.integers(0, classes, count)
    assert correct(jnp.asarray(logits), jnp.asarray(labels)).tolist() == (logits.argmax(1) == labels).tolist()


def test_no_rows_are_refused(net):
    with pytest.raises(ValueError, match="infer needs at least one row; got none"):
        infer(net, np.zeros((0, 4), np.float32))


def test_what_does_not_fit_is_refused_before_running(net):
    with pytest.raises(ValueError, match=r"the model does not take a batch x float32\[5, 7\].*\(batch, 4\)"):
        evaluate(net, points(5, columns=7), {"accuracy": correct})
