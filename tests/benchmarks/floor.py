"""What this machine can do at best, measured: the floor under a step of a case.

``python floor.py`` prints JSON: the fastest matrix product (GFLOP/s), the memory's bandwidth (GB/s), for each case
the milliseconds of its matrix products alone, forward and backward, each in the textbook's shape, and for each
network without convolutions the milliseconds a step of a bare compiled loop.
"""

import json
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import optax
from cases import CASES, Case, arrays, products
from flax import nnx
from side_course import OPTIMIZERS, network, order

REPEATS = 15


def fastest(run: Callable[[], object]) -> float:
    """Seconds of the fastest of several runs, after one that is not counted."""
    run()
    seconds = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - begin)
    return min(seconds)


@jax.jit
def product(a: jax.Array, b: jax.Array) -> jax.Array:
    return a @ b


def matrix_peak(size: int = 1536) -> float:
    """GFLOP/s of a square product, large enough to fill the caches and not to wait for memory."""
    a = jnp.ones((size, size))
    return 2 * size**3 / fastest(lambda: product(a, a).block_until_ready()) / 1e9


def bandwidth(megabytes: int = 256) -> float:
    """GB/s of a copy, which reads each byte once and writes it once."""
    source = np.ones(megabytes * 250_000, np.float32)
    target = np.empty_like(source)
    return 2 * source.nbytes / fastest(lambda: np.copyto(target, source)) / 1e9


def products_alone(case: Case) -> float:
    """Seconds of all matrix products of one update in their own shapes, and of nothing else."""
    total = 0.0
    for i, (rows, contracted, columns) in enumerate(products(case)):
        forward = (rows, contracted), (contracted, columns)
        weights = (contracted, rows), (rows, columns)
        inputs = (rows, columns), (columns, contracted)
        for left, right in [forward, weights] + ([inputs] if i else []):
            a, b = jnp.ones(left), jnp.ones(right)
            total += fastest(lambda a=a, b=b: product(a, b).block_until_ready())
    return total


def bare_loop(case: Case) -> float:
    """Seconds a step of the case's updates in one call of one compiled scan, with nothing checked or shuffled."""
    graphdef, params = nnx.split(network(case))
    optimizer = OPTIMIZERS[case.optimizer]()
    made = arrays(case)
    x, y = jnp.asarray(made["x"]), jnp.asarray(made["y"])
    rows = jnp.asarray(order(case).reshape(case.updates, case.batch))

    def objective(params: nnx.State, x: jax.Array, y: jax.Array) -> jax.Array:
        outputs = nnx.merge(graphdef, params)(x)
        return optax.softmax_cross_entropy_with_integer_labels(outputs, y).mean()

    def step(state: tuple, batch: jax.Array) -> tuple:
        value, gradient = jax.value_and_grad(objective)(state[0], x[batch], y[batch])
        updates, moments = optimizer.update(gradient, state[1], state[0])
        return (optax.apply_updates(state[0], updates), moments), value

    run = jax.jit(lambda state: jax.lax.scan(step, state, rows))
    state = (params, optimizer.init(params))
    return fastest(lambda: jax.block_until_ready(run(state))) / case.updates


if __name__ == "__main__":
    print(
        json.dumps(
            {
                "gflops": matrix_peak(),
                "gbytes": bandwidth(),
                "products_ms": {case.name: products_alone(case) * 1e3 for case in CASES},
                "bare_ms": {case.name: bare_loop(case) * 1e3 for case in CASES if case.network == "D0"},
            }
        )
    )
