"""The command line of bubblewrap: what a student's program sees, and the limits under which it runs."""

import os
import shutil
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

INSIDE = Path(__file__).parent / "inside"
PACKAGE = Path(__file__).parents[1]

ADVICE = (
    "Nothing was graded. Install bubblewrap (Debian and Ubuntu: apt install bubblewrap). Ubuntu 24.04 and later "
    "also need sysctl kernel.apparmor_restrict_unprivileged_userns=0 or an AppArmor profile for bwrap; a container "
    "needs leave to make user namespaces (Docker: --security-opt seccomp=unconfined --security-opt "
    "apparmor=unconfined, or --privileged)."
)


class SandboxError(RuntimeError):
    """The sandbox itself failed; no student is to blame."""


@dataclass(frozen=True)
class Limits:
    """What one sandbox may use.

    Args:
        seconds: wall-clock time of one coding task, its calls together.
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


def command_line(limits: Limits, hidden: Collection[str], private: Collection[Path]) -> Command:
    """Bubblewrap, its options, and the driver under its limits."""
    bubblewrap = shutil.which("bwrap")
    if bubblewrap is None:
        raise SandboxError(f"bubblewrap (the command bwrap) is not installed. {ADVICE}")
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
    command += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/home"]
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
