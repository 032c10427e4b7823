"""What every master must keep, checked without running it."""

import re
from itertools import pairwise
from pathlib import Path

from stored import code_cells, load, outputs, texts

from course_utils.labs import Lab
from course_utils.labs.release import role

LOCAL_PATH = re.compile(r"/tmp/|/home/|/root/|/Users/|[A-Z]:\\|site-packages/|ipykernel_\d")
TASK = re.compile(
    r"^## Task (\d) · .+\n\n(★☆☆|★★☆|★★★) · (\d+) minutes · (\d+) points?(, by a reader)?$", re.M
)


def test_executed_in_order_without_error(master: Path):
    notebook = load(master)
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1)), "execute it: make notebooks"
    assert [output.ename for _, output in outputs(notebook) if output.output_type == "error"] == []


def test_small_and_without_local_paths(master: Path):
    assert master.stat().st_size < 1_000_000
    assert [text for text in texts(load(master)) if LOCAL_PATH.search(text)] == []


def test_one_figure_with_alt_text(master: Path):
    figures = [output for _, output in outputs(load(master)) if "image/png" in output.get("data", {})]
    assert figures
    assert all(len(figure.metadata["image/png"]["alt"]) >= 20 for figure in figures)


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
