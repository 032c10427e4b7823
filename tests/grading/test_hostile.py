"""A class of attackers, graded with the real command in the real sandbox, an innocent student after each of them.

None scores, none leaks, none takes a neighbour's grade with it. And each that is after what is not its own gets it
where the walls are taken away: it is the walls that hold, not the attack that is broken.
"""

import csv
import io
import json
import os
import re
import socket
import sys
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import nbformat
import pytest
from hostile import CODE, FORBIDDEN, HELPER, LEAKS, REPLAYS, RIGHT, UNSURE, WALLS, spelled
from hostile_files import ARCHIVES, NOTEBOOKS, RAW, zip_members
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_utils.grading import bubblewrap
from course_utils.grading.commands import main
from course_utils.grading.judge import Judge
from course_utils.grading.records import Answers, TaskResult
from course_utils.labs import release

pytestmark = pytest.mark.xdist_group("attacked")  # the class is graded once
LAB = "lab98_attacked"
SEEN = re.compile(r"SEEN\W*\d\.?\d")
"""A hidden input in words: the visible ones have one digit."""
CHECKS = {
    "double": """def check_double():
    assert double(2) == 4, f"twice 2 is 4, got {double(2)}"
    ### BEGIN HIDDEN TESTS
    for k in np.random.default_rng(GRADING_SEED).integers(10, 10**9, 5).tolist():
        assert double(k) == 2 * k, f"hidden-words of the check: SEEN {k}"
    ### END HIDDEN TESTS


check_double()""",
    "largest": """def check_largest():
    def look(values):
        seen = observed(values)
        assert seen["passes"] <= 3, "go through the values three times at most"
        assert seen["values"] == values, "the input was changed"
        return seen["largest"]

    assert np.isclose(look([3, 1, 2]), 3), "3 is the largest of 3, 1, 2"
    ### BEGIN HIDDEN TESTS
    for values in np.random.default_rng(GRADING_SEED).normal(size=(5, 20)).tolist():
        assert np.isclose(look(values), np.sort(values)[-1]), f"not the largest: SEEN {values}"
    ### END HIDDEN TESTS


check_largest()""",
}
OBSERVED = f'''def {HELPER}(values):
    """For the check of largest: its value, how often it went through the values, and what became of them."""
    passes, given = [], values

    class Watched(list):
        def __iter__(self):
            passes.append(1)
            return super().__iter__()

    values = Watched(given)
    value = largest(values)
    return {{"largest": value, "passes": len(passes), "values": values[:]}}'''

NO_WALLS = """#!{python} -I
# A bubblewrap that walls nothing off.
import ctypes, os, sys
if "--version" in sys.argv:
    sys.exit(print("bubblewrap 0.11.0"))
os.write(int(sys.argv[sys.argv.index("--info-fd") + 1]), b'{{"child-pid": %d}}' % os.getpid())
os.closerange(3, 256)
libc = ctypes.CDLL(None)
if libc.unshare(0x20000) == 0:  # what is mounted now, the machine does not see
    libc.mount(b"none", b"/", None, 0x44000, None)
os.environ["TMPDIR"] = {home!r}
program = sys.argv[sys.argv.index("/usr/bin/prlimit") :]
os.execv(program[0], [word.replace("/sandbox", {grading!r}) for word in program])
"""


def marks(grade_id: str, **others: object) -> dict:
    plain = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
    return {"nbgrader": {**plain, "grade_id": grade_id, **others}}


