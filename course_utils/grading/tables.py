"""The grades of a lab as a CSV file that spreadsheets open without harm, one row a student."""

import csv
import io
import re
from collections.abc import Sequence

from course_utils.grading.assignment import Assignment
from course_utils.grading.entries import Row
from course_utils.grading.pages import moment, number
from course_utils.labs.release import TEXT_STUB

ENCODING = "utf-8-sig"
"""With a byte order mark: without one Excel takes a CSV for the machine's old code page and garbles names. pandas
and spreadsheets drop it; Python's ``csv`` does with this encoding's name."""

_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
_UNSEEN = re.compile(r"[\x00\ud800-\udfff]")


def safe(cell: object) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe stands before what looks like one.

    >>> safe('=HYPERLINK("http://x")'), safe(-1.5), safe("Ann")
    ('\\'=HYPERLINK("http://x")', '-1.5', 'Ann')
    """
    if isinstance(cell, int | float):
        return number(cell)
    text = _UNSEEN.sub("\ufffd", str(cell))
    return f"'{text}" if _FORMULA.match(text) else text


def explanation(row: Row) -> str:
    """Why a student has no score, or not the newest submission's; empty when all is well."""
    newest = row.newest
    if newest.status == "graded":
        return ""
    why = newest.note or {
        "waiting": "not graded yet: run the command again",
        "INFRA": "the grader failed",
    }.get(newest.status, "")
    if row.grade is None:
        return why
    return f"The score is that of the submission graded {moment(row.grade.graded)}; the newest has none. {why}".strip()


def written_status(row: Row, question: str) -> str:
    """What became of a written answer: ``marked``, ``to mark``, ``blank`` or ``missing``."""
    text = row.texts.get(question)
    if text is None:
        return "missing"
    if text.points is not None:
        return "marked"
    return "blank" if text.text.strip() in ("", TEXT_STUB) else "to mark"


def written_points(row: Row, question: str) -> float | None:
    """Points of a written answer; nothing written is worth nothing, and None waits for a reader."""
    text = row.texts.get(question)
    if text is not None and text.points is not None:
        return text.points
    waits = row.newest.status == "waiting" and row.grade is None
    return None if waits or written_status(row, question) == "to mark" else 0.0


def grades_csv(assignment: Assignment, rows: Sequence[Row]) -> str:
    """The table of a lab, quoted throughout.

    Its columns: student, status of the newest submission, score and maximum of the coding tasks, each task's points
    and status, each written answer's points and status, seed, times, note.

    Args:
        assignment: the lab; its tasks and questions are the columns.
        rows: from the gradebook.
    """
    head = ["student", "status", "score", "maximum"]
    for task in assignment.tasks:
        head += [task, f"{task} status"]
    for question in assignment.questions:
        head += [f"{question.name} (written)", f"{question.name} status"]
    target = io.StringIO()
    writer = csv.writer(target, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([*head, "seed", "submitted", "graded", "note"])
    for row in rows:
        shown = row.shown
        tasks = {task.task: task for task in shown.tasks}
        cells: list[object] = [row.student, row.newest.status]
        cells += (
            [shown.score, sum(task.worth for task in shown.tasks)] if row.grade else ["", assignment.maximum]
        )
        for name in assignment.tasks:
            cells += [tasks[name].points, tasks[name].status] if name in tasks else ["", ""]
        for question in assignment.questions:
            points = written_points(row, question.name) if row.shown.status != "unreadable" else None
            cells += ["" if points is None else points, written_status(row, question.name)]
        seed = "" if shown.seed is None else str(shown.seed)
        note = " ".join(filter(None, (explanation(row), *shown.answers.notes)))
        writer.writerow([safe(cell) for cell in (*cells, seed, shown.submitted, shown.graded, note)])
    return target.getvalue()
