"""One lab as the grader's office sees it: the released notebook, what can be earned, and a digest of what decides."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_utils.labs.lab import Lab
from course_utils.labs.release import release, role


@dataclass(frozen=True)
class Question:
    """One written question: its grade id, its points, and the text with the table that readers mark by."""

    name: str
    points: float
    rubric: str


@dataclass(frozen=True)
class Assignment:
    """A lab in one course's variant.

    Args:
        lab: full name, that of the master's folder.
        course_seed: of the variant; None where the master's own is kept.
        digest: of everything in the master that can change a grade; outputs and explanations are not part of it.
        tasks: points of each coding task.
        questions: the written ones.
        released: the notebook that students got; empty when the assignment comes from the gradebook.
    """

    lab: str
    course_seed: int | None
    digest: str
    tasks: dict[str, float]
    questions: tuple[Question, ...]
    released: NotebookNode = field(default_factory=NotebookNode, compare=False, repr=False)

    @property
    def maximum(self) -> float:
        """Points of all coding tasks."""
        return sum(self.tasks.values())

    @classmethod
    def read(cls, master: Path, course_seed: int | None = None) -> "Assignment":
        """Read a master and make its release.

        Args:
            master: path of the instructor's notebook, in a folder of the lab's name.
            course_seed: of the variant that was handed out.

        Raises:
            ValueError: the master cannot be released.
        """
        notebook = nbformat.read(master, as_version=4)
        deciding = [
            [cell.cell_type, cell.source, cell.metadata.get("nbgrader"), cell.metadata.get("tags")]
            for cell in notebook.cells
            if cell.cell_type == "code" or "nbgrader" in cell.metadata
        ]
        text = json.dumps([deciding, course_seed], sort_keys=True)
        released = release(notebook, course_seed)
        questions = tuple(
            Question(
                cell.metadata["nbgrader"]["grade_id"],
                float(cell.metadata["nbgrader"]["points"]),
                before.source if before.cell_type == "markdown" else "",
            )
            for before, cell in zip(released.cells, released.cells[1:], strict=False)
            if role(cell) == "written"
        )
        tasks = {name: task.points for name, task in Lab.read(master).tasks.items()}
        digest = hashlib.sha256(text.encode()).hexdigest()
        return cls(master.parent.name, course_seed, digest, tasks, questions, released)

    def dumps(self) -> str:
        """The assignment without its notebook, as JSON for the gradebook."""
        facts = asdict(Assignment(self.lab, self.course_seed, self.digest, self.tasks, self.questions))
        return json.dumps({key: value for key, value in facts.items() if key != "released"})

    @classmethod
    def loads(cls, text: str) -> "Assignment":
        """The inverse of `dumps`."""
        facts = json.loads(text)
        facts["questions"] = tuple(Question(**question) for question in facts["questions"])
        return cls(**facts)


def find_master(lab: str, solutions: Path) -> Path:
    """The path of a lab's master.

    Args:
        lab: its number (``lab11``) or its full name.
        solutions: the folder of the masters.

    Raises:
        ValueError: there is no such lab, or more than one.
    """
    masters = sorted(path for path in solutions.glob("*/*.ipynb") if path.stem == path.parent.name)
    found = [path for path in masters if path.stem == lab] or [
        path for path in masters if path.stem.startswith(f"{lab}_")
    ]
    if len(found) != 1:
        known = ", ".join(path.stem for path in masters) or "none; run this in the repository's root"
        raise ValueError(
            f"LAB must name one lab by number or name, got {lab!r}. Labs in {solutions}: {known}."
        )
    return found[0]
