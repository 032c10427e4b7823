"""``python -m course_utils.ledger [notebooks] [--check]``: regenerate or check cells.csv and claims.csv."""

import argparse
import sys
from pathlib import Path

from course_utils.ledger.generate import changes, collect, write
from course_utils.ledger.tables import HERE


def main(arguments: list[str] | None = None, folder: Path = HERE) -> int:
    """Run the command and return its exit status: 0 done, 1 the tables are out of date, 2 a broken notebook.

    Args:
        arguments: the command line after the program's name; the process's own when left out.
        folder: where the tables lie.
    """
    parser = argparse.ArgumentParser(prog="python -m course_utils.ledger", description=__doc__)
    parser.add_argument("notebooks", nargs="?", default="notebooks", type=Path, help="folder of the chapters")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when the tables differ")
    options = parser.parse_args(arguments)
    try:
        ledger = collect(options.notebooks, folder)
    except ValueError as error:
        print(f"ledger: {error}", file=sys.stderr)
        return 2
    found = "; ".join(changes(ledger, folder))
    if options.check:
        if found:
            print(f"ledger: {found}. Run: python -m course_utils.ledger {options.notebooks}", file=sys.stderr)
        return int(bool(found))
    write(ledger, folder)
    size = f"{len(ledger.cells)} covering places, {len(ledger.claims)} claims"
    print(f"ledger: {found or 'no change'} ({size})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
