"""Show a figure together with the words that replace it where it cannot be seen."""

import base64
import io

import matplotlib.pyplot as plt
from IPython import get_ipython
from IPython.display import display
from matplotlib.figure import Figure

SHORTEST_ALT = 20


def png(figure: Figure) -> bytes:
    """Return the figure as PNG, with the same bytes for the same picture, and close it.

    Args:
        figure: any Matplotlib figure.

    Returns:
        The file's bytes, without the software line that Matplotlib adds.

    Raises:
        ValueError: not a figure.

    >>> png(plt.figure())[1:4]
    b'PNG'
    """
    if not isinstance(figure, Figure):
        raise ValueError(
            f"Expected a Matplotlib Figure, got {type(figure).__name__}: "
            "pass the first value of plt.subplots(), or axes.figure."
        )
    buffer = io.BytesIO()
    try:
        figure.savefig(buffer, format="png", metadata={"Software": None}, pil_kwargs={"optimize": True})
    finally:
        plt.close(figure)  # else the notebook's inline backend shows it a second time
    return buffer.getvalue()


def show(figure: Figure, *, alt: str) -> None:
    """Display the figure with its alternative text, then close it.

    The text goes where readers without the picture look: the output's metadata (screen readers, the
    book) and its plain text (terminals, strict comparison). Outside IPython the text is printed.

    Args:
        figure: any Matplotlib figure.
        alt: what the figure shows, in words: its kind, its axes and the message. No digits that may
            differ on another machine.

    Raises:
        ValueError: no figure, or a text under 20 characters.

    >>> figure, axes = plt.subplots()
    >>> show(figure, alt="An empty pair of axes from 0 to 1.")
    An empty pair of axes from 0 to 1.
    """
    check_alt(alt)
    picture = png(figure)
    if get_ipython() is None:
        print(alt)
        return
    data = {"image/png": base64.b64encode(picture).decode(), "text/plain": alt}
    display(data, metadata={"image/png": {"alt": alt}, "alt": alt}, raw=True)


def check_alt(alt: str) -> None:
    """Refuse a text too short to replace a picture."""
    if not isinstance(alt, str) or len(alt.strip()) < SHORTEST_ALT:
        raise ValueError(
            f"alt replaces the figure for those who cannot see it: expected at least {SHORTEST_ALT} "
            f"characters, got {alt!r}. Say what is drawn, against what, and what to notice."
        )
