"""Two numbers for each of several things, and the way between them."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from course_utils.plots._labels import set_title
from course_utils.plots.style import MUTED, PALETTE, ink


def dumbbell(
    rows: Mapping[str, tuple[float, float]],
    *,
    names: tuple[str, str],
    title: str,
    xlabel: str,
    reference: tuple[float, str] | None = None,
) -> Figure:
    """Draw one line per row from its first number (hollow) to its second (filled).

    Args:
        rows: label → (first, second), drawn from the top.
        names: what the first and the second number are; they label the top row's ends.
        title: the message, in a sentence.
        xlabel: what both numbers measure, with its unit.
        reference: a value to draw a dashed line at, and its name.

    Returns:
        The figure, to pass to `show`.

    Raises:
        ValueError: no row.

    >>> figure = dumbbell({"leaky": (0.9, 0.5), "honest": (0.7, 0.7)}, names=("promised", "kept"),
    ...                   title="One promise breaks", xlabel="AUC")
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['leaky', 'honest']
    >>> plt.close(figure)
    """
    if not rows:
        raise ValueError("dumbbell needs at least one row: label → (first, second).")
    figure, axes = plt.subplots(figsize=(9, 1.6 + 0.62 * len(rows)))
    for height, (first, second) in enumerate(rows.values()):
        axes.plot([first, second], [height, height], color=MUTED, linestyle="-", linewidth=1.5, zorder=1)
        axes.scatter(first, height, s=150, facecolor="white", edgecolor=PALETTE[1], linewidth=2.5, zorder=2)
        axes.scatter(second, height, s=55, color=PALETTE[0], zorder=3)
    top = next(iter(rows.values()))
    for value, name, color in zip(top, names, (PALETTE[1], PALETTE[0]), strict=True):
        axes.annotate(
            name,
            (value, 0),
            xytext=(0, 12),
            textcoords="offset points",
            ha="center",
            color=ink(color),
            size=11,
        )
    if reference is not None:
        axes.axvline(reference[0], color=MUTED, linestyle="--", linewidth=1, zorder=0)
        axes.annotate(
            reference[1],
            (reference[0], len(rows) - 0.55),
            xytext=(5, 0),
            textcoords="offset points",
            color=MUTED,
            size=10,
            va="center",
        )
    axes.set_yticks(range(len(rows)), list(rows))
    axes.set_ylim(len(rows) - 0.4, -0.75)
    axes.tick_params(axis="y", length=0, labelsize=11)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(xlabel)
    set_title(axes, title)
    return figure
