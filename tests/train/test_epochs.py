"""What a run says of its epochs: means, validation, the best one, patience."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from course_utils.data.dataset import Dataset, Split
from course_utils.evaluation import correct, evaluate
from course_utils.models import MLP
from course_utils.train import NonFiniteLossError, fit

XENT = optax.softmax_cross_entropy_with_integer_labels


def test_history_has_an_entry_an_epoch_and_means_what_it_says(data, settings):
    model = MLP((10, 8, 3), rngs=nnx.Rngs(0))
    run = fit(model, data, **settings, metrics={"accuracy": correct})
    assert run.step_loss.shape == (9,)  # 60 rows, 3 whole batches of 16, 3 epochs
    assert {name: values.shape for name, values in run.history.items()} == {
        "loss": (3,),
        "val_loss": (3,),
        "val_accuracy": (3,),
    }
    np.testing.assert_allclose(run.history["loss"], run.step_loss.reshape(3, 3).mean(1), rtol=1e-6)
    last = evaluate(model, data.val, {"loss": XENT, "accuracy": correct})
    np.testing.assert_allclose(run.history["val_loss"][-1], last["loss"], rtol=1e-6)
    assert run.history["val_accuracy"][-1] == pytest.approx(last["accuracy"])
    assert (run.stopped, run.best_epoch) == ("all epochs", 1 + int(run.history["val_loss"].argmin()))
    assert repr(run) == "Run(9 steps, 3 epochs, stopped: all epochs)"
    assert run.seconds > 0


def test_without_validation_rows_the_last_epoch_counts_as_best(rows, settings):
    run = fit(MLP((10, 3), rngs=nnx.Rngs(0)), rows, **settings)
    assert list(run.history) == ["loss"]
    assert run.best_epoch == 3


def test_validation_is_made_in_evaluation_mode(mixed, data, settings):
    model = mixed()
    run = fit(model, data, **settings)
    model.eval()
    expected = XENT(model(jnp.asarray(data.val.x)), jnp.asarray(data.val.y)).mean()
    np.testing.assert_allclose(run.history["val_loss"][-1], expected, rtol=1e-5)


def test_patience_goes_back_to_the_best_epoch(mixed, data, bits, settings):
    noise = Split(data.train.x, np.random.default_rng(1).integers(0, 3, 60).astype(np.int32))
    unlearnable = Dataset(noise, data.val, data.test, data.provenance)
    settings |= {"epochs": 100, "optimizer": optax.adam(3e-2)}
    model = mixed()
    run = fit(model, unlearnable, **settings, patience=4)
    assert run.stopped == "early"
    assert len(run.history["loss"]) == run.best_epoch + 4 < 100
    assert run.best_epoch == 1 + int(run.history["val_loss"].argmin())
    best = mixed()
    fit(best, unlearnable, **settings | {"epochs": run.best_epoch})
    for one, other in zip(bits(model), bits(best), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("chunk", [2, 7, 1000])
def test_patience_gives_the_same_bits_however_many_epochs_a_call_takes(mixed, data, bits, settings, chunk):
    noise = Split(data.train.x, np.random.default_rng(1).integers(0, 3, 60).astype(np.int32))
    unlearnable = Dataset(noise, data.val, data.test, data.provenance)
    settings |= {"epochs": 100, "optimizer": optax.adam(3e-2), "patience": 4}
    one, cut = mixed(), mixed()
    expected, run = fit(one, unlearnable, **settings, chunk=3), fit(cut, unlearnable, **settings, chunk=chunk)
    assert (run.best_epoch, run.stopped) == (expected.best_epoch, "early")
    np.testing.assert_array_equal(run.step_loss, expected.step_loss)
    np.testing.assert_array_equal(run.history["val_loss"], expected.history["val_loss"])
    for ours, other in zip(bits(cut), bits(one), strict=True):
        np.testing.assert_array_equal(ours, other)


class Counted(nnx.Module):
    """A net that counts its calls in a variable of its own."""

    def __init__(self, rngs):
        self.inner = nnx.Linear(10, 3, rngs=rngs)
        self.calls = nnx.Variable(jnp.zeros((), jnp.int32))

    def __call__(self, x):
        self.calls[...] += 1
        return self.inner(x)


def test_what_evaluation_changes_of_the_model_is_forgotten(data, settings):
    model = Counted(nnx.Rngs(0))
    assert len(fit(model, data, **settings).step_loss) == model.calls[...] == 9


def test_a_validation_loss_that_is_not_finite_is_refused(data, settings):
    def loss(z, y):
        return XENT(z, y) * (1.0 if len(y) == 16 else jnp.nan)

    with pytest.raises(NonFiniteLossError, match="validation loss became nan after epoch 1"):
        fit(MLP((10, 3), rngs=nnx.Rngs(0)), data, **settings | {"loss": loss})
