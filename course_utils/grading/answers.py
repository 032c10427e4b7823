"""A student's answers found in the notebook that was handed in; nothing of it is executed.

Only answer cells count. What the student did to given cells and checks is ignored: those come from the master.
"""

from collections.abc import Sequence

from nbformat import NotebookNode

from course_utils.grading.cells import Cell, defined, needed, read_cells
from course_utils.grading.members import UnreadableError
from course_utils.grading.records import Answers
from course_utils.labs.lab import NEEDS_ANSWERS
from course_utils.labs.release import TEXT_STUB, role

__all__ = ["UnreadableError", "belongs", "is_blank", "read_answers"]

_TELLING = 60  # characters; a longer check or explanation of a lab stands in no other


def read_answers(content: bytes, released: NotebookNode) -> Answers:
    """Find the answers of one lab.

    An answer is looked for by nbgrader's id, then by the cell's own id, then by the name it defines. Of several
    that differ, a filled one wins over a blank one, then the last wins.

    Args:
        content: the bytes of the notebook file.
        released: the lab as the students got it.

    Returns:
        The answers that were found, and what the student should know about it.

    Raises:
        UnreadableError: it is no notebook, or one without anything of this lab.
    """
    cells = read_cells(content)
    if not _of_lab(cells, released):
        raise UnreadableError(
            "Nothing of this lab is in the notebook: is this the right lab? Hand in the notebook of the lab itself."
        )
    theirs = {cell.source.strip() for cell in released.cells if role(cell) not in ("answer", "written")}
    notes: list[str] = []
    code, taken = {}, []
    for cell in released.cells:
        if role(cell) == "answer":
            name = cell.metadata["nbgrader"]["grade_id"]
            found = _pick(name, cell, _code_routes(cell, cells, theirs), notes)
            if found is not None:
                taken.append(found)
                code[name] = cell.source if is_blank(found.source, cell.source) else found.source
    written = {}
    for position, cell in enumerate(released.cells):
        if role(cell) == "written":
            name = cell.metadata["nbgrader"]["grade_id"]
            before = released.cells[position - 1].source.strip() if position else ""
            found = _pick(name, cell, _text_routes(cell, cells, theirs, before), notes)
            if found is not None:
                written[name] = TEXT_STUB if is_blank(found.source, cell.source) else found.source
    return Answers(code, written, (*notes, *_elsewhere(code, cells, taken, released)))


def belongs(content: bytes, released: NotebookNode) -> bool:
    """Whether a file is a notebook of this lab."""
    try:
        return _of_lab(read_cells(content), released)
    except UnreadableError:
        return False


def is_blank(source: str, released: str) -> bool:
    """Whether an answer is as it was released, or empty, whatever its white space."""
    return source.split() in ([], released.split())


def _code_routes(answer: NotebookNode, cells: Sequence[Cell], theirs: set[str]) -> list[list[Cell]]:
    """Where a code answer may stand, best first."""
    name = answer.metadata["nbgrader"]["grade_id"]
    unmarked = [cell for cell in cells if not cell.grade_id and cell.source.strip() not in theirs]
    return [
        [cell for cell in cells if cell.grade_id == name],
        [cell for cell in unmarked if cell.kind == "code" and cell.id and cell.id == answer.get("id")],
        [cell for cell in unmarked if cell.kind == "code" and name in defined(cell.source)],
    ]


def _text_routes(
    answer: NotebookNode, cells: Sequence[Cell], theirs: set[str], before: str
) -> list[list[Cell]]:
    """Where a written answer may stand, best first; last in a text of the student's own below the question."""
    name = answer.metadata["nbgrader"]["grade_id"]
    unmarked = [not cell.grade_id and cell.source.strip() not in theirs for cell in cells]
    below = [
        cell
        for above, cell, own in zip(cells, cells[1:], unmarked[1:], strict=False)
        if own and cell.kind != "code" and (above.grade_id == name or above.source.strip() == before)
    ]
    by_id = [
        cell
        for cell, own in zip(cells, unmarked, strict=True)
        if own and cell.kind != "code" and cell.id and cell.id == answer.get("id")
    ]
    return [[cell for cell in cells if cell.grade_id == name], by_id, below]


def _pick(name: str, released: NotebookNode, routes: list[list[Cell]], notes: list[str]) -> Cell | None:
    """The one cell that counts, with a note where the student would not expect it."""
    for number, found in enumerate(routes):
        # From the last on; of equal ones one stays.
        filled = {
            cell.source.strip(): cell
            for cell in reversed(found)
            if not is_blank(cell.source, released.source)
        }
        if not filled:
            continue
        best = next(iter(filled.values()))
        if len(filled) > 1:
            best = next((cell for cell in filled.values() if name in defined(cell.source)), best)
            notes.append(f"{len(filled)} cells hold different answers to {name}: the last one counts.")
        if number == 2:
            notes.append(f"The answer cell of {name} is empty or missing: another cell was taken for it.")
        if released.cell_type == "code" != best.kind:
            notes.append(f"The answer cell of {name} is no code cell any more: its text was taken as code.")
        return best
    blanks = [cell for found in routes for cell in found]
    if not blanks:
        notes.append(
            f"The answer cell of {name} was not found: it scores nothing. "
            "Paste the answer into a fresh copy of the lab and hand that in."
        )
    return blanks[0] if blanks else None


def _elsewhere(
    code: dict[str, str], cells: Sequence[Cell], taken: list[Cell], released: NotebookNode
) -> list[str]:
    """A note for each answer that relies on a name which only a cell of the student's own defines."""
    given = [
        cell.source
        for cell in released.cells
        if cell.cell_type == "code" and NEEDS_ANSWERS not in cell.metadata.get("tags", [])
    ]
    there = _all_names([*given, *code.values()])
    own = _all_names([cell.source for cell in cells if cell.kind == "code" and cell not in taken])
    notes = []
    for name, source in code.items():
        if missing := sorted(needed(source) & own - there):
            notes.append(
                f"{name} uses {', '.join(missing)} from outside the answer cells: only what stands in the answer "
                f"cells counts. Move it into the cell of {name}."
            )
    return notes


def _all_names(sources: Sequence[str]) -> set[str]:
    return set().union(*map(defined, sources))


def _of_lab(cells: Sequence[Cell], released: NotebookNode) -> bool:
    """Whether anything in the cells is of this lab; ids like ``parameters`` stand in every lab and tell nothing."""
    ids: dict[str, set[str]] = {}
    for cell in released.cells:
        if "nbgrader" in cell.metadata:
            ids.setdefault(role(cell), set()).add(cell.metadata["nbgrader"]["grade_id"])
    every = set().union(*ids.values())
    answers = ids.get("answer", set())
    marked = {cell.grade_id for cell in cells} - {""}
    if marked & ((answers | ids.get("check", set())) or every):
        return True
    if marked - every:
        return False
    texts = {
        cell.source.strip()
        for cell in released.cells
        if (cell.cell_type == "markdown" or role(cell) == "check") and len(cell.source.strip()) > _TELLING
    }
    return any(
        cell.source.strip() in texts or (cell.kind == "code" and answers & defined(cell.source))
        for cell in cells
    )
