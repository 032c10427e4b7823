import numpy as np
import pytest
import sklearn.metrics as oracle
from hypothesis import given
from hypothesis import strategies as st

from course_utils.metrics import auc, roc_curve


@st.composite
def scored(draw):
    """Labels with both classes; scores from a small set, so that ties are common, or from all floats."""
    n = draw(st.integers(2, 40))
    y = np.array([0, 1, *draw(st.lists(st.integers(0, 1), min_size=n - 2, max_size=n - 2))])
    score = st.one_of(st.sampled_from([-1.0, 0.0, 0.25, 0.5, 3.0]), st.floats(-1e6, 1e6))
    return y, np.array(draw(st.lists(score, min_size=n, max_size=n)))


@given(scored())
def test_curve_and_area_equal_scikit_learn(case):
    y, score = case
    curve = roc_curve(y, score)
    for ours, theirs in zip(curve, oracle.roc_curve(y, score, drop_intermediate=False), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)
    assert auc(y, score) == pytest.approx(oracle.roc_auc_score(y, score), abs=1e-12)


@given(scored())
def test_area_is_the_share_of_pairs_in_the_right_order(case):
    y, score = case
    difference = score[y == 1][:, None] - score[y == 0]
    assert auc(y, score) == pytest.approx(np.mean((difference > 0) + 0.5 * (difference == 0)), abs=1e-12)


@given(scored(), st.randoms(use_true_random=False))
def test_the_order_of_the_examples_does_not_matter(case, random):
    y, score = case
    order = np.array(random.sample(range(len(y)), len(y)))
    for here, there in zip(roc_curve(y, score), roc_curve(y[order], score[order]), strict=True):
        np.testing.assert_array_equal(here, there)


def test_known_areas():
    y = np.array([0, 0, 1, 1])
    assert auc(y, np.array([1, 2, 3, 4])) == 1.0
    assert auc(y, np.array([4, 3, 2, 1])) == 0.0
    assert auc(y, np.zeros(4)) == 0.5


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("metric", [roc_curve, auc])
@pytest.mark.parametrize(
    ("y", "score", "message"),
    [
        ([0, 1], [0.1], r"shapes \(2,\) and \(1,\)"),
        (np.zeros(0, int), [], "no examples"),
        ([1, 1], [0.1, 0.2], r"both classes, got only class 1.*stratified"),
        ([0, 0], [0.1, 0.2], "got only class 0"),
        ([0, 2], [0.1, 0.2], "labels 0 and 1 here, got 2: compare one class"),
        ([0, 1], [float("nan"), 0.2], "score holds finite numbers, got 1 that"),
        ([0, 1], [float("inf"), 0.2], "NaN or infinite"),
        ([0, 1], [[0.1, 0.9], [0.2, 0.8]], r"column of class 1"),
        ([0.0, 1.0], [0.1, 0.2], "y holds whole-number labels, got dtype float64"),
    ],
)
def test_mistakes_are_named(metric, y, score, message):
    with pytest.raises(ValueError, match=message):
        metric(np.array(y), np.array(score))
