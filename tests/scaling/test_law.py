import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from course_utils.scaling import BESIROGLU, HOFFMANN, Law

laws = st.builds(
    Law,
    E=st.floats(0, 3),
    A=st.floats(1, 1000),
    alpha=st.floats(0.05, 1),
    B=st.floats(1, 1000),
    beta=st.floats(0.05, 1),
)


def test_chinchilla_by_hand():
    by_hand = 1.69 + 406.4 / (70e9) ** 0.34 + 410.7 / (1.4e12) ** 0.28
    assert float(HOFFMANN.loss(70e9, 1.4e12)) == pytest.approx(by_hand)


def test_the_exponents_that_the_papers_print():
    assert HOFFMANN.share_of_size == pytest.approx(0.46, abs=0.01)  # table 2, approach 3
    assert BESIROGLU.share_of_size == pytest.approx(0.5126, abs=1e-3)


@given(law=laws, compute=st.floats(1e9, 1e20))
def test_the_optimum_is_scipys(law, compute):
    parameters, tokens = law.optimum(compute)
    assert 6 * parameters * tokens == pytest.approx(compute)
    log = np.log(parameters)
    found = minimize_scalar(
        lambda n: float(law.loss(np.exp(n), compute / 6 / np.exp(n))),
        bounds=(log - 5, log + 5),
        method="bounded",
    )
    assert law.loss(parameters, tokens) <= found.fun * (1 + 1e-9)


@given(law=laws, n=st.floats(10, 1e12), d=st.floats(10, 1e12))
def test_more_of_either_never_hurts(law, n, d):
    assert law.E <= law.loss(2 * n, d) <= law.loss(n, d)
    assert law.loss(n, 2 * d) <= law.loss(n, d)


def test_shapes_are_kept():
    assert HOFFMANN.loss(np.full((2, 1), 1e9), np.full(3, 1e9)).shape == (2, 3)
    assert HOFFMANN.optimum(np.array([1e20, 1e21]))[1].shape == (2,)


@pytest.mark.parametrize("name", ["parameters", "tokens"])
@pytest.mark.parametrize("bad", [-1.0, 0.0, np.nan, np.inf])
def test_what_is_no_size_is_refused(name, bad):
    sizes = {"parameters": 1e6, "tokens": 1e6} | {name: bad}
    with pytest.raises(ValueError, match=f"{name} must be positive and finite, got {bad:g}"):
        HOFFMANN.loss(**sizes)


def test_no_compute_is_refused():
    with pytest.raises(ValueError, match="compute must be positive and finite, got 0"):
        HOFFMANN.optimum(0)


@pytest.mark.parametrize("change", [{"E": -1.0}, {"alpha": 0.0}, {"beta": -0.3}, {"A": np.nan}])
def test_what_is_no_law_is_refused(change):
    constants = {"E": 1.0, "A": 1.0, "alpha": 0.3, "B": 1.0, "beta": 0.3}
    with pytest.raises(ValueError, match="a law has E ≥ 0 and positive A"):
        Law(**(constants | change))
