"""The students' bundle, and the two commands."""

import shutil
import zipfile
from pathlib import Path

import pytest

from course_utils.labs import write_handout
from course_utils.labs.__main__ import main
from course_utils.labs.handout import CONTENTS, FOLDER

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A small repository with one lab."""
    root = tmp_path / "course"
    for name in CONTENTS:
        path = root / name
        if (ROOT / name).is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
        else:
            (path / "__pycache__").mkdir(parents=True)
            (path / "__pycache__" / "page.pyc").write_bytes(b"")
            (path / ".hidden").write_text("")
            (path / "page.py").write_text(name)
    (root / "solutions" / "small").mkdir(parents=True)
    shutil.copy(HERE / "small_master.ipynb", root / "solutions" / "small" / "small.ipynb")
    (root / "solutions" / "small" / "catalogue.py").write_text("CATALOGUE = {}")
    return root


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def test_holds_course_and_labs_but_no_solutions(course: Path, tmp_path: Path):
    count = write_handout(course, tmp_path / "out" / "course.zip", 5)
    files = contents(tmp_path / "out" / "course.zip")
    assert count == len(files)
    expected = {name if (ROOT / name).is_file() else f"{name}/page.py" for name in CONTENTS}
    assert set(files) == {f"{FOLDER}/{name}" for name in expected | {"labs/small/small.ipynb"}}
    lab = files[f"{FOLDER}/labs/small/small.ipynb"]
    assert b"COURSE_SEED = 5" in lab
    assert all(b"secret = 2 * x" not in content for content in files.values())


def test_same_bytes_twice(course: Path, tmp_path: Path):
    write_handout(course, tmp_path / "one.zip")
    write_handout(course, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_refuses_an_incomplete_repository(course: Path, tmp_path: Path):
    (course / "LICENSE").unlink()
    with pytest.raises(ValueError, match="the bundle needs LICENSE"):
        write_handout(course, tmp_path / "one.zip")


@pytest.mark.skipif(
    not (ROOT / "course_utils").is_dir(), reason="the wheel is under test, away from the package"
)
def test_the_real_bundle_has_no_master_and_no_test(tmp_path: Path):
    write_handout(ROOT, tmp_path / "course.zip")
    names = [name.removeprefix(f"{FOLDER}/") for name in contents(tmp_path / "course.zip")]
    assert not [name for name in names if name.startswith(("solutions", "tests"))]
    assert len([name for name in names if name.startswith("labs/")]) == len(list(ROOT.glob("labs/*/*.ipynb")))
    assert "course_utils/labs/start.py" in names


def test_release_command(course: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.chdir(course)
    monkeypatch.setenv("COURSE_SEED", "2031")
    assert main(["release"]) == 0
    assert "small.ipynb" in capsys.readouterr().out
    assert "COURSE_SEED = 2031" in Path("labs/small/small.ipynb").read_text("utf-8")


def test_handout_command(course: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.chdir(course)
    monkeypatch.delenv("COURSE_SEED", raising=False)
    assert main(["handout"]) == 0
    assert "no solutions" in capsys.readouterr().out
    assert f"{FOLDER}/labs/small/small.ipynb" in contents(Path("dist/course.zip"))


@pytest.mark.parametrize(
    ("arguments", "seed", "status", "says"),
    [
        (["release"], "next year", 2, "COURSE_SEED must be a whole number"),
        ([], "", 2, "usage: python -m course_utils.labs"),
        (["release"], "", 1, "no master"),
    ],
)
def test_commands_fail_in_one_line(arguments, seed, status, says, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COURSE_SEED", seed)
    assert main(arguments) == status
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
