import numpy as np
import pytest

from course_utils.train.run import Record

NAMES = ("loss", "val_loss", "val_accuracy")


def filled(validation_losses):
    record = Record(NAMES)
    for number, loss in enumerate(validation_losses):
        record.add_steps(np.array([number, number + 1], np.float32))
        record.add_steps(np.array([number + 2], np.float32))
        record.end_epoch({"accuracy": 0.1 * number, "loss": loss})
    return record


def test_an_epoch_is_closed_with_its_mean_and_its_measures_by_name():
    record = filled([2.0, 1.0])
    np.testing.assert_allclose(record.rows, [[1, 2.0, 0.0], [2, 1.0, 0.1]])
    np.testing.assert_array_equal(record.losses, [0, 1, 2, 1, 2, 3])
    assert record.latest() == pytest.approx({"loss": 2, "val_loss": 1, "val_accuracy": 0.1})
    assert record.steps == 0


@pytest.mark.parametrize(
    ("losses", "best"), [([3, 2, 1], 3), ([1, 2, 3], 1), ([2, 1, 1], 2), ([2, 3, 1, 5], 3)]
)
def test_the_best_epoch_is_the_first_with_the_lowest_validation_loss(losses, best):
    assert filled(losses).best_epoch == best


@pytest.mark.parametrize(
    ("losses", "epochs", "patience", "why"),
    [
        ([1, 2, 3], 9, 2, "early"),
        ([1, 2], 9, 2, None),
        ([1, 2, 3], 9, None, None),
        ([3, 2, 1], 3, 1, "all epochs"),
        ([], 1, 1, None),
    ],
)
def test_when_a_run_is_over(losses, epochs, patience, why):
    assert filled(losses).stop(epochs, patience) == why


@pytest.mark.parametrize("losses", [[], [2.0], [2.0, 1.0, 3.0]])
@pytest.mark.parametrize("under_way", [0, 2])
def test_a_record_survives_the_trip_to_arrays(losses, under_way):
    record, back = filled(losses), Record(NAMES)
    if under_way:
        record.add_steps(np.arange(under_way, dtype=np.float32))
    back.restore(record.arrays())
    np.testing.assert_array_equal(back.losses, record.losses)
    np.testing.assert_array_equal(back.rows, record.rows)
    assert (back.steps, back.best_epoch) == (record.steps, record.best_epoch)
    run = back.run("interrupted", 1.0, 0)
    assert [len(values) for values in run.history.values()] == [len(losses)] * 3
