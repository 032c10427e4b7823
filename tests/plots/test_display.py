import matplotlib.pyplot as plt
import pytest
from jaxtyping import config
from PIL import Image

from course_utils.plots import display as display_module
from course_utils.plots import png, show

ALT = "A straight line from the lower left to the upper right."


def line():
    figure, axes = plt.subplots()
    axes.plot([0, 1], [0, 1])
    return figure


def test_the_same_picture_has_the_same_bytes(tmp_path):
    first, second = png(line()), png(line())
    assert first == second
    (tmp_path / "line.png").write_bytes(first)
    with Image.open(tmp_path / "line.png") as picture:
        assert picture.size == (800, 450)
        assert "Software" not in picture.info
    assert len(first) < 80_000


def test_png_closes_the_figure_even_when_it_cannot_be_drawn():
    figure = line()
    figure.axes[0].set_title("$\\unknown$")
    with pytest.raises(ValueError, match="unknown"):
        png(figure)
    assert plt.get_fignums() == []


def test_in_ipython_the_alt_text_is_in_metadata_and_in_plain_text(monkeypatch):
    calls = []
    monkeypatch.setattr(display_module, "get_ipython", object)
    monkeypatch.setattr(display_module, "display", lambda *a, **k: calls.append((a, k)))
    show(line(), alt=ALT)
    (((data,), options),) = calls
    assert set(data) == {"image/png", "text/plain"}
    assert data["image/png"].startswith("iVBORw0KGgo")
    assert data["text/plain"] == ALT
    assert options == {"metadata": {"image/png": {"alt": ALT}, "alt": ALT}, "raw": True}
    assert plt.get_fignums() == []


def test_outside_ipython_the_alt_text_is_printed(capsys):
    show(line(), alt=ALT)
    assert capsys.readouterr().out == ALT + "\n"
    assert plt.get_fignums() == []


@pytest.mark.parametrize("alt", ["", "a plot", " " * 30])
def test_a_missing_or_short_alt_text_is_refused(alt):
    with pytest.raises(ValueError, match=r"at least 20 characters, got .*Say what is drawn"):
        show(line(), alt=alt)


def test_what_is_no_figure_is_refused():
    config.update("jaxtyping_disable", True)
    try:
        with pytest.raises(ValueError, match=r"Figure, got list: pass the first value of plt\.subplots"):
            show([1, 2], alt=ALT)
    finally:
        config.update("jaxtyping_disable", False)
