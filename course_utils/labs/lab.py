"""A master read into its tasks, and a task's answers tried against its checks, here in this process.

For texts one trusts: the course's own solutions and catalogues. A student's answer is code of a stranger and
belongs into the grader's sandbox.
"""

import contextlib
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from course_utils.labs.release import CODE_STUB, cut, role

NEEDS_ANSWERS = "needs-answers"
"""Tag of a given cell that calls what the student wrote, a figure for example; no check may rely on it."""

SUFFIX = "_check"
"""The check of the answer ``auc`` has the grade id ``auc_check``."""


@dataclass(frozen=True)
class Verdict:
    """Whether an answer passed a task's check, and what the student reads when it did not."""

    passed: bool
    message: str = ""


@dataclass(frozen=True)
class Task:
    """One coding task: the reference answer, what the student gets, and the check in two parts.

    Args:
        name: grade id of the answer cell, by convention the function's name.
        points: what the check is worth.
        reference: the answer with its solution.
        blank: the answer as released.
        visible: the part of the check that students see.
        check: the whole check, with its hidden part.
    """

    name: str
    points: float
    reference: str
    blank: str
    visible: str
    check: str


@dataclass(frozen=True)
class Lab:
    """A master's cells, and its coding tasks by name."""

    notebook: NotebookNode
    tasks: dict[str, Task]

    @classmethod
    def read(cls, path: Path) -> "Lab":
        """Read a master.

        Raises:
            ValueError: an answer without a check, or the other way round.
        """
        notebook = nbformat.read(path, as_version=4)
        sources: dict[str, dict[str, NotebookNode]] = {"answer": {}, "check": {}}
        for cell in notebook.cells:
            if role(cell) in sources:
                sources[role(cell)][cell.metadata["nbgrader"]["grade_id"]] = cell
        answers, checks = sources["answer"], sources["check"]
        if alone := {name + SUFFIX for name in answers} ^ set(checks):
            raise ValueError(
                f"{path.name}: each answer NAME has a check NAME{SUFFIX}; alone: {sorted(alone)}."
            )
        tasks = {
            name: Task(
                name,
                float(checks[name + SUFFIX].metadata["nbgrader"]["points"]),
                _unmarked(cell.source),
                cut(cell.source, "SOLUTION", CODE_STUB),
                cut(checks[name + SUFFIX].source, "HIDDEN TESTS", None),
                _unmarked(checks[name + SUFFIX].source),
            )
            for name, cell in answers.items()
        }
        return cls(notebook, tasks)

    def given(self, course_seed: int | None = None) -> dict[str, Any]:
        """The names that every check starts from: all given code run, no answer.

        Args:
            course_seed: replaces the lab's own ``COURSE_SEED``.
        """
        names: dict[str, Any] = {"__name__": "lab"}
        for cell in self.notebook.cells:
            plain = cell.cell_type == "code" and role(cell) in ("given", "locked")
            if plain and NEEDS_ANSWERS not in cell.metadata.get("tags", []):
                _run(_reseeded(cell.source, course_seed), names)
        return names

    def play(self, answers: dict[str, str], course_seed: int | None = None) -> dict[str, Verdict]:
        """Run the whole lab in order; an error costs the cell that raised it and nothing else.

        Args:
            answers: source of each task's answer; a task that is not named keeps its blank.
            course_seed: replaces the lab's own ``COURSE_SEED``.

        Returns:
            A verdict for each check, by the task's name, and for each given cell that failed, by its number.
        """
        names: dict[str, Any] = {"__name__": "lab"}
        verdicts = {}
        for number, cell in enumerate(self.notebook.cells):
            if cell.cell_type != "code":
                continue
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
            kind, task = role(cell), grade_id.removesuffix(SUFFIX)
            source = answers.get(task, self.tasks[task].blank) if kind == "answer" else _unmarked(cell.source)
            verdict = _verdict(_reseeded(source, course_seed), names)
            if kind == "check":
                verdicts[task] = verdict
            elif not verdict.passed:
                verdicts[f"cell {number}"] = verdict
        return verdicts


def attempt(task: Task, answer: str, given: dict[str, Any], *, hidden: bool = True) -> Verdict:
    """Try one answer against one task's check.

    Args:
        task: the task.
        answer: source of the answer cell.
        given: what `Lab.given` returned; its names are copied, its arrays are shared.
        hidden: False tries the visible part alone.

    Returns:
        Passed, or the message that the student reads.
    """
    names = dict(given)
    verdict = _verdict(answer, names)
    return verdict if not verdict.passed else _verdict(task.check if hidden else task.visible, names)


def _verdict(source: str, names: dict[str, Any]) -> Verdict:
    try:
        _run(source, names)
    except Exception as error:
        return Verdict(False, f"{type(error).__name__}: {error}")
    return Verdict(True)


def _run(source: str, names: dict[str, Any]) -> None:
    """Execute a cell's text in a namespace, without its line magics and its printing."""
    plain = re.sub(r"^(\s*)%.*$", r"\1pass", source, flags=re.MULTILINE)
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(plain, "<cell>", "exec"), names)


def _unmarked(source: str) -> str:
    return "\n".join(line for line in source.split("\n") if not re.match(r"\s*### (BEGIN|END) ", line))


def _reseeded(source: str, course_seed: int | None) -> str:
    return (
        source
        if course_seed is None
        else re.sub(r"^COURSE_SEED = \d+", f"COURSE_SEED = {course_seed}", source, flags=re.MULTILINE)
    )
