"""What a program can do in the sandbox, tried from inside."""

import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from course_utils.grading import bubblewrap
from course_utils.grading.bubblewrap import Limits, SandboxError
from course_utils.grading.sandbox import Sandbox, StudentError, StudentGoneError
from course_utils.grading.seccomp import MACHINES, filter_program

pytestmark = pytest.mark.usefixtures("sandbox_works")


@pytest.fixture
def sandbox():
    with Sandbox(Limits(seconds=5, memory_gib=2)) as one:
        yield one


def test_cells_run_and_functions_answer(sandbox: Sandbox):
    sandbox.run("offset = 1", "given")
    sandbox.run("def add(x, y=0):\n    x[0] = 9\n    return x.sum() + y + offset", "add")
    array = np.array([1.0, 2.0])
    value, changed = sandbox.call("add", (array,), {"y": 10})
    assert (value, changed[0].tolist(), array.tolist()) == (22.0, [9.0, 2.0], [1.0, 2.0])


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import os; os.fork()", "PermissionError"),
        ("import subprocess; subprocess.run(['true'])", "PermissionError"),
        ("import os; os.posix_spawn('/usr/bin/true', ['true'], {})", "PermissionError"),
        ("import multiprocessing as m; m.Process(target=print).start()", "PermissionError"),
        ("import os; os.memfd_create('x')", "PermissionError"),
        ("import socket; socket.socket(socket.AF_VSOCK)", "PermissionError"),
        ("import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)", "PermissionError"),
        ("import socket; socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)", "PermissionError"),
        ("open('/proc/sys/kernel/core_pattern', 'r+')", "Read-only"),
        ("open('/proc/self/oom_score_adj', 'w')", "Read-only"),
        ("open('/proc/1/fd/2', 'wb', 0).write(b'x')", "Broken pipe"),
        ("open('/x', 'w')", "Read-only"),
        ("open('/usr/x', 'w')", "Read-only"),
        ("open('/dev/x', 'w')", "Read-only"),
        ("open('/home/x', 'wb').write(b'x' * 2**28)", "File too large"),
        ("open('/dev/shm/x', 'wb').write(b'x' * 2**22)", "No space"),
        ("bytearray(3 * 2**30)", "MemoryError"),
        ("import socket; socket.create_connection(('127.0.0.1', 22), 2)", "refused"),
        ("import socket; socket.create_connection(('192.0.2.1', 80), 2)", "unreachable"),
        ("1 / 0", "division by zero (cell, line 1: 1 / 0)"),
    ],
)
def test_what_is_not_allowed_raises(sandbox: Sandbox, source: str, words: str):
    with pytest.raises(StudentError) as error:
        sandbox.run(source, "cell")
    assert words in str(error.value)


def test_nothing_of_this_machine_is_to_be_seen(sandbox: Sandbox):
    sandbox.run(
        "import os\ndef look(path):\n    return sorted(os.listdir(path)) if os.path.isdir(path) else None\n"
        "def parent(name):\n    return open(f'/proc/1/{name}').read()\n"
        "def environment():\n    return dict(os.environ)",
        "cell",
    )
    home = {entry for entry in os.listdir(Path(__file__).parents[2]) if not entry.startswith(".")}
    seen = set(sandbox.call("look", (str(Path(__file__).parents[2]),), {})[0] or [])
    assert {"notebooks", "solutions", "tests"} <= home
    assert not (seen & home) - {"course_utils"}
    assert "labs" in sandbox.call("look", (str(bubblewrap.PACKAGE),), {})[0]
    assert sandbox.call("parent", ("environ",), {})[0] == ""
    assert "--ro-bind" not in sandbox.call("parent", ("cmdline",), {})[0]
    assert not set(sandbox.call("environment", (), {})[0]) & {"USER", "LOGNAME", "COURSE_SEED", "PYTHONPATH"}
    assert sandbox.call("look", ("/etc",), {})[0] == ["ld.so.cache"]


def test_private_folders_are_covered_where_a_visible_one_holds_them(tmp_path: Path, monkeypatch):
    secret = tmp_path / "solutions"
    secret.mkdir()
    (secret / "master.ipynb").write_text("secret")
    monkeypatch.setattr(bubblewrap, "PACKAGE", tmp_path)
    for private, seen in (((), ["master.ipynb"]), ((secret,), [])):
        with Sandbox(Limits(), private=private) as sandbox:
            sandbox.run("import os\nlook = os.listdir", "cell")
            assert sandbox.call("look", (str(secret),), {})[0] == seen


