"""Reading stored notebooks: cells, outputs, and how much of the outputs nbval compares."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

IGNORED_SHARE = 0.05
IGNORING = ("nbval-ignore-output", "nbval-skip", "raises-exception")
IGNORING_COMMENTS = ("NBVAL_IGNORE_OUTPUT", "NBVAL_SKIP", "NBVAL_RAISES_EXCEPTION")


@dataclass(frozen=True)
class Shares:
    """Output-bearing code cells by what nbval does with them: text compared, figure only, ignored."""

    text: int = 0
    figure: int = 0
    ignored: int = 0

    def __add__(self, other: "Shares") -> "Shares":
        return Shares(self.text + other.text, self.figure + other.figure, self.ignored + other.ignored)

    def __radd__(self, other: int) -> "Shares":
        return self

    @property
    def total(self) -> int:
        return self.text + self.figure + self.ignored

    @property
    def ignored_share(self) -> float:
        return self.ignored / max(1, self.total)


def load(path: Path) -> Any:
    """The notebook, refused when it is not valid nbformat 4."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def code_cells(notebook: Any) -> list[Any]:
    """Code cells with a source, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def outputs(notebook: Any) -> Iterator[tuple[Any, Any]]:
    """Every (cell, output)."""
    for cell in code_cells(notebook):
        for output in cell.outputs:
            yield cell, output


def texts(notebook: Any) -> Iterator[str]:
    """Every text that an output shows: streams, plain text, HTML, messages of errors."""
    for _, output in outputs(notebook):
        yield output.get("text", "")
        for kind in ("text/plain", "text/html"):
            yield output.get("data", {}).get(kind, "")
        yield "\n".join(output.get("traceback", []))


def claims(notebook: Any) -> list[dict[str, Any]]:
    """The claims kept in the outputs' metadata."""
    return [
        output.metadata["claim"] for _, output in outputs(notebook) if "claim" in output.get("metadata", {})
    ]


def is_ignored(cell: Any) -> bool:
    """Whether nbval passes over the cell's outputs."""
    tagged = any(tag in IGNORING for tag in cell.metadata.get("tags", []))
    return tagged or any(comment in cell.source for comment in IGNORING_COMMENTS)


def shares(notebook: Any) -> Shares:
    """Count the output-bearing cells by what nbval does with them."""
    counted = Shares()
    for cell in code_cells(notebook):
        if not cell.outputs:
            continue
        if is_ignored(cell):
            counted += Shares(ignored=1)
        elif all("image/png" in output.get("data", {}) for output in cell.outputs):
            counted += Shares(figure=1)
        else:
            counted += Shares(text=1)
    return counted
