"""A scaling study small enough for one core: GPTs of one shape and many widths read source code by the character.

One run costs 1 to 300 seconds of a core; the whole study, recorded by ``tests/benchmarks/scaling_study.py``,
half an hour.
"""

import functools
from dataclasses import replace
from math import sqrt

import jax
import numpy as np
import optax
from flax import nnx
from jaxtyping import Int, PRNGKeyArray

from course_utils.data import CodeCorpus, Dataset, Split, load_code_corpus
from course_utils.models import GPT, GPTConfig
from course_utils.train import Run, fit

LAYERS, HEADS, CONTEXT, BATCH = 2, 2, 64, 4
HELD_OUT = 1024  # windows of val on which every run is measured
VOCABULARY = 97  # line feed, the 95 printable characters of ASCII, and one number for all others
_OTHER = VOCABULARY - 1


def characters(text: str) -> Int[np.ndarray, " characters"]:
    """Number the characters of a text: 0 for a line feed, 1 to 95 for printable ASCII, 96 for the rest.

    Args:
        text: any text.

    Returns:
        One number for each character.

    >>> characters("a ~\\né").tolist()
    [66, 1, 95, 0, 96]
    """
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32).astype(np.int64)
    numbers = np.where((codes >= 32) & (codes < 127), codes - 31, _OTHER)
    return np.where(codes == 10, 0, numbers).astype(np.int32)


def windows(text: str) -> Split:
    """Cut a text into rows of `CONTEXT` characters; the target of each character is the one after it.

    Args:
        text: at least `CONTEXT` + 1 characters; what is left over at its end is dropped.

    Returns:
        x and y, int32 `[rows, CONTEXT]`.

    >>> rows = windows("ab" * 100)
    >>> rows
    Split(x int32[3, 64], y int32[3, 64])
    >>> bool((rows.x[:, 1:] == rows.y[:, :-1]).all())
    True
    """
    numbers = characters(text)
    rows = (len(numbers) - 1) // CONTEXT
    if rows < 1:
        raise ValueError(f"windows needs at least {CONTEXT + 1} characters, got {len(text)}: give more text.")
    return Split(
        numbers[: rows * CONTEXT].reshape(rows, CONTEXT),
        numbers[1 : rows * CONTEXT + 1].reshape(rows, CONTEXT),
    )


def shape(width: int) -> GPTConfig:
    """The study's GPT of this width; width is the one dial.

    Args:
        width: numbers per token; even, since two heads share it.

    Returns:
        Two blocks, two heads, 64 characters of context, ReLU (half the cost of GELU on a CPU).

    Raises:
        ValueError: a width that is odd, or no positive whole number.

    >>> shape(16).inner_units
    64
    """
    return GPTConfig(VOCABULARY, CONTEXT, width, LAYERS, HEADS, activation=nnx.relu)


def train(
    width: int, tokens: int, *, key: PRNGKeyArray, unique: int | None = None, corpus: CodeCorpus | None = None
) -> tuple[GPT, Run]:
    """Train one GPT of the study and measure it on rows that it never reads.

    Each run has a schedule of its own, warm-up then a cosine down to a tenth, that ends with its last token: a
    run cut off in the middle of a longer schedule would look worse than its budget allows (Hoffmann 2022).
    The learning rate falls as $0.02/\\sqrt{d}$; some twenty trial runs chose the rule and the batch.

    Args:
        width: of the network, as in `shape`.
        tokens: characters read, $D$.
        key: decides the first weights, which rows are read, and their order.
        unique: different characters among them; fewer than `tokens` means reading them again. All by default.
        corpus: the text; the code corpus by default.

    Returns:
        The trained network, and its run with `loss` and `val_loss` for each pass over the unique rows.

    Raises:
        ValueError: a size out of range, tokens that are no whole number of passes, or more unique characters
            than the corpus has.

    Source: J. Hoffmann et al., "Training Compute-Optimal Large Language Models", 2022.
    """
    unique = tokens if unique is None else unique
    rows = material(corpus)
    source = rows.train
    step = BATCH * CONTEXT
    if unique < step or unique % step or tokens < unique or tokens % unique:
        raise ValueError(
            f"a run reads whole batches of {step} characters a whole number of times, got tokens={tokens} and "
            f"unique={unique}: give a multiple of {step}, and tokens a multiple of unique."
        )
    if unique > source.x.size:
        raise ValueError(
            f"the corpus has {source.x.size} characters to learn from, got unique={unique}: "
            "give fewer, and let tokens be a multiple of it to read them again."
        )
    first, drawn, order = jax.random.split(key, 3)
    model = GPT(shape(width), rngs=nnx.Rngs(first))
    read = np.asarray(jax.random.permutation(drawn, len(source)))[: unique // CONTEXT]
    steps = tokens // step
    rate = 0.02 / sqrt(width)
    schedule = optax.warmup_cosine_decay_schedule(0.0, rate, max(1, steps // 20), steps, rate / 10)
    run = fit(
        model,
        replace(rows, train=Split(source.x[read], source.y[read])),
        loss=optax.softmax_cross_entropy_with_integer_labels,
        optimizer=optax.chain(optax.clip_by_global_norm(1.0), optax.adam(schedule, b2=0.99)),
        epochs=tokens // unique,
        batch_size=BATCH,
        key=order,
    )
    return model, run


@functools.lru_cache(maxsize=2)
def material(corpus: CodeCorpus | None = None) -> Dataset:
    """The rows of the study.

    Args:
        corpus: the text; the code corpus by default.

    Returns:
        train and test, all windows of theirs; val, `HELD_OUT` windows at even distances, the same for every run.

    >>> material()
    Dataset(code corpus: train 73106, val 1024, test 8773; x int32[rows, 64], y int32[rows, 64])
    """
    corpus = load_code_corpus() if corpus is None else corpus
    val = windows(corpus.val)
    at = np.linspace(0, len(val) - 1, min(HELD_OUT, len(val))).astype(int)
    return Dataset(
        windows(corpus.train), Split(val.x[at], val.y[at]), windows(corpus.test), corpus.provenance
    )
