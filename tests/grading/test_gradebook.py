"""The record: nothing lost, nothing double, whatever happens to the process, the disk or the file."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from course_utils.grading.assignment import Assignment
from course_utils.grading.database import GradebookError
from course_utils.grading.entries import Text
from course_utils.grading.gradebook import Gradebook
from course_utils.grading.records import Answers, Result, TaskResult
from course_utils.grading.submissions import Submission

TABLES = ("gradings", "handins", "texts")
GRADER = Path(__file__).with_name("grade_slowly.py")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gradebook.sqlite"


@pytest.fixture
def book(path: Path, assignment: Assignment) -> Iterator[Gradebook]:
    with Gradebook(path) as book:
        book.enter(assignment)
        yield book


@pytest.fixture
def hand_in(book: Gradebook, assignment: Assignment) -> Callable[..., int | None]:
    """Hands in a version of a student's notebook; None as its text is an unreadable one."""

    def hand(
        version: str | None, student: str = "ann", why: str = "", by: Assignment = assignment
    ) -> int | None:
        one = Submission(student, "x.ipynb", (version or "?").encode())
        return book.hand_in(
            by, one, None if version is None else Answers({"double": version}, {"why": why}), "broken"
        )

    return hand


def graded(points: float, seed: int = 1) -> Result:
    return Result(
        "graded", seed, (TaskResult("double", "passed" if points else "wrong", points, 3.0, "2 is 2"),)
    )


def score(book: Gradebook, student: str = "ann") -> float | None:
    (row,) = [row for row in book.rows("lab99_small") if row.student == student]
    return row.grade.score if row.grade else None


def test_keeps_everything_of_a_grading(book: Gradebook, hand_in: Callable, assignment: Assignment):
    key = hand_in("A", why="Because.")
    (row,) = book.rows("lab99_small")
    assert (row.newest.status, row.grade) == ("waiting", None)
    assert book.record(key, graded(3, seed=2**40))
    (row,) = book.rows("lab99_small")
    assert row.grade == row.newest == row.shown
    assert (row.grade.seed, row.grade.tasks) == (2**40, graded(3).tasks)
    assert row.grade.answers == Answers({"double": "A"}, {"why": "Because."})
    assert row.grade.digest == assignment.digest
    assert book.newest_assignment("lab99_small") == book.assignment(assignment.digest) == assignment


def test_what_is_graded_is_not_graded_again(book: Gradebook, hand_in: Callable):
    assert book.record(hand_in("A"), graded(3))
    assert hand_in("A") is None
    assert score(book) == 3


def test_the_first_of_two_graders_wins(
    book: Gradebook, path: Path, hand_in: Callable, assignment: Assignment
):
    key = hand_in("A")
    with Gradebook(path) as second:
        assert second.hand_in(assignment, Submission("ann", "", b"A"), Answers({"double": "A"})) == key
        assert second.record(key, graded(3))
    assert not book.record(key, graded(0))
    assert score(book) == 3
    assert len(book.rows("lab99_small")) == 1


def test_infra_is_no_score_and_is_tried_again(book: Gradebook, hand_in: Callable):
    key = hand_in("A")
    book.record(key, Result("INFRA", 1, (), "no sandbox"))
    (row,) = book.rows("lab99_small")
    assert (row.grade, row.newest.status, row.newest.note) == (None, "INFRA", "no sandbox")
    assert hand_in("A") == key
    assert book.rows("lab99_small")[0].newest.status == "INFRA"
    assert book.rows("lab99_small")[0].newest.note == "no sandbox"
    book.record(key, graded(3))
    assert score(book) == 3
    assert not book.record(key, Result("INFRA", 1))
    assert score(book) == 3


@pytest.mark.parametrize("bad", ["unreadable", "INFRA", "waiting"])
def test_what_was_not_graded_never_replaces_a_score(book: Gradebook, hand_in: Callable, bad: str):
    book.record(hand_in("A"), graded(3))
    key = hand_in(None if bad == "unreadable" else "B")
    if bad == "INFRA":
        book.record(key, Result("INFRA", 1))
    (row,) = book.rows("lab99_small")
    assert (row.grade.score, row.newest.status) == (3, bad)


