"""The reader's working copy of the notebooks: laid out, brought up to date, opened; no work is ever lost.

`python -m course_utils.workbench [FOLDER] [--from NOTEBOOKS] [--no-open] [options of JupyterLab]`

Two notebooks are equal when the sources of their cells are: running one changes its outputs, not its source.
A manifest keeps what was delivered, so that each update can tell who changed a notebook since:

| the reader's copy | the course's is unchanged | the course's has changed                             |
|-------------------|---------------------------|------------------------------------------------------|
| missing           | brought back              | the new one is delivered                             |
| as delivered      | left alone                | replaced                                             |
| run, not edited   | left alone                | replaced, kept as `.previous/NAME-DATE.ipynb`        |
| edited            | left alone                | left alone, the new one beside it: `NAME.new.ipynb`  |

With no manifest, or an unreadable one, each copy that differs counts as edited. An empty lab book is begun at the
top, so that the pages of every folder share it; it and all other files are never touched again.
"""

import argparse
import datetime
import errno
import hashlib
import itertools
import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from course_utils.lab_book import FILE_NAME as LAB_BOOK

MANIFEST = ".course.json"
START = "00_start_here.ipynb"


class Print(NamedTuple):
    """The fingerprint of a notebook.

    Args:
        file: SHA-256 of its bytes.
        source: SHA-256 of its cells' types and sources; of its bytes where they are no notebook.
    """

    file: str
    source: str


class Change(NamedTuple):
    """What happened to one notebook.

    Args:
        name: Its path below the working copy, with `/`.
        what: `new`, `brought back`, `updated`, `unchanged`, `yours` (edited, and left so).
        where: The other file's path below the working copy: the reader's old copy of an updated notebook that
            had been run, the course's version of one that is `yours`; else empty.
    """

    name: str
    what: str
    where: str = ""


