"""One way to show a line: in a notebook as an output with metadata, elsewhere as plain print."""

from typing import Any

from IPython import get_ipython
from IPython.display import display


def emit(line: str, html: str | None = None, **metadata: Any) -> None:
    """Show one text, with facts about it in the output's metadata.

    nbval compares the text and ignores the metadata, so what varies between machines belongs there.

    Args:
        line: the text; what is compared, read aloud and printed outside a notebook.
        html: the same content for a browser, if it gains by it.
        metadata: JSON values stored with the output in the notebook.

    >>> emit("✔ done", seconds=0.2)
    ✔ done
    """
    if get_ipython() is None:
        print(line)
        return
    data = {"text/plain": line} | ({"text/html": html} if html else {})
    display(data, metadata=metadata, raw=True)
