"""A cell's text as Python: inside the sandbox to run it, outside to read the names in it."""

import ast
import re

_CELL_MAGIC = re.compile(r"^(\s*)%%(?:time|timeit|capture|prun)\b.*")


def parsed(source: str, name: str) -> ast.Module:
    """The syntax tree; IPython's magics and shell commands become calls of ``get_ipython()``.

    A cell under a magic such as ``%%time`` is taken as if the magic were not there.

    Args:
        source: the cell's text.
        name: of the cell, in error messages.

    Raises:
        SyntaxError: it is no Python in spite of that.

    >>> ast.unparse(parsed("%%time\\nx = 1", "<cell>"))
    'x = 1'
    """
    try:
        return ast.parse(source, name)
    except SyntaxError:
        from IPython.core.inputtransformer2 import TransformerManager

        plain = _CELL_MAGIC.sub(r"\1#", source)  # the lines keep their numbers
        return ast.parse(TransformerManager().transform_cell(plain), name)
