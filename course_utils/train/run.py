"""What a training run did, and the record that it keeps while it goes on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from course_utils.train.steps import Best


@dataclass(frozen=True, eq=False)
class Run:
    """What a training run did.

    Attributes:
        step_loss: mean loss of each batch, before its update, ``[steps]``.
        history: means over each whole epoch, ``[epochs]`` each: ``loss`` (over the batches as they came) and,
            with validation rows, ``val_loss`` and ``val_<metric>`` after the epoch's last update.
        best_epoch: epoch (from 1) with the lowest validation loss; the last one without validation rows.
        stopped: ``"all epochs"``, ``"early"`` or ``"interrupted"``.
        seconds: wall-clock time of this call of ``fit``, compilation included.
        compilations: of the training program by this call; 0 when an earlier run left it behind.
    """

    step_loss: Float[np.ndarray, " steps"]
    history: Mapping[str, Float[np.ndarray, " epochs"]]
    best_epoch: int
    stopped: str
    seconds: float
    compilations: int

    def __repr__(self) -> str:
        """One line without machine-dependent figures."""
        return (
            f"Run({len(self.step_loss)} steps, {len(self.history['loss'])} epochs, stopped: {self.stopped})"
        )


class Record:
    """The growing record of a run: where it stands, its losses, its best epoch."""

    def __init__(self, names: tuple[str, ...]) -> None:
        """An empty record whose epochs will be rows of ``names``: ``loss``, then the validation measures."""
        self.names = names
        self.epoch_losses: list[np.ndarray] = []  # of the epoch under way, one array per call of the program
        self.whole_losses: list[np.ndarray] = []  # of the whole epochs
        self.rows: list[np.ndarray] = []
        self.best_epoch = 0
        self.total = 0  # steps taken in all

    @property
    def epochs(self) -> int:
        """Whole epochs so far."""
        return len(self.rows)

    @property
    def steps(self) -> int:
        """Steps taken in the epoch under way."""
        return sum(map(len, self.epoch_losses))

    @property
    def losses(self) -> Float[np.ndarray, " steps"]:
        """Of all steps so far."""
        return np.concatenate([np.zeros(0, np.float32), *self.whole_losses, *self.epoch_losses])

    def add_steps(self, losses: Float[np.ndarray, " steps"]) -> None:
        """Note the losses of some steps of one epoch."""
        self.epoch_losses.append(losses)
        self.total += len(losses)

    def end_epoch(self, measured: Mapping[str, Any]) -> None:
        """Close the epoch under way; the program decides alike whether it is the best so far."""
        losses = np.concatenate(self.epoch_losses)
        values = [measured[name.removeprefix("val_")] for name in self.names[1:]]
        self.rows.append(np.array([losses.mean(), *values], np.float32))
        self.whole_losses.append(losses)
        self.epoch_losses = []
        if not values or self.best_epoch == 0 or self.rows[-1][1] < self.rows[self.best_epoch - 1][1]:
            self.best_epoch = self.epochs

    def best(self, patience: int | None) -> Best:
        """What the program needs to know at the end of an epoch."""
        loss = self.rows[self.best_epoch - 1][1] if patience and self.best_epoch else np.float32(np.inf)
        since = np.int32(self.epochs - self.best_epoch)
        return Best(np.bool_(patience is not None), loss, since, np.int32(patience or 2**31 - 1))

    def latest(self) -> dict[str, float]:
        """The newest epoch's entries."""
        return dict(zip(self.names, map(float, self.rows[-1]), strict=True))

    def stop(self, epochs: int, patience: int | None) -> str | None:
        """Why the run is over, or ``None`` while it is not."""
        if patience is not None and self.epochs - self.best_epoch >= patience:
            return "early"
        return "all epochs" if self.epochs >= epochs else None

    def arrays(self) -> dict[str, np.ndarray]:
        """The record as arrays, for a checkpoint."""
        return {
            "losses": self.losses,
            "rows": self._table(),
            "position": np.array([self.total - self.steps, self.best_epoch]),
        }

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take up the record that a checkpoint holds."""
        whole, self.best_epoch = map(int, arrays["position"])
        before, under_way = np.split(arrays["losses"], [whole])
        self.whole_losses, self.epoch_losses = [before], [under_way] if len(under_way) else []
        self.rows, self.total = list(arrays["rows"]), len(arrays["losses"])

    def run(self, stopped: str, seconds: float, compilations: int) -> Run:
        """The finished record."""
        history = dict(zip(self.names, self._table().T, strict=True))
        return Run(self.losses, history, self.best_epoch, stopped, seconds, compilations)

    def _table(self) -> Float[np.ndarray, "epochs names"]:
        return np.array(self.rows, np.float32).reshape(self.epochs, len(self.names))
