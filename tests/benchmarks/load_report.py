"""The record of the load test as a table."""

import json
from pathlib import Path

LABELS = {"grader": "`python -m course_utils.grading grade`", "nbgrader": "`nbgrader autograde`"}
WORDS = ("as it should", "too low", "too high", "no score")


def counted(side: dict, word: str, kind: str | None = None) -> int:
    """How many submissions of a side, or of one kind of them, ended in an outcome."""
    return sum(one.get(word, 0) for name, one in side["outcomes"].items() if kind in (None, name))


def size(side: dict, kind: str | None = None) -> int:
    """How many submissions a side, or a kind of it, has."""
    return sum(counted(side, word, kind) for word in WORDS)


def table(record: dict) -> str:
    """Markdown: how it was measured, a row a side, then a row a kind of submission."""
    machine = record["hardware"]
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    lines = [
        "# A class of lab 22",
        "",
        f"{record['date']}, {machine['processor']}, {machine['cores']} cores, {machine['system']}; {versions}. "
        f"Submissions drawn with seed {record['seed']}; nbgrader got the first of the same ones. Memory is the peak "
        "of all processes together, shared pages counted once. Made by `python tests/benchmarks/grading_load.py`.",
        "",
        "| side | at once | submissions | seconds | a submission, s | a minute | peak, GiB | score as it should "
        "| too low | too high | no score |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, side in record["sides"].items():
        count, seconds = size(side), side["seconds"]
        cut = f" in {side['parts']} parts" if side["parts"] > 1 else ""
        found = " | ".join(str(counted(side, word)) for word in WORDS)
        lines.append(
            f"| {LABELS[name]} | {side['workers']} | {count} | {seconds:.0f}{cut} | {seconds / count:.1f} "
            f"| {60 * count / seconds:.1f} | {side['peak_gib']:.2f} | {found} |"
        )
    lines += ["", f"| submission | side | count | {' | '.join(WORDS)} |", "|---|---|---|---|---|---|---|"]
    kinds = sorted({kind for side in record["sides"].values() for kind in side["outcomes"]})
    for kind in kinds:
        for name, side in record["sides"].items():
            if size(side, kind):
                found = " | ".join(str(counted(side, word, kind)) for word in WORDS)
                lines.append(f"| {kind} | {name} | {size(side, kind)} | {found} |")
    return "\n".join([*lines, ""])


def store(record: dict, folder: Path) -> None:
    """Write record and table."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "grading_load.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    (folder / "grading_load.md").write_text(table(record))
