"""Workers that judge side by side, and what becomes of a worker that ends."""

import os
import signal
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from course_utils.grading import pool
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


def test_a_worker_that_cannot_be_replaced_costs_one_submission_its_grade(
    master: Path, monkeypatch: pytest.MonkeyPatch
):
    greet, greeted = pool._Worker.greet, []

    def fails_once(worker: pool._Worker) -> None:
        greeted.append(worker)
        if len(greeted) == 2:
            worker._process.kill()
            raise SandboxError("no memory")
        greet(worker)

    monkeypatch.setattr(pool._Worker, "greet", fails_once)
    found = {}
    for job, result in grade(master, jobs(4), limits=LIMITS):
        if not found:
            greeted[0]._process.kill()
        found[job.key] = (result.status, result.note)
    assert found == dict.fromkeys("023", ("graded", "")) | {"1": ("INFRA", "no memory")}


def test_a_submission_whose_judging_has_no_end_scores_nothing(master: Path, monkeypatch: pytest.MonkeyPatch):
    greet = pool._Worker.greet

    def hasty(worker: pool._Worker) -> None:
        greet(worker)
        worker.deadline = 0.0

    monkeypatch.setattr(pool._Worker, "greet", hasty)
    (job,) = jobs(1)
    slow = {name: f"import time\ntime.sleep(3)\n{code}" for name, code in job.answers.code.items()}
    ((_, result),) = grade(master, [job._replace(answers=Answers(slow))], limits=LIMITS)
    assert result.status == "graded"
    assert [(task.status, task.points) for task in result.tasks] == [("timed out", 0.0)] * len(result.tasks)
    assert all(task.worth for task in result.tasks)


@pytest.mark.parametrize(("free_gib", "workers"), [(100, 5), (9, 2), (1, 1)])
def test_there_are_no_more_workers_than_the_memory_holds(
    master: Path, monkeypatch: pytest.MonkeyPatch, free_gib: int, workers: int
):
    class Counted:
        def __init__(self, setting: object) -> None:
            crew.append(self)

        def greet(self) -> None:
            raise SandboxError("enough seen")

        def stop(self) -> None:
            pass

    crew: list[Counted] = []
    monkeypatch.setattr(pool, "_Worker", Counted)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=free_gib << 30))
    with pytest.raises(SandboxError, match="enough seen"):
        list(grade(master, jobs(7), workers=5, limits=Limits(memory_gib=4)))
    assert len(crew) == workers


def test_leaving_early_leaves_no_process_behind(master: Path):
    results = grade(master, jobs(6), workers=2, limits=LIMITS)
    next(results)
    results.close()
    left = [p for p in psutil.Process().children(recursive=True) if p.status() != psutil.STATUS_ZOMBIE]
    assert not [p for p in left if "bwrap" in p.name() or "spawn_main" in " ".join(p.cmdline())]
