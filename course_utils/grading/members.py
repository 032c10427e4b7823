"""Files in a folder or a zip, read without trust: no link is followed, nothing is extracted, every read is capped."""

import errno
import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

NOTEBOOK_BYTES = 20 * 2**20
"""Most bytes that are read of one file; a lab with its figures has well under one MiB."""
MEMBERS = 10_000
"""Most files that one student's submission may hold."""

_JUNK = {".ipynb_checkpoints", "__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini", "__pycache__", ".git"}
_PLAIN = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # the others' decoders may take gigabytes


class UnreadableError(ValueError):
    """A submission, or a file of it, cannot be read; the message tells the student why and what to do."""


class Member(NamedTuple):
    """One file or folder of a collection.

    Args:
        parts: its path, name by name. They are names only: ``..`` leads nowhere.
        time: when it was written, ISO 8601; empty when unknown.
        read: returns its bytes, or raises `UnreadableError`.
        folder: True for a folder.
        strange: True for a link, a pipe or a device, which is never read.
    """

    parts: tuple[str, ...]
    time: str
    read: Callable[[], bytes]
    folder: bool = False
    strange: bool = False


def folder_members(root: Path) -> Iterator[Member]:
    """The files and folders below a folder.

    Args:
        root: the folder; more than `MEMBERS` files below one entry of it are not looked at.
    """
    for top in sorted(os.listdir(root)):
        waiting: list[tuple[str, ...]] = [(top,)]
        seen = 0
        while waiting:
            parts = waiting.pop()
            seen += 1
            if _junk(parts[-1]):
                continue
            path = os.path.join(root, *parts)
            if seen > MEMBERS:
                yield Member((top, "…"), "", _refusal(f"holds more than {MEMBERS:,} files"))
                break
            try:
                found = os.lstat(path)
                if stat.S_ISDIR(found.st_mode):
                    yield Member(parts, "", _refusal("is a folder"), folder=True)
                    waiting += [(*parts, name) for name in sorted(os.listdir(path), reverse=True)]
                    continue
                if not stat.S_ISREG(found.st_mode):
                    kind = "link" if stat.S_ISLNK(found.st_mode) else "pipe or device"
                    yield Member(
                        parts, "", _refusal(f"is a {kind}: hand in the notebook itself"), strange=True
                    )
                    continue
                time = datetime.fromtimestamp(found.st_mtime, UTC).isoformat(timespec="seconds")
                yield Member(parts, time, partial(_read_file, path))
            except (OSError, ValueError, OverflowError) as error:
                yield Member(parts, "", _refusal(_words(error)))


def zip_members(archive: zipfile.ZipFile) -> Iterator[Member]:
    """The files and folders in an open zip, in its order."""
    for info in archive.infolist():
        # Some programs of Windows write backslashes.
        path = info.filename if "/" in info.filename else info.filename.replace("\\", "/")
        parts = tuple(name for name in path.split("/") if name not in ("", "."))
        if parts and not any(map(_junk, parts)):
            time = "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}".format(*info.date_time)
            link = stat.S_ISLNK(info.external_attr >> 16)
            read = partial(_read_member, archive, info)
            yield Member(parts, time, read, path.endswith("/") and not link, link)


def _read_file(path: str) -> bytes:
    """The bytes of a regular file; a link, pipe or device is refused without being opened for real."""
    try:
        # Without O_NONBLOCK the opening of a pipe would wait for its writer.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise UnreadableError("is no regular file: hand in the notebook itself.")
            return _capped(file.read(NOTEBOOK_BYTES + 1))
    except OSError as error:
        raise UnreadableError(_words(error) + ": hand in the notebook itself.") from error


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """The bytes of a zip's member; what its header says of its size is not believed."""
    if stat.S_ISLNK(info.external_attr >> 16):
        raise UnreadableError("is a link: hand in the notebook itself.")
    if info.flag_bits & 1:
        raise UnreadableError("is encrypted: make the zip without a password.")
    if info.compress_type not in _PLAIN:
        raise UnreadableError(
            "is compressed in an unusual way: make a plain zip, or hand in the notebook alone."
        )
    try:
        with archive.open(info) as file:
            return _capped(file.read(NOTEBOOK_BYTES + 1))
    except UnreadableError:
        raise
    except Exception as error:  # damaged archives raise almost anything
        raise UnreadableError(f"is damaged in the zip ({_words(error)}): make the zip anew.") from error


def _capped(content: bytes) -> bytes:
    if len(content) > NOTEBOOK_BYTES:
        raise UnreadableError(
            f"is larger than {NOTEBOOK_BYTES >> 20} MiB: clear the outputs (Edit, Clear Outputs of All Cells) and save."
        )
    return content


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return "is a link"
    return f"cannot be read, {getattr(error, 'strerror', None) or error or type(error).__name__}"


def _refusal(words: str) -> Callable[[], bytes]:
    def read() -> bytes:
        raise UnreadableError(words + ".")

    return read


def _junk(name: str) -> bool:
    return name in _JUNK or name.startswith("._")
