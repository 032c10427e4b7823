import matplotlib.pyplot as plt
import pytest

from course_utils.plots import dumbbell

ROWS = {"leaky": (0.9, 0.5), "honest": (0.7, 0.69)}
FORM = {"names": ("promised", "kept"), "title": "One promise breaks", "xlabel": "AUC"}


def test_each_row_has_a_hollow_first_and_a_filled_second_point() -> None:
    figure = dumbbell(ROWS, **FORM)
    (axes,) = figure.axes
    points = [collection.get_offsets().tolist()[0] for collection in axes.collections]
    assert points == [[0.9, 0.0], [0.5, 0.0], [0.7, 1.0], [0.69, 1.0]]
    assert [tuple(c.get_facecolor()[0]) == (1, 1, 1, 1) for c in axes.collections] == [
        True,
        False,
        True,
        False,
    ]
    plt.close(figure)


def test_the_first_row_stands_on_top_and_carries_the_names() -> None:
    figure = dumbbell(ROWS, **FORM, reference=(0.5, "a coin"))
    (axes,) = figure.axes
    bottom, top = axes.get_ylim()
    assert bottom > top
    assert [text.get_text() for text in axes.texts] == ["promised", "kept", "a coin"]
    assert axes.get_title(loc="left") == "One promise breaks"
    plt.close(figure)


@pytest.mark.parametrize(
    ("rows", "title", "message"), [({}, "A title", "at least one row"), (ROWS, " ", "title")]
)
def test_nothing_to_say_is_refused(rows, title, message) -> None:
    with pytest.raises(ValueError, match=message):
        dumbbell(rows, names=("a", "b"), title=title, xlabel="x")
    plt.close("all")
