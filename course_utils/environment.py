"""The set-up line of every page, and the check that says what is wrong with an installation."""

import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from packaging.specifiers import SpecifierSet

from course_utils.display import emit
from course_utils.lab_book import open_chapter

NEEDED = {"jax": ">=0.10.2,!=0.11.1", "flax": ">=0.12.8", "optax": "==0.2.8", "scikit-learn": ">=1.9"}
"""The versions that a page relies on; a test holds them equal to pyproject's."""


@dataclass(frozen=True)
class Check:
    """One requirement: what is expected, what was found, and what to do when they differ."""

    expected: str
    found: str
    holds: bool
    remedy: str

    def __str__(self) -> str:
        if self.holds:
            return f"✔ {self.expected}"
        return f"✘ {self.expected}: found {self.found}. {self.remedy}"


def setup(chapter: str) -> None:
    """Prepare a page: check versions, set the look of figures, name the chapter, print one line.

    Args:
        chapter: the chapter's number, for example ``"12"``; the lab book files its entries under it.

    Raises:
        RuntimeError: an installed version cannot run the course; the message says which and what to do.
    """
    wrong = [str(check) for check in _packages() if not check.holds]
    if wrong:
        raise RuntimeError("this environment cannot run the course:\n" + "\n".join(wrong))
    import jax

    from course_utils import plots

    open_chapter(chapter)
    plots.use_style()
    devices = jax.devices()
    kind = (
        devices[0].platform if devices[0].platform == "cpu" else f"{devices[0].device_kind} × {len(devices)}"
    )
    emit(
        f"device: {kind} · JAX {NEEDED['jax'].split(',')[0].removeprefix('>=')} or newer",
        versions={name: version(name) for name in NEEDED} | {"python": platform.python_version()},
    )


def check_environment() -> list[Check]:
    """Everything the course needs from this machine, each with the remedy when it is missing.

    Returns:
        Checks of Python, packages, processor cores, memory, disk space and a first compiled program.
    """
    cores = os.cpu_count() or 1
    memory = _memory_gib()
    disk = shutil.disk_usage(os.getcwd()).free / 2**30
    return [
        Check(
            "Python 3.11 or newer",
            platform.python_version(),
            sys.version_info >= (3, 11),
            "Install Python 3.11 or newer and run: make lab PYTHON=python3.12",
        ),
        *_packages(),
        _compiles(),
        Check("2 processor cores or more", str(cores), cores >= 2, "Pages still run; allow twice the time."),
        Check("4 GiB of memory or more", f"{memory:.1f} GiB", memory >= 4, "Close other programs first."),
        Check("1 GiB of free disk or more", f"{disk:.1f} GiB", disk >= 1, "Free some space before saving."),
    ]


def _packages() -> list[Check]:
    """A check for each package in ``NEEDED``."""
    checks = []
    for name, wanted in NEEDED.items():
        try:
            found = version(name)
        except PackageNotFoundError:
            found = "nothing"
        holds = found != "nothing" and SpecifierSet(wanted).contains(found, prereleases=True)
        remedy = "Run make lab again, or in Colab the set-up cell, then restart the kernel."
        checks.append(Check(f"{name} {wanted}", found, holds, remedy))
    return checks


def _double(x: Any) -> Any:
    return 2.0 * x


def _compiles(program: Callable[[Any], Any] = _double) -> Check:
    """Whether JAX compiles and runs a first program on this machine's default device."""
    expected = "JAX compiles and runs a program"
    remedy = "Set JAX_PLATFORMS=cpu to leave a broken accelerator driver aside, then restart the kernel."
    try:
        import jax

        answer = float(jax.jit(program)(21.0))
    except Exception as error:
        return Check(expected, f"{type(error).__name__}: {str(error).splitlines()[0]}", False, remedy)
    return Check(expected, f"2 × 21 = {answer:g}", answer == 42.0, remedy)


def _memory_gib() -> float:
    """Physical memory of the machine in GiB."""
    import psutil

    return psutil.virtual_memory().total / 2**30
