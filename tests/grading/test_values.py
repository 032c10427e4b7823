"""Values cross the sandbox's border whole, or not at all."""

import base64
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_utils.grading.inside.values import LARGEST, Opaque, ValueFormatError, decode, encode

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.complex_numbers(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def crossed(value: Any) -> Any:
    return decode(json.loads(json.dumps(encode(value))))


@given(plain)
def test_plain_values_come_back_equal_and_of_the_same_type(value: Any):
    back = crossed(value)
    assert type(back) is type(value)
    assert repr(back) == repr(value)


@given(hnp.arrays(hnp.scalar_dtypes().filter(lambda d: d.kind in "biufc"), hnp.array_shapes(min_dims=0)))
def test_arrays_come_back_to_the_bit(array: np.ndarray):
    back = crossed(array)
    assert (back.dtype, back.shape) == (array.dtype.newbyteorder("="), array.shape)
    assert np.array_equal(back, array, equal_nan=array.dtype.kind in "fc")


def test_scalars_texts_sets_and_ranges():
    assert type(crossed(np.float32(0.1))) is np.float32
    assert crossed({1, 2}) == {1, 2}
    assert crossed(range(3, 9, 2)) == range(3, 9, 2)
    assert crossed(np.array([["a", "größer"]])).tolist() == [["a", "größer"]]
    assert crossed(np.array([None, 1, "x"], dtype=object)).tolist() == [None, 1, "x"]


def test_a_text_of_numpy_becomes_a_plain_one_wherever_it_stands():
    back = crossed([np.str_("a"), {np.str_("b"): np.str_("c")}])
    assert back == ["a", {"b": "c"}]
    assert type(back[0]) is str


def test_a_long_double_arrives_as_its_name():
    assert isinstance(crossed(np.longdouble(1)), Opaque)
    assert isinstance(crossed([np.clongdouble(1)])[0], Opaque)


def test_a_generator_goes_on_where_it_stood():
    rng = np.random.default_rng(3)
    rng.normal(size=7)
    assert crossed(rng).normal() == rng.normal()


def test_pandas_and_jax_keep_their_kind():
    import jax
    import jax.numpy as jnp
    import pandas as pd

    assert isinstance(crossed(jnp.ones(3, jnp.bfloat16)), jax.Array)
    assert crossed(pd.Series([1.0, 2.0])).equals(pd.Series([1.0, 2.0]))
    frame = pd.DataFrame({"a": [1, 2], "b": [0.5, math.nan]})
    assert crossed(frame).equals(frame)


@pytest.mark.parametrize("value", [object(), print, iter([]), np.random.default_rng, type])
def test_what_is_no_plain_value_arrives_as_a_thing_that_equals_nothing(value: Any):
    back = crossed(value)
    assert isinstance(back, Opaque)
    assert back != value
    assert not isinstance(back, int | float)


def test_a_huge_whole_number_is_no_plain_value():
    assert isinstance(crossed(10**5000), Opaque)


def test_an_object_equal_to_everything_is_no_plain_value():
    class Everything(float):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]

    assert crossed(Everything(7)) != 7


@pytest.mark.parametrize(
    "value",
    [np.zeros(LARGEST - 1), [0] * (LARGEST - 1), range(LARGEST - 1), np.array(["x" * 70] * 50_000), ["x" * 9] * 400_000,
     np.array([None] * 400_000), [1j] * 300_000],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_may_leave_may_arrive(value: Any):
    assert len(crossed(value)) == len(value)


def test_too_large_and_too_deep_are_refused():
    with pytest.raises(ValueFormatError, match="over 1,000,000 elements"):
        encode(np.zeros(LARGEST + 1))
    for numbers in (range(LARGEST + 1), range(10**30)):
        with pytest.raises(ValueFormatError, match="over 1,000,000 elements"):
            encode(numbers)
    loop: list = []
    loop.append(loop)
    with pytest.raises(ValueFormatError, match="32 levels"):
        encode(loop)


empty = base64.b64encode(b"").decode()


@pytest.mark.parametrize(
    "content",
    [
        ["array", ["float64", [10**9, 10**9], empty]],
        ["array", ["float64", [-1], empty]],
        ["array", ["O", [1], base64.b64encode(b"12345678").decode()]],
        ["array", ["float64,int8", [1], base64.b64encode(b"123456789").decode()]],
        ["array", ["float64", [3], empty]],
        ["array", ["float64", "3", "?"]],
        ["texts", [[9], []]],
        ["texts", [[1001], ["x" * 10_000] + [""] * 1000]],
        ["array", ["float64", [10**9, 0], empty]],
        ["array", ["int8", [LARGEST + 1], base64.b64encode(bytes(LARGEST + 1)).decode()]],
        ["list", [0] * LARGEST],
        ["set", [k * (2**61 - 1) for k in range(10_000)]],  # of one hash
        ["dict", [[k * (2**61 - 1), 0] for k in range(10_000)]],
        ["list", [["range", [0, LARGEST // 2, 1]]] * 3],
        ["generator", {"state": 1}],
        ["range", [1, 2, 0]],
        ["dict", [[["list", []], 1]]],
        ["scalar", ["M8[s]", 1]],
        ["pickle", "x"],
        ["list"],
        {"list": []},
        [],
    ],
)
def test_a_forged_value_is_refused(content: Any):
    with pytest.raises(ValueFormatError):
        decode(content)
