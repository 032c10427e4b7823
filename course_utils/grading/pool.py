"""Many submissions at once: each worker is a process of its own that judges one after another."""

import contextlib
import multiprocessing
import signal
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from course_utils.grading.bubblewrap import Limits, SandboxError, find_bubblewrap
from course_utils.grading.judge import Judge
from course_utils.grading.records import Answers, Result, TaskResult

JUDGE_GIB = 4
"""Address space of a worker beyond what the lab's own solution took: what makes a comparison explode ends here."""


class Job(NamedTuple):
    """One submission to grade.

    Args:
        key: names it among the others.
        answers: what the student wrote.
        seed: of the fresh inputs.
    """

    key: str
    answers: Answers
    seed: int


def grade(
    master: Path,
    jobs: Iterable[Job],
    *,
    course_seed: int | None = None,
    workers: int = 1,
    limits: Limits | None = None,
    private: Collection[Path] = (),
) -> Iterator[tuple[Job, Result]]:
    """Grade submissions and hand each result over as soon as it is there.

    The lab's own solution goes first, in each worker: where it does not score full marks nothing is graded.

    Args:
        master: the lab's master notebook.
        jobs: the submissions.
        course_seed: replaces the lab's own ``COURSE_SEED``.
        workers: submissions at once; fewer where the free memory does not hold so many sandboxes at their limit.
        limits: of each sandbox.
        private: folders that no sandbox may show.

    Yields:
        Each job with its result, in the order in which they finish. A submission during which the worker itself
        ended twice is ``INFRA``; one that found no end twice scores nothing.

    Raises:
        SandboxError: the sandbox does not start here, or the lab's own solution fails in it; nothing was graded.
    """
    find_bubblewrap()
    limits = limits or Limits()
    workers = min(workers, int(psutil.virtual_memory().available / 2**30 / limits.memory_gib))
    waiting = [(job, 0) for job in jobs][::-1]
    setting = (master, course_seed, limits, tuple(private))
    crew = [_Worker(setting) for _ in range(max(1, min(workers, len(waiting) or 1)))]
    try:
        for worker in crew:
            worker.greet()
        for worker in crew:
            if waiting:
                worker.start(*waiting.pop())
        while busy := [worker for worker in crew if worker.job is not None]:
            wait([worker.pipe for worker in busy], timeout=1.0)
            for worker in busy:
                outcome = worker.outcome()
                if outcome is None:
                    continue
                job, tries = worker.job, worker.tries
                assert job is not None
                worker.job = None
                if isinstance(outcome, Result):
                    yield job, outcome
                else:  # the worker itself has ended, or has no end
                    failed = Result("INFRA", job.seed, note=outcome.note)
                    if outcome.late:
                        failed = Result("graded", job.seed, worker.late)
                    try:
                        worker.replace()
                    except SandboxError as error:
                        tries, failed = 1, Result("INFRA", job.seed, note=str(error))
                    if tries:
                        yield job, failed
                    else:
                        waiting.append((job, tries + 1))
                if waiting:
                    worker.start(*waiting.pop())
    finally:
        for worker in crew:
            worker.stop()


@dataclass(frozen=True)
class _Ready:
    deadline: float
    late: tuple[TaskResult, ...]
    """The results of a submission that passes the deadline twice."""


class _Failure(NamedTuple):
    """Why a worker has no result; where it is ``late``, what the student's code returned is to blame."""

    note: str
    late: bool = False


class _Worker:
    """A process that judges, seen from here."""

    def __init__(self, setting: tuple[Any, ...]) -> None:
        """Start it."""
        self.setting = setting
        self.job: Job | None = None
        self.tries, self.until, self.deadline = 0, 0.0, 0.0
        self.late: tuple[TaskResult, ...] = ()
        self._begin()

    def greet(self) -> None:
        """Wait until it has graded the lab's own solution."""
        try:
            said = self.pipe.recv()
        except EOFError:
            said = "a worker of the grader ended while it started: is there memory enough?"
        if not isinstance(said, _Ready):
            raise SandboxError(said)
        self.deadline, self.late = said.deadline, said.late

    def start(self, job: Job, tries: int) -> None:
        """Give it a submission."""
        self.job, self.tries, self.until = job, tries, time.monotonic() + self.deadline
        with contextlib.suppress(OSError):  # it has ended: `outcome` sees that
            self.pipe.send((job.answers, job.seed))

    def outcome(self) -> Result | _Failure | None:
        """The result, or why there is none, or ``None`` while it is at work."""
        try:
            if self.pipe.poll():
                found = self.pipe.recv()
                return found if isinstance(found, Result) else _Failure(str(found))
        except (EOFError, OSError):
            return _Failure("the judge itself ended twice on this submission: look at it by hand")
        if time.monotonic() > self.until:
            return _Failure(f"the judge took over {self.deadline:.0f} seconds", late=True)
        return None

    def replace(self) -> None:
        """End it, with its sandbox, and start another."""
        self.stop()
        self._begin()
        self.greet()

    def stop(self) -> None:
        """End it; its sandbox dies with it."""
        self._process.kill()
        self._process.join()
        self.pipe.close()

    def _begin(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(other, *self.setting), daemon=True)
        self._process.start()
        other.close()


def _serve(
    pipe: Connection, master: Path, course_seed: int | None, limits: Limits, private: tuple[Path, ...]
) -> None:
    """Judge what comes through the pipe until it closes."""
    import resource  # not where `grade` has refused the system

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process ends its workers itself
    try:
        judge = Judge(master, course_seed=course_seed, limits=limits, private=private)
        judge.refuse_broken_lab()
    except (SandboxError, ValueError) as error:
        pipe.send(str(error))
        return
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    room = psutil.Process().memory_info().vms + (JUDGE_GIB << 30)  # XLA's threads take some for each core
    resource.setrlimit(resource.RLIMIT_AS, (room if most < 0 else min(room, most), most))
    late = TaskResult("", "timed out", 0.0, 0.0, "the judge had no end with what your code returned")
    tasks = tuple(replace(late, task=name, worth=task.points) for name, task in judge.lab.tasks.items())
    pipe.send(_Ready(judge.seconds + 600, tasks))
    while True:
        try:
            answers, seed = pipe.recv()
        except EOFError:
            return
        pipe.send(judge.judge(answers, seed))