def attacked_lab() -> nbformat.NotebookNode:
    cells = [
        new_markdown_cell("# Lab 98"),
        new_code_cell("import math\n\nimport numpy as np"),
        new_code_cell("COURSE_SEED = 1", metadata=marks("parameters", locked=True)),
    ]
    helper = new_code_cell(OBSERVED, metadata={**marks(HELPER, locked=True), "tags": ["student-side"]})
    for name, points in (("double", 3), ("largest", 2)):
        head, body = RIGHT[name].split("\n")
        source = f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"
        tags = {"tags": [f"hides:{FORBIDDEN}"]}
        cells.append(new_code_cell(source, metadata={**marks(name, solution=True), **tags}))
        checked = marks(f"{name}_check", grade=True, locked=True, points=points)
        cells += [new_code_cell(CHECKS[name], metadata=checked), *([helper] if name == "double" else [])]
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
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Where everything is that an attacker would like to have: files, a port, a service with a file and one without."""
    folder = tmp_path_factory.mktemp("class")
    (folder / "solutions" / LAB).mkdir(parents=True)
    (folder / "graded").mkdir()
    (folder / "graded" / "gradebook.sqlite").touch()
    found = {
        "MASTER": str(folder / "solutions" / LAB / f"{LAB}.ipynb"),
        "COLLECTION": str(folder / "class.zip"),
        "GRADEBOOK": str(folder / "graded" / "gradebook.sqlite"),
        "SERVICE": str(folder / "service"),
    }
    with ExitStack() as opened:
        for kind, address in (
            (socket.AF_INET, ("127.0.0.1", 0)),
            (socket.AF_UNIX, found["SERVICE"]),
            (socket.AF_UNIX, f"\0{found['SERVICE']}"),
        ):
            server = opened.enter_context(socket.socket(kind))
            server.bind(address)
            server.listen(64)
            if kind == socket.AF_INET:
                found["PORT"] = str(server.getsockname()[1])
        nbformat.write(attacked_lab(), found["MASTER"])
        collect_class(found)
        yield found


def collect_class(places: dict[str, str]) -> None:
    """Write the class's zip: every attacker, and an innocent student after each."""
    blank = nbformat.writes(release(attacked_lab()))
    attacks: list[tuple[str, list[tuple[zipfile.ZipInfo, bytes]]]] = []
    for kind, code in CODE.items():
        both = {name: spelled(code, name, places) for name in RIGHT}
        attacks.append((kind, [(zipfile.ZipInfo(f"{kind} 1/lab.ipynb"), handed_in(blank, both))]))
    for kind, change in NOTEBOOKS.items():
        content = json.dumps(change(json.loads(blank))).encode()
        attacks.append((kind, [(zipfile.ZipInfo(f"{kind} 1/lab.ipynb"), content)]))
    attacks += [(k, [(zipfile.ZipInfo(f"{k} 1/lab.ipynb"), content)]) for k, content in RAW.items()]
    attacks += [(kind, zip_members(kind)) for kind in ARCHIVES]
    with zipfile.ZipFile(places["COLLECTION"], "w") as collection:
        for kind, members in attacks:
            for member, content in members:
                collection.writestr(member, content)
            collection.writestr(f"{kind} 2 innocent/lab.ipynb", handed_in(blank, RIGHT))


@pytest.fixture(scope="module")
def graded(sandbox_works: None, places: dict[str, str]) -> Path:
    """The folder with everything that the command wrote about the class."""
    out, solutions = Path(places["GRADEBOOK"]).parent, Path(places["MASTER"]).parents[1]
    arguments = ["grade", LAB, places["COLLECTION"], "--out", str(out), "--solutions", str(solutions)]
    assert main([*arguments, "--seconds", "2", "--workers", "2"]) in (0, 1)
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
    for page in [*graded.rglob("*.html"), graded / "grades.csv"]:
        text = page.read_text()
        assert "<script>alert" not in text or page.suffix == ".csv", page.name
        assert not SEEN.search(text), f"a hidden input stands in {page.name}"
        assert "GRADING_SEED)" not in text, page.name


def test_no_cell_is_a_formula(rows: dict):
    assert not any(cell.startswith(("=", "+", "@")) for row in rows.values() for cell in row.values() if cell)


def judged(kind: str, places: dict[str, str], *, seed: int = 7, fooled: bool = False) -> list[TaskResult]:
    """What comes of one attack, judged here; a judge that is fooled takes hidden inputs for visible ones."""
    judge = Judge(Path(places["MASTER"]), limits=bubblewrap.Limits(seconds=20))
    if fooled:
        for words in judge.words.values():
            words.hidden.clear()
    answers = {name: spelled(CODE[kind], name, places) for name in RIGHT}
    return list(judge.judge(Answers(answers), seed).tasks)


@pytest.mark.parametrize("kind", LEAKS)
def test_a_judge_that_takes_hidden_inputs_for_visible_ones_tells_them(
    sandbox_works: None, places: dict, kind: str
):
    assert any(SEEN.search(result.message) for result in judged(kind, places, fooled=True))


@pytest.mark.parametrize("kind", REPLAYS)
def test_with_a_seed_that_can_be_guessed_it_scores(sandbox_works: None, places: dict, kind: str):
    assert all(result.points for result in judged(kind, places, seed=7))


@pytest.mark.parametrize("kind", WALLS)
def test_without_walls_it_scores(
    sandbox_works: None, places: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
):
    if "beside the course" in kind and not (Path(bubblewrap.__file__).parents[2] / "solutions").exists():
        pytest.skip("the course is installed without its masters")
    script = tmp_path / "bwrap"
    grading = str(Path(bubblewrap.__file__).parent)
    script.write_text(NO_WALLS.format(python=sys.executable, home=str(tmp_path), grading=grading))
    script.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    results = judged(kind, places)
    if kind in UNSURE and not any(result.points for result in results):
        pytest.skip(f"this machine refuses it without a sandbox, too: {results[0].message}")
    assert all(result.points for result in results), results
