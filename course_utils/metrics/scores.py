"""Metrics of scores: how well they rank the positives above the negatives."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Num

from course_utils.metrics._checks import Labels, checked_binary


class RocCurve(NamedTuple):
    """The receiver operating characteristic: one point a threshold, from (0, 0) to (1, 1)."""

    false_positive_rate: Float[np.ndarray, " points"]
    true_positive_rate: Float[np.ndarray, " points"]
    thresholds: Float[np.ndarray, " points"]


def roc_curve(y: Labels, score: Num[np.ndarray, " n"]) -> RocCurve:
    """Return false and true positive rate for every threshold on the score.

    An example is called positive when `score >= threshold`; equal scores share one point, so their
    order in the arrays does not matter.

    Args:
        y: true labels, 0 or 1, both present.
        score: any number that grows with the belief in class 1 (a logit or a probability).

    Returns:
        The points, thresholds falling from infinity (nothing is positive).

    Raises:
        ValueError: different lengths, no examples, labels other than 0 and 1, only one of them present,
            or NaN among the scores.

    >>> roc_curve(np.array([0, 1, 0, 1]), np.array([0.1, 0.4, 0.4, 0.8])).true_positive_rate
    array([0. , 0.5, 1. , 1. ])

    Source: T. Fawcett, "An introduction to ROC analysis", 2006.
    """
    y, score = checked_binary(y, score, "score")
    positives = int(y.sum())
    if positives in (0, y.size):
        raise ValueError(
            f"A ROC curve needs examples of both classes, got only class {y[0]}: "
            "use a larger or a stratified sample."
        )
    order = np.argsort(-score, kind="stable")
    last_of_ties = np.append(np.flatnonzero(np.diff(score[order])), y.size - 1)
    true_positives = np.cumsum(y[order])[last_of_ties]
    false_positives = last_of_ties + 1 - true_positives
    return RocCurve(
        np.append(0.0, false_positives / (y.size - positives)),
        np.append(0.0, true_positives / positives),
        np.append(np.inf, score[order][last_of_ties]),
    )


def auc(y: Labels, score: Num[np.ndarray, " n"]) -> float:
    """Return the area under the ROC curve.

    $$P(s_+ > s_-) + \\tfrac12 P(s_+ = s_-)$$ for the scores of a random positive and a random negative:
    0.5 is guessing, and a tie counts half.

    Args:
        y: true labels, 0 or 1, both present.
        score: as in `roc_curve`.

    Returns:
        An area in [0, 1].

    Raises:
        ValueError: as `roc_curve`.

    >>> auc(np.array([0, 1, 0, 1]), np.array([0.1, 0.4, 0.4, 0.8]))
    0.875
    """
    curve = roc_curve(y, score)
    return float(np.trapezoid(curve.true_positive_rate, curve.false_positive_rate))
