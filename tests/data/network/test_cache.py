import errno
import hashlib
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from course_utils.data import download
from course_utils.data.cache import DownloadError, cache_folder, on_disk, online
from course_utils.data.download import fetch

CONTENT = np.random.default_rng(0).bytes(300_000)
SHA256 = {"sha256": hashlib.sha256(CONTENT).hexdigest()}
QUICK = {"timeout": 0.3, "tries": 3, "pause": 0.01}


# the disk


def test_a_disk_that_becomes_full_keeps_what_came(server, partial, monkeypatch):
    real, room = download._write, [100_000]

    def write(file, block):
        real(file, block[: room[0]])
        if len(block) > room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        room[0] -= len(block)

    monkeypatch.setattr(download, "_write", write)
    with pytest.raises(
        DownloadError, match=r"file: the disk is full .*make room and run this again; .* kept"
    ):
        fetch(server.url, "file", SHA256, **QUICK)
    assert partial.read_bytes() == CONTENT[:100_000]
    monkeypatch.setattr(download, "_write", real)
    assert fetch(server.url, "file", SHA256, **QUICK).read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=100000-"]


def test_a_disk_that_takes_a_part_is_given_the_rest(partial):
    class Narrow(io.FileIO):
        def write(self, block):
            return super().write(block[:7])

    with Narrow(partial, "wb") as file:
        download._write(file, CONTENT[:100])
    assert partial.read_bytes() == CONTENT[:100]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_really_full_device(server, partial, cache):
    partial.symlink_to("/dev/full")
    with pytest.raises(DownloadError, match="the disk is full"):
        fetch(server.url, "file", SHA256, **QUICK)


def test_too_little_room_is_said_before_anything_is_written(server, partial, monkeypatch):
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(download.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(DownloadError, match=r"the disk is full \(0 MB are needed\)"):
        fetch(server.url, "file", SHA256, **QUICK)
    assert not partial.exists()


def test_a_cache_folder_that_is_a_file(server, cache):
    cache.write_text("in the way")
    with pytest.raises(DownloadError, match=r"cache folder cannot be written .* name another, COURSE_CACHE"):
        fetch(server.url, "file", SHA256, **QUICK)


def test_other_errors_of_the_disk_are_not_called_a_full_one():
    with pytest.raises(DownloadError, match=r"cannot be written .Read-only"), on_disk("file"):
        raise OSError(errno.EROFS, "Read-only file system")


# several processes, and killed ones


def child(server):
    """Another process that fetches the file."""
    code = (
        "import sys; from course_utils.data.download import fetch; "
        "fetch(sys.argv[1], 'file', {'sha256': sys.argv[2]})"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, server.url, SHA256["sha256"]], stderr=subprocess.PIPE
    )


def test_a_killed_process_leaves_a_partial_that_another_completes(server, partial):
    server.script = ["stalls 150000"]
    process = child(server)
    end = time.monotonic() + 60
    while not (partial.exists() and partial.stat().st_size == 150_000):
        assert process.poll() is None, process.stderr.read().decode()
        assert time.monotonic() < end
        time.sleep(0.01)
    process.kill()
    assert process.wait(20) == -signal.SIGKILL if os.name == "posix" else True
    process.stderr.close()
    assert fetch(server.url, "file", SHA256, **QUICK).read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=150000-"]


def test_of_two_processes_one_downloads(server, cache):
    server.script = ["sleeps"]
    processes = [child(server), child(server)]
    assert [process.communicate(timeout=60)[1] for process in processes] == [b"", b""]
    assert [process.returncode for process in processes] == [0, 0]
    assert server.ranges == [None]


def test_waiting_for_another_process_has_an_end(server, partial, cache):
    server.script = ["stalls 1000"]
    first = Thread(target=lambda: fetch(server.url, "file", SHA256, timeout=2.0, pause=0.01))
    first.start()
    while not partial.exists():
        time.sleep(0.01)
    with pytest.raises(DownloadError, match="another process has been downloading file for 0 s"):
        fetch(server.url, "file", SHA256, wait=0.2)
    server.over.set()
    first.join()
    assert (cache / "file").read_bytes() == CONTENT


# arguments and settings


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", "a\\b", "/etc/passwd"])
def test_names_stay_in_the_cache(name):
    with pytest.raises(ValueError, match="without folders"):
        fetch("http://127.0.0.1:9/", name, SHA256)


@pytest.mark.parametrize(
    ("url", "checksums", "said"),
    [
        ("file:///etc/passwd", SHA256, "must begin with https"),
        ("http://127.0.0.1:9/", {}, "checksums is empty"),
        ("http://127.0.0.1:9/", {"sha1": 40 * "0"}, "knows sha256 and md5, got 'sha1'"),
        ("http://127.0.0.1:9/", {"sha256": 32 * "0"}, "sha256 is 64 digits"),
        ("http://127.0.0.1:9/", {"md5": 32 * "x"}, "md5 is 32 digits"),
    ],
)
def test_wrong_arguments_are_refused(url, checksums, said):
    with pytest.raises(ValueError, match=said):
        fetch(url, "file", checksums)


@pytest.mark.parametrize(
    ("platform", "variable", "value", "expected"),
    [
        ("linux", "XDG_CACHE_HOME", "/x", "/x/large-models-course"),
        ("linux", "XDG_CACHE_HOME", "", "/home/reader/.cache/large-models-course"),
        ("darwin", "XDG_CACHE_HOME", "/x", "/home/reader/Library/Caches/large-models-course"),
        ("win32", "LOCALAPPDATA", "/local", "/local/large-models-course"),
        ("linux", "COURSE_CACHE", "~/mine", "/home/reader/mine"),
    ],
)
def test_the_cache_lies_where_the_system_wants_it(monkeypatch, platform, variable, value, expected):
    for name in ("COURSE_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/reader")
    monkeypatch.setenv(variable, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert cache_folder() == Path(expected)


@pytest.mark.parametrize(("value", "expected"), [("", False), ("offline", False), ("online", True)])
def test_online_is_a_wish_of_the_reader(monkeypatch, value, expected):
    monkeypatch.setenv("COURSE_DATA", value)
    assert online() is expected


def test_a_misspelt_wish_is_refused(monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "on-line")
    with pytest.raises(ValueError, match="online or offline, got 'on-line'"):
        online()
