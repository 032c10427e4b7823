"""The one look of the course's figures."""

import seaborn as sns
from cycler import cycler
from matplotlib.colors import to_rgb
from matplotlib.typing import ColorType

# Dark and light take turns, and each colour has its own dash: lines stay apart in print without colour.
# Any two keep a distance of 22 (CIELAB) for normal sight and for the three kinds of dichromacy.
PALETTE = ("#0b4f8a", "#d98200", "#a13555", "#69954b", "#6429d4", "#c16da6")
DASHES = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (6, 1.5, 1, 1.5)), (0, (3, 1, 1, 1, 1, 1)), (0, (9, 2)))
MUTED = "#666666"  # reference lines and notes; 5.7 : 1 on white, above the 4.5 : 1 that WCAG asks of text


def ink(color: ColorType) -> tuple[float, float, float]:
    """Return the colour darkened for text, which needs more contrast than a line.

    >>> ink("#ffffff")
    (0.65, 0.65, 0.65)
    """
    red, green, blue = to_rgb(color)
    return 0.65 * red, 0.65 * green, 0.65 * blue


def use_style() -> None:
    """Set Matplotlib's defaults to the course's look for this session.

    800 × 450 pixels, text of at least 10 points, two spines, the palette and dashes of this file.

    >>> import matplotlib
    >>> use_style()
    >>> matplotlib.rcParams["figure.dpi"]
    100.0
    """
    sns.set_theme(
        context="notebook",
        style="ticks",
        rc={
            "figure.figsize": (8, 4.5),
            "figure.dpi": 100,
            "savefig.dpi": "figure",
            "figure.constrained_layout.use": True,
            "axes.prop_cycle": cycler(color=PALETTE) + cycler(linestyle=DASHES),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": "#999999",
            "axes.titlelocation": "left",
            "axes.titlesize": 13,
            "axes.titleweight": "bold",
            "axes.titlepad": 12,
            "axes.labelsize": 11,
            "xtick.labelsize": 10,
            "ytick.labelsize": 10,
            "xtick.color": "#999999",
            "ytick.color": "#999999",
            "xtick.labelcolor": "#333333",
            "ytick.labelcolor": "#333333",
            "legend.frameon": False,
            "legend.fontsize": 11,
            "lines.linewidth": 2,
            "font.family": "sans-serif",
            "font.sans-serif": ["DejaVu Sans"],  # ships with Matplotlib: the same letters everywhere
        },
    )
