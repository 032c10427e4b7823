"""A master read into its tasks, and answers tried."""

from pathlib import Path

import nbformat
import pytest

from course_utils.labs import Lab
from course_utils.labs.lab import attempt

SMALL = Path(__file__).parent / "small_master.ipynb"


def test_reads_a_task_in_its_parts():
    task = Lab.read(SMALL).tasks["double"]
    assert task.points == 3.0
    assert "secret = 2 * x" in task.reference
    assert "### " not in task.reference + task.check + task.visible
    assert "secret" not in task.blank
    assert "pi" in task.check
    assert "pi" not in task.visible


def test_refuses_an_answer_without_its_check(tmp_path: Path):
    notebook = nbformat.read(SMALL, as_version=4)
    notebook.cells = [
        c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") != "double_check"
    ]
    nbformat.write(notebook, tmp_path / "alone.ipynb")
    with pytest.raises(ValueError, match=r"alone: \['double_check'\]"):
        Lab.read(tmp_path / "alone.ipynb")


def test_given_runs_neither_answers_nor_what_needs_them():
    names = Lab.read(SMALL).given(course_seed=9)
    assert names["COURSE_SEED"] == 9
    assert "math" in names
    assert "double" not in names


def test_hidden_part_can_fail_alone():
    lab = Lab.read(SMALL)
    answer = "def double(x): return 4"
    assert attempt(lab.tasks["double"], answer, lab.given(), hidden=False).passed
    assert not attempt(lab.tasks["double"], answer, lab.given()).passed


def test_an_answer_with_a_syntax_error_fails_in_words():
    lab = Lab.read(SMALL)
    verdict = attempt(lab.tasks["double"], "def double(x) return 2", lab.given())
    assert verdict.message.startswith("SyntaxError")


def test_play_goes_on_after_an_error():
    lab = Lab.read(SMALL)
    blank = lab.play({})
    assert not blank["double"].passed
    assert blank["cell 6"].message == "NotImplementedError: your answer goes here"
    assert lab.play({"double": "def double(x): return x + x"})["double"].passed
