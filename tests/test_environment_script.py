"""`.ci/environment` with stand-ins for Python, pip and df: what it says, and what it never takes as done."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Answers the probe with $VERSION, $VENV, $PINS; its environments are copies of itself; its pip does $PIP.
PYTHON = """#!/bin/sh
case "$1 ${3-}" in
"- "*) cat >/dev/null; printf '%s\\n' "$VERSION"; [ -z "$VENV" ] || printf '%s\\n' "$VENV" "$PINS" "$0" ;;
*"install") echo pip >>"$CALLS"; eval "$PIP" ;;
*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
esac
"""
# The script's name and tools, without any real Python.
TOOLS = "awk cat cp dirname grep kill mkdir mv printf rm sed sh sleep"


class Checkout:
    def __init__(self, folder: Path) -> None:
        self.root, self.bin = folder / "a course", folder / "bin"
        (self.root / ".ci").mkdir(parents=True)
        self.bin.mkdir()
        shutil.copy(ROOT / ".ci/environment", self.root / ".ci")
        for tool in TOOLS.split():
            if found := shutil.which(tool):
                (self.bin / tool).symlink_to(found)
        self.tool("python3", PYTHON)
        self.free(10_000)
        self.calls = folder / "calls"
        self.settings = {
            "PATH": str(self.bin),
            "CALLS": str(self.calls),
            "VERSION": "3.12.4",
            "VENV": "venv",
            "PINS": "f00d",
            "PIP": "true",
        }

    def tool(self, name: str, script: str) -> None:
        (self.bin / name).write_text(script)
        (self.bin / name).chmod(0o755)

    def free(self, megabytes: int) -> None:
        self.tool("df", f"#!/bin/sh\necho Filesystem\necho disk 0 0 {megabytes * 1024} 0% /\n")

    def start(self, *arguments: str, **settings: str) -> subprocess.Popen:
        return subprocess.Popen(
            ["sh", str(self.root / ".ci/environment"), *arguments],
            env=self.settings | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def make(self, *arguments: str, **settings: str) -> tuple[int, str, list[str]]:
        process = self.start(*arguments, **settings)
        out, err = process.communicate(timeout=120)
        return process.returncode, out.strip(), err.splitlines()

    def refuses(self, **settings: str) -> str:
        code, out, said = self.make(**settings)
        assert (code, out) == (1, "")
        assert not (self.root / ".venv/3.12/course.stamp").exists()
        assert [line for line in said if not line.startswith("environment")] == []
        return said[-1]

    def pip_calls(self) -> int:
        return self.calls.read_text().count("pip") if self.calls.exists() else 0


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_makes_the_environment_once(checkout: Checkout):
    code, out, said = checkout.make()
    assert (code, out) == (0, str(checkout.root / ".venv/3.12/bin/python"))
    assert said == [
        "environment .venv/3.12 (Python 3.12.4): making it; 1.6 GB, a few minutes",
        "environment .venv/3.12 is ready",
    ]
    assert checkout.pip_calls() == 2
    assert checkout.make() == (0, out, [])
    assert checkout.pip_calls() == 2


def test_bare_environment_has_a_name_and_no_course(checkout: Checkout):
    code, out, _ = checkout.make("bare", "ci-3.12")
    assert (code, out) == (0, str(checkout.root / ".venv/ci-3.12/bin/python"))
    assert checkout.pip_calls() == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"PINS": "beef"}, "the pinned set has changed, making it again"),
        ({"VERSION": "3.12.5"}, "Python was 3.12.4, making it again"),
    ],
)
def test_change_makes_it_again_and_says_why(checkout: Checkout, change: dict[str, str], reason: str):
    checkout.make()
    code, _, said = checkout.make(**change)
    assert code == 0
    assert reason in said[0]
    assert checkout.pip_calls() == 4


def test_moved_folder_makes_it_again(checkout: Checkout):
    checkout.make()
    checkout.root = checkout.root.rename(checkout.root.with_name("moved"))
    code, out, said = checkout.make()
    assert (code, out) == (0, str(checkout.root / ".venv/3.12/bin/python"))
    assert "the folder has moved, making it again" in said[0]


def test_environment_without_its_python_is_made_again(checkout: Checkout):
    _, python, _ = checkout.make()
    Path(python).unlink()
    code, _, said = checkout.make()
    assert code == 0
    assert "its Python no longer starts, making it again" in said[0]


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"PYTHON": "python9"}, "environment: Python not found as 'python9': install Python 3.11 or later"),
        (
            {"VERSION": "3.10.13", "VENV": ""},
            "environment: Python 3.11 or later is needed, 'python3' is 3.10.13",
        ),
        ({"VERSION": "", "VENV": ""}, "environment: 'python3' does not start: try 'python3 --version'"),
        ({"VENV": "no venv"}, "(Debian, Ubuntu: apt install python3.12-venv)"),
    ],
)
def test_unfit_python_is_one_line(checkout: Checkout, settings: dict[str, str], line: str):
    assert line in checkout.refuses(**settings)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            "WARNING: Retrying after connection broken by NewConnectionError; No matching distribution",
            "network",
        ),
        ("ReadTimeoutError: Read timed out.", "network"),
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            "disk became full",
        ),
        (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE",
            "differs from its pinned hash",
        ),
        ("ERROR: No matching distribution found for jaxlib==9", "no build for Python 3.12.4"),
        ("ERROR: something else", "installing the pinned set failed: read "),
    ],
)
def test_failed_installation_is_explained(checkout: Checkout, words: str, line: str):
    said = checkout.refuses(PIP=f"echo '{words}'; exit 1")
    assert line in said
    assert words in (checkout.root / ".venv/3.12/pip.log").read_text()
    code, _, again = checkout.make()
    assert code == 0
    assert "an earlier installation was not completed, making it again" in again[0]


def test_too_little_space_is_met_before_anything_is_installed(checkout: Checkout):
    checkout.free(900)
    assert "2500 MB of disk space are needed" in checkout.refuses()
    assert checkout.pip_calls() == 0


def wait_for(condition) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "the script never came so far"
        time.sleep(0.02)


def test_second_maker_is_sent_away_and_a_stopped_one_leaves_nothing_done(checkout: Checkout):
    first = checkout.start(PIP="exec sleep 30")
    wait_for(checkout.pip_calls)
    assert f"process {first.pid} is making .venv/3.12 just now" in checkout.refuses()
    os.killpg(first.pid, signal.SIGTERM)  # SIGINT stays ignored where the tests run in the background
    _, said = first.communicate(timeout=120)
    assert first.returncode == 1
    assert (
        said.splitlines()[-1] == "environment: stopped before .venv/3.12 was complete: run the command again"
    )
    assert not (checkout.root / ".venv/3.12/course.stamp").exists()
    assert checkout.make()[0] == 0


def test_killed_maker_does_not_block_the_next(checkout: Checkout):
    first = checkout.start(PIP="exec sleep 30")
    wait_for(checkout.pip_calls)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate(timeout=120)
    code, _, said = checkout.make()
    assert code == 0
    assert "an earlier installation was not completed, making it again" in said[0]


def test_real_probe_reads_pyproject_and_lock(checkout: Checkout):
    """With the real Python up to the check of the disk: the probe itself, and a lock that is missing."""
    checkout.free(900)
    for name in ("pyproject.toml", "requirements.lock"):
        assert "pyproject.toml or requirements.lock cannot be read" in checkout.refuses(PYTHON=sys.executable)
        shutil.copy(ROOT / name, checkout.root)
    assert "2500 MB of disk space are needed" in checkout.refuses(PYTHON=sys.executable)
