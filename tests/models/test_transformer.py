import dataclasses
import inspect
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.models import GPT, GPTConfig, Transformer, TransformerClassifier, attention
from course_utils.models.transformer import Attention

SMALL = GPTConfig(vocabulary=11, context=8, width=12, layers=2, heads=3)
TOKENS = jnp.array([[1, 5, 0, 9, 10], [3, 3, 2, 7, 1]])


def normal(shape, seed):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), jnp.float32)


@settings(max_examples=10)
@given(st.integers(1, 3), st.integers(1, 6), st.integers(1, 3), st.integers(1, 4), st.booleans())
def test_attention_equals_jax(batch, time, heads, size, causal):
    q, k, v = (normal((batch, time, heads, size), seed) for seed in range(3))
    theirs = jax.nn.dot_product_attention(q, k, v, is_causal=causal)
    np.testing.assert_allclose(attention(q, k, v, causal=causal), theirs, rtol=1e-4, atol=1e-5)


def test_gradient_of_attention_equals_jax():
    q, k, v = (normal((2, 5, 3, 4), seed) for seed in range(3))
    ours = jax.grad(lambda *a: (attention(*a, causal=True) ** 2).sum(), argnums=(0, 1, 2))(q, k, v)
    theirs = jax.grad(
        lambda *a: (jax.nn.dot_product_attention(*a, is_causal=True) ** 2).sum(), argnums=(0, 1, 2)
    )(q, k, v)
    for own, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("causal", [True, False])
def test_multi_head_attention_equals_flax(causal):
    ours = Attention(dataclasses.replace(SMALL, causal=causal), rngs=nnx.Rngs(0))
    ours.qkv.bias[...], ours.out.bias[...] = normal(36, 3), normal(12, 4)  # zeros would hide a missing bias
    theirs = nnx.MultiHeadAttention(3, 12, decode=False, rngs=nnx.Rngs(0))
    kernels, biases = jnp.split(ours.qkv.kernel[...], 3, axis=1), jnp.split(ours.qkv.bias[...], 3)
    for layer, kernel, bias in zip((theirs.query, theirs.key, theirs.value), kernels, biases, strict=True):
        layer.kernel[...], layer.bias[...] = kernel.reshape(12, 3, 4), bias.reshape(3, 4)
    theirs.out.kernel[...] = ours.out.kernel[...].reshape(3, 4, 12)
    theirs.out.bias[...] = ours.out.bias[...]
    x = normal((2, 5, 12), 5)
    mask = nnx.make_causal_mask(jnp.ones((2, 5))) if causal else None
    np.testing.assert_allclose(ours(x), theirs(x, mask=mask), rtol=1e-4, atol=1e-5)


def test_forward_equals_the_formula_in_numpy():
    model = GPT(dataclasses.replace(SMALL, layers=1, activation=nnx.relu), rngs=nnx.Rngs(0))
    trunk, block = model.trunk, model.trunk.blocks[0]
    get = np.asarray

    def linear(layer, x):
        return x @ get(layer.kernel[...]) + get(layer.bias[...])

    def norm(layer, x):
        x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        return x * get(layer.scale[...]) + get(layer.bias[...])

    table = get(trunk.tokens.embedding[...])
    x = table[TOKENS] + get(trunk.positions.embedding[...])[:5]
    q, k, v = np.split(linear(block.attention.qkv, norm(block.norm1, x)), 3, axis=-1)
    heads = []
    for h in range(3):
        part = slice(4 * h, 4 * h + 4)
        scores = np.exp(q[..., part] @ k[..., part].swapaxes(1, 2) / 2.0) * np.tril(np.ones((5, 5)))
        heads.append(scores / scores.sum(-1, keepdims=True) @ v[..., part])
    x = x + linear(block.attention.out, np.concatenate(heads, axis=-1))
    x = x + linear(block.down, np.maximum(0, linear(block.up, norm(block.norm2, x))))
    np.testing.assert_allclose(model(TOKENS), norm(trunk.norm, x) @ table.T, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("causal", [True, False])
def test_a_decoder_does_not_see_ahead_and_an_encoder_does(causal):
    model = GPT(dataclasses.replace(SMALL, causal=causal), rngs=nnx.Rngs(0))
    changed = (model(TOKENS.at[:, 3].set(4)) != model(TOKENS)).any(axis=-1)
    assert changed[:, 3:].all()
    assert changed[:, :3].any() == (not causal)


def test_an_untied_head_has_weights_of_its_own():
    tied, untied = (GPT(dataclasses.replace(SMALL, tied=tied), rngs=nnx.Rngs(0)) for tied in (True, False))
    sizes = [sum(a.size for a in jax.tree.leaves(nnx.state(m, nnx.Param))) for m in (tied, untied)]
    assert sizes[1] - sizes[0] == 11 * 12
    assert untied(TOKENS).shape == (2, 5, 11)


def test_weights_start_as_in_gpt2():
    wide = GPTConfig(vocabulary=500, context=8, width=128, layers=2, heads=4)
    block = Transformer(wide, rngs=nnx.Rngs(0)).blocks[0]
    assert float(block.up.kernel[...].std()) == pytest.approx(0.02, rel=0.05)
    for layer in (block.attention.out, block.down):
        assert float(layer.kernel[...].std()) == pytest.approx(0.02 / 2, rel=0.05)
    first = GPT(SMALL, rngs=nnx.Rngs(0))(TOKENS)
    loss = -jax.nn.log_softmax(first)[:, :, 0].mean()
    assert float(loss) == pytest.approx(np.log(11), rel=0.05)  # an untrained model prefers nothing


def test_dropout_drops_in_training_and_is_silent_in_evaluation():
    dropped = GPT(dataclasses.replace(SMALL, dropout=0.5), rngs=nnx.Rngs(0))
    assert (dropped(TOKENS) != dropped(TOKENS)).any()
    quiet = nnx.view(dropped, deterministic=True)
    np.testing.assert_array_equal(quiet(TOKENS), quiet(TOKENS))


def test_a_classifier_averages_over_the_sequence():
    config = dataclasses.replace(SMALL, causal=False)
    model = TransformerClassifier(config, 4, rngs=nnx.Rngs(0))
    expected = model.head(model.trunk(TOKENS).mean(axis=1))
    np.testing.assert_allclose(model(TOKENS), expected, rtol=1e-6)
    with pytest.raises(ValueError, match="classes must be a positive whole number, got 0"):
        TransformerClassifier(config, 0, rngs=nnx.Rngs(0))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"heads": 5}, r"5 heads cannot share a width of 12: .* such as 15"),
        ({"width": -12}, "width must be a positive whole number, got -12"),
        ({"layers": 0}, "layers must be"),
        ({"vocabulary": 0}, "vocabulary must be"),
        ({"context": -1}, "context must be"),
        ({"inner": 0}, "inner must be"),
        ({"dropout": 1.0}, r"probability in \[0, 1\)"),
    ],
)
def test_shapes_that_are_no_transformer_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(SMALL, **change)


def test_input_of_another_form_is_refused():
    call, trunk = inspect.unwrap(Transformer.__call__), Transformer(SMALL, rngs=nnx.Rngs(0))
    with pytest.raises(ValueError, match="at most 8 tokens, got 9"):
        call(trunk, jnp.zeros((1, 9), int))
    with pytest.raises(ValueError, match=re.escape("int [batch, time], got float32[2, 5]")):
        call(trunk, jnp.zeros((2, 5)))
    with pytest.raises(ValueError, match="add a batch axis"):
        call(trunk, jnp.zeros(5, int))
