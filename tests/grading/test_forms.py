"""Forms for written answers, and the marks that come back."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from course_utils.grading.assignment import Assignment, Question
from course_utils.grading.forms import FORMAT, form_page, read_marks
from course_utils.grading.gradebook import Gradebook
from course_utils.grading.pages import slug

LAB = "lab99_small"
SAVED = "2026-11-23T10:00:00.000Z"


@pytest.fixture
def book(rows_of: Callable, tmp_path: Path) -> Iterator[Gradebook]:
    rows_of({"Ann Lee": ("", "Because."), "Bob Lee": ("", "Why not?"), "Eve Lee": ("", "YOUR ANSWER HERE")})
    with Gradebook(tmp_path / "rows.sqlite") as book:
        yield book


@pytest.fixture
def file(book: Gradebook, tmp_path: Path) -> Callable[..., Path]:
    """Writes a file of marks as a form saves it, with one entry changed."""
    ann = book.rows(LAB)[0].texts["why"].id

    def write(**changes: Any) -> Path:
        mark = {"answer": ann, "points": 1.5, "comment": "good"} | changes.pop("mark", {})
        content = {
            "format": FORMAT,
            "lab": LAB,
            "question": "why",
            "marker": "dan",
            "saved": SAVED,
            "marks": [mark],
        }
        path = tmp_path / "marks.json"
        path.write_text(json.dumps(content | changes))
        return path

    return write


def test_shows_answers_without_names(assignment: Assignment, book: Gradebook, parsed: type):
    question = Question(
        "why", 2.0, "## Why\n\nSay why.\n\n| points | look for |\n|---|---|\n| 1 | a <reason> |"
    )
    page = parsed(form_page(assignment, question, book.rows(LAB)))
    assert "Because." in page.text
    assert "Why not?" in page.text
    assert "2 answers" in page.text
    assert "a <reason>" in page.text
    assert not any(name in page.text for name in ("Ann Lee", "Bob Lee", "Eve Lee"))
    assert page.tags.count("td") == 4
    ids = [value for tag, name, value in page.attributes if (tag, name) == ("article", "id")]
    assert ids == sorted(row.texts["why"].id for row in book.rows(LAB)[:2])


def test_a_students_script_is_text(assignment: Assignment, rows_of: Callable, parsed: type, hostile: str):
    (row,) = rows_of({hostile: ("", hostile)})
    (question,) = assignment.questions
    marked = replace(row, texts={"why": replace(row.texts["why"], comment=hostile, points=1.0)})
    calm = replace(row, texts={"why": replace(row.texts["why"], text="x", comment="x", points=1.0)})
    page, plain = (parsed(form_page(assignment, question, [one])) for one in (marked, calm))
    assert page.tags == plain.tags
    assert page.tags.count("script") == 1
    assert [name for _, name, _ in page.attributes] == [name for _, name, _ in plain.attributes]
    assert page.text.count(hostile.replace("\0", "\ufffd").replace("\a", "\ufffd")) == 2


def test_stored_marks_come_back_in_the_form(
    assignment: Assignment, book: Gradebook, file: Callable, parsed: type
):
    lab, marks = read_marks(file(), book)
    assert (lab, book.mark(marks), book.mark(marks)) == (LAB, (1, 0), (0, 0))
    (question,) = assignment.questions
    page = parsed(form_page(assignment, question, book.rows(LAB)))
    values = [value for tag, name, value in page.attributes if (tag, name) == ("input", "value")]
    assert sorted(values) == ["", "1.5"]
    assert "good" in page.text


def test_a_changed_answer_asks_for_a_new_mark(assignment: Assignment, book: Gradebook, parsed: type):
    rows = [replace(row, texts={"why": replace(row.texts["why"], earlier=1.5)}) for row in book.rows(LAB)[:1]]
    assert (
        "Changed after it had been marked with 1.5"
        in parsed(form_page(assignment, assignment.questions[0], rows)).text
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": "other"}, "no file of marks"),
        ({"marks": {}}, "no file of marks"),
        ({"lab": "lab98_x"}, "no question 'why' of 'lab98_x'"),
        ({"question": "how"}, "no question 'how'"),
        ({"question": ["why"]}, "no question"),
        ({"saved": "yesterday"}, "changed by hand"),
        ({"marker": 7}, "changed by hand"),
        ({"mark": {"answer": "0123"}}, "no answer '0123'"),
        ({"mark": {"points": 2.5}}, "between 0 and 2, got 2.5"),
        ({"mark": {"points": -0.5}}, "between 0 and 2"),
        ({"mark": {"points": float("nan")}}, "between 0 and 2"),
        ({"mark": {"points": float("inf")}}, "between 0 and 2"),
        ({"mark": {"points": "2"}}, "between 0 and 2"),
        ({"mark": {"points": True}}, "between 0 and 2"),
        ({"mark": {"comment": 7}}, "must be text"),
        ({"marks": [7]}, "between 0 and 2"),
    ],
)
def test_marks_are_checked(book: Gradebook, file: Callable, changes: dict[str, Any], words: str):
    with pytest.raises(ValueError, match=words):
        read_marks(file(**changes), book)


def test_a_mark_can_be_taken_back(book: Gradebook, file: Callable):
    book.mark(read_marks(file(), book)[1])
    book.mark(
        read_marks(file(mark={"points": None, "comment": ""}, saved=SAVED.replace("T10", "T11")), book)[1]
    )
    assert book.rows(LAB)[0].texts["why"].points is None


def test_an_answer_marked_twice_in_a_file_is_refused(book: Gradebook, file: Callable):
    marks = json.loads(file().read_text())["marks"]
    with pytest.raises(ValueError, match="marked twice"):
        read_marks(file(marks=marks * 2), book)


@pytest.mark.parametrize("content", ["", "[", "[]", "7", "[" * 100_000])
def test_a_file_of_another_kind_is_refused(book: Gradebook, tmp_path: Path, content: str):
    path = tmp_path / "marks.json"
    path.write_text(content)
    with pytest.raises(ValueError, match="no file of marks"):
        read_marks(path, book)


def test_the_forms_file_name_is_safe():
    assert slug("../why") == slug("../why").replace("/", "")
