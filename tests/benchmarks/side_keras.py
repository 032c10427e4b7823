"""Keras on TensorFlow: `model.fit` with its defaults, as D0 and D4 have it, and the same on rows laid out in advance.

By default Keras draws an order of its own for each epoch. Only rows that lie in the order of all batches, one epoch
after the other, make it train on the batches of the other sides. Nobody calls it so, and it takes another time than
the usual call: both are in the record.
"""

import keras
import numpy as np
import tensorflow
from cases import LAYERS, Case


def network(case: Case) -> keras.Sequential:
    model = keras.Sequential([keras.Input(case.inputs)])
    flat = len(case.inputs) == 1
    for i, layer in enumerate(LAYERS[case.network]):
        if layer[0] == "conv":
            model.add(keras.layers.Conv2D(layer[1], layer[2], activation="relu"))
        elif layer[0] == "pool":
            model.add(keras.layers.MaxPooling2D(2))
        else:
            if not flat:
                model.add(keras.layers.Flatten())
                flat = True
            last = i == len(LAYERS[case.network]) - 1
            model.add(keras.layers.Dense(layer[1], activation=None if last else "relu"))
    if case.optimizer == "adam":
        # Keras adds epsilon before it corrects the second moment: this is the others' 1e-8 at the first update.
        optimizer = keras.optimizers.Adam(1e-3, epsilon=1e-8 * (1 - 0.999) ** 0.5)
    else:
        optimizer = keras.optimizers.SGD(1e-3, momentum=0.9)
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


class Side:
    def __init__(self, case: Case, arrays: dict[str, np.ndarray], laid_out: bool = False) -> None:
        self.case, self.x, self.y = case, arrays["x"], arrays["y"]
        self.settings = {}
        if laid_out:
            rows = arrays["order"].ravel()
            self.x, self.y = self.x[rows], self.y[rows]
            self.settings = {"steps_per_epoch": case.steps, "shuffle": False}
        self.kernels = [
            arrays[f"kernel{i}"] for i in range(sum(name.startswith("kernel") for name in arrays))
        ]
        self.model = network(case)

    def reset(self) -> None:
        self.model.set_weights(
            [part for kernel in self.kernels for part in (kernel, np.zeros(kernel.shape[-1], np.float32))]
        )
        for variable in self.model.optimizer.variables:
            if variable is not self.model.optimizer._learning_rate:
                variable.assign(np.zeros(variable.shape, variable.dtype))

    def run(self) -> list[float]:
        history = self.model.fit(
            self.x,
            self.y,
            batch_size=self.case.batch,
            epochs=self.case.epochs,
            verbose=0,
            **self.settings,
        )
        return [float(value) for value in history.history["loss"]]


def versions() -> dict[str, str]:
    return {"keras": keras.__version__, "tensorflow": tensorflow.__version__, "numpy": np.__version__}