def test_the_submission_handed_in_last_counts_also_when_it_is_an_old_one(book: Gradebook, hand_in: Callable):
    book.record(hand_in("A"), graded(3))
    book.record(hand_in("B"), graded(0))
    assert score(book) == 0
    assert hand_in("A") is None
    assert score(book) == 3
    hand_in("A")
    (count,) = book._base.execute("SELECT count(*) FROM handins").fetchone()
    assert count == 3


def test_an_unreadable_one_that_can_be_read_now_is_graded(book: Gradebook, assignment: Assignment):
    one = Submission("ann", "x.ipynb", b"A")
    assert book.hand_in(assignment, one, None, "broken") is None
    key = book.hand_in(assignment, one, Answers({"double": "A"}))
    book.record(key, graded(3))
    assert score(book) == 3


def test_a_changed_master_grades_anew(book: Gradebook, hand_in: Callable, assignment: Assignment):
    book.record(hand_in("A"), graded(3))
    changed = Assignment(assignment.lab, 7, "another", assignment.tasks, assignment.questions)
    book.enter(changed)
    key = hand_in("A", by=changed)
    assert score(book) == 3
    book.record(key, graded(0))
    assert score(book) == 0
    assert book.newest_assignment("lab99_small") == changed


@pytest.mark.parametrize(
    "student", ["=1+1", "a\nb\0c", "<b>'\"\\;--", "\u202egnp", "x" * 300, "é", "e\u0301", "ANN", "ann", ""]
)
def test_any_student_is_one_of_its_own(book: Gradebook, hand_in: Callable, student: str):
    names = sorted({"ann", "Ann", "e\u0301", student})
    for place, name in enumerate(names):
        book.record(hand_in("A", student=name), graded(place))
    rows = {row.student: row.grade.score for row in book.rows("lab99_small")}
    assert rows == {name: place for place, name in enumerate(names)}


def test_marks_stay_with_their_text(book: Gradebook, hand_in: Callable):
    book.record(hand_in("A", why="Because."), graded(3))
    text = book.rows("lab99_small")[0].texts["why"]
    mark = Text(text.id, "", 1.5, "good", "eve", "2026-11-23T10:00:00.000Z")
    assert book.mark([mark]) == (1, 0)
    assert book.mark([mark]) == (0, 0)
    book.record(hand_in("B", why="Because."), graded(0))
    kept = book.rows("lab99_small")[0].texts["why"]
    assert (kept.id, kept.points, kept.comment, kept.marker) == (text.id, 1.5, "good", "eve")
    book.record(hand_in("C", why="Because I say so."), graded(0))
    changed = book.rows("lab99_small")[0].texts["why"]
    assert (changed.points, changed.earlier) == (None, 1.5)
    book.record(hand_in("D", student="bob", why="Because."), graded(0))
    assert [row.texts["why"].points for row in book.rows("lab99_small")] == [None, None]


def test_an_older_mark_does_not_replace_a_newer_one(book: Gradebook, hand_in: Callable):
    hand_in("A", why="Because.")
    text = book.rows("lab99_small")[0].texts["why"]
    marks = [Text(text.id, "", day, "", "", f"2026-11-2{day}T10:00:00.000Z") for day in (1, 2)]
    assert [book.mark([mark]) for mark in reversed(marks)] == [(1, 0), (0, 1)]
    assert book.rows("lab99_small")[0].texts["why"].points == 2


def test_a_mark_of_a_clock_that_is_years_ahead_is_refused(book: Gradebook, hand_in: Callable):
    hand_in("A", why="Because.")
    text = book.rows("lab99_small")[0].texts["why"]
    with pytest.raises(ValueError, match=r"2099.* more than a day ahead .* Nothing was stored"):
        book.mark([Text(text.id, "", 0, "", "", "2099-01-01T00:00:00.000Z")])
    assert book.mark([Text(text.id, "", 3, "", "", "2026-11-21T10:00:00.000Z")]) == (1, 0)


