"""nbval plugin: quiet kernels, a patient output time-out, a report of shares, time and memory per notebook.

The run fails when 5 % of the output cells or more are ignored, or a notebook needs 4 GiB or more.
"""

import os
import tempfile
from collections import defaultdict
from pathlib import Path

import pytest
from nbval.plugin import IPyNbCell
from stored import IGNORED_SHARE, Shares, load, shares

MEMORY_LIMIT = 4 * 2**30
totals: dict[str, dict[str, float]] = defaultdict(lambda: {"seconds": 0.0, "bytes": 0.0, "cells": 0})


def pytest_configure(config: pytest.Config) -> None:
    os.environ["COURSE_PROGRESS"] = "0"
    os.environ["COURSE_LAB_BOOK"] = str(Path(tempfile.mkdtemp()) / "lab_book.jsonl")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, IPyNbCell):
            item.output_timeout = 60  # nbval fixes 5 s, too short for a figure on a busy machine


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item):
    if isinstance(item, IPyNbCell) and item.parent.kernel is not None:
        item.user_properties.append(("peak_bytes", peak_bytes(item.parent.kernel.km.provisioner.pid)))
    return (yield)


def peak_bytes(pid: int) -> int:
    """Largest resident memory of a process so far; where the system does not keep it, the present one."""
    status = Path(f"/proc/{pid}/status")
    if status.is_file():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    import psutil

    return psutil.Process(pid).memory_info().rss


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    path = report.nodeid.partition("::")[0]
    if not path.endswith(".ipynb"):
        return
    total = totals[path]
    total["seconds"] += report.duration
    total["cells"] += report.when == "call"
    for name, value in report.user_properties:
        if name == "peak_bytes":
            total["bytes"] = max(total["bytes"], value)


def problems() -> list[str]:
    """What makes the whole run fail although every cell passed."""
    found = [
        f"{path} needed {t['bytes'] / 2**30:.1f} GiB"
        for path, t in totals.items()
        if t["bytes"] >= MEMORY_LIMIT
    ]
    share = summed().ignored_share
    if share >= IGNORED_SHARE:
        found.append(f"{share:.1%} of the output cells are ignored; the limit is {IGNORED_SHARE:.0%}")
    return found


def summed() -> Shares:
    return sum((shares(load(Path(path))) for path in totals if Path(path).is_file()), Shares())


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput") and problems() and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter) -> None:
    if not totals:
        return
    line = terminalreporter.write_line
    line(
        f"\n{'notebook':<44}{'cells':>6}{'seconds':>9}{'peak GiB':>10}{'text':>6}{'figure':>8}{'ignored':>9}"
    )
    for path in sorted(totals):
        total, share = totals[path], shares(load(Path(path))) if Path(path).is_file() else Shares()
        line(
            f"{path:<44}{total['cells']:>6.0f}{total['seconds']:>9.1f}{total['bytes'] / 2**30:>10.2f}"
            f"{share.text:>6}{share.figure:>8}{share.ignored:>9}"
        )
    everything = summed()
    cells = max(1, everything.total)
    line(
        f"output cells: {everything.total}; text compared {everything.text / cells:.0%}, "
        f"figure only {everything.figure / cells:.0%}, ignored {everything.ignored_share:.1%}"
    )
    for problem in problems():
        line(f"FAILED: {problem}")
