"""cells.csv and claims.csv from the stored notebooks: what covers which topic, and what is claimed.

A cell covers a topic when its tags (in the cell's metadata) hold ``covers:<id>``, with an id of coverage.csv
that belongs to the cell's chapter. A claim is an output whose metadata has ``claim``.
"""

import csv
import io
import os
import tempfile
from collections import Counter
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from course_utils.ledger.notebook import TAG, claims, covered, read
from course_utils.ledger.tables import GENERATED, HERE, chapters, read_table

Row = tuple[str, ...]


@dataclass(frozen=True)
class Ledger:
    """The two generated tables, as rows of strings without their header."""

    cells: list[Row]
    claims: list[Row]


def collect(notebooks: Path, folder: Path = HERE) -> Ledger:
    """Read all notebooks of a folder in reading order and gather what they cover and claim.

    Args:
        notebooks: the folder of the chapters.
        folder: where coverage.csv and chapters.csv lie.

    Returns:
        The rows of cells.csv and claims.csv.

    Raises:
        ValueError: no such folder, a file that is no notebook or no chapter, or a tag that names an unknown
            topic or another chapter's; the message names the file.
    """
    if not notebooks.is_dir():
        raise ValueError(f"no folder {notebooks}: give the folder that holds 00_start_here.ipynb.")
    owners = dict(read_table("coverage", folder)[["id", "chapter"]].itertuples(index=False))
    numbers = dict(chapters(folder)[["path", "number"]].itertuples(index=False))
    cells: list[Row] = []
    claimed: list[Row] = []
    for path in sorted(notebooks.rglob("*.ipynb")):
        name = path.relative_to(notebooks).as_posix()
        if any(part.startswith(".") for part in name.split("/")):
            continue
        if name not in numbers:
            raise ValueError(f"{name} is not in chapters.csv: add the chapter or move the file away.")
        chapter = numbers[name]
        book = read(path, name)
        try:
            first: dict[tuple[str, str], str] = {}
            for topic, heading, cell in covered(book):
                _owned(topic, chapter, owners)
                first.setdefault((topic, heading), cell)
            cells += [(topic, chapter, name, heading, cell) for (topic, heading), cell in first.items()]
            claimed += [(chapter, *row) for row in claims(book)]
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return Ledger(cells, claimed)


def changes(ledger: Ledger, folder: Path = HERE) -> list[str]:
    """How the stored tables differ from a ledger, one line a table; measured values are not compared.

    Args:
        ledger: what the notebooks say.
        folder: where the stored tables lie.

    Returns:
        Lines such as ``claims.csv: 2 new, 1 gone``; empty when both agree.
    """
    lines = []
    for name, rows in (("cells", ledger.cells), ("claims", ledger.claims)):
        path = folder / f"{name}.csv"
        stored = _parse(path.read_text(encoding="utf-8")) if path.is_file() else []
        header = GENERATED[name]
        old, new = (_unmeasured(header, table) for table in (stored[1:], rows))
        if stored[:1] != [header]:
            lines.append(f"{name}.csv: missing, or its header is not {','.join(header)}")
        elif old != new:
            fresh, gone = _surplus(new, old), _surplus(old, new)
            what = f"{fresh} new, {gone} gone" if fresh or gone else "order changed"
            lines.append(f"{name}.csv: {what}")
    return lines


def write(ledger: Ledger, folder: Path = HERE) -> None:
    """Write cells.csv and claims.csv, each whole or not at all.

    Args:
        ledger: what to write.
        folder: where the tables lie.
    """
    for name, rows in (("cells", ledger.cells), ("claims", ledger.claims)):
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([GENERATED[name], *rows])
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}-", suffix=".csv")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text.getvalue())
            os.chmod(temporary, 0o644)  # mkstemp's 0600 would hide the table from other users
            os.replace(temporary, folder / f"{name}.csv")
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def _owned(topic: str, chapter: str, owners: dict[str, str]) -> None:
    """Refuse an unknown topic, and one that another chapter owns."""
    if topic not in owners:
        close = get_close_matches(topic, owners, 1)
        hint = f"did you mean {TAG}{close[0]}?" if close else "add the row or correct the tag."
        raise ValueError(f"the tag {TAG}{topic} names no row of coverage.csv; {hint}")
    if owners[topic] != chapter:
        raise ValueError(
            f"the tag {TAG}{topic} stands in chapter {chapter}, but coverage.csv gives the topic to chapter "
            f"{owners[topic]}: move the tag or change the row."
        )


def _parse(text: str) -> list[Row]:
    """The rows of a CSV text, its header first."""
    return [tuple(row) for row in csv.reader(io.StringIO(text))]


def _unmeasured(header: Row, rows: list[Row]) -> list[Row]:
    """The rows without the measured value, which differs between machines."""
    if "measured" not in header:
        return rows
    at = header.index("measured")
    return [row[:at] + row[at + 1 :] for row in rows]


def _surplus(rows: list[Row], others: list[Row]) -> int:
    """How many rows have no partner in the other table."""
    return (Counter(rows) - Counter(others)).total()
