"""Claims: what a page asserts, asserted by code.

A claim prints its bound, not its digits, so the printed line is the same on every machine. The measured
value travels in the output's metadata: it is stored in the notebook and ignored by nbval.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from course_utils.display import emit

MASK = re.compile(r"≈ -?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")
"""What the sanitiser masks when nbval compares outputs: ``≈ `` and one number, nothing else."""


class ClaimError(AssertionError):
    """A claim of the page does not hold on this machine."""


def approx(value: float, digits: int = 2) -> str:
    """A number that may vary between machines, in the one form that nbval's sanitiser masks.

    Every number printed this way must be the rounding of a claimed value of the same notebook; a static
    test of the notebooks checks it.

    Args:
        value: the measured number.
        digits: digits after the decimal point.

    Returns:
        ``≈`` and the rounded number.

    >>> approx(0.93456)
    '≈ 0.93'
    >>> approx(-1234.5, 0)
    '≈ -1,234'
    """
    return f"≈ {float(value):,.{digits}f}"


def claim(
    what: str,
    value: Any,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    between: tuple[float, float] | None = None,
    equals: Any = None,
    within: float | None = None,
    document: str | None = None,
) -> None:
    """Assert that a measured value keeps a bound, and print the bound.

    Exactly one of ``at_least``, ``at_most``, ``between`` and ``equals`` is given. Floats are never compared
    exactly: with ``equals`` they need ``within``, the largest absolute difference allowed.

    Args:
        what: what is measured, with its unit, in the reader's words.
        value: the measured scalar (a Python, NumPy or JAX number); with ``equals`` also a string, a bool or
            a tuple.
        at_least: smallest value allowed.
        at_most: largest value allowed.
        between: smallest and largest value allowed.
        equals: the value itself.
        within: tolerance of ``equals``, in the unit of the value.
        document: what the documents state about it, with the place: ``"D2 §4.3: 0.95"``.

    Raises:
        ClaimError: the value does not keep the bound; the message gives both.
        ValueError: no bound or several, a float without tolerance, or a value that is not a scalar.

    >>> claim("parameters of a 10-50-2 network", 652, equals=652)
    ✔ parameters of a 10-50-2 network = 652
    >>> claim("test accuracy", 0.951, at_least=0.93, document="D2 §4.3: 0.95")
    ✔ test accuracy ≥ 0.93 · documents: D2 §4.3: 0.95
    >>> claim("slope", 1.4286, equals=10 / 7, within=1e-3)
    ✔ slope = 1.42857 ± 0.001
    """
    bounds = {"at_least": at_least, "at_most": at_most, "between": between, "equals": equals}
    given = [name for name, bound in bounds.items() if bound is not None]
    if len(given) != 1:
        raise ValueError(
            f"claim {what!r} needs exactly one of {', '.join(bounds)}; got {', '.join(given) or 'none'}. "
            "Split it into several claims or drop the others."
        )
    if within is not None and equals is None:
        raise ValueError(f"claim {what!r}: within= is the tolerance of equals=; give equals= or drop it.")
    if equals is not None:
        measured, holds, bound = _equal(what, value, equals, within)
    else:
        measured = _number(what, value)
        low, high = between or (at_least, at_most)
        holds = (low is None or measured >= low) and (high is None or measured <= high)
        bound = (
            f"between {low:g} and {high:g}"
            if low is not None and high is not None
            else (f"≥ {low:g}" if low is not None else f"≤ {high:g}")
        )
    if not holds:
        raise ClaimError(
            f"claim failed: {what}\n  expected {bound}\n  got      {_short(measured)}\n"
            "  If you changed the page, that is your result: keep it in the lab book with note().\n"
            "  If you changed nothing, the page is wrong on this machine: please report it."
        )
    line = f"✔ {what} {bound}" + (f" · documents: {document}" if document else "")
    emit(line, claim={"what": what, "bound": bound, "measured": measured, "document": document})


@contextmanager
def refused(*errors: type[Exception]) -> Iterator[None]:
    """Show a failure on purpose: print the error's message and demand that it comes.

    Args:
        errors: the exception types that count as the refusal.

    Raises:
        ClaimError: nothing was refused.
        Exception: any other error goes through unchanged.

    >>> with refused(ValueError):
    ...     int("seven")
    ✘ ValueError: invalid literal for int() with base 10: 'seven'
    """
    if not errors:
        raise ValueError("refused() needs the exception types it waits for, for example refused(ValueError).")
    try:
        yield
    except errors as error:
        emit(f"✘ {type(error).__name__}: {error}")
    else:
        names = " or ".join(error.__name__ for error in errors)
        raise ClaimError(f"expected {names} and nothing was refused: the block above ran to its end.")


def _short(measured: Any) -> str:
    """Six digits of a float; anything else as it is."""
    return f"{measured:.6g}" if isinstance(measured, float) else str(measured)


def _number(what: str, value: Any) -> float:
    """The value as a Python float, or a refusal in words."""
    if getattr(value, "shape", ()) != () or isinstance(value, str | bytes):
        raise ValueError(
            f"claim {what!r} compares one number; got {type(value).__name__} "
            f"{getattr(value, 'shape', value)!r}. Reduce it first, for example with max() or mean()."
        )
    return float(value)


def _equal(what: str, value: Any, equals: Any, within: float | None) -> tuple[Any, bool, str]:
    """Measured value, whether it equals the expected one, and the printed bound."""
    if within is not None:
        measured = _number(what, value)
        return measured, abs(measured - float(equals)) <= within, f"= {float(equals):g} ± {within:g}"
    plain = value.item() if getattr(value, "shape", None) == () else value
    if isinstance(plain, float) or isinstance(equals, float):
        raise ValueError(
            f"claim {what!r} compares floats exactly; digits differ between machines. Give within=, "
            "or claim a bound with at_least=, at_most= or between=."
        )
    return plain, bool(plain == equals), f"= {equals}"
