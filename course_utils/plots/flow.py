"""A chain of stages, drawn as boxes and arrows."""

from collections.abc import Mapping
from itertools import pairwise

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from course_utils.plots._labels import set_title
from course_utils.plots.style import MUTED, PALETTE


def flow(
    stages: Mapping[str, str], *, title: str, back: tuple[str, str] | None = None, columns: int = 5
) -> Figure:
    """Draw stages in reading order, one arrow from each to the next.

    Args:
        stages: name → a few words under it, in order.
        title: the message, in a sentence.
        back: (from, to): one arrow that leads back, drawn dashed; from one line to another it runs down the
            right-hand side, so there both belong into the last column.
        columns: boxes in one line of the figure.

    Returns:
        The figure, to pass to `show`.

    Raises:
        ValueError: fewer than two stages, or `back` names a stage that is not there.

    >>> figure = flow({"data": "a table", "model": "a network"}, title="Two stages")
    >>> plt.close(figure)
    """
    names = list(stages)
    if len(names) < 2:
        raise ValueError(f"flow needs at least two stages, got {len(names)}.")
    for name in back or ():
        if name not in stages:
            raise ValueError(f"back names {name!r}; the stages are {', '.join(names)}.")
    place = {name: (index % columns, -(index // columns)) for index, name in enumerate(names)}
    lines = -(-len(names) // columns)
    figure, axes = plt.subplots(figsize=(10, 0.5 + 1.6 * lines))
    for index, (name, note) in enumerate(stages.items()):
        x, y = place[name]
        box = {"boxstyle": "round,pad=0.45", "facecolor": "white", "edgecolor": PALETTE[0], "linewidth": 1.6}
        axes.text(x, y, f"{index + 1} {name}", ha="center", va="center", size=11.5, weight="bold", bbox=box)
        axes.text(x, y - 0.24, note, ha="center", va="top", size=9.5, color="#333333")
    arrow = {"arrowstyle": "-|>", "color": MUTED, "linewidth": 1.3}
    for before, after in pairwise(names):
        (x0, y0), (x1, y1) = place[before], place[after]
        if y0 == y1:
            axes.annotate("", (x1 - 0.37, y1), (x0 + 0.37, y0), arrowprops=arrow)
        else:  # to the start of the next line, round the outside
            axes.annotate(
                "",
                (x1, y1 + 0.18),
                (x0, y0 - 0.5),
                arrowprops=arrow | {"connectionstyle": "angle,angleA=180,angleB=90"},
            )
    if back is not None:
        (x0, y0), (x1, y1) = place[back[0]], place[back[1]]
        start: tuple[float, float]
        end: tuple[float, float]
        if y0 == y1:  # over the boxes, clear of the words under them
            start, end, bend = (x0, y0 + 0.17), (x1, y1 + 0.17), 0.3 / abs(x0 - x1)
        else:
            start, end, bend = (x0 + 0.32, y0), (x1 + 0.32, y1), 0.6
        dashed = {"linestyle": "--", "connectionstyle": f"arc3,rad={bend}"}
        axes.annotate("", end, start, arrowprops=arrow | dashed)
    axes.set_xlim(-0.5, columns - 0.3)
    axes.set_ylim(-lines + 0.35, 0.35)
    axes.axis("off")
    set_title(axes, title)
    return figure
