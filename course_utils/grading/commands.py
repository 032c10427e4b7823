"""The grader's commands: what they take, print and return."""

import argparse
import secrets
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tqdm import tqdm

from course_utils.grading import pool
from course_utils.grading.answers import belongs
from course_utils.grading.arguments import parse
from course_utils.grading.assignment import Assignment, find_master
from course_utils.grading.bubblewrap import Limits, SandboxError
from course_utils.grading.database import GradebookError
from course_utils.grading.entries import Row
from course_utils.grading.forms import read_marks
from course_utils.grading.gradebook import Gradebook
from course_utils.grading.office import GRADEBOOK, export, record_all, take_in
from course_utils.grading.records import Result
from course_utils.grading.submissions import collect, one_line
from course_utils.grading.tables import explanation

SHOWN = 10
"""Most students without a score that are named in the terminal; the table names all."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status.

    Args:
        arguments: the command line after the program's name; the process's own when left out.
    """
    runs = {"grade": _grade, "marks": _marks, "export": _export, "appeal": _appeal, "check": _check}
    options = parse(arguments)
    try:
        return runs[options.command](options)
    except SandboxError as error:
        print(f"The sandbox cannot be used: {error}", file=sys.stderr)
        return 3
    except GradebookError as error:
        print(error, file=sys.stderr)
        return 1
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        where = error.filename or "a file"
        print(
            f"{where}: {error.strerror}. What is graded is recorded; mend it, then run the command again.",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("\nStopped. What is graded is recorded; run the same command again to go on.", file=sys.stderr)
        return 130


def _grade(options: argparse.Namespace) -> int:
    """Grade what is new of a collection, then write everything out."""
    master = find_master(options.lab, options.solutions)
    assignment = Assignment.read(master, options.course_seed)
    fits = partial(belongs, released=assignment.released)
    if options.submissions.resolve() in (options.out / GRADEBOOK).resolve().parents:
        raise ValueError(f"--out {options.out} lies inside {options.submissions}: name a folder beside it.")
    submissions = collect(options.submissions, assignment.lab, fits)
    options.out.mkdir(mode=0o700, parents=True, exist_ok=True)  # grades are nobody else's business
    with Gradebook(options.out / GRADEBOOK) as gradebook:
        before, last = gradebook.newest_assignment(assignment.lab), gradebook.last_graded(assignment.lab)
        jobs = take_in(gradebook, assignment, submissions, iter(partial(secrets.randbits, 32), -1))
        done = 0
        if before and before.digest != assignment.digest and jobs:
            print(f"Everybody is graded anew: {_changed(before, assignment)} since {last or 'the last run'}.")
        if jobs:
            results = _pool(master, jobs, options)
            # Silent where nobody watches.
            with tqdm(total=len(jobs), desc=assignment.lab, unit=" students", disable=None) as bar:
                done = record_all(gradebook, results, bar.update)
        rows = export(gradebook, assignment.lab, options.out)
    print(f"{assignment.lab}: {len(submissions)} submissions, {done} graded now")
    return _summary(rows, options.out / assignment.lab)


def _marks(options: argparse.Namespace) -> int:
    """Store a reader's marks, then write the lab out anew."""
    with _existing(options.out) as gradebook:
        lab, marks = read_marks(options.file, gradebook)
        changed, older = gradebook.mark(marks)
        export(gradebook, lab, options.out)
    late = f", {older} older than what is stored, not taken" if older else ""
    print(
        f"{len(marks)} marks read, {changed} new or changed{late}. Pages: {options.out / lab / 'index.html'}"
    )
    return int(older > 0)


def _export(options: argparse.Namespace) -> int:
    """Write a lab's files from the gradebook alone."""
    with _existing(options.out) as gradebook:
        lab = _lab_in(gradebook, options.lab)
        return _summary(export(gradebook, lab, options.out), options.out / lab)


def _appeal(options: argparse.Namespace) -> int:
    """Grade a student's stored answers again, print what comes, record nothing."""
    with _existing(options.out) as gradebook:
        row = _student(gradebook.rows(_lab_in(gradebook, options.lab)), options.student)
        if row.grade is None:
            raise ValueError(f"{one_line(row.student)} has no score to appeal against: {explanation(row)}")
        graded_by = gradebook.assignment(row.grade.digest)
    options.course_seed = graded_by.course_seed
    master = find_master(graded_by.lab, options.solutions)
    seed = row.grade.seed if options.seed is None else options.seed
    if Assignment.read(master, graded_by.course_seed).digest != graded_by.digest:
        print("The master has changed since: this is today's verdict, not a repetition.")
    jobs = [pool.Job("appeal", row.grade.answers, seed or 0)]
    ((_, result),) = _pool(master, jobs, options)
    print(
        f"{one_line(row.student)}, {graded_by.lab}, seed {seed}: {row.grade.score:g} recorded, {result.score:g} now"
    )
    for task in result.tasks:
        print(f"  {task.task}: {task.status}, {task.points:g} of {task.worth:g}")
        for line in task.message.splitlines():
            print(f"    {one_line(line)}")
    if result.status != "graded":
        print(f"  {result.status}: {result.note}")
    return int(result.status != "graded")


def _check(options: argparse.Namespace) -> int:
    """Say whether the sandbox works here."""
    master = find_master(options.lab, options.solutions)
    list(_pool(master, [], options))
    print(f"The sandbox works here: the solution of {master.stem} scores full marks in it.")
    return 0


def _changed(before: Assignment, now: Assignment) -> str:
    """What makes two variants of a lab differ; where both do, the seed is what was forgotten."""
    if before.course_seed == now.course_seed:
        return "the lab's master has changed"
    was, is_now = ("not set" if one.course_seed is None else one.course_seed for one in (before, now))
    return f"COURSE_SEED has changed from {was} to {is_now}"


def _pool(
    master: Path, jobs: list[pool.Job], options: argparse.Namespace
) -> Iterator[tuple[pool.Job, Result]]:
    collection = [options.submissions.resolve()] if "submissions" in options else []
    return pool.grade(
        master,
        jobs,
        course_seed=options.course_seed,
        workers=options.workers,
        limits=Limits(seconds=options.seconds, memory_gib=options.memory),
        private=[options.out.resolve(), *collection],
    )


def _existing(out: Path) -> Gradebook:
    if not (out / GRADEBOOK).exists():
        raise ValueError(f"no gradebook {out / GRADEBOOK}: grade a lab first, or name its folder with --out.")
    return Gradebook(out / GRADEBOOK)


def _lab_in(gradebook: Gradebook, lab: str) -> str:
    """A lab of the gradebook by number or name."""
    labs = gradebook.labs()
    found = [one for one in labs if lab == one] or [one for one in labs if one.startswith(f"{lab}_")]
    if len(found) != 1:
        raise ValueError(
            f"LAB must name one lab of the gradebook, got {lab!r}. It has: {', '.join(labs) or 'none'}."
        )
    return found[0]


def _student(rows: list[Row], name: str) -> Row:
    """A student by name or by a part of it that no other has."""
    found = [row for row in rows if row.student == name] or [
        row for row in rows if name.casefold() in row.student.casefold()
    ]
    if len(found) != 1:
        some = ", ".join(one_line(row.student) for row in (found or rows)[:SHOWN])
        raise ValueError(
            f"STUDENT must name one student, got {name!r}, which fits {len(found)}. Some: {some}."
        )
    return found[0]


def _summary(rows: list[Row], folder: Path) -> int:
    """Print a line a status, who needs a look, and where the files are."""
    for status, count in Counter(row.newest.status for row in rows).most_common():
        print(f"{count:5} {status}")
    open_rows = [row for row in rows if row.newest.status != "graded"]
    for row in open_rows[:SHOWN]:
        print(f"      {one_line(row.student)}: {one_line(explanation(row))}")
    if len(open_rows) > SHOWN:
        print(f"      and {len(open_rows) - SHOWN} more, in grades.csv")
    if any(row.newest.status in ("INFRA", "waiting") for row in rows):
        print("INFRA and waiting are no scores: run the same command again.")
    print(f"table: {folder / 'grades.csv'}\npages: {folder / 'index.html'}")
    return int(bool(open_rows))
