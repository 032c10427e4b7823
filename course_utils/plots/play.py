"""Controls to play with, beside a picture that stays where no control works."""

import html
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets
from IPython import get_ipython
from IPython.display import display
from matplotlib.figure import Figure

from course_utils.plots.display import check_alt, png, show

Number = int | float
Control = tuple[Number, Number, Number, Number] | list[Any]


def play(draw: Callable[..., Figure], *, alt: str, **controls: Control) -> None:
    """Show `draw` at its start values, and below it controls that draw it anew.

    The first picture is an ordinary figure, so paper and pages without a kernel keep it. The second
    appears below the controls at their first move, beside the first one for comparison. Sliders draw
    when they are let go, so a slow `draw` does not fall behind.

    Args:
        draw: a function of the controls' values, by name, that returns a figure.
        alt: what the picture shows at the start values, as in `show`.
        **controls: name → (lowest, highest, step, start) for a slider, or a list of choices, the first of
            which is the start.

    Raises:
        ValueError: no control, a slider that is not four numbers in order, a list of fewer than two
            choices, or whatever `draw` raises at the start values. Later errors are shown below the controls.

    >>> import matplotlib.pyplot as plt
    >>> def draw(slope, colour):
    ...     figure, axes = plt.subplots()
    ...     axes.plot([0, 1], [0, slope], color=colour)
    ...     return figure
    >>> play(draw, alt="A line through the origin with slope 1.", slope=(0.0, 2.0, 0.1, 1.0),
    ...      colour=["black", "grey"])
    A line through the origin with slope 1.
    """
    check_alt(alt)
    if not controls:
        raise ValueError("play needs a control, for example rate=(0.0, 1.0, 0.1, 0.5): without one use show.")
    by_name = {name: _widget(name, control) for name, control in controls.items()}
    show(draw(**{name: widget.value for name, widget in by_name.items()}), alt=alt)
    if get_ipython() is None:
        return
    bundle = _live(draw, by_name)._repr_mimebundle_()
    bundle["text/plain"] = "Controls, live in a notebook: " + "; ".join(
        f"{name} {_in_words(control)}" for name, control in controls.items()
    )
    display(bundle, raw=True)


def _live(draw: Callable[..., Figure], by_name: dict[str, Any]) -> widgets.VBox:
    """Return the controls above a picture that appears, and follows them, once one is moved."""
    caption = widgets.HTML(
        "Move a control: a second figure appears here; the one above keeps the start values."
    )
    picture = widgets.Image(format="png", layout={"display": "none", "max_width": "100%"})

    def redraw(_change: object) -> None:
        try:
            picture.value = png(draw(**{name: widget.value for name, widget in by_name.items()}))
        except Exception as error:  # a traceback in a callback goes to a log that readers do not see
            words = html.escape(f"{type(error).__name__}: {error}")
            caption.value = f"<b>These values cannot be drawn.</b> {words}"
            picture.layout.display = "none"  # the last picture would pass for that of these values
            return
        chosen = ", ".join(f"{widget.description} {widget.value}" for widget in by_name.values())
        caption.value = f"Below: {html.escape(chosen)}. Above: the start values."
        picture.layout.display = None

    for widget in by_name.values():
        widget.observe(redraw, names="value")
    return widgets.VBox([*by_name.values(), caption, picture])


def _widget(name: str, control: Control) -> Any:
    look: dict[str, Any] = {
        "description": name.replace("_", " "),
        "style": {"description_width": "initial"},
        "layout": {"width": "min(100%, 500px)"},
    }
    if isinstance(control, list):
        if len(control) < 2:
            raise ValueError(f"{name} is a list of choices and needs at least two, got {control}.")
        return widgets.Dropdown(options=control, value=control[0], **look)
    numbers = isinstance(control, Sequence) and all(isinstance(value, int | float) for value in control)
    if not numbers or len(control) != 4 or not (control[0] <= control[3] <= control[1] and control[2] > 0):
        raise ValueError(
            f"{name} is (lowest, highest, step, start) with lowest ≤ start ≤ highest and step > 0, "
            f"or a list of choices, got {control!r}."
        )
    lowest, highest, step, start = control
    slider = widgets.IntSlider if all(isinstance(value, int) for value in control) else widgets.FloatSlider
    return slider(value=start, min=lowest, max=highest, step=step, continuous_update=False, **look)


def _in_words(control: Control) -> str:
    if isinstance(control, list):
        return f"{' | '.join(map(str, control))} (start {control[0]})"
    return f"{control[0]} … {control[1]} (start {control[3]})"
