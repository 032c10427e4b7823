import ipywidgets as widgets
import matplotlib.pyplot as plt
import pytest
from jaxtyping import config

from course_utils.plots import play, png
from course_utils.plots.play import _live, _widget

ALT = "A line through the origin with slope 1."


def draw(slope, dots=False):
    if slope == 0:
        raise ValueError("a slope of <0> is refused")
    figure, axes = plt.subplots()
    axes.plot([0, 1], [0, slope], marker="o" if dots else None)
    return figure


def live(**controls):
    by_name = {name: _widget(name, control) for name, control in controls.items()}
    *_, caption, picture = _live(draw, by_name).children
    return by_name, caption, picture


def test_a_slider_redraws_and_only_then_the_second_picture_appears():
    by_name, caption, picture = live(slope=(0.0, 2.0, 0.5, 1.0))
    assert picture.layout.display == "none"
    assert picture.value == b""
    by_name["slope"].value = 2.0
    assert picture.value == png(draw(2.0))
    assert picture.layout.display is None
    assert caption.value == "Below: slope 2.0. Above: the start values."
    assert plt.get_fignums() == []


def test_every_control_takes_part():
    by_name, _, picture = live(slope=(0, 3, 1, 1), dots=[False, True])
    by_name["dots"].value = True
    by_name["slope"].value = 3
    assert picture.value == png(draw(3, dots=True))


def test_an_error_is_told_in_words_and_goes_away():
    by_name, caption, picture = live(slope=(0, 2, 1, 1))
    by_name["slope"].value = 0
    assert "cannot be drawn" in caption.value
    assert "ValueError: a slope of &lt;0&gt; is refused" in caption.value
    assert picture.layout.display == "none"
    by_name["slope"].value = 2
    assert "cannot" not in caption.value
    assert picture.layout.display is None


def test_kinds_of_controls():
    whole, real = _widget("batch_size", (1, 9, 2, 3)), _widget("rate", (0.0, 1.0, 0.25, 0.5))
    choice = _widget("optimizer", ["sgd", "adam"])
    assert isinstance(whole, widgets.IntSlider)
    assert (whole.min, whole.max, whole.step, whole.value) == (1, 9, 2, 3)
    assert whole.description == "batch size"
    assert isinstance(real, widgets.FloatSlider)
    assert not real.continuous_update  # one drawing for one move
    assert (choice.options, choice.value) == (("sgd", "adam"), "sgd")


def test_without_a_kernel_the_alt_text_remains(capsys):
    play(draw, alt=ALT, slope=(0.0, 2.0, 0.5, 1.0))
    assert capsys.readouterr().out == ALT + "\n"


def test_an_error_at_the_start_values_is_not_hidden():
    with pytest.raises(ValueError, match="is refused"):
        play(draw, alt=ALT, slope=(0, 2, 1, 0))


@pytest.mark.parametrize(
    ("control", "message"),
    [
        ((0.0, 1.0, 0.1), r"slope is \(lowest, highest, step, start\).*got \(0.0, 1.0, 0.1\)"),
        ((0.0, 1.0, 0.1, 2.0), "lowest ≤ start ≤ highest"),
        ((1.0, 0.0, 0.1, 0.5), "lowest ≤ start"),
        ((0.0, 1.0, 0.0, 0.5), "step > 0"),
        (("a", "b", "c", "d"), "or a list of choices"),
        ([1.0], r"at least two, got \[1.0\]"),
        (3.0, "or a list of choices, got 3.0"),
    ],
)
def test_controls_that_are_none_are_refused(control, message):
    config.update("jaxtyping_disable", True)
    try:
        with pytest.raises(ValueError, match=message):
            play(draw, alt=ALT, slope=control)
    finally:
        config.update("jaxtyping_disable", False)


def test_no_control_and_no_alt_text_are_refused():
    with pytest.raises(ValueError, match=r"needs a control.*use show"):
        play(draw, alt=ALT)
    with pytest.raises(ValueError, match="at least 20 characters"):
        play(draw, alt="short", slope=(0, 2, 1, 1))
