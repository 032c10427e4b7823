import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from course_utils.data.dataset import Dataset, Split
from course_utils.models import MLP
from course_utils.train import fit
from course_utils.train.arguments import refuse_arguments

XENT = optax.softmax_cross_entropy_with_integer_labels


@pytest.fixture
def net():
    return MLP((10, 3), rngs=nnx.Rngs(0))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "epochs is a whole number from 1; got 0"),
        ({"chunk": 0}, "chunk is a whole number from 1; got 0"),
        ({"patience": 0}, "patience is a whole number from 1; got 0"),
        ({"batch_size": 61}, "batch_size=61 is larger than the 60 training rows.*at most 60"),
        (
            {"loss": lambda z, y: XENT(z, y).mean()},
            r"loss must give one value per row, \(16,\).*it gave \(\)",
        ),
        (
            {"loss": optax.squared_error},
            r"loss cannot compare outputs float32\[16, 3\] and targets int32\[16\]",
        ),
        ({"metrics": {"accuracy": lambda z, y: z @ y}}, r"accuracy cannot compare"),
        ({"metrics": {"loss": XENT}}, "the name loss"),
        ({"model": nnx.Dropout(0.5)}, "the model has no nnx.Param, so nothing of it can be trained: give"),
        ({"optimizer": optax.adam(optax.linear_schedule(1e-3, 0.0, 0))}, "polynomial_schedule.*constant"),
        ({"optimizer": optax.sgd(optax.exponential_decay(1e-3, 10, 0.0))}, "exponential_decay.*constant"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_words(net, data, settings, changes, message):
    before = np.asarray(net.layers[0].kernel[...])
    with pytest.raises(ValueError, match=message):
        fit(**{"model": net, "data": data} | settings | changes)
    np.testing.assert_array_equal(net.layers[0].kernel[...], before)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("model", jnp.tanh, "model must be an nnx.Module"),
        (
            "data",
            (np.zeros((4, 2)), np.zeros(4)),
            r"data must be a Dataset or a Split, got tuple: write Split\(x, y\)",
        ),
        ("optimizer", optax.adam, "optimizer must be an Optax transformation, got function"),
        ("optimizer", 1e-3, "optimizer must be an Optax transformation, got float"),
        ("key", 0, r"key must be a JAX random key, got int: write jax.random.key\(0\)"),
        ("key", jax.random.split(jax.random.key(0)), r"one JAX random key, got key<fry>\[2\]: write"),
        ("key", jnp.zeros(3), r"one JAX random key, got float32\[3\]: write"),
        ("measures", {"loss": "mse"}, "loss must be a function"),
        ("counts", {"epochs": 2.5}, "epochs is a whole number from 1; got 2.5"),
    ],
)
def test_arguments_of_another_type_are_refused_in_words(net, data, settings, unchecked, name, value, message):
    arguments = {
        "model": net,
        "data": data,
        "measures": {"loss": XENT},
        "optimizer": settings["optimizer"],
        "key": settings["key"],
        "counts": {"epochs": 1, "batch_size": 16, "patience": None, "chunk": 1},
    }
    refuse_arguments(**arguments)
    with pytest.raises(ValueError, match=message):
        refuse_arguments(**arguments | {name: value})


def test_patience_needs_validation_rows(net, rows, settings):
    with pytest.raises(ValueError, match="patience watches the validation loss; give a Dataset"):
        fit(net, rows, **settings, patience=2)


def test_metrics_need_validation_rows(net, rows, settings):
    with pytest.raises(ValueError, match="metrics are measured on validation rows; give a Dataset"):
        fit(net, rows, **settings, metrics={"error": XENT})


def test_a_fault_in_the_validation_rows_alone_is_found(net, data, settings):
    wrong = data.val.y.copy()
    wrong[3] = 3
    broken = Dataset(data.train, Split(data.val.x, wrong), data.test, data.provenance)
    with pytest.raises(ValueError, match="labels run from 0 to 3, the model has 3 outputs"):
        fit(net, broken, **settings)


@pytest.mark.parametrize("name", ["train", "val"])
def test_rows_that_are_not_finite_are_refused_in_a_known_run_too(net, data, settings, name):
    fit(net, data, **settings)
    x = getattr(data, name).x.copy()
    x[2, 0] = np.nan
    broken = dataclasses.replace(data, **{name: Split(x, getattr(data, name).y)})
    with pytest.raises(ValueError, match=r"1 of \d+ rows of x hold NaN or infinity"):
        fit(net, broken, **settings)


@pytest.mark.parametrize(
    "schedule",
    [
        optax.linear_schedule(1e-3, 0.0, 1),
        optax.warmup_cosine_decay_schedule(0.0, 1e-3, 0, 10),  # no warm-up, and meant
        optax.constant_schedule(1e-3),
        lambda step: 1e-3,
    ],
)
def test_schedules_that_say_what_they_do_are_taken(net, rows, settings, schedule):
    assert len(fit(net, rows, **settings | {"optimizer": optax.adam(schedule), "epochs": 1}).step_loss) == 6


def test_the_bits_of_an_old_style_key_are_those_of_a_new_one(rows, settings):
    def losses(key):
        return fit(MLP((10, 3), rngs=nnx.Rngs(0)), rows, **settings | {"key": key}).step_loss

    np.testing.assert_array_equal(losses(jax.random.PRNGKey(5)), losses(jax.random.key(5)))
