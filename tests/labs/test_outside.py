"""A check can stand outside the student's process: only plain values cross, and its verdict stays the same.

Inside run the given cells and the answer; outside runs the check with a stand-in for the answer, and for the given
functions tagged ``student-side``. The grader works this way, with a sandbox around the inside.
"""

import ast
import builtins
import json
from typing import Any

from course_utils.grading.inside import values
from course_utils.labs import Lab, load_catalogue
from course_utils.labs.lab import Task, _run, attempt


def crossed(value: Any) -> Any:
    return values.decode(json.loads(json.dumps(values.encode(value))))


def student_side(lab: Lab) -> str:
    """The given functions that are handed no function and call the answer by its name."""
    cells = lab.notebook.cells
    return "\n\n".join(cell.source for cell in cells if "student-side" in cell.metadata.get("tags", []))


class StandIn:
    """Calls inside with copies, and writes what was changed there back into the caller's arrays.

    Its ``__code__`` is the compiled answer, never executed out here: checks read the names in it.
    """

    def __init__(self, name: str, inside: dict[str, Any], source: str) -> None:
        self.name, self.inside = name, inside
        self.__code__ = compile(source, "<answer>", "exec")

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        sent = crossed(list(arguments))
        try:
            value = crossed(self.inside[self.name](*sent, **crossed(options)))
        except Exception as error:
            known = [kind for kind in type(error).__mro__ if hasattr(builtins, kind.__name__)]
            raise known[0](str(error)) from None
        write_back(list(arguments), crossed(sent))
        return value


def write_back(old: Any, new: Any) -> None:
    if isinstance(old, list | tuple):
        for one, other in zip(old, new, strict=True):
            write_back(one, other)
    elif hasattr(old, "shape"):
        old[...] = new


def judge(task: Task, answer: str, given: dict[str, Any], helpers: str) -> str:
    """The message of the check when it stands outside; empty when the answer passes."""
    inside, outside = dict(given), dict(given)
    _run(answer, inside)
    _run(helpers, inside)
    _run(task.check.replace(f"\ncheck_{task.name}()\n", "\n"), outside)
    for name in [task.name, *(node.name for node in ast.parse(helpers).body)]:
        outside[name] = StandIn(name, inside, answer)
    try:
        outside[f"check_{task.name}"]()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def test_the_verdict_is_the_same_outside(case):
    task, given, path = case
    differ, helpers = {}, student_side(Lab.read(path))
    for entry in load_catalogue(path.parent)[task.name]:
        answer = entry.source(task.reference)
        there = judge(task, answer, given, helpers)
        if attempt(task, answer, given).passed != (not there) or getattr(entry, "says", "") not in there:
            differ[entry.why] = there
    assert differ == {}
