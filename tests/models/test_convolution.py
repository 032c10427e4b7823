import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.models import convolution
from course_utils.models.convolution import Conv, max_pool


def theirs(conv, inputs, outputs, window, strides, padding):
    reference = nnx.Conv(inputs, outputs, window, strides=strides, padding=padding, rngs=nnx.Rngs(1))
    reference.kernel[...] = conv.kernel[...]
    reference.bias[...] = conv.bias[...]
    return reference


def gradients(model, x, weights):
    graphdef, params, rest = nnx.split(model, nnx.Param, ...)

    def total(params, x):
        return (nnx.merge(graphdef, params, rest)(x) * weights).sum()

    return jax.tree.leaves(jax.jit(jax.grad(total, argnums=(0, 1)))(params, x))


@pytest.mark.parametrize(
    ("size", "window", "strides", "padding", "channels"),
    [
        ((8, 8), (5, 5), (1, 1), "VALID", (2, 4)),
        ((7, 9), (3, 2), (2, 3), "SAME", (1, 200)),
        ((6, 5), (2, 5), (3, 1), "VALID", (3, 1)),
        ((5, 8), (1, 4), (1, 2), "SAME", (2, 4)),
        ((9, 11), (2, 2), (3, 4), "VALID", (2, 40)),  # rows and columns that no window sees
        ((13, 31), (5, 3), (1, 1), "SAME", (3, 6)),
        ((30, 17), (3, 3), (2, 2), "SAME", (1, 32)),
        ((4, 4), (4, 4), (1, 1), "VALID", (2, 3)),  # one output
    ],
)
def test_convolution_and_its_gradients_equal_flax(size, window, strides, padding, channels):
    inputs, outputs = channels
    conv = Conv(inputs, outputs, window, strides=strides, padding=padding, rngs=nnx.Rngs(0))
    rng = np.random.default_rng(0)
    conv.bias[...] = jnp.asarray(rng.normal(size=outputs), jnp.float32)
    x = jnp.asarray(rng.normal(size=(3, *size, inputs)), jnp.float32)
    reference = theirs(conv, inputs, outputs, window, strides, padding)
    expected, got = (jax.jit(lambda x, layer=layer: layer(x))(x) for layer in (reference, conv))
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)
    weights = jnp.asarray(rng.normal(size=expected.shape), jnp.float32)
    for ours, other in zip(gradients(conv, x, weights), gradients(reference, x, weights), strict=True):
        np.testing.assert_allclose(ours, other, rtol=1e-4, atol=1e-4)


