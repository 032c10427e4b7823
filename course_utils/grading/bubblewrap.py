"""The command line of bubblewrap: what a student's program sees, and the limits under which it runs."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

INSIDE = Path(__file__).parent / "inside"
PACKAGE = Path(__file__).parents[1]

ADVICE = (
    "Ubuntu 24.04 and later need sysctl kernel.apparmor_restrict_unprivileged_userns=0 or an AppArmor profile for "
    "bwrap; a container needs leave to make user namespaces (Docker: --security-opt seccomp=unconfined "
    "--security-opt apparmor=unconfined, or --privileged)."
)
"""What to set where bubblewrap is there and may not start."""

OLDEST = (0, 8)
"""The first bubblewrap that knows ``--disable-userns``."""


class SandboxError(RuntimeError):
    """The sandbox itself failed; no student is to blame."""


@dataclass(frozen=True)
class Limits:
    """What one sandbox may use.

    Args:
        seconds: wall-clock time of an answer's cell, and again of all calls of its check; a submission gets both
            for each of its tasks, and no more when cells are run again.
        memory_gib: address space; JAX needs 2.
        files_mib: of each file, and of the home and the temporary folder each.
        reply_mib: of one returned value, as JSON.
    """

    seconds: float = 60.0
    memory_gib: float = 4.0
    files_mib: int = 64
    reply_mib: int = 16


class Command(NamedTuple):
    """The program, the options that go through a file, and what runs inside."""

    bubblewrap: str
    options: list[str]
    program: list[str]


def find_bubblewrap() -> str:
    """The path of bubblewrap.

    Raises:
        SandboxError: this is no Linux, or bubblewrap is missing or too old.
    """
    if sys.platform != "linux":
        raise SandboxError(
            f"grading needs Linux on x86_64 or aarch64, this is {sys.platform}: use a Linux machine, or a virtual one "
            "(on Windows: WSL 2)."
        )
    found = shutil.which("bwrap")
    if found is None:
        raise SandboxError(
            "bubblewrap (the command bwrap) is not installed. Debian and Ubuntu: apt install bubblewrap."
        )
    if _version(found) < OLDEST:
        oldest, version = (".".join(map(str, numbers)) for numbers in (OLDEST, _version(found)))
        raise SandboxError(
            f"bubblewrap {version} ({found}) is too old, {oldest} is needed: Debian 12 and Ubuntu 24.04 have it."
        )
    return found


def command_line(limits: Limits, hidden: Collection[str], private: Collection[Path]) -> Command:
    """Bubblewrap, its options, and the driver under its limits.

    Raises:
        SandboxError: as from `find_bubblewrap`.
    """
    bubblewrap = find_bubblewrap()
    size = str(limits.files_mib << 20)
    visible = _visible()
    command = ["--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent"]
    command += [
        "--new-session",
        "--cap-drop",
        "ALL",
        "--clearenv",
        "--uid",
        "1000",
        "--gid",
        "1000",
        "--hostname",
        "lab",
    ]
    for folder in ("/home", "/tmp"):  # first: what is visible may lie in them
        command += ["--size", size, "--tmpfs", folder]
    for path in visible:
        command += ["--ro-bind", str(path), str(path)]
    for link in ("/bin", "/sbin", "/lib", "/lib64"):
        if os.path.islink(link):
            command += ["--symlink", os.readlink(link), link]
        elif os.path.isdir(link):
            command += ["--ro-bind", link, link]
    command += [
        "--ro-bind-try",
        "/etc/ld.so.cache",
        "/etc/ld.so.cache",
        "--ro-bind",
        str(INSIDE),
        "/sandbox/inside",
    ]
    command += ["--proc", "/proc", "--dev", "/dev", "--size", "1048576", "--tmpfs", "/dev/shm"]
    for path in [*_places(hidden), *(path.resolve() for path in private)]:
        if any(path.is_relative_to(seen) for seen in visible) and path.exists():
            command += ["--tmpfs", str(path)] if path.is_dir() else ["--ro-bind", "/dev/null", str(path)]
    for font_list in _font_lists():
        command += ["--ro-bind", str(font_list), f"/home/.matplotlib/{font_list.name}"]
    # User 1000 inside may be root outside, and then /proc/sys sets the whole machine.
    for folder in ("/dev", "/proc", "/"):
        command += ["--remount-ro", folder]
    command += ["--chdir", "/home"]
    for name, value in {**_ENVIRONMENT, "HIDDEN_MODULES": ",".join(sorted(hidden))}.items():
        command += ["--setenv", name, value]
    memory, cpu = int(limits.memory_gib * 2**30), int(limits.seconds * 20 + 120)
    program = ["/usr/bin/prlimit", f"--as={memory}", f"--cpu={cpu}", f"--fsize={size}", "--nofile=256"]
    program += ["--core=0", "--nproc=512", "--memlock=65536", "--"]
    program += [sys.executable, "-I", "-B", "-c", _START]
    return Command(bubblewrap, command, program)


_START = "import sys; sys.path.insert(0, '/sandbox'); from inside import driver; driver.main()"


_ENVIRONMENT = {
    "HOME": "/home",
    "TMPDIR": "/tmp",
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "MPLBACKEND": "agg",
    "MPLCONFIGDIR": "/home/.matplotlib",
    "JAX_PLATFORMS": "cpu",
    "COURSE_PROGRESS": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


@cache
def _version(bubblewrap: str) -> tuple[int, ...]:
    """The numbers in what a bubblewrap says of its version."""
    try:
        said = subprocess.run([bubblewrap, "--version"], capture_output=True, text=True).stdout
    except OSError as error:
        raise SandboxError(f"bubblewrap cannot be run: {error}.") from error
    return tuple(int(number) for number in re.findall(r"\d+", said))


def _visible() -> list[Path]:
    """The folders that a Python program needs, none inside another."""
    wanted = [
        Path("/usr"),
        Path(sys.base_prefix).resolve(),
        Path(sys.prefix),
        Path(sys.prefix).resolve(),
        PACKAGE,
    ]
    found: list[Path] = []
    for path in wanted:
        if not any(path.is_relative_to(seen) for seen in found):
            found.append(path)
    return found


def _places(modules: Collection[str]) -> list[Path]:
    """The files and folders on this interpreter's path from which the modules would be imported."""
    folders = [Path(entry) for entry in sys.path if entry and os.path.isdir(entry)] + [PACKAGE.parent]
    found = []
    for module in modules:
        for folder in folders:
            found += [path for path in folder.glob(f"{module}*") if path.name.split(".")[0] == module]
    return sorted({path.resolve() for path in found})


def _font_lists() -> list[Path]:
    """Matplotlib's list of fonts, which costs each new home seconds to make."""
    try:
        import matplotlib

        return sorted(Path(matplotlib.get_cachedir()).glob("fontlist-*.json"))
    except (ImportError, OSError, RuntimeError):
        return []
