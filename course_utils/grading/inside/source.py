"""A cell's text as Python: inside the sandbox to run it, outside to read the names in it."""

import ast
import re

LONGEST = 50_000
"""Characters of a cell in which magics are looked for, and..."""
MAGICS = 30
"""...so many of its lines: the text is a student's, and parsed anew after each."""

_RUNS = re.compile(r"[ \t]*%(?:time|prun)[ \t]+(?=[^-\s])")
_MAGIC = re.compile(r"[ \t]*(?:[%!?]|.*\?[ \t]*$|[\w., \t]+=[ \t]*[%!])")


def parsed(source: str, name: str) -> ast.Module:
    """The syntax tree; IPython's magics, shell commands and questions do nothing.

    A cell under a magic such as ``%%time``, and a statement after ``%time``, are taken as if the magic were not there.

    Args:
        source: the cell's text.
        name: of the cell, in error messages.

    Raises:
        SyntaxError: it is no Python in spite of that.

    >>> ast.unparse(parsed("%%time\\nx = 1\\n%time y = 2\\n!ls", "<cell>")).split("\\n")
    ['x = 1', 'y = 2', 'pass']
    """
    lines = source.split("\n")
    for _ in range(MAGICS):
        try:
            return ast.parse("\n".join(lines), name)
        except SyntaxError as error:
            at = (error.lineno or 0) - 1
            if len(source) > LONGEST or not 0 <= at < len(lines) or not _MAGIC.match(lines[at]):
                raise
            lines[at] = _without_magic(lines[at])
    return ast.parse("\n".join(lines), name)


def _without_magic(line: str) -> str:
    indent = line[: len(line) - len(line.lstrip())]
    if line.lstrip().startswith("%%"):
        return ""  # the lines keep their numbers
    return indent + (_RUNS.sub("", line) if _RUNS.match(line) else "pass")
