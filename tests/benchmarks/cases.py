"""What is timed: networks of the documents, with data, first weights and batches that every side shares.

NumPy alone, since the peers' environments have nothing else in common.
"""

from dataclasses import dataclass

import numpy as np

LAYERS = {
    "D0": (("dense", 50), ("dense", 50), ("dense", 2)),
    "LeNet": (
        ("conv", 6, 5),
        ("pool",),
        ("conv", 16, 5),
        ("pool",),
        ("dense", 120),
        ("dense", 84),
        ("dense", 10),
    ),
    "D4": (("conv", 32, 3), ("pool",), ("dense", 64), ("dense", 10)),
}
"""ReLU follows each convolution and each dense layer but the last; convolutions pad nothing, pools are 2 × 2."""


@dataclass(frozen=True)
class Case:
    """One row of the table."""

    name: str
    network: str  # a key of LAYERS
    inputs: tuple[int, ...]  # shape of one example
    classes: int
    batch: int
    steps: int  # per epoch
    epochs: int
    optimizer: str  # as the document's listing has it: "adam" (0.001) or "momentum" (0.001, 0.9)

    @property
    def updates(self) -> int:
        return self.steps * self.epochs


CASES = (
    Case("D0, batch 32", "D0", (10,), 2, 32, 25, 10, "adam"),
    Case("LeNet (D2), batch 4", "LeNet", (32, 32, 3), 10, 4, 200, 2, "momentum"),
    Case("LeNet (D2), batch 64", "LeNet", (32, 32, 3), 10, 64, 25, 2, "momentum"),
    Case("LeNet (D2), batch 256", "LeNet", (32, 32, 3), 10, 256, 10, 2, "momentum"),
    Case("D4, batch 64", "D4", (28, 28, 1), 10, 64, 25, 2, "adam"),
)


def shapes(case: Case) -> list[tuple[tuple, tuple[int, ...], tuple[int, ...]]]:
    """Each layer with the shapes of its input and output for one example."""
    found, shape = [], case.inputs
    for layer in LAYERS[case.network]:
        before = shape
        if layer[0] == "conv":
            shape = (shape[0] - layer[2] + 1, shape[1] - layer[2] + 1, layer[1])
        elif layer[0] == "pool":
            shape = (shape[0] // 2, shape[1] // 2, shape[2])
        else:
            before, shape = (int(np.prod(shape)),), (layer[1],)
        found.append((layer, before, shape))
    return found


def kernels(case: Case) -> list[tuple[int, ...]]:
    """Shapes of the weights, in the layout of JAX and Keras: [rows, columns, in, out] and [in, out]."""
    return [
        (layer[2], layer[2], before[2], after[2]) if layer[0] == "conv" else (before[0], after[0])
        for layer, before, after in shapes(case)
        if layer[0] != "pool"
    ]


def parameter_count(case: Case) -> int:
    return sum(int(np.prod(kernel)) + kernel[-1] for kernel in kernels(case))


def products(case: Case) -> list[tuple[int, int, int]]:
    """The matrix products of one forward pass as (rows, contracted, columns); a convolution is one of patches."""
    found = []
    for layer, before, after in shapes(case):
        if layer[0] == "conv":
            found.append((case.batch * after[0] * after[1], layer[2] ** 2 * before[2], after[2]))
        elif layer[0] == "dense":
            found.append((case.batch, before[0], after[0]))
    return found


def operations(case: Case) -> int:
    """Floating-point operations of one update: forward, gradient of weights, gradient of inputs but the first."""
    each = [2 * rows * contracted * columns for rows, contracted, columns in products(case)]
    return 3 * sum(each) - each[0]


def least_bytes(case: Case) -> int:
    """Bytes one update moves if each layer and the optimizer read and write each array once, in float32.

    Forward: input and weights in, output out. Backward: the output's gradient, input and weights in, the
    gradients of both out. Optimizer: Adam reads 4 arrays and writes 3, momentum reads 3 and writes 2.
    """
    numbers = 0
    for _, before, after in shapes(case):
        numbers += case.batch * (3 * int(np.prod(before)) + 2 * int(np.prod(after)))
    return 4 * (numbers + parameter_count(case) * (3 + (7 if case.optimizer == "adam" else 5)))


def arrays(case: Case, seed: int = 0) -> dict[str, np.ndarray]:
    """Generated rows, labels and first weights of a case; the values do not change the time of a step."""
    rng = np.random.default_rng(seed)
    rows = case.batch * case.steps
    found = {
        "x": rng.random((rows, *case.inputs), np.float32),
        "y": rng.integers(0, case.classes, rows).astype(np.int32),
    }
    for i, shape in enumerate(kernels(case)):
        found[f"kernel{i}"] = (rng.standard_normal(shape) * np.sqrt(2 / np.prod(shape[:-1]))).astype(
            np.float32
        )
    return found
