"""Answers found in whatever the student did to the notebook."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from course_utils.grading.answers import belongs, is_blank, read_answers
from course_utils.grading.assignment import Assignment
from course_utils.grading.members import UnreadableError

FILLED = "def double(x):\n    return x + x"
OTHER = "def double(x):\n    return 2 * x"
LABS = sorted((Path(__file__).parents[2] / "labs").glob("*/*.ipynb"))


@pytest.fixture
def notebook(assignment: Assignment) -> Any:
    return copy.deepcopy(assignment.released)


@pytest.fixture
def released(assignment: Assignment) -> Any:
    return assignment.released


def content(notebook: Any) -> bytes:
    return json.dumps(notebook).encode()


def of(notebook: Any, name: str) -> Any:
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name)


def own(source: str, kind: str = "code") -> Any:
    return nbformat.from_dict(
        {"cell_type": kind, "source": source, "metadata": {}, "id": f"own{len(source)}"}
    )


def test_finds_answers_by_grade_id(handed_in: Callable[..., bytes], released: Any):
    answers = read_answers(handed_in(double=FILLED, why="Because."), released)
    assert (answers.code, answers.written, answers.notes) == ({"double": FILLED}, {"why": "Because."}, ())


def test_an_untouched_lab_gives_its_blanks(notebook: Any, released: Any):
    answers = read_answers(content(notebook), released)
    assert answers.code == {"double": of(released, "double").source}
    assert answers.written == {"why": "YOUR ANSWER HERE"}
    assert answers.notes == ()


@pytest.mark.parametrize("ends", ["\r\n", "\n\n", "  \n"])
def test_a_blank_stays_one_with_other_line_ends(notebook: Any, released: Any, ends: str):
    blank = of(notebook, "double")
    blank.source = blank.source.replace("\n", ends) + ends
    assert read_answers(content(notebook), released).code == {"double": of(released, "double").source}


def test_finds_answers_without_metadata_by_the_cells_id(notebook: Any, released: Any):
    of(notebook, "double").source = "y = 3"
    of(notebook, "why").source = "Because."
    for cell in notebook.cells:
        cell.metadata = {}
    answers = read_answers(content(notebook), released)
    assert answers.code == {"double": "y = 3"}
    assert answers.written == {"why": "Because."}


def test_finds_answers_without_metadata_and_ids_by_name_and_place(notebook: Any, released: Any):
    of(notebook, "double").source = FILLED
    notebook.cells[5].source = "My answer is long."
    notebook.cells.insert(5, own(notebook.cells[4].source))  # the check, copied
    for cell in notebook.cells:
        cell.metadata = {}
        cell.pop("id", None)
    before = released.cells[4].source
    assert notebook.cells[4].source == before
    answers = read_answers(content(notebook), released)
    assert answers.code == {"double": FILLED}
    assert "answer cell of double is empty or missing" in answers.notes[0]


def test_a_deleted_answer_is_missing_and_said(notebook: Any, released: Any):
    notebook.cells.remove(of(notebook, "double"))
    answers = read_answers(content(notebook), released)
    assert answers.code == {}
    assert "answer cell of double was not found" in answers.notes[0]


def test_equal_copies_are_one(notebook: Any, released: Any):
    of(notebook, "double").source = FILLED
    notebook.cells.append(copy.deepcopy(of(notebook, "double")))
    answers = read_answers(content(notebook), released)
    assert (answers.code, answers.notes) == ({"double": FILLED}, ())


@pytest.mark.parametrize("order", [0, 1])
def test_a_filled_copy_wins_over_a_blank_one(notebook: Any, released: Any, order: int):
    filled = copy.deepcopy(of(notebook, "double"))
    filled.source = FILLED
    notebook.cells.insert(0 if order else len(notebook.cells), filled)
    answers = read_answers(content(notebook), released)
    assert (answers.code, answers.notes) == ({"double": FILLED}, ())


def test_of_different_copies_the_last_that_defines_the_name_counts(notebook: Any, released: Any):
    first = of(notebook, "double")
    first.source = FILLED
    for source in (OTHER, FILLED, OTHER, "print(double(3))"):
        later = copy.deepcopy(first)
        later.source = source
        notebook.cells.append(later)
    answers = read_answers(content(notebook), released)
    assert answers.code == {"double": OTHER}
    assert answers.notes == ("3 cells hold different answers to double: the last one counts.",)


def test_an_answer_in_a_cell_of_ones_own_counts_when_its_cell_is_blank(notebook: Any, released: Any):
    notebook.cells.append(own(FILLED))
    answers = read_answers(content(notebook), released)
    assert answers.code == {"double": FILLED}
    assert "another cell was taken" in answers.notes[0]
    of(notebook, "double").source = OTHER
    assert read_answers(content(notebook), released).code == {"double": OTHER}


def test_an_answer_with_a_typing_error_is_still_found(notebook: Any, released: Any):
    notebook.cells.remove(of(notebook, "double"))
    notebook.cells.append(own("def double(x) return 2"))
    assert read_answers(content(notebook), released).code == {"double": "def double(x) return 2"}


def test_says_when_an_answer_needs_what_stands_outside(notebook: Any, released: Any):
    of(
        notebook, "double"
    ).source = "def double(x):\n    return helper(math.floor(x)) * np.e * len(COURSE_SEED)"
    notebook.cells.insert(0, own("import numpy as np\ndef helper(x):\n    return x"))
    answers = read_answers(content(notebook), released)
    assert "double uses helper, np from outside the answer cells" in answers.notes[0]


def test_edited_checks_and_given_cells_change_nothing(notebook: Any, released: Any):
    of(notebook, "double").source = FILLED
    of(notebook, "double_check").source = "def double(x): return 4"
    of(notebook, "parameters").source = "COURSE_SEED = 99"
    assert read_answers(content(notebook), released).code == {"double": FILLED}


def test_an_answer_cell_turned_into_text_is_taken_as_code(notebook: Any, released: Any):
    of(notebook, "double").update(cell_type="markdown", source=FILLED)
    answers = read_answers(content(notebook), released)
    assert answers.code == {"double": FILLED}
    assert "no code cell any more" in answers.notes[0]


def test_a_written_answer_below_its_blank_cell_counts(notebook: Any, released: Any):
    place = notebook.cells.index(of(notebook, "why")) + 1
    notebook.cells.insert(place, own("Because.", "markdown"))
    assert read_answers(content(notebook), released).written == {"why": "Because."}


@pytest.mark.parametrize("lab", LABS, ids=lambda path: path.stem)
def test_no_lab_is_taken_for_another(lab: Path):
    mine = nbformat.read(lab, as_version=4)
    stripped = copy.deepcopy(mine)
    for cell in stripped.cells:
        cell.metadata = {}
    for other in LABS:
        theirs = nbformat.read(other, as_version=4)
        assert belongs(lab.read_bytes(), theirs) == (lab == other)
        assert belongs(content(stripped), theirs) == (lab == other)
        if lab != other:
            with pytest.raises(UnreadableError, match="is this the right lab"):
                read_answers(lab.read_bytes(), theirs)


@pytest.mark.parametrize("lab", LABS, ids=lambda path: path.stem)
def test_the_masters_own_answers_come_back(lab: Path):
    assignment = Assignment.read(lab.parents[2] / "solutions" / lab.parent.name / lab.name)
    master = nbformat.read(lab.parents[2] / "solutions" / lab.parent.name / lab.name, as_version=4)
    answers = read_answers(content(master), assignment.released)
    assert set(answers.code) == set(assignment.tasks)
    assert set(answers.written) == {question.name for question in assignment.questions}
    assert not any(
        is_blank(source, of(assignment.released, name).source) for name, source in answers.code.items()
    )
    assert answers.notes == ()
