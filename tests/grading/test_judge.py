"""The checks judge outside what the answers compute inside."""

import re
from itertools import zip_longest
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from course_utils.grading.bubblewrap import Limits, SandboxError
from course_utils.grading.judge import Judge
from course_utils.grading.records import Answers, Result
from course_utils.labs import Lab, Right, load_catalogue

pytestmark = pytest.mark.usefixtures("sandbox_works")
SOLUTIONS = Path(__file__).parents[2] / "solutions"

OBSERVE = """def observe_apply(x):
    calls = []
    def function(y):
        calls.append(y)
        return 10 * y
    return {"value": apply(function, x), "calls": len(calls)}"""
GIVEN = "import json\nimport numpy as np\ntable = np.arange(5.0)\ndef helper(x):\n    return x + 1"
TASKS = {
    "total": (
        "def total(values):\n    return values.sum()",
        """def check_total():
    values = table
    got = total(values)
    assert np.array_equal(values, np.arange(5.0)), "the input was changed in place"
    assert got == 10, f"10 expected, got {got}"
    ### BEGIN HIDDEN TESTS
    for seed in (GRADING_SEED, GRADING_SEED + 1):
        values = np.random.default_rng(seed).normal(size=4)
        got = total(values)
        assert np.isclose(got, values.sum()), f"wrong on fresh values: {values}, got {got}; add all of them"
    ### END HIDDEN TESTS


check_total()""",
    ),
    "apply": (
        "def apply(function, x):\n    return function(helper(x))",
        """def check_apply():
    seen = observe_apply(1)
    assert seen["calls"] == 1, "the function is called once"
    assert seen["value"] == 20, "apply the function to one more than x"
    ### BEGIN HIDDEN TESTS
    x = int(np.random.default_rng(GRADING_SEED).integers(100))
    assert observe_apply(x)["value"] == 10 * x + 10
    ### END HIDDEN TESTS


check_apply()""",
    ),
    "text": (
        "def text(x):\n    return '[' + ', '.join(map(str, x)) + ']'",
        """def check_text():
    assert text([1, 2]) == "[1, 2]"
    try:
        text(None)
    except TypeError:
        return
    raise AssertionError("None is no list: a TypeError is wanted")


check_text()""",
    ),
}


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    cells = [new_code_cell(GIVEN), new_code_cell(OBSERVE, metadata={"tags": ["student-side"]})]
    for name, (solution, check) in TASKS.items():
        head, _, body = solution.partition("\n")
        marks = {"grade_id": name, "solution": True, "grade": False, "locked": False, "task": False}
        source = f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"
        tags = ["hides:colorsys", "hides:seaborn"] if name == "text" else []
        cells.append(
            new_code_cell(source, metadata={"nbgrader": {**marks, "schema_version": 3}, "tags": tags})
        )
        marks = {"grade_id": f"{name}_check", "solution": False, "grade": True, "locked": True, "task": False}
        cells.append(new_code_cell(check, metadata={"nbgrader": {**marks, "points": 2, "schema_version": 3}}))
        cells.append(new_code_cell("limit = 9"))
    path = tmp_path_factory.mktemp("masters") / "lab97_judged" / "lab97_judged.ipynb"
    path.parent.mkdir()
    notebook = new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)
    return Judge(path, limits=Limits(seconds=5))


def graded(judge: Judge, **answers: str) -> Result:
    return judge.judge(Answers({name: solution for name, (solution, _) in TASKS.items()} | answers), seed=7)


def statuses(result: Result) -> list[str]:
    return [task.status for task in result.tasks]


def message(result: Result, name: str = "total") -> str:
    return next(task.message for task in result.tasks if task.task == name)


def test_the_solution_scores_full(judge: Judge):
    judge.refuse_broken_lab()
    result = graded(judge)
    assert (statuses(result), result.score, result.seed) == (["passed"] * 3, 6.0, 7)


def test_the_blank_scores_nothing_and_starts_no_sandbox(judge: Judge, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "/nowhere")
    blank = {name: task.blank for name, task in judge.lab.tasks.items()}
    assert statuses(judge.judge(Answers(blank), 1)) == ["blank"] * 3
    assert statuses(judge.judge(Answers({"total": "  \n"}), 1)) == ["blank"] * 3


def test_a_stub_that_is_left_in_place_is_blank(judge: Judge):
    source = 'def total(values):\n    x = 1\n    raise NotImplementedError("your answer goes here")'
    assert statuses(graded(judge, total=source))[0] in ("blank", "wrong")


