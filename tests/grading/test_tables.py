"""The table of grades: one row a student, and no cell that a spreadsheet runs."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.grading.assignment import Assignment
from course_utils.grading.records import Answers
from course_utils.grading.tables import ENCODING, grades_csv, safe, written_points


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_one_row_with_everything(assignment: Assignment, rows_of: Callable):
    (ann, bob) = table(grades_csv(assignment, rows_of({"ann": ("", "Because."), "bob": ("2 is 2", "")})))
    assert {
        key: ann[key] for key in ("student", "status", "score", "maximum", "double", "double status")
    } == {
        "student": "ann",
        "status": "graded",
        "score": "3",
        "maximum": "3",
        "double": "3",
        "double status": "passed",
    }
    assert (ann["why (written)"], ann["why status"], ann["seed"]) == ("", "to mark", "12345")
    assert ann["note"] == "note of ann"
    assert (bob["score"], bob["double status"], bob["why (written)"], bob["why status"]) == (
        "0",
        "wrong",
        "0",
        "blank",
    )


def test_says_why_there_is_no_score(assignment: Assignment, rows_of: Callable):
    (row,) = rows_of({"ann": ("", "Because.")})
    newest = replace(row.newest, status="unreadable", note="The file is empty.", answers=Answers({}))
    alone = replace(row, newest=newest, grade=None, texts={})
    (cells,) = table(grades_csv(assignment, [alone]))
    assert (cells["status"], cells["score"], cells["maximum"]) == ("unreadable", "", "3")
    assert (cells["note"], cells["why (written)"]) == ("The file is empty.", "")
    (cells,) = table(grades_csv(assignment, [replace(row, newest=newest)]))
    assert (cells["status"], cells["score"]) == ("unreadable", "3")
    assert "The score is that of the submission graded" in cells["note"]
    assert "The file is empty." in cells["note"]


def test_marks_stand_in_the_table(assignment: Assignment, rows_of: Callable):
    (row,) = rows_of({"ann": ("", "Because.")})
    marked = replace(row, texts={"why": replace(row.texts["why"], points=1.5)})
    (cells,) = table(grades_csv(assignment, [marked]))
    assert (cells["why (written)"], cells["why status"]) == ("1.5", "marked")
    assert written_points(marked, "why") == 1.5


def test_hostile_names_survive_and_run_nowhere(assignment: Assignment, rows_of: Callable, hostile: str):
    text = grades_csv(assignment, rows_of({hostile: (hostile, hostile), "neighbour": ("", "")}))
    names = [row["student"] for row in table(text.encode(ENCODING).decode(ENCODING))]
    assert sorted(name.removeprefix("'") for name in names) == sorted(
        [hostile.replace("\0", "\ufffd"), "neighbour"]
    )
    for row in csv.reader(io.StringIO(text, newline="")):
        assert not any(
            cell.lstrip().startswith(("=", "+", "-", "@")) or cell[:1] in "\t\r\n" for cell in row if cell
        )


@given(st.text())
def test_no_text_is_a_formula(text: str):
    cell = safe(text)
    assert cell.removeprefix("'").replace("\ufffd", "") in text.replace("\0", "").replace("\ufffd", "") + "'"
    assert cell.strip()[:1] not in ("=", "+", "-", "@") or not cell.strip()


def test_excel_is_told_the_encoding():
    assert "ü".encode(ENCODING) == b"\xef\xbb\xbf\xc3\xbc"


@pytest.mark.parametrize("value", [-1, -2.5, 3])
def test_numbers_of_ours_stay_numbers(value: float):
    assert float(safe(value)) == value
