import jax
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


def order_of(key, epoch, rows, batch):
    order = np.asarray(jax.random.permutation(jax.random.fold_in(key, epoch), rows))
    return order[: rows // batch * batch].reshape(-1, batch)


def test_the_loop_equals_gradient_descent_written_in_numpy(rows):
    model = MLP((10, 3), rngs=nnx.Rngs(0))
    w = np.asarray(model.layers[0].kernel[...], np.float64)
    b = np.zeros(3)
    expected = []
    for epoch in (1, 2):
        for batch in order_of(jax.random.key(7), epoch, 100, 16):
            x, y = rows.x[batch].astype(np.float64), rows.y[batch]
            z = x @ w + b
            p = np.exp(z - z.max(1, keepdims=True))
            p /= p.sum(1, keepdims=True)
            expected.append(-np.log(p[np.arange(16), y]).mean())
            delta = (p - np.eye(3)[y]) / 16
            w -= 0.5 * x.T @ delta
            b -= 0.5 * delta.sum(0)
    run = fit(
        model, rows, loss=XENT, optimizer=optax.sgd(0.5), epochs=2, batch_size=16, key=jax.random.key(7)
    )
    np.testing.assert_allclose(run.step_loss, expected, rtol=1e-5)
    np.testing.assert_allclose(model.layers[0].kernel[...], w, atol=1e-5)
    np.testing.assert_allclose(model.layers[0].bias[...], b, atol=1e-5)


def plain_loop(model, rows, optimizer, epochs, batch, key):
    """The loop that a reader would write with `nnx.jit`."""
    state = nnx.Optimizer(model, optimizer, wrt=nnx.Param)

    @nnx.jit
    def step(model, state, x, y):
        value, gradient = nnx.value_and_grad(lambda model: XENT(model(x), y).mean())(model)
        state.update(model, gradient)
        return value

    orders = [order_of(key, epoch, len(rows), batch) for epoch in range(1, epochs + 1)]
    return np.array([step(model, state, rows.x[part], rows.y[part]) for order in orders for part in order])


@pytest.mark.parametrize(
    "optimizer",
    [
        optax.sgd(0.1, momentum=0.9),
        optax.adamw(optax.warmup_cosine_decay_schedule(0.0, 1e-2, 5, 18)),
        optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-2)),
    ],
    ids=["momentum", "schedule", "clipped"],
)
def test_batchnorm_dropout_and_streams_have_the_bits_of_a_plain_loop(mixed, rows, bits, optimizer, settings):
    ours, plain = mixed(), mixed()
    expected = plain_loop(plain, rows, optimizer, 3, 16, settings["key"])
    run = fit(ours, rows, **settings | {"optimizer": optimizer})
    np.testing.assert_array_equal(run.step_loss, expected)
    assert int(ours.dropout.rngs.count[...]) == len(expected)
    for one, other, fresh in zip(bits(ours), bits(plain), bits(mixed()), strict=True):
        np.testing.assert_array_equal(one, other)
        if fresh.dtype == np.float32:
            assert (one != fresh).any()  # it was trained at all


