import jax
import numpy as np
import pytest

from course_utils.data.dataset import Split
from course_utils.train.devices import Devices
from course_utils.train.rows import Rows, random_words, shuffled


@pytest.mark.parametrize("rows", [1, 2, 100, 1700, 70_000])  # no round, one, two
@pytest.mark.parametrize("key", [jax.random.key(3), jax.random.PRNGKey(4), jax.random.key(5, impl="rbg")])
def test_the_order_is_that_of_jax(rows, key):
    got = shuffled(random_words(key, 6, 3, rows))
    for number, order in enumerate(got):
        expected = jax.random.permutation(jax.random.fold_in(key, 6 + number), rows)
        np.testing.assert_array_equal(order, expected)


def taken(calls):
    """The rows of each step in turn, and how each call was cut."""
    steps, cuts = [], []
    for (rows, order, padded, last), lengths, ends in calls:
        assert padded[: len(lengths)].tolist() == lengths
        assert not padded[len(lengths) :].any()
        assert bool(last) == ends
        steps.extend(np.asarray(rows[0])[batch, 0] for batch in order[: sum(lengths)])
        cuts.append((lengths, ends))
    return np.array(steps), cuts


@pytest.mark.parametrize(
    ("chunk", "cuts"),
    [
        (2, [([2], False), ([1], True)] * 4),
        (3, [([3], True)] * 4),
        (8, [([3, 3], True)] * 2),
        (11, [([3, 3, 3], True), ([3], True)]),
        (100, [([3, 3, 3, 3], True)]),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_every_cut_of_a_run_takes_the_same_batches(chunk, cuts, streamed, monkeypatch):
    if streamed:  # too large for the device: the rows come call by call, an epoch at most
        monkeypatch.setattr("course_utils.train.rows.BYTES_ON_DEVICE", 0)
    split = Split(np.arange(10.0, dtype=np.float32)[:, None], np.zeros(10, np.float32))
    got, how = taken(Rows(split, 3, chunk, 4, jax.random.key(0), Devices(None)).calls(1, 0))
    expected = shuffled(random_words(jax.random.key(0), 1, 4, 10))[:, :9].reshape(12, 3)
    np.testing.assert_array_equal(got, expected)
    if not streamed:
        assert how == cuts
    forms = {
        (order.shape, padded.shape)
        for (_, order, padded, _), *_ in Rows(split, 3, chunk, 4, jax.random.key(0), Devices(None)).calls(
            1, 0
        )
    }
    assert len(forms) == 1  # one program


@pytest.mark.parametrize(("bytes_of_a_call", "steps"), [(1, 1), (4 * 3 * 24, 4), (2**28, 8)])
def test_rows_that_stay_on_the_host_come_a_few_at_a_time(bytes_of_a_call, steps, monkeypatch):
    monkeypatch.setattr("course_utils.train.rows.BYTES_ON_DEVICE", 0)
    monkeypatch.setattr("course_utils.train.rows.BYTES_OF_A_CALL", bytes_of_a_call)
    split = Split(np.zeros((24, 4), np.float32), np.zeros(24, np.int64))  # 24 bytes a row
    (x, _), *_ = next(Rows(split, 3, 256, 4, jax.random.key(0), Devices(None)).calls(1, 0))[0]
    assert len(x) == 3 * steps


def test_a_run_is_taken_up_in_the_middle_of_an_epoch():
    split = Split(np.arange(10.0, dtype=np.float32)[:, None], np.zeros(10, np.float32))
    got, how = taken(Rows(split, 3, 8, 4, jax.random.key(0), Devices(None)).calls(2, 2))
    expected = shuffled(random_words(jax.random.key(0), 1, 4, 10))[:, :9].reshape(12, 3)
    np.testing.assert_array_equal(got, expected[5:])
    assert how == [([1, 3], True), ([3], True)]
