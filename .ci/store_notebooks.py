"""Execute notebooks in fresh kernels and store their outputs: ``python .ci/store_notebooks.py [notebook …]``.

Without names it takes every notebook under notebooks/ and solutions/. Execution leaves no times, no widget
state and no path: running it twice gives the same bytes wherever the page itself prints nothing that varies.
"""

import os
import re
import sys
import tempfile
import time
import tomllib
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
ADDRESS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["urls"]["Repository"]


def store(path: Path) -> float:
    """Execute one notebook and replace it in one step; its seconds are returned."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            cell.source = re.sub(r"git\+\S+(?=\")", f"git+{ADDRESS}", cell.source)  # kept in pyproject alone
        cell.metadata.pop("execution", None)
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as empty:  # a page must not rely on the folder it lies in
        client = NotebookClient(
            notebook,
            timeout=300,
            record_timing=False,
            store_widget_state=False,
            resources={"metadata": {"path": empty}},
        )
        client.execute()
    for cell in notebook.cells:
        for output in cell.get("outputs", []):  # a control's id lives as long as its kernel
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python"}
    partial = path.with_suffix(".partial")
    nbformat.write(notebook, partial)
    os.replace(partial, path)
    return time.perf_counter() - begin


def main(names: list[str]) -> None:
    """Store the named notebooks, or all of them."""
    os.environ["COURSE_PROGRESS"] = "0"
    os.environ["COURSE_LAB_BOOK"] = str(Path(tempfile.mkdtemp()) / "lab_book.jsonl")
    folders = [ROOT / "notebooks", ROOT / "solutions"]
    paths = [Path(name) for name in names] or sorted(p for f in folders for p in f.rglob("*.ipynb"))
    for path in paths:
        if ".ipynb_checkpoints" not in path.parts:
            print(f"{path.name}: {store(path):.1f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
