"""``python -m course_utils.labs release`` writes labs/ from solutions/; ``handout`` writes the students' zip file.

Both run in the repository's root. COURSE_SEED in the environment makes another year's variant.
"""

import os
import sys
from pathlib import Path

from course_utils.labs.handout import write_handout
from course_utils.labs.release import release_all


def main(arguments: list[str]) -> int:
    """Run one of the two commands; its status is returned."""
    text = os.environ.get("COURSE_SEED", "").strip()
    if text and not text.isdecimal():
        print(f"COURSE_SEED must be a whole number from 0 on, got {text!r}", file=sys.stderr)
        return 2
    seed = int(text) if text else None
    try:
        if arguments == ["release"]:
            for path in release_all(Path("solutions"), Path("labs"), seed):
                print(path)
        elif arguments == ["handout"]:
            target = Path("dist", "course.zip")
            count = write_handout(Path(), target, seed)
            print(f"{target}: {count} files, no solutions")
        else:
            print("usage: python -m course_utils.labs release | handout", file=sys.stderr)
            return 2
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
