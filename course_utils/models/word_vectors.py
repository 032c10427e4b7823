"""Word vectors: pairs from a text, the skip-gram network, and what its vectors say."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jaxtyping import Float, Int

from course_utils.models.sizes import refuse_sizes


def skip_gram_rows(
    words: Int[np.ndarray, " words"], window: int, negatives: int, rng: np.random.Generator
) -> Int[np.ndarray, "rows columns"]:
    """Rows of a word, one that stands near it, and some drawn at random.

    Frequent words are thinned first: a word of frequency $f$ stays with chance $\\min(1, \\sqrt{t/f})$,
    $t = 10^{-3}$. Then each word meets those up to `window` before and after it. Random words are drawn with the
    frequency to the power ¾. Both choices are the paper's.

    Args:
        words: the text as word numbers; a negative number is an unknown word, which is passed over.
        window: largest distance of a neighbour, in words that are left.
        negatives: random words per pair, $k$.
        rng: source of the thinning and of the random words.

    Returns:
        Columns: word, neighbour, k random words; rows in random order.

    Raises:
        ValueError: a window or a number of negatives below 1, or fewer than two words left.

    >>> rows = skip_gram_rows(np.array([0, 1, 0, 1]), window=1, negatives=3, rng=np.random.default_rng(0))
    >>> rows.shape[1]
    5

    Source: T. Mikolov et al., "Distributed Representations of Words and Phrases and their Compositionality", 2013.
    """
    refuse_sizes(window=window, negatives=negatives)
    words = words[words >= 0]
    share = np.bincount(words) / max(len(words), 1)
    words = words[rng.random(len(words)) < np.sqrt(1e-3 / share[words])]
    if len(words) < 2:
        raise ValueError(
            f"a pair needs two known words, got {len(words)} after thinning: give a longer text."
        )
    apart = [(words[:-distance], words[distance:]) for distance in range(1, min(window, len(words) - 1) + 1)]
    pairs = np.concatenate([np.stack(order, axis=1) for a, b in apart for order in ((a, b), (b, a))])
    noise = share**0.75 / (share**0.75).sum()
    drawn = rng.choice(len(noise), size=(len(pairs), negatives), p=noise)
    return rng.permutation(np.concatenate([pairs, drawn], axis=1).astype(np.int32))


class SkipGram(nnx.Module):
    """Two vectors for each word, trained to tell a text's neighbours from random words.

    $$z_j = v_w \\cdot u_{c_j}$$ is the logit that word $c_j$ stands near word $w$; $v_w$ is row $w$ of `vectors` and
    $u_c$ row $c$ of `contexts`, both $\\in \\mathbb{R}^{V \\times d}$.

    Args:
        vocabulary: number of words, $V$.
        width: numbers per word, $d$.
        rngs: the stream `params` for the start of `vectors`; `contexts` start at zero.

    Raises:
        ValueError: a size that is not a positive whole number.

    >>> SkipGram(10, 4, rngs=nnx.Rngs(0))(jnp.array([[0, 1, 2], [3, 4, 5]])).tolist()
    [[0.0, 0.0], [0.0, 0.0]]

    Source: as for `skip_gram_rows`.
    """

    def __init__(self, vocabulary: int, width: int, *, rngs: nnx.Rngs) -> None:
        """Draw the vectors; the arguments are described in the class."""
        refuse_sizes(vocabulary=vocabulary, width=width)
        start = jax.random.uniform(rngs.params(), (vocabulary, width), minval=-0.5, maxval=0.5)
        self.vectors = nnx.Param(start / width)
        self.contexts = nnx.Param(jnp.zeros((vocabulary, width)))

    def __call__(self, rows: Int[Array, "batch columns"]) -> Float[Array, "batch candidates"]:
        """Return the logits of the neighbour and the random words of each row."""
        word, candidates = self.vectors[...][rows[:, 0]], self.contexts[...][rows[:, 1:]]
        return jnp.einsum("bd,bcd->bc", word, candidates)


def nearest(
    vectors: Float[np.ndarray, "words width"],
    query: Float[np.ndarray, " width"],
    count: int,
    without: Sequence[int] = (),
) -> Int[np.ndarray, " count"]:
    """The words whose vectors make the smallest angle with the query, nearest first.

    Args:
        vectors: one row per word.
        query: a direction.
        count: number of words wanted.
        without: words to leave out, such as those the query was made of.

    Returns:
        Row numbers.

    Raises:
        ValueError: more words wanted than there are.

    >>> nearest(np.eye(3), np.array([0.1, 0.9, 0.3]), 2, without=[1]).tolist()
    [2, 0]
    """
    if not 1 <= count <= len(vectors) - len(set(without)):
        raise ValueError(f"count is from 1 to {len(vectors) - len(set(without))} words, got {count}.")
    cosine = vectors @ query / (np.linalg.norm(vectors, axis=1) * np.linalg.norm(query) + 1e-12)
    cosine[list(without)] = -np.inf
    return np.argsort(-cosine, kind="stable")[:count]
