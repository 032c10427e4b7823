"""The recorded scaling study: ``tests/benchmarks/scaling_study.py`` makes it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

FOLDER = Path(__file__).parent


@dataclass(frozen=True, eq=False, repr=False)
class Record:
    """What the study measured.

    Args:
        runs: one row a run: width, parameters, tokens (each read once), seed, loss on held-out rows in nats
            per character, seconds.
        repeats: one row a pass of the runs that read few rows many times: width, parameters, unique
            (characters), epoch, training_loss over the pass, loss on the held-out rows after it.
        provenance: command, date, hardware, versions, corpus with its checksum.
    """

    runs: pd.DataFrame
    repeats: pd.DataFrame
    provenance: dict[str, Any]

    def __repr__(self) -> str:
        """How much was recorded, and when."""
        return f"Record({len(self.runs)} runs, {len(self.repeats)} passes, {self.provenance['date']})"

    def describe(self) -> str:
        """On what, with what and how it was made, in two lines."""
        made, versions = self.provenance, self.provenance["versions"]
        packages = ", ".join(f"{name} {version}" for name, version in versions.items())
        return (
            f"Recorded {made['date']} on one core of {made['hardware']['processor']} with {packages}; "
            f"{made['corpus']['name']} {made['corpus']['sha256'][:12]}….\nMade again by: {made['command']}"
        )


def load_record() -> Record:
    """The study as it ships with the course.

    >>> record = load_record()
    >>> sorted(record.runs)
    ['loss', 'parameters', 'seconds', 'seed', 'tokens', 'width']
    """
    runs, repeats = (pd.read_csv(FOLDER / name) for name in ("runs.csv", "repeats.csv"))
    return Record(runs, repeats, json.loads((FOLDER / "provenance.json").read_text("utf-8")))
