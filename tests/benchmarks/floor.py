"""What this machine can do at best, measured: the floor under a step of a case.

``python floor.py`` prints JSON: the fastest matrix product (GFLOP/s), the memory's bandwidth (GB/s), for each case
the milliseconds of its matrix products alone, forward and backward, in the textbook's shapes and in those that the
course multiplies, and of its layers alone; and for D0's network the milliseconds a step of a bare compiled loop.
"""

import functools
import json
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import optax
from cases import CASES, Case, arrays, products, shapes
from flax import nnx
from side_course import OPTIMIZERS, network, order

from course_utils.models import convolution
from course_utils.models.convolution import Conv, max_pool

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


def block_products(case: Case) -> list[tuple[int, int, int]]:
    """The forward pass's products as the course forms them: a convolution's rows are patches of a block of outputs."""
    found = []
    for layer, before, after in shapes(case):
        if layer[0] == "conv":
            window = (layer[2], layer[2])
            block = convolution._block(after[:2], window, (1, 1), before[2], after[2])
            tall, wide = convolution._patch(block, window, (1, 1))
            blocks = np.prod([-(-size // side) for size, side in zip(after[:2], block, strict=True)])
            found.append((case.batch * int(blocks), tall * wide * before[2], block[0] * block[1] * after[2]))
        elif layer[0] == "dense":
            found.append((case.batch, before[0], after[0]))
    return found


def products_alone(forward_products: list[tuple[int, int, int]]) -> float:
    """Seconds of all matrix products of one update, forward and backward, and of nothing else."""
    total = 0.0
    for i, (rows, contracted, columns) in enumerate(forward_products):
        forward = (rows, contracted), (contracted, columns)
        weights = (contracted, rows), (rows, columns)
        inputs = (rows, columns), (columns, contracted)
        for left, right in [forward, weights] + ([inputs] if i else []):
            a, b = jnp.ones(left), jnp.ones(right)
            total += fastest(lambda a=a, b=b: product(a, b).block_until_ready())
    return total


class Pool(nnx.Module):
    def __call__(self, x: jax.Array) -> jax.Array:
        return max_pool(x)


def made(layer: tuple, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> nnx.Module:
    """The course's layer of this kind."""
    if layer[0] == "pool":
        return Pool()
    rngs = nnx.Rngs(0)
    if layer[0] == "conv":
        return Conv(inputs[2], outputs[2], (layer[2], layer[2]), padding="VALID", rngs=rngs)
    return nnx.Linear(inputs[0], outputs[0], rngs=rngs)


@functools.partial(jax.jit, static_argnums=(0, 1))
def gradients(
    graphdef: nnx.GraphDef, wanted: int | tuple, params: nnx.State, x: jax.Array, back: jax.Array
) -> tuple:
    def objective(params: nnx.State, x: jax.Array) -> jax.Array:
        return (nnx.relu(nnx.merge(graphdef, params)(x)) * back).sum()

    return jax.grad(objective, argnums=wanted)(params, x)


def layers_alone(case: Case) -> dict[str, float]:
    """Seconds of the layers of one update, each alone with ReLU and its gradients, summed by kind."""
    found: dict[str, float] = {}
    for number, (layer, inputs, outputs) in enumerate(shapes(case)):
        graphdef, params = nnx.split(made(layer, inputs, outputs))
        x, back = jnp.ones((case.batch, *inputs)), jnp.ones((case.batch, *outputs))

        wanted = (0, 1) if number else 0  # nobody asks for the gradient of the images
        run = functools.partial(gradients, graphdef, wanted, params, x, back)
        found[layer[0]] = found.get(layer[0], 0.0) + fastest(lambda run=run: jax.block_until_ready(run()))
    return found


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
                "products_ms": {case.name: products_alone(products(case)) * 1e3 for case in CASES},
                "block_products_ms": {
                    case.name: products_alone(block_products(case)) * 1e3 for case in CASES
                },
                "layers_ms": {
                    case.name: {kind: seconds * 1e3 for kind, seconds in layers_alone(case).items()}
                    for case in CASES
                },
                "bare_ms": {case.name: bare_loop(case) * 1e3 for case in CASES if case.network == "D0"},
            }
        )
    )
