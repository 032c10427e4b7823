"""The student version of a lab from its master, in nbgrader's format and without nbgrader.

nbgrader writes the same notebook (a test compares with a recorded one); it brings a database, a web server and
migrations along, and leaves an existing release as it is.
"""

import copy
import hashlib
import os
import re
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

CODE_STUB = 'raise NotImplementedError("your answer goes here")'
TEXT_STUB = "YOUR ANSWER HERE"
KEPT_METADATA = ("nbgrader", "tags")
SEED_LINE = re.compile(r"^COURSE_SEED = \d+", re.MULTILINE)


def release(master: NotebookNode, course_seed: int | None = None) -> NotebookNode:
    """The student version of a master: no solutions, no hidden tests, no outputs, a checksum on each graded cell.

    The lines between ``### BEGIN SOLUTION`` and ``### END SOLUTION`` become one that raises; a written answer
    becomes ``YOUR ANSWER HERE``; the lines between ``### BEGIN HIDDEN TESTS`` and ``### END HIDDEN TESTS`` go.
    Nothing of the result depends on when, where or whether the master was executed.

    Args:
        master: the instructor's notebook; it is not changed.
        course_seed: the value of its parameter ``COURSE_SEED``; as the master has it by default.

    Returns:
        A new notebook.

    Raises:
        ValueError: a region is not closed or lies in the wrong kind of cell, a code answer has no region, two
            cells share a grade id, or the master has no ``COURSE_SEED``.
    """
    student = copy.deepcopy(master)
    student.metadata = NotebookNode(
        kernelspec=master.metadata["kernelspec"], language_info=NotebookNode(name="python")
    )
    ids = [cell.metadata["nbgrader"]["grade_id"] for cell in student.cells if "nbgrader" in cell.metadata]
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        raise ValueError(f"each grade id names one cell, got {twice} more than once: rename the copies.")
    for cell in student.cells:
        _release_cell(cell)
    if course_seed is not None:
        _set_seed(student, course_seed)
    for cell in student.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata["nbgrader"] |= {"checksum": checksum(cell), "cell_type": cell.cell_type}
    return student


def release_all(solutions: Path, labs: Path, course_seed: int | None = None) -> list[Path]:
    """Write the student version of every master; what is equal already stays untouched.

    Args:
        solutions: the folder of the masters, ``<lab>/<lab>.ipynb`` each.
        labs: the folder to write into.
        course_seed: as in `release`.

    Returns:
        The student versions' paths, in order.

    Raises:
        ValueError: there is no master, or one of them cannot be released; the message names it.
    """
    masters = sorted(path for path in solutions.glob("*/*.ipynb") if path.stem == path.parent.name)
    if not masters:
        raise ValueError(
            f"no master <lab>/<lab>.ipynb in {solutions.name}/: run this in the repository's root."
        )
    written = []
    for master in masters:
        try:
            student = release(nbformat.read(master, as_version=4), course_seed)
        except ValueError as error:
            raise ValueError(f"{master.name}: {error}") from error
        target = labs / master.parent.name / master.name
        content = (nbformat.writes(student) + "\n").encode()
        if not target.is_file() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = target.with_suffix(".partial")
            partial.write_bytes(content)
            os.replace(partial, target)
        written.append(target)
    return written


def cut(source: str, region: str, stub: str | None) -> str:
    """A cell's text without its regions: each becomes the stub at the region's indent, or nothing.

    >>> print(cut("def f(x):\\n    ### BEGIN SOLUTION\\n    return x\\n    ### END SOLUTION", "SOLUTION", "pass"))
    def f(x):
        pass
    """
    begin, end = f"### BEGIN {region}", f"### END {region}"
    kept, inside = [], False
    for line in source.split("\n"):
        mark = line.strip()
        if (mark == begin and inside) or (mark == end and not inside):
            raise ValueError(f"{mark} has no partner: regions open and close in turn.")
        if mark == begin and stub is not None:
            kept.append(line[: len(line) - len(line.lstrip())] + stub)
        elif mark not in (begin, end) and not inside:
            kept.append(line)
        inside = mark == begin or (inside and mark != end)
    if inside:
        raise ValueError(f"{begin} is never closed: add {end}.")
    return "\n".join(kept)


def role(cell: NotebookNode) -> str:
    """What a cell is to the grader: ``answer``, ``check``, ``written``, ``locked`` or ``given``."""
    marks: dict[str, Any] = cell.metadata.get("nbgrader", {})
    if marks.get("solution"):
        return "written" if marks.get("grade") else "answer"
    return "check" if marks.get("grade") else "locked" if marks.get("locked") else "given"


def checksum(cell: NotebookNode) -> str:
    """nbgrader's checksum of a cell, by which it sees whether a student changed it."""
    marks = cell.metadata["nbgrader"]
    locked = not marks["solution"] and (marks["grade"] or marks["locked"])
    parts = [cell.source, cell.cell_type, marks["grade"], marks["solution"], locked, marks["grade_id"]]
    parts += [float(marks["points"])] if marks["grade"] else []
    return hashlib.md5("".join(map(str, parts)).encode(), usedforsecurity=False).hexdigest()


def _release_cell(cell: NotebookNode) -> None:
    """Take out of one cell what students must not see, and lock what they must not edit."""
    kind = role(cell)
    for region, stub, home in (("SOLUTION", CODE_STUB, "answer"), ("HIDDEN TESTS", None, "check")):
        without = cut(cell.source, region, stub)
        if without != cell.source and kind != home:
            raise ValueError(f"a region {region} lies in a cell that is no {home} cell: {cell.source[:60]!r}")
        if without == cell.source and kind == home == "answer":
            raise ValueError(f"the answer {cell.metadata['nbgrader']['grade_id']!r} has no region SOLUTION.")
        cell.source = without
    if kind == "written":
        cell.source = TEXT_STUB
    if cell.cell_type == "code":
        hidden = cell.metadata.get("jupyter", {}).get("source_hidden")
        cell.metadata = NotebookNode({k: v for k, v in cell.metadata.items() if k in KEPT_METADATA})
        if hidden is not None:
            cell.metadata["jupyter"] = {"source_hidden": hidden}
        cell.outputs, cell.execution_count = [], None
    if kind != "given":
        cell.metadata["deletable"] = False
    if kind in ("check", "locked"):
        cell.metadata["editable"] = False


def _set_seed(notebook: NotebookNode, course_seed: int) -> None:
    """Write another course seed into the one parameter line."""
    holders = [cell for cell in notebook.cells if cell.cell_type == "code" and SEED_LINE.search(cell.source)]
    if len(holders) != 1:
        raise ValueError(f"one line COURSE_SEED = … sets the course seed, got {len(holders)}.")
    holders[0].source = SEED_LINE.sub(f"COURSE_SEED = {course_seed}", holders[0].source)
