"""The figures of the course: one look, one way to show them, and controls to play with."""

from course_utils.plots.classification import calibration_plot, confusion_matrix_plot, roc_plot
from course_utils.plots.curves import curves
from course_utils.plots.display import png, show
from course_utils.plots.dumbbell import dumbbell
from course_utils.plots.flow import flow
from course_utils.plots.play import play
from course_utils.plots.style import PALETTE, use_style

__all__ = [
    "PALETTE",
    "calibration_plot",
    "confusion_matrix_plot",
    "curves",
    "dumbbell",
    "flow",
    "play",
    "png",
    "roc_plot",
    "show",
    "use_style",
]
