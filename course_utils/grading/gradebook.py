"""The gradebook, the record of all grading: what was handed in, what came of it, and the readers' marks.

A score is final. What could not be graded is not: it is tried again, and it never replaces a score. The current
grade of a student is that of the newest submission which was graded.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType

from course_utils.grading.assignment import Assignment
from course_utils.grading.database import connect, in_words, transaction
from course_utils.grading.entries import WAITING, Grading, Row, Text, unpacked
from course_utils.grading.records import Answers, Result
from course_utils.grading.submissions import Submission


class Gradebook:
    """An open gradebook; every method that writes has written when it returns."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it; see `database.connect`."""
        self.path = path
        self._base = connect(path)

    def __enter__(self) -> "Gradebook":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._base.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written inside is written at once or not at all; on the disk that costs one wait, not many."""
        with in_words(self.path), transaction(self._base):
            yield

    def enter(self, assignment: Assignment) -> None:
        """Keep what a lab's pages need, so that they can be made from the gradebook alone."""
        with in_words(self.path), transaction(self._base):
            self._base.execute(
                "INSERT INTO assignments VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET facts = excluded.facts",
                (assignment.digest, assignment.lab, assignment.dumps()),
            )

    def hand_in(
        self, assignment: Assignment, one: Submission, answers: Answers | None, note: str = ""
    ) -> int | None:
        """Keep a submission, unless it is already there.

        Args:
            assignment: one that was entered.
            one: the submission.
            answers: what was found in it; None when it is unreadable.
            note: why it is unreadable.

        Returns:
            The key under which to record its result; None when there is nothing to grade.
        """
        digest = hashlib.sha256(
            one.content if one.content is not None else _storable(one.problem).encode()
        ).hexdigest()
        found = answers or Answers({})
        values = (
            WAITING if answers is not None else "unreadable",
            json.dumps(dict(found.code)),
            json.dumps(dict(found.written)),
            _storable(note),
            json.dumps((*one.notes, *found.notes)),
            _storable(one.source),
            one.submitted,
        )
        key = (assignment.lab, one.student, digest, assignment.digest)
        with in_words(self.path), transaction(self._base):
            self._base.execute(
                """INSERT INTO gradings (status, code, written, note, notes, source, submitted,
                       lab, student, digest, assignment) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                   ON CONFLICT DO UPDATE SET code = excluded.code, written = excluded.written,
                       notes = excluded.notes,
                       status = iif(status = 'INFRA' AND excluded.status = 'waiting', status, excluded.status),
                       note = iif(status = 'INFRA' AND excluded.status = 'waiting', note, excluded.note)
                   WHERE status <> 'graded'""",
                values + key,
            )
            grading, status = self._base.execute(
                """SELECT id, status FROM gradings
                   WHERE lab = ? AND student = ? AND digest = ? AND assignment = ?""",
                key,
            ).fetchone()
            last = self._base.execute(
                """SELECT grading FROM handins JOIN gradings ON gradings.id = grading
                   WHERE lab = ? AND student = ? ORDER BY handins.id DESC LIMIT 1""",
                key[:2],
            ).fetchone()
            if last != (grading,):
                self._base.execute("INSERT INTO handins (grading, seen) VALUES (?, ?)", (grading, _now()))
            for question, text in found.written.items():
                self._base.execute(
                    "INSERT INTO texts (lab, student, question, text) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    (*key[:2], question, text),
                )
        return grading if answers is not None and status != "graded" else None

    def record(self, key: int, result: Result) -> bool:
        """Record what became of a submission.

        Args:
            key: as `hand_in` gave it.
            result: a score is recorded once and stays; any other status gives way to the next.

        Returns:
            False when another grader was first.
        """
        tasks = json.dumps([asdict(task) for task in result.tasks])
        with in_words(self.path), transaction(self._base):
            cursor = self._base.execute(
                """UPDATE gradings SET status = ?, seed = ?, tasks = ?, note = ?, graded = ?
                   WHERE id = ? AND status <> 'graded'""",
                (result.status, result.seed, tasks, _storable(result.note), _now(), key),
            )
        return cursor.rowcount == 1

    def last_graded(self, lab: str) -> str:
        """When a submission of a lab was graded last, ISO 8601; empty when none was."""
        with in_words(self.path):
            (found,) = self._base.execute("SELECT max(graded) FROM gradings WHERE lab = ?", (lab,)).fetchone()
        return found or ""

    def newest_assignment(self, lab: str) -> Assignment | None:
        """The assignment by which a lab was graded last; None when nothing of the lab was handed in."""
        with in_words(self.path):
            found = self._base.execute(
                """SELECT facts FROM handins JOIN gradings ON gradings.id = grading
                   JOIN assignments ON assignments.digest = assignment
                   WHERE gradings.lab = ? ORDER BY handins.id DESC LIMIT 1""",
                (lab,),
            ).fetchone()
        return Assignment.loads(found[0]) if found else None

    def labs(self) -> list[str]:
        """Names of the labs that were entered."""
        with in_words(self.path):
            return [lab for (lab,) in self._base.execute("SELECT DISTINCT lab FROM assignments ORDER BY lab")]

    def assignment(self, digest: str) -> Assignment:
        """An assignment as it was entered, without its notebook."""
        with in_words(self.path):
            (facts,) = self._base.execute(
                "SELECT facts FROM assignments WHERE digest = ?", (digest,)
            ).fetchone()
        return Assignment.loads(facts)

    def rows(self, lab: str) -> list[Row]:
        """Every student who ever handed in a lab, by name."""
        with in_words(self.path):
            found = self._base.execute(
                """SELECT student, assignment, status, seed, tasks, code, written, notes, note,
                       source, submitted, graded
                   FROM handins JOIN gradings ON gradings.id = grading WHERE lab = ? ORDER BY handins.id""",
                (lab,),
            ).fetchall()
            texts = self._base.execute(
                """SELECT student, question, id, text, points, comment, marker, marked FROM texts
                   WHERE lab = ? ORDER BY marked""",
                (lab,),
            ).fetchall()
        history: dict[str, list[Grading]] = {}
        for student, *values in found:
            history.setdefault(student, []).append(unpacked(*values))
        every: dict[tuple[str, str], list[Text]] = {}
        for student, question, *text in texts:
            every.setdefault((student, question), []).append(Text(*text))
        rows = []
        for student in sorted(history):
            graded = [one for one in history[student] if one.status == "graded"]
            row = Row(student, history[student][-1], graded[-1] if graded else None)
            written = row.shown.answers.written
            current = {name: _current(text, every[student, name]) for name, text in written.items()}
            rows.append(Row(student, row.newest, row.grade, current))
        return rows

    def mark(self, marks: Iterable[Text]) -> tuple[int, int]:
        """Store readers' marks, all or none; a mark that is newer than the one given stays.

        Args:
            marks: by the texts' ids; their words are not looked at.

        Returns:
            How many marks are new or changed, and how many were not taken: what is stored is newer, and another.

        Raises:
            ValueError: a mark is more than a day ahead of this clock; it would keep all later ones out.
        """
        changed = older = 0
        tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        with in_words(self.path), transaction(self._base):
            for mark in marks:
                if mark.marked > tomorrow:
                    raise ValueError(
                        f"the marks were saved on {mark.marked}, more than a day ahead of this clock: set the "
                        "clock that is wrong, then save the form anew. Nothing was stored."
                    )
                new = (mark.points, mark.comment, mark.marker, mark.marked)
                older += self._base.execute(
                    """SELECT count(*) FROM texts
                       WHERE id = ? AND marked > ? AND (points, comment, marker) IS NOT (?, ?, ?)""",
                    (mark.id, mark.marked, *new[:3]),
                ).fetchone()[0]
                changed += self._base.execute(
                    """UPDATE texts SET points = ?, comment = ?, marker = ?, marked = ?
                       WHERE id = ? AND marked <= ? AND (points, comment, marker, marked) IS NOT (?, ?, ?, ?)""",
                    (*new, mark.id, mark.marked, *new),
                ).rowcount
        return changed, older

    def texts(self, lab: str, question: str) -> set[str]:
        """Ids of all texts ever handed in for a question."""
        with in_words(self.path):
            found = self._base.execute("SELECT id FROM texts WHERE lab = ? AND question = ?", (lab, question))
            return {one for (one,) in found}


def _current(text: str, every: list[Text]) -> Text:
    """A student's text that counts, with the points of an older one that was marked."""
    marked = [one.points for one in every if one.points is not None and one.text != text]
    (current,) = [one for one in every if one.text == text]
    return Text(**(asdict(current) | {"earlier": marked[-1] if marked else None}))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _storable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
