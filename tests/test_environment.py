import tomllib
from pathlib import Path

import matplotlib as mpl
import pytest

from course_utils import environment
from course_utils.environment import NEEDED, Check, check_environment, setup


def test_needed_versions_are_pyprojects() -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
    declared = set(project["dependencies"])
    for name, wanted in NEEDED.items():
        assert f"{name}{wanted}" in declared


def test_setup_prints_one_line_without_this_machines_versions(capsys) -> None:
    setup("12")
    assert capsys.readouterr().out == "device: cpu · JAX 0.10.2 or newer\n"
    assert mpl.rcParams["figure.constrained_layout.use"]


def test_setup_refuses_a_version_that_cannot_run_the_course(monkeypatch) -> None:
    monkeypatch.setattr(environment, "version", lambda name: "0.11.1" if name == "jax" else "99")
    with pytest.raises(RuntimeError, match=r"✘ jax >=0.10.2,!=0.11.1: found 0.11.1. Run make lab again"):
        setup("12")


def test_a_missing_package_is_named(monkeypatch) -> None:
    monkeypatch.setitem(environment.NEEDED, "no-such-package", ">=1")
    with pytest.raises(RuntimeError, match="no-such-package >=1: found nothing"):
        setup("12")


def test_this_machine_passes_or_says_what_to_do() -> None:
    checks = check_environment()
    assert {"Python 3.11 or newer", "JAX compiles and runs a program"} <= {
        c.expected for c in checks if c.holds
    }
    for check in checks:
        assert check.remedy.endswith((".", "python3.12"))


def test_a_failed_check_says_found_and_remedy() -> None:
    assert str(Check("a cat", "a dog", False, "Get a cat.")) == "✘ a cat: found a dog. Get a cat."
    assert str(Check("a cat", "a cat", True, "Get a cat.")) == "✔ a cat"


def test_a_broken_device_is_a_failed_check() -> None:
    def broken(x: float) -> float:
        raise RuntimeError("no driver\ndetails")

    check = environment._compiles(broken)
    assert not check.holds
    assert check.found == "RuntimeError: no driver"


def test_a_wrong_answer_is_a_failed_check() -> None:
    assert not environment._compiles(lambda x: x + 1.0).holds
