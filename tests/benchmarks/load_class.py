"""A class that hands in lab 22: who writes what, and the score that it should get."""

import copy
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import nbformat
import numpy as np

from course_utils.labs import Lab, Right, Wrong, load_catalogue, release

LAB = "lab22_write_the_loop"
MASTER = Path(__file__).parents[2] / "solutions" / LAB / f"{LAB}.ipynb"
SHARES = {"right": 0.4, "wrong": 0.4, "blank": 0.1, "attack": 0.1}

ATTACKS = {
    "ends the process": "import os\ndef NAME(*a, **k):\n    os._exit(0)",
    "segmentation fault": "import ctypes\nctypes.string_at(0)",
    "never ends": "def NAME(*a, **k):\n    while True: pass",
    "equal to everything": "class A:\n    def __eq__(self, o): return True\n"
    "    __ge__ = __le__ = __gt__ = __lt__ = __eq__\n    def __bool__(self): return True\n"
    "def NAME(*a, **k):\n    return A()",
    "patched NumPy": "import numpy as np\nnp.allclose = np.isclose = np.array_equal = lambda *a, **k: True\n"
    "def NAME(*a, **k):\n    return 0",
    "empties the checks": "import ast\nclass Empty(ast.NodeTransformer):\n    def visit_FunctionDef(self, node):\n"
    "        if node.name.startswith('check_'): node.body = [ast.Pass()]\n        return node\n"
    "get_ipython().ast_transformers.append(Empty())",
}
"""Attacks on the score that leave the machine alone. `NAME` becomes the name of the task's function."""


@dataclass(frozen=True)
class Student:
    """One submission.

    Args:
        name: the student's.
        kind: right, wrong, blank, or ``attack: …``.
        answers: source of the answer cells by task; a task that is not named stays as released.
        score: what it should get.
    """

    name: str
    kind: str
    answers: dict[str, str]
    score: float


def students(count: int, seed: int) -> list[Student]:
    """A class in which each kind has its share, in a random order.

    Args:
        count: how many.
        seed: of the order, and of what each of them writes.
    """
    rng = np.random.default_rng(seed)
    lab, catalogue = Lab.read(MASTER), load_catalogue(MASTER.parent)
    edges = np.round(np.cumsum(list(SHARES.values())) * count).astype(int)
    kinds = np.repeat(list(SHARES), np.diff(edges, prepend=0))
    made: list[Student] = []
    attacks = 0
    for number, kind in enumerate(rng.permutation(kinds).tolist()):
        answers, score = {}, 0.0
        failing = set(rng.choice(list(lab.tasks), rng.integers(1, len(lab.tasks) + 1), replace=False))
        if kind == "attack":  # in turn, so that a small class has several
            kind, attack = (f"attack: {list(ATTACKS)[attacks % len(ATTACKS)]}", attacks % len(ATTACKS))
            attacks += 1
            code = list(ATTACKS.values())[attack]
            answers = {name: code.replace("NAME", name) for name in lab.tasks}
        else:
            for name, task in lab.tasks.items():
                sort = Wrong if kind == "wrong" and name in failing else Right
                if kind == "blank" and name in failing:
                    continue
                sources = [one.source(task.reference) for one in catalogue[name] if isinstance(one, sort)]
                sources += [task.reference] if sort is Right else []
                answers[name] = sources[rng.integers(len(sources))]
                score += task.points if sort is Right else 0.0
        made.append(Student(f"student{number:03}", kind, answers, score))
    return made


def notebook(student: Student, released: nbformat.NotebookNode) -> str:
    """The notebook that a student hands in."""
    made = copy.deepcopy(released)
    for cell in made.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = student.answers.get(name, cell.source)
    return nbformat.writes(made)


def write(students: list[Student], folder: Path) -> None:
    """Write a class in nbgrader's layout; what is there already stays."""
    released = release(nbformat.read(MASTER, as_version=4))
    for student in students:
        path = folder / student.name / LAB / f"{LAB}.ipynb"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(notebook(student, released))


def outcomes(students: list[Student], scores: dict[str, float]) -> dict[str, dict[str, int]]:
    """Kind → how many got the score they should, a lower one, a higher one, or none.

    Args:
        students: the class.
        scores: what was recorded, by name.
    """
    counts: dict[str, Counter[str]] = {}
    for student in students:
        got = scores.get(student.name)
        if got is None:
            word = "no score"
        elif abs(got - student.score) < 1e-9:
            word = "as it should"
        else:
            word = "too high" if got > student.score else "too low"
        counts.setdefault(student.kind, Counter())[word] += 1
    return {kind: dict(sorted(counts[kind].items())) for kind in sorted(counts)}
