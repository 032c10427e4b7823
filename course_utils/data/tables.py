"""Real tables in one form: the raw frame, its target, what each column means, where it comes from.

scikit-learn is imported where it is needed: it takes two seconds that most chapters need not wait.
"""

import hashlib
import importlib.util
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from course_utils.data.dataset import Provenance
from course_utils.data.table_columns import (
    BREAST_CANCER_MEASURES,
    BREAST_CANCER_STATISTICS,
    DIABETES,
    HEALTH_INSURANCE,
    WINE,
)

_RANDHIE_SHA256 = "fe64f3c8e987779daa6052dd756d9ce277e025330f5549126c7c2f6a3c9c5541"


@dataclass(frozen=True, eq=False, repr=False)
class Table:
    """A table as it was collected, before any cleaning.

    Args:
        frame: one row an observation; missing values are NaN.
        target: the column to predict.
        columns: meaning and unit of every column of the frame.
        provenance: where the table comes from.

    Raises:
        ValueError: the target is no column, or a column is not described.

    >>> load_table("wine")
    Table(wine: 178 rows, 14 columns, target 'cultivar', 0 values missing)
    """

    frame: pd.DataFrame
    target: str
    columns: Mapping[str, str]
    provenance: Provenance

    def __post_init__(self) -> None:
        """Refuses a target that is no column, and columns without a meaning."""
        if self.target not in self.frame.columns:
            raise ValueError(f"Table.target must be a column of the frame, got {self.target!r}.")
        if list(self.columns) != list(self.frame.columns):
            unlike = sorted(set(self.columns) ^ set(self.frame.columns))
            raise ValueError(f"Table.columns must describe the frame's columns, in order; unlike: {unlike}.")

    def __len__(self) -> int:
        """Rows of the frame."""
        return len(self.frame)

    def __repr__(self) -> str:
        """Name, size and missing values: the same on every machine."""
        rows, columns = self.frame.shape
        missing = int(self.frame.isna().to_numpy().sum())
        return (
            f"Table({self.provenance.name}: {rows} rows, {columns} columns, "
            f"target {self.target!r}, {missing} values missing)"
        )

    def describe(self) -> str:
        """Source and licence in one line."""
        return self.provenance.describe()


def load_table(name: str) -> Table:
    """A real table by name, from files that installed packages ship.

    | name | rows × columns | target |
    |---|---|---|
    | `breast_cancer` | 569 × 31 | malignant or benign |
    | `diabetes` | 442 × 11 | progression after a year |
    | `health_insurance` | 20,190 × 34 | visits to a doctor in the year; see `health_insurance` |
    | `wine` | 178 × 14 | cultivar |

    Args:
        name: one of the names above.

    Returns:
        A Table whose frame is new: changing it changes nothing else.

    Raises:
        ValueError: an unknown name.

    >>> table = load_table("breast_cancer")
    >>> table.frame.shape, table.target
    ((569, 31), 'benign')
    >>> table.columns["worst radius"]
    'centre to perimeter, mean distance: mean of the three largest nuclei'
    """
    if name not in _LOADERS:
        raise ValueError(f"load_table knows {', '.join(sorted(_LOADERS))}; got {name!r}.")
    return _LOADERS[name]()


def breast_cancer() -> Table:
    """Shapes of cell nuclei in 569 breast-mass aspirates (Wisconsin Diagnostic Breast Cancer, 1993)."""
    from sklearn import datasets

    bunch = datasets.load_breast_cancer(as_frame=True)
    columns = {
        f"{prefix}{measure}{suffix}": f"{meaning}: {statistic}"
        for (prefix, suffix), statistic in BREAST_CANCER_STATISTICS.items()
        for measure, meaning in BREAST_CANCER_MEASURES.items()
    } | {"benign": "1 if the mass is benign, 0 if malignant"}
    frame = bunch.frame.rename(columns={"target": "benign"})
    provenance = Provenance(
        "breast_cancer",
        "W. Wolberg, N. Street, O. Mangasarian, UCI Repository 1993; shipped by scikit-learn",
        "CC BY 4.0",
    )
    return Table(frame, "benign", columns, provenance)


