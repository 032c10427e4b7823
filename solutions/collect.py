"""``python solutions/collect.py LAB HOMES``: gather a lab from the students' homes, in nbgrader's layout.

Copies ``HOMES/<student>/labs/<lab>/<lab>.ipynb`` to ``collected/submitted/<student>/<lab>/<lab>.ipynb``, which
``python -m course_utils.grading grade LAB collected`` takes. What is no plain file of the student's own is refused:
this often runs as root, and a link would hand in a neighbour's work. A copy made earlier stays where nothing newer is
found. Exit status: 0, or 1 when a student's file was refused.
"""

import argparse
import os
import stat
import sys
from pathlib import Path

MOST_BYTES = 20 * 2**20


def read_own(home: Path, *parts: str) -> tuple[bytes, float]:
    """A file below a home and the time it was written; no link is followed on the way.

    Args:
        home: the student's home.
        parts: the path below it, name by name.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is a link, no plain file, not the student's own, or larger than 20 MiB.
    """
    here = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    owner = os.fstat(here).st_uid
    for last, part in zip([*[False] * (len(parts) - 1), True], parts, strict=True):
        try:
            # Without O_NONBLOCK, opening a pipe would wait for ever.
            flags = os.O_RDONLY | os.O_NOFOLLOW | (os.O_NONBLOCK if last else os.O_DIRECTORY)
            below = os.open(part, flags, dir_fd=here)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise ValueError(f"{part} is a link or no plain file or folder ({error.strerror})") from error
        finally:
            os.close(here)
        here = below
    with os.fdopen(here, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise ValueError(f"{parts[-1]} is no plain file")
        if found.st_uid != owner or found.st_nlink != 1:
            raise ValueError(f"{parts[-1]} is not the student's own file, or has a second name elsewhere")
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"{parts[-1]} is larger than {MOST_BYTES >> 20} MiB")
    return content, found.st_mtime


def collect(lab: str, homes: Path, into: Path) -> tuple[list[str], list[str], dict[str, str]]:
    """Copy every student's notebook of a lab.

    Args:
        lab: full name.
        homes: the folder of the homes.
        into: the folder to write into.

    Returns:
        Students whose file was copied, students without one, and the refused with the reason.
    """
    copied, missing, refused = [], [], {}
    for home in sorted(homes.iterdir()):
        if home.name.startswith(".") or not home.is_dir() or home.is_symlink():
            continue
        try:
            content, written = read_own(home, "labs", lab, f"{lab}.ipynb")
        except FileNotFoundError:
            missing.append(home.name)
        except (ValueError, OSError) as error:
            refused[home.name] = str(error)
        else:
            target = into / "submitted" / home.name / lab / f"{lab}.ipynb"
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = target.with_suffix(".partial")
            partial.write_bytes(content)
            os.utime(partial, (written, written))
            partial.replace(target)
            copied.append(home.name)
    return copied, missing, refused


def full_name(lab: str, labs: Path) -> str:
    """A released lab's full name from its number, ``lab11`` for example."""
    found = sorted(one.name for one in labs.glob("lab*") if one.name == lab or one.name.startswith(f"{lab}_"))
    if len(found) != 1:
        raise ValueError(
            f"LAB must name one lab of {labs}, got {lab!r}, which fits {', '.join(found) or 'none'}."
        )
    return found[0]


def main(arguments: list[str] | None = None) -> int:
    """Collect, and say who has nothing and who was refused."""
    parser = argparse.ArgumentParser(description="Gather a lab from the students' homes.")
    parser.add_argument("lab", metavar="LAB", help="lab11, or the full name")
    parser.add_argument(
        "homes", metavar="HOMES", type=Path, help="the folder of the homes, /home for example"
    )
    parser.add_argument("--into", type=Path, default=Path("collected"))
    parser.add_argument("--labs", type=Path, default=Path(__file__).resolve().parents[1] / "labs")
    options = parser.parse_args(arguments)
    try:
        lab = full_name(options.lab, options.labs)
        if not options.homes.is_dir():
            raise ValueError(f"HOMES must be the folder of the homes, got {options.homes}, which is none.")
    except ValueError as error:
        parser.error(str(error))
    options.into.mkdir(mode=0o700, parents=True, exist_ok=True)  # nobody's business but the graders'
    copied, missing, refused = collect(lab, options.homes, options.into)
    print(f"{lab}: {len(copied)} copied to {options.into}, {len(missing)} without a notebook")
    if missing:
        print(f"  none: {', '.join(missing)}")
    for student, reason in refused.items():
        print(f"  refused: {student}: {reason}", file=sys.stderr)
    return int(bool(refused))


if __name__ == "__main__":
    sys.exit(main())
