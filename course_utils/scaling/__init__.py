"""Scaling laws: a small study and its record, the law of Hoffmann fitted to it, and what a budget buys."""

from course_utils.scaling.budget import operations_per_dollar
from course_utils.scaling.counts import counted_probability
from course_utils.scaling.fitting import bootstrap_laws, fit_law
from course_utils.scaling.law import BESIROGLU, HOFFMANN, Law
from course_utils.scaling.record import Record, load_record

__all__ = [
    "BESIROGLU",
    "HOFFMANN",
    "Law",
    "Record",
    "bootstrap_laws",
    "counted_probability",
    "fit_law",
    "load_record",
    "operations_per_dollar",
]
