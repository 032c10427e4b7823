import hashlib
import socket
import ssl
import time
import urllib.error

import numpy as np
import pytest

from course_utils.data import download
from course_utils.data.cache import DownloadError
from course_utils.data.download import fetch

CONTENT = np.random.default_rng(0).bytes(300_000)
SHA256 = {"sha256": hashlib.sha256(CONTENT).hexdigest()}
QUICK = {"timeout": 0.3, "tries": 3, "pause": 0.01}


# what goes well


def test_downloads_once_and_then_asks_nobody(server, cache):
    assert fetch(server.url, "file", SHA256) == cache / "file"
    assert (cache / "file").read_bytes() == CONTENT
    assert fetch(server.url, "file", SHA256) == cache / "file"
    assert server.ranges == [None]
    assert sorted(path.name for path in cache.iterdir()) == ["file", "file.lock"]


def test_a_cache_that_cannot_be_written_still_serves_its_files(server, cache, monkeypatch):
    fetch(server.url, "file", SHA256)
    monkeypatch.setattr(download, "alone", None)  # any writing would begin with it
    assert fetch(server.url, "file", SHA256).read_bytes() == CONTENT


def test_every_checksum_is_checked(server):
    md5 = hashlib.md5(CONTENT).hexdigest()
    fetch(server.url, "file", {**SHA256, "md5": md5})
    with pytest.raises(DownloadError, match=f"knows: md5 expected {32 * '0'}, got {md5}"):
        fetch(server.url, "file", {**SHA256, "md5": 32 * "0"}, **QUICK)


def test_a_damaged_file_in_the_cache_is_replaced(server, cache):
    cache.mkdir()
    (cache / "file").write_bytes(CONTENT[:-1] + b"?")
    assert fetch(server.url, "file", SHA256).read_bytes() == CONTENT


def test_goes_on_where_it_stopped(server, partial):
    partial.write_bytes(CONTENT[:123_456])
    assert fetch(server.url, "file", SHA256).read_bytes() == CONTENT
    assert server.ranges == ["bytes=123456-"]


def test_a_whole_partial_needs_no_network(partial):
    partial.write_bytes(CONTENT)
    assert fetch("http://127.0.0.1:9/file", "file", SHA256).read_bytes() == CONTENT


def test_progress_shows_the_name_and_what_was_there_already(server, partial, monkeypatch, capsys):
    monkeypatch.delenv("COURSE_PROGRESS")
    bars = []
    real = download.tqdm
    monkeypatch.setattr(download, "tqdm", lambda **options: bars.append(real(**options)) or bars[-1])
    partial.write_bytes(CONTENT[:100_000])
    fetch(server.url, "file", SHA256)
    assert [(bar.n, bar.total) for bar in bars] == [(300_000, 300_000)]
    assert "file" in capsys.readouterr().err


def test_progress_is_silent_on_request(server, capsys):
    fetch(server.url, "file", SHA256)
    assert capsys.readouterr() == ("", "")


# a server with faults


@pytest.mark.parametrize(
    ("script", "ranges"),
    [
        (["500", "503"], [None, None, None]),
        (["429"], [None, None]),
        (["resets"], [None, None]),
        (["closes 0"], [None, None]),
        (["closes 1000", "closes 2000"], [None, "bytes=1000-", "bytes=3000-"]),
        (["stalls 1000"], [None, "bytes=1000-"]),
        (["closes 1000", "ignores range"], [None, "bytes=1000-"]),
        (["closes 1000", "wrong bytes"], [None, "bytes=1000-", None]),
        (["closes 1000", "416"], [None, "bytes=1000-", None]),
        (["wrong bytes"], [None, None]),
        (["announces 300999"], [None]),
        (["announces 1000"], [None, None]),
        (["no length"], [None]),
        (["redirects"], [None, None]),
        (["closes 1000", "redirects"], [None, "bytes=1000-", "bytes=1000-"]),
    ],
)
def test_faults_that_pass_do_not_show(server, partial, script, ranges):
    server.script = list(script)
    assert fetch(server.url, "file", SHA256, **QUICK).read_bytes() == CONTENT
    assert server.ranges == ranges
    assert not partial.exists()


def test_many_drops_are_no_failure_while_bytes_come(server):
    server.script = ["closes 20000" for _ in range(14)]
    assert fetch(server.url, "file", SHA256, **QUICK).read_bytes() == CONTENT
    assert len(server.ranges) == 15


def test_a_server_that_always_begins_anew_and_drops_is_given_up(server):
    server.script = ["begins anew, closes 1000" for _ in range(9)]
    with pytest.raises(DownloadError, match=r"1,000 of 300,000 bytes came"):
        fetch(server.url, "file", SHA256, **QUICK)
    assert len(server.ranges) == 4  # one record, then three tries without another


def test_pauses_double_up_to_a_limit(server, monkeypatch):
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    server.script = ["503"] * 8
    with pytest.raises(DownloadError, match=r"answered 503 .*: try again later"):
        fetch(server.url, "file", SHA256, tries=8, pause=1.0)
    assert slept == [1, 2, 4, 8, 16, 30, 30]


def test_a_file_that_is_gone_is_said_at_once(server):
    server.script = ["404"]
    with pytest.raises(
        DownloadError, match=r"expected file at .*/file, the server answered 404 .* newer version"
    ):
        fetch(server.url, "file", SHA256, **QUICK)
    assert server.ranges == [None]


def test_wrong_content_twice_is_refused_and_removed(server, cache):
    server.script = ["wrong bytes"] * 2
    got = hashlib.sha256(bytes(len(CONTENT))).hexdigest()
    with pytest.raises(DownloadError, match=f"sha256 expected {SHA256['sha256']}, got {got}"):
        fetch(server.url, "file", SHA256, **QUICK)
    assert [path.name for path in cache.iterdir()] == ["file.lock"]
    assert server.ranges == [None, None]


def test_an_endless_stall_ends(server):
    server.script = ["stalls 0"] * 3
    start = time.monotonic()
    with pytest.raises(DownloadError, match=r"timed out.*goes on where it stopped"):
        fetch(server.url, "file", SHA256, **QUICK)
    assert time.monotonic() - start < 5


# off-line


def test_off_line_is_said_at_once_with_what_to_do(monkeypatch):
    def no_name(*arguments, **options):
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", no_name)
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail("it waited"))
    with pytest.raises(DownloadError) as error:
        fetch("https://data.invalid/file", "file", SHA256)
    said = str(error.value)
    assert "file cannot be downloaded from https://data.invalid/file" in said
    assert "name resolution" in said
    assert "check the network or proxy" in said
    assert "COURSE_CACHE" in said


def test_nobody_listens(tmp_path):
    with pytest.raises(DownloadError, match="refused") as error:
        fetch("http://127.0.0.1:9/file", "file", SHA256, **QUICK)
    assert str(tmp_path) not in str(error.value)  # stored outputs name no folder of a machine


def test_a_server_that_cannot_prove_who_it_is_is_not_asked_again(monkeypatch):
    calls = []

    def urlopen(request, timeout):
        calls.append(request)
        raise urllib.error.URLError(ssl.SSLCertVerificationError("certificate verify failed"))

    monkeypatch.setattr(download.urllib.request, "urlopen", urlopen)
    with pytest.raises(DownloadError, match="certificate verify failed"):
        fetch("https://data.invalid/file", "file", SHA256)
    assert len(calls) == 1
