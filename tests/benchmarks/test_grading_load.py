"""The load test's class is fair and repeatable, its counts are right, and record and table agree; nothing is graded."""

import json
import sys
from collections import Counter
from pathlib import Path

import grading_load
import load_class
import load_report
import nbformat
from load_class import LAB, MASTER, SHARES, Student

from course_utils.grading.assignment import Assignment
from course_utils.grading.submissions import collect
from course_utils.labs import Lab, load_catalogue

RECORD = Path(__file__).parent / "results" / "grading_load.json"


def test_each_kind_has_its_share():
    counts = Counter(one.kind.split(":")[0] for one in load_class.students(50, 0))
    assert counts == {kind: round(50 * share) for kind, share in SHARES.items()}


def test_a_seed_makes_the_same_class_again():
    assert load_class.students(10, 3) == load_class.students(10, 3)
    assert load_class.students(10, 3) != load_class.students(10, 4)


def test_scores_are_what_the_catalogue_says():
    lab, catalogue = Lab.read(MASTER), load_catalogue(MASTER.parent)
    full = sum(task.points for task in lab.tasks.values())
    wrong = {
        name: {one.source(lab.tasks[name].reference) for one in entries if hasattr(one, "says")}
        for name, entries in catalogue.items()
    }
    for student in load_class.students(60, 1):
        failing = [
            name
            for name in lab.tasks
            if name not in student.answers
            or student.answers[name] in wrong[name]
            or student.kind.startswith("attack")
        ]
        assert student.score == full - sum(lab.tasks[name].points for name in failing)
        assert (student.kind == "right") == (not failing)


def test_the_grader_reads_the_class(tmp_path: Path):
    students = load_class.students(10, 0)
    load_class.write(students, tmp_path)
    load_class.write(students, tmp_path)
    found = {one.student: one for one in collect(tmp_path, LAB)}
    assert list(found) == [one.name for one in students]
    blank = {
        cell.metadata["nbgrader"]["grade_id"]: cell.source
        for cell in Assignment.read(MASTER).released.cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }
    for student in students:
        cells = nbformat.reads(found[student.name].content.decode(), as_version=4).cells
        handed_in = {c.metadata.get("nbgrader", {}).get("grade_id"): c.source for c in cells}
        assert all(handed_in[name] == student.answers.get(name, source) for name, source in blank.items())


def test_outcomes_are_counted_by_kind():
    students = [Student(f"s{k}", "right", {}, 13.0) for k in range(4)]
    scores = {"s0": 13.0, "s1": 9.0, "s2": 14.0}
    assert load_class.outcomes(students, scores) == {
        "right": {"as it should": 1, "no score": 1, "too high": 1, "too low": 1}
    }


def test_memory_counts_the_children_too(tmp_path: Path):
    program = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
    child = "x = bytearray(200 * 2**20); import time; time.sleep(1.5)"
    assert grading_load.watched([sys.executable, "-c", program, child], tmp_path, "run") == 0
    assert grading_load.watched([sys.executable, "-c", "raise SystemExit(3)"], tmp_path, "run") == 3
    spent = grading_load.spent(tmp_path, "run")
    assert spent["parts"] == 2
    assert spent["seconds"] > 1.5
    assert 200 / 1024 < spent["peak_gib"] < 1


def record() -> dict:
    side = {"parts": 2, "seconds": 30.0, "peak_gib": 1.5, "workers": 2}
    grader = side | {"outcomes": {"right": {"as it should": 5}, "blank": {"as it should": 1, "too low": 4}}}
    return {
        "date": "2026-01-01",
        "hardware": {"processor": "p", "cores": 2, "system": "s"},
        "versions": {"jax": "0"},
        "seed": 0,
        "sides": {"grader": grader, "nbgrader": side | {"outcomes": {"right": {"no score": 2}}}},
    }


def test_the_table_follows_the_figures():
    rows = load_report.table(record()).split("\n")
    assert any(row.endswith("| 2 | 10 | 30 in 2 parts | 3.0 | 20.0 | 1.50 | 6 | 4 | 0 | 0 |") for row in rows)
    assert "| blank | grader | 5 | 1 | 4 | 0 | 0 |" in rows
    assert "| right | nbgrader | 2 | 0 | 0 | 0 | 2 |" in rows


def test_table_and_record_agree():
    found = json.loads(RECORD.read_text())
    assert {"python", "jax"} <= found["versions"].keys()
    assert (RECORD.parent / "grading_load.md").read_text() == load_report.table(found)
