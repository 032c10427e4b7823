"""Checkpoints on disk: written whole or not at all, read back to the same bits.

Orbax writes each one into a folder of its own and renames it into place when all its bytes are on the disk: a
killed process or a full disk leaves the older ones as they were. What it writes is one NumPy .npz of plain
arrays under names, so a run may go on on another device or another number of them.
"""

import contextlib
import gc
import io
import logging
import re
import shutil
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from orbax.checkpoint import v1 as orbax  # type: ignore[import-untyped]

Arrays = dict[str, dict[str, np.ndarray]]
"""Arrays in named groups, as `Checkpoints` stores them."""


class CheckpointError(OSError):
    """A checkpoint could not be written, or none on disk can be read; what was saved is untouched."""


@dataclass(frozen=True)
class Checkpoints:
    """A folder of checkpoints, each in a sub-folder named by its step.

    Args:
        folder: where they lie; made when the first is saved. With several processes, a folder they all see.
        seconds: least time between two of them while a run goes on; 0 saves after every call of the program.
            One small checkpoint takes about 0.1 s.
        keep: how many of the newest stay on disk. With 2, a damaged one still leaves the one before.

    Raises:
        ValueError: ``seconds`` below 0 or ``keep`` below 1.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     checkpoints = Checkpoints(folder)
    ...     checkpoints.save(40, {"weights": {"w": np.arange(3.0)}})
    ...     step, arrays = checkpoints.newest()
    >>> step, arrays["weights"]["w"]
    (40, array([0., 1., 2.]))
    """

    folder: str | Path
    seconds: float = 60.0
    keep: int = 2

    def __post_init__(self) -> None:
        """Refuses numbers that keep nothing."""
        if self.seconds < 0 or self.keep < 1:
            raise ValueError(
                f"Checkpoints needs seconds ≥ 0 and keep ≥ 1, got {self.seconds} and {self.keep}: "
                "one must stay to go on from."
            )

    def save(self, step: int, arrays: Mapping[str, Mapping[str, np.ndarray]]) -> None:
        """Write one checkpoint whole, then delete those that are too old.

        Args:
            step: names it; a later one has a larger step. An existing one of this step is replaced.
            arrays: what to store, in named groups.

        Raises:
            CheckpointError: it could not be written; the older ones are as they were.
        """
        folder = Path(self.folder).absolute()
        reason = _write(folder / str(step), arrays)
        if reason:
            with contextlib.suppress(OSError):
                self._remove_leftovers(folder)
            raise CheckpointError(
                f"the checkpoint of step {step} could not be written to {self.folder}: {reason} "
                f"{len(self.steps())} older checkpoints are whole. Make room and call again: the run goes "
                "on from the newest."
            )
        if jax.process_index() == 0:
            self._remove_leftovers(folder)
            for old in self.steps()[: -self.keep]:
                # Renamed first: a process killed while deleting leaves no half checkpoint under a valid name.
                gone = (folder / str(old)).rename(folder / f"{old}.deleted")
                shutil.rmtree(gone)

    def steps(self) -> list[int]:
        """Steps of the checkpoints on disk, oldest first."""
        folder = Path(self.folder)
        names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        return sorted(int(name) for name in names if re.fullmatch(r"\d+", name))

    def newest(self) -> tuple[int, Arrays] | None:
        """The newest checkpoint that can be read: its step and arrays; ``None`` when there is none on disk.

        Warns when a newer one is damaged.

        Raises:
            CheckpointError: there are checkpoints, and none can be read.
        """
        damaged: list[str] = []
        for step in reversed(self.steps()):
            arrays, reason = _read(Path(self.folder).absolute() / str(step))
            if arrays is None:
                damaged.append(f"{step} ({reason})")
                continue
            if damaged:
                warnings.warn(
                    f"checkpoint {', '.join(damaged)} in {self.folder} is damaged; "
                    f"going on from step {step}.",
                    stacklevel=2,
                )
            return step, arrays
        if damaged:
            raise CheckpointError(
                f"none of the checkpoints in {self.folder} can be read: {', '.join(damaged)}. "
                "Restore the folder from a copy, or delete it to begin anew."
            )
        return None

    @staticmethod
    def _remove_leftovers(folder: Path) -> None:
        for path in folder.iterdir():
            if path.name.endswith(".deleted") or ".orbax-checkpoint-tmp" in path.name:
                shutil.rmtree(path, ignore_errors=True)


