"""What a failed check tells, by the line on which it failed."""

from pathlib import Path

import pytest

from course_utils.grading.check_words import CHECK, CheckWords
from course_utils.grading.judge import Judge
from course_utils.grading.sandbox import StudentError

SOURCE = """assert f(1) == 1, f"of 1 comes 1, got {f(1)}"
### BEGIN HIDDEN TESTS
assert f(7) == 7, (
    f"too large by {f(7) - 7} "
    "here"
)
assert f(9) == 9
### END HIDDEN TESTS
assert f(2) == 2, f"of 2 comes 2, got {f(2)}"
"""


def raised(f) -> Exception:
    lines = [line for line in SOURCE.split("\n") if not line.startswith("###")]
    try:
        exec(compile("\n".join(lines), CHECK, "exec"), {"f": f})
    except Exception as error:
        return error
    raise AssertionError("the check passed")


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda k: 5, "of 1 comes 1, got 5"),
        (lambda k: k if k == 1 else 5, "on fresh inputs: too large by … here"),
        (lambda k: k if k < 9 else 5, "on fresh inputs: the values are not the expected ones"),
        (lambda k: k if k != 2 else 5, "of 2 comes 2, got 5"),
        (lambda k: None + k, "the check could not use what came back (TypeError): unsupported operand"),
        (
            lambda k: k if k < 7 else None,
            "on fresh inputs the check could not use what came back: is it of the kind that is asked for?",
        ),
    ],
)
def test_the_hidden_part_tells_its_own_words_alone(f, message: str):
    assert CheckWords(SOURCE).of(raised(f)).startswith(message)


def test_of_an_error_inside_the_hidden_part_tells_a_known_kind():
    def f(k: int) -> int:
        if k > 1:
            raise RuntimeError from StudentError(
                {"type": "SEEN 7", "text": "7", "kinds": ["SEEN 7", "KeyError"]}
            )
        return k

    assert (
        CheckWords(SOURCE).of(raised(f))
        == "on fresh inputs your code raised KeyError: try other shapes and values"
    )


@pytest.mark.parametrize(
    "master", sorted(Path(__file__).parents[2].glob("solutions/lab*/*.ipynb")), ids=lambda p: p.stem
)
def test_its_lines_are_those_of_the_check_that_runs(master: Path):
    judge = Judge(master)
    for name, task in judge.lab.tasks.items():
        assert judge.words[name]._source == task.check
        assert judge.words[name].hidden
