import numpy as np
import pytest

from course_utils.data import digits
from course_utils.data.tasks import TASKS, Form, dealt_digits, lift, lookup, placed_digits, village

every_task = pytest.mark.parametrize("name", TASKS)


def rows(task):
    return task.data.test.x, task.data.test.y


@every_task
def test_rows_have_the_form_that_is_stated(name):
    task = TASKS[name](np.random.default_rng(0))
    for split in (task.data.train, task.data.val, task.data.test):
        assert split.x.shape[1:] == (task.form.positions, task.form.features)
        assert split.x.dtype == np.float32
        assert split.y.dtype == np.int64
        assert set(np.unique(split.y)) == set(range(task.form.classes))


@every_task
def test_the_generator_decides(name):
    first, same, other = (TASKS[name](np.random.default_rng(seed)).data.train.x for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, same)
    assert (first != other).any()


@every_task
def test_only_the_digits_are_real(name):
    assert TASKS[name](np.random.default_rng(0)).data.provenance.generated == ("digits" not in name)


def test_dealing_standardises_each_pixel_and_moves_it():
    dealt = dealt_digits(np.random.default_rng(0)).data.train.x[:, :, 0]
    plain = digits(np.random.default_rng(0)).train.x.reshape(-1, 64)
    varies = plain.std(axis=0) > 0
    assert varies.sum() == (dealt.std(axis=0) > 0).sum() > 50
    scaled = (plain[:, varies] - plain[:, varies].mean(axis=0)) / plain[:, varies].std(axis=0)
    alike = scaled.T @ dealt / len(dealt)  # correlations [pixel, column]
    best = np.abs(alike).argmax(axis=1)
    assert len(set(best)) == varies.sum()
    assert (best != np.flatnonzero(varies)).mean() > 0.9
    signed = alike[np.arange(len(best)), best]
    np.testing.assert_allclose(np.abs(signed), 1, atol=1e-3)
    assert 0.3 < (signed < 0).mean() < 0.7


def test_placing_keeps_the_image_and_covers_every_place():
    plain = digits(np.random.default_rng(0)).test.x
    x, y = rows(placed_digits(np.random.default_rng(0), copies=2))
    canvas = x.reshape(-1, 7, 7, 2, 2).transpose(0, 1, 3, 2, 4).reshape(-1, 14, 14)
    places = set()
    for image, whole in zip(np.repeat(plain, 2, axis=0), canvas, strict=True):
        found = [
            (i, j) for i in range(7) for j in range(7) if np.array_equal(whole[i : i + 8, j : j + 8], image)
        ]
        assert found
        assert whole.sum() == pytest.approx(image.sum(), rel=1e-5)
        places |= set(found)
    assert len(places) == 49
    assert len(y) == 2 * len(plain)


def test_lift_by_hand_and_by_a_slow_loop():
    x, y = rows(lift(np.random.default_rng(0), moves=12))
    for moves, label in zip(x[:200, :, 0], y, strict=False):
        floor = 0
        for move in moves:
            if 0 <= floor + move <= 4:
                floor += int(move)
        assert floor == label
    sums = x.sum(axis=(1, 2))
    assert any(len(np.unique(y[sums == s])) > 1 for s in np.unique(sums))  # the sum alone does not tell


def test_lookup_label_is_the_value_of_the_key_asked_for():
    x, y = rows(lookup(np.random.default_rng(0)))
    assert not x[:, -1, 8:].any()
    same = (x[:, :-1, :8] == x[:, -1:, :8]).all(axis=2)
    assert same.any(axis=1).all()
    right = (x[:, :-1, 8:].argmax(axis=2) == y[:, None]) & same
    assert right.any(axis=1).all()
    assert (same.sum(axis=1) > 1).mean() == pytest.approx(1 - (1 - 2**-8) ** 14, abs=0.02)


def test_village_links_are_symmetric_and_suit_the_label():
    x, y = rows(village(np.random.default_rng(0)))
    links, votes = x[:, :, :20], x[:, :, 20]
    np.testing.assert_array_equal(links, links.transpose(0, 2, 1))
    assert not np.trace(links, axis1=1, axis2=2).any()
    assert not votes.sum(axis=1).any()
    same = votes[:, :, None] == votes[:, None]
    np.einsum("rii->ri", same)[:] = False  # nobody is a neighbour of himself
    across = votes[:, :, None] != votes[:, None]
    for label, alike, unlike in [(1, 0.28, 0.12), (0, 0.12, 0.28)]:
        assert links[y == label][same[y == label]].mean() == pytest.approx(alike, abs=0.01)
        assert links[y == label][across[y == label]].mean() == pytest.approx(unlike, abs=0.01)


def test_forms_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="4 × 5 does not hold 16 positions"):
        Form(positions=16, features=4, classes=10, grid=(4, 5))
    with pytest.raises(ValueError, match="more than 6 features, the links themselves, got 6"):
        Form(positions=6, features=6, classes=2, grid=(1, 6), linked=True)
