"""The one compiled training loop of the course: `fit(model, data, …)` trains in place and returns a `Run`."""

from course_utils.train.arguments import NonFiniteLossError
from course_utils.train.loop import fit
from course_utils.train.run import Run

__all__ = ["NonFiniteLossError", "Run", "fit"]
