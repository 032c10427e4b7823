"""What passes between the parts of the grader: a submission, its answers, and what came of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

TaskStatus = Literal["passed", "wrong", "blank", "crashed", "timed out", "too much output"]
"""What can become of one coding task; all but the first score nothing."""

SubmissionStatus = Literal["graded", "unreadable", "INFRA"]
"""``unreadable``: no notebook of this lab was found in it. ``INFRA``: the grader failed, not the student; there is
no score, and the next run tries again."""


@dataclass(frozen=True)
class Answers:
    """What a student wrote into one lab.

    Args:
        code: source of each coding task's answer, by the task's name; a task that was not found is missing.
        written: text of each written answer, by its grade id.
        notes: what the student should know about how the answers were found, a sentence each.
    """

    code: Mapping[str, str]
    written: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TaskResult:
    """One coding task of one submission.

    Args:
        task: its name.
        status: what became of it.
        points: what it scored.
        worth: what it can score.
        message: what the student reads, plain text; no hidden input stands in it.
    """

    task: str
    status: TaskStatus
    points: float
    worth: float
    message: str = ""


@dataclass(frozen=True)
class Result:
    """One submission, graded or not.

    Args:
        status: what became of it.
        seed: of the fresh inputs; the same seed repeats the grading.
        tasks: in the lab's order; empty unless graded.
        note: why there is no score, for the instructor.
    """

    status: SubmissionStatus
    seed: int
    tasks: tuple[TaskResult, ...] = ()
    note: str = ""

    @property
    def score(self) -> float:
        """Points of all coding tasks."""
        return sum(task.points for task in self.tasks)
