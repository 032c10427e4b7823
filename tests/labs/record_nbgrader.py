"""Record what nbgrader makes of a small master, for test_release.py: needs the extra `instructor`.

    python tests/labs/record_nbgrader.py

It runs nbgrader with this repository's nbgrader_config.py in a temporary folder, on the master of the test and
on every lab, and says whether its releases of the labs are the files in labs/.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def main() -> int:
    """Record, compare; 1 when a release differs."""
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder)
        shutil.copy(ROOT / "nbgrader_config.py", course)
        shutil.copytree(ROOT / "solutions", course / "solutions")
        (course / "solutions" / "small").mkdir()
        shutil.copy(HERE / "small_master.ipynb", course / "solutions" / "small" / "small.ipynb")
        differ = []
        for lab in sorted(path.name for path in (course / "solutions").iterdir() if path.is_dir()):
            command = [sys.executable, "-m", "nbgrader", "generate_assignment", lab, "--no-db"]
            subprocess.run(command, cwd=course, check=True)
            made = (course / "labs" / lab / f"{lab}.ipynb").read_bytes()
            if lab == "small":
                (HERE / "small_released_by_nbgrader.ipynb").write_bytes(made)
            elif made.rstrip() != (ROOT / "labs" / lab / f"{lab}.ipynb").read_bytes().rstrip():
                differ.append(lab)
            extra = {path.name for path in (course / "labs" / lab).iterdir()} - {f"{lab}.ipynb"}
            assert not extra, f"nbgrader released {extra} too: name it in CourseDirectory.ignore"
    print(f"nbgrader's releases differ: {differ}" if differ else "nbgrader's releases are equal")
    return int(bool(differ))


if __name__ == "__main__":
    sys.exit(main())
