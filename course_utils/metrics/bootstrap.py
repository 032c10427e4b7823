"""How far a metric would move on other examples of the same kind."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from course_utils.metrics._checks import check_lengths


class Interval(NamedTuple):
    """A metric's value on all examples, and the two ends of its interval."""

    estimate: float
    low: float
    high: float


def bootstrap_interval(
    metric: Callable[[np.ndarray, np.ndarray], float],
    y: np.ndarray,
    prediction: np.ndarray,
    rng: np.random.Generator,
    repeats: int = 1000,
    level: float = 0.95,
    groups: np.ndarray | None = None,
) -> Interval:
    """Return a metric with its percentile bootstrap interval.

    Examples are drawn with replacement, `y` and `prediction` together, as many as there are; the ends are
    the (1 − level)/2 and (1 + level)/2 quantiles of the metric over the draws. It covers the chance of
    which examples were measured, not that of training; below some 30 examples it comes out too narrow.
    With `groups`, whole groups are drawn instead: examples of one person, file or customer resemble each
    other, and drawing them one by one would make the interval too narrow.

    Args:
        metric: a function of (y, prediction), for example `accuracy` or `auc`.
        y: true labels, one row for each example.
        prediction: labels, scores or probabilities, one row for each example.
        rng: the source of the draws.
        repeats: number of draws; its cost is that many calls of `metric`.
        level: share of the draws that lie inside, between 0 and 1.
        groups: the group of each example; without it each example is a group of its own.

    Returns:
        The metric on the examples as they are, and the interval's two ends.

    Raises:
        ValueError: different lengths, no examples, `repeats` below 2, `level` outside (0, 1), or a draw
            on which the metric is undefined.

    >>> from course_utils.metrics import accuracy
    >>> y = np.arange(100) % 2
    >>> prediction = np.where(np.arange(100) < 90, y, 1 - y)
    >>> bootstrap_interval(accuracy, y, prediction, np.random.default_rng(0))
    Interval(estimate=0.9, low=0.84, high=0.96)

    Source: B. Efron, "Bootstrap Methods: Another Look at the Jackknife", 1979.
    """
    y, prediction = np.asarray(y), np.asarray(prediction)
    check_lengths(y, prediction, "prediction")
    members = _members(np.arange(len(y)) if groups is None else np.asarray(groups), len(y))
    if repeats < 2 or not 0 < level < 1:
        raise ValueError(
            f"repeats is at least 2 and level lies between 0 and 1, got repeats={repeats}, level={level}: "
            "1000 and 0.95 are usual."
        )
    estimate = float(metric(y, prediction))
    values = np.empty(repeats)
    for draw in range(repeats):  # one at a time: all index rows at once would take repeats × n × 8 bytes
        drawn = rng.integers(0, len(members), len(members))
        rows = drawn if groups is None else np.concatenate([members[group] for group in drawn])
        try:
            values[draw] = metric(y[rows], prediction[rows])
        except ValueError as error:
            raise ValueError(
                f"The metric is undefined on draw {draw + 1} of {repeats} ({error}) "
                "Take more examples of the rare class, or a metric that is always defined."
            ) from error
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(estimate, float(low), float(high))


def _members(groups: np.ndarray, n: int) -> list[np.ndarray]:
    """Return the rows of each group."""
    if groups.shape != (n,):
        raise ValueError(f"groups names the group of each of {n} examples, got shape {groups.shape}.")
    numbers = np.unique(groups, return_inverse=True)[1]
    order = np.argsort(numbers, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1)
