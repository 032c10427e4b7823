"""Workers that judge side by side, and what becomes of a worker that ends."""

import os
import signal
from pathlib import Path

import psutil
import pytest

from course_utils.grading.bubblewrap import Limits, SandboxError
from course_utils.grading.pool import Job, grade
from course_utils.grading.records import Answers

pytestmark = pytest.mark.usefixtures("sandbox_works")
RIGHT = Answers({"double": "def double(x):\n    return 2 * x"})
WRONG = Answers({"double": "def double(x):\n    return 3 * x"})
LIMITS = Limits(seconds=5)


def jobs(count: int) -> list[Job]:
    return [Job(str(n), WRONG if n % 3 == 1 else RIGHT, n) for n in range(count)]


def test_each_job_comes_back_once_with_its_own_result(master: Path):
    found = {job.key: result for job, result in grade(master, jobs(7), workers=2, limits=LIMITS)}
    assert {key: result.score for key, result in found.items()} == {
        str(n): 0.0 if n % 3 == 1 else 3.0 for n in range(7)
    }
    assert all(result.seed == int(key) for key, result in found.items())


def test_no_jobs_try_the_sandbox_all_the_same(master: Path, monkeypatch: pytest.MonkeyPatch):
    assert list(grade(master, [], limits=LIMITS)) == []
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SandboxError, match="apt install bubblewrap"):
        list(grade(master, [], limits=LIMITS))


def test_a_worker_that_is_killed_costs_nobody_a_grade(master: Path):
    found = {}
    for job, result in grade(master, jobs(6), workers=2, limits=LIMITS):
        if not found:
            workers = [p for p in psutil.Process().children() if "spawn_main" in " ".join(p.cmdline())]
            assert len(workers) == 2
            os.kill(workers[0].pid, signal.SIGKILL)
        found[job.key] = result.status
    assert found == {str(n): "graded" for n in range(6)}


def test_leaving_early_leaves_no_process_behind(master: Path):
    results = grade(master, jobs(6), workers=2, limits=LIMITS)
    next(results)
    results.close()
    left = [p for p in psutil.Process().children(recursive=True) if p.status() != psutil.STATUS_ZOMBIE]
    assert not [p for p in left if "bwrap" in p.name() or "spawn_main" in " ".join(p.cmdline())]
