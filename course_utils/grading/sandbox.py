"""One student's program in bubblewrap: no network, no other files, no processes of its own, limits on everything.

The program sees the interpreter, its packages and an empty home of a fixed size, all else is not there. It talks
through one pipe each way. Closing kills whatever is left and waits until it is gone, so that the next student
starts on a quiet machine.
"""

import builtins
import contextlib
import json
import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Any

from course_utils.grading.bubblewrap import ADVICE, Limits, SandboxError, command_line
from course_utils.grading.inside import values
from course_utils.grading.records import TaskStatus
from course_utils.grading.seccomp import filter_program

_BUILT_IN = [name for name, kind in vars(builtins).items() if isinstance(kind, type)]


class StudentGoneError(Exception):
    """The student's program ended, hung or flooded; ``status`` is what that makes of the task."""

    def __init__(self, status: TaskStatus, message: str) -> None:
        """Keeps the status beside the message."""
        super().__init__(message)
        self.status = status


class StudentError(Exception):
    """The student's program raised; the error is described, not handed over."""

    def __init__(self, described: Any) -> None:
        """Takes type, text, place and built-in kinds from the description, whatever it is."""
        found = described if isinstance(described, dict) else {}
        self.type = str(found.get("type", "Exception"))[:80]
        self.text = str(found.get("text", ""))[:2000]
        self.place = str(found.get("place", ""))[:300]
        kinds = found.get("kinds", [])
        self.kinds = [kind for kind in kinds if kind in _BUILT_IN] if isinstance(kinds, list) else []
        super().__init__(f"{self.type}: {self.text}" + (f" ({self.place})" if self.place else ""))


