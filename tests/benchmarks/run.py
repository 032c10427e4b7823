"""The benchmarks: ``python tests/benchmarks/run.py`` (or ``make benchmarks``) from the repository's root.

Makes the peers' environment ``.venv/peers`` on first use (2.4 GB), then runs this course, PyTorch and Keras in
turn, each round anew and every case in a process of its own: the same rows, first weights and number of updates,
and the same batches (but for Keras' usual call, which draws its own). It stops unless all end at the same losses.
The record, a table and a plot go to ``tests/benchmarks/results/``. Nothing else should run on the machine
meanwhile; 18 minutes on two cores.

    --rounds 5      how often each side runs each case
    --warm 5        runs after the first, in each process
    --cases 0,2     some cases only, and nothing is stored
"""

import argparse
import datetime
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from cases import CASES, arrays

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PEERS = ("torch==2.13.0", "keras==3.15.0", "tensorflow-cpu==2.21.0")
SIDES = ("course", "torch", "torch, indexed", "keras", "keras, laid out")
AGREE = 1e-3  # relative; the same float32 arithmetic in another order, over up to 400 updates
# Keras draws its own order: another path to the same place, compared where it ends. Eight orders drawn by the course
# end up to 0.006 apart, and with D4's network 0.038.
OTHER_BATCHES = {"keras": 0.05}


def peers_python() -> Path:
    """The Python of the peers' environment, made on first use."""
    folder = ROOT / ".venv" / "peers"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / "peers.stamp"
    if not stamp.exists() or stamp.read_text() != " ".join(PEERS):
        print(f"making .venv/peers with {', '.join(PEERS)}", flush=True)
        for command in (
            [sys.executable, "-m", "venv", folder],
            [python, "-m", "pip", "install", "--quiet", *PEERS],
        ):
            if subprocess.run(command).returncode:
                sys.exit(
                    "the peers' environment could not be made: see pip's words above, then run this again"
                )
        stamp.write_text(" ".join(PEERS))
    return python


def child(python: Path | str, *arguments: object) -> dict:
    """The JSON that a script of this folder prints in a fresh process."""
    environment = {name: value for name, value in os.environ.items() if "COMPILATION_CACHE" not in name}
    result = subprocess.run(
        [python, *map(str, arguments)],
        cwd=HERE,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    if result.returncode:
        sys.exit(f"{' '.join(map(str, arguments))} failed:\n{result.stderr[-2000:]}")
    return json.loads(result.stdout.splitlines()[-1])


def measure(chosen: list[int], rounds: int, warm: int) -> dict[str, dict[str, list[dict]]]:
    """Case → side → what each round's process reported."""
    import side_course

    peers = peers_python()
    found: dict[str, dict[str, list[dict]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in chosen:
            case = CASES[number]
            np.savez(Path(folder, f"{number}.npz"), **arrays(case), order=side_course.order(case))
            found[case.name] = {side: [] for side in SIDES}
        for lap, number, side in itertools.product(range(rounds), chosen, SIDES):
            python = sys.executable if side == "course" else peers
            reports = found[CASES[number].name]
            reports[side].append(
                child(python, "worker.py", side, number, Path(folder, f"{number}.npz"), warm)
            )
            agree(CASES[number].name, side, reports)
            step = statistics.median(reports[side][-1]["warm"]) / CASES[number].updates
            print(f"round {lap + 1}  {CASES[number].name:24}{side:16}{step * 1e3:9.3f} ms a step", flush=True)
    return found


def agree(name: str, side: str, reports: dict[str, list[dict]]) -> None:
    """Stop unless every run of a side ends each epoch (on other batches: the last) at the loss of the course."""
    expected = reports["course"][0]["losses"][0]
    for losses in reports[side][-1]["losses"]:
        if side in OTHER_BATCHES:
            same = np.isclose(losses[-1], expected[-1], rtol=OTHER_BATCHES[side], atol=0)
        else:
            same = np.allclose(losses, expected, rtol=AGREE, atol=0)
        if not same:
            sys.exit(f"{name}: {side} did other work: mean losses {losses} instead of {expected}")


def summary(found: dict[str, dict[str, list[dict]]]) -> dict[str, dict[str, dict]]:
    """Medians, and the range of the processes' own medians."""
    cases = {case.name: case for case in CASES}
    table: dict[str, dict[str, dict]] = {}
    for name, sides in found.items():
        updates = cases[name].updates
        table[name] = {}
        for side, reports in sides.items():
            steps = [statistics.median(report["warm"]) / updates * 1e3 for report in reports]
            table[name][side] = {
                "ms_per_step": statistics.median(itertools.chain(*(r["warm"] for r in reports)))
                / updates
                * 1e3,
                "ms_per_step_range": [min(steps), max(steps)],
                "first_run_s": statistics.median(report["first"] for report in reports),
                "last_loss": reports[0]["losses"][0][-1],
            }
    return table


def hardware() -> dict[str, str | int]:
    """The machine, in words that name no owner."""
    model = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), model)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {"processor": model, "cores": cores, "system": f"{platform.system()} {platform.machine()}"}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--warm", type=int, default=5)
    parser.add_argument("--cases", default="")
    options = parser.parse_args()
    chosen = [int(one) for one in options.cases.split(",") if one] or list(range(len(CASES)))
    found = measure(chosen, options.rounds, options.warm)
    versions = {"python": platform.python_version()}
    for sides in found.values():
        for side, reports in sides.items():
            versions |= {
                f"peers' {name}" if name == "numpy" and side != "course" else name: version
                for name, version in reports[0]["versions"].items()
            }
    record = {
        "date": datetime.date.today().isoformat(),
        "hardware": hardware(),
        "versions": versions,
        "rounds": options.rounds,
        "warm_runs": options.warm,
        "floor": child(sys.executable, "floor.py"),
        "cases": summary(found),
    }
    import report

    print(report.table(record))
    if not options.cases:
        report.store(record, HERE / "results")


if __name__ == "__main__":
    main()
