"""What a student reads when a check fails: the check's own words, and nothing of its hidden inputs."""

import ast
import re
import traceback
from collections.abc import Iterator

from course_utils.grading.sandbox import StudentError

CHECK = "<check>"
"""The file name under which a check is compiled: it finds the check's lines in a traceback."""


class CheckWords:
    """The words of one check."""

    def __init__(self, source: str) -> None:
        """Find the hidden part.

        Args:
            source: the check's cell in the master, with the marks of its hidden part.
        """
        kept: list[str] = []
        self.hidden, inside = set(), False
        for line in source.split("\n"):
            if re.match(r"\s*### (BEGIN|END) ", line):
                inside = line.strip() == "### BEGIN HIDDEN TESTS"
                continue
            kept.append(line)
            if inside:
                self.hidden.add(len(kept))
        self._source = "\n".join(kept)

    def of(self, error: Exception) -> str:
        """The message for what a check raised; of the hidden part only the words that stand in the check itself."""
        lines = [f.lineno or 0 for f in traceback.extract_tb(error.__traceback__) if f.filename == CHECK]
        hidden = any(line in self.hidden for line in lines)
        described = error.__cause__ if isinstance(error.__cause__, StudentError) else None
        if described is not None:
            if hidden:
                kind = next(iter(described.kinds), "an error")  # a built-in name: the student chooses `type`
                return f"on fresh inputs your code raised {kind}: try other shapes and values"
            return f"your code raised {described}"
        if isinstance(error, AssertionError):
            return f"on fresh inputs: {self._constant(lines)}" if hidden else str(error)[:2000]
        if hidden:
            return (
                "on fresh inputs the check could not use what came back: is it of the kind that is asked for?"
            )
        return f"the check could not use what came back ({type(error).__name__}): {str(error)[:300]}"

    def _constant(self, lines: list[int]) -> str:
        """The message of the failed assertion without the values that it was filled with."""
        last = lines[-1] if lines else 0
        asserts = [
            node
            for node in ast.walk(ast.parse(self._source))
            if isinstance(node, ast.Assert) and node.lineno <= last <= (node.end_lineno or 0) and node.msg
        ]
        if not asserts:
            return "the values are not the expected ones"
        parts: Iterator[ast.AST] = ast.walk(asserts[-1].msg) if asserts[-1].msg else iter(())
        words = [
            part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)
        ]
        return re.sub(r"\s+", " ", "…".join(words)).strip(" …")
