"""Titles that say something, and labels at the ends of lines that keep off each other."""

import textwrap

import numpy as np
from matplotlib.axes import Axes

from course_utils.plots.style import MUTED, ink


def set_title(axes: Axes, title: str) -> None:
    """Set the figure's message as its title, broken into lines that fit 800 pixels."""
    if not title.strip():
        raise ValueError('title is empty: say the figure\'s message, for example "The loss still falls".')
    axes.set_title(textwrap.fill(title, 62))


def spread(wanted: np.ndarray, gap: float, lowest: float, highest: float) -> np.ndarray:
    """Return the nearest positions in the same order, at least `gap` apart, inside the limits if they fit.

    With $q_k = p_k - k\\,\\text{gap}$ over the sorted positions, "at least gap apart" reads "not falling":
    the least-squares answer is isotonic regression, here by pooling neighbours that violate it.

    >>> spread(np.array([5.0, 5.0, 9.0]), gap=2.0, lowest=0.0, highest=10.0)
    array([4., 6., 9.])
    """
    order = np.argsort(wanted, kind="stable")
    pools: list[tuple[float, int]] = []
    for value in wanted[order] - gap * np.arange(len(wanted)):
        pool = (float(value), 1)
        while pools and pools[-1][0] >= pool[0]:
            mean, size = pools.pop()
            pool = ((mean * size + pool[0] * pool[1]) / (size + pool[1]), size + pool[1])
        pools.append(pool)
    level = np.repeat([mean for mean, _ in pools], [size for _, size in pools])
    ceiling = max(lowest, highest - gap * (len(wanted) - 1))
    placed = np.empty(len(wanted))
    placed[order] = np.clip(level, lowest, ceiling) + gap * np.arange(len(wanted))
    return placed


def label_line_ends(axes: Axes) -> None:
    """Write each line's name right of the axes at the height of its end, in its colour."""
    figure = axes.get_figure(root=True)
    assert figure is not None  # axes come from plt.subplots
    figure.draw_without_rendering()  # the height in pixels is known only after the layout
    lines = axes.get_lines()
    ends = []
    for line in lines:
        points = np.column_stack(line.get_data()).astype(float)
        ends.append(points[np.isfinite(points).all(axis=1)][-1])
    pixel = axes.transData.transform(np.array(ends))
    box = axes.get_window_extent()
    size = 11
    heights = spread(pixel[:, 1], size * 1.35 * figure.dpi / 72, box.y0, box.y1)
    for line, end, at, height in zip(lines, ends, pixel, heights, strict=True):
        moved = abs(height - at[1]) > 3 or box.x1 - at[0] > 3
        axes.annotate(
            str(line.get_label()),
            xy=tuple(end),
            xytext=(1 + 14 / box.width, (height - box.y0) / box.height),
            textcoords="axes fraction",
            color=ink(line.get_color()),
            size=size,
            va="center",
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": MUTED, "lw": 0.6, "shrinkA": 1, "shrinkB": 1}
            if moved
            else None,
        )
