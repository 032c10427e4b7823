"""nbval plugin: quiet kernels, a patient output time-out, a report of shares, time and memory per notebook.

The run fails when 5 % of the output cells or more are ignored, or a notebook needs 4 GiB or more.
"""

import os
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from nbval.plugin import IPyNbCell
from stored import IGNORED_SHARE, Shares, load, shares

MEMORY_LIMIT = 4 * 2**30


@dataclass
class Total:
    """What one notebook took and how much of it was compared."""

    seconds: float = 0.0
    cells: int = 0
    peak_bytes: int = 0
    shares: Shares = field(default_factory=Shares)


totals: dict[str, Total] = defaultdict(Total)


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
        item.user_properties.append(("notebook", str(item.path)))  # the id may be relative to another folder
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
    total.seconds += report.duration
    total.cells += report.when == "call"
    properties = dict(report.user_properties)
    total.peak_bytes = max(total.peak_bytes, properties.get("peak_bytes", 0))
    if "notebook" in properties and not total.shares.total:
        total.shares = shares(load(Path(properties["notebook"])))


def problems() -> list[str]:
    """What makes the whole run fail although every cell passed."""
    large = {path: total.peak_bytes for path, total in totals.items() if total.peak_bytes >= MEMORY_LIMIT}
    found = [f"{path} needed {size / 2**30:.1f} GiB" for path, size in large.items()]
    share = summed().ignored_share
    if share >= IGNORED_SHARE:
        found.append(f"{share:.1%} of the output cells are ignored; the limit is {IGNORED_SHARE:.0%}")
    return found


def summed() -> Shares:
    return sum((total.shares for total in totals.values()), Shares())


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
    for path, total in sorted(totals.items()):
        counted = total.shares
        line(
            f"{path:<44}{total.cells:>6}{total.seconds:>9.1f}{total.peak_bytes / 2**30:>10.2f}"
            f"{counted.text:>6}{counted.figure:>8}{counted.ignored:>9}"
        )
    everything = summed()
    cells = max(1, everything.total)
    line(
        f"output cells: {everything.total}; text compared {everything.text / cells:.0%}, "
        f"figure only {everything.figure / cells:.0%}, ignored {everything.ignored_share:.1%}"
    )
    for problem in problems():
        line(f"FAILED: {problem}")
