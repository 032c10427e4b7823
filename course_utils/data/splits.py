"""Splits that do not leak: by row, by class, by group, by time; and a count of what leaked."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int, Shaped

THREE_WAYS = (0.6, 0.2, 0.2)


def split_rows(
    n: int,
    fractions: Sequence[float] = THREE_WAYS,
    *,
    rng: np.random.Generator,
    stratify: Shaped[np.ndarray, " n"] | None = None,
    groups: Shaped[np.ndarray, " n"] | None = None,
) -> tuple[Int[np.ndarray, " _"], ...]:
    """Random, disjoint parts of the rows 0 … n-1 that together hold every row once.

    No part stays empty. With `stratify`, each class has its share in each part: fraction × rows of the
    class, rounded up or down. With `groups`, all rows of a group (a person, a file, a customer) fall
    into one part: a group on two sides is known before it is asked about. The parts are then as near to
    their fractions as whole groups allow; no part exceeds its share by more than the largest group.

    Args:
        n: number of rows.
        fractions: share of each part; they sum to 1. By default train, val, test.
        rng: source of the shuffle.
        stratify: class of each row.
        groups: group of each row.

    Returns:
        One array of row numbers for each fraction, in random order.

    Raises:
        ValueError: fractions that do not sum to 1, fewer rows (or groups, or rows of a class) than parts,
            labels of another length, or both stratify and groups.

    >>> train, val, test = split_rows(10, rng=np.random.default_rng(0))
    >>> len(train), len(val), len(test)
    (6, 2, 2)
    >>> people = np.array([1, 1, 1, 2, 2, 3, 3, 4])
    >>> parts = split_rows(8, rng=np.random.default_rng(0), groups=people)
    >>> [sorted(set(people[part].tolist())) for part in parts]
    [[1, 3], [2], [4]]
    """
    shares = _checked(fractions, n)
    if stratify is not None and groups is not None:
        raise ValueError("split_rows takes stratify or groups, got both: whole groups cannot keep shares.")
    if groups is not None:
        part_of_row = _by_group(_as_long_as(n, "groups", groups), shares, rng)
    else:
        classes = np.zeros(n, int) if stratify is None else _as_long_as(n, "stratify", stratify)
        part_of_row = _by_class(classes, shares, rng)
    order = rng.permutation(n)
    return tuple(order[part_of_row[order] == part] for part in range(len(shares)))


def chronological(
    times: Shaped[np.ndarray, " n"], fractions: Sequence[float] = THREE_WAYS
) -> tuple[Int[np.ndarray, " _"], ...]:
    """Parts that follow one another in time: every row of a part is later than all rows of the part before.

    Rows of equal time stay together, so the parts may miss their fractions by that much.

    Args:
        times: time of each row, as numbers or datetime64.
        fractions: share of each part, earliest first; they sum to 1.

    Returns:
        One array of row numbers for each fraction, in order of time.

    Raises:
        ValueError: a missing time, fewer distinct times than parts, or fractions that do not sum to 1.

    >>> chronological(np.array([2024, 2021, 2022, 2023, 2020]))
    (array([4, 1, 2]), array([3]), array([0]))
    """
    shares = _checked(fractions, len(times))
    if np.any(times != times):
        raise ValueError("chronological needs a time for every row, got missing ones: drop those rows first.")
    order = np.argsort(times, kind="stable")
    changes = np.flatnonzero(times[order][1:] != times[order][:-1]) + 1
    if len(changes) + 1 < len(shares):
        raise ValueError(
            f"chronological needs a distinct time for each of {len(shares)} parts, got {len(changes) + 1}: "
            "ask for fewer parts or finer times."
        )
    cuts: list[int] = []
    first = 0
    for done, target in enumerate(np.cumsum(shares)[:-1] * len(times)):
        # The later cuts need a change of time each, so the last of them are not on offer.
        last = len(changes) - (len(shares) - 2 - done)
        chosen = first + int(np.argmin(np.abs(changes[first:last] - target)))
        cuts.append(int(changes[chosen]))
        first = chosen + 1
    return tuple(np.split(order, cuts))


def overlap(a: Shaped[np.ndarray, "rows_a ..."], b: Shaped[np.ndarray, "rows_b ..."]) -> int:
    """How many rows of b also occur in a, compared by value.

    Call it with training rows as a and test rows as b: any count above zero is leakage, or a value so
    common that rows coincide.

    Args:
        a: rows to look in.
        b: rows to look for, of the same shape.

    Raises:
        ValueError: rows of different shapes, or arrays of Python objects.

    >>> overlap(np.array([[1, 2], [3, 4]]), np.array([[3, 4], [3, 4], [5, 6]]))
    2
    """
    if a.shape[1:] != b.shape[1:]:
        raise ValueError(
            f"overlap compares rows of one shape, got {a.shape[1:]} and {b.shape[1:]}: "
            "select the same columns in both."
        )
    if a.dtype == object or b.dtype == object:
        raise ValueError("overlap compares numbers or strings, got Python objects: encode the columns first.")
    common = np.result_type(a, b)
    seen = set(_row_bytes(a, common))
    return sum(row in seen for row in _row_bytes(b, common))


def _row_bytes(rows: np.ndarray, dtype: np.dtype) -> list[bytes]:
    rows = rows.astype(dtype)
    if np.issubdtype(dtype, np.inexact):
        rows = np.where(np.isnan(rows), np.nan, rows + 0.0)  # one NaN, one zero: equal values, equal bytes
    return [row.tobytes() for row in rows]


def _checked(fractions: Sequence[float], n: int) -> np.ndarray:
    shares = np.asarray(fractions, dtype=np.float64)
    if shares.ndim != 1 or not len(shares) or not np.all(shares > 0) or abs(shares.sum() - 1) > 1e-9:
        raise ValueError(
            f"fractions must be positive and sum to 1, got {tuple(fractions)} with sum {shares.sum():g}: "
            "write the share of every part, for example (0.6, 0.2, 0.2)."
        )
    if n < len(shares):
        raise ValueError(f"{len(shares)} parts need {len(shares)} rows or more, got {n}: ask for fewer.")
    return shares


def _as_long_as(n: int, name: str, labels: np.ndarray) -> np.ndarray:
    if len(labels) != n:
        raise ValueError(f"{name} must hold a label for each of {n} rows, got {len(labels)}.")
    if np.any(labels != labels):
        raise ValueError(f"{name} holds missing labels: fill them or drop those rows first.")
    return np.unique(labels, return_inverse=True)[1]


def _by_class(classes: np.ndarray, shares: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    part_of_row = np.empty(len(classes), int)
    owed = np.zeros(len(shares))  # rows a part is owed so far: keeps the totals right over many classes
    for label, size in enumerate(np.bincount(classes)):
        if size < len(shares):
            raise ValueError(
                f"stratify needs at least {len(shares)} rows of each class, one for each part, "
                f"got a class with {size}: merge rare classes or drop them."
            )
        quota = shares * size
        counts = np.floor(quota + 1e-9).astype(int)
        owed += quota - counts
        extra = np.argsort(-np.where(quota > counts + 1e-9, owed, -np.inf), kind="stable")
        extra = extra[: size - counts.sum()]
        counts[extra] += 1
        owed[extra] -= 1
        part_of_row[classes == label] = rng.permutation(np.repeat(np.arange(len(shares)), counts))
    for part in np.flatnonzero(np.bincount(part_of_row, minlength=len(shares)) == 0):
        # A share below half a row rounds to nothing: it takes a row from the largest part instead.
        largest = np.bincount(part_of_row, minlength=len(shares)).argmax()
        part_of_row[rng.choice(np.flatnonzero(part_of_row == largest))] = part
    return part_of_row


def _by_group(group_of_row: np.ndarray, shares: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    sizes = np.bincount(group_of_row)
    if len(sizes) < len(shares):
        raise ValueError(
            f"groups needs at least one group for each of {len(shares)} parts, got {len(sizes)}: "
            "ask for fewer parts or finer groups."
        )
    room = shares * len(group_of_row)
    part_of_group = np.empty(len(sizes), int)
    empty = set(range(len(shares)))
    # Random order, not largest first: large groups would all fall into the largest part.
    for done, group in enumerate(rng.permutation(len(sizes))):
        must_fill = len(sizes) - done <= len(empty)
        part = max(empty, key=lambda k: room[k]) if must_fill else int(room.argmax())
        part_of_group[group] = part
        room[part] -= sizes[group]
        empty.discard(part)
    return part_of_group[group_of_row]
