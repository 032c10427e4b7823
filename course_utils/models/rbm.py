"""The restricted Boltzmann machine, and a deep belief network made of two: where D4 begins its history."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, Key

from course_utils.models.sizes import refuse_sizes

ENUMERABLE = 20
"""Units of the smaller layer up to which the partition function is summed exactly: a million states."""


class RBM(NamedTuple):
    """Binary visible units $v$ and hidden units $h$, joined across but not within their layers.

    $$p(v, h) = e^{-E(v, h)} / Z, \\qquad E(v, h) = -v^\\top W h - a^\\top v - b^\\top h$$

    Args:
        weights: $W$.
        visible: $a$, biases of the visible units.
        hidden: $b$, biases of the hidden units.

    Source: P. Smolensky, "Information Processing in Dynamical Systems", 1986 (as "harmonium").
    """

    weights: Float[Array, "visible hidden"]
    visible: Float[Array, " visible"]
    hidden: Float[Array, " hidden"]


def start_rbm(x: Float[Array, "rows visible"], hidden: int, key: Key[Array, ""]) -> RBM:
    """An untrained machine: weights near zero, each visible unit as often on as in the data.

    Args:
        x: data, zeros and ones; probabilities are allowed.
        hidden: hidden units.
        key: decides the weights.

    Raises:
        ValueError: values outside [0, 1], a size that is not a positive whole number.

    >>> start_rbm(jnp.ones((5, 4)), 3, jax.random.key(0)).weights.shape
    (4, 3)
    """
    refuse_sizes(hidden=hidden)
    if x.size == 0 or not bool((x >= 0).all() & (x <= 1).all()):
        raise ValueError(
            "a binary machine needs rows of values in [0, 1]: scale the data, or threshold it to 0 and 1."
        )
    mean = jnp.clip(x.mean(axis=0), 0.01, 0.99)
    weights = 0.01 * jax.random.normal(key, (x.shape[1], hidden))
    return RBM(weights, jnp.log(mean / (1 - mean)), jnp.zeros(hidden))


def hidden_probability(rbm: RBM, v: Float[Array, "*rows visible"]) -> Float[Array, "*rows hidden"]:
    """How likely each hidden unit is on: $p(h_j = 1 \\mid v) = \\sigma(b_j + (v^\\top W)_j)$."""
    return jax.nn.sigmoid(rbm.hidden + v @ rbm.weights)


def visible_probability(rbm: RBM, h: Float[Array, "*rows hidden"]) -> Float[Array, "*rows visible"]:
    """How likely each visible unit is on: $p(v_i = 1 \\mid h) = \\sigma(a_i + (W h)_i)$."""
    return jax.nn.sigmoid(rbm.visible + h @ rbm.weights.T)


def free_energy(rbm: RBM, v: Float[Array, "*rows visible"]) -> Float[Array, "*rows"]:
    """The energy with the hidden units summed out, in nats: $p(v) = e^{-F(v)} / Z$.

    $$F(v) = -a^\\top v - \\sum_j \\ln\\left(1 + e^{b_j + (v^\\top W)_j}\\right)$$

    >>> rbm = RBM(jnp.zeros((2, 3)), jnp.array([1.0, -1.0]), jnp.zeros(3))
    >>> float(free_energy(rbm, jnp.array([1.0, 0.0])) + 1 + 3 * jnp.log(2.0))
    0.0
    """
    return -v @ rbm.visible - jax.nn.softplus(rbm.hidden + v @ rbm.weights).sum(axis=-1)


def log_partition(rbm: RBM) -> Float[Array, ""]:
    """The exact $\\ln Z$, by summing over every state of the smaller layer; the larger one sums by formula.

    Args:
        rbm: at most 20 units in its smaller layer: time and memory double with each.

    Returns:
        $\\ln Z$ in nats.

    Raises:
        ValueError: both layers are larger.

    >>> float(log_partition(RBM(jnp.zeros((2, 3)), jnp.zeros(2), jnp.zeros(3))) / jnp.log(2.0))
    5.0
    """
    if rbm.hidden.size < rbm.visible.size:
        rbm = RBM(rbm.weights.T, rbm.hidden, rbm.visible)  # the energy does not mind which layer is which
    units = rbm.visible.size
    if units > ENUMERABLE:
        raise ValueError(
            f"ln Z is summed over 2**{units} states; at most 2**{ENUMERABLE} are allowed: "
            "take fewer hidden units, or compare free energies, in which ln Z cancels."
        )
    states = (jnp.arange(2**units)[:, None] >> jnp.arange(units)) & 1
    return jax.nn.logsumexp(-free_energy(rbm, states.astype(rbm.weights.dtype)))


def gibbs(
    rbm: RBM, v: Float[Array, "rows visible"], key: Key[Array, ""], steps: int = 1
) -> Float[Array, "rows visible"]:
    """Let the machine dream: draw hidden from visible and visible from hidden, `steps` times.

    Args:
        rbm: the machine.
        v: where the chains start.
        key: decides the draws.
        steps: full steps, there and back.

    Returns:
        Zeros and ones, one row per chain.

    >>> gibbs(RBM(jnp.zeros((2, 3)), jnp.full(2, 50.0), jnp.zeros(3)), jnp.zeros((1, 2)), jax.random.key(0)).tolist()
    [[1.0, 1.0]]
    """

    def step(v: Array, key: Array) -> tuple[Array, None]:
        down, up = jax.random.split(key)
        h = jax.random.bernoulli(up, hidden_probability(rbm, v)).astype(v.dtype)
        return jax.random.bernoulli(down, visible_probability(rbm, h)).astype(v.dtype), None

    return jax.lax.scan(step, v, jax.random.split(key, steps))[0]


def contrastive_divergence(
    rbm: RBM, v: Float[Array, "rows visible"], key: Key[Array, ""], steps: int = 1
) -> RBM:
    """Estimate the gradient of the mean log-likelihood: data minus dream.

    $$\\frac{\\partial \\ln p(v)}{\\partial \\theta} = -\\frac{\\partial F(v)}{\\partial \\theta}
    + \\mathbb{E}_{v' \\sim p} \\frac{\\partial F(v')}{\\partial \\theta} \\approx
    -\\frac{\\partial F(v)}{\\partial \\theta} + \\frac{\\partial F(\\tilde v)}{\\partial \\theta}$$
    where $\\tilde v$ is `steps` steps of Gibbs sampling away from the data instead of infinitely many. The
    estimate is biased; it points uphill on average where the machine is easy to leave.

    Args:
        rbm: the machine.
        v: a batch of data.
        key: decides the draws.
        steps: of Gibbs sampling.

    Returns:
        The estimate, in the form of the machine.

    Source: G. Hinton, "Training Products of Experts by Minimizing Contrastive Divergence", 2002.
    """
    dream = jax.lax.stop_gradient(gibbs(rbm, v, key, steps))
    return jax.grad(lambda rbm: free_energy(rbm, dream).mean() - free_energy(rbm, v).mean())(rbm)


@partial(jax.jit, static_argnames=("epochs", "batch", "steps"))
def train_rbm(
    rbm: RBM,
    x: Float[Array, "rows visible"],
    key: Key[Array, ""],
    *,
    epochs: int,
    batch: int = 32,
    rate: float | Float[Array, ""] = 0.05,
    steps: int = 1,
) -> tuple[RBM, Float[Array, " epochs"]]:
    """Climb by contrastive divergence, the whole run in one compiled program.

    Args:
        rbm: where to start.
        x: data; probabilities are drawn to zeros and ones anew in each pass.
        key: decides order and draws.
        epochs: passes over the data; rows beyond the last full batch wait for the next pass.
        batch: rows per update, at most `x.shape[0]`.
        rate: step length.
        steps: of Gibbs sampling per update.

    Returns:
        The trained machine, and after each pass the mean squared error of reconstruction: $v$ against
        $p(v \\mid p(h \\mid v))$.

    >>> x = jnp.tile(jnp.array([[1.0, 0.0], [0.0, 1.0]]), (20, 1))
    >>> start = start_rbm(x, 2, jax.random.key(0))
    >>> rbm, error = train_rbm(start, x, jax.random.key(1), epochs=500, rate=0.5)
    >>> bool(error[-1] < 0.1 * error[0])
    True
    """
    batches = x.shape[0] // batch

    def update(rbm: RBM, drawn: tuple[Array, Array]) -> tuple[RBM, None]:
        rows, key = drawn
        to_binary, key = jax.random.split(key)
        v = jax.random.bernoulli(to_binary, x[rows]).astype(x.dtype)
        ascent = contrastive_divergence(rbm, v, key, steps)
        return jax.tree.map(lambda p, g: p + rate * g, rbm, ascent), None

    def epoch(rbm: RBM, key: Array) -> tuple[RBM, Array]:
        order, key = jax.random.split(key)
        rows = jax.random.permutation(order, x.shape[0])[: batches * batch].reshape(batches, batch)
        rbm, _ = jax.lax.scan(update, rbm, (rows, jax.random.split(key, batches)))
        return rbm, ((x - reconstruct([rbm], x)) ** 2).mean()

    return jax.lax.scan(epoch, rbm, jax.random.split(key, epochs))


def reconstruct(layers: list[RBM], v: Float[Array, "rows visible"]) -> Float[Array, "rows visible"]:
    """Carry rows up through the machines and down again, as probabilities.

    Args:
        layers: machines, the lowest first; one is an RBM, several a deep belief network.
        v: rows.

    >>> reconstruct([RBM(jnp.zeros((2, 3)), jnp.zeros(2), jnp.zeros(3))], jnp.ones((1, 2))).tolist()
    [[0.5, 0.5]]
    """
    for rbm in layers:
        v = hidden_probability(rbm, v)
    for rbm in reversed(layers):
        v = visible_probability(rbm, v)
    return v


def train_dbn(
    x: Float[Array, "rows visible"], hidden: tuple[int, ...], key: Key[Array, ""], **training: float
) -> list[RBM]:
    """Train a deep belief network greedily: each machine on the hidden probabilities of the one below.

    Args:
        x: data in [0, 1].
        hidden: hidden units of each machine, the lowest first.
        key: decides weights, order and draws.
        **training: for `train_rbm`: epochs, batch, rate, steps.

    Returns:
        The machines, the lowest first. The top one is a memory without direction; those below are used
        downwards, from cause to picture.

    >>> [rbm.weights.shape for rbm in train_dbn(jnp.ones((32, 4)), (3, 2), jax.random.key(0), epochs=1)]
    [(4, 3), (3, 2)]

    Source: G. Hinton, S. Osindero, Y. Teh, "A Fast Learning Algorithm for Deep Belief Nets", 2006.
    """
    layers = []
    for units in hidden:
        first, then, key = jax.random.split(key, 3)
        rbm, _ = train_rbm(start_rbm(x, units, first), x, then, **training)
        layers.append(rbm)
        x = hidden_probability(rbm, x)
    return layers


def sample_dbn(
    layers: list[RBM], count: int, key: Key[Array, ""], steps: int = 1000
) -> Float[Array, "count visible"]:
    """Draw pictures: Gibbs steps in the top machine, then one way down.

    Args:
        layers: machines, the lowest first.
        count: pictures.
        key: decides the draws.
        steps: of Gibbs sampling in the top machine, from coin tosses.

    Returns:
        For each picture the probability of each visible unit.

    >>> layers = train_dbn(jnp.ones((32, 4)), (3, 2), jax.random.key(0), epochs=1)
    >>> sample_dbn(layers, 5, jax.random.key(1)).shape
    (5, 4)
    """
    begin, dream, *down = jax.random.split(key, 1 + len(layers))
    top = layers[-1]
    v = jax.random.bernoulli(begin, 0.5, (count, top.visible.size)).astype(top.weights.dtype)
    p = reconstruct([top], gibbs(top, v, dream, steps))
    for rbm, draw in zip(reversed(layers[:-1]), down, strict=True):
        p = visible_probability(rbm, jax.random.bernoulli(draw, p).astype(p.dtype))
    return p
