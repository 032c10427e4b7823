"""Releases: nbgrader's own output as oracle, the committed ones up to date, nothing secret in them."""

import copy
import re
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.labs import release, release_all
from course_utils.labs.release import checksum, cut

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SECRET = re.compile(r"### BEGIN (SOLUTION|HIDDEN TESTS)\n(.*?)### END \1", re.S)


@pytest.fixture
def small() -> nbformat.NotebookNode:
    return nbformat.read(HERE / "small_master.ipynb", as_version=4)


def cell_of(notebook: nbformat.NotebookNode, grade_id: str) -> nbformat.NotebookNode:
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def test_equals_nbgraders_release(small):
    """The oracle is recorded by record_nbgrader.py."""
    recorded = (HERE / "small_released_by_nbgrader.ipynb").read_text("utf-8")
    assert nbformat.writes(release(small)).rstrip() == recorded.rstrip()


def test_does_not_depend_on_an_execution_or_change_the_master(small):
    bare = copy.deepcopy(small)
    for cell in bare.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            cell.metadata["execution"] = {"iopub.execute_input": "now"}
    bare.metadata["language_info"]["version"] = "3.99"
    before = copy.deepcopy(small)
    assert release(bare) == release(small)
    assert small == before


def test_another_course_seed_and_its_checksum(small):
    cell = cell_of(release(small, 77), "parameters")
    assert cell.source == "COURSE_SEED = 77"
    assert cell.metadata["nbgrader"]["checksum"] == checksum(cell)
    assert cell_of(release(small), "parameters").source == "COURSE_SEED = 1"


def test_refuses_a_master_without_the_seed_line(small):
    cell_of(small, "parameters").source = "SEED = 1"
    with pytest.raises(ValueError, match="one line COURSE_SEED = … sets the course seed, got 0"):
        release(small, 2)


def test_refuses_an_answer_without_a_region(small):
    cell_of(small, "double").source = "def double(x): return 2 * x"
    with pytest.raises(ValueError, match="the answer 'double' has no region SOLUTION"):
        release(small)


def test_refuses_a_solution_in_a_cell_that_is_no_answer(small):
    small.cells[1].source = "### BEGIN SOLUTION\nx = 1\n### END SOLUTION"
    with pytest.raises(ValueError, match="a region SOLUTION lies in a cell that is no answer cell"):
        release(small)


def test_refuses_a_grade_id_twice(small):
    cell_of(small, "double_check").metadata["nbgrader"]["grade_id"] = "double"
    with pytest.raises(ValueError, match=r"got \['double'\] more than once"):
        release(small)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("### BEGIN SOLUTION\nx = 1", "is never closed"),
        ("x = 1\n### END SOLUTION", "### END SOLUTION has no partner"),
        ("### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION", "### BEGIN SOLUTION has no partner"),
    ],
)
def test_refuses_regions_that_do_not_pair(source: str, message: str):
    with pytest.raises(ValueError, match=message):
        cut(source, "SOLUTION", "pass")


@given(
    st.lists(
        st.tuples(st.booleans(), st.lists(st.sampled_from(["a = 1", "  b = 2", ""]), max_size=3)), max_size=5
    )
)
def test_cut_keeps_exactly_what_lies_outside(blocks: list[tuple[bool, list[str]]]):
    whole, kept = [], []
    for secret, lines in blocks:
        whole += ["### BEGIN SOLUTION", *lines, "### END SOLUTION"] if secret else lines
        kept += ["pass"] if secret else lines
    assert cut("\n".join(whole), "SOLUTION", "pass") == "\n".join(kept)


def test_names_the_master_that_cannot_be_released(small, tmp_path: Path):
    cell_of(small, "double").source = "x = 1"
    (tmp_path / "solutions" / "bad").mkdir(parents=True)
    nbformat.write(small, tmp_path / "solutions" / "bad" / "bad.ipynb")
    with pytest.raises(ValueError, match=r"bad\.ipynb: the answer 'double'"):
        release_all(tmp_path / "solutions", tmp_path / "labs")


def test_refuses_a_folder_without_masters(tmp_path: Path):
    with pytest.raises(ValueError, match="no master"):
        release_all(tmp_path, tmp_path / "labs")


def test_equal_releases_are_not_written_again(small, tmp_path: Path):
    (tmp_path / "solutions" / "small").mkdir(parents=True)
    nbformat.write(small, tmp_path / "solutions" / "small" / "small.ipynb")
    (path,) = release_all(tmp_path / "solutions", tmp_path / "labs")
    before = path.stat().st_mtime_ns, path.read_bytes()
    release_all(tmp_path / "solutions", tmp_path / "labs")
    assert (path.stat().st_mtime_ns, path.read_bytes()) == before
    release_all(tmp_path / "solutions", tmp_path / "labs", 5)
    assert path.read_bytes() != before[1]


# The committed releases


def test_labs_are_the_releases_of_the_masters(tmp_path: Path):
    fresh = {
        path.relative_to(tmp_path): path.read_bytes() for path in release_all(ROOT / "solutions", tmp_path)
    }
    stored = {
        path.relative_to(ROOT / "labs"): path.read_bytes()
        for path in (ROOT / "labs").rglob("*")
        if path.is_file() and ".ipynb_checkpoints" not in path.parts
    }
    assert set(stored) == set(fresh), "labs/ holds releases and nothing else: make labs"
    assert [path.name for path in fresh if stored[path] != fresh[path]] == [], "out of date: make labs"


def test_no_secret_stands_in_a_release(master: Path):
    text = (ROOT / "labs" / master.parent.name / master.name).read_text("utf-8")
    student = "\n".join(cell.source for cell in nbformat.reads(text, as_version=4).cells)
    secrets = []
    for cell in nbformat.read(master, as_version=4).cells:
        marks = cell.metadata.get("nbgrader", {})
        regions = [region for _, region in SECRET.findall(cell.source)]
        regions += [cell.source] if marks.get("solution") and marks.get("grade") else []
        secrets += [line.strip() for region in regions for line in region.split("\n")]
    assert len(secrets) > 20
    assert [line for line in secrets if len(line) > 25 and line in student] == []
    assert "### " not in student.replace("#### ", "")
    assert '"outputs": []' in text
    assert "GRADING_SEED" not in student
