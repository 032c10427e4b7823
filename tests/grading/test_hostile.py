"""A class of attackers, graded with the real command in the real sandbox, an innocent student after each of them.

None scores, none leaks, none takes a neighbour's grade with it.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from hostile import ARCHIVES, CODE, NOTEBOOKS, RAW, RIGHT, zip_members
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_utils.grading.commands import main
from course_utils.labs import release

pytestmark = pytest.mark.xdist_group("attacked")  # the class is graded once
LAB = "lab98_attacked"
SECRET = "hidden-words-of-this-lab"
CHECKS = {
    "double": f"""def check_double():
    assert double(2) == 4, f"twice 2 is 4, got {{double(2)}}"
    ### BEGIN HIDDEN TESTS
    for k in np.random.default_rng(GRADING_SEED).integers(10, 10**9, 5).tolist():
        assert double(k) == 2 * k, f"{SECRET[:12]} on {{k}}"
    ### END HIDDEN TESTS


check_double()""",
    "largest": """def check_largest():
    values = [3, 1, 2]
    assert np.isclose(largest(values), 3), "3 is the largest of 3, 1, 2"
    assert values == [3, 1, 2], "the input was changed"
    ### BEGIN HIDDEN TESTS
    for _ in range(5):
        values = np.random.default_rng(GRADING_SEED).normal(size=20)
        assert np.isclose(largest(values), np.sort(values)[-1]), "not the largest"
    ### END HIDDEN TESTS


check_largest()""",
}


def marks(grade_id: str, **others: object) -> dict:
    plain = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
    return {"nbgrader": {**plain, "grade_id": grade_id, **others}}


def attacked_lab() -> nbformat.NotebookNode:
    cells = [
        new_markdown_cell("# Lab 98"),
        new_code_cell("import math\n\nimport numpy as np"),
        new_code_cell("COURSE_SEED = 1", metadata=marks("parameters", locked=True)),
    ]
    for name, points in (("double", 3), ("largest", 2)):
        head, body = RIGHT[name].split("\n")
        source = f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"
        cells.append(new_code_cell(source, metadata=marks(name, solution=True)))
        checked = marks(f"{name}_check", grade=True, locked=True, points=points)
        cells.append(new_code_cell(CHECKS[name], metadata=checked))
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number:02}"
    notebook = new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return notebook


def handed_in(blank: str, code: dict[str, str]) -> bytes:
    notebook = json.loads(blank)
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name in code:
            cell["source"] = code[name]
    return json.dumps(notebook).encode()


@pytest.fixture(scope="module")
def graded(sandbox_works: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder with everything that the command wrote about the class."""
    folder = tmp_path_factory.mktemp("class")
    master = folder / "solutions" / LAB / f"{LAB}.ipynb"
    master.parent.mkdir(parents=True)
    nbformat.write(attacked_lab(), master)
    blank = nbformat.writes(release(attacked_lab()))
    attacks: list[tuple[str, list[tuple[zipfile.ZipInfo, bytes]]]] = []
    for kind, code in CODE.items():
        both = {name: code.replace("NAME", name) for name in RIGHT}
        attacks.append((kind, [(zipfile.ZipInfo(f"{kind} 1/lab.ipynb"), handed_in(blank, both))]))
    for kind, change in NOTEBOOKS.items():
        content = json.dumps(change(json.loads(blank))).encode()
        attacks.append((kind, [(zipfile.ZipInfo(f"{kind} 1/lab.ipynb"), content)]))
    attacks += [(k, [(zipfile.ZipInfo(f"{k} 1/lab.ipynb"), content)]) for k, content in RAW.items()]
    attacks += [(kind, zip_members(kind)) for kind in ARCHIVES]
    with zipfile.ZipFile(folder / "class.zip", "w") as collection:
        for kind, members in attacks:
            for member, content in members:
                collection.writestr(member, content)
            collection.writestr(f"{kind} 2 innocent/lab.ipynb", handed_in(blank, RIGHT))
    out = folder / "graded"
    arguments = ["grade", LAB, str(folder / "class.zip"), "--out", str(out), "--seconds", "2"]
    assert main([*arguments, "--solutions", str(folder / "solutions"), "--workers", "2"]) in (0, 1)
    return out / LAB


@pytest.fixture(scope="module")
def rows(graded: Path) -> dict[str, dict[str, str]]:
    text = (graded / "grades.csv").read_text(encoding="utf-8-sig")
    return {row["student"]: row for row in csv.DictReader(io.StringIO(text))}


def table_cell(text: str) -> str:
    return f"'{text}" if text.startswith("=") else text


KINDS = [*CODE, *NOTEBOOKS, *RAW, *ARCHIVES]


def test_there_are_enough_of_them():
    assert len(KINDS) >= 80
    assert len(set(KINDS)) == len(KINDS)


@pytest.mark.parametrize("kind", [*CODE, *NOTEBOOKS])
def test_no_attack_scores(rows: dict, kind: str):
    row = rows[f"{kind} 1"]
    assert (row["status"], float(row["score"])) == ("graded", 0.0)


@pytest.mark.parametrize("kind", RAW)
def test_no_file_breaks_the_reader(rows: dict, kind: str):
    row = rows[f"{kind} 1"]
    assert (row["status"], row["score"]) == ("unreadable", "")
    assert row["note"]


def test_no_archive_breaks_the_reader(rows: dict):
    strangers = [row for name, row in rows.items() if not name.endswith("innocent")]
    assert len(strangers) == len(KINDS)
    assert all(float(row["score"] or 0) == 0 for row in strangers)
    assert not Path("/tmp/owned.ipynb").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_the_innocent_student_after_it_scores_full(rows: dict, kind: str):
    row = rows[table_cell(f"{kind} 2 innocent")]
    assert (row["status"], float(row["score"])) == ("graded", 5.0)


def test_nothing_leaks_into_the_pages(graded: Path):
    for page in graded.rglob("*.html"):
        text = page.read_text()
        assert "<script>alert" not in text, page.name
        assert "SEEN 1" not in text.replace("SEEN 2", ""), "a hidden input stands on a page"
        assert "GRADING_SEED).integers" not in text, page.name


def test_no_cell_is_a_formula(rows: dict):
    assert not any(cell.startswith(("=", "+", "@")) for row in rows.values() for cell in row.values() if cell)
