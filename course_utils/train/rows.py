"""Which rows each call of the program gets, and how they reach the device."""

import functools

import jax
import numpy as np
from jax import Array
from jaxtyping import Int, PRNGKeyArray

from course_utils.data.dataset import Split
from course_utils.train.devices import Devices

BYTES_ON_DEVICE = 2**31
"""Training rows up to this size stay on the device; larger ones come call by call, memmaps too."""


class Rows:
    """The training rows, handed out ``chunk`` batches a call, each epoch in a new order."""

    def __init__(self, split: Split, batch: int, chunk: int, devices: Devices) -> None:
        """Place the rows where they fit."""
        self.split, self.batch, self.devices = split, batch, devices
        self.steps = len(split) // batch
        self.most = min(chunk, self.steps)
        self.on_device = split.x.nbytes + split.y.nbytes <= BYTES_ON_DEVICE
        self.placed = devices.everywhere((split.x, split.y)) if self.on_device else None
        self.epoch, self.order = 0, np.zeros((0, batch), np.int32)

    def next(self, key: PRNGKeyArray, epoch: int, step: int) -> tuple[tuple, int, bool]:
        """The arguments of the program from a step of an epoch on.

        Returns:
            ``(rows, order, count)`` for the program, the number of steps, and whether they end the epoch.
        """
        if epoch != self.epoch:
            order = np.asarray(_order(key, epoch, len(self.split)))
            self.epoch, self.order = epoch, order[: self.steps * self.batch].reshape(self.steps, self.batch)
        part = self.order[step : step + self.most]
        count = len(part)
        # Every call has one shape; the program stops after ``count`` steps.
        order = np.zeros((self.most, self.batch), np.int32)
        order[:count] = part
        rows = self.placed
        if rows is None:
            rows = self.devices.everywhere((self.split.x[order.ravel()], self.split.y[order.ravel()]))
            order = np.arange(order.size, dtype=np.int32).reshape(order.shape)
        return (rows, self.devices.shared(order), np.int32(count)), count, step + count == self.steps


@functools.partial(jax.jit, static_argnames="rows")
def _order(key: PRNGKeyArray, epoch: int | Array, rows: int) -> Int[Array, " rows"]:
    return jax.random.permutation(jax.random.fold_in(key, epoch), rows)
