"""Cells with magics are read as Python, in a time that does not depend on what a student wrote into them."""

import ast

import pytest

from course_utils.grading.inside.source import LONGEST, MAGICS, parsed


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("%%time\nx = 1", "x = 1"),
        ("%time x = 1", "x = 1"),
        ("if a:\n    %time x = 1", "if a:\n    x = 1"),
        ("%timeit f(1)\nx = 1", "pass\nx = 1"),
        ("files = !ls\nx = 1", "pass\nx = 1"),
        ("!pip install it's\nx = 1", "pass\nx = 1"),
        ("f?\nx = 1", "pass\nx = 1"),
        ("for i in r:\n    !ls\n    f??\nx = 1", "for i in r:\n    pass\n    pass\nx = 1"),
        ("x = (a\n% b)\n%matplotlib inline", "x = a % b\npass"),
    ],
)
def test_magics_do_nothing(source: str, plain: str):
    tree = parsed(source, "<cell>")
    assert ast.unparse(tree) == plain
    assert tree.body[-1].end_lineno == source.count("\n") + 1


@pytest.mark.parametrize(
    "source",
    ["x = ", "%%time\nx = ", "%x\n" * (MAGICS + 1), "%x\n" + "y = 1\n" * LONGEST, "a" * 49_000 + " b"],
)
def test_what_is_no_python_is_refused(source: str):
    with pytest.raises(SyntaxError):
        parsed(source, "<cell>")


def test_a_long_question_is_no_riddle():
    assert ast.unparse(parsed("a" * 49_000 + " b?", "<cell>")) == "pass"  # once took minutes