@pytest.mark.parametrize("graph", [True, False])
def test_tree_mode_of_nnx_gives_the_same_bits(mixed, data, bits, settings, graph):
    expected = mixed()
    fit(expected, data, **settings)
    with nnx.set_graph_mode(graph), nnx.set_graph_updates(graph):
        model = mixed()
        fit(model, data, **settings)
        assert evaluate(model, data.val, {"accuracy": correct}) == evaluate(
            expected, data.val, {"accuracy": correct}
        )
    for one, other in zip(bits(model), bits(expected), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("chunk", [1, 2, 3, 1000])
def test_cutting_the_epoch_changes_no_bit(mixed, data, bits, settings, chunk):
    whole, cut = mixed(), mixed()
    expected = fit(whole, data, **settings, metrics={"accuracy": correct})
    run = fit(cut, data, **settings, metrics={"accuracy": correct}, chunk=chunk)
    np.testing.assert_array_equal(run.step_loss, expected.step_loss)
    for name in expected.history:
        np.testing.assert_array_equal(run.history[name], expected.history[name])
    for one, other in zip(bits(cut), bits(whole), strict=True):
        np.testing.assert_array_equal(one, other)


def test_one_program_for_a_run_and_none_for_the_next(data, settings):
    def run(optimizer, seed=0):
        model = MLP((10, 7, 3), rngs=nnx.Rngs(seed))
        return fit(model, data, **settings | {"optimizer": optimizer}, chunk=2).compilations

    def schedule():
        return optax.adam(optax.cosine_decay_schedule(1e-2, 9))

    assert run(optax.adam(3e-3)) == 1
    assert run(optax.adam(3e-3), seed=1) == 0  # built anew, the same numbers
    assert run(optax.adam(4e-3)) == 1
    assert run(schedule()) == 1
    assert run(schedule()) == 0


def test_a_second_run_asks_xla_for_nothing(data, settings):
    def run():
        fit(MLP((10, 6, 3), rngs=nnx.Rngs(0)), data, **settings)

    run()
    compiled = []

    def note(event, duration, **kwargs):
        if event == "/jax/core/compile/backend_compile_duration":
            compiled.append(duration)

    jax.monitoring.register_event_duration_secs_listener(note)
    run()
    assert compiled == []
    run_more = settings | {"batch_size": 15}
    fit(MLP((10, 6, 3), rngs=nnx.Rngs(0)), data, **run_more)
    assert compiled  # the listener listens


def test_the_loss_falls_on_a_task_that_can_be_learnt(data, settings):
    model = MLP((10, 32, 3), rngs=nnx.Rngs(0))
    run = fit(model, data, **settings | {"epochs": 30}, metrics={"accuracy": correct})
    assert run.history["loss"][-1] < 0.3 * run.history["loss"][0]
    assert run.history["val_accuracy"][-1] > 0.6


def test_the_test_rows_are_never_read(data, settings):
    class Closed:
        def __getattr__(self, name):
            raise AssertionError(f"test.{name} was read")

    object.__setattr__(data, "test", Closed())
    fit(MLP((10, 3), rngs=nnx.Rngs(0)), data, **settings, metrics={"accuracy": correct})
    with pytest.raises(AssertionError, match=r"test\.x was read"):
        _ = data.test.x


def test_the_key_decides_the_run(data, settings):
    def losses(key):
        return fit(MLP((10, 5, 3), rngs=nnx.Rngs(0)), data, **settings | {"key": key}).step_loss

    np.testing.assert_array_equal(losses(jax.random.key(1)), losses(jax.random.key(1)))
    assert (losses(jax.random.key(1)) != losses(jax.random.key(2))).any()


def test_each_epoch_visits_every_row_once_in_a_new_order(settings):
    x = np.arange(12, dtype=np.float32)[:, None]
    model = MLP((1, 1), rngs=nnx.Rngs(0))
    value = np.asarray(model.layers[0].kernel[...]).item()
    run = fit(
        model,
        Split(x, np.zeros(12, np.float32)),
        **settings | {"batch_size": 1, "optimizer": optax.sgd(0.0), "loss": lambda z, y: z[:, 0] + 0 * y},
    )
    visits = np.rint(run.step_loss / value).reshape(3, 12)
    np.testing.assert_array_equal(np.sort(visits), np.tile(np.arange(12), (3, 1)))
    assert (visits[0] != visits[1]).any()


def test_nan_is_refused_with_where_and_what_to_try_and_the_last_good_weights_stay(
    data, mixed, bits, settings
):
    bad = data.train.x.copy()
    bad[:] = 1.0
    huge = Dataset(Split(bad * 1e30, data.train.y), data.val, data.test, data.provenance)
    model = mixed()
    before = bits(model)
    with pytest.raises(NonFiniteLossError, match=r"at step 1 \(epoch 1\).*learning rate ten times smaller"):
        fit(model, huge, **settings)
    for one, other in zip(bits(model), before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_optimizer_may_ask_for_the_loss(rows, settings):
    # No loss is better by 100 %, so this one all but stands still after two steps.
    plateau = optax.contrib.reduce_on_plateau(factor=1e-6, patience=1, rtol=1.0)
    model = MLP((10, 3), rngs=nnx.Rngs(0))
    run = fit(model, rows, **settings | {"optimizer": optax.chain(optax.sgd(1e-2), plateau)})
    again = fit(model, rows, **settings | {"optimizer": optax.sgd(0.0), "epochs": 1})
    np.testing.assert_allclose(run.history["loss"][-1], again.history["loss"][0], rtol=0.05)


def test_an_optimizer_that_asks_for_more_is_refused(rows, settings):
    with pytest.raises(ValueError, match="L-BFGS"):
        fit(MLP((10, 3), rngs=nnx.Rngs(0)), rows, **settings | {"optimizer": optax.lbfgs()})


def test_a_mask_of_weights_freezes_them(rows, settings):
    model = MLP((10, 4, 3), rngs=nnx.Rngs(0))
    before = np.asarray(model.layers[0].kernel[...])
    first = nnx.map_state(lambda path, _: path[1] == 0, nnx.state(model, nnx.Param))
    masked = optax.chain(optax.adam(1e-2), optax.masked(optax.set_to_zero(), first))
    fit(model, rows, **settings | {"optimizer": masked})
    np.testing.assert_array_equal(model.layers[0].kernel[...], before)
    assert (np.asarray(model.layers[1].bias[...]) != 0).all()


@pytest.mark.parametrize("chunk", [2, 200])
def test_nan_in_a_later_epoch_leaves_the_weights_of_the_epoch_before(data, bits, settings, chunk):
    def rises(step):  # an ordinary rate for two epochs of three steps, then absurd
        return jnp.where(step < 7, 1e-2, 1e30)

    def net():
        return MLP((10, 8, 3), rngs=nnx.Rngs(0))

    model, good = net(), net()
    settings |= {"optimizer": optax.sgd(rises), "epochs": 9}
    with pytest.raises(NonFiniteLossError, match=r"at step 9 \(epoch 3\); it was \d"):
        fit(model, data, **settings, chunk=chunk)
    fit(good, data, **settings | {"epochs": 2})
    for one, other in zip(bits(model), bits(good), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_progress_bar_is_silent_only_on_request(data, settings, capsys, monkeypatch):
    fit(MLP((10, 3), rngs=nnx.Rngs(0)), data, **settings)
    assert capsys.readouterr() == ("", "")
    monkeypatch.setenv("COURSE_PROGRESS", "1")
    fit(MLP((10, 3), rngs=nnx.Rngs(0)), data, **settings)
    out, err = capsys.readouterr()
    assert "9/9" in out + err


def test_a_weight_made_from_a_bare_number_compiles_once_too(rows, settings):
    class Scaled(nnx.Module):
        def __init__(self, rngs):
            self.linear = nnx.Linear(10, 3, rngs=rngs)
            self.scale = nnx.Param(jnp.asarray(1.0))  # of a weak type

        def __call__(self, x):
            return self.linear(x) * self.scale[...]

    run = fit(Scaled(nnx.Rngs(0)), rows, **settings | {"epochs": 9}, chunk=4)
    assert run.compilations == 1
