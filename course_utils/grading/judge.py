"""One submission judged: the answers run in the sandbox, the checks run here.

A check of the master is executed in this process with the student's function replaced by a `Remote`: it sends the
arguments into the sandbox and brings plain values back. What is compared, with which reference and on which fresh
inputs, the student's program never learns.
"""

import ast
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from course_utils.grading.answers import is_blank
from course_utils.grading.bubblewrap import Limits, SandboxError
from course_utils.grading.check_words import CHECK, CheckWords
from course_utils.grading.inside.source import parsed
from course_utils.grading.records import Answers, Result, TaskResult, TaskStatus
from course_utils.grading.remote import Remote
from course_utils.grading.sandbox import Sandbox, StudentError, StudentGoneError
from course_utils.labs.lab import NEEDS_ANSWERS, SUFFIX, Lab
from course_utils.labs.release import release, role

HIDES = "hides:"
"""Begin of an answer cell's tags: ``hides:jax`` makes the module vanish from the sandbox of that task."""

GIVEN_SECONDS = 300.0
"""Time of a given cell; before the first answer a busy machine, not a student, is what makes it slow."""

STUDENT_SIDE = "student-side"
"""Tag of a given cell whose functions run in the sandbox, beside the answer: it calls the answer by its name, hands it
what cannot cross the border (a function, for example), and returns plain values to the check. Such values come from
the student's process: who replaces the function while the answer runs can forge them."""


@dataclass
class _Work:
    """One submission while it is judged.

    Args:
        code: the answers by task.
        seed: of the fresh inputs.
        left: seconds that its program may still take.
        results: what has come out, by task.
        ended: tasks whose cell or function ended the program; it is not run again.
    """

    code: Mapping[str, str]
    seed: int
    left: float
    results: dict[str, TaskResult] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)

    @contextmanager
    def clock(self, sandbox: Sandbox, seconds: float) -> Iterator[None]:
        """Give what is run inside so much time, at most what is left, and take off what it used."""
        begun = time.monotonic()
        if self.left < seconds:
            sandbox.restart_clock(self.left, ", all that was left of the submission's time")
        else:
            sandbox.restart_clock(seconds)
        try:
            yield
        finally:
            self.left -= time.monotonic() - begun


