"""A student's notebook file read into plain cells, whatever is in it; nothing of it is executed."""

import ast
import builtins
import json
import re
import warnings
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from course_utils.grading.members import UnreadableError

CELLS = 2_000
"""Most cells of a notebook; a lab has about 25."""
CHARACTERS = 500_000
"""Most characters in all cells together, outputs not counted; a lab has about 20,000."""
LONGEST_PARSED = 50_000
"""Cells with more characters are searched for names line by line."""

_MAGIC = re.compile(r"^([ \t]*)[%!].*$", re.MULTILINE)
_SURROGATE = re.compile("[\ud800-\udfff]")
_OTHER_FILES = {
    b"version https://git-lfs": "is a Git LFS pointer, not the notebook: run git lfs pull, then hand in the file",
    b"PK\x03\x04": "is a zip or office file, not a notebook: hand in the .ipynb itself",
    b"%PDF": "is a PDF: hand in the .ipynb itself",
    b"<": "is a web page, not a notebook: download the notebook itself (File, Download)",
}


class Cell(NamedTuple):
    """One cell of a student's notebook.

    Args:
        kind: ``code``, ``markdown``, ``raw`` or whatever the file says.
        source: its text, lines ended by a line feed.
        grade_id: nbgrader's name of it; empty when there is none.
        id: the notebook format's own id; empty when there is none.
    """

    kind: str
    source: str
    grade_id: str
    id: str


def read_cells(content: bytes) -> list[Cell]:
    """Read a notebook file.

    Args:
        content: its bytes; JSON in UTF-8, 16 or 32, format 4 or 3.

    Raises:
        UnreadableError: it is no notebook; the message says what it is, and what to do.

    >>> read_cells(b'{"cells": [{"cell_type": "code", "source": ["x = 1\\\\n", "y = 2"], "id": "a"}]}')
    [Cell(kind='code', source='x = 1\\ny = 2', grade_id='', id='a')]
    """
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        raise UnreadableError("The file is empty: save the notebook, then hand it in.")
    for mark, words in _OTHER_FILES.items():
        if start.startswith(mark):
            raise UnreadableError(f"The file {words}.")
    try:
        text = content.decode(json.detect_encoding(content), errors="replace")
        # Numbers in a notebook are of no interest here, and a huge one must not cost time.
        notebook = json.loads(text.removeprefix("\ufeff"), parse_int=float)
    except (ValueError, RecursionError, MemoryError) as error:
        words = "nested too deeply" if isinstance(error, RecursionError | MemoryError) else str(error)[:200]
        raise UnreadableError(
            f"The file is no notebook, its JSON is broken ({words}): open it in JupyterLab; when that fails, "
            "paste your answers into a fresh copy of the lab."
        ) from error
    cells = [_cell(found) for found in _listed(notebook) if isinstance(found, dict)]
    characters = sum(len(cell.source) for cell in cells)
    if len(cells) > CELLS or characters > CHARACTERS:
        raise UnreadableError(
            f"The notebook holds {len(cells):,} cells with {characters:,} characters, where {CELLS:,} and "
            f"{CHARACTERS:,} are the most: paste your answers into a fresh copy of the lab."
        )
    return cells


@lru_cache(maxsize=2 * CELLS)
def defined(source: str) -> frozenset[str]:
    """Names that a cell's text defines outside functions and classes; found without running it.

    >>> sorted(defined("import math as m\\ndef f(x):\\n    y = x\\nz: int = 1"))
    ['f', 'm', 'z']
    """
    tree = _parsed(source)
    if tree is None:  # an answer with a typing error is still this answer
        functions = re.findall(r"^(?:async +)?def +(\w+)", source, re.MULTILINE)
        return frozenset(functions + re.findall(r"^(\w+) *(?::[^=\n]*)?=(?!=)", source, re.MULTILINE))
    names: set[str] = set()
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names.add(node.name)
            case ast.Import() | ast.ImportFrom():
                names.update((alias.asname or alias.name).partition(".")[0] for alias in node.names)
            case ast.Name(ctx=ast.Store()):
                names.add(node.id)
            case ast.Lambda() | ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                pass
            case _:
                waiting += ast.iter_child_nodes(node)
    return frozenset(names)


def needed(source: str) -> set[str]:
    """Names that a cell's text reads and does not make itself; found without running it.

    >>> needed("def f(x):\\n    return math.sqrt(helper(x)) + len(x)") == {"math", "helper"}
    True
    """
    tree = _parsed(source)
    if tree is None:
        return set()
    read: set[str] = set()
    made: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else made).add(node.id)
        elif isinstance(node, ast.arg):
            made.add(node.arg)
    return read - made - defined(source) - set(dir(builtins))


def _parsed(source: str) -> ast.Module | None:
    if len(source) > LONGEST_PARSED:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes in the student's strings
            return ast.parse(_MAGIC.sub(r"\1pass", source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _listed(notebook: Any) -> Iterator[Any]:
    """The notebook's cells in its own form, of format 4 or of format 3's worksheets."""
    if not isinstance(notebook, dict):
        raise UnreadableError(
            f"The file is no notebook: its JSON holds a {type(notebook).__name__} where an object with "
            "cells is expected. Hand in the .ipynb that JupyterLab saves."
        )
    sheets = notebook.get("worksheets")
    holders = sheets if isinstance(sheets, list) and "cells" not in notebook else [notebook]
    for holder in holders:
        cells = holder.get("cells") if isinstance(holder, dict) else None
        if not isinstance(cells, list):
            raise UnreadableError(
                "The file is no notebook: it has no list of cells. Hand in the .ipynb that JupyterLab saves."
            )
        yield from cells


def _cell(found: dict[str, Any]) -> Cell:
    source = found.get("source", found.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        source = ""
    source = _SURROGATE.sub("\ufffd", source.replace("\r\n", "\n").replace("\r", "\n"))
    metadata = found.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    marks = metadata.get("nbgrader")
    grade_id = marks.get("grade_id") if isinstance(marks, dict) else ""
    # Colab keeps the id in the metadata.
    ids = [one for one in (found.get("id"), metadata.get("id")) if isinstance(one, str)]
    return Cell(str(found.get("cell_type", "")), source, str(grade_id or ""), (ids or [""])[0])
