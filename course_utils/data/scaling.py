"""Columns brought to one scale, with the statistics of the training rows alone."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Real


@dataclass(frozen=True, eq=False)
class Standardizer:
    """Shifts and scales each column: z = (x - mean) / scale.

    Fit it on the training rows, then transform every split with it: statistics of validation or
    test rows would carry knowledge of them into training.

    Args:
        mean: of each column over the training rows.
        scale: standard deviation of each column (divisor n); 1 for a column that is constant.

    >>> standardizer = Standardizer.fit(np.array([[1.0, 7.0], [3.0, 7.0]]))
    >>> standardizer.transform(np.array([[5.0, 8.0]]))
    array([[3., 1.]])
    """

    mean: Float[np.ndarray, " columns"]
    scale: Float[np.ndarray, " columns"]

    @classmethod
    def fit(cls, x_train: Real[np.ndarray, "rows columns"]) -> "Standardizer":
        """Mean and standard deviation of each column of the training rows.

        Args:
            x_train: the training rows alone.

        Returns:
            A Standardizer for tables with the same columns.

        Raises:
            ValueError: no rows, or a value that is missing or infinite.
        """
        if len(x_train) == 0:
            raise ValueError("Standardizer.fit needs at least one training row, got none.")
        x = x_train.astype(np.float64)
        broken = np.flatnonzero(~np.isfinite(x).all(axis=0))
        if broken.size:
            raise ValueError(
                f"Standardizer.fit needs finite numbers, got missing or infinite ones in column(s) "
                f"{broken.tolist()}: fill or drop them first."
            )
        mean, variance = x.mean(axis=0), x.var(axis=0)
        # A constant column has a variance of rounding errors, not of zero: below this bound it is noise.
        epsilon = np.finfo(np.float64).eps
        noise = len(x) * epsilon * variance + (len(x) * mean * epsilon) ** 2
        return cls(mean, np.where(variance <= noise, 1.0, np.sqrt(variance)))

    def transform(self, x: Real[np.ndarray, "rows columns"]) -> Float[np.ndarray, "rows columns"]:
        """The rows on the training rows' scale; float32 stays float32.

        Args:
            x: rows of any split, with the columns that were fitted.

        Raises:
            ValueError: another number of columns.
        """
        if x.shape[1] != len(self.mean):
            raise ValueError(
                f"this Standardizer was fitted on {len(self.mean)} columns, got {x.shape[1]}: "
                "select the same columns in the same order."
            )
        z = (x - self.mean) / self.scale
        return z.astype(x.dtype if np.issubdtype(x.dtype, np.floating) else np.float64)
