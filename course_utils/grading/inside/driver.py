"""Runs inside the sandbox: executes the cells that it is sent, and calls what they define.

One request a line on standard input, one reply a line on standard output, both JSON. The student's own printing
goes nowhere. Whatever a student's program does to this process, it can only change the replies; and a reply is
worth nothing but the values in it, which are judged outside.
"""

import ast
import builtins
import json
import linecache
import os
import sys
import traceback
from typing import Any

from . import values
from .source import parsed

LONGEST_TEXT = 2000


def main() -> None:
    """Say hello, then serve until the requests end."""
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    sys.meta_path.insert(0, Refuser(os.environ.get("HIDDEN_MODULES", "").split(",")))
    print(json.dumps({"hello": 1}), file=replies, flush=True)
    for line in requests:
        request = json.loads(line)
        try:
            reply = run(**request["run"]) if "run" in request else call(**request["call"])
        except BaseException as error:
            reply = {"error": described(error)}
        try:
            line = json.dumps(reply)
        except (ValueError, TypeError, RecursionError):
            line = json.dumps({"error": {"type": "ValueFormatError", "text": "no plain value came back"}})
        print(line, file=replies, flush=True)


def run(source: str, cell: str, patient: bool, apart: bool) -> dict[str, Any]:
    """Execute one cell.

    Args:
        source: its text; IPython's magics are allowed and do nothing.
        cell: its name in error messages.
        patient: go on after a statement that fails (a module may be hidden here), instead of raising.
        apart: what has the name of a built-in function is that one here, whatever earlier cells made of it; only
            the functions that the cell defines are kept.
    """
    name = f"<{cell}>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    tree = parsed(source, name)
    parts = [ast.Module([statement], []) for statement in tree.body] if patient else [tree]
    names = {key: value for key, value in NAMES.items() if not hasattr(builtins, key)} if apart else NAMES
    for part in parts:
        try:
            exec(compile(part, name, "exec"), names)
        except BaseException:
            if not patient:
                raise
    if apart:
        functions = [part.name for part in tree.body if isinstance(part, ast.FunctionDef)]
        NAMES.update({key: names[key] for key in functions if key in names})
    return {"done": 1}


def call(name: str, positional: list, named: dict) -> dict[str, Any]:
    """Call what a cell has defined; report its value, and which arguments it changed."""
    if name not in NAMES:
        raise NameError(f"{name} is not defined")
    arguments = [values.decode(argument) for argument in positional]
    options = {key: values.decode(argument) for key, argument in named.items()}
    value = NAMES[name](*arguments, **options)
    after = [values.encode(argument) for argument in arguments]
    changed = {str(i): new for i, (old, new) in enumerate(zip(positional, after, strict=True)) if old != new}
    return {"value": values.encode(value), "changed": changed}


class Refuser:
    """Says why a hidden module cannot be imported; its files are not there either."""

    def __init__(self, hidden: list[str]) -> None:
        """Takes the names of the modules."""
        self.hidden = hidden

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Refuse a hidden module; leave all others to the finders that follow."""
        if name.split(".")[0] in self.hidden:
            raise ModuleNotFoundError(f"{name} may not be used in this task", name=name)


class NoShell:
    """Stands for the notebook's shell: magics and shell commands do nothing."""

    def __getattr__(self, name: str) -> Any:
        """Everything is taken and does nothing."""
        return nothing


def nothing(*_: Any, **__: Any) -> None:
    """Stands for what only a notebook can do."""


NAMES: dict[str, Any] = {
    "__name__": "__main__",
    "__builtins__": builtins,
    "get_ipython": NoShell,
    "display": nothing,
}
"""What the cells define, and what a notebook has from the start."""


def described(error: BaseException) -> dict[str, Any]:
    """Type, text and place of an error, for the student."""
    try:
        text = str(error)[:LONGEST_TEXT]
    except BaseException:
        text = ""
    kinds = [kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins"]
    lines = [
        f"{frame.filename[1:-1]}, line {frame.lineno}: {(frame.line or '').strip()}"
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.startswith("<") and not frame.filename.startswith("<frozen")
    ]
    return {
        "type": type(error).__name__[:80],
        "kinds": kinds,
        "text": text,
        "place": "; ".join(lines[-1:])[:300],
    }
