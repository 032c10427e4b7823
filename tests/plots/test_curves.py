from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.text import Text
from sklearn.isotonic import IsotonicRegression

from course_utils.plots import curves
from course_utils.plots._labels import spread

WORDS = {"title": "The loss falls", "xlabel": "step", "ylabel": "loss (nats)"}


def labels_of(figure):
    return {text.get_text(): text for text in figure.axes[0].texts}


def word_box(annotation):
    return Text.get_window_extent(annotation)  # without the thin line to the curve


def test_lines_show_the_values_given():
    figure = curves({"a": [3.0, 2.0, 1.0], "b": [1.0, 0.5]}, x=[10, 20, 40], **WORDS)
    axes = figure.axes[0]
    drawn = [np.column_stack(line.get_data()).tolist() for line in axes.get_lines()]
    assert drawn == [[[10, 3], [20, 2], [40, 1]], [[10, 1], [20, 0.5]]]
    assert (axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylabel()) == tuple(WORDS.values())


def test_labels_are_apart_inside_the_picture_and_in_the_order_of_the_ends():
    ends = {f"model {k}": [1.0, 0.5 + 0.001 * k] for k in range(6)}
    figure = curves(ends, **WORDS)
    figure.draw_without_rendering()
    boxes = [word_box(labels_of(figure)[name]) for name in ends]
    assert all(below.y1 <= above.y0 for below, above in pairwise(boxes))
    right = figure.axes[0].get_window_extent().x1
    assert all(right < box.x0 and box.x1 <= figure.bbox.x1 for box in boxes)


@pytest.mark.parametrize("yscale", ["linear", "log"])
def test_a_label_stands_at_the_height_of_its_line_when_there_is_room(yscale):
    figure = curves({"a": [1.0, 1.0], "b": [1.0, 10.0], "c": [1.0, 100.0]}, yscale=yscale, **WORDS)
    figure.draw_without_rendering()
    axes = figure.axes[0]
    for name, value in (("b", 10.0), ("c", 100.0)) if yscale == "log" else (("c", 100.0),):
        box = word_box(labels_of(figure)[name])
        end = axes.transData.transform((2, value))[1]
        assert (box.y0 + box.y1) / 2 == pytest.approx(end, abs=4)


def test_a_diverged_curve_is_labelled_where_it_was_last_finite():
    figure = curves({"diverged": [1.0, 5.0, np.nan, np.inf], "fine": [1.0, 0.5, 0.3, 0.2]}, **WORDS)
    assert labels_of(figure)["diverged"].xy == (2.0, 5.0)


def test_a_log_axis_leaves_out_what_it_cannot_show():
    figure = curves({"error": [1.0, 0.1, 0.0]}, yscale="log", **WORDS)
    assert labels_of(figure)["error"].xy == (2.0, 0.1)


def test_long_titles_stay_inside():
    figure = curves({"a": [1.0, 2.0]}, **WORDS | {"title": "words that go on and on " * 6})
    figure.draw_without_rendering()
    title = figure.axes[0]._left_title.get_window_extent()
    assert title.x1 <= figure.bbox.x1
    assert title.y1 <= figure.bbox.y1


@pytest.mark.parametrize(
    ("series", "options", "message"),
    [
        ({}, {}, "series is empty: pass name"),
        ({"a": [1.0, 2.0]}, {"x": [1.0]}, r"'a' has shape \(2,\) for 1 positions"),
        ({"a": [[1.0, 2.0]]}, {}, r"'a' has shape \(1, 2\)"),
        ({"a": [float("nan")]}, {}, "no value that linear × linear axes can show"),
        ({"a": []}, {}, "no value"),
        ({"a": [0.0, -1.0]}, {"yscale": "log"}, "linear × log axes"),
        ({"a": [1.0]}, {"title": " "}, "title is empty"),
    ],
)
def test_mistakes_are_named(series, options, message):
    with pytest.raises(ValueError, match=message):
        curves(series, **WORDS | options)


@given(
    st.lists(st.floats(0, 100), min_size=1, max_size=8),
    st.floats(0.1, 10),
)
def test_spread_moves_labels_as_little_as_possible(wanted, gap):
    wanted = np.array(wanted)
    placed = spread(wanted, gap, -1e9, 1e9)
    order = np.argsort(wanted, kind="stable")
    steps = gap * np.arange(len(wanted))
    best = IsotonicRegression().fit_transform(np.arange(len(wanted)), wanted[order] - steps) + steps
    np.testing.assert_allclose(placed[order], best, atol=1e-6)
    inside = spread(wanted, gap, 0.0, 100.0)
    assert np.diff(inside[order]).min(initial=gap) >= gap - 1e-9
    assert inside.min() >= 0
    assert inside.max() <= 100  # eight labels of 10 fit into 100
