"""Files from the network: checked, cached, resumed. Nothing here runs unless a reader asks for it.

A file lies in the cache under its final name only when it is whole. What has arrived of one that is not lies
beside it as ``NAME.partial``, and survives a lost connection, a full disk, Ctrl-C and ``kill -9``.
"""

import contextlib
import errno
import hashlib
import http.client
import io
import os
import shutil
import socket
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

from tqdm.auto import tqdm

BLOCK = 2**16  # bytes asked for at once; the bar moves and Ctrl-C answers in between
_LONGEST_PAUSE = 30.0  # seconds between two tries
_TRY_AGAIN = {408, 425, 429, *range(500, 600)}  # answers of a server that may change its mind
_BY_HAND = (
    "If you have the file, put it into the course's cache folder (COURSE_CACHE, else where "
    "course_utils.data.download.cache_folder() says) and run this again."
)


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


def fetch(
    url: str,
    name: str,
    checksums: Mapping[str, str],
    *,
    timeout: float = 30.0,
    tries: int = 5,
    pause: float = 1.0,
    wait: float = 600.0,
) -> Path:
    """The file behind a URL, from the cache where it lies there whole, else downloaded.

    A partial download goes on where it stopped. Content with a wrong checksum is removed and downloaded once
    more from the start. Of several processes that want one file, one downloads it and the others wait.

    Args:
        url: an http or https address.
        name: the file's name in the cache.
        checksums: algorithm → hexadecimal digest; all must match. SHA-256 tells a forgery from the original;
            MD5, where an author publishes nothing else, tells damage alone.
        timeout: seconds without a byte after which a connection counts as lost.
        tries: attempts in a row that bring nothing new before it gives up.
        pause: seconds before the second try; doubled for each further one, up to 30.
        wait: seconds to wait for another process that downloads the same file.

    Returns:
        Its path; the content has the checksums.

    Raises:
        ValueError: another kind of address, a name with folders, or checksums that none can have.
        DownloadError: no connection, an error of the server, wrong content twice, a full disk.

    >>> fetch("ftp://example.org/x", "x", {"md5": 32 * "0"})
    Traceback (most recent call last):
    ValueError: url must begin with https:// or http://, got 'ftp://example.org/x'.
    """
    _refuse_arguments(url, name, checksums)
    path = cache_folder() / name
    if path.exists() and not _difference(path, checksums):
        return path
    with _on_disk(name):
        path.parent.mkdir(parents=True, exist_ok=True)
    with _alone(path.with_name(f"{name}.lock"), name, wait):
        if path.exists():
            if not _difference(path, checksums):  # another process was faster
                return path
            path.unlink()
        partial = path.with_name(f"{name}.partial")
        for _ in range(2):
            _download(url, partial, checksums, timeout, tries, pause)
            difference = _difference(partial, checksums)
            if not difference:
                with _on_disk(name):
                    os.replace(partial, path)
                return path
            partial.unlink()
    raise DownloadError(
        f"{name}, downloaded twice from {url}, is not the file that the course knows: {difference}. It was "
        "removed. A proxy or a sign-in page may stand in between: try another network. If it stays, the file "
        "has changed at its source: look for a newer version of the course."
    )


def _refuse_arguments(url: str, name: str, checksums: Mapping[str, str]) -> None:
    if not url.startswith(("https://", "http://")):
        raise ValueError(f"url must begin with https:// or http://, got {url!r}.")
    if not name or name != name.replace("\\", "/").split("/")[-1] or name in (".", ".."):
        raise ValueError(f"name must be a file's name without folders, got {name!r}.")
    if not checksums:
        raise ValueError("checksums is empty: give one at least, as {'sha256': '…'}; unchecked is unsafe.")
    for algorithm, digest in checksums.items():
        if algorithm not in hashlib.algorithms_guaranteed or "shake" in algorithm:
            raise ValueError(f"unknown checksum {algorithm!r}: give sha256, or md5 where there is no other.")
        digits = 2 * hashlib.new(algorithm, usedforsecurity=False).digest_size
        if len(digest) != digits or set(digest) - set("0123456789abcdef"):
            raise ValueError(
                f"a {algorithm} checksum has {digits} digits of 0…9a…f, got {digest!r} with {len(digest)}."
            )


