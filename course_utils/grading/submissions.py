"""Who handed in what: a folder or a zip, as nbgrader, Moodle or Canvas leave it, read student by student."""

import io
import re
import zipfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from course_utils.grading.layouts import LAYOUTS, NOTEBOOK, Found, by_student
from course_utils.grading.members import MEMBERS, UnreadableError, folder_members, zip_members

NOTEBOOKS = 20
"""Most notebooks, and most zips, of one student that are looked into."""
TOTAL_BYTES = 2**30
"""Most bytes of all submissions of one run together; they are held in memory."""

_NO_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one lab.

    Args:
        student: name as the collection has it; any characters that UTF-8 can hold.
        source: where the notebook lies in the collection.
        content: its bytes; None when there is no readable file.
        problem: why there is none, for the student.
        submitted: when the file was written, ISO 8601; empty when unknown.
        notes: what the student should know about the choice of the file.
    """

    student: str
    source: str
    content: bytes | None
    problem: str = ""
    submitted: str = ""
    notes: tuple[str, ...] = ()


def collect(path: Path, lab: str, belongs: Callable[[bytes], bool] = bool) -> list[Submission]:
    """Every student of a collection with the notebook that counts; each has exactly one entry.

    Of several notebooks the newest of those that belong to the lab is taken, and a note says so.

    Args:
        path: the folder or the zip.
        lab: the lab's full name.
        belongs: says whether a notebook is one of this lab.

    Returns:
        The submissions, by student.

    Raises:
        ValueError: there is no such folder or zip, or no student in it.
    """
    with ExitStack() as opened:
        if path.is_dir():
            inner = path / "submitted"
            members = list(folder_members(inner if inner.is_dir() else path))
        elif path.is_file():
            try:
                members = list(zip_members(opened.enter_context(zipfile.ZipFile(path))))
            except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
                raise ValueError(f"{path} is no zip, or damaged: {error}. Expected {LAYOUTS}.") from error
        else:
            raise ValueError(f"{path} does not exist. Expected {LAYOUTS}.")
        groups = by_student(members, path.stem, lab)
        if not groups:
            raise ValueError(f"no submission in {path}. Expected {LAYOUTS}.")
        left = TOTAL_BYTES
        submissions = []
        for student in sorted(groups):
            one = _choose(_storable(student), groups[student], lab, belongs)
            left -= len(one.content or b"")
            if left < 0:
                words = "the submissions together exceed 1 GiB: grade the class in parts."
                one = Submission(one.student, one.source, None, words)
            submissions.append(one)
        return submissions


def one_line(text: str) -> str:
    """A stranger's text on one line that every terminal and file can hold, cut after 300 characters.

    >>> one_line("Ann\\nLee")
    'Ann�Lee'
    """
    text = _NO_LINE.sub("\ufffd", text).encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= 300 else text[:299] + "…"


def _choose(student: str, found: list[Found], lab: str, belongs: Callable[[bytes], bool]) -> Submission:
    """The one submission of a student."""
    if len(found) > MEMBERS:
        return Submission(
            student, "", None, f"holds more than {MEMBERS:,} files: hand in the notebook alone."
        )
    found = [one for one in found if one.member.parts[1:2] == (lab,)] or found
    late = ("Canvas marks it as late.",) if any(one.late for one in found) else ()
    problems: list[str] = []
    with ExitStack() as opened:
        files = _opened(found, opened, problems)
        notebooks = [one for one in files if NOTEBOOK.search(one.member.parts[-1])]
        if len(notebooks) > NOTEBOOKS:
            words = f"{len(notebooks)} notebooks were handed in: hand in one."
            return Submission(student, "", None, words)
        readable: list[tuple[Found, bytes]] = []
        for one in notebooks or [one for one in files if one.member.strange]:
            try:
                readable.append((one, one.member.read()))
            except UnreadableError as error:
                problems.append(f"{_where(one)} {error}")
        submitted = max((_timestamp(one) for one in files), default="")
    if not readable:
        listed = ", ".join(_where(one) for one in files[:5]) or "nothing"
        problem = "; ".join(problems[:5]) or f"no notebook (.ipynb) was handed in; found: {listed}."
        return Submission(student, _where(notebooks[0]) if notebooks else "", None, problem, "", late)
    fitting = [(one, content) for one, content in readable if belongs(content)] or readable
    best, content = max(
        fitting, key=lambda pair: (pair[0].attempt, pair[0].member.time, pair[0].member.parts)
    )
    notes = problems[:5]
    if any(other != content for _, other in readable):
        notes.append(
            f"{len(readable)} notebooks were handed in; the newest of this lab counts: {_where(best)}."
        )
    return Submission(student, _where(best), content, "", submitted or best.member.time, (*late, *notes))


def _opened(found: list[Found], opened: ExitStack, problems: list[str]) -> list[Found]:
    """A student's files, those in zips of the student's own included."""
    files = [one for one in found if not one.member.folder]
    zips = [one for one in files if one.member.parts[-1].lower().endswith(".zip")]
    if len(zips) > NOTEBOOKS:
        problems.append(f"{len(zips)} zips were handed in: hand in one.")
    for one in zips[:NOTEBOOKS]:
        try:
            archive = opened.enter_context(_own_zip(one.member.read()))
        except UnreadableError as error:
            problems.append(f"{_where(one)} {error}")
        else:
            for member in zip_members(archive):
                if not member.folder:
                    parts = one.member.parts + member.parts
                    files.append(one._replace(member=member._replace(parts=parts)))
    return [one for one in files if one not in zips]


def _own_zip(content: bytes) -> zipfile.ZipFile:
    """A student's own zip, opened in memory."""
    if content.count(b"PK\x01\x02") > MEMBERS:
        raise UnreadableError(f"holds more than {MEMBERS:,} files: hand in the notebook alone.")
    try:
        return zipfile.ZipFile(io.BytesIO(content))
    except Exception as error:  # damaged archives raise almost anything
        raise UnreadableError(
            f"is no zip, or damaged ({error}): make it anew, or hand in the notebook."
        ) from error


def _timestamp(one: Found) -> str:
    """The time that nbgrader wrote beside a submission, else nothing."""
    if one.member.parts[-1] != "timestamp.txt":
        return ""
    try:
        found = re.match(rb"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)", one.member.read())
    except UnreadableError:
        return ""
    return f"{found[1].decode()}T{found[2].decode()}" if found else ""


def _where(one: Found) -> str:
    path = "/".join(one.member.parts)
    return one_line(path if len(path) <= 200 else f"…{path[-199:]}")


def _storable(student: str) -> str:
    """A name that UTF-8 can hold; a name that it cannot hold stays another's than all others."""
    try:
        student.encode()
    except UnicodeEncodeError:
        mark = sha256(student.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        return f"{student.encode('utf-8', 'backslashreplace').decode()} #{mark}"
    return student
