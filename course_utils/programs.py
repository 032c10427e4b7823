"""Compiled programs are kept and found again, so that a second run of the same training compiles nothing.

``jax.jit`` recognises a function by its identity, and ``optax.adam(1e-3)`` makes new functions on every call.
Here two optimizers count as the same when they were built by the same library code from the same numbers.
"""

import functools
from collections.abc import Callable, Hashable
from types import FunctionType
from typing import Any, TypeVar

import jax
import numpy as np

_Built = TypeVar("_Built")

_PLAIN = (int, float, complex, str, bool, bytes)

_MOST = 64
_built: dict[Hashable, Any] = {}  # the least recently used first


class Program:
    """A jitted function that counts how often it was traced; every trace is one compilation."""

    def __init__(self, function: Callable, **options: Any) -> None:
        """Wrap ``function``; the options go to ``jax.jit``."""
        self.traces = 0

        @functools.wraps(function)
        def counted(*arguments: Any) -> Any:
            self.traces += 1
            return function(*arguments)

        self._jitted = jax.jit(counted, **options)

    def __call__(self, *arguments: Any) -> Any:
        """Run the program."""
        return self._jitted(*arguments)

    def forms(self, *arguments: Any) -> Any:
        """Shapes and types of the results, without running; traced once for each form of the arguments."""
        return self._jitted.eval_shape(*arguments)


def program(key: tuple, build: Callable[[], Callable], **options: Any) -> Program:
    """The program for a key, built on first use and kept for later runs.

    Args:
        key: everything the built function closes over: functions, optimizers, numbers, graph definitions.
        build: returns the function to compile.
        options: for ``jax.jit``, for example ``donate_argnums``.

    Returns:
        The kept program; the least recently used of more than 64 are let go.
    """
    return built_once(key, lambda: Program(build(), **options))


def built_once(key: tuple, build: Callable[[], _Built]) -> _Built:
    """What ``build`` returns, built on the first use of a key and kept for later ones.

    Args:
        key: everything that the result depends on.
        build: called unless the key is known; after an error of it nothing is kept.
    """
    identity = _Identity(tuple(fingerprint(part) for part in key))
    try:
        found = _built.pop(identity)
    except KeyError:
        found = build()
    _built[identity] = found
    if len(_built) > _MOST:
        del _built[next(iter(_built))]
    return found


class _Identity:
    """A key whose hash is computed once; that of a graph definition takes longer than a small step."""

    def __init__(self, parts: tuple) -> None:
        self.parts, self.hash = parts, hash(parts)

    def __hash__(self) -> int:
        return self.hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and self.parts == other.parts


def fingerprint(part: Any) -> Hashable:
    """A hashable identity: equal for optimizers and losses that were built alike by a library.

    A function of Optax or JAX is its code and what it closes over. A function the reader wrote is itself
    alone, since it may read globals that change; define it once, outside the loop over runs.

    Args:
        part: a function, optimizer, array, number, container of these, or any hashable object.

    >>> import optax
    >>> fingerprint(optax.adam(1e-3)) == fingerprint(optax.adam(1e-3))
    True
    >>> fingerprint(optax.adam(1e-3)) == fingerprint(optax.adam(1e-2))
    False
    """
    if part is None or isinstance(part, _PLAIN):
        return (type(part), part)
    if isinstance(part, FunctionType) and (part.__module__ or "").startswith(("optax.", "jax.")):
        cells = tuple(fingerprint(cell.cell_contents) for cell in part.__closure__ or ())
        return (part.__code__, fingerprint(part.__defaults__), fingerprint(part.__kwdefaults__), cells)
    if isinstance(part, functools.partial):
        return (functools.partial, fingerprint(part.func), fingerprint(part.args), fingerprint(part.keywords))
    if isinstance(part, tuple | list):
        return (type(part), *(fingerprint(item) for item in part))
    if isinstance(part, dict):
        return (dict, *((name, fingerprint(item)) for name, item in part.items()))
    if isinstance(part, jax.Array | np.ndarray):
        array = np.asarray(part)
        return (array.shape, str(array.dtype), array.tobytes())
    if not isinstance(part, Hashable):  # such as the nnx.State that masks an optimizer
        leaves, form = jax.tree.flatten(part)
        return (form, fingerprint(leaves))
    return part
