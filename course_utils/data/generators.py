"""Data the course makes itself where no real data exists; every function says that it does."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from course_utils.data.dataset import Dataset, Provenance, Split
from course_utils.data.splits import THREE_WAYS, split_rows

_SHARPNESS = 6.0
_NEEDED = 3  # columns the rule reads


def two_class_table(
    rows: int = 1000,
    features: int = 10,
    *,
    rng: np.random.Generator,
    fractions: Sequence[float] = THREE_WAYS,
) -> Dataset:
    """A generated stand-in for the table of document D0 (1000 × 10, two classes), which was never published.

    Columns are independent and standard normal; `class_probability` draws the label from the first
    three, the rest are irrelevant. The best possible accuracy is 0.929. Measured over seeds 0 … 4 with
    800 training rows and 20,000 fresh ones, scikit-learn's estimators, lowest – highest: logistic
    regression 0.785–0.791; MLP(50, 50) with Adam, batch 32, after 10 epochs 0.855–0.880, after 100
    epochs 0.891–0.898. On 200 test rows the first two range over 0.740–0.785 and 0.785–0.860.

    Args:
        rows: number of rows in all.
        features: number of columns, at least 3.
        rng: source of columns, labels and split.
        fractions: shares of train, val and test. Two shares, (0.8, 0.2), give D0's split: its listing
            validates on the test rows, so val is test, and nothing is left to report on.

    Returns:
        x float32 `[rows, features]`; y int64 `[rows]`, 0 or 1 with equal chance.

    Raises:
        ValueError: fewer than 3 features, or neither two nor three fractions that sum to 1.

    >>> two_class_table(rng=np.random.default_rng(0))
    Dataset(two-class table: train 600, val 200, test 200; x float32[rows, 10], y int64[rows])
    """
    if features < _NEEDED:
        raise ValueError(f"two_class_table needs at least {_NEEDED} features for its rule, got {features}.")
    if len(fractions) not in (2, 3):
        raise ValueError(f"two_class_table takes three shares or two (train and test), got {len(fractions)}.")
    x = rng.standard_normal((rows, features)).astype(np.float32)
    y = (rng.random(rows) < class_probability(x)).astype(np.int64)
    parts = [Split(x[part], y[part]) for part in split_rows(rows, fractions, rng=rng)]
    note = f"{_NEEDED} of {features} columns matter; best possible accuracy 0.929."
    if len(parts) == 2:
        note += " D0's split: val is test."
    provenance = Provenance("two-class table", "this course", "CC0-1.0", generated=True, note=note)
    return Dataset(parts[0], parts[1], parts[-1], provenance)


def class_probability(x: Float[np.ndarray, "rows features"]) -> Float[np.ndarray, " rows"]:
    """Probability of class 1 given a row, as `two_class_table` draws it.

    p(y = 1 | x) = sigmoid(6 (x₀ + x₁ x₂)). The product makes a linear model blind to x₁ and x₂: each
    alone says nothing about y.

    Args:
        x: rows with at least 3 columns.

    Returns:
        A probability for each row.

    Raises:
        ValueError: fewer than 3 columns.

    >>> class_probability(np.array([[0.0, 1.0, 0.0], [0.5, 1.0, -0.5]]))
    array([0.5, 0.5])
    """
    if x.shape[1] < _NEEDED:
        raise ValueError(f"class_probability reads {_NEEDED} columns, got {x.shape[1]}.")
    x = x.astype(np.float64)
    # tanh, not exp: no overflow however large the score.
    return 0.5 * (1 + np.tanh(0.5 * _SHARPNESS * (x[:, 0] + x[:, 1] * x[:, 2])))


def best_possible_accuracy(x: Float[np.ndarray, "rows features"]) -> float:
    """Expected accuracy, on these rows, of the rule that knows `class_probability`: no model has more.

    Mean of max(p, 1 - p) over the rows. A lucky model may score higher on a small sample, never in
    expectation.

    Args:
        x: rows of `two_class_table`.

    Returns:
        A share between 0.5 and 1; 0.929 over many rows.

    >>> round(best_possible_accuracy(np.array([[0.0, 0.0, 0.0], [9.0, 0.0, 0.0]])), 3)
    0.75
    """
    p = class_probability(x)
    return float(np.maximum(p, 1 - p).mean())