def diabetes() -> Table:
    """442 diabetes patients at base line and their progression a year later, in raw units."""
    from sklearn import datasets

    bunch = datasets.load_diabetes(as_frame=True, scaled=False)
    frame = bunch.frame.rename(columns={"target": "progression"})
    provenance = Provenance(
        "diabetes",
        "B. Efron et al., Least Angle Regression, 2004; shipped by scikit-learn",
        "none stated by its authors; scikit-learn ships it under BSD-3-Clause",
    )
    return Table(frame, "progression", DIABETES, provenance)


def wine() -> Table:
    """Chemical analysis of 178 Italian wines from three cultivars."""
    from sklearn import datasets

    bunch = datasets.load_wine(as_frame=True)
    frame = bunch.frame.rename(columns={"target": "cultivar"})
    provenance = Provenance(
        "wine",
        "S. Aeberhard, M. Forina, UCI Repository 1992; shipped by scikit-learn",
        "CC BY 4.0",
    )
    return Table(frame, "cultivar", WINE, provenance)


def health_insurance() -> Table:
    """Doctor's visits in the RAND Health Insurance Experiment: 20,190 person-years of 5,912 people.

    Families were assigned by lot to insurance plans that differ in what the family pays. The frame
    is the study's file without its ready-made logarithms and other pure transforms, and it is raw:

    - A person (`zper`) has one row a year, up to five; all base-line columns repeat. Split by person.
    - (`zper`, `year`) is unique. In the ten columns of statsmodels' own `randhie`, which lack both,
      11,065 rows equal an earlier one: coincidence, not duplication.
    - `ghindx` is missing in 5,223 rows; `educdec` in 4; `mdeoff` and `pioff` in 5.
    - Some missing values were replaced by means before publication, and nothing marks them: `disea`
      holds one of four site means in 8,001 rows (most of them children), `physlm` a fraction between
      its 0 and 1 in 1,052, `mhi` one of six means in 3,729, `black` a fraction in 251.
    - `disea` is described as a count; its other values are multiples of 100/29 or 100/23, a per cent.
    - `mdvis` reaches 77 at a median of 1. These are real heavy users, not errors.
    - Columns marked "same year" are outcomes, known only when `mdvis` is.

    Returns:
        A Table in the study's own order: by person, then year.

    Raises:
        ValueError: statsmodels is older than 0.15 (it lacks the file), or the file differs.

    W. Manning et al., Health Insurance and the Demand for Medical Care: Evidence from a Randomized
    Experiment, American Economic Review 77, 1987.
    """
    spec = importlib.util.find_spec("statsmodels")
    file = Path((spec and spec.origin) or "").parent / "datasets" / "randhie" / "src" / "randhie.csv"
    if not file.is_file():
        raise ValueError(
            "health_insurance needs the study's file, which statsmodels ships from 0.15 on, and found none: "
            "pip install 'statsmodels>=0.15'."
        )
    content = file.read_bytes().replace(b"\r\n", b"\n")  # the Windows wheel has other line ends
    got = hashlib.sha256(content).hexdigest()
    if got != _RANDHIE_SHA256:
        raise ValueError(
            f"health_insurance: statsmodels' file differs from the course's (expected sha256 "
            f"{_RANDHIE_SHA256[:12]}…, got {got[:12]}…): pip install statsmodels==0.15.0."
        )
    frame = pd.read_csv(io.BytesIO(content))[list(HEALTH_INSURANCE)]
    provenance = Provenance(
        "health_insurance",
        "RAND Health Insurance Experiment 1974–1982, file of A. C. Cameron and P. K. Trivedi, "
        "Microeconometrics, 2005; shipped by statsmodels",
        "public domain",
        note="Several rows a person: split by zper.",
        sha256=_RANDHIE_SHA256,
    )
    return Table(frame, "mdvis", HEALTH_INSURANCE, provenance)


_LOADERS: dict[str, Callable[[], Table]] = {
    "breast_cancer": breast_cancer,
    "diabetes": diabetes,
    "health_insurance": health_insurance,
    "wine": wine,
}
