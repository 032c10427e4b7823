"""Plain values as JSON, to the sandbox and back: numbers, texts, containers, arrays, random generators.

What comes back is made by a stranger's program. Nothing is unpickled or evaluated; whatever is not plain
arrives as an `Opaque`, which equals nothing and can do nothing.
"""

import base64
import math
from collections.abc import Collection
from typing import Any

import numpy as np

LARGEST = 1_000_000
"""Elements of one value, all its parts together; a set or dictionary of n keys that are no texts counts n²/100 more."""

DEEPEST = 32
"""Containers inside containers."""


class ValueFormatError(ValueError):
    """A value cannot be sent, or what came is no value."""


class Opaque:
    """A returned object that is no plain value; only the name of its type is known."""

    def __init__(self, name: str) -> None:
        """Remembers the name of the type."""
        self.name = name

    def __repr__(self) -> str:
        """The name alone."""
        return f"<{self.name}>"


def encode(value: Any) -> Any:
    """A value as JSON: ``[kind, content]``, or the value itself where JSON has it.

    Args:
        value: ``None``, bool, int, float, complex, text; list, tuple, set, dict, range of such; NumPy and JAX
            arrays and scalars, pandas series and frames, NumPy generators. Anything else is sent as its name.
            A series loses its index, and one of texts becomes an array; a NumPy text becomes a plain one.

    Raises:
        ValueFormatError: more than `LARGEST` elements or `DEEPEST` levels.

    >>> encode((1, np.float32(0.5)))
    ['tuple', [1, ['scalar', ['float32', 0.5]]]]
    >>> decode(encode({"a": np.arange(3)}))
    {'a': array([0, 1, 2])}
    """
    return _encode(value, [LARGEST], 0)


