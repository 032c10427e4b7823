"""What the tests of labs share: the masters, read once, with the names that their checks start from."""

import os
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib
import pytest

from course_utils.labs import Lab

matplotlib.use("Agg")
ROOT = Path(__file__).parents[2]
MASTERS = sorted(path for path in (ROOT / "solutions").glob("*/*.ipynb") if path.stem == path.parent.name)


@pytest.fixture(autouse=True)
def _quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No lab book of this machine, no progress bars."""
    monkeypatch.setenv("COURSE_LAB_BOOK", str(tmp_path / "lab_book.jsonl"))
    monkeypatch.setenv("COURSE_PROGRESS", "0")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`master` runs over all labs, `task` over all their coding tasks, `course_seed` over variants."""
    if "master" in metafunc.fixturenames:
        metafunc.parametrize("master", MASTERS, ids=lambda path: path.stem)
    if "task" in metafunc.fixturenames:
        pairs = [(path, name) for path in MASTERS for name in read(path).tasks]
        metafunc.parametrize("task", pairs, ids=lambda pair: f"{pair[0].stem}-{pair[1]}")
    if "course_seed" in metafunc.fixturenames:
        # COURSE_SEED=2027 tries another year's variant as well.
        metafunc.parametrize("course_seed", sorted({1, 2026, int(os.environ.get("COURSE_SEED") or 7)}))


@cache
def read(path: Path) -> Lab:
    return Lab.read(path)


@cache
def given_names(path: Path) -> dict[str, Any]:
    return read(path).given()


@pytest.fixture
def lab(master: Path) -> Lab:
    return read(master)


@pytest.fixture
def case(task: tuple[Path, str]) -> tuple[Any, dict[str, Any], Path]:
    """A task, the names its check starts from, and its master's path."""
    path, name = task
    return read(path).tasks[name], given_names(path), path