@pytest.mark.parametrize(
    "end", ["import os; os._exit(1)", "while True: pass", "import ctypes; ctypes.string_at(0)"]
)
@pytest.mark.parametrize("place", ["{}", "def total(values):\n    {}"])
def test_a_lost_program_costs_its_own_question_only(judge: Judge, end: str, place: str):
    found = statuses(graded(judge, total=place.format(end)))
    assert found[0] in ("crashed", "timed out")
    assert found[1:] == ["passed", "passed"]


def test_an_error_costs_its_own_question_only(judge: Judge):
    result = graded(judge, total="def total(values:\n")
    assert statuses(result) == ["wrong", "passed", "passed"]
    assert "SyntaxError" in message(result)


def test_the_message_of_the_visible_part_is_whole(judge: Judge):
    assert message(graded(judge, total="def total(v):\n    return 9")) == "10 expected, got 9"


def test_the_message_of_the_hidden_part_keeps_its_words_and_not_its_values(judge: Judge):
    said = message(graded(judge, total="def total(v):\n    return 10"))
    assert said == "on fresh inputs: wrong on fresh values: …, got …; add all of them"


def test_an_error_of_the_students_own_tells_nothing_of_the_hidden_inputs(judge: Judge):
    source = "def total(v):\n    if len(v) == 5: return 10\n    raise ValueError(f'SEEN {v}')"
    said = message(graded(judge, total=source))
    assert said == "on fresh inputs your code raised ValueError: try other shapes and values"
    visible = message(graded(judge, total="def total(v):\n    raise ValueError('mine')"))
    assert re.search(r"ValueError: mine \(total, line 2: raise ValueError", visible)


def test_the_name_of_a_students_error_tells_nothing_of_the_hidden_inputs(judge: Judge):
    source = "def total(v):\n    if len(v) == 5: return 10\n    raise type(f'SEEN {v}', (LookupError,), {})"
    said = message(graded(judge, total=source))
    assert said == "on fresh inputs your code raised LookupError: try other shapes and values"


def test_a_later_task_tells_nothing_of_the_hidden_inputs_of_an_earlier_one(judge: Judge):
    keeps = "seen = []\ndef total(v):\n    seen.append(list(v))\n    return v.sum()"
    for tells in (
        "def apply(f, x):\n    raise ValueError(f'SEEN {seen}')",
        "raise ValueError(f'SEEN {seen}')",
    ):
        result = graded(judge, total=keeps, apply=tells)
        assert statuses(result) == ["passed", "wrong", "passed"]
        assert "SEEN []" in message(result, "apply")


def test_what_observes_an_answer_cannot_be_replaced_in_its_cell(judge: Judge):
    forged = (
        "def observe_apply(x):\n    return {'value': 10 * x + 10, 'calls': 1}\ndef apply(f, x):\n    return 0"
    )
    assert statuses(graded(judge, apply=forged)) == ["passed", "wrong", "passed"]
    assert statuses(graded(judge, apply=f"observe_apply = 7\n{TASKS['apply'][0]}")) == ["passed"] * 3


def test_what_observes_an_answer_keeps_its_built_in_functions(judge: Judge):
    forged = (
        "def len(x):\n    return 1\ndef apply(function, x):\n    function(0)\n    return function(helper(x))"
    )
    assert message(graded(judge, apply=forged), "apply") == "the function is called once"
    own = "def sum(x, y):\n    return x + y\ndef apply(function, x):\n    return function(sum(x, 1))"
    assert statuses(graded(judge, apply=own)) == ["passed"] * 3


@pytest.mark.parametrize(
    ("end", "status"),
    [("raise ValueError", "wrong"), ("1 +", "wrong"), ("__import__('os')._exit(0)", "crashed")],
)
def test_a_cell_that_fails_harms_no_other_task(judge: Judge, end: str, status: str):
    begins = f"from functools import partial\ndef total(v):\n    return v.sum()\n{end}"
    assert statuses(graded(judge, total=begins)) == [status, "passed", "passed"]
    if end.startswith("raise"):
        uses = f"def text(x):\n    return partial(str)(x) if x is None else {TASKS['text'][0].split('return ')[1]}"
        result = graded(judge, total=begins, text=uses.replace("if x is None", "if x == 0"))
        assert statuses(result) == [status, "passed", "passed"]


