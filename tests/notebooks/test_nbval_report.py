"""The nbval stage itself, run on small notebooks: true outputs pass, false ones fail, and it reports."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

HERE = Path(__file__).parent


def stored(path: Path, *cells: tuple[str, str]) -> None:
    """A notebook of (source, stored text) cells."""
    code = [
        new_code_cell(source, execution_count=n, outputs=[new_output("stream", text=text)] if text else [])
        for n, (source, text) in enumerate(cells, 1)
    ]
    kernel = {
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
        "language_info": {"name": "python"},
    }
    nbformat.write(new_notebook(cells=code, metadata=kernel), path)


def nbval(folder: Path, *options: str) -> tuple[int, str]:
    """Exit code and text of the stage as make test runs it."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "nbval_report", "-p", "no:cacheprovider", *options]
    command += [
        "--nbval",
        "--nbval-current-env",
        "--nbval-sanitize-with",
        str(HERE / "sanitize.cfg"),
        str(folder),
    ]
    environment = os.environ | {"PYTHONPATH": f"{HERE}{os.pathsep}{folder}"}
    done = subprocess.run(
        [*command, "-c", os.devnull], env=environment, cwd=folder, capture_output=True, text=True, timeout=120
    )
    return done.returncode, done.stdout + done.stderr


def test_true_and_approximate_outputs_pass_and_are_reported(tmp_path) -> None:
    stored(tmp_path / "a.ipynb", ("print('true')", "true\n"), ("print('≈ 0.91')", "≈ 0.93\n"))
    status, text = nbval(tmp_path)
    assert status == 0, text
    (row,) = (line.split() for line in text.splitlines() if "a.ipynb " in line and "GiB" not in line)
    _, cells, seconds, peak, *counts = row
    assert (cells, counts) == ("2", ["2", "0", "0"])
    assert float(seconds) > 0
    assert 0.02 < float(peak) < 4
    assert "text compared 100%, figure only 0%, ignored 0.0%" in text


@pytest.mark.parametrize("text", ["false\n", "0.93\n", "true 0.94 \n"])
def test_a_false_output_fails(tmp_path, text) -> None:
    stored(tmp_path / "a.ipynb", ("print('true 0.93')", text))
    status, printed = nbval(tmp_path)
    assert status == 1, printed


def test_too_many_ignored_outputs_fail(tmp_path) -> None:
    stored(tmp_path / "a.ipynb", ("# NBVAL_IGNORE_OUTPUT\nprint('x')", "y\n"), ("print('true')", "true\n"))
    status, text = nbval(tmp_path)
    assert status == 1
    assert "FAILED: 50.0% of the output cells are ignored; the limit is 5%" in text


def test_too_much_memory_fails(tmp_path) -> None:
    stored(tmp_path / "a.ipynb", ("print('true')", "true\n"))
    (tmp_path / "small_limit.py").write_text("import nbval_report\nnbval_report.MEMORY_LIMIT = 2**20\n")
    status, text = nbval(tmp_path, "-p", "small_limit")
    assert status == 1
    assert "a.ipynb needed 0." in text
