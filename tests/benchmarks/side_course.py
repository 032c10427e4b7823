"""This course: `course_utils.train.fit`, called as a reader calls it."""

import importlib.metadata

import jax
import jax.numpy as jnp
import numpy as np
import optax
from cases import LAYERS, Case
from flax import nnx

from course_utils.data import Split
from course_utils.models import MLP
from course_utils.models.cnn import DigitNet, LeNet
from course_utils.train import Run, fit

KEY = 0
OPTIMIZERS = {"adam": lambda: optax.adam(1e-3), "momentum": lambda: optax.sgd(1e-3, momentum=0.9)}


def order(case: Case) -> np.ndarray:
    """The rows of each batch as `fit` will draw them, [epochs, steps, batch], for the peers.

    Should `fit` draw otherwise one day, the losses disagree and the benchmark stops.
    """
    rows = case.batch * case.steps
    epochs = [
        jax.random.permutation(jax.random.fold_in(jax.random.key(KEY), epoch), rows)
        for epoch in range(1, case.epochs + 1)
    ]
    return np.stack(epochs).reshape(case.epochs, case.steps, case.batch)


def network(case: Case) -> nnx.Module:
    rngs = nnx.Rngs(0)
    if case.network == "D0":
        return MLP((case.inputs[0], *(layer[1] for layer in LAYERS["D0"])), rngs=rngs)
    return LeNet(rngs=rngs) if case.network == "LeNet" else DigitNet(rngs=rngs)


class Side:
    def __init__(self, case: Case, arrays: dict[str, np.ndarray]) -> None:
        self.case, self.arrays = case, arrays
        self.model = network(case)
        self.rows = Split(arrays["x"], arrays["y"])
        self.optimizer = OPTIMIZERS[case.optimizer]()  # has no state of its own
        self.key = jax.random.key(KEY)

    def reset(self) -> None:
        """Kernels find their place by their shape, which no two of a network share; biases become 0."""
        kernels = {value.shape: value for name, value in self.arrays.items() if name.startswith("kernel")}
        state = nnx.state(self.model, nnx.Param)
        first = jax.tree.map(lambda old: jnp.asarray(kernels.get(old.shape, np.zeros_like(old))), state)
        nnx.update(self.model, first)

    def run(self) -> Run:
        return fit(
            self.model,
            self.rows,
            loss=optax.softmax_cross_entropy_with_integer_labels,
            optimizer=self.optimizer,
            epochs=self.case.epochs,
            batch_size=self.case.batch,
            key=self.key,
        )


def versions() -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in ("jax", "jaxlib", "flax", "optax", "numpy")}
