"""Figures that judge a classifier."""

from collections.abc import Mapping, Sequence
from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from jaxtyping import Integer
from matplotlib.figure import Figure

from course_utils.metrics import CalibrationCurve, RocCurve
from course_utils.plots._labels import label_line_ends, set_title
from course_utils.plots.style import MUTED, PALETTE, ink

MOST_CLASSES_WITH_NUMBERS = 12


def confusion_matrix_plot(
    matrix: Integer[np.ndarray, "classes classes"], *, names: Sequence[str], title: str
) -> Figure:
    """Draw a confusion matrix: colour is the share of the row, text is the count and that share.

    Above twelve classes the numbers are left out and a colour bar is added.

    Args:
        matrix: counts from `course_utils.metrics.confusion_matrix`, true classes in rows.
        names: one name for each class.
        title: the message, in a sentence.

    Returns:
        The figure, to pass to `show`.

    Raises:
        ValueError: a matrix that is not square, or another number of names.

    >>> figure = confusion_matrix_plot(np.array([[8, 2], [0, 5]]), names=["benign", "malignant"],
    ...                                title="No malignant case is missed")
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['8\\n80%', '2\\n20%', '0', '5\\n100%']
    >>> plt.close(figure)
    """
    matrix = np.asarray(matrix)
    if matrix.ndim != 2 or matrix.shape != (len(names), len(names)):
        raise ValueError(
            f"Expected a {len(names)} × {len(names)} matrix for as many names, got shape {matrix.shape}: "
            "give confusion_matrix its classes= argument, and one name for each."
        )
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    text = [
        [f"{count}\n{share:.0%}" if count else "0" for count, share in zip(*row, strict=True)]
        for row in zip(matrix, shares, strict=True)
    ]
    numbers = len(names) <= MOST_CLASSES_WITH_NUMBERS
    figure, axes = plt.subplots(figsize=(8, max(4.5, 1.5 + 0.45 * min(len(names), 12))))
    sns.heatmap(
        shares,
        annot=np.array(text) if numbers else None,
        fmt="",
        annot_kws={"size": 12 if len(names) <= 6 else 9},
        cmap="Blues",
        vmin=0,
        vmax=1,
        linewidths=1,
        cbar=not numbers,
        cbar_kws={"label": "share of the true class"},
        xticklabels=list(names),
        yticklabels=list(names),
        ax=axes,
    )
    axes.tick_params(length=0)
    axes.tick_params(axis="y", rotation=0)
    axes.set(xlabel="predicted class", ylabel="true class")
    set_title(axes, title)
    return figure


def roc_plot(models: Mapping[str, RocCurve], *, title: str) -> Figure:
    """Draw ROC curves, best area first, each named with its area, beside the line of pure chance.

    Args:
        models: name → curve from `course_utils.metrics.roc_curve`.
        title: the message, in a sentence.

    Returns:
        The figure, to pass to `show`.

    Raises:
        ValueError: no curve.

    >>> from course_utils.metrics import roc_curve
    >>> curve = roc_curve(np.array([0, 1, 0, 1]), np.array([0.1, 0.4, 0.4, 0.8]))
    >>> figure = roc_plot({"linear": curve}, title="Better than chance")
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['linear: AUC 0.875']
    >>> plt.close(figure)
    """
    _demand_one(models, "roc_curve(y, score)")
    areas = {
        name: np.trapezoid(curve.true_positive_rate, curve.false_positive_rate)
        for name, curve in models.items()
    }
    figure, axes = plt.subplots()
    for name in sorted(models, key=areas.__getitem__, reverse=True):
        curve = models[name]
        axes.plot(curve.false_positive_rate, curve.true_positive_rate, label=f"{name}: AUC {areas[name]:.3f}")
    legend = figure.legend(loc="outside right center", handlelength=3)
    for line, text in zip(axes.get_lines(), legend.get_texts(), strict=True):
        text.set_color(ink(line.get_color()))
    axes.plot([0, 1], [0, 1], color=MUTED, lw=1, ls="-")
    axes.annotate("chance: AUC 0.5", (0.52, 0.48), color=MUTED, size=10, rotation=45, va="top")
    axes.set(xlabel="false positive rate", ylabel="true positive rate", box_aspect=1, anchor="W")
    set_title(axes, title)
    return figure


def calibration_plot(models: Mapping[str, CalibrationCurve], *, title: str) -> Figure:
    """Draw observed frequency against predicted probability, with the examples in each bin below.

    Args:
        models: name → curve from `course_utils.metrics.calibration_curve`.
        title: the message, in a sentence.

    Returns:
        The figure, to pass to `show`.

    Raises:
        ValueError: no curve.

    >>> from course_utils.metrics import calibration_curve
    >>> curve = calibration_curve(np.array([0, 0, 1, 1]), np.array([0.2, 0.4, 0.6, 0.9]), bins=2)
    >>> figure = calibration_plot({"linear": curve}, title="Too timid at both ends")
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['observed frequency', 'examples']
    >>> plt.close(figure)
    """
    _demand_one(models, "calibration_curve(y, probability)")
    figure, (above, below) = plt.subplots(
        2, 1, sharex=True, figsize=(8, 6), gridspec_kw={"height_ratios": [3, 1]}
    )
    for color, (name, curve) in zip(cycle(PALETTE), models.items(), strict=False):
        above.plot(curve.predicted, curve.observed, label=name, marker="o", color=color)
        below.vlines(curve.predicted, 0, curve.counts, color=color)
        below.plot(curve.predicted, curve.counts, "o", color=color)
    above.plot([0, 1], [0, 1], label="calibrated", color=MUTED, lw=1, ls="-")
    above.set(ylabel="observed frequency", xlim=(0, 1), ylim=(-0.03, 1.03))
    below.set(xlabel="predicted probability (mean of the bin)", ylabel="examples")
    below.set_ylim(bottom=0)
    set_title(above, title)
    label_line_ends(above)
    return figure


def _demand_one(models: Mapping[str, object], maker: str) -> None:
    if not models:
        raise ValueError(f"models is empty: pass name → {maker}, one entry for each model.")
