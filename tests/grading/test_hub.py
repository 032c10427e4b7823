"""Collecting from homes, and the hub's settings, without JupyterHub: links are refused, what a student wrote stays."""

import os
import runpy
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from course_utils.grading.submissions import collect as read_collection

ROOT = Path(__file__).parents[2]
LAB = "lab11_count_what_is_large"
TOOLS = runpy.run_path(str(ROOT / "solutions" / "collect.py"))

pytestmark = pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="homes of a POSIX system")


@pytest.fixture
def homes(tmp_path: Path) -> Path:
    """Ann and Bob have handed in, Cem has nothing."""
    for name in ("ann", "bob"):
        folder = tmp_path / "homes" / name / "labs" / LAB
        folder.mkdir(parents=True)
        (folder / f"{LAB}.ipynb").write_text(f'{{"of": "{name}"}}')
    (tmp_path / "homes" / "cem").mkdir()
    return tmp_path / "homes"


def run(homes: Path) -> tuple[int, Path]:
    into = homes.parent / "collected"
    return TOOLS["main"](["lab11", str(homes), "--into", str(into)]), into


def test_the_grader_takes_what_is_collected(homes: Path, capsys):
    os.utime(homes / "ann" / "labs" / LAB / f"{LAB}.ipynb", (10**9, 10**9))
    status, into = run(homes)
    assert status == 0
    assert capsys.readouterr().out == f"{LAB}: 2 copied to {into}, 1 without a notebook\n  none: cem\n"
    found = read_collection(into, LAB)
    assert [(one.student, one.content) for one in found] == [
        ("ann", b'{"of": "ann"}'),
        ("bob", b'{"of": "bob"}'),
    ]
    assert found[0].submitted.startswith("2001-09-09")
    assert into.stat().st_mode & 0o777 == 0o700


def notebook_is_a_link(mine: Path, other: Path) -> None:
    mine.unlink()
    mine.symlink_to(other)


def lab_is_a_link(mine: Path, other: Path) -> None:
    mine.unlink()
    mine.parent.rmdir()
    mine.parent.symlink_to(other.parent)


def labs_is_a_link(mine: Path, other: Path) -> None:
    lab_is_a_link(mine, other)
    labs = mine.parents[1]
    mine.parent.unlink()
    labs.rmdir()
    labs.symlink_to(other.parents[1])


def second_name(mine: Path, other: Path) -> None:
    mine.unlink()
    mine.hardlink_to(other)


def a_pipe(mine: Path, other: Path) -> None:
    mine.unlink()
    os.mkfifo(mine)


def a_folder(mine: Path, other: Path) -> None:
    mine.unlink()
    mine.mkdir()


def too_large(mine: Path, other: Path) -> None:
    with open(mine, "wb") as file:
        file.truncate(TOOLS["MOST_BYTES"] + 1)


def anothers(mine: Path, other: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can give a file away")
    os.chown(mine, 12345, 12345)


ATTACKS = (
    notebook_is_a_link,
    lab_is_a_link,
    labs_is_a_link,
    second_name,
    a_pipe,
    a_folder,
    too_large,
    anothers,
)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_what_is_not_a_students_own_file_is_refused(homes: Path, attack, capsys):
    other = homes.parent / "elsewhere" / "labs" / LAB / f"{LAB}.ipynb"
    other.parent.mkdir(parents=True)
    other.write_text("a neighbour's")
    attack(homes / "bob" / "labs" / LAB / f"{LAB}.ipynb", other)
    status, into = run(homes)
    assert status == 1
    assert "refused: bob: " in capsys.readouterr().err
    assert [path.name for path in (into / "submitted").iterdir()] == ["ann"]


def test_an_earlier_copy_stays_until_there_is_a_newer_one(homes: Path):
    run(homes)
    (homes / "ann" / "labs" / LAB / f"{LAB}.ipynb").unlink()
    (homes / "bob" / "labs" / LAB / f"{LAB}.ipynb").write_text("newer")
    status, into = run(homes)
    assert status == 0
    assert {one.student: one.content for one in read_collection(into, LAB)} == {
        "ann": b'{"of": "ann"}',
        "bob": b"newer",
    }


@pytest.mark.parametrize(
    ("lab", "folder", "words"), [("lab1", ".", "LAB must name one lab"), ("lab11", "none", "HOMES must be")]
)
def test_wrong_usage_says_what_was_expected(homes: Path, lab: str, folder: str, words: str, capsys):
    with pytest.raises(SystemExit) as end:
        TOOLS["main"]([lab, str(homes / folder), "--into", str(homes.parent / "collected")])
    assert end.value.code == 2
    assert words in capsys.readouterr().err


class Settings(SimpleNamespace):
    """Stands for traitlets' settings: every section exists."""

    def __getattr__(self, name: str) -> "Settings":
        setattr(self, name, Settings())
        return getattr(self, name)


def settings() -> Settings:
    made = Settings()
    names = {"get_config": lambda: made}
    runpy.run_path(str(ROOT / "solutions" / "jupyterhub_config.py"), init_globals=names)
    return made


def test_the_hub_copies_the_labs_once_and_keeps_what_the_student_wrote(tmp_path: Path, monkeypatch):
    home, bin_folder = tmp_path / "ann", tmp_path / "bin"
    home.mkdir()
    bin_folder.mkdir()
    server = bin_folder / "jupyterhub-singleuser"
    server.write_text('#!/bin/sh\necho "server $*"\n')
    server.chmod(0o755)
    released = tmp_path / "released"
    (released / "lab11").mkdir(parents=True)
    (released / "lab11" / "lab11.ipynb").write_text("released")
    (released / "lab11" / "lab11.ipynb").chmod(0o444)
    monkeypatch.setenv("COURSE_LABS", str(released))
    command = [*settings().Spawner.cmd, "--port=1", "a b"]
    environment = {"HOME": str(home), "PATH": f"{bin_folder}:/usr/bin:/bin"}

    def start() -> str:
        return subprocess.run(command, env=environment, capture_output=True, text=True).stdout

    mine = home / "labs" / "lab11" / "lab11.ipynb"
    assert start() == "server --port=1 a b\n"
    assert mine.read_text() == "released"
    assert mine.stat().st_mode & 0o200
    mine.write_text("my work")
    (released / "lab12").mkdir()
    (released / "lab12" / "lab12.ipynb").write_text("new")
    assert start() == "server --port=1 a b\n"
    assert mine.read_text() == "my work"
    assert (home / "labs" / "lab12" / "lab12.ipynb").read_text() == "new"


def test_accounts_without_a_password_stay_on_this_machine(tmp_path: Path, monkeypatch):
    monkeypatch.delenv("COURSE_HUB_TRIAL", raising=False)
    assert settings().JupyterHub.authenticator_class == "pam"
    monkeypatch.setenv("COURSE_HUB_TRIAL", str(tmp_path))
    trial = settings()
    assert trial.JupyterHub.authenticator_class == "dummy"
    assert trial.JupyterHub.bind_url == "http://127.0.0.1:8000"
    assert trial.SimpleLocalProcessSpawner.home_dir_template == f"{tmp_path.resolve()}/{{username}}"
