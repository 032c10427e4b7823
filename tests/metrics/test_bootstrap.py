import numpy as np
import pytest
from scipy.stats import bootstrap

from course_utils.metrics import accuracy, auc, bootstrap_interval


def sample(n, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    return y, np.where(rng.random(n) < 0.8, y, 1 - y)


@pytest.mark.parametrize("metric", [accuracy, auc])
def test_equals_scipy_on_the_same_draws(metric):
    y, prediction = sample(60)
    ours = bootstrap_interval(metric, y, prediction, np.random.default_rng(3), repeats=200, level=0.9)
    theirs = bootstrap(
        (y, prediction), metric, paired=True, vectorized=False, method="percentile",
        n_resamples=200, confidence_level=0.9, rng=np.random.default_rng(3),
    ).confidence_interval  # fmt: skip
    assert (ours.low, ours.high) == pytest.approx(tuple(theirs), abs=1e-12)
    assert ours.estimate == metric(y, prediction)


def test_it_covers_the_truth_about_as_often_as_it_says():
    inside = 0
    for seed in range(100):
        interval = bootstrap_interval(accuracy, *sample(200, seed), np.random.default_rng(seed), repeats=100)
        inside += interval.low <= 0.8 <= interval.high
    assert 87 <= inside <= 100  # 95 expected, three standard deviations of the count are 6.5


def test_a_higher_level_is_wider():
    y, prediction = sample(100)
    narrow, wide = (
        bootstrap_interval(accuracy, y, prediction, np.random.default_rng(0), repeats=200, level=level)
        for level in (0.5, 0.99)
    )
    assert wide.low < narrow.low < narrow.estimate < narrow.high < wide.high


def test_rows_of_probabilities_are_drawn_together():
    y = np.array([0, 1] * 20)
    rows = np.eye(2)[y]
    interval = bootstrap_interval(
        lambda y, p: accuracy(y, p.argmax(axis=1)), y, rows, np.random.default_rng(0), repeats=20
    )
    assert interval == (1.0, 1.0, 1.0)


def test_a_metric_undefined_on_a_draw_says_which():
    with pytest.raises(ValueError, match=r"undefined on draw \d+ of 1000 .*both classes.*rare class"):
        bootstrap_interval(auc, np.array([0, 1]), np.array([0.1, 0.9]), np.random.default_rng(0))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"repeats": 1}, "repeats=1, level=0.95: 1000 and 0.95 are usual"),
        ({"level": 1.0}, "level=1.0"),
        ({"level": 0.0}, "level=0.0"),
    ],
)
def test_mistakes_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        bootstrap_interval(accuracy, *sample(10), np.random.default_rng(0), **arguments)


def test_lengths_must_agree():
    with pytest.raises(ValueError, match=r"shapes \(3,\) and \(2,\)"):
        bootstrap_interval(accuracy, np.array([0, 1, 1]), np.array([0, 1]), np.random.default_rng(0))


def test_groups_are_drawn_whole() -> None:
    y = np.repeat(np.arange(40) % 2, 5)
    groups = np.repeat(np.arange(40), 5)
    prediction = np.where(groups < 8, 1 - y, y)  # all five examples of a group are wrong together

    def share_right(y, prediction):
        return float(np.mean(y == prediction))

    alone = bootstrap_interval(share_right, y, prediction, np.random.default_rng(0))
    whole = bootstrap_interval(share_right, y, prediction, np.random.default_rng(0), groups=groups)
    assert whole.estimate == alone.estimate == 0.8
    # Five times the examples that carry no news: the honest interval is √5 times as wide.
    assert (whole.high - whole.low) / (alone.high - alone.low) == pytest.approx(5**0.5, rel=0.15)


def test_a_group_for_each_example_is_demanded() -> None:
    y = np.arange(2)
    with pytest.raises(ValueError, match="group of each of 2 examples"):
        bootstrap_interval(lambda y, p: 0.0, y, y, np.random.default_rng(0), groups=np.arange(3))