def test_a_hidden_module_is_not_there_by_any_route():
    with Sandbox(Limits(), hidden=["seaborn"]) as sandbox:
        for source in (
            "import seaborn",
            "import importlib; importlib.import_module('seaborn.utils')",
            "import sys; sys.meta_path.pop(0); from seaborn import utils",
            "import runpy; runpy.run_module('seaborn.utils')",
            "import glob, sys\nfound = glob.glob(sys.prefix + '/**/seaborn/*.py', recursive=True)\nopen(found[0])",
        ):
            with pytest.raises(StudentError):
                sandbox.run(source, "cell")
        sandbox.run("import numpy", "cell")


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("import os; os._exit(0)", "crashed"),
        ("import ctypes; ctypes.string_at(0)", "crashed"),
        ("while True: pass", "timed out"),
        ("import os\nfor f in range(3, 9):\n  try:\n    while True: os.write(f, b'x' * 65536)\n  except OSError: pass",
         "too much output"),
    ],
)  # fmt: skip
def test_a_lost_program_says_how(source: str, status: str):
    with Sandbox(Limits(seconds=2)) as sandbox:
        with pytest.raises(StudentGoneError) as gone:
            sandbox.run(source, "cell")
        assert gone.value.status == status


def test_after_closing_nothing_of_it_runs_on():
    with Sandbox(Limits(seconds=5)) as sandbox:
        sandbox.run(
            "import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()", "cell"
        )
        first = sandbox._process.pid
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)


def test_magics_do_nothing_and_a_percent_sign_at_the_start_of_a_line_is_python(sandbox: Sandbox):
    sandbox.run("%matplotlib inline\n!ls\nx = (7\n  % 4)\ndef f():\n    return x", "cell")
    assert sandbox.call("f", (), {})[0] == 3
    sandbox.run("x = (9\n% 5)\n", "cell")
    assert sandbox.call("f", (), {})[0] == 4
    sandbox.run("%%time\nx = 5", "cell")
    assert sandbox.call("f", (), {})[0] == 5
    with pytest.raises(StudentError, match="line 2: 1 / 0"):
        sandbox.run("%%time\n1 / 0", "cell")


def test_what_a_notebook_has_from_the_start_is_there(sandbox: Sandbox):
    sandbox.run("display('x', metadata={})\nget_ipython().run_line_magic('time', '')", "cell")


def test_a_socket_on_this_machine_may_be_made(sandbox: Sandbox):
    sandbox.run("import socket\na, b = socket.socketpair()\nc = socket.socket(socket.AF_UNIX)", "cell")


def test_without_bubblewrap_it_says_what_to_install(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SandboxError, match="apt install bubblewrap"):
        Sandbox(Limits())


def test_a_sandbox_that_does_not_start_is_no_students_fault(monkeypatch, tmp_path: Path):
    broken = tmp_path / "bwrap"
    broken.write_text(
        "#!/bin/sh\n"
        "[ $1 = --version ] && echo bubblewrap 0.8.0 && exit\n"
        "echo 'setting up uid map: Permission denied' >&2\n"
        "exit 1\n"
    )
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxError, match=r"uid map: Permission denied\. Ubuntu.*AppArmor"):
        Sandbox(Limits())


def test_an_old_bubblewrap_is_named(monkeypatch, tmp_path: Path):
    old = tmp_path / "bwrap"
    old.write_text("#!/bin/sh\necho bubblewrap 0.6.1\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxError, match=r"bubblewrap 0\.6\.1 .* is too old, 0\.8 is needed"):
        Sandbox(Limits())


def test_another_system_than_linux_is_named(monkeypatch):
    monkeypatch.setattr("sys.platform", "win32")
    with pytest.raises(SandboxError, match="needs Linux on x86_64 or aarch64, this is win32"):
        bubblewrap.find_bubblewrap()


def test_a_time_limit_holds_for_a_silent_program():
    start = time.monotonic()
    with Sandbox(Limits(seconds=1)) as sandbox, pytest.raises(StudentGoneError, match="within 1 seconds"):
        sandbox.run("import signal, time\nsignal.alarm(0)\ntime.sleep(10**6)", "cell")
    assert time.monotonic() - start < 60


def test_a_time_out_names_the_time_that_was_given(sandbox: Sandbox):
    sandbox.restart_clock(0.5)
    with pytest.raises(StudentGoneError, match=r"within 0\.5 seconds"):
        sandbox.run("while True: pass", "cell")


def test_only_names_of_built_in_kinds_are_taken_from_outside():
    error = StudentError({"type": "SEEN 7", "kinds": ["SEEN 7", ["x"], 7, "ValueError", "Exception"]})
    assert error.kinds == ["ValueError", "Exception"]


@pytest.mark.parametrize("machine", MACHINES)
def test_the_filter_is_a_whole_program(machine: str):
    program = filter_program(machine)
    assert len(program) % 8 == 0
    assert program[-8] == 0x06  # it ends with a return


def test_an_unknown_processor_is_refused():
    with pytest.raises(ValueError, match="this is riscv64"):
        filter_program("riscv64")


def test_the_interpreter_is_this_one(sandbox: Sandbox):
    sandbox.run("import sys\ndef version():\n    return tuple(sys.version_info[:3])", "cell")
    assert sandbox.call("version", (), {})[0] == sys.version_info[:3]
