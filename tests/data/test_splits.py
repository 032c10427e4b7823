from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.data import chronological, overlap, split_rows

FRACTIONS = st.sampled_from([(0.6, 0.2, 0.2), (0.8, 0.2), (0.5, 0.25, 0.25), (0.9, 0.05, 0.05), (1.0,)])
SEEDS = st.integers(0, 2**32 - 1)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def assert_covers_once(parts, n):
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(n))
    assert all(len(part) for part in parts)


@given(st.integers(3, 300), FRACTIONS, SEEDS)
def test_parts_hold_every_row_once(n, fractions, seed):
    parts = split_rows(n, fractions, rng=rng(seed))
    assert len(parts) == len(fractions)
    assert_covers_once(parts, n)
    if n >= 40:  # below, a part may hold its one row only because none may be empty
        assert all(
            abs(len(part) - share * n) < 1 + 1e-6 for part, share in zip(parts, fractions, strict=True)
        )


@given(st.lists(st.integers(3, 60), min_size=1, max_size=6), FRACTIONS, SEEDS)
def test_each_class_has_its_share_within_one_row(sizes, fractions, seed):
    labels = rng(seed).permutation(np.repeat(np.arange(len(sizes)) * 7, sizes))
    parts = split_rows(len(labels), fractions, rng=rng(seed), stratify=labels)
    assert_covers_once(parts, len(labels))
    if min(fractions) * len(labels) < 2:
        return
    for part, share in zip(parts, fractions, strict=True):
        for k, size in enumerate(sizes):
            assert abs(np.sum(labels[part] == 7 * k) - share * size) < 1 + 1e-6
        # Roundings do not add up over the classes.
        assert abs(len(part) - share * len(labels)) <= 2


@given(st.lists(st.integers(1, 20), min_size=3, max_size=40), FRACTIONS, SEEDS)
def test_no_group_is_on_two_sides(sizes, fractions, seed):
    groups = rng(seed).permutation(np.repeat([f"person {k}" for k in range(len(sizes))], sizes))
    parts = split_rows(len(groups), fractions, rng=rng(seed), groups=groups)
    assert_covers_once(parts, len(groups))
    sides = [set(groups[part]) for part in parts]
    assert sum(map(len, sides)) == len(sizes)
    for part, share in zip(parts, fractions, strict=True):
        assert len(part) <= share * len(groups) + max(sizes) + 1e-6


def test_large_groups_are_not_all_dealt_to_the_largest_part():
    groups = np.repeat(np.arange(600), [5] * 300 + [1] * 300)
    train, _, test = split_rows(len(groups), rng=rng(), groups=groups)
    large = [np.mean(groups[part] < 300) for part in (train, test)]
    assert abs(large[0] - large[1]) < 0.06  # 5/6 of the rows belong to large groups


def test_same_seed_same_split_and_another_seed_another():
    first, again, other = (split_rows(100, rng=rng(seed))[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_rows_come_in_random_order():
    train = split_rows(100, rng=rng(), stratify=np.repeat([0, 1], 50))[0]
    assert (np.diff(train) < 0).any()


@pytest.mark.parametrize(
    "fractions", [(0.6, 0.2), (0.5, 0.6, -0.1), (), (0.6, 0.4, 0.0), (0.8, float("nan"))]
)
def test_fractions_are_shares(fractions):
    with pytest.raises(ValueError, match="positive and sum to 1"):
        split_rows(10, fractions, rng=rng())


def test_too_few_of_anything_is_refused():
    with pytest.raises(ValueError, match="3 parts need 3 rows or more, got 2"):
        split_rows(2, rng=rng())
    with pytest.raises(ValueError, match="got a class with 1"):
        split_rows(10, rng=rng(), stratify=np.array([0] * 9 + [1]))
    with pytest.raises(ValueError, match="each of 3 parts, got 2"):
        split_rows(10, rng=rng(), groups=np.repeat([0, 1], 5))


def test_labels_must_fit_and_be_there():
    with pytest.raises(ValueError, match="each of 10 rows, got 9"):
        split_rows(10, rng=rng(), groups=np.arange(9))
    with pytest.raises(ValueError, match="stratify holds missing labels"):
        split_rows(3, rng=rng(), stratify=np.array([0.0, np.nan, 1.0]))
    with pytest.raises(ValueError, match="stratify or groups, got both"):
        split_rows(10, rng=rng(), stratify=np.zeros(10), groups=np.arange(10))


@given(st.lists(st.integers(-5, 5), min_size=3, max_size=60), FRACTIONS)
def test_every_part_is_later_than_the_part_before(times, fractions):
    times = np.array(times)
    if len(np.unique(times)) < len(fractions):
        with pytest.raises(ValueError, match="ask for fewer parts"):
            chronological(times, fractions)
        return
    parts = chronological(times, fractions)
    assert_covers_once(parts, len(times))
    for earlier, later in pairwise(parts):
        assert times[earlier].max() < times[later].min()
    assert all((np.diff(times[part]) >= 0).all() for part in parts)


def test_distinct_times_are_cut_at_the_fractions():
    assert [len(part) for part in chronological(rng().permutation(100))] == [60, 20, 20]


def test_dates_are_times():
    days = np.array(["2024-03-01", "2024-01-01", "2024-02-01"], dtype="datetime64[D]")
    assert [part.tolist() for part in chronological(days)] == [[1], [2], [0]]


@pytest.mark.parametrize(
    "missing", [np.array([1.0, np.nan, 2.0]), np.array(["2024", "NaT", "2025"], "M8[Y]")]
)
def test_missing_times_are_refused(missing):
    with pytest.raises(ValueError, match="a time for every row"):
        chronological(missing)


ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=20)


@given(ROWS, ROWS)
def test_overlap_counts_rows_of_b_found_in_a(a, b):
    assert overlap(np.array(a), np.array(b)) == sum(row in a for row in b)


def test_overlap_compares_values_not_types():
    assert overlap(np.array([[1, 0]]), np.array([[1.0, -0.0]])) == 1
    assert overlap(np.array([[np.nan]]), np.array([[-np.nan]])) == 1
    assert overlap(np.array(["a", "bc"]), np.array(["bc", "b"])) == 1
    assert overlap(np.zeros((2, 3, 3)), np.zeros((4, 3, 3))) == 4


def test_overlap_refuses_objects():
    with pytest.raises(ValueError, match="encode the columns first"):
        overlap(np.array([[None]]), np.array([[1]]))


def test_overlap_refuses_rows_of_another_shape():
    with pytest.raises(ValueError, match=r"rows of one shape, got \(2,\) and \(3,\)"):
        overlap(np.zeros((4, 2)), np.zeros((4, 3)))
