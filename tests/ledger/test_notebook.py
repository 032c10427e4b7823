"""Measured values are shortened and headings read as a reader sees them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.ledger.notebook import headings, short


@given(st.floats(-1e300, 1e300))
def test_short_keeps_four_digits(value):
    assert float(short(value)) == pytest.approx(value, rel=5.01e-4)
    assert short(float(short(value))) == short(value)


def test_headings_in_code_are_none():
    assert list(headings("```python\n# a comment\n```\n### snake_case and __bold__ #\n####no space")) == [
        "snake_case and bold"
    ]
