import itertools

import jax.numpy as jnp
import pytest
from flax import nnx
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.models import GPT, RNN, GPTConfig
from course_utils.models.counting import (
    cnn_parameters,
    conv_parameters,
    count_arrays,
    rnn_parameters,
    transformer_parameters,
)

size = st.integers(1, 9)


@settings(max_examples=15)
@given(size, size, size, st.integers(1, 3), st.booleans())
def test_convolution_equals_flax(kernel, inputs, outputs, groups, bias):
    inputs, outputs = inputs * groups, outputs * groups
    layer = lambda: nnx.Conv(  # noqa: E731
        inputs, outputs, (kernel, kernel), feature_group_count=groups, use_bias=bias, rngs=nnx.Rngs(0)
    )
    counted = count_arrays(layer)
    assert conv_parameters(kernel, inputs, outputs, groups=groups, bias=bias) == counted


class PlainCNN(nnx.Module):
    """Flax's own layers, as an independent builder."""

    def __init__(self, convolutions, dense):
        rngs = nnx.Rngs(0)
        self.convolutions = nnx.List(nnx.Conv(i, o, (k, k), rngs=rngs) for k, i, o in convolutions)
        self.dense = nnx.List(nnx.Linear(i, o, rngs=rngs) for i, o in itertools.pairwise(dense))


@settings(max_examples=15)
@given(st.lists(st.tuples(size, size, size), min_size=1, max_size=3), st.lists(size, min_size=2, max_size=4))
def test_cnn_equals_flax(convolutions, dense):
    assert cnn_parameters(convolutions, dense) == count_arrays(lambda: PlainCNN(convolutions, dense))


@settings(max_examples=15)
@given(size, size, size, st.sampled_from(["lstm", "gru"]), st.integers(1, 3), st.one_of(st.none(), size))
def test_rnn_equals_the_counted_arrays(inputs, hidden, outputs, cell, layers, vocabulary):
    options = {"cell": cell, "layers": layers, "vocabulary": vocabulary}
    built = count_arrays(lambda: RNN(inputs, hidden, outputs, rngs=nnx.Rngs(0), **options))
    assert rnn_parameters(inputs, hidden, outputs, **options) == built


@settings(max_examples=15)
@given(
    vocabulary=size,
    context=size,
    heads=st.integers(1, 3),
    times=st.integers(1, 4),
    layers=st.integers(1, 3),
    inner=st.one_of(st.none(), size),
    tied=st.booleans(),
)
def test_transformer_equals_the_counted_arrays(vocabulary, context, heads, times, layers, inner, tied):
    config = GPTConfig(vocabulary, context, heads * times, layers, heads, inner=inner, tied=tied)
    assert transformer_parameters(config) == count_arrays(lambda: GPT(config, rngs=nnx.Rngs(0)))


def test_known_counts():
    assert cnn_parameters([(5, 3, 6), (5, 6, 16)], (400, 120, 84, 10)) == 62_006  # D2's listing
    assert rnn_parameters(1, 1, 1) == 4 * 3 + 2
    assert count_arrays(lambda: {"a": jnp.zeros((10**6, 10**6)), "b": jnp.zeros(7)}) == 10**12 + 7


def test_what_is_no_network_is_refused():
    with pytest.raises(ValueError, match="outputs must be a positive whole number, got -6"):
        conv_parameters(5, 3, -6)
    with pytest.raises(ValueError, match="3 groups must divide the channels in and out, got 6 and 4"):
        conv_parameters(5, 6, 4, groups=3)
    with pytest.raises(ValueError, match="hidden must be"):
        rnn_parameters(3, 0, 1)
    with pytest.raises(ValueError, match="unknown cell 'vanilla': choose one of lstm, gru"):
        rnn_parameters(3, 2, 1, cell="vanilla")
