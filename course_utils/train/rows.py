"""Which rows each call of the program gets, and how they reach the device."""

import functools
import math
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Int, PRNGKeyArray, UInt32

from course_utils.data.dataset import Split
from course_utils.train.devices import Devices

BYTES_ON_DEVICE = 2**31
"""Training rows up to this size stay on the device; larger ones come call by call, memmaps too."""

BYTES_OF_A_CALL = 2**28
"""The most that comes with one call, as far as a single batch is not larger; the next call's is under way, too."""


class Rows:
    """The training rows, handed out at most ``chunk`` batches a call, each epoch in a new order."""

    def __init__(
        self, split: Split, batch: int, chunk: int, epochs: int, key: PRNGKeyArray, devices: Devices
    ) -> None:
        """Place the rows where they fit; small epochs go several to a call."""
        self.split, self.batch, self.epochs, self.key, self.devices = split, batch, epochs, key, devices
        self.steps = len(split) // batch
        on_device = split.x.nbytes + split.y.nbytes <= BYTES_ON_DEVICE
        self.parts = max(chunk // self.steps, 1) if on_device else 1
        self.most = min(chunk, self.parts * self.steps)
        if not on_device:
            a_batch = batch * (split.x[0].nbytes + split.y[0].nbytes)
            self.most = min(self.most, max(BYTES_OF_A_CALL // a_batch, 1))
        self.placed = devices.everywhere((split.x, split.y)) if on_device else None
        self.known, self.orders = range(0), np.zeros((0, self.steps, batch), np.int32)
        self.first: Array | None = random_words(key, 1, self.parts, len(split))  # while the host goes on

    def calls(self, epoch: int, step: int) -> Iterator[tuple[tuple, list[int], bool]]:
        """The arguments of each call of the program from a step of an epoch on.

        Yields:
            ``(rows, order, lengths, last)`` for the program, the lengths of its parts, and whether each part
            ends an epoch: the rest of this one, then whole ones; or a piece of this one alone.
        """
        while epoch <= self.epochs:
            first = min(self.most, self.steps - step)
            last = step + first == self.steps
            lengths = [first] + [self.steps] * (min(self.parts - 1, self.epochs - epoch) if last else 0)
            yield self._arguments(epoch, step, lengths, last), lengths, last
            epoch, step = (epoch + len(lengths), 0) if last else (epoch, step + first)

    def _arguments(self, epoch: int, step: int, lengths: list[int], last: bool) -> tuple:
        # Every call has one shape; the program stops after its steps.
        order = np.zeros((self.most, self.batch), np.int32)
        order[: sum(lengths)] = self._from(epoch, len(lengths))[step : step + sum(lengths)]
        rows = self.placed
        if rows is None:
            rows = self.devices.everywhere((self.split.x[order.ravel()], self.split.y[order.ravel()]))
            order = np.arange(order.size, dtype=np.int32).reshape(order.shape)
        padded = np.array(lengths + [0] * (self.parts - len(lengths)), np.int32)
        return rows, self.devices.shared(order), padded, np.bool_(last)

    def _from(self, epoch: int, count: int) -> Int[np.ndarray, "steps batch"]:
        """The batches of some epochs, one after the other."""
        if epoch not in self.known or epoch + count - 1 not in self.known:
            words = self.first if epoch == 1 else None
            if words is None:
                words = random_words(self.key, epoch, self.parts, len(self.split))
            self.first = None
            orders = shuffled(words)[:, : self.steps * self.batch]
            self.known = range(epoch, epoch + self.parts)
            self.orders = orders.reshape(self.parts, self.steps, self.batch)
        at = epoch - self.known.start
        return self.orders[at : at + count].reshape(-1, self.batch)


def shuffled(words: UInt32[Array | np.ndarray, "count rounds rows"]) -> Int[np.ndarray, "count rows"]:
    """The order of the rows in some epochs, ``jax.random.permutation(fold_in(key, epoch), rows)`` in each.

    JAX shuffles by sorting random words, some rounds of it. On a CPU, XLA's sort takes five times as long as
    NumPy's; the words are the same. The row number in the low bits keeps equal words in their order.

    Args:
        words: of `random_words`.

    >>> expected = jax.random.permutation(jax.random.fold_in(jax.random.key(0), 3), 10)
    >>> bool((shuffled(random_words(jax.random.key(0), 2, 2, 10))[1] == expected).all())
    True
    """
    words = np.asarray(words)
    count, rounds, rows = words.shape
    order = np.zeros((count, rows), np.int64)  # one row needs no round
    for number in range(rounds):
        ranked = words[:, number].astype(np.uint64)
        ranked <<= np.uint64(32)
        ranked |= np.arange(rows, dtype=np.uint64)
        ranked.sort(axis=1)
        ranked &= np.uint64(2**32 - 1)
        place = ranked.view(np.int64)
        order = place if number == 0 else np.take_along_axis(order, place, axis=1)
    return order.astype(np.int32)


def random_words(key: PRNGKeyArray, epoch: int, count: int, rows: int) -> UInt32[Array, "count rounds rows"]:
    """The words whose ranks are the orders of ``count`` epochs from one on; not awaited."""
    rounds = math.ceil(3 * math.log(rows) / math.log(2**32 - 1))
    return _words(key, epoch, count, rounds, rows)


@functools.partial(jax.jit, static_argnames=("count", "rounds", "rows"))
def _words(
    key: PRNGKeyArray, epoch: int | Array, count: int, rounds: int, rows: int
) -> UInt32[Array, "count rounds rows"]:
    def of_epoch(epoch: Array) -> Array:
        rest, words = jax.random.fold_in(key, epoch), []
        for _ in range(rounds):
            rest, part = jax.random.split(rest)
            words.append(jax.random.bits(part, (rows,), jnp.uint32))
        return jnp.stack(words) if words else jnp.zeros((0, rows), jnp.uint32)

    return jax.lax.map(of_epoch, epoch + jnp.arange(count))
