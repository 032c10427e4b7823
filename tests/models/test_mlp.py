import inspect
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.models import MLP, parameter_count

SIZES = (4, 6, 6, 3)  # one network for most tests, so that its operations compile once


def test_forward_equals_the_formula_in_numpy():
    model = MLP(SIZES, rngs=nnx.Rngs(0))
    rng = np.random.default_rng(1)
    for layer in model.layers:  # zero biases would hide a missing one
        layer.bias[...] = jnp.asarray(rng.normal(size=layer.bias.shape), jnp.float32)
    x = rng.normal(size=(3, 4)).astype(np.float32)
    (w1, b1), (w2, b2), (w3, b3) = [
        (np.asarray(a.kernel[...]), np.asarray(a.bias[...])) for a in model.layers
    ]
    hidden = np.maximum(np.maximum(x @ w1 + b1, 0) @ w2 + b2, 0)
    np.testing.assert_allclose(model(jnp.asarray(x)), hidden @ w3 + b3, rtol=1e-5, atol=1e-5)


def test_the_activation_is_the_one_given():
    model = MLP(SIZES, rngs=nnx.Rngs(0), activation=nnx.tanh)
    x = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    w1, w2, w3 = (np.asarray(layer.kernel[...]) for layer in model.layers)
    expected = np.tanh(np.tanh(x @ w1) @ w2) @ w3
    np.testing.assert_allclose(model(jnp.asarray(x)), expected, rtol=1e-5, atol=1e-5)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=2, max_size=5))
def test_parameter_count_equals_the_counted_arrays(sizes):
    shapes = nnx.eval_shape(lambda: MLP(sizes, rngs=nnx.Rngs(0)))
    arrays = jax.tree.leaves(nnx.state(shapes, nnx.Param))
    assert parameter_count(sizes) == sum(array.size for array in arrays)


def test_weights_start_with_the_variance_of_he():
    model = MLP((400, 300, 200), rngs=nnx.Rngs(0))
    for layer, inputs in zip(model.layers, (400, 300), strict=True):
        assert float(layer.kernel[...].var()) == pytest.approx(2 / inputs, rel=0.03)
        assert not layer.bias[...].any()


def test_the_seed_decides_the_weights():
    first, same, other = (MLP(SIZES, rngs=nnx.Rngs(seed)).layers[0].kernel[...] for seed in (0, 0, 1))
    assert (first == same).all()
    assert (first != other).any()


def test_split_and_merge_under_jit_compiles_once():
    model = MLP(SIZES, rngs=nnx.Rngs(0))
    graphdef, state = nnx.split(model)
    traces = []

    @jax.jit
    def apply(state, x):
        traces.append(1)
        return nnx.merge(graphdef, state)(x)

    x = jnp.ones((3, 4))
    np.testing.assert_allclose(apply(state, x), model(x), rtol=1e-6)
    apply(state, x + 1)
    assert len(traces) == 1


def test_two_models_of_one_kind_share_a_compiled_program():
    first, second = (nnx.graphdef(MLP(SIZES, rngs=nnx.Rngs(seed))) for seed in (0, 1))
    assert first == second
    assert hash(first) == hash(second)


def test_dropout_drops_in_training_and_is_silent_in_evaluation():
    model = MLP(SIZES, rngs=nnx.Rngs(0), dropout=0.5)
    x = jnp.ones((3, 4))
    assert any((model(x) != model(x)).any() for _ in range(5))  # a draw may drop what ReLU zeroed anyway
    plain = MLP(SIZES, rngs=nnx.Rngs(0))
    np.testing.assert_array_equal(nnx.view(model, deterministic=True)(x), plain(x))


def test_dropout_keeps_the_mean():
    wide = MLP((1, 20_000, 1), rngs=nnx.Rngs(0), dropout=0.4)
    wide.layers[0].kernel[...] = jnp.ones((1, 20_000))
    wide.layers[1].kernel[...] = jnp.full((20_000, 1), 1 / 20_000)
    assert float(wide(jnp.ones((1, 1)))[0, 0]) == pytest.approx(1.0, abs=0.03)  # 5 sigma = 0.029


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ((), "at least two sizes"),
        ((3,), r"at least two sizes.*got \(3,\).*\(10, 50, 50, 2\)"),
        ((3, 0, 2), r"positive whole number.*got \(3, 0, 2\)"),
        ((3, -1), "positive whole number"),
    ],
)
def test_sizes_that_are_no_network_are_refused(sizes, message):
    with pytest.raises(ValueError, match=message):
        MLP(sizes, rngs=nnx.Rngs(0))
    with pytest.raises(ValueError, match=message):
        parameter_count(sizes)


def test_a_fraction_of_a_unit_is_refused():
    with pytest.raises(ValueError, match="positive whole number"):
        inspect.unwrap(parameter_count)((3, 2.5))


@pytest.mark.parametrize("dropout", [-0.1, 1.0, float("nan")])
def test_dropout_outside_its_range_is_refused(dropout):
    with pytest.raises(ValueError, match=r"probability in \[0, 1\)"):
        MLP((3, 2), rngs=nnx.Rngs(0), dropout=dropout)


def test_input_of_another_shape_is_refused_with_both_shapes():
    call = inspect.unwrap(MLP.__call__)  # the shape checker of the tests would speak first
    model = MLP(SIZES, rngs=nnx.Rngs(0))
    for shape in [(4,), (2, 5), (2, 2, 4)]:
        with pytest.raises(ValueError, match=re.escape(f"(batch, 4), got {shape}: flatten")):
            call(model, np.ones(shape))
