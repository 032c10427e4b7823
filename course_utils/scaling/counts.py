"""A language model without a gradient: a table of what followed which characters."""

import numpy as np
from jaxtyping import Float, Int

from course_utils.data import Split


def counted_probability(
    read: Split, asked: Split, *, context: int, vocabulary: int
) -> Float[np.ndarray, "rows positions"]:
    """The probability that counts give to each target.

    $$p_k(c \\mid h) = \\frac{n(h, c) + t(h)\\, p_{k-1}(c \\mid h')}{n(h) + t(h)}, \\qquad p_{-1} = \\frac{1}{V}$$
    with $n$ how often character $c$ followed the $k$ characters $h$, $t(h)$ how many different characters
    did, and $h'$ the last $k - 1$ characters of $h$: what was seen rarely leans on shorter contexts. A context
    ends where its row begins, as for a network that reads the same rows.

    Args:
        read: rows that are counted, int `[rows, positions]`, targets likewise.
        asked: rows whose targets are looked up.
        context: most characters that are looked back on, $k$, at most 8.
        vocabulary: number of different characters, $V$.

    Returns:
        One probability for each target of `asked`.

    Raises:
        ValueError: a context outside 0 … 8, or characters outside the vocabulary.

    >>> rows = Split(np.array([[0, 1, 0, 1]]), np.array([[1, 0, 1, 0]]))
    >>> counted_probability(rows, rows, context=1, vocabulary=2).round(2).tolist()
    [[0.83, 0.83, 0.83, 0.83]]

    Source: I. H. Witten and T. C. Bell, "The zero-frequency problem: Estimating the probabilities of novel
    events in adaptive text compression", 1991, method C.
    """
    if not 0 <= context <= 8:
        raise ValueError(f"context is 0 to 8 characters, got {context}: longer ones do not fit 64 bits.")
    for rows in (read, asked):
        if min(rows.x.min(), rows.y.min()) < 0 or max(rows.x.max(), rows.y.max()) >= vocabulary:
            raise ValueError(
                f"characters must lie in 0 … {vocabulary - 1}: give the vocabulary they came from."
            )
    probability = np.full(asked.y.shape, 1 / vocabulary)
    for length in range(context + 1):
        before, wanted = (_contexts(rows.x, length, vocabulary) for rows in (read, asked))
        pairs, times = np.unique(before * vocabulary + read.y, return_counts=True)
        contexts, first = np.unique(pairs // vocabulary, return_index=True)
        seen = np.add.reduceat(times, first)
        different = np.diff(np.append(first, len(pairs)))
        followed = _look_up(wanted * vocabulary + asked.y, pairs, times)
        total, kinds = _look_up(wanted, contexts, seen), _look_up(wanted, contexts, different)
        mixed = (followed + kinds * probability) / np.maximum(total + kinds, 1)
        probability = np.where(total > 0, mixed, probability)
    return probability


def _contexts(x: Int[np.ndarray, "rows positions"], length: int, vocabulary: int) -> np.ndarray:
    """One number for the last `length` characters at each position; before a row stands a character of its own."""
    padded = np.pad(x.astype(np.int64), [(0, 0), (max(length - 1, 0), 0)], constant_values=vocabulary)
    key = np.zeros(x.shape, np.int64)
    for back in range(length):
        key = key * (vocabulary + 1) + padded[:, back : back + x.shape[1]]
    return key


def _look_up(keys: np.ndarray, known: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The value of each key, 0 where it is not known."""
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[at] == keys, values[at], 0)
