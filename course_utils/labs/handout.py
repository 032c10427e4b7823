"""The students' bundle: the course and the released labs in one zip file, without the masters."""

import os
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from course_utils.labs.release import release_all

CONTENTS = (
    ".ci/environment",
    "LICENSE",
    "Makefile",
    "README.md",
    "course_utils",
    "environment.yml",
    "notebooks",
    "pyproject.toml",
    "requirements.lock",
)
"""What goes along besides ``labs/``. The tests and CI stay at home: both rely on the masters."""

FOLDER = "large-models-course"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same files give the same bytes


def write_handout(root: Path, target: Path, course_seed: int | None = None) -> int:
    """Write the zip file that students get; its labs are made anew from the masters.

    Args:
        root: the repository.
        target: the zip file to write; replaced in one step.
        course_seed: as in `release`.

    Returns:
        The number of files in it.

    Raises:
        ValueError: something of the bundle is missing in the repository.
    """
    if missing := [name for name in CONTENTS if not (root / name).exists()]:
        raise ValueError(f"the bundle needs {', '.join(missing)}: run this in the repository's root.")
    files: dict[str, Path] = {}
    for name in CONTENTS:
        for path in [root / name] if (root / name).is_file() else (root / name).rglob("*"):
            inside = path.relative_to(root)
            private = any(part.startswith((".", "__pycache__")) for part in inside.parts)
            if path.is_file() and (name == ".ci/environment" or not private):
                files[inside.as_posix()] = path
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    with TemporaryDirectory() as folder:
        for path in release_all(root / "solutions", Path(folder), course_seed):
            files[f"labs/{path.relative_to(folder).as_posix()}"] = path
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as bundle:
            for name in sorted(files):
                entry = zipfile.ZipInfo(f"{FOLDER}/{name}", _EPOCH)
                entry.external_attr = 0o644 << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                bundle.writestr(entry, files[name].read_bytes())
    os.replace(partial, target)
    return len(files)
