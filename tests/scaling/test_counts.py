from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.data import Split
from course_utils.scaling import counted_probability


def split(numbers, rows=3):
    text = np.asarray(numbers)
    length = (len(text) - 1) // rows
    cut = lambda start: text[start : start + rows * length].reshape(rows, length)  # noqa: E731
    return Split(cut(0), cut(1))


def slowly(read, asked, context, vocabulary):
    """Witten and Bell with dictionaries, one target at a time."""
    tables = [defaultdict(Counter) for _ in range(context + 1)]
    for x, y in zip(read.x.tolist(), read.y.tolist(), strict=True):
        for at, target in enumerate(y):
            for length, table in enumerate(tables):
                table[tuple(([-1] * length + x[: at + 1])[-length:] if length else ())][target] += 1
    found = np.empty(asked.y.shape)
    for row, (x, y) in enumerate(zip(asked.x.tolist(), asked.y.tolist(), strict=True)):
        for at, target in enumerate(y):
            p = 1 / vocabulary
            for length, table in enumerate(tables):
                after = table.get(tuple(([-1] * length + x[: at + 1])[-length:] if length else ()))
                if after:
                    p = (after[target] + len(after) * p) / (sum(after.values()) + len(after))
            found[row, at] = p
    return found


@given(st.lists(st.integers(0, 4), min_size=40, max_size=80), st.integers(0, 4))
def test_equals_dictionaries(numbers, context):
    read, asked = split(numbers[:30]), split(numbers[10:])
    fast = counted_probability(read, asked, context=context, vocabulary=5)
    np.testing.assert_allclose(fast, slowly(read, asked, context, 5), rtol=1e-12)


@given(st.lists(st.integers(0, 3), min_size=30, max_size=60), st.integers(0, 3))
def test_probabilities_of_all_targets_sum_to_one(numbers, context):
    read = split(numbers)
    each = [
        counted_probability(read, Split(read.x, np.full_like(read.y, target)), context=context, vocabulary=4)
        for target in range(4)
    ]
    np.testing.assert_allclose(sum(each), 1.0, rtol=1e-12)


def test_what_was_never_read_has_the_probability_of_a_lot():
    read, asked = (
        Split(np.zeros((1, 4), int), np.zeros((1, 4), int)),
        Split(np.ones((1, 1), int), np.ones((1, 1), int)),
    )
    assert counted_probability(read, asked, context=2, vocabulary=2)[0, 0] == pytest.approx(0.5 / 5)


def test_eight_characters_of_the_studys_vocabulary_do_not_collide():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 97, (200, 9))
    rows = Split(x, (x.sum(1, keepdims=True) + np.arange(9)) % 97)
    sure = counted_probability(rows, rows, context=8, vocabulary=97)[:, -1]
    assert sure.min() > 0.9


@pytest.mark.parametrize("context", [-1, 9])
def test_a_context_out_of_range_is_refused(context):
    with pytest.raises(ValueError, match=f"context is 0 to 8 characters, got {context}"):
        counted_probability(split(range(10)), split(range(10)), context=context, vocabulary=10)


def test_a_character_outside_the_vocabulary_is_refused():
    with pytest.raises(ValueError, match=r"must lie in 0 … 8"):
        counted_probability(split(range(10)), split(range(10)), context=1, vocabulary=9)
