import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from course_utils.claims import MASK, ClaimError, approx, claim, refused


@pytest.mark.parametrize(
    "bound",
    [
        {"at_least": 1.0},
        {"at_most": 3.0},
        {"between": (1.0, 3.0)},
        {"equals": 2.0, "within": 0.1},
        {"equals": 2},
    ],
)
def test_a_claim_that_holds_prints_one_line(bound, capsys) -> None:
    claim("cats", np.int64(2) if bound == {"equals": 2} else np.float32(2), **bound)
    assert capsys.readouterr().out.startswith("✔ cats ")


@pytest.mark.parametrize(
    ("value", "bound"),
    [
        (0.5, {"at_least": 1}),
        (3.5, {"at_most": 3}),
        (0.9, {"between": (1, 3)}),
        (3.1, {"between": (1, 3)}),
        (2.2, {"equals": 2.0, "within": 0.1}),
        (3, {"equals": 2}),
        ("two", {"equals": "one"}),
        (float("nan"), {"at_least": 0}),
        (float("nan"), {"at_most": 0}),
        (float("nan"), {"between": (0, 1)}),
        (float("nan"), {"equals": 0.0, "within": 1.0}),
        (float("inf"), {"at_most": 1e300}),
    ],
)
def test_a_claim_that_fails_says_expected_and_got(value, bound) -> None:
    with pytest.raises(ClaimError, match=rf"(?s)cats.*expected.*got +{value}"):
        claim("cats", value, **bound)


@given(st.floats(allow_nan=False), st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_between_holds_exactly_inside(value, one, other) -> None:
    low, high = sorted((one, other))
    if low <= value <= high:
        claim("x", value, between=(low, high))
    else:
        with pytest.raises(ClaimError):
            claim("x", value, between=(low, high))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "exactly one"),
        ({"at_least": 1, "at_most": 2}, "exactly one"),
        ({"at_least": 1, "within": 1}, "tolerance of equals"),
        ({"equals": 1.5}, "within"),
    ],
)
def test_a_claim_without_one_clear_bound_is_refused(arguments, message) -> None:
    with pytest.raises(ValueError, match=message):
        claim("cats", 1, **arguments)


@pytest.mark.parametrize("value", [np.ones(3), "seven", np.ones((1, 1))])
def test_a_claim_compares_one_number(value) -> None:
    with pytest.raises(ValueError, match="Reduce it first"):
        claim("cats", value, at_least=0)


def test_a_float_is_never_compared_exactly() -> None:
    with pytest.raises(ValueError, match="digits differ between machines"):
        claim("cats", 0.1 + 0.2, equals=0)


def test_the_printed_line_does_not_depend_on_the_digits(capsys) -> None:
    claim("loss", 0.123456, at_most=0.2, document="D0: 0.1")
    first = capsys.readouterr().out
    claim("loss", 0.123457, at_most=0.2, document="D0: 0.1")
    assert capsys.readouterr().out == first == "✔ loss ≤ 0.2 · documents: D0: 0.1\n"


def test_the_measured_value_is_in_the_metadata() -> None:
    InteractiveShell.instance()
    try:
        with capture_output() as captured:
            claim("loss", 0.125, at_most=0.2)
    finally:
        InteractiveShell.clear_instance()
    (output,) = captured.outputs
    assert output.data == {"text/plain": "✔ loss ≤ 0.2"}
    assert output.metadata["claim"] == {"what": "loss", "bound": "≤ 0.2", "measured": 0.125, "document": None}


@given(st.floats(-1e12, 1e12), st.integers(0, 6))
def test_the_mask_covers_what_approx_writes(value, digits) -> None:
    assert MASK.fullmatch(approx(value, digits))


@pytest.mark.parametrize("text", ["0.93", "≈0.93", "about 0.93", "≈ many"])
def test_the_mask_covers_nothing_else(text) -> None:
    assert MASK.search(text) is None


def test_refused_prints_the_message(capsys) -> None:
    with refused(ValueError):
        raise ValueError("expected a cat, got a dog: look again")
    assert capsys.readouterr().out == "✘ ValueError: expected a cat, got a dog: look again\n"


def test_refused_demands_the_failure() -> None:
    with pytest.raises(ClaimError, match="nothing was refused"), refused(ValueError):
        pass


def test_refused_lets_other_errors_through() -> None:
    with pytest.raises(KeyError), refused(ValueError):
        raise KeyError("cat")


def test_refused_needs_a_type() -> None:
    with pytest.raises(ValueError, match="exception types"), refused():
        pass