class Judge:
    """The checks of one lab, ready for one submission after another."""

    def __init__(
        self,
        master: Path,
        *,
        course_seed: int | None = None,
        limits: Limits | None = None,
        private: Collection[Path] = (),
    ) -> None:
        """Read the master and run its given cells.

        Args:
            master: the lab's master notebook.
            course_seed: replaces the lab's own ``COURSE_SEED``.
            limits: of the sandboxes.
            private: folders that no sandbox may show; the masters' folder is always one.

        Raises:
            ValueError: the master is no lab.
        """
        self.lab = Lab.read(master)
        self.course_seed, self.limits = course_seed, limits or Limits()
        self.private = (master.resolve().parents[1], *private)
        self.cells = _plain_cells(self.lab, course_seed)
        self.words = {
            name: CheckWords(cell.source)
            for cell in self.lab.notebook.cells
            if role(cell) == "check"
            for name in [cell.metadata["nbgrader"]["grade_id"].removesuffix(SUFFIX)]
        }
        self.student_side = {
            node.name: cell.source
            for cell in self.lab.notebook.cells
            if STUDENT_SIDE in cell.metadata.get("tags", [])
            for node in ast.parse(cell.source).body
            if isinstance(node, ast.FunctionDef)
        }
        self.imports = "\n".join(
            ast.unparse(node)
            for kind, _, source in self.cells
            if kind == "given"
            for node in parsed(source, "<given>").body
            if isinstance(node, ast.Import | ast.ImportFrom)
        )
        self.given: dict[str, Any] = {}

    @property
    def seconds(self) -> float:
        """What the program of one submission may take: twice each cell and its check, since some run again."""
        return 4 * self.limits.seconds * len(self.lab.tasks)

    def refuse_broken_lab(self) -> None:
        """Grade the lab's own solution; whatever fails then is not a student's fault.

        Raises:
            SandboxError: it did not score full marks.
        """
        own = {name: task.reference for name, task in self.lab.tasks.items()}
        result = self.judge(Answers(own), seed=0)
        failed = [f"{task.task}: {task.status}, {task.message}" for task in result.tasks if not task.points]
        if failed or result.status != "graded":
            raise SandboxError(
                "the lab's own solution does not score full marks in the sandbox. "
                f"{result.note} {'; '.join(failed)}"
            )

    def judge(self, answers: Answers, seed: int) -> Result:
        """Grade one submission.

        Args:
            answers: the student's answers; a task without one is blank.
            seed: of the fresh inputs.
        """
        work = _Work(answers.code, seed, self.seconds)
        groups: dict[frozenset[str], list[str]] = {}
        for name in self.lab.tasks:
            groups.setdefault(self._hides(name), []).append(name)
        try:
            for hidden, names in groups.items():
                waiting = [name for name in names if not self._blank(name, work)]
                while waiting and work.left > 0:
                    with Sandbox(self.limits, hidden=hidden, private=self.private) as sandbox:
                        self._judge_in(sandbox, waiting, work)
                late = StudentGoneError("timed out", "other tasks took the time of the whole submission")
                work.results |= {name: self._result(name, late) for name in waiting}
        except SandboxError as error:
            return Result("INFRA", seed, note=str(error))
        return Result("graded", seed, tuple(work.results[name] for name in self.lab.tasks))

    def _judge_in(self, sandbox: Sandbox, waiting: list[str], work: _Work) -> None:
        """Grade tasks in one sandbox, in the lab's order; those that stay in ``waiting`` need another.

        That is so after a crash. It is also so when a task fails where an earlier one was checked: its message may
        hold the hidden inputs of that one.
        """
        checked, patient = False, bool(self._hides(waiting[0]))
        run = [name for name in work.code if name not in work.ended]
        first = next(at for at, (_, name, _) in enumerate(self.cells) if name in run)
        for number, (_, _, source) in enumerate(self.cells[:first], 1):  # nothing of the student's has run
            sandbox.restart_clock(GIVEN_SECONDS)
            try:
                sandbox.run(source, f"given cell {number}", patient=patient)
            except (StudentError, StudentGoneError) as error:
                raise SandboxError(f"a given cell of the lab failed: {error}") from error
        for number, (kind, name, source) in enumerate(self.cells[first:], first + 1):
            if not waiting or work.left <= 0:
                return
            if kind == "answer" and name not in run:
                continue
            failed: Exception | None = None
            try:
                if kind == "given":
                    with work.clock(sandbox, GIVEN_SECONDS):
                        sandbox.run(source, f"given cell {number}", patient=patient)
                else:
                    with work.clock(sandbox, self.limits.seconds):
                        sandbox.run(work.code[name], name, patient=name not in waiting)
                    if name in waiting:
                        failed = self._check(name, sandbox, work)
            except (StudentError, StudentGoneError) as error:
                failed = error
            if failed is None and name not in waiting:
                continue
            task, gone = name or waiting[0], isinstance(failed, StudentGoneError)
            if task in waiting:
                if failed is not None and not gone and checked:
                    return
                waiting.remove(task)
                work.results[task] = self._result(task, failed)
                checked = True
            if gone:
                work.ended |= {name} - {""}
                return

    def _blank(self, name: str, work: _Work) -> bool:
        """Whether a task has no answer; if so, that is its result."""
        task, source = self.lab.tasks[name], work.code.get(name)
        if source is not None and not is_blank(source, task.blank):
            return False
        message = "no answer cell was found" if source is None else "the answer cell was left as it is"
        work.results[name] = TaskResult(name, "blank", 0.0, task.points, message)
        return True

    def _check(self, name: str, sandbox: Sandbox, work: _Work) -> Exception | None:
        """Run a task's check here, on the function inside, and return what it raised."""
        task = self.lab.tasks[name]
        if not self.given:
            self.given = self.lab.given(self.course_seed)
        remotes = [Remote(name, sandbox, work.code[name])]
        remotes += [Remote(helper, sandbox) for helper in self.student_side]
        names = {**self.given, "GRADING_SEED": work.seed, "print": _nothing}
        try:
            with work.clock(sandbox, self.limits.seconds):
                for helper, source in self.student_side.items():
                    if helper in task.check:  # the answer's cell may have put its own in this one's place
                        patient = bool(self._hides(name))
                        sandbox.run(f"{self.imports}\n{source}", helper, patient=patient, apart=True)
                exec(
                    compile(task.check, CHECK, "exec"),
                    names | {remote.__name__: remote for remote in remotes},
                )
        except Exception as error:
            return next((remote.gone for remote in remotes if remote.gone is not None), error)
        finally:
            if any(remote.changed for remote in remotes):
                self.given = {}  # a given array may have been handed in and changed
        return None

    def _result(self, name: str, error: Exception | None) -> TaskResult:
        """The result of a task that passed its check, or whose answer raised, ended, or did not pass."""
        worth = self.lab.tasks[name].points
        if error is None:
            return TaskResult(name, "passed", worth, worth)
        if isinstance(error, StudentGoneError):
            return TaskResult(name, error.status, 0.0, worth, str(error))
        if isinstance(error, StudentError):
            status: TaskStatus = "blank" if error.type == "NotImplementedError" else "wrong"
            where = "a given cell, run after yours," if error.place.startswith("given cell") else "the cell"
            return TaskResult(name, status, 0.0, worth, f"{where} raised {error}")
        return TaskResult(name, "wrong", 0.0, worth, self.words[name].of(error))

    def _hides(self, name: str) -> frozenset[str]:
        """The modules that a task may not use, from its answer cell's tags."""
        for cell in self.lab.notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id") == name:
                tags = cell.metadata.get("tags", [])
                return frozenset(tag.removeprefix(HIDES) for tag in tags if tag.startswith(HIDES))
        return frozenset()


def _plain_cells(lab: Lab, course_seed: int | None) -> list[tuple[str, str, str]]:
    """``(given or answer, task, source)`` of the cells that the sandbox runs, from the released notebook."""
    cells = []
    for cell in release(lab.notebook, course_seed).cells:
        kind = role(cell)
        if cell.cell_type != "code" or NEEDS_ANSWERS in cell.metadata.get("tags", []):
            continue
        if kind == "answer":
            cells.append(("answer", cell.metadata["nbgrader"]["grade_id"], ""))
        elif kind in ("given", "locked"):
            cells.append(("given", "", cell.source))
    return cells


def _nothing(*_: Any, **__: Any) -> None:
    """Stands for print while a check runs."""
