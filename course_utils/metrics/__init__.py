"""Metrics of classifiers, in NumPy and float64, on the host.

Labels are the whole numbers 0, 1, …, classes − 1; with two classes 1 (or True) is the positive one. The
results equal scikit-learn's; where it warns because a quantity is undefined, these functions raise.
"""

from course_utils.metrics.bootstrap import Interval, bootstrap_interval
from course_utils.metrics.labels import accuracy, confusion_matrix, f1, precision, recall
from course_utils.metrics.probabilities import (
    CalibrationCurve,
    brier_score,
    calibration_curve,
    expected_calibration_error,
    log_loss,
)
from course_utils.metrics.scores import RocCurve, auc, roc_curve

__all__ = [
    "CalibrationCurve",
    "Interval",
    "RocCurve",
    "accuracy",
    "auc",
    "bootstrap_interval",
    "brier_score",
    "calibration_curve",
    "confusion_matrix",
    "expected_calibration_error",
    "f1",
    "log_loss",
    "precision",
    "recall",
    "roc_curve",
]
