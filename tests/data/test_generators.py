import warnings
from itertools import pairwise

import numpy as np
import pytest
from scipy.special import expit
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from course_utils.data import best_possible_accuracy, class_probability, overlap, two_class_table


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_form_is_documents_zero():
    data = two_class_table(rng=rng())
    assert repr(data) == (
        "Dataset(two-class table: train 600, val 200, test 200; x float32[rows, 10], y int64[rows])"
    )
    assert overlap(data.train.x, data.test.x) == 0


def test_two_shares_give_its_split():
    data = two_class_table(rng=rng(), fractions=(0.8, 0.2))
    assert [len(part) for part in (data.train, data.val, data.test)] == [800, 200, 200]
    assert data.val is data.test
    assert "val is test" in data.describe()
    assert "val is test" not in two_class_table(rng=rng()).describe()


def test_it_says_that_it_is_generated():
    assert two_class_table(rng=rng()).provenance.generated


def test_the_generator_decides_everything():
    first, again, other = (two_class_table(rng=rng(seed)).train for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.x, again.x)
    np.testing.assert_array_equal(first.y, again.y)
    assert not np.array_equal(first.x, other.x)


def test_probability_is_the_documented_rule():
    x = rng().normal(size=(500, 5)) * 3
    np.testing.assert_allclose(class_probability(x), expit(6 * (x[:, 0] + x[:, 1] * x[:, 2])), atol=1e-15)


def test_probability_does_not_overflow():
    x = np.array([[1e30, 0, 0], [-1e30, 0, 0]], dtype=np.float32)
    np.testing.assert_array_equal(class_probability(x), [1.0, 0.0])


def test_irrelevant_columns_do_not_matter():
    x = rng().normal(size=(50, 10))
    moved = x.copy()
    moved[:, 3:] += 5
    np.testing.assert_array_equal(class_probability(x), class_probability(moved))


def test_labels_have_the_stated_probability():
    data = two_class_table(100_000, rng=rng(), fractions=(0.8, 0.2))
    x, y = data.train.x, data.train.y
    p = class_probability(x)
    edges = np.linspace(0, 1, 11)
    for low, high in pairwise(edges):
        rows = (p >= low) & (p <= high)
        assert abs(y[rows].mean() - p[rows].mean()) < 4 * 0.5 / np.sqrt(rows.sum())
    assert abs(y.mean() - 0.5) < 0.01


def test_best_possible_accuracy_is_the_knowing_rules_accuracy():
    data = two_class_table(200_000, rng=rng(), fractions=(0.5, 0.5))
    measured = np.mean((class_probability(data.test.x) > 0.5) == data.test.y)
    assert abs(best_possible_accuracy(data.test.x) - measured) < 0.003
    assert abs(measured - 0.929) < 0.003


def test_difficulty_is_as_documented():
    data = two_class_table(rng=rng(), fractions=(0.8, 0.2))
    x, y = data.train.x, data.train.y
    fresh = two_class_table(20_000, rng=rng(100), fractions=(0.1, 0.9)).test
    linear = LogisticRegression().fit(x, y).score(fresh.x, fresh.y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # ten epochs are the document's, not enough
        mlp = MLPClassifier((50, 50), batch_size=32, max_iter=10, random_state=0).fit(x, y)
    assert 0.775 < linear < 0.80
    assert linear + 0.05 < mlp.score(fresh.x, fresh.y) < 0.90


def test_the_rule_needs_its_columns():
    with pytest.raises(ValueError, match="at least 3 features for its rule, got 2"):
        two_class_table(features=2, rng=rng())
    with pytest.raises(ValueError, match="reads 3 columns, got 2"):
        class_probability(np.zeros((4, 2)))


def test_shares_are_two_or_three():
    with pytest.raises(ValueError, match=r"three shares or two \(train and test\), got 1"):
        two_class_table(rng=rng(), fractions=(1.0,))