def _difference(path: Path, checksums: Mapping[str, str]) -> str:
    """What distinguishes a file from the one expected, in words; empty when nothing does."""
    hashes = {name: hashlib.new(name, usedforsecurity=False) for name in checksums}
    with path.open("rb") as file:
        while block := file.read(2**20):
            for each in hashes.values():
                each.update(block)
    got = {name: each.hexdigest() for name, each in hashes.items()}
    return "; ".join(
        f"{name} expected {checksums[name]}, got {got[name]}"
        for name in checksums
        if got[name] != checksums[name]
    )


def _download(
    url: str, partial: Path, checksums: Mapping[str, str], timeout: float, tries: int, pause: float
) -> None:
    """Bring all bytes into ``partial``, by as many connections as it takes."""
    failures, most = 0, _size(partial)
    name = partial.name.removesuffix(".partial")
    silent = os.environ.get("COURSE_PROGRESS") == "0"
    with tqdm(desc=name, unit="B", unit_scale=True, leave=False, disable=silent) as bar:
        while True:
            try:
                _transfer(url, partial, timeout, bar)
                return
            except DownloadError:
                raise
            except (OSError, http.client.HTTPException) as error:
                # Only a new record counts as progress: a server that ignores Range begins at 0 each time.
                failures = 0 if _size(partial) > most else failures + 1
                most = max(most, _size(partial))
                if not _passing(error) or failures >= tries:
                    raise DownloadError(_explained(error, url, name)) from error
                if most and not _difference(partial, checksums):
                    return  # whole, although the server announced more
            time.sleep(min(pause * 2 ** max(failures - 1, 0), _LONGEST_PAUSE))


def _transfer(url: str, partial: Path, timeout: float, bar: tqdm) -> None:
    """One connection: from the end of ``partial`` to the end of the file, or until it breaks."""
    have = _size(partial)
    # Else a server may send gzip of a gzip, and Range would count the bytes of that.
    request = urllib.request.Request(url, headers={"Accept-Encoding": "identity", "User-Agent": "course"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        response = urllib.request.urlopen(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        if error.code == 416 and have:
            return  # nothing comes after what is here; the checksum tells whether it is the file
        raise
    with response, contextlib.ExitStack() as stack:
        if response.status != 206 or not response.headers.get("Content-Range", "").startswith(
            f"bytes {have}-"
        ):
            have = 0
        length = response.headers.get("Content-Length", "")
        total = have + int(length) if length.isdigit() else None
        with _on_disk(bar.desc):
            if total and shutil.disk_usage(partial.parent).free < total - have:
                raise OSError(errno.ENOSPC, f"{(total - have) / 1e6:.0f} MB are needed")
            file = stack.enter_context(open(partial, "r+b" if have else "wb", buffering=0))
            file.seek(have)
        bar.reset(total)
        bar.update(have)
        while total is None or have < total:
            # read1 hands over what is there; read would drop it when the connection breaks before its end.
            block = response.read1(BLOCK if total is None else min(BLOCK, total - have))
            if not block:
                break
            with _on_disk(bar.desc):
                _write(file, block)
            have += len(block)
            bar.update(len(block))
    if total is not None and have < total:
        raise ConnectionError(f"{have:,} of {total:,} bytes came, then the connection ended")


def _write(file: io.FileIO, block: bytes) -> None:
    """Unbuffered, so that what counts as arrived is on the disk's side; a full disk takes a part."""
    rest = memoryview(block)
    while rest:
        rest = rest[file.write(rest) :]


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _passing(error: Exception) -> bool:
    """Whether another try may end better."""
    if isinstance(error, urllib.error.HTTPError):
        return error.code in _TRY_AGAIN
    reason = getattr(error, "reason", error)
    return not isinstance(reason, socket.gaierror | ssl.SSLCertVerificationError)


def _explained(error: Exception, url: str, name: str) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return (
            f"expected {name} at {url}, the server answered {error.code} {error.reason}: "
            + (
                "try again later. "
                if error.code in _TRY_AGAIN
                else "look for a newer version of the course. "
            )
            + _BY_HAND
        )
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"{url} did not prove who it is ({reason.verify_message}): check clock and proxy. {_BY_HAND}"
    return (
        f"{name} cannot be downloaded from {url} ({reason}): check the network or proxy and run this again; it "
        f"goes on where it stopped. Without COURSE_DATA=online the pages need no network. {_BY_HAND}"
    )


@contextlib.contextmanager
def _on_disk(name: str) -> Iterator[None]:
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
def _alone(lock: Path, name: str, wait: float) -> Iterator[None]:
    """One process at a time; the system frees the lock of a killed one."""
    with contextlib.ExitStack() as stack:
        with _on_disk(name):
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
