"""A student's function, called from outside the sandbox."""

import builtins
from types import CodeType
from typing import Any

from course_utils.grading.inside.source import parsed
from course_utils.grading.sandbox import Sandbox, StudentError, StudentGoneError


class Remote:
    """A function that lives in the sandbox, called with plain values."""

    def __init__(self, name: str, sandbox: Sandbox, source: str = "") -> None:
        """The function ``name`` that the cell ``source`` has defined inside."""
        self.__name__, self.__module__ = name, "lab"  # checks read where an answer comes from
        self._sandbox, self._source = sandbox, source
        self.gone: StudentGoneError | None = None
        self.changed = False

    def __call__(self, *positional: Any, **named: Any) -> Any:
        """Its value; an argument that it changed is changed here, too."""
        if self.gone is not None:
            raise self.gone
        try:
            value, changed = self._sandbox.call(self.__name__, positional, named)
        except StudentGoneError as gone:
            self.gone = gone
            raise
        except StudentError as error:
            raise _as_builtin(error) from error
        for number, new in changed.items():
            self.changed = True
            _change(positional[number], new)
        return value

    @property
    def __code__(self) -> CodeType:
        """The compiled answer, never executed here: checks read the names in it."""
        whole = compile(parsed(self._source, "<answer>"), "<answer>", "exec")
        own = (c for c in whole.co_consts if isinstance(c, CodeType) and c.co_name == self.__name__)
        return next(own, whole)


def _change(argument: Any, new: Any) -> None:
    """Do to an argument here what was done to it inside."""
    if isinstance(argument, list | tuple) and len(argument) == len(new) and all(map(_mutable, argument)):
        for old, part in zip(argument, new, strict=True):
            _change(old, part)
    elif isinstance(argument, list):
        argument[:] = new
    elif isinstance(argument, dict | set):
        argument.clear()
        argument.update(new)
    elif hasattr(argument, "bit_generator"):
        argument.bit_generator.state = new.bit_generator.state
    elif hasattr(argument, "flags"):
        argument[...] = new


def _mutable(value: Any) -> bool:
    return hasattr(value, "flags") or isinstance(value, list | tuple | dict | set)


def _as_builtin(error: StudentError) -> Exception:
    """An exception of the first built-in kind that the student's error had."""
    for name in error.kinds:
        kind = getattr(builtins, name, None)
        if isinstance(kind, type) and issubclass(kind, Exception):
            try:
                return kind(str(error))
            except TypeError:
                continue
    return RuntimeError(str(error))
