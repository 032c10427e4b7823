"""The checks are checked: right answers pass, the blank and typical wrong answers fail, with words that help."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from course_utils.labs import Lab, Right, Wrong, load_catalogue
from course_utils.labs.lab import attempt


def entries(path: Path, task: str) -> list[Right | Wrong]:
    return load_catalogue(path.parent)[task]


def test_right_answers_pass_whatever_the_grader_draws(case):
    """LAB_SEEDS=200 tries as many of the grader's seeds; 80 once failed a right answer of lab 12."""
    task, given, path = case
    right = [entry.source(task.reference) for entry in entries(path, task.name) if isinstance(entry, Right)]
    seeds = range(80, 80 + int(os.environ.get("LAB_SEEDS") or 2))
    refused = {
        (seed, answer): verdict.message
        for seed in seeds
        for answer in (task.reference, *right)
        if not (verdict := attempt(task, answer, given | {"GRADING_SEED": seed})).passed
    }
    assert refused == {}


@pytest.mark.parametrize(("seed", "patients"), [(809984, 237), (718369, 329)])
def test_an_unlucky_draw_is_not_called_an_interval_of_90_percent(seed: int, patients: int):
    (path,) = (Path(__file__).parents[2] / "solutions").glob("lab41_*/*.ipynb")
    task = Lab.read(path).tasks["paired_interval"]
    unlucky = replace(
        task, visible=task.visible.replace("try_interval(3, 150)", f"try_interval({seed}, {patients})")
    )
    assert unlucky != task
    assert attempt(unlucky, task.reference, {"np": np}, hidden=False).message == ""


def test_blank_fails(case):
    task, given, _ = case
    for hidden in (False, True):
        assert attempt(task, task.blank, given, hidden=hidden).message == (
            "NotImplementedError: your answer goes here"
        )


def test_an_answer_that_returns_nothing_fails(case):
    task, given, _ = case
    assert not attempt(task, f"def {task.name}(*args, **kwargs): pass", given).passed


def test_every_wrong_answer_is_told_its_likely_cause(case):
    task, given, path = case
    wrong = [entry for entry in entries(path, task.name) if isinstance(entry, Wrong)]
    assert len(wrong) >= 5
    assert len({entry.source(task.reference).strip() for entry in wrong}) == len(wrong)
    verdicts = {
        entry.why: (attempt(task, entry.source(task.reference), given), entry.says) for entry in wrong
    }
    unhelpful = {
        why: verdict.message
        for why, (verdict, says) in verdicts.items()
        if verdict.passed or not verdict.message.startswith("AssertionError") or says not in verdict.message
    }
    assert unhelpful == {}


def test_most_wrong_answers_fail_where_the_student_sees_it(case):
    task, given, path = case
    wrong = [entry for entry in entries(path, task.name) if isinstance(entry, Wrong)]
    seen = [not attempt(task, entry.source(task.reference), given, hidden=False).passed for entry in wrong]
    assert sum(seen) >= 0.8 * len(wrong)


def test_unusual_right_answers_pass(case):
    task, given, path = case
    right = [entry for entry in entries(path, task.name) if isinstance(entry, Right)]
    assert len(right) >= 2
    refused = {
        entry.why: verdict.message
        for entry in right
        if not (verdict := attempt(task, entry.source(task.reference), given)).passed
    }
    assert refused == {}


def test_checks_leave_the_given_names_alone(case):
    task, given, _ = case
    names = dict(given)
    exec(task.reference, names)
    before = set(names)
    exec(task.check, names)
    assert set(names) - before == {f"check_{task.name}"}


def test_catalogue_names_the_tasks(lab: Lab, master: Path):
    assert set(load_catalogue(master.parent)) == set(lab.tasks)


def test_solution_scores_full_and_blank_scores_zero(lab: Lab, course_seed: int):
    full = lab.play({name: task.reference for name, task in lab.tasks.items()}, course_seed)
    assert {name: verdict.message for name, verdict in full.items() if not verdict.passed} == {}
    assert set(lab.tasks) == set(full)


def test_blank_scores_zero_and_a_crash_costs_its_own_task(lab: Lab):
    blank = lab.play({})
    assert not any(blank[name].passed for name in lab.tasks)
    one = next(iter(lab.tasks))
    answered = lab.play({one: lab.tasks[one].reference})
    assert [name for name in lab.tasks if answered[name].passed] == [one]


def test_course_seed_changes_what_is_given(lab: Lab):
    import numpy as np

    def numbers(names):
        return {
            name: np.asarray(value)
            for name, value in names.items()
            if isinstance(value, int | float | np.ndarray) and name != "COURSE_SEED"
        }

    first, second = numbers(lab.given(1)), numbers(lab.given(2))
    changed = [name for name in first if not np.array_equal(first[name], second.get(name))]
    assert changed, "another course seed must give other data or constants"
