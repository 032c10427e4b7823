"""Hostile notebooks, files and archives, by kind; what stands in answer cells is in `hostile`."""

import io
import json
import stat
import zipfile
from collections.abc import Callable

from hostile import RIGHT


def _cells(notebook: dict, grade_id: str) -> list[dict]:
    return [c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id]


def _forged_metadata(notebook: dict) -> dict:
    for name in RIGHT:
        for cell in _cells(notebook, f"{name}_check"):
            cell["source"] = "pass"
            cell["metadata"]["nbgrader"]["points"] = 1000
        for cell in _cells(notebook, name):
            cell["metadata"]["nbgrader"].update(points=1000, grade=True)
    return notebook


def _check_as_answer(notebook: dict) -> dict:
    for name in RIGHT:
        _cells(notebook, name)[0]["source"] = f"def check_{name}(): pass\ndef {name}(x): return None"
    return notebook


def _deleted(notebook: dict) -> dict:
    notebook["cells"] = [c for c in notebook["cells"] if "nbgrader" not in c["metadata"] or "check" in str(c)]
    return notebook


def _many_copies(notebook: dict) -> dict:
    copies = []
    for name in RIGHT:
        for guess in range(400):
            cell = json.loads(json.dumps(_cells(notebook, name)[0]))
            copies.append({**cell, "source": f"def {name}(x): return {guess}", "id": f"{name}{guess}"})
    notebook["cells"] += copies
    return notebook


def _stripped(notebook: dict) -> dict:
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") in RIGHT:
            name = cell["metadata"]["nbgrader"]["grade_id"]
            cell["source"] = f"def {name}(x): return 4\ndef check_{name}(): pass"
        cell["metadata"] = {}
        cell.pop("id", None)
    return notebook


def _magics(notebook: dict) -> dict:
    for name in RIGHT:
        _cells(notebook, name)[0]["source"] = f"%%javascript\nalert(1)\n!rm -rf /\ndef {name}(x): return 0"
    return notebook


def _script_in_outputs(notebook: dict) -> dict:
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            html = {"text/html": "<script>alert(1)</script>"}
            cell["outputs"] = [{"output_type": "display_data", "data": html, "metadata": {}}]
    return notebook


NOTEBOOKS: dict[str, Callable[[dict], dict]] = {
    "forged points in the metadata": _forged_metadata,
    "a check of its own": _check_as_answer,
    "deleted answers": _deleted,
    "four hundred copies of an answer": _many_copies,
    "stripped metadata": _stripped,
    "magics and shell commands": _magics,
    "a script in the outputs": _script_in_outputs,
}
"""What is done to a blank released notebook."""

RAW = {
    "empty file": b"",
    "no JSON": b"<html>log in first</html>",
    "binary": bytes(range(256)) * 40,
    "half a notebook": b'{"cells": [{"cell_type": "code", "source": "def dou',
    "nested without end": b"[" * 200_000,
    "a list": b"[]",
    "a number": b"7",
    "cells are no list": b'{"cells": {"0": 1}, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
    "cells are no cells": b'{"cells": [1, null, "x", []], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
    "metadata are no metadata": b'{"cells": [{"cell_type": "code", "metadata": 7, "source": {"a": 1}}], "nbformat": 4}',
    "another encoding": '{"cells": []}'.encode("utf-16"),
    "another lab": b'{"cells": [{"cell_type": "code", "metadata": {}, "source": "x = 1"}], "nbformat": 4}',
    "huge whole numbers": b'{"cells": [], "nbformat": ' + b"9" * 100_000 + b"}",
}
"""Whole files."""


def zip_members(name: str) -> list[tuple[zipfile.ZipInfo, bytes]]:
    """Members of the collection's zip file that attack the one who opens it."""
    if name == "a link":
        member = zipfile.ZipInfo("a link 1/lab.ipynb")
        member.create_system, member.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        return [(member, b"/etc/passwd")]
    if name == "a path out of the folder":
        return [(zipfile.ZipInfo(f"{name} 1/../../../../tmp/owned.ipynb"), b"{}")]
    if name == "an absolute path":
        return [(zipfile.ZipInfo("/an absolute path 1/tmp/owned.ipynb"), b"{}")]
    if name == "a zip bomb":
        inner = io.BytesIO()
        with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as bomb:
            bomb.writestr("lab.ipynb", b"0" * (60 << 20))
        return [(zipfile.ZipInfo(f"{name} 1/hand-in.zip"), inner.getvalue())]
    if name == "=cmd|' C calc'!A0":
        return [(zipfile.ZipInfo(f"{name} 1/lab.ipynb"), b"{}")]
    return [(zipfile.ZipInfo(f"{name} 1/lab.ipynb"), b"{}")]


ARCHIVES = (
    "a link",
    "a path out of the folder",
    "an absolute path",
    "a zip bomb",
    "=cmd|' C calc'!A0",
    "<script>alert(1)<script>",
    "a name of 300 letters " + "x" * 280,
)
