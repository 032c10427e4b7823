import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from course_utils.data import Split
from course_utils.models.word_vectors import SkipGram, nearest, skip_gram_rows
from course_utils.train import fit


def rare(rng, words=4000):
    """A text in which no word is frequent enough to be thinned."""
    return rng.permutation(np.arange(words) % 2000)


def test_pairs_are_exactly_the_words_within_the_window():
    words = np.arange(1500)  # each once: frequency below the threshold
    rows = skip_gram_rows(words, window=2, negatives=1, rng=np.random.default_rng(0))
    distance = np.abs(rows[:, 0] - rows[:, 1])
    assert sorted(set(distance)) == [1, 2]
    assert len(rows) == 2 * (1499 + 1498)
    assert len(np.unique(rows[:, :2], axis=0)) == len(rows)


def test_unknown_words_are_passed_over():
    words = np.where(np.arange(3000) % 2, np.arange(3000) // 2, -1)
    rows = skip_gram_rows(words, window=1, negatives=1, rng=np.random.default_rng(0))
    assert rows.min() >= 0
    assert (np.abs(rows[:, 0] - rows[:, 1]) == 1).all()


def test_frequent_words_are_thinned_as_the_formula_says():
    rng = np.random.default_rng(0)
    words = np.where(rng.random(40_000) < 0.4, 0, rng.integers(1, 3000, 40_000))
    rows = skip_gram_rows(words, window=1, negatives=1, rng=rng)
    kept = 0.4 * (1e-3 / 0.4) ** 0.5
    assert (rows[:, 0] == 0).mean() == pytest.approx(kept / (kept + 0.6), rel=0.1)


def test_noise_has_the_frequency_to_three_quarters():
    rng = np.random.default_rng(0)
    words = np.concatenate([np.arange(2000), np.repeat(2000, 200)])
    rows = skip_gram_rows(words, window=3, negatives=20, rng=rng)
    share = np.append(np.ones(2000), 200.0) ** 0.75
    assert (rows[:, 2:] == 2000).mean() == pytest.approx(share[-1] / share.sum(), rel=0.1)


def test_same_generator_same_rows():
    words = rare(np.random.default_rng(1))
    first, same, other = (skip_gram_rows(words, 2, 2, np.random.default_rng(seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, same)
    assert first.shape != other.shape or (first != other).any()


@pytest.mark.parametrize(("window", "negatives"), [(0, 1), (1, 0)])
def test_sizes_that_are_none_are_refused(window, negatives):
    with pytest.raises(ValueError, match="must be a positive whole number, got 0"):
        skip_gram_rows(np.arange(9), window, negatives, np.random.default_rng(0))


def test_a_text_without_pairs_is_refused():
    with pytest.raises(ValueError, match="needs two known words, got 0"):
        skip_gram_rows(np.full(5, -1), 1, 1, np.random.default_rng(0))


def test_logits_are_the_products_of_the_two_tables():
    model = SkipGram(6, 3, rngs=nnx.Rngs(0))
    rng = np.random.default_rng(0)
    model.contexts[...] = jnp.asarray(rng.normal(size=(6, 3)), jnp.float32)
    rows = rng.integers(0, 6, (4, 3))
    v, u = np.asarray(model.vectors[...]), np.asarray(model.contexts[...])
    expected = [[v[row[0]] @ u[c] for c in row[1:]] for row in rows]
    np.testing.assert_allclose(model(jnp.asarray(rows)), expected, rtol=1e-5)


def test_training_finds_the_counted_logarithm():
    """Two words that always stand together: the product tends to ln(p(w, c) / (p(w) q(c))) - ln k."""
    rng = np.random.default_rng(0)
    word = rng.integers(0, 4, 20_000)
    rows = np.stack([word, word ^ 1, *rng.integers(0, 4, (2, 20_000))], axis=1).astype(np.int32)
    near = np.zeros((len(rows), 3), np.float32)
    near[:, 0] = 1
    model = SkipGram(4, 4, rngs=nnx.Rngs(0))
    fit(
        model,
        Split(rows, near),
        loss=optax.sigmoid_binary_cross_entropy,
        optimizer=optax.adam(optax.cosine_decay_schedule(1e-2, 1000)),
        epochs=5,
        batch_size=100,
        key=jax.random.key(0),
    )
    products = np.asarray(model.vectors[...] @ model.contexts[...].T)
    expected = np.log(1 / (0.25 * 2))  # p(c | w) = 1, q = 1/4, k = 2
    assert products[np.arange(4), np.arange(4) ^ 1] == pytest.approx(np.full(4, expected), abs=0.15)
    assert products[np.arange(4), np.arange(4)].max() < -2  # a word is never its own neighbour


def test_nearest_equals_a_loop_over_cosines():
    rng = np.random.default_rng(0)
    vectors, query = rng.normal(size=(20, 5)), rng.normal(size=5)
    cosine = [v @ query / np.linalg.norm(v) for v in vectors]
    cosine[3] = -np.inf
    assert nearest(vectors, query, 19, without=[3]).tolist() == list(np.argsort(cosine)[:0:-1])


@pytest.mark.parametrize("count", [0, 3])
def test_more_words_than_there_are_is_refused(count):
    with pytest.raises(ValueError, match=f"from 1 to 2 words, got {count}"):
        nearest(np.eye(3), np.ones(3), count, without=[0])
