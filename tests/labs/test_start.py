"""The start-up check says in words what is wrong."""

import os
from pathlib import Path

import pytest

from course_utils import environment
from course_utils.labs import start


def test_says_two_lines(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    start("lab12", 7)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("device: ")
    assert lines[1:] == ["lab12 is ready. Course seed 7. Answers are saved with the notebook."]


@pytest.mark.parametrize("seed", [-1, 1.5, "2026", True, None])
def test_refuses_what_is_no_seed(seed: object):
    with pytest.raises(ValueError, match=r"COURSE_SEED must be a whole number from 0 on, got .*instructor"):
        start("lab12", seed)


def test_names_a_package_that_cannot_run_the_course(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(environment.NEEDED, "flax", ">=99")
    with pytest.raises(RuntimeError, match=r"flax >=99: found .*Run make lab again"):
        start("lab12", 1)


def test_a_folder_that_cannot_be_written_to(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(RuntimeError, match=r"no answer would be saved: copy the lab's folder"):
        start("lab12", 1)