class Sandbox:
    """One process in bubblewrap that runs cells and answers calls.

    >>> with Sandbox(Limits()) as sandbox:  # doctest: +SKIP
    ...     sandbox.run("def double(x): return 2 * x", "double")
    ...     sandbox.call("double", (21,), {})[0]
    42
    """

    def __init__(
        self, limits: Limits, *, hidden: Collection[str] = (), private: Collection[Path] = ()
    ) -> None:
        """Start the process and wait for its hello.

        Args:
            limits: what it may use.
            hidden: modules that do not exist inside, by no route.
            private: folders that must not be seen even where they lie inside a visible one.

        Raises:
            SandboxError: it did not start; the message says what to install or set.
        """
        self.limits = limits
        self.restart_clock(120)
        command = command_line(limits, hidden, private)
        info, info_end = os.pipe()
        with contextlib.ExitStack() as opened:
            opened.callback(os.close, info)
            rules, options = (opened.enter_context(tempfile.TemporaryFile()) for _ in range(2))
            rules.write(filter_program())
            # Options from a file and an empty environment: inside, /proc/1 shows both to whoever looks.
            options.write(b"".join(os.fsencode(option) + b"\0" for option in command.options))
            for file in (rules, options):
                file.seek(0)
            passed = (info_end, rules.fileno(), options.fileno())
            flags = [f"--{name}" for name in ("info-fd", "seccomp", "args")]
            pairs = [word for flag, end in zip(flags, passed, strict=True) for word in (flag, str(end))]
            try:
                self._process = subprocess.Popen(
                    [command.bubblewrap, *pairs, *command.program],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    pass_fds=passed,
                    env={},
                    bufsize=0,
                )
            except OSError as error:
                raise SandboxError(f"bubblewrap cannot be run: {error}.") from error
            finally:
                os.close(info_end)
            self._first = self._pidfd(info)
            self._received = b""
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            assert self._process.stderr is not None
            self._input, self._output = self._process.stdin.fileno(), self._process.stdout.fileno()
            # Closed at the end of this block: inside, /proc/1/fd/2 can be written to.
            complaints = opened.enter_context(self._process.stderr)
            for end in (self._input, self._output, complaints.fileno()):
                os.set_blocking(end, False)
            try:
                hello = self._reply()
            except StudentGoneError as gone:
                self.close()
                said = (complaints.read(3000) or b"").decode(errors="replace").strip()
                raise SandboxError(f"the sandbox did not start: {said or gone}. {ADVICE}") from None
            if hello != {"hello": 1}:
                self.close()
                raise SandboxError(f"the sandbox started with something else than hello. {ADVICE}")
        self.restart_clock()

    def restart_clock(
        self, seconds: float | None = None, why: str = ": is there a loop without end?"
    ) -> None:
        """Give what comes next so much time, that of a cell by default; ``why`` ends the message when it is over."""
        self._seconds, self._why = self.limits.seconds if seconds is None else seconds, why
        self._deadline = time.monotonic() + self._seconds

    def run(self, source: str, cell: str, *, patient: bool = False, apart: bool = False) -> None:
        """Execute a cell.

        Args:
            source: its text.
            cell: its name in error messages.
            patient: go on after a statement that fails.
            apart: keep only the functions it defines, which see the built-in ones and not the student's of their name.

        Raises:
            StudentError: it raised.
            StudentGoneError: the process ended, hung or flooded.
        """
        self._ask({"run": {"source": source, "cell": cell, "patient": patient, "apart": apart}})

    def call(
        self, name: str, positional: Collection[Any], named: dict[str, Any]
    ) -> tuple[Any, dict[int, Any]]:
        """Call a function inside.

        Returns:
            Its value, and the new values of positional arguments that it changed, by their number.

        Raises:
            StudentError: it raised, or its value is no plain one.
            StudentGoneError: the process ended, hung or flooded.
        """
        request = {
            "name": name,
            "positional": [values.encode(argument) for argument in positional],
            "named": {key: values.encode(argument) for key, argument in named.items()},
        }
        reply = self._ask({"call": request})
        try:
            changed = {int(number): values.decode(new) for number, new in reply.get("changed", {}).items()}
            return values.decode(reply.get("value")), changed
        except (values.ValueFormatError, ValueError, AttributeError, MemoryError) as error:
            text = str(error) or "too large a value"
            raise StudentError({"type": "ValueFormatError", "text": text}) from error

    def close(self) -> None:
        """Kill everything inside and wait until it is gone."""
        if self._first is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._first, signal.SIGKILL)
            waiting = select.poll()
            waiting.register(self._first, select.POLLIN)
            waiting.poll(30_000)
            os.close(self._first)
            self._first = None
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def __enter__(self) -> "Sandbox":
        """The sandbox itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def _pidfd(self, info: int) -> int | None:
        """A handle on the first process inside, whose death takes all others along."""
        said = b""
        while select.select([info], [], [], 30)[0] and (piece := os.read(info, 4096)):
            said += piece
        try:
            return os.pidfd_open(int(json.loads(said)["child-pid"]))
        except (ValueError, KeyError, OSError):
            return None

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        self._send(json.dumps(request).encode() + b"\n")
        reply = self._reply()
        if not isinstance(reply, dict):
            raise StudentError({"type": "ValueFormatError", "text": "the reply is no value"})
        if "error" in reply:
            raise StudentError(reply["error"])
        return reply

    def _send(self, data: bytes) -> None:
        while data:
            self._wait(self._input, select.POLLOUT)
            try:
                data = data[os.write(self._input, data) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise self._ended() from error

    def _reply(self) -> Any:
        pieces, size = [self._received], len(self._received)
        while b"\n" not in pieces[-1]:
            self._wait(self._output, select.POLLIN)
            try:
                piece = os.read(self._output, 1 << 20)
            except BlockingIOError:
                continue
            if not piece:
                raise self._ended()
            pieces.append(piece)
            size += len(piece)
            if size > self.limits.reply_mib << 20:
                raise StudentGoneError(
                    "too much output", f"a value of over {self.limits.reply_mib} MiB came back"
                )
        try:
            line, self._received = b"".join(pieces).split(b"\n", 1)
            return json.loads(line)
        except (ValueError, RecursionError, MemoryError):
            return None

    def _wait(self, stream: int, event: int) -> None:
        waiting = select.poll()
        waiting.register(stream, event)
        left = self._deadline - time.monotonic()
        if left <= 0 or not waiting.poll(left * 1000):
            raise StudentGoneError("timed out", f"no answer within {self._seconds:.4g} seconds{self._why}")

    def _ended(self) -> StudentGoneError:
        return StudentGoneError(
            "crashed", "the program ended in the middle (os._exit, a killed process, or memory used up)"
        )
