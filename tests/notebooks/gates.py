"""What a stored page must keep, each gate a function from a notebook to its complaints (none: it passes)."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stored import claims, code_cells, outputs, shares, texts

from course_utils.claims import MASK
from course_utils.ledger import find_reference

LOCAL_PATH = re.compile(r"/tmp/|/home/|/root/|/Users/|[A-Z]:\\|site-packages/|ipykernel_\d")
PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
SECTIONS = ("What it costs", "Exercises", "Summary", "References")


def executed_in_order(notebook: Any) -> list[str]:
    """Execution counts run 1 … n."""
    counts = [cell.execution_count for cell in code_cells(notebook)]
    return [] if counts == list(range(1, len(counts) + 1)) else [f"executed {counts}: make notebooks"]


def no_error(notebook: Any) -> list[str]:
    """No output is an error; a failure shown on purpose goes through refused()."""
    return [output.ename for _, output in outputs(notebook) if output.output_type == "error"]


def not_cleared(notebook: Any) -> list[str]:
    """The outputs are there: nbval passes a page without any."""
    return [] if shares(notebook).total >= 2 else ["the outputs were cleared: make notebooks"]


def no_local_path(notebook: Any) -> list[str]:
    """No output names a folder of the machine that made it."""
    return [match.group() for text in texts(notebook) for match in LOCAL_PATH.finditer(text)]


def alt_text(notebook: Any) -> list[str]:
    """Every picture has words that replace it."""
    pictures = [(cell, out) for cell, out in outputs(notebook) if "image/png" in out.get("data", {})]
    bare = [c for c, out in pictures if len(out.metadata.get("image/png", {}).get("alt", "")) < 20]
    return [f"show the figure with show(fig, alt=…): {cell.source[:60]!r}" for cell in bare]


def known_references(notebook: Any) -> list[str]:
    """Every bullet under "References" is in the bibliography."""
    complaints = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (section := re.search(r"#+ References\n(.*)", cell.source, re.S)):
            for bullet in re.findall(r"^- (.+)$", section.group(1), re.M):
                try:
                    find_reference(bullet)
                except ValueError as error:
                    complaints.append(str(error))
    return complaints


def approximate_numbers_claimed(notebook: Any) -> list[str]:
    """Every ``≈ number`` is the rounding of a value that the same page claims."""
    measured = [claim["measured"] for claim in claims(notebook) if isinstance(claim["measured"], float | int)]
    complaints = []
    for match in (match for text in texts(notebook) for match in MASK.finditer(text)):
        number = match.group().removeprefix("≈ ").replace(",", "")
        digits = len(number.partition("e")[0].partition(".")[2])
        if number not in [f"{value:.{digits}f}" for value in measured]:
            complaints.append(f"{match.group()} is not the rounding of any claimed value")
    return complaints


def plain_kernel_metadata(notebook: Any) -> list[str]:
    """The metadata names no version and keeps no widget state."""
    metadata = notebook.metadata
    plain = (
        metadata.get("language_info") == {"name": "python"} and metadata["kernelspec"]["name"] == "python3"
    )
    return [] if plain and "widgets" not in metadata else [f"metadata {dict(metadata)}: make notebooks"]


def address_is_pyprojects(notebook: Any) -> list[str]:
    """The line that installs the course in Colab uses the one address in pyproject.toml."""
    address = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]["urls"]["Repository"]
    found = {url for cell in code_cells(notebook) for url in re.findall(r"git\+(\S+?)\"", cell.source)}
    return [] if found == {address} else [f"installs from {sorted(found)}, pyproject has {address}"]


def form_of_a_chapter(notebook: Any) -> list[str]:
    """Set-up first, one parameter cell, a guess, a picture, four claims, the closing sections."""
    code = code_cells(notebook)
    markdown = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    headings = re.findall(r"^#+ (.+)$", markdown, re.M)
    number = (re.match(r"# (\d\d) · ", notebook.cells[0].source) or ["", ""])[1]
    rules = {
        "the first cell is the title, “# NN · …”": number,
        "25 to 50 cells": 25 <= len(notebook.cells) <= 50,
        f'the first code cell calls setup("{number}")': code and f'setup("{number}")' in code[0].source,
        "the second code cell holds the parameters": len(code) > 1
        and re.search(r"\b[A-Z]+\b.* = ", code[1].source),
        "the reader predicts before a run": any("predict(" in cell.source for cell in code),
        "a picture": any("image/png" in output.get("data", {}) for _, output in outputs(notebook)),
        "four claims": len(claims(notebook)) >= 4,
        "references": re.search(r"# References\n+- ", markdown),
    } | {f"the section “{name}”": name in headings for name in SECTIONS}
    return [f"missing: {rule}" for rule, holds in rules.items() if not holds]


EVERY_PAGE: tuple[Callable[[Any], list[str]], ...] = (
    executed_in_order,
    no_error,
    not_cleared,
    no_local_path,
    alt_text,
    known_references,
    approximate_numbers_claimed,
    plain_kernel_metadata,
    address_is_pyprojects,
)
