import math

import numpy as np
import pytest
import sklearn.metrics as oracle
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve as oracle_calibration_curve

from course_utils.metrics import brier_score, calibration_curve, expected_calibration_error, log_loss

EPSILON = np.finfo(float).eps
chance = st.one_of(st.sampled_from([0.0, 0.1, 0.2, 0.3, 0.5, 0.6, 1.0]), st.floats(0, 1))


@st.composite
def binary(draw):
    n = draw(st.integers(1, 40))
    y = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
    return np.array(y), np.array(draw(st.lists(chance, min_size=n, max_size=n)))


@given(binary())
def test_binary_log_loss_and_brier_score_equal_scikit_learn(case):
    y, p = case
    assert log_loss(y, p) == pytest.approx(oracle.log_loss(y, p, labels=[0, 1]), rel=1e-9, abs=1e-12)
    assert brier_score(y, p) == pytest.approx(
        oracle.brier_score_loss(y, p, labels=[0, 1], pos_label=1), abs=1e-12
    )


@given(st.integers(2, 6), st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_log_loss_of_several_classes_equals_scikit_learn(classes, n, seed):
    rng = np.random.default_rng(seed)
    y, p = rng.integers(0, classes, n), rng.dirichlet(np.full(classes, 0.3), n)
    assert log_loss(y, p) == pytest.approx(oracle.log_loss(y, p, labels=np.arange(classes)), rel=1e-9)


@given(binary(), st.integers(1, 12))
def test_calibration_curve_equals_scikit_learn(case, bins):
    y, p = case
    ours = calibration_curve(y, p, bins)
    observed, predicted = oracle_calibration_curve(y, p, n_bins=bins, pos_label=1)
    np.testing.assert_allclose(ours.observed, observed, atol=1e-12)
    np.testing.assert_allclose(ours.predicted, predicted, atol=1e-12)
    assert ours.counts.sum() == len(y)
    assert ours.counts.min() > 0


@given(binary(), st.integers(1, 12))
def test_calibration_error_equals_its_sum_written_out(case, bins):
    y, p = case
    edges = np.linspace(0, 1, bins + 1)
    total = 0.0
    for b in range(bins):
        inside = (p <= edges[b + 1]) & ((p > edges[b]) | (b == 0))
        if inside.any():
            total += inside.sum() / len(y) * abs(y[inside].mean() - p[inside].mean())
    assert expected_calibration_error(y, p, bins) == pytest.approx(total, abs=1e-12)


def test_known_values():
    assert log_loss(np.array([0, 1]), np.array([0.5, 0.5])) == pytest.approx(math.log(2))
    assert log_loss(np.array([1]), np.array([0.0])) == pytest.approx(-math.log(EPSILON))
    assert brier_score(np.array([0, 1]), np.array([1.0, 0.0])) == 1.0
    assert expected_calibration_error(np.array([0, 0, 0, 1]), np.full(4, 0.25)) == 0.0
    assert expected_calibration_error(np.array([1, 1]), np.zeros(2)) == 1.0


def test_one_column_equals_two():
    y, p = np.array([0, 1, 1]), np.array([0.2, 0.7, 1.0])
    assert log_loss(y, p) == log_loss(y, np.column_stack([1 - p, p]))


def test_float32_softmax_over_many_classes_passes():
    logits = np.random.default_rng(0).normal(size=(4, 50_000)).astype(np.float32)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert log_loss(np.array([0, 1, 2, 3]), p) > 0


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("metric", [log_loss, brier_score, calibration_curve, expected_calibration_error])
@pytest.mark.parametrize(
    ("y", "p", "message"),
    [
        ([0, 1], [0.5], r"shapes \(2,\) and \(1,\)"),
        (np.zeros(0, int), np.zeros(0), "no examples"),
        ([0, 1], [0.5, 1.5], r"probability lies in \[0, 1\], got 1.5: apply a sigmoid"),
        ([0, 1], [-0.1, 0.5], "got -0.1"),
        ([0, 1], [float("nan"), 0.5], "got nan.*NaN in the model"),
        ([0, 2], [0.1, 0.5], "labels 0 and 1 here, got 2"),
        ([0, 1], [[[0.5]], [[0.5]]], "shape"),
    ],
)
def test_mistakes_are_named(metric, y, p, message):
    with pytest.raises(ValueError, match=message):
        metric(np.array(y), np.array(p))


@pytest.mark.parametrize(
    ("y", "p", "message"),
    [
        ([0, 3], [[0.2, 0.3, 0.5]] * 2, "Rows of 3 probabilities fit labels 0 to 2, got label 3"),
        ([0, 1], [[0.2, 0.3, 0.4]] * 2, "sums to 1, got a row that is off by 0.1: apply softmax"),
    ],
)
def test_mistakes_in_rows_of_probabilities_are_named(y, p, message):
    with pytest.raises(ValueError, match=message):
        log_loss(np.array(y), np.array(p))


@pytest.mark.parametrize("metric", [calibration_curve, expected_calibration_error])
def test_no_bins_are_refused(metric):
    with pytest.raises(ValueError, match="at least 1, got 0"):
        metric(np.array([0, 1]), np.array([0.1, 0.5]), bins=0)