def named_arrays(tree: Any) -> dict[str, np.ndarray]:
    """The arrays of a pytree on the host, by their paths; random keys as the words they consist of.

    >>> named_arrays({"w": jnp.ones(2), "b": [jnp.zeros(1)]})
    {'b/0': array([0.], dtype=float32), 'w': array([1., 1.], dtype=float32)}
    """
    leaves, _ = jax.tree_util.tree_flatten_with_path(tree)
    return {_name(path): np.asarray(_words(leaf)) for path, leaf in leaves}


def from_named_arrays(like: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """The pytree of the form of ``like`` whose arrays are the named ones.

    Args:
        like: gives structure, shapes and types.
        arrays: as `named_arrays` gives them.

    Raises:
        ValueError: a name is missing or too many, or an array has another shape or type.

    >>> from_named_arrays({"w": jnp.ones(2)}, {"w": np.array([3.0, 4.0], np.float32)})["w"].tolist()
    [3.0, 4.0]
    """
    leaves, structure = jax.tree_util.tree_flatten_with_path(like)
    names = [_name(path) for path, _ in leaves]
    if set(names) != set(arrays):
        missing, extra = sorted(set(names) - set(arrays)), sorted(set(arrays) - set(names))
        raise ValueError(
            f"the checkpoint is of another model or optimizer: it lacks {missing[:3]} and has {extra[:3]} "
            "besides. Build both as they were when it was saved, or give another folder."
        )
    filled = [_like(leaf, name, arrays[name]) for name, (_, leaf) in zip(names, leaves, strict=True)]
    return jax.tree.unflatten(structure, filled)


def _like(leaf: jax.Array, name: str, array: np.ndarray) -> jax.Array:
    words = jax.eval_shape(_words, leaf)
    if array.dtype.kind == "V":  # NumPy's files keep the bits of a bfloat16, not its name
        array = array.view(words.dtype)
    if (array.shape, array.dtype) != (words.shape, words.dtype):
        raise ValueError(
            f"the checkpoint is of another model or optimizer: {name} is {array.dtype}{list(array.shape)} in "
            f"it and {words.dtype}{list(words.shape)} here. Build the model as it was, or give "
            "another folder."
        )
    if _is_key(leaf):
        return jax.random.wrap_key_data(jnp.array(array), impl=jax.random.key_impl(leaf))
    return jnp.array(array)  # a copy: `fit` donates it, and NumPy's memory is not ours to give


def _words(leaf: jax.Array) -> jax.Array:
    return jax.random.key_data(leaf) if _is_key(leaf) else leaf


def _is_key(leaf: jax.Array) -> bool:
    return jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _name(path: tuple) -> str:
    # NNX counts the array inside a Variable as one more step of the path.
    return jax.tree_util.keystr(path, simple=True, separator="/").removesuffix("/value")


def _packed(arrays: Mapping[str, Mapping[str, np.ndarray]]) -> np.ndarray:
    """The bytes of an .npz file. As one array: when one of many fails, Orbax leaves the others hanging."""
    file = io.BytesIO()
    named: Any = {f"{group}/{name}": array for group, part in arrays.items() for name, array in part.items()}
    np.savez(file, **named)
    return np.frombuffer(file.getvalue(), np.uint8)


def _unpacked(packed: np.ndarray) -> Arrays:
    arrays: Arrays = {}
    with np.load(io.BytesIO(packed.tobytes())) as file:
        for key in file:
            group, _, name = key.partition("/")
            arrays.setdefault(group, {})[name] = file[key]
    return arrays


def _write(folder: Path, arrays: Mapping[str, Mapping[str, np.ndarray]]) -> str:
    """Write one checkpoint; the reason when that failed."""
    reason = ""
    with _quiet():
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            orbax.save(folder, {"npz": _packed(arrays)}, overwrite=True)
        except Exception as error:  # a full disk comes as OSError or, from the storage library, as ValueError
            reason = _reason(error)
        if reason:
            gc.collect()  # abandoned tasks complain when they are collected
    return reason


def _read(folder: Path) -> tuple[Arrays | None, str]:
    """The arrays of one checkpoint, or none and the reason."""
    with _quiet():
        try:
            return _unpacked(orbax.load(folder)["npz"]), ""
        except Exception as error:  # json, storage and Orbax each raise their own for damaged bytes
            reason = _reason(error)
        gc.collect()
    return None, reason


def _reason(error: Exception) -> str:
    """The part of a storage error that a reader can use."""
    line = (str(error).strip() or type(error).__name__).splitlines()[0]
    line = re.split(r" \[(tensorstore_spec|os_error)", line)[0].rstrip(".")
    return (line if len(line) < 120 else f"… {line[-120:]}") + "."


@contextlib.contextmanager
def _quiet() -> Any:
    """Drop what Orbax's threads print and log beside the error that they raise."""
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(level)
