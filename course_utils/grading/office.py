"""The way of a collection through the gradebook: taken in, graded by the pool, recorded one by one, written out."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from course_utils.grading.answers import UnreadableError, read_answers
from course_utils.grading.assignment import Assignment
from course_utils.grading.cells import read_cells
from course_utils.grading.entries import Row
from course_utils.grading.feedback import feedback_page
from course_utils.grading.forms import form_page
from course_utils.grading.gradebook import Gradebook
from course_utils.grading.overview import overview_page
from course_utils.grading.pages import slug, write
from course_utils.grading.pool import Job
from course_utils.grading.records import Answers, Result
from course_utils.grading.submissions import Submission
from course_utils.grading.tables import ENCODING, grades_csv

GRADEBOOK = "gradebook.sqlite"
"""Name of the record in the output folder."""

_SEED = re.compile(r"^COURSE_SEED = (\d+)", re.MULTILINE)


def take_in(
    gradebook: Gradebook, assignment: Assignment, submissions: Iterable[Submission], seeds: Iterator[int]
) -> list[Job]:
    """Keep every submission in the gradebook.

    Args:
        gradebook: the record.
        assignment: the lab, with its released notebook.
        submissions: of the lab, one a student.
        seeds: of the fresh inputs, one for each job; nobody may be able to guess them.

    Returns:
        A job for each submission without a score, its key that of the gradebook.
    """
    found: list[tuple[Submission, Answers | None, str]] = []
    for one in submissions:
        answers, problem = None, one.problem
        if one.content is not None:
            try:
                answers = read_answers(one.content, assignment.released)
                answers = replace(answers, notes=(*answers.notes, *_another_seed(one.content, assignment)))
            except UnreadableError as error:
                problem = str(error)
        found.append((one, answers, problem))
    jobs = []
    with gradebook.together():
        gradebook.enter(assignment)
        for one, answers, problem in found:
            key = gradebook.hand_in(assignment, one, answers, problem)
            if key is not None and answers is not None:
                jobs.append(Job(str(key), answers, next(seeds)))
    return jobs


def _another_seed(content: bytes, assignment: Assignment) -> list[str]:
    """A note where the notebook's course seed is not that of the lab."""
    ours = {seed for cell in assignment.released.cells for seed in _SEED.findall(cell.source)}
    theirs = {
        seed for cell in read_cells(content) if cell.kind == "code" for seed in _SEED.findall(cell.source)
    }
    return [
        f"The notebook has COURSE_SEED {seed}, graded was with {', '.join(sorted(ours))}: is it another year's lab, or "
        "was the seed changed?"
        for seed in sorted(theirs - ours)
        if ours
    ]


def record_all(
    gradebook: Gradebook, results: Iterator[tuple[Job, Result]], tick: Callable[[], object] = lambda: None
) -> int:
    """Record each result as soon as it comes; what is recorded survives whatever happens next.

    Args:
        gradebook: the record.
        results: the pool's.
        tick: called after each, for a progress bar.

    Returns:
        How many scores were recorded.
    """
    count = 0
    for job, result in results:
        count += gradebook.record(int(job.key), result) and result.status == "graded"
        tick()
    return count


def export(gradebook: Gradebook, lab: str, out: Path) -> list[Row]:
    """Write a lab's table, pages and forms from the gradebook alone.

    Args:
        gradebook: the record.
        lab: full name.
        out: the folder to write into; the lab gets one of its own there.

    Returns:
        The rows that were written.

    Raises:
        ValueError: nothing of the lab was ever handed in.
    """
    assignment = gradebook.newest_assignment(lab)
    if assignment is None:
        known = ", ".join(gradebook.labs()) or "none"
        raise ValueError(f"the gradebook {gradebook.path} has nothing of {lab!r}. Labs in it: {known}.")
    rows = gradebook.rows(lab)
    folder = out / lab
    write(folder / "grades.csv", grades_csv(assignment, rows), ENCODING)
    by_digest = {assignment.digest: assignment}
    for row in rows:
        digest = row.shown.digest
        graded_by = by_digest.setdefault(digest, by_digest.get(digest) or gradebook.assignment(digest))
        write(folder / "feedback" / f"{slug(row.student)}.html", feedback_page(graded_by, row))
    for question in assignment.questions:
        write(folder / "forms" / f"{slug(question.name)}.html", form_page(assignment, question, rows))
    write(folder / "index.html", overview_page(assignment, rows))
    return rows
