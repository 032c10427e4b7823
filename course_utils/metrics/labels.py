"""Metrics of predicted labels: the confusion matrix and what is read off it."""

from typing import Literal

import numpy as np
from jaxtyping import Integer

from course_utils.metrics._checks import Labels, checked_pair

Average = Literal["binary", "macro", "micro"]


def accuracy(y: Labels, prediction: Labels) -> float:
    """Return the share of examples whose predicted label is the true one.

    $$\\frac{1}{n} \\sum_i [\\hat y_i = y_i]$$

    Args:
        y: true labels $y$.
        prediction: predicted labels $\\hat y$.

    Returns:
        A share in [0, 1].

    Raises:
        ValueError: different lengths, no examples, or labels that are not 0, 1, ….

    >>> accuracy(np.array([0, 1, 1, 1]), np.array([0, 1, 0, 1]))
    0.75
    """
    y, prediction = checked_pair(y, prediction)
    return float(np.mean(y == prediction))


def confusion_matrix(
    y: Labels, prediction: Labels, classes: int | None = None
) -> Integer[np.ndarray, "classes classes"]:
    """Count the examples of each true class (row) that got each label (column).

    Args:
        y: true labels.
        prediction: predicted labels.
        classes: number of classes; by default the highest label plus one.

    Returns:
        $C$ with $C_{jk}$ = number of examples of class $j$ predicted as $k$.

    Raises:
        ValueError: as `accuracy`, or a label that is not below `classes`.

    >>> confusion_matrix(np.array([0, 1, 1, 1]), np.array([0, 1, 0, 1]))
    array([[1, 0],
           [1, 2]])
    """
    y, prediction = checked_pair(y, prediction)
    highest = int(max(y.max(), prediction.max()))
    classes = highest + 1 if classes is None else classes
    if highest >= classes:
        raise ValueError(
            f"With classes={classes} labels run from 0 to {classes - 1}, got {highest}: raise classes."
        )
    return np.bincount(y * classes + prediction, minlength=classes**2).reshape(classes, classes)


def precision(y: Labels, prediction: Labels, average: Average = "binary") -> float:
    """Return the share of predicted positives that are positive.

    $$P = \\frac{TP}{TP + FP}$$ and 0 when nothing is predicted positive (scikit-learn's
    `zero_division=0`).

    Args:
        y: true labels.
        prediction: predicted labels.
        average: "binary" for the class 1 alone; "macro" for the mean over all classes that occur in `y`
            or `prediction`; "micro" for the counts of all classes taken together, which is `accuracy`.

    Returns:
        A share in [0, 1].

    Raises:
        ValueError: as `accuracy`; an unknown average, or "binary" with labels above 1.

    >>> precision(np.array([0, 1, 1, 0]), np.array([0, 1, 0, 1]))
    0.5
    """
    true_positive, predicted, _ = _counts(y, prediction, average)
    return _mean_ratio(true_positive, predicted)


def recall(y: Labels, prediction: Labels, average: Average = "binary") -> float:
    """Return the share of positives that are found.

    $$R = \\frac{TP}{TP + FN}$$ and 0 when there is no positive (scikit-learn's `zero_division=0`).

    Args:
        y: true labels.
        prediction: predicted labels.
        average: as in `precision`.

    Returns:
        A share in [0, 1].

    Raises:
        ValueError: as `precision`.

    >>> round(recall(np.array([0, 1, 1, 1]), np.array([0, 1, 0, 1])), 3)
    0.667
    """
    true_positive, _, actual = _counts(y, prediction, average)
    return _mean_ratio(true_positive, actual)


def f1(y: Labels, prediction: Labels, average: Average = "binary") -> float:
    """Return the harmonic mean of precision and recall.

    $$F_1 = \\frac{2PR}{P + R} = \\frac{2\\,TP}{2\\,TP + FP + FN}$$ and 0 when the denominator is 0.
    Document D0 §3.3 calls it the harmonic mean of accuracy and recall, which is wrong: the true
    negatives that accuracy counts are absent from $F_1$.

    Args:
        y: true labels.
        prediction: predicted labels.
        average: as in `precision`; "macro" is the mean of the classes' $F_1$, not the $F_1$ of the means.

    Returns:
        A share in [0, 1].

    Raises:
        ValueError: as `precision`.

    >>> f1(np.array([0, 1, 1, 1]), np.array([0, 1, 0, 1]))
    0.8

    Source: C. J. van Rijsbergen, "Information Retrieval", 2nd edition, 1979 (as 1 − E).
    """
    true_positive, predicted, actual = _counts(y, prediction, average)
    return _mean_ratio(2 * true_positive, predicted + actual)


def _counts(y: np.ndarray, prediction: np.ndarray, average: str) -> np.ndarray:
    """Return true positives, predicted positives and positives, each over the classes to average."""
    y, prediction = checked_pair(y, prediction)
    classes = int(max(y.max(), prediction.max(), 1)) + 1
    hits = y[y == prediction]
    counts = np.stack([np.bincount(labels, minlength=classes) for labels in (hits, prediction, y)])
    match average:
        case "macro":
            return counts[:, counts[1:].any(axis=0)]
        case "micro":
            return counts.sum(axis=1, keepdims=True)
        case "binary" if classes > 2:
            raise ValueError(
                f'average="binary" takes labels 0 and 1, got labels up to {classes - 1}: '
                'choose average="macro" or "micro".'
            )
        case "binary":
            return counts[:, 1:]
    raise ValueError(f'average is "binary", "macro" or "micro", got {average!r}.')


def _mean_ratio(numerator: np.ndarray, denominator: np.ndarray) -> float:
    return float(np.mean(numerator / np.maximum(denominator, 1)))  # 0 / 0 counts as 0
