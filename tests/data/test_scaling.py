import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.preprocessing import StandardScaler

from course_utils.data import Standardizer

TABLES = arrays(np.float64, st.tuples(st.integers(1, 20), st.integers(1, 4)), elements=st.floats(-1e6, 1e6))


@given(TABLES)
def test_equals_scikit_learn(x):
    ours, theirs = Standardizer.fit(x), StandardScaler().fit(x)
    np.testing.assert_allclose(ours.mean, theirs.mean_, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(ours.transform(x), theirs.transform(x), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("value", [7.0, 0.1, 1e9 + 0.1, -1e-12])
def test_a_constant_column_becomes_zero(value):
    x = np.full((1000, 1), value)
    standardizer = Standardizer.fit(x)
    assert standardizer.scale == 1
    np.testing.assert_allclose(standardizer.transform(x), 0, atol=1e-5)


def test_other_rows_do_not_change_the_statistics():
    train, test = np.array([[0.0], [2.0]]), np.array([[100.0]])
    np.testing.assert_array_equal(Standardizer.fit(train).transform(test), [[99.0]])


def test_float32_stays_and_integers_become_float64():
    x = np.array([[1], [2]])
    assert Standardizer.fit(x).transform(x).dtype == np.float64
    assert Standardizer.fit(x).transform(x.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_broken_numbers_are_refused_by_column(broken):
    with pytest.raises(ValueError, match=r"column\(s\) \[1\]"):
        Standardizer.fit(np.array([[0.0, broken], [1.0, 2.0]]))


def test_no_rows_are_refused():
    with pytest.raises(ValueError, match="at least one training row"):
        Standardizer.fit(np.zeros((0, 2)))


def test_other_columns_are_refused():
    with pytest.raises(ValueError, match="fitted on 2 columns, got 3"):
        Standardizer.fit(np.zeros((2, 2))).transform(np.zeros((2, 3)))
