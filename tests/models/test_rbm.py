import inspect
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.models.rbm import (
    RBM,
    contrastive_divergence,
    free_energy,
    gibbs,
    hidden_probability,
    log_partition,
    reconstruct,
    sample_dbn,
    start_rbm,
    train_dbn,
    train_rbm,
    visible_probability,
)


def machine(visible, hidden, seed=0, scale=1.0):
    rng = np.random.default_rng(seed)
    shapes = (visible, hidden), visible, hidden
    return RBM(*(jnp.asarray(rng.normal(0, scale, shape), jnp.float32) for shape in shapes))


def states(units):
    return jnp.array(list(itertools.product([0.0, 1.0], repeat=units)), jnp.float32)


def brute_force(rbm):
    """Probability of every (v, h), from the energy alone, in NumPy."""
    w, a, b = (np.asarray(part, float) for part in rbm)
    v, h = (np.asarray(states(len(biases)), float) for biases in (a, b))
    energy = -(v @ w @ h.T) - (v @ a)[:, None] - (h @ b)[None, :]
    return np.exp(-energy), v, h


@settings(max_examples=8)
@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 99))
def test_partition_and_free_energy_equal_brute_force(visible, hidden, seed):
    rbm = machine(visible, hidden, seed)
    joint, _, _ = brute_force(rbm)
    assert float(log_partition(rbm)) == pytest.approx(np.log(joint.sum()), rel=1e-4, abs=1e-4)
    np.testing.assert_allclose(
        np.exp(-np.asarray(free_energy(rbm, states(visible)))), joint.sum(axis=1), rtol=1e-3
    )


def test_conditionals_equal_brute_force():
    rbm = machine(4, 3)
    joint, v, h = brute_force(rbm)
    np.testing.assert_allclose(
        hidden_probability(rbm, states(4)), joint @ h / joint.sum(1, keepdims=True), rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose(
        visible_probability(rbm, states(3)), joint.T @ v / joint.T.sum(1, keepdims=True), rtol=1e-4, atol=1e-6
    )


def test_gibbs_chains_reach_the_machines_own_distribution():
    rbm = machine(3, 2)
    joint, v, _ = brute_force(rbm)
    drawn = np.asarray(gibbs(rbm, jnp.zeros((20_000, 3)), jax.random.key(0), steps=50))
    counts = (drawn[:, None] == v[None]).all(-1).mean(0)
    np.testing.assert_allclose(counts, joint.sum(1) / joint.sum(), atol=0.02)  # 5 sigma of a half = 0.018


def test_contrastive_divergence_of_many_steps_is_the_gradient():
    rbm = machine(4, 3, scale=0.5)
    data = states(4)[jnp.array([3, 7, 12, 15])]
    many = jnp.tile(data, (5_000, 1))
    estimate = contrastive_divergence(rbm, many, jax.random.key(1), steps=50)
    exact = jax.grad(lambda r: (-free_energy(r, data) - log_partition(r)).mean())(rbm)
    for ours, theirs in zip(estimate, exact, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=0.02)


def test_training_raises_the_exact_likelihood():
    x = states(6)[jnp.array([0, 7, 56, 63])].repeat(16, axis=0)
    start = start_rbm(x, 4, jax.random.key(0))
    trained, error = train_rbm(start, x, jax.random.key(1), epochs=400, rate=0.2)

    def likelihood(rbm):
        return float((-free_energy(rbm, x) - log_partition(rbm)).mean())

    assert likelihood(start) == pytest.approx(-6 * np.log(2), abs=0.05)
    assert likelihood(trained) > -2.5  # four pictures at best: -ln 4 = -1.39
    assert error.shape == (400,)
    assert float(error[-1]) == pytest.approx(float(((x - reconstruct([trained], x)) ** 2).mean()), abs=1e-6)


def test_a_key_decides_everything():
    x = states(4).repeat(4, axis=0)
    start = start_rbm(x, 3, jax.random.key(0))
    first, again, other = (train_rbm(start, x, jax.random.key(key), epochs=2)[0].weights for key in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_deep_net_feeds_each_machine_the_probabilities_below():
    x = states(5)
    low, high = train_dbn(x, (4, 3), jax.random.key(0), epochs=3, batch=8)
    up = hidden_probability(low, x)
    down = visible_probability(low, visible_probability(high, hidden_probability(high, up)))
    np.testing.assert_allclose(reconstruct([low, high], x), down, rtol=1e-5)
    pictures = sample_dbn([low, high], 6, jax.random.key(2), steps=20)
    assert pictures.shape == (6, 5)
    assert ((pictures > 0) & (pictures < 1)).all()


def test_samples_follow_the_data():
    x = states(6)[jnp.array([7, 56])].repeat(32, axis=0)  # left half or right half
    layers = train_dbn(x, (6, 4), jax.random.key(0), epochs=300, rate=0.2)
    pictures = np.asarray(sample_dbn(layers, 200, jax.random.key(1), steps=100)) > 0.5
    whole = (pictures == np.asarray(x[0] > 0)).all(1) | (pictures == np.asarray(x[-1] > 0)).all(1)
    assert whole.mean() > 0.7  # tossed coins would give 2 / 64


def test_what_no_machine_can_learn_is_refused():
    start = inspect.unwrap(start_rbm)
    with pytest.raises(ValueError, match=r"values in \[0, 1\]: scale the data"):
        start(jnp.array([[0.0, 1.5]]), 3, jax.random.key(0))
    with pytest.raises(ValueError, match="hidden must be a positive whole number, got 0"):
        start(jnp.ones((2, 2)), 0, jax.random.key(0))
    with pytest.raises(ValueError, match=r"2\*\*21 states; at most 2\*\*20.*free energies"):
        log_partition(machine(30, 21))
