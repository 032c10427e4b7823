"""A server on this machine that also fails, stalls and lies; no other address is ever asked."""

import re
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import numpy as np
import pytest


class Server(ThreadingHTTPServer):
    """Serves ``content``; each request first takes the next behaviour off ``script``, if one is left.

    Behaviours, in words: an error's number, ``closes N`` or ``stalls N`` after N bytes, ``begins anew, closes N``
    (whatever range was asked for), ``resets``, ``ignores range``, ``wrong bytes``, ``announces N``, ``no length``,
    ``redirects``, ``sleeps``.
    """

    daemon_threads = True

    def __init__(self, content):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.script, self.ranges, self.over = content, [], [], Event()
        self.url = f"http://127.0.0.1:{self.server_port}/file"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        asked = self.headers.get("Range")
        self.server.ranges.append(asked)
        start = int(re.sub(r"\D", "", asked)) if asked else 0
        behaviour = self.server.script.pop(0) if self.server.script else "honest"
        number = int((re.findall(r"\d+", behaviour) or [0])[0])
        if behaviour.isdigit() or start >= len(self.server.content):
            return self.send_error(number or 416)
        if behaviour == "resets":
            return self.reset()
        if behaviour == "redirects":
            return self.redirect()
        if behaviour == "sleeps":
            self.server.over.wait(1)
        if behaviour.startswith(("ignores range", "begins anew")):
            start = 0
        rest = self.server.content[start:]
        announced = len(rest)
        if behaviour == "wrong bytes":
            rest = bytes(len(rest))
        elif "closes" in behaviour or "stalls" in behaviour:
            rest = rest[:number]
        elif behaviour.startswith("announces"):
            announced = number
        self.answer(rest, start, None if behaviour == "no length" else announced)
        if "stalls" in behaviour:
            self.server.over.wait(20)

    def answer(self, body, start, announced):
        self.send_response(206 if start else 200)
        if start:
            whole = len(self.server.content)
            self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
        if announced is not None:
            self.send_header("Content-Length", str(announced))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def redirect(self):
        self.send_response(302)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def reset(self):
        """The connection breaks by a reset, not by an orderly end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.connection.close()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def no_network():
    """The fixture of the folder above forbids all connections; here the server is allowed."""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COURSE_PROGRESS", "0")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return tmp_path / "cache"


@pytest.fixture
def server():
    with Server(np.random.default_rng(0).bytes(300_000)) as server:
        Thread(target=lambda: server.serve_forever(0.01), daemon=True).start()
        yield server
        server.over.set()
        server.shutdown()


@pytest.fixture
def partial(cache):
    cache.mkdir()
    return cache / "file.partial"
