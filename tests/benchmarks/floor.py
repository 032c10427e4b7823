"""What this machine can do at best, measured: the floor under a step of a case.

``python floor.py`` prints JSON: the fastest matrix product (GFLOP/s), the memory's bandwidth (GB/s), and for each
case the milliseconds of its own matrix products alone, forward and backward, each in its own shape.
"""

import json
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from cases import CASES, Case, products

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


if __name__ == "__main__":
    print(
        json.dumps(
            {
                "gflops": matrix_peak(),
                "gbytes": bandwidth(),
                "products_ms": {case.name: products_alone(case) * 1e3 for case in CASES},
            }
        )
    )
