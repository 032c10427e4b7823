"""The form every data set of the course takes: three splits of arrays, and where they come from."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Shaped


@dataclass(frozen=True)
class Provenance:
    """Where data comes from, and on what terms it may be used.

    Args:
        name: short name, as printed.
        source: who made it and which package ships it.
        licence: its terms, in words or as an SPDX identifier.
        generated: True when the course itself made the data up.
        note: what a user of the data must know, in a sentence or two.
        sha256: checksum of the bytes the data was read from, where one is recorded.

    Raises:
        ValueError: name, source or licence is empty.
    """

    name: str
    source: str
    licence: str
    generated: bool = False
    note: str = ""
    sha256: str | None = None

    def __post_init__(self) -> None:
        """Refuses what is empty."""
        for field in ("name", "source", "licence"):
            if not getattr(self, field).strip():
                raise ValueError(
                    f"Provenance.{field} is empty: say it in words; without it nobody may use the data."
                )

    def describe(self) -> str:
        """All of it in one line.

        >>> Provenance("dice", "made here", "CC0-1.0", generated=True).describe()
        'dice: generated data. Source: made here. Licence: CC0-1.0.'
        """
        kind = "generated" if self.generated else "real"
        line = f"{self.name}: {kind} data. Source: {self.source}. Licence: {self.licence}."
        return f"{line} {self.note}" if self.note else line


@dataclass(frozen=True, eq=False, repr=False)
class Split:
    """One side of a data set: inputs and targets, row by row.

    Both are single NumPy arrays, not tuples or dicts of them: a batch is then `x[rows], y[rows]`
    everywhere, and one shape describes it.

    Args:
        x: inputs, first axis rows.
        y: targets, first axis rows.

    Raises:
        ValueError: x or y is no array with rows, the lengths differ, or there are no rows.

    >>> Split(np.zeros((4, 2), np.float32), np.arange(4))
    Split(x float32[4, 2], y int64[4])
    """

    x: Shaped[np.ndarray, "*inputs"]
    y: Shaped[np.ndarray, "*targets"]

    def __post_init__(self) -> None:
        """Refuses rows without targets, and no rows."""
        for name in ("x", "y"):
            array = getattr(self, name)
            if not isinstance(array, np.ndarray) or array.ndim == 0:
                raise ValueError(
                    f"Split.{name} must be a NumPy array with rows, got {type(array).__name__}: "
                    "wrap it in np.asarray."
                )
        if len(self.x) != len(self.y):
            raise ValueError(
                f"Split needs one target for each row, got {len(self.x)} rows of x and {len(self.y)} of y: "
                "index both with the same rows."
            )
        if len(self.x) == 0:
            raise ValueError("Split has no rows: give it a larger share of the data.")

    def __len__(self) -> int:
        """Rows in the split."""
        return len(self.x)

    def __repr__(self) -> str:
        """Types and shapes, never values."""
        return f"Split(x {_form(self.x)}, y {_form(self.y)})"


def row_blocks(array: np.ndarray, rows: int = 65536) -> Iterator[np.ndarray]:
    """The array in blocks of its first axis: to look at each value of a memmap without reading it whole."""
    return (array[at : at + rows] for at in range(0, len(array), rows))


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """A data set split three ways: train to learn from, val to decide by, test to report once.

    Args:
        train, val, test: the splits; rows differ in number alone, not in shape or type.
        provenance: where the rows come from.

    Raises:
        ValueError: the splits' rows differ in shape or type.

    >>> half = Split(np.zeros((4, 2), np.float32), np.arange(4))
    >>> data = Dataset(half, half, half, Provenance("zeros", "made here", "CC0-1.0", generated=True))
    >>> data
    Dataset(zeros: train 4, val 4, test 4; x float32[rows, 2], y int64[rows])
    >>> len(data)
    12
    """

    train: Split
    val: Split
    test: Split
    provenance: Provenance

    def __post_init__(self) -> None:
        """Refuses splits whose rows differ."""
        expected = _row_form(self.train)
        for name in ("val", "test"):
            got = _row_form(getattr(self, name))
            if got != expected:
                raise ValueError(f"Dataset.{name} must have rows like train's ({expected}), got {got}.")

    def __len__(self) -> int:
        """Rows in all three splits together."""
        return len(self.train) + len(self.val) + len(self.test)

    def __repr__(self) -> str:
        """Name, rows of each split, shape and type of a row: the same on every machine."""
        sizes = ", ".join(f"{name} {len(getattr(self, name))}" for name in ("train", "val", "test"))
        return f"Dataset({self.provenance.name}: {sizes}; {_row_form(self.train)})"

    def describe(self) -> str:
        """Source and licence in one line."""
        return self.provenance.describe()


def split_arrays(
    x: Shaped[np.ndarray, "*inputs"],
    y: Shaped[np.ndarray, "*targets"],
    rows: tuple[Shaped[np.ndarray, " _"], ...],
    provenance: Provenance,
) -> Dataset:
    """The Dataset whose train, val and test are the given rows of x and y.

    Args:
        x: inputs of all rows.
        y: targets of all rows.
        rows: three arrays of indices, as `split_rows` gives them.
        provenance: where the rows come from.

    Raises:
        ValueError: not three arrays of indices.

    >>> parts = np.array([0, 1]), np.array([2]), np.array([3])
    >>> split_arrays(np.eye(4), np.arange(4), parts, Provenance("eye", "made here", "CC0-1.0"))
    Dataset(eye: train 2, val 1, test 1; x float64[rows, 4], y int64[rows])
    """
    if len(rows) != 3:
        raise ValueError(f"a Dataset needs rows for train, val and test, got {len(rows)} arrays of indices.")
    train, val, test = (Split(x[part], y[part]) for part in rows)
    return Dataset(train, val, test, provenance)


def _form(array: np.ndarray) -> str:
    return f"{array.dtype}[{', '.join(str(size) for size in array.shape)}]"


def _row_form(split: Split) -> str:
    def form(array: np.ndarray) -> str:
        return f"{array.dtype}[{', '.join(['rows', *map(str, array.shape[1:])])}]"

    return f"x {form(split.x)}, y {form(split.y)}"
