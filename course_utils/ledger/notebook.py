"""One stored notebook: the topics that its cells cover and the claims that its outputs carry."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat

TAG = "covers:"
"""A cell's tag begins with this when the cell covers the topic that follows."""


def read(path: Path, name: str) -> nbformat.NotebookNode:
    """The notebook as nbformat 4.

    Args:
        path: the file.
        name: what to call it in the refusal.

    Raises:
        ValueError: the file is no notebook; the message names it.
    """
    try:
        book = nbformat.read(path, as_version=4)
        nbformat.validate(book)
    except Exception as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise ValueError(f"{name} is not a readable notebook: {reason[0][:200]}") from error
    return book


def covered(book: nbformat.NotebookNode) -> Iterator[tuple[str, str, str]]:
    """Every tagged topic, the heading nearest above its cell (its own counts first), and the cell's id."""
    heading = ""
    for cell in book.cells:
        own = list(headings(cell.source)) if cell.cell_type == "markdown" else []
        here = own[0] if own else heading
        for tag in cell.metadata.get("tags", []):
            if tag.startswith(TAG):
                yield tag.removeprefix(TAG), here, cell.get("id", "")
        heading = own[-1] if own else heading


def headings(markdown: str) -> Iterator[str]:
    """The headings of a Markdown cell as a reader sees them: without marks for code, emphasis and links.

    Args:
        markdown: the cell's source; lines inside fenced code are no headings.

    >>> list(headings("# The *whole* `loop`\\ntext\\n```\\n# no heading\\n```\\n## [Part](x.md) two ##"))
    ['The whole loop', 'Part two']
    """
    fence = ""
    for line in markdown.splitlines():
        mark = re.match(r" {0,3}(`{3,}|~{3,})", line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        found = re.match(r" {0,3}#{1,6}[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$", line)
        if found and not fence:
            text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", found[1])
            yield re.sub(r"`|\*+|(?<!\w)_+|_+(?!\w)", "", text).strip()


def claims(book: nbformat.NotebookNode) -> Iterator[tuple[str, str, str, str]]:
    """Claim, bound, measured value and document of every output that carries a claim.

    Raises:
        ValueError: an output's claim lacks one of them.
    """
    for cell in book.cells:
        for output in cell.get("outputs", []):
            claim = output.get("metadata", {}).get("claim")
            if claim is None:
                continue
            if not isinstance(claim, dict) or not {"what", "bound", "measured"} <= set(claim):
                raise ValueError(f"an output's claim needs what, bound and measured; got {claim!r}.")
            yield claim["what"], claim["bound"], short(claim["measured"]), claim.get("document") or ""


def short(value: Any) -> str:
    """A measured value as the table shows it: floats with four significant digits, the rest unchanged.

    >>> short(0.934567), short(62006.0), short(1.23456e-7), short(62006), short(True)
    ('0.9346', '62010', '1.235e-07', '62006', 'True')
    """
    return format(float(f"{value:.4g}"), ".10g") if isinstance(value, float) else str(value)