@given(
    size=st.tuples(st.integers(5, 12), st.integers(5, 12)),
    window=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    strides=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    padding=st.sampled_from(["SAME", "VALID"]),
    block=st.tuples(st.integers(1, 13), st.integers(1, 13)),
)
@settings(max_examples=12, deadline=None)
def test_every_block_gives_whole_numbers_exactly(size, window, strides, padding, block):
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.integers(-4, 5, (2, *size, 2)), jnp.float32)
    kernel = jnp.asarray(rng.integers(-4, 5, (*window, 2, 3)), jnp.float32)
    bias = jnp.arange(3.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(convolution, "_block", lambda *_: block)
        got = convolution._by_blocks(x, kernel, bias, strides, padding)
    np.testing.assert_array_equal(got, convolution._by_device(x, kernel, bias, strides, padding))


@pytest.mark.parametrize(
    ("case", "block"),
    [
        (((28, 28), (5, 5), (1, 1), 3, 6), (4, 4)),  # LeNet's
        (((10, 10), (5, 5), (1, 1), 6, 16), (2, 5)),
        (((26, 26), (3, 3), (1, 1), 1, 32), (2, 3)),  # DigitNet's
        (
            ((224, 224), (3, 3), (1, 1), 64, 512),
            (1, 1),
        ),  # many channels fill a matrix: the textbook's product
        (((0, 4), (3, 3), (1, 1), 1, 1), (1, 1)),
    ],
)
def test_blocks_have_the_sizes_that_were_measured(case, block):
    assert convolution._block(*case) == block


def test_half_precision_stays_half():
    conv = Conv(3, 6, (3, 3), rngs=nnx.Rngs(0))
    x = jax.random.normal(jax.random.key(0), (2, 9, 9, 3), jnp.bfloat16)
    kernel = conv.kernel[...].astype(jnp.bfloat16)
    bias = jnp.zeros(6, jnp.bfloat16)
    got = convolution._by_blocks(x, kernel, bias, (1, 1), "SAME")
    assert got.dtype == jnp.bfloat16
    expected = convolution._by_device(
        *(array.astype(jnp.float32) for array in (x, kernel, bias)), (1, 1), "SAME"
    )
    np.testing.assert_allclose(got.astype(jnp.float32), expected, rtol=0.02, atol=0.02)


@pytest.mark.parametrize("kind", [jnp.uint8, jnp.bfloat16])
@pytest.mark.parametrize("device", ["cpu", "gpu"])
def test_other_numbers_become_the_kernel_s(monkeypatch, kind, device):
    conv, like = Conv(3, 6, (3, 3), rngs=nnx.Rngs(0)), nnx.Conv(3, 6, (3, 3), rngs=nnx.Rngs(0))
    like.kernel, like.bias = conv.kernel, conv.bias
    x = jax.random.randint(jax.random.key(0), (2, 8, 8, 3), 0, 255).astype(kind)
    expected = like(x)
    monkeypatch.setattr(jax, "default_backend", lambda: device)
    assert conv(x).dtype == expected.dtype
    np.testing.assert_allclose(conv(x), expected, rtol=1e-4, atol=1e-3)


def test_the_device_s_own_convolution_is_the_same(monkeypatch):
    conv = Conv(3, 6, (3, 2), strides=(2, 1), rngs=nnx.Rngs(0))
    x = jax.random.normal(jax.random.key(0), (2, 8, 8, 3))
    blocks = conv(x)
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert "conv_general_dilated" in str(jax.make_jaxpr(lambda x: conv(x))(x))
    np.testing.assert_allclose(conv(x), blocks, rtol=1e-4, atol=1e-5)
    monkeypatch.undo()
    assert "conv_general_dilated" not in str(jax.make_jaxpr(lambda x: conv(x))(x))


def test_weights_start_as_those_of_flax():
    conv = Conv(3, 6, (5, 5), rngs=nnx.Rngs(0))
    reference = nnx.Conv(3, 6, (5, 5), rngs=nnx.Rngs(0))
    np.testing.assert_array_equal(conv.kernel[...], reference.kernel[...])
    assert not conv.bias[...].any()


@pytest.mark.parametrize(
    ("size", "window"), [((4, 6), (2, 2)), ((5, 7), (2, 2)), ((9, 8), (3, 2)), ((4, 9), (1, 4))]
)
def test_pooling_and_its_gradient_equal_flax(size, window):
    x = jax.random.normal(jax.random.key(0), (3, *size, 2))  # no ties
    expected = nnx.max_pool(x, window, strides=window)
    np.testing.assert_array_equal(max_pool(x, window), expected)
    weights = jax.random.normal(jax.random.key(1), expected.shape)
    ours, other = (
        jax.jit(jax.grad(lambda x, pool=pool: (pool(x) * weights).sum()))(x)
        for pool in (lambda x: max_pool(x, window), lambda x: nnx.max_pool(x, window, strides=window))
    )
    np.testing.assert_allclose(ours, other, rtol=1e-6)


def test_ties_share_the_gradient():
    gradient = jax.grad(lambda x: max_pool(x).sum())(jnp.ones((1, 2, 2, 1)))
    assert float(gradient.sum()) == 1.0
    assert (np.asarray(gradient) > 0).all()


def test_mistakes_are_refused_in_words():
    with pytest.raises(ValueError, match='padding must be "SAME" or "VALID", got \'CIRCULAR\''):
        Conv(1, 1, (3, 3), padding="CIRCULAR", rngs=nnx.Rngs(0))
    with pytest.raises(ValueError, match=r"max_pool needs images of at least \(2, 2\) pixels, got \(1, 4\)"):
        max_pool(jnp.ones((1, 1, 4, 1)))
    conv = Conv(3, 4, (5, 5), padding="VALID", rngs=nnx.Rngs(0))
    for shape in ((2, 3, 8, 8), (2, 4, 8, 3)):
        with pytest.raises(ValueError, match=r"Expected images \(batch, rows ≥ 5, columns ≥ 5, 3 channels\)"):
            conv(jnp.ones(shape))


def test_no_gather_and_no_convolution_reach_the_loop():
    conv = Conv(3, 6, (5, 5), rngs=nnx.Rngs(0))
    text = str(jax.make_jaxpr(jax.grad(lambda x: max_pool(conv(x)).sum()))(jnp.ones((1, 8, 8, 3))))
    assert not {"gather", "scatter", "conv_general_dilated", "reduce_window"} & set(
        text.replace("[", " ").split()
    )
