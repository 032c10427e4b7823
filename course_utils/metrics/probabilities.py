"""Metrics of predicted probabilities: are they sharp, and can they be taken at their word?"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Integer

from course_utils.metrics._checks import (
    Labels,
    check_lengths,
    checked_binary,
    checked_labels,
    checked_probability,
)


class CalibrationCurve(NamedTuple):
    """Mean prediction, observed share of positives and number of examples in each bin that has any."""

    predicted: Float[np.ndarray, " bins"]
    observed: Float[np.ndarray, " bins"]
    counts: Integer[np.ndarray, " bins"]


def log_loss(
    y: Labels,
    probability: Float[np.ndarray, " n"] | Float[np.ndarray, "n classes"],
) -> float:
    """Return the mean cross-entropy of the true labels under the predicted probabilities.

    $$-\\frac{1}{n} \\sum_i \\ln p_i(y_i)$$ in nats. Probabilities are first moved into
    [ε, 1 − ε] with ε = 2.2e-16, as scikit-learn does, so one certain mistake costs 36 nats and not infinity.

    Args:
        y: true labels.
        probability: $p(1)$ of each example, or one row of `classes` probabilities each.

    Returns:
        Nats per example, at least 0.

    Raises:
        ValueError: different lengths, no examples, labels out of range, probabilities outside [0, 1],
            or rows that do not sum to one.

    >>> round(log_loss(np.array([0, 1]), np.array([0.5, 0.5])), 4)
    0.6931
    """
    probability = checked_probability(probability)
    if probability.ndim == 1:
        y, probability = checked_binary(y, probability, "probability")
        probability = np.column_stack([1 - probability, probability])
    y = checked_labels(y, "y")
    check_lengths(y, probability, "probability")
    if probability.ndim != 2:
        raise ValueError(
            f"Expected probabilities of shape (n,) or (n, classes), got {probability.shape}: "
            "flatten sequences to one row for each prediction."
        )
    rows, classes = probability.shape
    if y.max() >= classes:
        raise ValueError(
            f"Rows of {classes} probabilities fit labels 0 to {classes - 1}, got label {y.max()}: "
            "give one column per class."
        )
    off = np.abs(probability.sum(axis=1) - 1).max()
    if off > 1e-4:  # float32 softmax over 50,000 classes stays below 1e-5
        raise ValueError(
            f"Each row of probabilities sums to 1, got a row that is off by {off:.3g}: "
            "apply softmax to logits first."
        )
    epsilon = np.finfo(np.float64).eps
    return float(-np.mean(np.log(np.clip(probability[np.arange(rows), y], epsilon, 1 - epsilon))))


def brier_score(y: Labels, probability: Float[np.ndarray, " n"]) -> float:
    """Return the mean squared distance between probability and outcome.

    $$\\frac{1}{n} \\sum_i (p_i - y_i)^2$$

    Args:
        y: true labels $y$, 0 or 1.
        probability: $p$ of class 1.

    Returns:
        0 for certain and right, 0.25 for always one half, 1 for certain and wrong.

    Raises:
        ValueError: different lengths, no examples, labels other than 0 and 1, or probabilities
            outside [0, 1].

    >>> round(brier_score(np.array([0, 1]), np.array([0.1, 0.8])), 3)
    0.025

    Source: G. W. Brier, "Verification of forecasts expressed in terms of probability", 1950 (who summed
    over both classes, which doubles it).
    """
    y, probability = checked_binary(y, checked_probability(probability), "probability")
    return float(np.mean((probability - y) ** 2))


def calibration_curve(y: Labels, probability: Float[np.ndarray, " n"], bins: int = 10) -> CalibrationCurve:
    """Compare predicted probability with observed frequency, bin by bin.

    The bins cut [0, 1] into equal widths, each closed on the right, the first one on both sides. Empty
    bins are left out.

    Args:
        y: true labels, 0 or 1.
        probability: predicted probability of class 1.
        bins: number of bins.

    Returns:
        Mean probability, share of positives and number of examples of each bin.

    Raises:
        ValueError: as `brier_score`, or fewer than one bin.

    >>> calibration_curve(np.array([0, 0, 1, 1]), np.array([0.2, 0.4, 0.6, 0.9]), bins=2)
    CalibrationCurve(predicted=array([0.3 , 0.75]), observed=array([0., 1.]), counts=array([2, 2]))
    """
    y, probability = checked_binary(y, checked_probability(probability), "probability")
    if bins < 1:
        raise ValueError(f"bins counts the parts of [0, 1] and is at least 1, got {bins}.")
    inner_edges = np.linspace(0, 1, bins + 1)[1:-1]
    position = np.searchsorted(inner_edges, probability)
    counts = np.bincount(position, minlength=bins)
    predicted = np.bincount(position, weights=probability, minlength=bins)
    observed = np.bincount(position, weights=y, minlength=bins)
    filled = counts > 0
    counts = counts[filled]
    return CalibrationCurve(predicted[filled] / counts, observed[filled] / counts, counts)


def expected_calibration_error(y: Labels, probability: Float[np.ndarray, " n"], bins: int = 10) -> float:
    """Return the mean gap between predicted probability and observed frequency.

    $$\\sum_b \\frac{n_b}{n} \\, |o_b - p_b|$$ over the bins of `calibration_curve`, with $n_b$ its
    `counts`, $o_b$ its `observed`, $p_b$ its `predicted`. It depends on the number of bins, and few
    examples make it too large: state both beside it. With several classes pass whether the top label was
    right as `y` and the top label's probability as `probability`, as the source does.

    Args:
        y: true labels, 0 or 1.
        probability: predicted probability of class 1.
        bins: number of bins.

    Returns:
        A gap in [0, 1].

    Raises:
        ValueError: as `calibration_curve`.

    >>> round(expected_calibration_error(np.array([0, 0, 1, 1]), np.array([0.2, 0.4, 0.6, 0.9]), bins=2), 3)
    0.275

    Source: C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On Calibration of Modern Neural Networks", 2017.
    """
    curve = calibration_curve(y, probability, bins)
    return float(np.average(np.abs(curve.observed - curve.predicted), weights=curve.counts))
