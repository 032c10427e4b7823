"""A system-call filter for the sandbox: threads may be started, processes may not.

The limit on processes of `prlimit` does nothing for root, and a background process outlives its parent. A filter
of the kernel stops both, and closes calls and kinds of sockets that a lab never needs. Read by bubblewrap's
``--seccomp``.
"""

import platform
import struct
from socket import AF_INET, AF_INET6, AF_UNIX
from typing import NamedTuple

_LOAD, _EQUAL, _AT_LEAST, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06  # BPF: ld abs, jeq, jge, and, ret
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_EPERM, _ENOSYS = 1, 38
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data
_CLONE_THREAD = 0x00010000


class Machine(NamedTuple):
    """Numbers of a processor's system calls."""

    architecture: int
    clone: int
    clone3: int
    socket: int
    denied: str


# fork vfork ptrace · shmget msgget semget · mount umount2 pivot_root chroot unshare setns · keys ·
# process_vm_* perf_event_open bpf userfaultfd · memfd_create memfd_secret io_uring_setup · kexec, kernel modules
MACHINES = {
    "x86_64": Machine(
        0xC000003E,
        56,
        435,
        41,
        "57 58 101  29 68 64  165 166 155 161 272 308  248 249 250  310 311 298 321 323  319 447 425  246 175 313 176",
    ),
    "aarch64": Machine(
        0xC00000B7,
        220,
        435,
        198,
        "117  194 186 190  40 39 41 51 97 268  217 218 219  270 271 241 280 282  279 447 425  104 105 273 106",
    ),
}


def filter_program(machine: str | None = None) -> bytes:
    """The filter as the kernel takes it, eight bytes an instruction.

    Args:
        machine: ``x86_64`` or ``aarch64``; this machine's by default.

    Raises:
        ValueError: a machine without a table here.
    """
    machine = machine or platform.machine()
    if machine not in MACHINES:
        raise ValueError(
            f"the grader's sandbox knows the processors {', '.join(MACHINES)}, this is {machine}: "
            "grade on one of those."
        )
    table = MACHINES[machine]
    denied = [int(number) for number in table.denied.split()]
    lines = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, table.architecture),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
        (_LOAD, 0, 0, _NUMBER),
    ]
    # From each test the distance to the last two lines, which refuse and allow.
    tests = [(_AT_LEAST, 0x40000000), *((_EQUAL, number) for number in denied)]
    for place, (test, number) in enumerate(tests):
        lines.append((test, len(tests) - place + 10, 0, number))
    lines += [
        (_EQUAL, 0, 1, table.clone3),
        (_RETURN, 0, 0, _ERRNO | _ENOSYS),  # the C library then takes clone, whose flags can be read
        (_EQUAL, 0, 4, table.socket),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_EQUAL, 7, 0, AF_UNIX),
        (_EQUAL, 6, 0, AF_INET),
        (_EQUAL, 5, 4, AF_INET6),
        (_EQUAL, 0, 4, table.clone),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_AND, 0, 0, _CLONE_THREAD),
        (_EQUAL, 0, 1, 0),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("HBBI", *line) for line in lines)
