"""The reader's lab book: guesses kept before a run, results beside them, decisions and reasons.

Entries are appended to one file of JSON lines, so a crash costs at most the entry being written. The file is
the nearest ``lab_book.jsonl`` at or above the notebook's folder, or the one that ``COURSE_LAB_BOOK`` names.
"""

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from course_utils.display import emit

FILE_NAME = "lab_book.jsonl"
_chapter = "–"


def open_chapter(chapter: str) -> None:
    """Name the chapter that the following entries belong to (``setup`` calls it)."""
    global _chapter
    _chapter = chapter


@dataclass(frozen=True)
class Prediction:
    """A question with the reader's guess, waiting for its result."""

    question: str
    guess: str

    def result(self, outcome: str) -> None:
        """Lay the outcome beside the guess and keep both.

        Args:
            outcome: what the run showed, in words that hold on every machine.
        """
        if self.guess:
            _append(_prediction(self.question, self.guess, outcome))
        emit(f"your guess: {self.guess or '(none)'}\nit was:     {outcome}")


def predict(question: str, guess: str = "") -> Prediction:
    """Keep a guess before the run that answers it.

    An empty guess is not kept; the page goes on, and says that a guess is missing.

    Args:
        question: what will be measured.
        guess: the reader's answer, in any words.

    Returns:
        The prediction; call its ``result`` after the run.

    >>> guess = predict("Does the loss rise or fall?")
    ? Does the loss rise or fall?
      No guess yet: write one between the quotes and run this cell again.
    >>> guess.result("it falls")
    your guess: (none)
    it was:     it falls
    """
    guess = guess.strip()
    if guess:
        _append(_prediction(question, guess, None))
        emit(f"? {question}\n  Your guess is in the lab book: {guess}")
    else:
        emit(f"? {question}\n  No guess yet: write one between the quotes and run this cell again.")
    return Prediction(question, guess)


def note(text: str = "") -> None:
    """Keep a decision or an observation, with the chapter and the time.

    Args:
        text: the decision and its reason; an empty text is not kept.

    >>> note()
    ✎ Nothing noted yet: write your decision between the quotes and run this cell again.
    """
    if text.strip():
        _append({"kind": "note", "text": text.strip()})
        emit(f"✎ noted: {text.strip()}")
    else:
        emit("✎ Nothing noted yet: write your decision between the quotes and run this cell again.")


def lab_book_path() -> Path:
    """The file of the lab book: ``COURSE_LAB_BOOK``, else the nearest one above, else one here."""
    named = os.environ.get("COURSE_LAB_BOOK")
    if named:
        return Path(named)
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    return here / FILE_NAME


def entries() -> list[dict]:
    """Every entry, oldest first; of a question asked again in a chapter only the newest stays.

    A line that is not valid JSON (a crash while writing) is passed over and left in the file.
    """
    path = lab_book_path()
    latest: dict[tuple, dict] = {}
    lines = path.read_text("utf-8", errors="replace").splitlines() if path.is_file() else []
    for number, line in enumerate(lines):
        try:
            entry = json.loads(line)
            key = (entry["chapter"], entry["question"]) if entry["kind"] == "prediction" else (number,)
        except (ValueError, KeyError, TypeError):
            continue
        if key in latest and latest[key]["guess"] == entry["guess"] and entry["outcome"] is None:
            continue  # the guess was run again unchanged: its result still stands
        latest.pop(key, None)
        latest[key] = entry
    return list(latest.values())


def export_lab_book(path: str | Path = "my_lab_book.md") -> None:
    """Write the lab book as Markdown, one section a chapter, ready to print or to hand in.

    Args:
        path: the file to write; an existing one is replaced in one step.
    """
    book = entries()
    if not book:
        emit("The lab book is empty. Fill in a guess with predict() or a decision with note().")
        return
    lines = ["# Lab book"]
    for chapter in sorted({entry["chapter"] for entry in book}):
        lines += ["", f"## Chapter {chapter}"]
        for entry in (entry for entry in book if entry["chapter"] == chapter):
            if entry["kind"] == "prediction":
                outcome = entry["outcome"] or "not run yet"
                lines += ["", f"**{entry['question']}**  "]
                lines += [f"I guessed: {entry['guess']}  ", f"It was: {outcome}"]
            else:
                lines += ["", f"*{entry['time'][:10]}* {entry['text']}"]
    target = Path(path)
    partial = target.with_name(target.name + ".partial")
    partial.write_text("\n".join(lines) + "\n", "utf-8")
    os.replace(partial, target)
    emit(f"{len(book)} entries written to {target.name}")


def _prediction(question: str, guess: str, outcome: str | None) -> dict:
    return {"kind": "prediction", "question": question, "guess": guess, "outcome": outcome}


def _append(entry: dict) -> None:
    """Add one line in one write, on disk before the call returns."""
    path = lab_book_path()
    stamp = {"time": datetime.now(UTC).isoformat(timespec="seconds"), "chapter": _chapter}
    line = json.dumps(stamp | entry, ensure_ascii=False) + "\n"
    try:
        with path.open("a+b") as file:
            if file.tell() and not _ends_with_newline(path):
                # The last write was cut short, or another notebook's is under way: start on a line of its own.
                line = "\n" + line
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise OSError(
            f"the lab book {path.name} could not be written ({error.strerror}). Your entry still stands in "
            "this cell: free some space or set COURSE_LAB_BOOK to a file you may write, then run the cell again."
        ) from error


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
