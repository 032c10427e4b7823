"""A released lab that a student worked on elsewhere: saved by VS Code or Colab, with cells of their own added."""

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from course_utils.labs import Lab, release
from course_utils.labs.release import checksum, role

OWN_CELLS = (
    "scratch = [k**2 for k in range(10)]\nscratch[-1]",
    "%time sum(range(10))",
    "%%time\nanother_name = 1 + 1",
    "!echo a shell command",
    "%matplotlib inline\nimport numpy\n\nnumpy.random.seed(0)",
    "def a_function_of_my_own(number):\n    return number + 1\n\n\na_function_of_my_own(2)",
)


def vs_code(notebook: dict[str, Any]) -> dict[str, Any]:
    """What VS Code writes: its kernel's name, the whole language_info, other ids, a language on new cells."""
    notebook["metadata"]["kernelspec"]["display_name"] = ".venv (3.12.1)"
    notebook["metadata"]["language_info"] = {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "version": "3.12.1",
    }
    for cell in notebook["cells"]:
        cell["id"] = uuid.uuid4().hex[:8]
        if cell["cell_type"] == "code" and "nbgrader" not in cell["metadata"]:
            cell["metadata"]["vscode"] = {"languageId": "python"}
    return notebook


def colab(notebook: dict[str, Any]) -> dict[str, Any]:
    """What Colab writes: format 4.0, ids in the metadata, marks of its own on every cell, a bare kernel."""
    notebook["nbformat_minor"] = 0
    notebook["metadata"] = {
        "colab": {"provenance": []},
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook["cells"]:
        del cell["id"]
        cell["metadata"]["id"] = uuid.uuid4().hex[:12]
        if cell["cell_type"] == "code":
            cell["metadata"] |= {
                "colab": {"base_uri": "https://localhost:8080/"},
                "outputId": str(uuid.uuid4()),
            }
    return notebook


EDITORS = (vs_code, colab)


def saved_by(editor: Callable[[dict[str, Any]], dict[str, Any]], notebook: NotebookNode) -> NotebookNode:
    return nbformat.reads(json.dumps(editor(json.loads(nbformat.writes(notebook)))), as_version=4)


def graded(notebook: NotebookNode) -> list[tuple[Any, ...]]:
    return [
        (
            cell.metadata["nbgrader"]["grade_id"],
            role(cell),
            cell.source,
            cell.metadata["nbgrader"]["checksum"],
        )
        for cell in notebook.cells
        if "nbgrader" in cell.metadata
    ]


@pytest.mark.parametrize("editor", EDITORS)
def test_grade_ids_and_checksums_survive_an_editor(lab: Lab, editor):
    released = release(lab.notebook)
    saved = saved_by(editor, released)
    assert graded(saved) == graded(released)
    locked = [cell for cell in saved.cells if role(cell) in ("check", "locked")]
    assert [cell for cell in locked if checksum(cell) != cell.metadata["nbgrader"]["checksum"]] == []


def test_a_solved_lab_runs_after_an_editor_with_cells_added_anywhere(lab: Lab, master: Path, tmp_path: Path):
    released = release(lab.notebook)
    for cell in released.cells:
        if role(cell) == "answer":
            cell.source = lab.tasks[cell.metadata["nbgrader"]["grade_id"]].reference
    cells = [nbformat.v4.new_code_cell("1 + 1")]
    for number, cell in enumerate(released.cells):
        cells += [cell, nbformat.v4.new_code_cell(OWN_CELLS[number % len(OWN_CELLS)])]
    released.cells = cells
    editor = EDITORS[int(master.stem[3:5]) % 2]  # two labs each: an execution takes ten seconds
    saved = saved_by(editor, released)
    NotebookClient(saved, timeout=120, resources={"metadata": {"path": tmp_path}}).execute()
    text = json.dumps([cell.get("outputs", []) for cell in saved.cells], ensure_ascii=False)
    assert [name for name in lab.tasks if f"✔ {name}: " not in text] == []