def test_a_given_cell_that_fails_after_a_students_is_the_students_fault(judge: Judge):
    forged = "import json\njson.dumps = lambda *a, **k: '{\"error\": {}}'"
    result = graded(judge, total=forged)
    assert (result.status, statuses(result)) == ("graded", ["wrong"] * 3)


def test_a_submission_that_takes_too_long_as_a_whole_is_graded(judge: Judge, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Judge, "seconds", 1.0)
    result = graded(judge, total="while True: pass")
    assert (result.status, statuses(result)) == ("graded", ["timed out"] * 3)
    assert "within 1 seconds, all that was left of the submission's time" in message(result)
    assert "other tasks took the time" in message(result, "text")


def test_a_change_in_place_is_seen_and_harms_nobody_after(judge: Judge):
    source = "def total(v):\n    s = v.sum()\n    v[:] = 0\n    return s"
    assert message(graded(judge, total=source)) == "the input was changed in place"
    assert statuses(graded(judge)) == ["passed"] * 3


def test_an_answer_may_use_the_given_names_and_an_earlier_answer(judge: Judge):
    early = "mine = 2\ndef total(values):\n    return values.sum()"
    later = "def apply(function, x):\n    return function(helper(x) + mine - 2)"
    assert statuses(graded(judge, total=early, apply=later)) == ["passed"] * 3


def test_a_hidden_module_fails_in_its_own_task_only(judge: Judge):
    uses = "def text(x):\n    import colorsys\n    return str(list(x))"
    result = graded(judge, text=uses, total="import colorsys\ndef total(v):\n    return v.sum()")
    assert statuses(result) == ["passed", "passed", "wrong"]
    assert "may not be used in this task" in message(result, "text")


def test_a_sandbox_that_fails_is_infra_and_no_zero(judge: Judge, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "/nowhere")
    result = graded(judge)
    assert (result.status, result.tasks) == ("INFRA", ())
    assert "apt install bubblewrap" in result.note


def test_a_lab_whose_own_solution_fails_grades_nobody(judge: Judge, tmp_path: Path):
    notebook = nbformat.from_dict(judge.lab.notebook)
    text = nbformat.writes(notebook).replace("return values.sum()", "return values.min()")
    path = tmp_path / "lab96_broken" / "lab96_broken.ipynb"
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(
        SandboxError, match=r"own solution does not score full marks.*total: wrong, 10 expected"
    ):
        Judge(path, limits=Limits(seconds=5)).refuse_broken_lab()


def test_a_given_cell_that_fails_in_the_sandbox_is_nobodys_fault(judge: Judge, tmp_path: Path):
    text = nbformat.writes(judge.lab.notebook).replace("import json\\n", "import no_such_module\\n")
    path = tmp_path / "lab95_broken" / "lab95_broken.ipynb"
    path.parent.mkdir()
    path.write_text(text)
    result = Judge(path, limits=Limits(seconds=5)).judge(Answers({"total": TASKS["total"][0]}), 1)
    assert result.status == "INFRA"
    assert "no_such_module" in result.note


@pytest.mark.parametrize("seed", [0, 2**31])
def test_one_seed_gives_one_verdict(judge: Judge, seed: int):
    lucky = "import numpy as np\ndef total(v):\n    return 10 if len(v) == 5 else v.sum() + (v[0] > 0.5)"
    answers = Answers({"total": lucky})
    assert judge.judge(answers, seed) == judge.judge(answers, seed)


@pytest.mark.parametrize("path", sorted(SOLUTIONS.glob("*/*.ipynb")), ids=lambda path: path.stem[:5])
def test_every_lab_grades_right_answers_and_a_wrong_one(path: Path):
    real = Judge(path)
    real.refuse_broken_lab()
    own = {task.name: task.reference for task in real.lab.tasks.values()}
    right = {
        name: [one.source(own[name]) for one in entries if isinstance(one, Right)]
        for name, entries in load_catalogue(path.parent).items()
    }
    for unusual in zip_longest(*right.values()):
        answers = {n: one or own[n] for n, one in zip(right, unusual, strict=True)}
        assert [task for task in real.judge(Answers(answers), seed=1).tasks if not task.points] == []
    name = next(iter(Lab.read(path).tasks))
    answers = {task.name: task.reference for task in real.lab.tasks.values()}
    head = answers[name].split("\n")[0]
    result = real.judge(
        Answers({**answers, name: f"{head}\n    return None"}), int(np.random.default_rng().integers(2**31))
    )
    assert [task.points > 0 for task in result.tasks] == [task.task != name for task in result.tasks]
