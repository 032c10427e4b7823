import numpy as np
import pytest

from course_utils.metrics import calibration_curve, roc_curve
from course_utils.plots import calibration_plot, confusion_matrix_plot, roc_plot

Y = np.array([0, 0, 0, 1, 1, 1])
GOOD = np.array([0.1, 0.2, 0.6, 0.5, 0.8, 0.9])
POOR = np.array([0.4, 0.9, 0.6, 0.5, 0.2, 0.9])


def inside(figure, artists):
    figure.draw_without_rendering()
    page = figure.bbox
    for artist in artists:
        box = artist.get_window_extent()
        assert box.x0 >= 0, artist
        assert box.y0 >= 0, artist
        assert box.x1 <= page.x1, artist
        assert box.y1 <= page.y1, artist


def test_cells_show_count_and_share_of_the_row():
    matrix = np.array([[6, 2, 0], [0, 0, 0], [1, 1, 2]])
    figure = confusion_matrix_plot(matrix, names=["a", "b", "c"], title="Most are right")
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.texts] == [
        "6\n75%", "2\n25%", "0", "0", "0", "0", "1\n25%", "1\n25%", "2\n50%",
    ]  # fmt: skip
    shares = axes.collections[0].get_array().reshape(3, 3)
    np.testing.assert_allclose(shares, [[0.75, 0.25, 0], [0, 0, 0], [0.25, 0.25, 0.5]])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted class", "true class")
    inside(figure, [axes.title, axes.xaxis.label, axes.yaxis.label, *axes.get_yticklabels()])


def test_many_classes_get_a_colour_bar_for_numbers():
    figure = confusion_matrix_plot(
        np.eye(13, dtype=int), names=[str(k) for k in range(13)], title="All right"
    )
    assert len(figure.axes[0].texts) == 0
    assert figure.axes[1].get_ylabel() == "share of the true class"


def test_the_matrix_must_fit_the_names():
    with pytest.raises(ValueError, match=r"3 × 3 matrix for as many names, got shape \(2, 2\).*classes="):
        confusion_matrix_plot(np.eye(2, dtype=int), names=["a", "b", "c"], title="Two or three")


def test_roc_curves_are_listed_by_area():
    models = {"poor": roc_curve(Y, POOR), "good": roc_curve(Y, GOOD)}
    figure = roc_plot(models, title="One ranks, one guesses")
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["good: AUC 0.889", "poor: AUC 0.389"]
    best, second, chance = figure.axes[0].get_lines()
    np.testing.assert_array_equal(best.get_xdata(), models["good"].false_positive_rate)
    np.testing.assert_array_equal(second.get_ydata(), models["poor"].true_positive_rate)
    np.testing.assert_array_equal(chance.get_data(), [[0, 1], [0, 1]])
    axes = figure.axes[0]
    inside(figure, [legend, axes.xaxis.label, axes.yaxis.label])


def test_calibration_shows_each_bin_and_its_examples():
    models = {"good": calibration_curve(Y, GOOD, 5), "poor": calibration_curve(Y, POOR, 5)}
    figure = calibration_plot(models, title="Few examples say little")
    above, below = figure.axes
    for line, dots, curve in zip(above.get_lines(), below.get_lines(), models.values(), strict=False):
        np.testing.assert_array_equal(line.get_xdata(), curve.predicted)
        np.testing.assert_array_equal(line.get_ydata(), curve.observed)
        np.testing.assert_array_equal(dots.get_ydata(), curve.counts)
        assert line.get_color() == dots.get_color()
    assert [text.get_text() for text in above.texts] == ["good", "poor", "calibrated"]
    inside(figure, [*above.texts, above.yaxis.label, below.xaxis.label, below.yaxis.label])


@pytest.mark.parametrize("plot", [roc_plot, calibration_plot])
def test_no_models_are_refused(plot):
    with pytest.raises(ValueError, match="models is empty: pass name → "):
        plot({}, title="Nothing to see")