def fingerprint(notebook: bytes) -> Print:
    """Return what tells a notebook that was only run from one that was edited.

    Args:
        notebook: The bytes of an `.ipynb` file.

    Returns:
        Two hashes: of the file, and of the sources of its cells.

    >>> before = b'{"cells": [{"cell_type": "code", "source": ["1 + 1"], "outputs": []}]}'
    >>> after = b'{"cells": [{"cell_type": "code", "source": "1 + 1", "outputs": [2]}]}'
    >>> fingerprint(before).source == fingerprint(after).source
    True
    >>> fingerprint(before).file == fingerprint(after).file
    False
    """
    try:
        cells = [(cell["cell_type"], "".join(cell["source"])) for cell in json.loads(notebook)["cells"]]
        source = json.dumps(cells).encode()
    except (ValueError, TypeError, KeyError):
        source = notebook
    return Print(hashlib.sha256(notebook).hexdigest(), hashlib.sha256(source).hexdigest())


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: beside its place first, then renamed into it.

    Args:
        path: The file; its folder is made where it is missing.
        content: The bytes to write.

    Raises:
        OSError: The disk is full, or the place not writable; what stood there still stands.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def read_manifest(folder: Path) -> dict[str, Print]:
    """Return what was delivered into a working copy; nothing where its manifest is missing or unreadable.

    Args:
        folder: The working copy.

    Returns:
        For each notebook's path its fingerprint as delivered.
    """
    try:
        entries = json.loads((folder / MANIFEST).read_bytes())["delivered"]
        return {name: Print(str(file), str(source)) for name, (file, source) in entries.items()}
    except (FileNotFoundError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def back_up(folder: Path, name: str, today: datetime.date) -> str:
    """Copy a file of the working copy into `.previous/` under a name that is free.

    Args:
        folder: The working copy.
        name: The file's path below it.
        today: The date for the copy's name.

    Returns:
        The copy's path below the working copy.
    """
    stem = f".previous/{name.removesuffix('.ipynb')}-{today.isoformat()}"
    names = (f"{stem}{f'-{n}' if n > 1 else ''}.ipynb" for n in itertools.count(1))
    where = next(name for name in names if not (folder / name).exists())
    write(folder / where, (folder / name).read_bytes())
    return where


def deliver(folder: Path, name: str, content: bytes, last: Print | None, today: datetime.date) -> Change:
    """Bring one notebook of the working copy up to date by the module's table.

    Args:
        folder: The working copy.
        name: The notebook's path below it.
        content: The course's version.
        last: The fingerprint of the version delivered last, if any.
        today: The date for the name of a copy in `.previous/`.

    Returns:
        What was done.
    """
    course, path = fingerprint(content), folder / name
    if not path.exists():
        write(path, content)
        return Change(name, "brought back" if last else "new")
    mine = fingerprint(path.read_bytes())
    if last and mine.file == last.file != course.file:
        write(path, content)
        return Change(name, "updated")
    if course.source == mine.source or (last and course.source == last.source):
        return Change(name, "unchanged")
    if last and mine.source == last.source:
        where = back_up(folder, name, today)
        write(path, content)
        return Change(name, "updated", where)
    beside = name.removesuffix(".ipynb") + ".new.ipynb"
    if (folder / beside).exists() and (folder / beside).read_bytes() != content:
        back_up(folder, beside, today)  # the reader may have worked in it
    write(folder / beside, content)
    return Change(name, "yours", beside)


def pages(folder: Path) -> list[Path]:
    """Return the notebooks below a folder in reading order, without those of hidden folders."""
    return sorted(
        path
        for path in folder.rglob("*.ipynb")
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def update(notebooks: Path, folder: Path, today: datetime.date) -> list[Change]:
    """Bring a working copy up to date with the course's notebooks, and with the labs that lie beside them.

    The manifest is written after each change, so that an update that is killed goes on where it stopped.

    Args:
        notebooks: The course's notebooks; read only.
        folder: The working copy; made where it is missing.
        today: The date for the names of copies in `.previous/`.

    Returns:
        What happened to each notebook, in reading order.

    Raises:
        ValueError: There are no notebooks, or the two folders overlap.
        OSError: The disk is full, or the working copy not writable.
    """
    sources = {path.relative_to(notebooks).as_posix(): path for path in pages(notebooks)}
    if not sources:
        raise ValueError(
            f"expected the course's notebooks in {notebooks}, found none: "
            "run this in a checkout of the course, or name their folder with --from"
        )
    labs = notebooks.parent / "labs"
    sources |= {f"labs/{path.relative_to(labs).as_posix()}": path for path in pages(labs)}
    here, there = folder.resolve(), notebooks.resolve()
    if here == there or here in there.parents or there in here.parents:
        raise ValueError(
            f"expected a working copy apart from the course's notebooks in {notebooks}, got {folder}: "
            "name another folder"
        )
    if not (folder / LAB_BOOK).exists():
        write(folder / LAB_BOOK, b"")
    delivered, changes = read_manifest(folder), []
    for name, path in sources.items():
        content = path.read_bytes()
        changes.append(deliver(folder, name, content, delivered.get(name), today))
        if delivered.get(name) != fingerprint(content):
            delivered[name] = fingerprint(content)
            write(folder / MANIFEST, json.dumps({"delivered": delivered}, indent=1).encode())
    return changes


def report(changes: list[Change], folder: Path) -> str:
    """Say what an update did: one line of counts, and a line for each notebook the reader should look at.

    >>> changes = [Change("a.ipynb", "new"), Change("b.ipynb", "yours", "b.new.ipynb")]
    >>> print(report(changes, Path("my_course")))
    my_course: 1 new, 1 yours
      b.ipynb has your edits and stays; the course's new version is b.new.ipynb
    """
    counts = Counter(change.what for change in changes)
    lines = [f"{folder}: " + ", ".join(f"{count} {what}" for what, count in counts.items())]
    for name, what, where in changes:
        if where and what == "yours":
            lines.append(f"  {name} has your edits and stays; the course's new version is {where}")
        elif where:
            lines.append(f"  {name} is the course's new version; the copy that you ran is {where}")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Bring the working copy up to date, then open it in JupyterLab.

    Args:
        arguments: The folder first, if any (otherwise `my_course`), then `--from`, `--no-open` and options of
            JupyterLab.

    Returns:
        The exit status: 0, or 1 after one line that says what went wrong.
    """
    named = bool(arguments) and not arguments[0].startswith("-")
    folder = Path(arguments[0] if named else "my_course")
    notebooks = Path(__file__).parents[1] / "notebooks"
    parser = argparse.ArgumentParser(prog="python -m course_utils.workbench [FOLDER]", allow_abbrev=False)
    parser.add_argument(
        "--from", dest="notebooks", type=Path, default=notebooks, help="the course's notebooks"
    )
    parser.add_argument("--no-open", action="store_true", help="bring the working copy up to date, no more")
    options, for_jupyter = parser.parse_known_args(arguments[named:])
    try:
        print(report(update(options.notebooks, folder, datetime.date.today()), folder), flush=True)
    except ValueError as error:
        print(f"workbench: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        what = "the disk is full: make room" if full else f"{error.strerror}, {error.filename}: repair that"
        print(f"workbench: {what} and run this again; no work of yours is lost", file=sys.stderr)
        return 1
    if not options.no_open:
        from jupyterlab.labapp import main as lab  # late: an update needs no JupyterLab

        lab([str(folder / START), *for_jupyter])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
