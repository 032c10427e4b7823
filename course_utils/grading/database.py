"""The gradebook's file: made, opened, checked and written in transactions that survive kills and power cuts."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

APPLICATION = 0x4C4D4347
"""SQLite's application id of our files: "LMCG"."""
VERSION = 1
"""Of the schema."""

_MAGIC = b"SQLite format 3\0"
SCHEMA = (
    "CREATE TABLE assignments (digest TEXT PRIMARY KEY, lab TEXT NOT NULL, facts TEXT NOT NULL)",
    """CREATE TABLE gradings (
        id INTEGER PRIMARY KEY,
        lab TEXT NOT NULL,
        student TEXT NOT NULL,
        digest TEXT NOT NULL,
        assignment TEXT NOT NULL REFERENCES assignments,
        status TEXT NOT NULL CHECK (status IN ('waiting', 'graded', 'unreadable', 'INFRA')),
        seed INTEGER,
        tasks TEXT NOT NULL DEFAULT '[]',
        code TEXT NOT NULL DEFAULT '{}',
        written TEXT NOT NULL DEFAULT '{}',
        note TEXT NOT NULL DEFAULT '',
        notes TEXT NOT NULL DEFAULT '[]',
        source TEXT NOT NULL DEFAULT '',
        submitted TEXT NOT NULL DEFAULT '',
        graded TEXT NOT NULL DEFAULT '',
        UNIQUE (lab, student, digest, assignment))""",
    # One row each time a student's submission differs from the one before.
    """CREATE TABLE handins (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        grading INTEGER NOT NULL REFERENCES gradings,
        seen TEXT NOT NULL)""",
    # One row for each text ever handed in, with its mark; the id is what a marking form shows instead of a name.
    """CREATE TABLE texts (
        id TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(8)))),
        lab TEXT NOT NULL,
        student TEXT NOT NULL,
        question TEXT NOT NULL,
        text TEXT NOT NULL,
        points REAL,
        comment TEXT NOT NULL DEFAULT '',
        marker TEXT NOT NULL DEFAULT '',
        marked TEXT NOT NULL DEFAULT '',
        UNIQUE (lab, student, question, text))""",
)

_HELP = {
    "locked": "another program has held it for a minute: close that one, then run the command again",
    "full": "the disk is full: free some space, then run the command again",
    "I/O": "the disk refused: check that it is healthy and has space, then run the command again",
    "readonly": "it may not be written to: check its permissions",
    "unable to open": "the file or its folder cannot be opened: check the path and its permissions",
    "malformed": "the file is damaged: move it away and put back a copy from your backup",
    "not a database": "the file is no gradebook: name another folder with --out",
}


class GradebookError(ValueError):
    """The gradebook cannot be read or written; the message says what to do. What was recorded stays recorded."""


@contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into words."""
    try:
        yield
    except sqlite3.Error as error:
        text = str(error)
        advice = next((words for mark, words in _HELP.items() if mark in text), "see the message in brackets")
        raise GradebookError(f"gradebook {path}: {advice} ({text}). Nothing recorded was lost.") from error


def connect(path: Path) -> sqlite3.Connection:
    """Open a gradebook's file; a missing or empty one is made.

    Args:
        path: the file.

    Returns:
        A connection without transaction; `transaction` opens one.

    Raises:
        GradebookError: the file is damaged, of another program, of a newer version, or cannot be opened.
    """
    if path.exists() and not path.is_file():
        raise GradebookError(
            f"gradebook {path}: no regular file stands there. Name another folder with --out."
        )
    with in_words(path):
        # SQLite takes a very short file of any content for an empty one; a journal beside it means a crash.
        if path.exists() and not path.with_name(f"{path.name}-journal").exists():
            with path.open("rb") as file:
                start = file.read(len(_MAGIC))
            if start not in (b"", _MAGIC):
                raise sqlite3.DatabaseError("file is not a database")
        connection = sqlite3.connect(path, timeout=60, isolation_level=None)
        try:
            # A commit is on the disk, its journal's end too, before the next student is graded.
            connection.execute("PRAGMA synchronous = EXTRA")
            connection.execute("PRAGMA foreign_keys = ON")
            with transaction(connection):
                _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing of what is written inside; a second writer waits for its turn.

    Inside another transaction it is part of that one.
    """
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # a full disk has ended it already
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Check that the file is ours and whole, or make the tables of a new one."""
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if not tables and not application and not version:
        for statement in SCHEMA:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
    elif application != APPLICATION:
        raise GradebookError(
            f"gradebook {path}: the file is another program's database and was left alone. "
            "Name another folder with --out."
        )
    elif version != VERSION:
        raise GradebookError(
            f"gradebook {path}: version {version} was expected to be {VERSION}. "
            "Grade with the course's version that wrote it, or start a new folder with --out."
        )
    else:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise GradebookError(f"gradebook {path}: {_HELP['malformed']} ({verdict}). It was not changed.")
