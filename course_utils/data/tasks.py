"""Five small tasks in one form, each the home ground of one family of networks.

Every example is a sequence of positions with a row of numbers each, so any family can read any task.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from course_utils.data.dataset import Dataset, Provenance, Split
from course_utils.data.images import digits
from course_utils.data.scaling import Standardizer

FLOORS, VALUES = 5, 4
_ROWS = (3000, 500, 2000)  # train, val, test of the generated tasks


@dataclass(frozen=True)
class Form:
    """What a network must know of a task before it sees a row.

    Args:
        positions: positions of an example.
        features: numbers at each position.
        classes: number of labels.
        grid: rows and columns in which the positions lie; a sequence has one row.
        linked: whether the first `positions` features of a position are its row of the adjacency matrix.

    Raises:
        ValueError: a grid of another size, or links that leave no feature.

    >>> Form(positions=16, features=4, classes=10, grid=(4, 5))
    Traceback (most recent call last):
    ...
    ValueError: a grid of 4 × 5 does not hold 16 positions: give (rows, columns) with that product.
    """

    positions: int
    features: int
    classes: int
    grid: tuple[int, int]
    linked: bool = False

    def __post_init__(self) -> None:
        """Refuse what does not fit together."""
        rows, columns = self.grid
        if rows * columns != self.positions:
            raise ValueError(
                f"a grid of {rows} × {columns} does not hold {self.positions} positions: "
                "give (rows, columns) with that product."
            )
        if self.linked and self.features <= self.positions:
            raise ValueError(
                f"linked positions need more than {self.positions} features, the links themselves, "
                f"got {self.features}: add what is known of each position."
            )


@dataclass(frozen=True)
class Task:
    """Rows and their form.

    Args:
        data: x float32 `[rows, positions, features]`, y int64 `[rows]`.
        form: shape and meaning of a row.
    """

    data: Dataset
    form: Form


def dealt_digits(rng: np.random.Generator) -> Task:
    """A table whose columns are strangers: the 64 pixels of the digits, dealt out like cards.

    The same order for all images. Each column is standardised by the training rows, and every other one, by lot,
    counted downwards, as columns of a table have units of their own.

    >>> dealt_digits(np.random.default_rng(0)).data
    Dataset(digits: train 1078, val 360, test 359; x float32[rows, 64, 1], y int64[rows])
    """
    images = digits(rng)
    order = rng.permutation(64)
    units = rng.permutation(np.repeat(np.array([-1, 1], np.float32), 32))
    scale = Standardizer.fit(images.train.x.reshape(-1, 64))

    def deal(x: np.ndarray) -> np.ndarray:
        return (scale.transform(x.reshape(-1, 64)) * units)[:, order, None]

    return Task(_mapped(images, deal), Form(positions=64, features=1, classes=10, grid=(8, 8)))


def placed_digits(rng: np.random.Generator, copies: int = 3) -> Task:
    """Digits of 8 × 8 pixels laid at a random place of a 14 × 14 canvas, read as 7 × 7 patches of 2 × 2.

    Args:
        rng: decides the split and the places.
        copies: places for each image of train and test; an image stays on its side.

    >>> placed_digits(np.random.default_rng(0)).data
    Dataset(digits: train 3234, val 1080, test 1077; x float32[rows, 49, 4], y int64[rows])
    """

    def place(x: np.ndarray) -> np.ndarray:
        canvas = np.zeros((len(x), 14, 14), np.float32)
        for image, blank, (top, left) in zip(x, canvas, rng.integers(0, 7, (len(x), 2)), strict=True):
            blank[top : top + 8, left : left + 8] = image
        patches = canvas.reshape(-1, 7, 2, 7, 2).transpose(0, 1, 3, 2, 4)
        return np.ascontiguousarray(patches.reshape(-1, 49, 4))

    return Task(_mapped(digits(rng), place, copies), Form(positions=49, features=4, classes=10, grid=(7, 7)))


def lift(rng: np.random.Generator, moves: int = 32) -> Task:
    """A lift of five floors starts at the bottom; at either end a move that leads out is ignored.

    $s_t = \\min(4, \\max(0, s_{t-1} + x_t))$ with moves $x_t = \\pm 1$, each with chance ½; the label is
    the last floor $s_T$. A sum would not do: it forgets at which floor a move was ignored.

    >>> task = lift(np.random.default_rng(0))
    >>> task.data
    Dataset(lift: train 3000, val 500, test 2000; x float32[rows, 32, 1], y int64[rows])
    """

    def rows(count: int) -> Split:
        x = rng.choice([-1, 1], (count, moves))
        floor = np.zeros(count, np.int64)
        for move in x.T:
            floor = np.clip(floor + move, 0, FLOORS - 1)
        return Split(x[..., None].astype(np.float32), floor)

    return _generated("lift", rows, Form(positions=moves, features=1, classes=FLOORS, grid=(1, moves)))


def lookup(rng: np.random.Generator, pairs: int = 15, bits: int = 8) -> Task:
    """Fifteen pairs of a random key and a value, then one of the keys; the label is its value.

    A key is `bits` fair draws of ±1, a value one of four; keys are new in every example, so there is nothing
    to learn by heart. The features are key, then value as one-hot; the last position has a key alone. Keys may
    occur twice: one example in seventeen has a second pair with the key that is asked for.

    >>> lookup(np.random.default_rng(0)).data
    Dataset(lookup: train 3000, val 500, test 2000; x float32[rows, 16, 12], y int64[rows])
    """

    def rows(count: int) -> Split:
        keys = rng.choice([-1.0, 1.0], (count, pairs, bits))
        values = rng.integers(0, VALUES, (count, pairs))
        asked = rng.integers(0, pairs, count)
        every = np.arange(count)
        x = np.zeros((count, pairs + 1, bits + VALUES), np.float32)
        x[:, :-1, :bits], x[:, :-1, bits:] = keys, np.eye(VALUES)[values]
        x[:, -1, :bits] = keys[every, asked]
        return Split(x, values[every, asked])

    form = Form(positions=pairs + 1, features=bits + VALUES, classes=VALUES, grid=(1, pairs + 1))
    return _generated("lookup", rows, form)


def village(rng: np.random.Generator, people: int = 20) -> Task:
    """A village votes half and half: do neighbours vote alike (label 1) or against each other (label 0)?

    A link between two people has chance 0.28 when it suits the label and 0.12 when it does not. Each
    person's features are the row of the adjacency matrix, then the vote ±1. Both kinds of village have the same
    votes and on average nearly as many links: only who is linked to whom tells them apart.

    >>> village(np.random.default_rng(0)).data
    Dataset(village: train 3000, val 500, test 2000; x float32[rows, 20, 21], y int64[rows])
    """

    def rows(count: int) -> Split:
        alike = rng.integers(0, 2, count)
        votes = rng.permuted(np.tile(np.repeat([-1.0, 1.0], people // 2), (count, 1)), axis=1)
        same = votes[:, :, None] == votes[:, None]
        chance = np.where(same == (alike == 1)[:, None, None], 0.28, 0.12)
        upper = np.triu(rng.random((count, people, people)) < chance, 1)
        links = upper | upper.transpose(0, 2, 1)
        return Split(np.concatenate([links, votes[..., None]], axis=2).astype(np.float32), alike)

    form = Form(positions=people, features=people + 1, classes=2, grid=(1, people), linked=True)
    return _generated("village", rows, form)


TASKS: dict[str, Callable[[np.random.Generator], Task]] = {
    "dealt digits": dealt_digits,
    "placed digits": placed_digits,
    "lift": lift,
    "lookup": lookup,
    "village": village,
}
"""The five tasks, each the home ground of the family at the same place in `course_utils.models.FAMILIES`."""


def _mapped(data: Dataset, change: Callable[[np.ndarray], np.ndarray], copies: int = 1) -> Dataset:
    def mapped(part: Split) -> Split:
        return Split(change(np.repeat(part.x, copies, axis=0)), np.repeat(part.y, copies))

    return Dataset(mapped(data.train), mapped(data.val), mapped(data.test), data.provenance)


def _generated(name: str, rows: Callable[[int], Split], form: Form) -> Task:
    train, val, test = (rows(count) for count in _ROWS)
    return Task(Dataset(train, val, test, Provenance(name, "this course", "CC0-1.0", generated=True)), form)
