import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from course_utils.data.dataset import Split
from course_utils.models import MLP
from course_utils.train import fit
from course_utils.train.plan import planned

XENT = optax.softmax_cross_entropy_with_integer_labels


def plan_of(model, splits, optimizer=None, batch=16, measures=None):
    graphdef, *arrays = nnx.split(model, nnx.Param, ...)
    return planned(
        graphdef, arrays, splits, measures or {"loss": XENT}, optimizer or optax.adam(1e-3), batch, None
    )


def net(*sizes, seed=0):
    return MLP(sizes or (10, 4, 3), rngs=nnx.Rngs(seed))


def test_a_second_run_of_the_same_form_finds_the_plan(rows):
    other = Split(rows.x[:50] + 1, rows.y[:50])
    assert plan_of(net(), [rows]) is plan_of(net(seed=1), [other], optax.adam(1e-3))


@pytest.mark.parametrize(
    "changes",
    [
        {"model": net(10, 5, 3)},
        {"optimizer": optax.adam(1e-2)},
        {"batch": 17},
        {"measures": {"loss": XENT, "again": XENT}},
        {"rows": lambda rows: Split(rows.x, rows.y.astype(np.uint8))},
        {"rows": lambda rows: Split(rows.x[:8], rows.y[:8])},  # fewer than a batch: of validation
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_another_form_has_a_plan_of_its_own(rows, changes):
    arguments = {"model": net(), **changes}
    changed = arguments.pop("rows", lambda rows: rows)(rows)
    assert plan_of(splits=[changed], **arguments) is not plan_of(net(), [rows])


def test_what_was_refused_once_is_refused_again(rows):
    for _ in range(2):
        with pytest.raises(ValueError, match="the model does not take a batch x"):
            plan_of(net(9, 3), [rows])


def test_a_known_plan_still_looks_at_the_labels(rows):
    plan_of(net(), [rows])
    with pytest.raises(ValueError, match="labels run from"):
        plan_of(net(), [Split(rows.x, rows.y + 1)])


@pytest.mark.parametrize(
    "optimizer",
    [optax.adam(1e-3), optax.GradientTransformation(lambda params: params, lambda g, s, p=None: (g, s))],
    ids=["adam", "one that keeps the first weights"],
)
def test_the_first_state_shares_no_memory_with_the_model(rows, optimizer):
    model = net()
    own = jax.tree.leaves(nnx.state(model))
    leaves = plan_of(model, [rows], optimizer).begin(own)
    places = [array.unsafe_buffer_pointer() for array in (*own, *leaves)]
    assert len(set(places)) == len(places)
    assert [a.shape for a in leaves[: len(own)]] == [a.shape for a in own]


def test_an_optimizer_that_keeps_the_first_weights_can_be_trained_with(rows, settings):
    """Its state was the model's own arrays once, which the donated program would have deleted."""

    def towards_the_start(updates, first, params):
        return jax.tree.map(lambda g, a, w: -0.1 * g - 0.1 * (w - a), updates, first, params), first

    optimizer = optax.GradientTransformation(lambda params: params, towards_the_start)
    model = net(10, 3)
    run = fit(model, rows, **settings | {"optimizer": optimizer})
    assert run.step_loss[-1] < run.step_loss[0]
    assert np.isfinite(model(jnp.asarray(rows.x))).all()
