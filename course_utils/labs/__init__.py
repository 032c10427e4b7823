"""The labs: their start-up check, and the tools that make, try and hand out the student versions.

A lab's one source is its master, ``solutions/<lab>/<lab>.ipynb``; ``labs/<lab>/<lab>.ipynb`` is made from it.
"""

from course_utils.labs.catalogue import Right, Wrong, load_catalogue
from course_utils.labs.handout import write_handout
from course_utils.labs.lab import Lab, Task, Verdict
from course_utils.labs.release import release, release_all
from course_utils.labs.start import start

__all__ = [
    "Lab",
    "Right",
    "Task",
    "Verdict",
    "Wrong",
    "load_catalogue",
    "release",
    "release_all",
    "start",
    "write_handout",
]
