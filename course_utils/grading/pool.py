"""Many submissions at once: each worker is a process of its own that judges one after another."""

import contextlib
import multiprocessing
import signal
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from course_utils.grading.bubblewrap import Limits, SandboxError, find_bubblewrap
from course_utils.grading.judge import Judge
from course_utils.grading.records import Answers, Result

JUDGE_GIB = 4
"""Address space of a worker: a returned array that makes a comparison explode ends here."""


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
        ended twice is ``INFRA``.

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
                else:  # the worker itself has ended
                    try:
                        worker.replace()
                    except SandboxError as error:
                        tries, outcome = 1, str(error)
                    if tries:
                        yield job, Result("INFRA", job.seed, note=outcome)
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


class _Worker:
    """A process that judges, seen from here."""

    def __init__(self, setting: tuple[Any, ...]) -> None:
        """Start it."""
        self.setting = setting
        self.job: Job | None = None
        self.tries, self.until, self.deadline = 0, 0.0, 0.0
        self._begin()

    def greet(self) -> None:
        """Wait until it has graded the lab's own solution."""
        try:
            said = self.pipe.recv()
        except EOFError:
            said = "a worker of the grader ended while it started: is there memory enough?"
        if not isinstance(said, _Ready):
            raise SandboxError(said)
        self.deadline = said.deadline

    def start(self, job: Job, tries: int) -> None:
        """Give it a submission."""
        self.job, self.tries, self.until = job, tries, time.monotonic() + self.deadline
        with contextlib.suppress(OSError):  # it has ended: `outcome` sees that
            self.pipe.send((job.answers, job.seed))

    def outcome(self) -> Result | str | None:
        """The result, or why there is none, or ``None`` while it is at work."""
        try:
            if self.pipe.poll():
                found = self.pipe.recv()
                return found if isinstance(found, Result) else str(found)
        except (EOFError, OSError):
            return "the judge itself ended twice on this submission: look at it by hand"
        if time.monotonic() > self.until:
            return f"the judge took over {self.deadline:.0f} seconds twice: look at this submission by hand"
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
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    room = JUDGE_GIB << 30
    resource.setrlimit(resource.RLIMIT_AS, (room if most < 0 else min(room, most), most))
    try:
        judge = Judge(master, course_seed=course_seed, limits=limits, private=private)
        judge.refuse_broken_lab()
    except (SandboxError, ValueError) as error:
        pipe.send(str(error))
        return
    pipe.send(_Ready(judge.seconds + 600))
    while True:
        try:
            answers, seed = pipe.recv()
        except EOFError:
            return
        pipe.send(judge.judge(answers, seed))
