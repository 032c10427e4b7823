"""Where files from the network lie on this machine, and how several processes share the place."""

import contextlib
import errno
import io
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path


class DownloadError(OSError):
    """A file could not be fetched; the message says why and what to do. What has arrived is kept."""


def online() -> bool:
    """Whether the reader asked for data from the network: ``COURSE_DATA=online``.

    Returns:
        False without the variable, or with ``COURSE_DATA=offline``.

    Raises:
        ValueError: any other value.

    >>> os.environ["COURSE_DATA"] = "online"
    >>> online()
    True
    >>> del os.environ["COURSE_DATA"]
    >>> online()
    False
    """
    wish = os.environ.get("COURSE_DATA") or "offline"
    if wish not in ("online", "offline"):
        raise ValueError(f"COURSE_DATA is online or offline, got {wish!r}: set one of them, or unset it.")
    return wish == "online"


def cache_folder() -> Path:
    """Where fetched files lie: ``COURSE_CACHE``, else the course's folder in the user's cache.

    That is ``%LOCALAPPDATA%`` on Windows, ``~/Library/Caches`` on macOS, and elsewhere ``$XDG_CACHE_HOME`` or
    ``~/.cache``. The folder need not exist yet.

    >>> os.environ["COURSE_CACHE"] = "downloads"
    >>> cache_folder().name
    'downloads'
    >>> del os.environ["COURSE_CACHE"]
    >>> cache_folder().name
    'large-models-course'
    """
    if named := os.environ.get("COURSE_CACHE"):
        return Path(named).expanduser().absolute()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        base = "~/Library/Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().absolute() / "large-models-course"


@contextlib.contextmanager
def on_disk(name: str) -> Iterator[None]:
    """Errors of the disk in words, told from those of the network."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            what = f"the disk is full ({error.strerror}): make room"
        else:
            what = f"the course's cache folder cannot be written ({error.strerror}): name another, COURSE_CACHE=…"
        raise DownloadError(f"{name}: {what} and run this again; what has arrived is kept.") from error


@contextlib.contextmanager
def alone(lock: Path, name: str, wait: float) -> Iterator[None]:
    """One process at a time; the system frees the lock of a killed one."""
    with contextlib.ExitStack() as stack:
        with on_disk(name):
            file = stack.enter_context(lock.open("w"))
        end = time.monotonic() + wait
        while not _locked(file):
            if time.monotonic() > end:
                raise DownloadError(
                    f"another process has been downloading {name} for {wait:.0f} s: wait until it is done, or "
                    "end it, then run this again."
                )
            time.sleep(0.1)
        yield


def _locked(file: io.TextIOWrapper) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # the second is Windows's word for it
        return False
    return True
