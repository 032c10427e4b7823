"""What stands in the gradebook: submissions with their grades, written answers with their marks, a row a student."""

import json
from dataclasses import dataclass, field

from course_utils.grading.records import Answers, TaskResult

WAITING = "waiting"
"""Status of a submission that is known and not graded yet, as after an interruption."""


@dataclass(frozen=True)
class Grading:
    """One submission in the gradebook.

    Args:
        digest: of the assignment by which it was graded.
        status: ``graded``, ``unreadable``, ``INFRA`` or ``waiting``.
        seed: of the fresh inputs; None before grading.
        tasks: empty unless graded.
        answers: what was found in it.
        note: why there is no score.
        source: where the notebook lay.
        submitted: when it was written, as the collection says.
        graded: when it was graded, UTC.
    """

    digest: str
    status: str
    seed: int | None
    tasks: tuple[TaskResult, ...]
    answers: Answers
    note: str
    source: str
    submitted: str
    graded: str

    @property
    def score(self) -> float:
        """Points of all coding tasks."""
        return sum(task.points for task in self.tasks)


@dataclass(frozen=True)
class Text:
    """A written answer and its mark.

    Args:
        id: what a marking form shows instead of a name.
        text: as handed in.
        points: None until a reader marked it.
        comment: the reader's.
        marker: the reader.
        marked: when, ISO 8601.
        earlier: points of the student's last marked other text for the question, when there is one.
    """

    id: str
    text: str
    points: float | None = None
    comment: str = ""
    marker: str = ""
    marked: str = ""
    earlier: float | None = None


@dataclass(frozen=True)
class Row:
    """What stands in the gradebook for one student of one lab.

    Args:
        student: name as the collection has it.
        newest: the submission handed in last.
        grade: the newest one that was graded; None when there is none.
        texts: the written answers of the submission that counts, by question.
    """

    student: str
    newest: Grading
    grade: Grading | None
    texts: dict[str, Text] = field(default_factory=dict)

    @property
    def shown(self) -> Grading:
        """The submission that counts: the graded one, else the newest."""
        return self.grade or self.newest


def unpacked(
    digest: str,
    status: str,
    seed: int | None,
    tasks: str,
    code: str,
    written: str,
    notes: str,
    *rest: str,
) -> Grading:
    """A submission from the values of the gradebook's columns."""
    answers = Answers(json.loads(code), json.loads(written), tuple(json.loads(notes)))
    return Grading(
        digest, status, seed, tuple(TaskResult(**one) for one in json.loads(tasks)), answers, *rest
    )
