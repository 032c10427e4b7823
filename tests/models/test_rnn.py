import inspect
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from course_utils.models import RNN, GRUCell, LSTMCell
from course_utils.models.sizes import refuse_sizes

BATCH, TIME, INPUTS, HIDDEN = 3, 7, 4, 5


def sequences(seed=0):
    return jnp.asarray(np.random.default_rng(seed).normal(size=(BATCH, TIME, INPUTS)), jnp.float32)


def randomize(module, seed=1):
    """Weights and biases without a zero, which would hide a missing term."""
    rng = np.random.default_rng(seed)
    state = nnx.state(module, nnx.Param)
    nnx.update(module, jax.tree.map(lambda a: jnp.asarray(rng.normal(0, 0.4, a.shape), a.dtype), state))


def flax_twin(kernel, recurrent, bias, lstm):
    """Flax's own recurrent network with the weights of ours."""
    if lstm:
        cell = nnx.LSTMCell(INPUTS, HIDDEN, rngs=nnx.Rngs(0))
        parts = zip(*(jnp.split(a, 4, axis=-1) for a in (kernel, recurrent, bias)), strict=True)
        for name, (w, u, b) in zip(("i", "f", "g", "o"), parts, strict=True):
            from_x, from_h = getattr(cell, {"f": "if_"}.get(name, "i" + name)), getattr(cell, "h" + name)
            from_x.kernel[...], from_h.kernel[...], from_h.bias[...] = w, u, b
    else:
        cell = nnx.GRUCell(INPUTS, HIDDEN, rngs=nnx.Rngs(0))
        cell.dense_i.kernel[...], cell.dense_i.bias[...], cell.dense_h.kernel[...] = kernel, bias, recurrent
    return nnx.RNN(cell)


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_same_weights_same_output_same_gradient_as_flax(kind):
    model = RNN(INPUTS, HIDDEN, HIDDEN, rngs=nnx.Rngs(0), cell=kind, every_step=True)
    randomize(model)
    model.head.kernel[...], model.head.bias[...] = jnp.eye(HIDDEN), jnp.zeros(HIDDEN)  # logits = h
    cell, x = model.cells[0], sequences()
    twin = flax_twin(cell.kernel[...], cell.recurrent[...], cell.bias[...], kind == "lstm")
    carry = twin.cell.initialize_carry((BATCH, INPUTS), nnx.Rngs(0))
    theirs = twin(x, initial_carry=carry)
    np.testing.assert_allclose(model(x), theirs, rtol=2e-5, atol=1e-6)

    def gradient(model, **options):
        graphdef, weights, rest = nnx.split(model, nnx.Param, ...)
        return jax.grad(lambda w: (nnx.merge(graphdef, w, rest)(x, **options) ** 2).sum())(weights)

    ours, flax = gradient(model)["cells"][0], gradient(twin, initial_carry=carry)["cell"]
    if kind == "lstm":
        kernel = jnp.concatenate([flax[name]["kernel"][...] for name in ("ii", "if_", "ig", "io")], axis=1)
        recurrent = jnp.concatenate([flax[name]["kernel"][...] for name in ("hi", "hf", "hg", "ho")], axis=1)
        bias = jnp.concatenate([flax[name]["bias"][...] for name in ("hi", "hf", "hg", "ho")])
    else:
        kernel, recurrent = flax["dense_i"]["kernel"][...], flax["dense_h"]["kernel"][...]
        bias = flax["dense_i"]["bias"][...]
    np.testing.assert_allclose(ours["kernel"][...], kernel, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ours["recurrent"][...], recurrent, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ours["bias"][...], bias, rtol=1e-4, atol=1e-5)


def test_an_untrained_lstm_remembers():
    cell = LSTMCell(INPUTS, HIDDEN, rngs=nnx.Rngs(0))
    np.testing.assert_array_equal(cell.bias[...], [0.0] * 5 + [1.0] * 5 + [0.0] * 10)
    np.testing.assert_allclose(
        cell.recurrent[...][:, :HIDDEN] @ cell.recurrent[...][:, :HIDDEN].T, np.eye(HIDDEN), atol=1e-5
    )


def test_last_logits_are_those_of_the_last_step():
    last = RNN(INPUTS, HIDDEN, 2, rngs=nnx.Rngs(0), layers=2)
    each = RNN(INPUTS, HIDDEN, 2, rngs=nnx.Rngs(0), layers=2, every_step=True)
    np.testing.assert_allclose(last(sequences()), each(sequences())[:, -1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_no_step_sees_a_later_one(kind):
    model = RNN(INPUTS, HIDDEN, 2, rngs=nnx.Rngs(0), cell=kind, layers=2, every_step=True)
    x = sequences()
    changed = model(x.at[:, 4:].add(1.0)) != model(x)
    assert not changed[:, :4].any()
    assert changed[:, 4:].all()


def test_tokens_are_read_by_their_embedding():
    model = RNN(INPUTS, HIDDEN, 2, rngs=nnx.Rngs(0), vocabulary=9)
    tokens = jnp.array([[1, 8, 0], [2, 2, 3]])
    numbers = RNN(INPUTS, HIDDEN, 2, rngs=nnx.Rngs(0))
    for own, other in zip(model.cells, numbers.cells, strict=True):
        other.kernel[...], other.recurrent[...], other.bias[...] = (
            own.kernel[...],
            own.recurrent[...],
            own.bias[...],
        )
    numbers.head.kernel[...], numbers.head.bias[...] = model.head.kernel[...], model.head.bias[...]
    np.testing.assert_allclose(
        model(tokens), numbers(model.embedding.embedding[...][tokens]), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("sizes", [(0, 5, 2), (4, -1, 2), (4, 5, 0)])
def test_sizes_that_are_no_network_are_refused(sizes):
    with pytest.raises(ValueError, match="must be a positive whole number"):
        RNN(*sizes, rngs=nnx.Rngs(0))


def test_layers_and_cells_that_do_not_exist_are_refused():
    with pytest.raises(ValueError, match="layers must be a positive whole number, got 0"):
        RNN(4, 5, 2, rngs=nnx.Rngs(0), layers=0)
    with pytest.raises(ValueError, match="unknown cell 'rnn': choose one of lstm, gru"):
        RNN(4, 5, 2, rngs=nnx.Rngs(0), cell="rnn")
    with pytest.raises(ValueError, match="vocabulary must be a positive whole number, got -3"):
        RNN(4, 5, 2, rngs=nnx.Rngs(0), vocabulary=-3)
    with pytest.raises(ValueError, match="hidden must be"):
        GRUCell(4, 0, rngs=nnx.Rngs(0))
    with pytest.raises(ValueError, match=r"width must be a positive whole number, got 2\.5"):
        refuse_sizes(width=2.5)
    with pytest.raises(ValueError, match="width must be a positive whole number, got True"):
        refuse_sizes(width=True)


def test_input_of_another_form_is_refused():
    call = inspect.unwrap(RNN.__call__)
    with pytest.raises(ValueError, match=re.escape("float [batch, time, 4], got float32[3, 7]")):
        call(RNN(4, 5, 2, rngs=nnx.Rngs(0)), jnp.ones((3, 7)))
    with pytest.raises(ValueError, match=re.escape("int [batch, time], got float32[3, 7]")):
        call(RNN(4, 5, 2, rngs=nnx.Rngs(0), vocabulary=9), jnp.ones((3, 7)))
