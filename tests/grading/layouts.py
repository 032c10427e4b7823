"""Collections laid out on the disk or packed, for the tests of taking them in."""

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from course_utils.grading.submissions import Submission, collect

LAB = "lab99_small"


def lay(root: Path, files: Mapping[str, bytes | str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def packed(files: Mapping[str, bytes | str]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def found(path: Path, belongs: Callable[[bytes], bool] = bool) -> dict[str, Submission]:
    submissions = collect(path, LAB, belongs)
    assert len({one.student for one in submissions}) == len(submissions)
    return {one.student: one for one in submissions}
