"""A class on one machine: ``python tests/benchmarks/grading_load.py`` from the repository's root.

Makes submissions of lab 22 (JAX) from its solution, its catalogue of right and wrong answers, blanks and attacks,
grades them with the grader's own command, and some of the same ones with nbgrader's autograde, in an environment of
its own that is made on first use (about 2 GB). Records seconds, rate, memory and how many got the score they should.
Cut short, it goes on with what is left. Attacks on the machine itself are left out here: nbgrader would run them
unprotected; ``tests/grading/test_hostile.py`` has them.

    --count 200     submissions for the grader
    --nbgrader 40   of them for nbgrader; 0 leaves it out
    --workers 2     submissions at once; nbgrader knows one only
    --seed 0        of the class
"""

import argparse
import csv
import datetime
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import load_class
import load_report
import psutil
from run import HERE, ROOT, hardware

NBGRADER = "nbgrader==0.9.6"
INTERVAL = 0.5  # seconds between two looks at the memory


def tree_bytes(process: psutil.Process) -> int:
    """Memory of a process and all below it; pages that several share are counted once where the system tells."""
    total = 0
    for one in (process, *process.children(recursive=True)):
        try:
            memory = one.memory_full_info()
            total += getattr(memory, "pss", 0) or memory.rss
        except psutil.Error:  # it has ended, or is not ours to look at
            continue
    return total


def watched(command: list[str], folder: Path, name: str, path: str | None = None) -> int:
    """Run a command to its end and keep its seconds and peak memory, also when this process is cut short.

    Each call writes a ``NAME-k.json`` of its own, anew with every look; what a child prints goes to ``NAME.log``.
    """
    part = folder / f"{name}-{len(list(folder.glob(f'{name}-*.json')))}.json"
    environment = {key: value for key, value in os.environ.items() if "COMPILATION_CACHE" not in key}
    environment |= {"PYTHONPATH": str(ROOT), "PATH": path or os.environ["PATH"]}
    peak, begin = 0, time.perf_counter()
    with open(folder / f"{name}.log", "a") as log:
        child = psutil.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            status = None
            while status is None:
                peak = max(peak, tree_bytes(child))
                part.write_text(json.dumps({"seconds": time.perf_counter() - begin, "peak_bytes": peak}))
                try:
                    status = child.wait(INTERVAL)
                except psutil.TimeoutExpired:
                    continue
        finally:
            if child.is_running():
                child.terminate()
                child.wait()
    part.write_text(json.dumps({"seconds": time.perf_counter() - begin, "peak_bytes": peak}))
    return status


def spent(folder: Path, name: str) -> dict[str, float]:
    """Seconds and peak memory of all parts of a run together."""
    parts = [json.loads(part.read_text()) for part in folder.glob(f"{name}-*.json")]
    return {
        "parts": len(parts),
        "seconds": sum(part["seconds"] for part in parts),
        "peak_gib": max(part["peak_bytes"] for part in parts) / 2**30,
    }


def by_grader(students: list[load_class.Student], work: Path, workers: int) -> dict:
    """Grade with this course's command."""
    command = [sys.executable, "-m", "course_utils.grading", "grade", load_class.LAB, "in", "--out", "graded"]
    command += ["--solutions", str(ROOT / "solutions"), "--workers", str(workers)]
    done = work / "grader.done"
    if not done.exists():
        load_class.write(students, work / "in")
        if watched(command, work, "grader") not in (0, 1):
            sys.exit(f"the grader stopped:\n{(work / 'grader.log').read_text()[-2000:]}")
        done.touch()
    with open(work / "graded" / load_class.LAB / "grades.csv", encoding="utf-8-sig") as table:
        scores = {row["student"]: float(row["score"]) for row in csv.DictReader(table) if row["score"]}
    return spent(work, "grader") | {
        "workers": workers,
        "outcomes": load_class.outcomes(students, scores),
    }


def nbgrader_python() -> Path:
    """The Python of nbgrader's environment, made on first use."""
    folder = ROOT / ".venv" / "nbgrader"
    python = folder / "bin" / "python"
    if not (folder / "made.stamp").exists():
        print(f"making .venv/nbgrader with {NBGRADER}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", NBGRADER, "-e", ROOT], check=True)
        (folder / "made.stamp").touch()
    return python


SCORES = """
import json, sys
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as book:
    print(json.dumps({one.student.id: one.score for one in book.assignment_submissions(sys.argv[1])}))
"""


def by_nbgrader(students: list[load_class.Student], work: Path, python: Path) -> dict:
    """Grade with nbgrader's autograde, one student after another as it does."""
    course, lab = work / "nbgrader", load_class.LAB
    # nbgrader calls alembic by name.
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    done = course / "autograde.done"
    if not done.exists():
        (course / "solutions" / lab).mkdir(parents=True, exist_ok=True)
        shutil.copy(load_class.MASTER, course / "solutions" / lab)
        text = (ROOT / "nbgrader_config.py").read_text()
        (course / "nbgrader_config.py").write_text(f"{text}\nc.ExecutePreprocessor.timeout = 60\n")
        load_class.write(students, course / "submitted")
        if not (course / "gradebook.db").exists():
            command = [str(python), "-m", "nbgrader", "generate_assignment", lab]
            subprocess.run(command, cwd=course, env=os.environ | {"PATH": path}, check=True)
        watched([str(python), "-m", "nbgrader", "autograde", lab], course, "autograde", path)
        done.touch()
    found = subprocess.run(
        [python, "-c", SCORES, lab], cwd=course, capture_output=True, text=True, check=True
    ).stdout
    graded = {path.parent.name for path in course.glob(f"autograded/*/{lab}")}
    scores = {name: score for name, score in json.loads(found).items() if name in graded}
    return spent(course, "autograde") | {"workers": 1, "outcomes": load_class.outcomes(students, scores)}


def main() -> None:
    """Make the class, grade it twice, store the record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--nbgrader", type=int, default=40)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--nbgrader-python", type=Path, help="an environment with nbgrader and the course")
    parser.add_argument("--work", type=Path, help="folder of the run (in the system's temporary folder)")
    parser.add_argument("--results", type=Path, default=HERE / "results")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the child ends with this process
    name = f"grading_load_{options.count}_{options.nbgrader}_{options.workers}_{options.seed}"
    work = (options.work or Path(tempfile.gettempdir()) / name).resolve()
    work.mkdir(parents=True, exist_ok=True)
    students = load_class.students(options.count, options.seed)
    sides = {"grader": by_grader(students, work, options.workers)}
    if options.nbgrader:
        python = options.nbgrader_python or nbgrader_python()
        sides["nbgrader"] = by_nbgrader(students[: options.nbgrader], work, python.absolute())
    record = {
        "date": datetime.date.today().isoformat(),
        "hardware": hardware(),
        "versions": {"python": platform.python_version()}
        | {one: version(one) for one in ("jax", "jaxlib", "numpy")}
        | ({"nbgrader": NBGRADER.split("==")[1]} if options.nbgrader else {}),
        "seed": options.seed,
        "sides": sides,
    }
    load_report.store(record, options.results)
    print(load_report.table(record))
    print(f"The run's folder is no longer needed: {work}")


if __name__ == "__main__":
    main()
