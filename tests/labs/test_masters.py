"""What every master must keep, checked without running it."""

import re
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from gates import EVERY_PAGE
from stored import code_cells, load, outputs

from course_utils.labs import Lab
from course_utils.labs.release import role

TASK = re.compile(
    r"^## Task (\d) · .+\n\n(★☆☆|★★☆|★★★) · (\d+) minutes · (\d+) points?(, by a reader)?$", re.M
)


@pytest.mark.parametrize("gate", EVERY_PAGE, ids=lambda gate: gate.__name__)
def test_keeps_what_every_stored_page_keeps(master: Path, gate):
    assert gate(load(master)) == []


def test_small_and_with_a_figure(master: Path):
    assert master.stat().st_size < 1_000_000
    assert [1 for _, output in outputs(load(master)) if "image/png" in output.get("data", {})]


def test_is_a_valid_notebook(lab: Lab):
    nbformat.validate(lab.notebook)


def test_form_of_a_lab(master: Path, lab: Lab):
    cells = lab.notebook.cells
    number = re.match(r"lab(\d\d)_", master.stem)
    assert number
    assert cells[0].source.startswith(f"# Lab {number[1]} · ")
    code = code_cells(lab.notebook)
    assert "except ImportError" in code[0].source
    assert f'start("lab{number[1]}", COURSE_SEED)' in code[1].source
    assert code[1].source.startswith("COURSE_SEED = ")
    assert sum(role(cell) == "written" for cell in cells) == 1


def test_tasks_say_difficulty_minutes_and_points(lab: Lab):
    cells = lab.notebook.cells
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    tasks = TASK.findall(text)
    assert [task[0] for task in tasks] == [str(n) for n in range(1, len(lab.tasks) + 2)]
    worth = [cell.metadata["nbgrader"]["points"] for cell in cells if role(cell) in ("check", "written")]
    assert [int(task[3]) for task in tasks] == worth
    assert 30 <= sum(int(task[2]) for task in tasks) <= 90
    whole = re.search(r"(\d+) minutes, (\d+) points: (\d+) by checks, (\d+) by a reader", cells[0].source)
    assert whole
    assert int(whole[1]) == sum(int(task[2]) for task in tasks)
    assert (int(whole[2]), int(whole[4])) == (sum(worth), worth[-1])
    assert int(whole[2]) == int(whole[3]) + int(whole[4])


def test_each_coding_task_has_a_folded_hint_and_the_written_one_a_rubric(lab: Lab):
    cells = lab.notebook.cells
    for before, cell in pairwise(cells):
        if role(cell) == "answer":
            assert "<details><summary>Hint" in before.source
        if role(cell) == "written":
            rubric = re.findall(r"^\| (\d) \|", before.source, re.M)
            assert sum(map(int, rubric)) == cell.metadata["nbgrader"]["points"]


def test_checks_have_a_hidden_part_on_fresh_inputs(lab: Lab):
    for task in lab.tasks.values():
        assert "GRADING_SEED" in task.check
        assert "GRADING_SEED" not in task.visible
        assert f'print("✔ {task.name}: ' in task.visible
