"""A run on disk: what a checkpoint of `fit` holds, when it is written, how a run is taken up again."""

import time
import zlib
from typing import Any

import jax
import numpy as np
from jax.tree_util import PyTreeDef
from jaxtyping import PRNGKeyArray

from course_utils.checkpoint import Checkpoints, from_named_arrays, named_arrays
from course_utils.data.dataset import Split, row_blocks
from course_utils.train.run import Record


class Saved:
    """The checkpoints of one run; without a folder, nothing happens.

    Each holds the state (weights, BatchNorm and streams, optimizer), the weights to go back to, the record
    with the position in the epoch, and what identifies the run. The order of the rows follows from key and
    epoch.
    """

    def __init__(
        self,
        checkpoints: Checkpoints | None,
        forms: tuple[PyTreeDef, PyTreeDef],
        splits: tuple[Split, Split | None],
        batch: int,
        key: PRNGKeyArray,
        names: tuple[str, ...],
        best: bool,
    ) -> None:
        """Note what identifies the run.

        Args:
            checkpoints: the folder.
            forms: of the trees of the state and of the kept weights, whose leaves come and go.
            splits: training rows and validation rows.
            batch: rows per update.
            key: of the order of the rows.
            names: of the record's measures.
            best: whether the best epoch's weights are kept; else the newest ones.
        """
        self.checkpoints, self.forms = checkpoints, forms
        self.saved_steps = -1
        self.last_time = time.monotonic()
        if checkpoints:
            self.identity = {
                "batch_size": np.array(batch),
                "key": np.asarray(jax.random.key_data(key)),
                "rows": np.array(len(splits[0])),
                "list of measures": np.array(", ".join(names)),
                "use of patience": np.array(best),
            }
            for name, split in zip(("training", "validation"), splits, strict=True):
                if split is not None:
                    checksums = [_checksum(split.x), _checksum(split.y)]
                    self.identity[f"checksum of the {name} rows"] = np.array(checksums)

    def resume(self, leaves: list, kept: list, record: Record) -> tuple[list, list]:
        """State and kept weights of the newest checkpoint, and its record; as given if there is none.

        Raises:
            ValueError: the folder holds checkpoints of another run.
        """
        found = self.checkpoints.newest() if self.checkpoints else None
        if found is None:
            return leaves, kept
        self.saved_steps, arrays = found
        for name, value in self.identity.items():
            before = arrays.get("identity", {}).get(name)
            if before is None or not np.array_equal(before, value):
                raise ValueError(
                    f"the folder holds checkpoints of another run: its {name} was "
                    f"{None if before is None else before.tolist()}, now it is {value.tolist()}. "
                    "Give another folder, or the same arguments to go on."
                )
        record.restore(arrays["record"])
        state, weights = (_parts(form, part) for form, part in zip(self.forms, (leaves, kept), strict=True))
        state = from_named_arrays(state, arrays["state"])
        weights = from_named_arrays(weights, arrays["kept"])
        return jax.tree.leaves(tuple(state.values())), jax.tree.leaves(tuple(weights.values()))

    def due(self) -> bool:
        """Whether it is time for the next checkpoint."""
        return self.checkpoints is not None and time.monotonic() - self.last_time >= self.checkpoints.seconds

    def save(self, leaves: list, kept: list, record: Record) -> None:
        """Write a checkpoint, unless this very step is on disk already."""
        if self.checkpoints is None or record.total == self.saved_steps:
            return
        state, weights = (_parts(form, part) for form, part in zip(self.forms, (leaves, kept), strict=True))
        groups = {"state": named_arrays(state), "kept": named_arrays(weights)}
        self.checkpoints.save(record.total, {**groups, "record": record.arrays(), "identity": self.identity})
        self.saved_steps, self.last_time = record.total, time.monotonic()


def _parts(form: PyTreeDef, leaves: list) -> dict[str, Any]:
    """The parts of a state by name, in its order; kept weights have no optimizer."""
    return dict(zip(("0 weights", "1 variables", "2 optimizer"), form.unflatten(leaves), strict=False))


def _checksum(array: np.ndarray) -> int:
    checksum = 0
    for block in row_blocks(array):
        checksum = zlib.crc32(block.tobytes(), checksum)
    return checksum
