"""Record the scaling study of chapter 14: ``python tests/benchmarks/scaling_study.py`` from the repository's root.

About half an hour of one core. Every finished run is appended to the record at once, in the package's folder
``scaling``; called again, the script goes on where it stopped. To record anew, delete ``runs.csv``,
``repeats.csv`` and ``provenance.json`` there.

    --minutes 8      stop before the first run that would begin later than this
"""

import argparse
import csv
import datetime
import json
import platform
import time
from importlib import metadata
from pathlib import Path

import jax
from run import hardware

from course_utils.data import load_code_corpus
from course_utils.models.counting import transformer_parameters
from course_utils.scaling import study
from course_utils.scaling.record import FOLDER

WIDTHS = (8, 16, 24, 40, 64, 96, 144)
BUDGETS = tuple(2**power for power in range(17, 23))  # characters read
RUNS = "width,parameters,tokens,seed,loss,seconds"
REPEATS = "width,parameters,unique,epoch,training_loss,loss"


def plan() -> list[tuple[int, int, int]]:
    """(width, tokens, seed) of every run, cheap ones first, the costliest last."""
    grid = [(width, tokens, 0) for width in WIDTHS for tokens in BUDGETS]
    again = [(width, BUDGETS[1], seed) for width in WIDTHS for seed in (1, 2)]
    again += [(width, BUDGETS[3], seed) for width in (8, 24, 64) for seed in (1, 2)]
    between = [(width, tokens, 0) for width in (16, 24, 40, 64) for tokens in (3 * 2**19, 3 * 2**20)]
    return sorted(grid + again + between, key=lambda run: (run[0] * run[1], run[2]))


def repeated() -> list[tuple[int, int, int]]:
    """(width, tokens, unique) of the runs that read few rows many times."""
    return [(width, 2**21, 2**16) for width in (24, 96)]


def append(path: Path, head: str, rows: list[tuple]) -> None:
    """Add rows to a table, and make it first where there is none."""
    text = "".join(",".join(map(str, row)) + "\n" for row in rows)
    with path.open("a", encoding="utf-8") as file:
        file.write(text if file.tell() else f"{head}\n{text}")


def known(path: Path, *columns: str) -> set[tuple[int, ...]]:
    """What the table holds already."""
    if not path.exists():
        return set()
    with path.open(encoding="utf-8") as file:
        return {tuple(int(row[column]) for column in columns) for row in csv.DictReader(file)}


def provenance() -> dict:
    """With what, on what and from what the record was made."""
    packages = ("jax", "jaxlib", "flax", "optax", "numpy")
    return {
        "command": "python tests/benchmarks/scaling_study.py",
        "date": datetime.date.today().isoformat(),
        "hardware": hardware() | {"cores": 1, "note": "shared with other work: seconds are an upper bound"},
        "versions": {
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in packages},
        },
        "corpus": {"name": "code corpus", "sha256": load_code_corpus().provenance.sha256},
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=float("inf"))
    end = time.monotonic() + 60 * parser.parse_args().minutes
    runs, repeats, origin = (FOLDER / name for name in ("runs.csv", "repeats.csv", "provenance.json"))
    if not origin.exists():
        origin.write_text(json.dumps(provenance(), indent=1) + "\n", encoding="utf-8")
    for width, tokens, unique in repeated():
        if time.monotonic() < end and (width,) not in known(repeats, "width"):
            _, run = study.train(width, tokens, key=jax.random.key(0), unique=unique)
            pairs = zip(run.history["loss"], run.history["val_loss"], strict=True)
            size = transformer_parameters(study.shape(width))
            rows = [(width, size, unique, i, f"{a:.5f}", f"{b:.5f}") for i, (a, b) in enumerate(pairs, 1)]
            append(repeats, REPEATS, rows)
            print(rows[-1], f"{run.seconds:.1f} s", flush=True)
    for width, tokens, seed in plan():
        if time.monotonic() < end and (width, tokens, seed) not in known(runs, "width", "tokens", "seed"):
            _, run = study.train(width, tokens, key=jax.random.key(seed))
            size = transformer_parameters(study.shape(width))
            loss = f"{run.history['val_loss'][-1]:.5f}"
            append(runs, RUNS, [(width, size, tokens, seed, loss, f"{run.seconds:.1f}")])
            print(width, tokens, seed, loss, f"{run.seconds:.1f} s", flush=True)


if __name__ == "__main__":
    main()
