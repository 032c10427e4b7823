"""Curves of one quantity: a loss over steps, a score over a hyperparameter."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from course_utils.plots._labels import label_line_ends, set_title


def curves(
    series: Mapping[str, ArrayLike],
    *,
    title: str,
    xlabel: str,
    ylabel: str,
    x: ArrayLike | None = None,
    xscale: str = "linear",
    yscale: str = "linear",
) -> Figure:
    """Draw one line for each series, named at its right end.

    Args:
        series: name → values. A shorter series ends earlier; NaN leaves a gap.
        title: the message, in a sentence.
        xlabel: what is on the horizontal axis, with its unit.
        ylabel: what is on the vertical axis, with its unit.
        x: positions of the values; by default 1, 2, 3, ….
        xscale: "linear" or "log".
        yscale: "linear" or "log".

    Returns:
        The figure, to pass to `show`.

    Raises:
        ValueError: no series, more values than positions, or a series with nothing that the axes can show.

    >>> figure = curves({"training": [2.0, 1.0], "validation": [2.1, 1.4]}, title="Both losses fall",
    ...                 xlabel="epoch", ylabel="cross-entropy (nats)")
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['training', 'validation']
    >>> plt.close(figure)
    """
    if not series:
        raise ValueError('series is empty: pass name → values, for example {"training": losses}.')
    lines = {name: np.asarray(values, dtype=float) for name, values in series.items()}
    longest = max(len(values) for values in lines.values())
    positions = np.arange(1, longest + 1) if x is None else np.asarray(x, dtype=float)
    for name, values in lines.items():
        if values.ndim != 1 or len(values) > len(positions):
            raise ValueError(
                f"{name!r} has shape {values.shape} for {len(positions)} positions: "
                "give each series one value for each position, or fewer."
            )
        at = positions[: len(values)]
        shown = np.isfinite(values) & ((values > 0) | (yscale != "log")) & ((at > 0) | (xscale != "log"))
        if not shown.any():
            raise ValueError(
                f"{name!r} has no value that {xscale} × {yscale} axes can show: leave it out, "
                "or use linear axes for numbers that are not positive."
            )
        lines[name] = np.where(shown, values, np.nan)
    figure, axes = plt.subplots()
    for name, values in lines.items():
        axes.plot(positions[: len(values)], values, label=name, marker="o" if len(values) == 1 else None)
    axes.set(xlabel=xlabel, ylabel=ylabel, xscale=xscale, yscale=yscale)
    axes.margins(x=0)
    set_title(axes, title)
    label_line_ends(axes)
    return figure
