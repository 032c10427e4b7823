"""The command line of the grader."""

import argparse
import os
from pathlib import Path

from course_utils.grading.bubblewrap import Limits


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read a command line; a wrong one ends the process with status 2 and a line that says what was expected.

    Args:
        arguments: the command line after the program's name; the process's own when left out.
    """
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.grading", description="Grade a lab of the course."
    )
    commands = parser.add_subparsers(required=True, dest="command", metavar="COMMAND")

    def command(name: str, words: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=words, description=words)
        one.add_argument(
            "--out", type=_path, default=Path("graded"), help="folder of the record and the pages (graded)"
        )
        return one

    def grades(one: argparse.ArgumentParser) -> None:
        one.add_argument(
            "--workers",
            type=_count,
            default=os.cpu_count() or 1,
            help="submissions at once, fewer where the memory is short (all cores)",
        )
        one.add_argument(
            "--seconds", type=_amount, default=Limits().seconds, help="a task may take (%(default)s)"
        )
        one.add_argument(
            "--memory", type=_amount, default=Limits().memory_gib, help="GiB a submission (%(default)s)"
        )
        one.add_argument("--solutions", type=_path, default=Path("solutions"), help="folder of the masters")

    one = command("grade", "grade a class; run again, it grades what is new")
    one.add_argument("lab", metavar="LAB", help="lab11, or the full name")
    one.add_argument(
        "submissions", metavar="SUBMISSIONS", type=_path, help="a folder or a zip, as the LMS exports it"
    )
    grades(one)
    seed = os.environ.get("COURSE_SEED", "").strip() or None
    one.add_argument("--course-seed", type=_seed, default=seed, help="as in make labs (COURSE_SEED)")
    one = command("marks", "store the marks that a form saved")
    one.add_argument("file", metavar="FILE", type=_path)
    one = command("export", "write table, pages and forms from the record alone")
    one.add_argument("lab", metavar="LAB")
    one = command("appeal", "grade a student's stored answers again; records nothing")
    one.add_argument("lab", metavar="LAB")
    one.add_argument("student", metavar="STUDENT", help="the name, or a part of it that no other has")
    one.add_argument("--seed", type=_seed, help="other fresh inputs than those recorded")
    grades(one)
    one = command("check", "say whether the sandbox works here")
    one.add_argument("lab", metavar="LAB", nargs="?", default="lab11")
    grades(one)
    one.set_defaults(course_seed=None)
    return parser.parse_args(arguments)


def _path(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError(
            "a path was expected, got nothing (make grade needs LAB=… and FROM=…)"
        )
    return Path(text)


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a whole number from 0 on was expected, got {text!r}")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number from 1 on was expected, got {text!r}")
    return int(text)


def _amount(text: str) -> float:
    try:
        amount = float(text)
    except ValueError:
        amount = 0.0
    if not 0 < amount < 1e6:
        raise argparse.ArgumentTypeError(f"a number above 0 was expected, got {text!r}")
    return amount
