import warnings

import numpy as np
import pytest
import sklearn.metrics as oracle
from hypothesis import given
from hypothesis import strategies as st

from course_utils.metrics import accuracy, confusion_matrix, f1, precision, recall


@st.composite
def pairs(draw, most_classes=5):
    classes = draw(st.integers(1, most_classes))
    n = draw(st.integers(1, 30))
    labels = st.lists(st.integers(0, classes - 1), min_size=n, max_size=n)
    return np.array(draw(labels)), np.array(draw(labels))


def test_known_values():
    y, prediction = np.array([0, 0, 1, 1, 1, 1]), np.array([0, 1, 1, 1, 0, 0])
    assert accuracy(y, prediction) == 0.5
    assert precision(y, prediction) == pytest.approx(2 / 3)
    assert recall(y, prediction) == 0.5
    assert f1(y, prediction) == pytest.approx(4 / 7)
    np.testing.assert_array_equal(confusion_matrix(y, prediction), [[1, 1], [2, 2]])


def test_f1_is_not_the_mean_of_accuracy_and_recall():
    y = np.array([1, 1] + [0] * 98)
    prediction = np.array([1, 0, 1] + [0] * 97)
    share, found = accuracy(y, prediction), recall(y, prediction)
    assert f1(y, prediction) == 0.5
    assert 2 * share * found / (share + found) > 0.65  # D0 §3.3's formula, lifted by 97 true negatives


@given(pairs())
def test_accuracy_and_confusion_matrix_equal_scikit_learn(pair):
    y, prediction = pair
    classes = int(max(y.max(), prediction.max())) + 1
    assert accuracy(y, prediction) == pytest.approx(oracle.accuracy_score(y, prediction), abs=1e-12)
    padded = oracle.confusion_matrix(y, prediction, labels=np.arange(classes + 1))
    np.testing.assert_array_equal(confusion_matrix(y, prediction, classes=classes + 1), padded)
    np.testing.assert_array_equal(confusion_matrix(y, prediction), padded[:-1, :-1])


@pytest.mark.parametrize("average", ["macro", "micro"])
@given(pairs())
def test_averages_equal_scikit_learn(average, pair):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its warning on a single class
        expected = oracle.precision_recall_fscore_support(*pair, average=average, zero_division=0)[:3]
    ours = [metric(*pair, average=average) for metric in (precision, recall, f1)]
    np.testing.assert_allclose(ours, expected, atol=1e-12)


@given(pairs(most_classes=2))
def test_binary_equals_scikit_learn(pair):
    expected = oracle.precision_recall_fscore_support(*pair, labels=[1], average="macro", zero_division=0)[:3]
    np.testing.assert_allclose([m(*pair) for m in (precision, recall, f1)], expected, atol=1e-12)


def test_a_vocabulary_of_classes_takes_no_square_of_memory():
    y = np.array([0, 49_999, 7])
    assert f1(y, y, average="macro") == 1.0  # a matrix would take 20 GB


def test_truth_values_count_as_labels():
    assert accuracy(np.array([0, 1, 1]), np.array([0.2, 0.7, 0.1]) > 0.5) == pytest.approx(2 / 3)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("metric", [accuracy, confusion_matrix, precision, recall, f1])
@pytest.mark.parametrize(
    ("y", "prediction", "message"),
    [
        ([0, 1], [0, 1, 1], r"shapes \(2,\) and \(3,\).*same split"),
        (np.zeros(0, int), np.zeros(0, int), "no examples"),
        ([0, 1], [0.0, 1.0], r"prediction holds whole-number labels, got dtype float64.*threshold"),
        ([0, 1], [float("nan"), 1.0], "got dtype float64"),
        ([0, -1], [0, 1], r"y holds labels 0, 1, 2, …, got -1: number"),
        (["cat", "dog"], ["cat", "cat"], r"return_inverse=True"),
        ([0, 1], [[0], [1]], r"one label for each example, got shape \(2, 1\)"),
    ],
)
def test_mistakes_are_named(metric, y, prediction, message):
    with pytest.raises(ValueError, match=message):
        metric(np.array(y), np.array(prediction))


def test_a_label_above_classes_is_refused():
    with pytest.raises(ValueError, match=r"classes=2 labels run from 0 to 1, got 2: raise classes"):
        confusion_matrix(np.array([0, 2]), np.array([0, 1]), classes=2)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("metric", [precision, recall, f1])
def test_binary_refuses_more_classes_and_other_averages(metric):
    with pytest.raises(ValueError, match=r"labels up to 2: choose average=\"macro\""):
        metric(np.array([0, 1, 2]), np.array([0, 1, 2]))
    with pytest.raises(ValueError, match="got 'weighted'"):
        metric(np.array([0, 1]), np.array([0, 1]), average="weighted")
