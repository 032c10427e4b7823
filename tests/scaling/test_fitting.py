import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from course_utils.scaling import Law, bootstrap_laws, fit_law

N, D = (grid.ravel() for grid in np.meshgrid(np.geomspace(3e3, 6e5, 6), np.geomspace(1e5, 4e6, 6)))


def noisy(law, deviation, seed=0):
    rng = np.random.default_rng(seed)
    return law.loss(N, D) * np.exp(rng.normal(0, deviation, len(N)))


def huber(law, losses, delta):
    size = np.abs(np.log(law.loss(N, D)) - np.log(losses))
    return np.where(size <= delta, size**2 / 2, delta * (size - delta / 2)).sum()


@pytest.mark.parametrize("delta", [1e-3, 1e-2, 1.0])
def test_equals_scipy(delta):
    losses = noisy(Law(0.6, 12.0, 0.25, 60.0, 0.35), 0.01)

    def residuals(theta):
        e, a, alpha, b, beta = theta
        predicted = np.exp(e) + np.exp(a - alpha * np.log(N)) + np.exp(b - beta * np.log(D))
        return np.log(predicted) - np.log(losses)

    theirs = least_squares(residuals, [0, 3, 0.3, 4, 0.3], loss="huber", f_scale=delta, max_nfev=5000)
    ours = fit_law(N, D, losses, delta=delta)
    assert huber(ours, losses, delta) <= theirs.cost * (1 + 1e-5)
    assert (ours.alpha, ours.beta) == pytest.approx((theirs.x[2], theirs.x[4]), rel=1e-2)


@settings(max_examples=20)
@given(
    E=st.floats(0.2, 2),
    A=st.floats(5, 40),
    alpha=st.floats(0.15, 0.4),
    B=st.floats(20, 200),
    beta=st.floats(0.25, 0.5),
)
def test_it_finds_a_law_again(E, A, alpha, B, beta):
    law = Law(E, A, alpha, B, beta)
    found = fit_law(N, D, law.loss(N, D))
    assert found.loss(N, D) == pytest.approx(law.loss(N, D), rel=1e-3)


def test_one_wild_run_hardly_moves_it():
    law = Law(0.6, 12.0, 0.25, 60.0, 0.35)
    losses = law.loss(N, D).copy()
    losses[7] *= 1.5
    gentle, square = fit_law(N, D, losses), fit_law(N, D, losses, delta=10.0)
    truth = law.loss(3e6, 3e7)
    assert abs(gentle.loss(3e6, 3e7) - truth) < 0.01 * truth < abs(square.loss(3e6, 3e7) - truth)


def test_the_bootstrap_covers_the_truth_about_as_often_as_it_says():
    law, inside = Law(0.6, 12.0, 0.25, 60.0, 0.35), 0
    for seed in range(30):
        drawn = bootstrap_laws(
            N, D, noisy(law, 0.01, seed), np.random.default_rng(seed), repeats=60, delta=0.01
        )
        low, high = np.quantile([one.share_of_size for one in drawn], [0.025, 0.975])
        inside += low <= law.share_of_size <= high
    assert 24 <= inside <= 30  # percentile intervals of 36 runs are a little narrow: 28 expected


def test_the_same_generator_draws_the_same_laws():
    losses = noisy(Law(0.6, 12.0, 0.25, 60.0, 0.35), 0.01)
    one, two = (bootstrap_laws(N, D, losses, np.random.default_rng(3), repeats=3) for _ in range(2))
    assert one == two


def test_bad_runs_are_refused():
    losses = Law(0.6, 12.0, 0.25, 60.0, 0.35).loss(N, D)
    with pytest.raises(ValueError, match=r"got lengths \[36, 36, 35\]"):
        fit_law(N, D, losses[1:])
    with pytest.raises(ValueError, match="got 36 runs of 6 sizes and 1 budgets"):
        fit_law(N, np.ones_like(D), losses)
    with pytest.raises(ValueError, match="losses must be positive and finite, got -1"):
        fit_law(N, D, -np.ones_like(losses))
    with pytest.raises(ValueError, match="delta must be positive"):
        fit_law(N, D, losses, delta=0.0)
    with pytest.raises(ValueError, match="repeats is at least 2, got 1"):
        bootstrap_laws(N, D, losses, np.random.default_rng(0), repeats=1)


def test_losses_that_rise_with_the_size_are_refused():
    with pytest.raises(ValueError, match="do not fall with size and tokens"):
        fit_law(N, D, N**0.3)
