"""Record for chapter 13: every family on every task, five seeds.

``python tests/benchmarks/architectures.py`` trains 125 networks of about 5,000 weights (about five minutes)
and writes ``course_utils/data/architectures.csv``: task, family, seed, weights, test accuracy. The recipe is the
chapter's: Adam, first rate 0.003, falling to zero along a cosine; 600 updates of 32 rows; nothing tuned per network.
"""

import csv
from pathlib import Path

import jax
import numpy as np
import optax
from flax import nnx

from course_utils.data.tasks import TASKS
from course_utils.evaluation import infer
from course_utils.models.families import FAMILIES, weights, width_for
from course_utils.train import fit

BUDGET, UPDATES, BATCH, RATE, SEEDS = 5000, 600, 32, 3e-3, 5
OUT = Path(__file__).parents[2] / "course_utils" / "data" / "architectures.csv"


def measured(task: str, family: str, seed: int) -> tuple[int, float]:
    """Weights and test accuracy of one network."""
    made = TASKS[task](np.random.default_rng(seed))
    model = FAMILIES[family](made.form, width_for(family, made.form, BUDGET), rngs=nnx.Rngs(seed))
    train, test = made.data.train, made.data.test
    epochs = round(UPDATES * BATCH / len(train))
    rate = optax.cosine_decay_schedule(RATE, epochs * (len(train) // BATCH))
    fit(
        model,
        train,
        loss=optax.softmax_cross_entropy_with_integer_labels,
        optimizer=optax.adam(rate),
        epochs=epochs,
        batch_size=BATCH,
        key=jax.random.key(seed),
    )
    return weights(model), float((infer(model, test.x).argmax(axis=1) == test.y).mean())


def main() -> None:
    """Train all, and write the record."""
    rows = [
        (task, family, seed, *measured(task, family, seed))
        for task in TASKS
        for family in FAMILIES
        for seed in range(SEEDS)
    ]
    with OUT.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("task", "family", "seed", "weights", "accuracy"))
        writer.writerows((*row[:-1], f"{row[-1]:.4f}") for row in rows)


if __name__ == "__main__":
    main()
