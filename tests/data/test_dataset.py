import numpy as np
import pytest

from course_utils.data import Dataset, Provenance, Split, split_arrays

ZEROS = Provenance("zeros", "made here", "CC0-1.0", generated=True)


def split(rows: int, columns: int = 2) -> Split:
    return Split(np.zeros((rows, columns), np.float32), np.zeros(rows, np.int64))


def test_repr_shows_shapes_and_types_and_no_values():
    data = Dataset(split(6), split(2), split(3), ZEROS)
    assert repr(data) == "Dataset(zeros: train 6, val 2, test 3; x float32[rows, 2], y int64[rows])"
    assert repr(data.val) == "Split(x float32[2, 2], y int64[2])"


def test_length_counts_rows():
    assert len(split(6)) == 6
    assert len(Dataset(split(6), split(2), split(3), ZEROS)) == 11


def test_describe_says_source_licence_and_that_data_is_generated():
    line = Dataset(split(1), split(1), split(1), ZEROS).describe()
    assert line == "zeros: generated data. Source: made here. Licence: CC0-1.0."
    real = Provenance("r", "s", "l", note="Mind the gap.").describe()
    assert real == "r: real data. Source: s. Licence: l. Mind the gap."


@pytest.mark.parametrize("field", ["name", "source", "licence"])
def test_provenance_refuses_an_empty(field):
    words = {"name": "n", "source": "s", "licence": "l"} | {field: " "}
    with pytest.raises(ValueError, match=f"Provenance.{field} is empty"):
        Provenance(**words)


def test_split_refuses_rows_without_targets():
    with pytest.raises(ValueError, match="got 3 rows of x and 2 of y"):
        Split(np.zeros((3, 1)), np.zeros(2))


def test_split_refuses_no_rows():
    with pytest.raises(ValueError, match="no rows"):
        split(0)


def test_split_refuses_a_scalar():
    with pytest.raises(ValueError, match=r"Split.y must be a NumPy array with rows"):
        Split(np.zeros(3), np.array(1.0))


def test_splits_of_one_dataset_have_rows_of_one_form():
    with pytest.raises(ValueError, match=r"Dataset.test must have rows like train's .*rows, 2.*rows, 3"):
        Dataset(split(4), split(2), split(2, columns=3), ZEROS)
    other = Split(np.zeros((2, 2), np.float64), np.zeros(2, np.int64))
    with pytest.raises(ValueError, match=r"Dataset.val .*float64"):
        Dataset(split(4), other, split(2), ZEROS)


def test_split_arrays_picks_the_rows():
    x, y = np.arange(8.0).reshape(4, 2), np.arange(4)
    data = split_arrays(x, y, (np.array([3, 0]), np.array([1]), np.array([2])), ZEROS)
    np.testing.assert_array_equal(data.train.x, [[6, 7], [0, 1]])
    np.testing.assert_array_equal(data.train.y, [3, 0])
    np.testing.assert_array_equal(data.test.y, [2])


def test_split_arrays_needs_three_parts():
    with pytest.raises(ValueError, match="train, val and test, got 2"):
        split_arrays(np.zeros(2), np.zeros(2), (np.array([0]), np.array([1])), ZEROS)
