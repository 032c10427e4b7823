"""The start-up check of a lab."""

import os

from course_utils.display import emit
from course_utils.environment import setup


def start(lab: str, course_seed: object) -> None:
    """Check that a lab can be worked on here, set the look of figures, print two lines.

    Args:
        lab: the lab's name, for example ``"lab12"``; the lab book files its entries under it.
        course_seed: the number that varies the lab's data and constants; the instructor sets it.

    Raises:
        RuntimeError: an installed version cannot run the course, or answers cannot be saved in this folder.
        ValueError: the seed is not a whole number from 0 on.

    >>> start("lab12", 2026)  # doctest: +ELLIPSIS
    device: ...
    lab12 is ready. Course seed 2026. Answers are saved with the notebook.
    """
    if isinstance(course_seed, bool) or not isinstance(course_seed, int) or course_seed < 0:
        raise ValueError(
            f"COURSE_SEED must be a whole number from 0 on, got {course_seed!r}: "
            "put back the number that your instructor gave you."
        )
    setup(lab)
    if not os.access(os.getcwd(), os.W_OK):
        raise RuntimeError(
            "this folder cannot be written to, so no answer would be saved: copy the lab's folder to one of "
            "your own (in Colab: File, Save a copy in Drive) and open it there."
        )
    emit(f"{lab} is ready. Course seed {course_seed}. Answers are saved with the notebook.")