def test_a_foreign_database_is_left_alone(path: Path):
    base = sqlite3.connect(path)
    base.execute("CREATE TABLE nbgrader (x)")
    base.commit()
    base.close()
    before = path.read_bytes()
    with pytest.raises(GradebookError, match="another program's database and was left alone"):
        Gradebook(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"student,score\nann,3\n" * 100, b"x", b"SQLite format 3\0" + b"\1" * 5000]
)
def test_a_file_that_is_no_gradebook_is_left_alone(path: Path, content: bytes):
    path.write_bytes(content)
    with pytest.raises(GradebookError, match=r"no gradebook|damaged"):
        Gradebook(path)
    assert path.read_bytes() == content


def test_a_damaged_gradebook_says_so(path: Path, assignment: Assignment):
    with Gradebook(path) as book:
        book.enter(assignment)
        for number in range(60):
            book.hand_in(assignment, Submission(f"s{number}", "", b"A"), Answers({"double": "x" * 500}))
    content = bytearray(path.read_bytes())
    for place in range(4096 * 3, len(content) - 4096, 4096):
        content[place : place + 200] = b"\xa5" * 200
    path.write_bytes(content)
    with pytest.raises(GradebookError, match="damaged"):
        Gradebook(path)
    assert path.read_bytes() == bytes(content)


def test_a_newer_gradebook_is_left_alone(path: Path):
    Gradebook(path).__exit__(None, None, None)
    base = sqlite3.connect(path)
    base.execute("PRAGMA user_version = 99")
    base.close()
    with pytest.raises(GradebookError, match="version 99"):
        Gradebook(path)


def test_a_folder_or_a_missing_one_is_said(tmp_path: Path):
    with pytest.raises(GradebookError, match="no regular file"):
        Gradebook(tmp_path)
    with pytest.raises(GradebookError, match="cannot be opened"):
        Gradebook(tmp_path / "missing" / "x.sqlite")


def test_an_error_inside_leaves_nothing_half(book: Gradebook, hand_in: Callable, assignment: Assignment):
    book.record(hand_in("A"), graded(3))
    one = Submission("bob", "", b"B")
    with pytest.raises(GradebookError, match="Nothing recorded was lost"):
        book.hand_in(Assignment("lab99_small", None, "never entered", {}, ()), one, Answers({}))
    assert [row.student for row in book.rows("lab99_small")] == ["ann"]


@pytest.mark.parametrize("how", ["killed again and again", "together"])
def test_nothing_is_lost_and_nothing_double(path: Path, master: Path, how: str):
    here = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, GRADER, path, master, how], capture_output=True, text=True, env=here
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    with Gradebook(path) as book:
        rows = {row.student: row.grade.score for row in book.rows("lab99_small") if row.grade}
        counts = [book._base.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in TABLES]
    assert rows == {f"student{number}": number for number in range(60)}
    assert counts == [60, 60, 60]
    assert len(said) == len(set(said))
    # Killed between the commit and its line, a grader has recorded what it did not say.
    assert 48 <= len(said) <= 60
    assert how != "together" or len(said) == 60


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("mount"), reason="a small disk can only be mounted by root"
)
def test_a_full_disk_says_so_and_loses_nothing(tmp_path: Path, assignment: Assignment):
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", disk], capture_output=True)
    if made.returncode:
        pytest.skip("this container may not mount a disk")
    try:
        with Gradebook(disk / "gradebook.sqlite") as book:
            book.enter(assignment)
            kept = 0
            with pytest.raises(GradebookError, match="the disk is full: free some space"):  # noqa: PT012
                for kept in range(1000):
                    key = book.hand_in(
                        assignment, Submission(f"s{kept:03}", "", b"A"), Answers({"double": "x" * 3000})
                    )
                    book.record(key, graded(3))
            assert 5 < kept == sum(row.grade is not None for row in book.rows("lab99_small"))
        subprocess.run(["mount", "-o", "remount,size=1m", disk], check=True)
        with Gradebook(disk / "gradebook.sqlite") as book:
            assert kept == sum(row.grade is not None for row in book.rows("lab99_small"))
            key = book.hand_in(assignment, Submission("zoe", "", b"A"), Answers({"double": "x"}))
            assert book.record(key, graded(3))
    finally:
        subprocess.run(["umount", disk], check=True)
