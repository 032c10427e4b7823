import pytest

from course_utils.scaling import operations_per_dollar


def test_an_hour_at_half_the_peak_by_hand():
    assert operations_per_dollar(price=3.6, peak=1e15, utilisation=0.5) == pytest.approx(5e17)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"price": 0.0}, "price must be positive"),
        ({"peak": -1.0}, "peak must be positive"),
        ({"utilisation": 0.0}, r"share in \(0, 1\], got 0.0"),
        ({"utilisation": 40.0}, r"share in \(0, 1\], got 40.0"),
    ],
)
def test_numbers_out_of_range_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        operations_per_dollar(**({"price": 2.0, "peak": 1e15, "utilisation": 0.4} | change))
