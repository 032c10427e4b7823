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
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from tqdm.auto import tqdm

from course_utils.data.cache import DownloadError, alone, cache_folder, on_disk

BLOCK = 2**16  # bytes asked for at once; between two the bar moves and Ctrl-C answers
_LONGEST_PAUSE = 30.0  # seconds between two tries
_TRY_AGAIN = {408, 425, 429, *range(500, 600)}  # answers of a server that may change its mind
_BY_HAND = (
    "If you have the file, put it into the course's cache folder (COURSE_CACHE, or where "
    "course_utils.data.cache.cache_folder() says) and run this again."
)


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
    with on_disk(name):
        path.parent.mkdir(parents=True, exist_ok=True)
    with alone(path.with_name(f"{name}.lock"), name, wait):
        if path.exists():
            if not _difference(path, checksums):  # another process was faster
                return path
            path.unlink()
        partial = path.with_name(f"{name}.partial")
        for _ in range(2):
            _download(url, partial, checksums, timeout, tries, pause)
            difference = _difference(partial, checksums)
            if not difference:
                with on_disk(name):
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
    if name in ("", ".", "..") or "/" in name or "\\" in name:
        raise ValueError(f"name must be a file's name without folders, got {name!r}.")
    if not checksums:
        raise ValueError("checksums is empty: without one nobody knows what came; give {'sha256': '…'}.")
    for algorithm, digest in checksums.items():
        if algorithm not in ("sha256", "md5"):
            raise ValueError(f"checksums knows sha256 and md5, got {algorithm!r}.")
        digits = 2 * hashlib.new(algorithm, usedforsecurity=False).digest_size
        if len(digest) != digits or set(digest) - set("0123456789abcdef"):
            raise ValueError(f"{algorithm} is {digits} digits 0 … 9, a … f; got {len(digest)}: {digest!r}.")


def _difference(path: Path, checksums: Mapping[str, str]) -> str:
    """What tells a file from the one expected, in words; empty when nothing does."""
    hashes = {name: hashlib.new(name, usedforsecurity=False) for name in checksums}
    with path.open("rb") as file:
        while block := file.read(2**20):
            for one in hashes.values():
                one.update(block)
    got = {name: one.hexdigest() for name, one in hashes.items()}
    wrong = [name for name in checksums if got[name] != checksums[name]]
    return "; ".join(f"{name} expected {checksums[name]}, got {got[name]}" for name in wrong)


def _download(
    url: str, partial: Path, checksums: Mapping[str, str], timeout: float, tries: int, pause: float
) -> None:
    """Bring all bytes into ``partial``, by as many connections as it takes."""
    failures, most = 0, _size(partial)
    name = partial.name.removesuffix(".partial")
    silent = os.environ.get("COURSE_PROGRESS") == "0"
    with tqdm(desc=name, unit="B", unit_scale=True, leave=False, disable=silent) as bar:
        # A server may announce more than it has, and a process may be killed before the renaming.
        while not (_size(partial) and not _difference(partial, checksums)):
            try:
                return _transfer(url, partial, name, timeout, bar)
            except DownloadError:
                raise
            except (OSError, http.client.HTTPException) as error:
                # Only a new record counts as progress: a server that ignores Range begins at 0 each time.
                failures = 0 if _size(partial) > most else failures + 1
                most = max(most, _size(partial))
                if not _passing(error) or failures >= tries:
                    raise DownloadError(_explained(error, url, name)) from error
            time.sleep(min(pause * 2 ** max(failures - 1, 0), _LONGEST_PAUSE))


def _transfer(url: str, partial: Path, name: str, timeout: float, bar: tqdm) -> None:
    """One connection: from the end of ``partial`` to the end of the file, or until it breaks."""
    have = _size(partial)
    # Without identity a server may compress once more, and Range would count compressed bytes.
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
        if response.status != 206:
            have = 0
        length = response.headers.get("Content-Length", "")
        total = have + int(length) if length.isdigit() else None
        with on_disk(name):
            if total and shutil.disk_usage(partial.parent).free < total - have:
                raise OSError(errno.ENOSPC, f"{(total - have) / 1e6:.0f} MB are needed")
            file = stack.enter_context(open(partial, "ab" if have else "wb", buffering=0))
        bar.reset(total)
        bar.update(have)
        while total is None or have < total:
            # read1 hands over what is there; read drops it when the connection then breaks.
            block = response.read1(BLOCK if total is None else min(BLOCK, total - have))
            if not block:
                break
            with on_disk(name):
                _write(file, block)
            have += len(block)
            bar.update(len(block))
    if total is not None and have < total:
        raise ConnectionError(f"{have:,} of {total:,} bytes came, then the connection ended")


def _write(file: io.FileIO, block: bytes) -> None:
    """Unbuffered, so that every byte that came is in the file; a disk about to be full takes a part."""
    rest = memoryview(block)
    while rest:
        rest = rest[file.write(rest) :]


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _passing(error: Exception) -> bool:
    """Whether another try may end better."""
    if isinstance(error, urllib.error.HTTPError):
        return error.code in _TRY_AGAIN
    # Off-line, names have no addresses: the reader should not wait to be told.
    return not isinstance(getattr(error, "reason", error), socket.gaierror | ssl.SSLCertVerificationError)


def _explained(error: Exception, url: str, name: str) -> str:
    if isinstance(error, urllib.error.HTTPError):
        do = "try again later" if error.code in _TRY_AGAIN else "look for a newer version of the course"
        return f"expected {name} at {url}, the server answered {error.code} {error.reason}: {do}. {_BY_HAND}"
    return (
        f"{name} cannot be downloaded from {url} ({getattr(error, 'reason', error)}): check the network or "
        f"proxy and run this again; it goes on where it stopped. {_BY_HAND}"
    )