def decode(content: Any) -> Any:
    """The value behind what `encode` made.

    Raises:
        ValueFormatError: it is none.
    """
    try:
        return _decode(content, [LARGEST], 0)
    except ValueFormatError:
        raise
    except (
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        raise ValueFormatError(f"no value: {type(error).__name__}") from error


def _encode(value: Any, left: list[int], depth: int) -> Any:
    kind = type(value)
    _take(left, 1 + (len(value) // 8 if kind is str else 0), depth)
    if value is None or kind in (bool, str):
        return value
    if kind is np.str_:
        return _encode(str(value), left, depth)
    if kind is int:
        return value if abs(value) < 1 << 4000 else ["opaque", "int of over 1,200 digits"]
    if kind is float:
        return value if math.isfinite(value) else ["float", repr(value)]
    if kind is complex:
        return ["complex", [_encode(value.real, left, depth), _encode(value.imag, left, depth)]]
    if isinstance(value, list | tuple | set | frozenset):
        name = "list" if isinstance(value, list) else "tuple" if isinstance(value, tuple) else "set"
        if name == "set":
            _take_keys(left, value)
        return [name, [_encode(item, left, depth + 1) for item in value]]
    if isinstance(value, dict):
        _take_keys(left, value)
        return [
            "dict",
            [[_encode(k, left, depth + 1), _encode(v, left, depth + 1)] for k, v in value.items()],
        ]
    if kind is range:
        _take(left, _length(value), depth)
        return ["range", [value.start, value.stop, value.step]]
    if isinstance(value, np.random.Generator):
        return ["generator", value.bit_generator.state] if _is_pcg(value) else ["opaque", "Generator"]
    if isinstance(value, np.generic):
        plain = value.item()
        if value.dtype.kind not in "biufc" or isinstance(plain, np.generic):  # a longdouble stays one
            return ["opaque", kind.__name__]
        return ["scalar", [value.dtype.name, _encode(plain, left, depth)]]
    return _encode_array(value, left, depth)


def _encode_array(value: Any, left: list[int], depth: int) -> Any:
    library = type(value).__module__.split(".")[0]
    if library == "pandas" and type(value).__name__ == "DataFrame":
        columns = [[str(name), _encode(value[name].to_numpy(), left, depth + 1)] for name in value.columns]
        return ["frame", columns]
    try:
        array = np.asarray(value) if hasattr(value, "__array__") or isinstance(value, np.ndarray) else None
    except Exception:  # a traced JAX array, for example
        array = None
    if array is None:
        return ["opaque", str(type(value).__name__)[:60]]
    _take(left, array.size, depth)
    home = {"jax": "jax", "jaxlib": "jax", "pandas": "series"}.get(library, "array")
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.dtype.kind in "biufc" or array.dtype.name == "bfloat16":
        data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
        return [home, [array.dtype.name, list(array.shape), data]]
    if array.dtype.kind in "UOT":
        _take(left, array.nbytes // 32 if array.dtype.kind == "U" else 0, depth)
        flat = [_encode(item, left, depth + 1) for item in array.ravel().tolist()]
        return ["texts" if array.dtype.kind == "U" else "objects", [list(array.shape), flat]]
    return ["opaque", f"array of {array.dtype}"[:60]]


def _decode(content: Any, left: list[int], depth: int) -> Any:
    _take(left, 1 + (len(content) // 8 if type(content) is str else 0), depth)
    if content is None or type(content) in (bool, int, float, str):
        return content
    kind, inside = content
    if kind in ("list", "tuple", "set"):
        items = [_decode(item, left, depth + 1) for item in inside]
        if kind == "set":
            _take_keys(left, items)
        return items if kind == "list" else tuple(items) if kind == "tuple" else set(items)
    if kind == "dict":
        keys = [_decode(k, left, depth + 1) for k, _ in inside]
        _take_keys(left, keys)
        return dict(zip(keys, [_decode(v, left, depth + 1) for _, v in inside], strict=True))
    if kind == "float":
        return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[inside]
    if kind == "complex":
        return complex(_decode(inside[0], left, depth), _decode(inside[1], left, depth))
    if kind == "range":
        numbers = range(*(int(part) for part in inside))
        _take(left, _length(numbers), depth)
        return numbers
    if kind == "scalar":
        return _dtype(inside[0]).type(_decode(inside[1], left, depth))
    if kind == "generator":
        return np.random.Generator(_pcg(inside))
    if kind == "opaque":
        return Opaque(str(inside)[:60])
    return _decode_array(kind, inside, left, depth)


def _decode_array(kind: str, inside: Any, left: list[int], depth: int) -> Any:
    if kind == "frame":
        import pandas as pd

        return pd.DataFrame({str(name): _decode(column, left, depth + 1) for name, column in inside})
    if kind in ("texts", "objects"):
        shape, flat = inside
        items = [_decode(item, left, depth + 1) for item in flat]
        if kind == "texts":
            texts = [str(item) for item in items]
            longest = max(map(len, texts), default=0)
            _take(left, len(texts) * longest // 8, depth)  # each gets the room of the longest
            return np.array(texts, dtype=str).reshape(_shape(shape, left))
        mixed = np.empty(len(items), dtype=object)
        mixed[:] = items
        return mixed.reshape(_shape(shape, left))
    if kind not in ("array", "jax", "series"):
        raise ValueFormatError("unknown kind of value")
    name, shape, data = inside
    array = np.frombuffer(base64.b64decode(data, validate=True), dtype=_dtype(name))
    array = array.reshape(_shape(shape, left)).copy()
    if kind == "jax":
        import jax.numpy as jnp

        return jnp.asarray(array)
    if kind == "series":
        import pandas as pd

        return pd.Series(array)
    return array


def _shape(shape: Any, left: list[int]) -> tuple[int, ...]:
    if len(shape) > 32 or any(type(axis) is not int or axis < 0 for axis in shape):
        raise ValueFormatError("no shape of an array")
    _take(left, math.prod(max(axis, 1) for axis in shape), 0)  # an empty array may still have a million rows
    return tuple(shape)


def _dtype(name: Any) -> np.dtype:
    if name == "bfloat16":
        import jax.numpy as jnp

        return np.dtype(jnp.bfloat16)
    dtype = np.dtype(str(name))
    if dtype.kind not in "biufc" or dtype.names or dtype.subdtype:
        raise ValueFormatError("no plain type of numbers")
    return dtype


def _pcg(state: Any) -> np.random.PCG64:
    bits = np.random.PCG64()
    bits.state = state
    return bits


def _is_pcg(generator: np.random.Generator) -> bool:
    return isinstance(generator.bit_generator, np.random.PCG64)


def _length(numbers: range) -> int:
    """How many there are, as far as it matters: `len` fails on very long ranges."""
    return len(numbers[: LARGEST + 1])


def _take_keys(left: list[int], keys: Collection[Any]) -> None:
    """Count the keys of a set or dictionary: where all have one hash, building it compares each with each.

    A student can choose numbers and tuples of one hash, texts not.
    """
    _take(left, sum(type(key) is not str for key in keys) ** 2 // 100, 0)


def _take(left: list[int], elements: int, depth: int) -> None:
    """Count elements of a value."""
    left[0] -= elements
    if left[0] < 0 or depth > DEEPEST:
        raise ValueFormatError(f"a value of over {LARGEST:,} elements or {DEEPEST} levels")
