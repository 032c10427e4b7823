"""What a lab's catalogue holds: typical wrong answers that must fail with help, unusual right ones that must pass."""

import runpy
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class _Answer:
    why: str
    code: str = ""
    swap: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        """Refuses an answer given twice or not at all."""
        if bool(self.code) == bool(self.swap):
            raise ValueError(f"{self.why!r} needs either code= or swap=(old, new), not both and not neither.")

    def source(self, reference: str) -> str:
        """The answer's text: the code itself, or the reference answer with one passage exchanged.

        Args:
            reference: the reference answer.

        Raises:
            ValueError: the passage to exchange does not occur in the reference answer exactly once.

        >>> Right("other name", swap=("x", "y")).source("f(x)")
        'f(y)'
        """
        if self.swap is None:
            return self.code
        old, new = self.swap
        if reference.count(old) != 1:
            raise ValueError(
                f"{self.why!r}: {old!r} occurs {reference.count(old)} times in the reference answer."
            )
        return reference.replace(old, new)


@dataclass(frozen=True)
class Right(_Answer):
    """An unusual right answer.

    Args:
        why: what is unusual about it.
        code: the answer cell's text; or
        swap: a passage of the reference answer, and what stands there instead.
    """


@dataclass(frozen=True)
class Wrong(_Answer):
    """A typical wrong answer.

    Args:
        why: the mistake.
        code: the answer cell's text; or
        swap: a passage of the reference answer, and what stands there instead.
        says: a fragment of the message that must come: it names the likely cause.
    """

    says: str = ""

    def __post_init__(self) -> None:
        """Refuses a wrong answer without the message that helps."""
        super().__post_init__()
        if not self.says:
            raise ValueError(f"{self.why!r} needs says=, a fragment of the message that names the cause.")


def load_catalogue(folder: Path) -> dict[str, list[Right | Wrong]]:
    """The answers of a lab's catalogue, by the name of their task.

    Args:
        folder: the master's folder; each ``catalogue*.py`` in it defines ``CATALOGUE`` for other tasks.

    Raises:
        ValueError: there is no such file, one defines no ``CATALOGUE``, or two hold the same task.
    """
    files = sorted(folder.glob("catalogue*.py"))
    if not files:
        raise ValueError(f"{folder.name} has no catalogue.py: write one beside the master.")
    catalogue: dict[str, list[Right | Wrong]] = {}
    for path in files:
        names = runpy.run_path(str(path))
        if "CATALOGUE" not in names:
            raise ValueError(f"{folder.name}/{path.name} must define CATALOGUE, a list of answers by task.")
        if twice := sorted(catalogue.keys() & names["CATALOGUE"].keys()):
            raise ValueError(f"{folder.name}/{path.name} repeats {twice}: keep a task's answers in one file.")
        catalogue |= names["CATALOGUE"]
    return catalogue
