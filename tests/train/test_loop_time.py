"""The time of a compiled loop grows with its length, not with its square (jax 0.11.1 on a CPU: jax issue 40101)."""

import time

import jax
import jax.numpy as jnp


def seconds(steps: int) -> float:
    """Best of five runs of a scan that stacks one row a step."""
    rows = jnp.ones((steps, 64))
    run = jax.jit(lambda rows: jax.lax.scan(lambda total, row: (total + row, total), jnp.zeros(64), rows))
    jax.block_until_ready(run(rows))
    laps = []
    for _ in range(5):
        begin = time.perf_counter()
        jax.block_until_ready(run(rows))
        laps.append(time.perf_counter() - begin)
    return min(laps)


def test_a_loop_sixteen_times_as_long_does_not_take_the_square() -> None:
    # Linear: 16 times; quadratic: 256 times. The bound leaves room for a busy machine and for caches.
    assert seconds(64_000) / seconds(4_000) < 80
