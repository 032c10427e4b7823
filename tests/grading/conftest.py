"""What the office's tests share: a small lab, notebooks of students, and a pool that grades by reading words."""

import copy
import html.parser
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from course_utils.grading.assignment import Assignment
from course_utils.grading.bubblewrap import Limits
from course_utils.grading.gradebook import Gradebook
from course_utils.grading.records import Answers, Result, TaskResult
from course_utils.grading.sandbox import Sandbox
from course_utils.grading.submissions import Submission
from course_utils.labs import Lab

ROOT = Path(__file__).parents[2]
SMALL = ROOT / "tests" / "labs" / "small_master.ipynb"
LAB = "lab99_small"


@pytest.fixture
def master(tmp_path: Path) -> Path:
    """A lab of one coding task `double` and one written answer `why`, as a master in a folder of masters."""
    path = tmp_path / "solutions" / LAB / f"{LAB}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(SMALL.read_bytes())
    return path


@pytest.fixture
def assignment(master: Path) -> Assignment:
    return Assignment.read(master)


@pytest.fixture
def handed_in(assignment: Assignment) -> Callable[..., bytes]:
    """Makes a student's notebook of the small lab: `handed_in(double="…", why="…")`."""

    def make(**answers: str) -> bytes:
        notebook = copy.deepcopy(assignment.released)
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            cell.source = answers.get(name, cell.source)
        return nbformat.writes(notebook).encode()

    return make


class FakePool:
    """Grades by words in the answer: ``right`` passes, ``INFRA`` fails the grader, all else is wrong."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def grade(self, master: Path, jobs: Iterable[Any], **settings: Any) -> Iterator[tuple[Any, Result]]:
        self.settings = settings
        tasks = Lab.read(master).tasks
        for job in jobs:
            self.seen.append(job)
            text = " ".join(job.answers.code.values())
            if "INFRA" in text:
                yield job, Result("INFRA", job.seed, (), "the sandbox did not start")
                continue
            done = [
                TaskResult(name, "passed", task.points, task.points)
                if "right" in job.answers.code.get(name, "")
                else TaskResult(name, "wrong", 0.0, task.points, "twice 2 is 4")
                for name, task in tasks.items()
            ]
            yield job, Result("graded", job.seed, tuple(done))


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> FakePool:
    fake = FakePool()
    monkeypatch.setattr("course_utils.grading.pool.grade", fake.grade)
    return fake


HOSTILE = (
    "<script>document.title='x'</script>",
    '"><img src=x onerror=alert(1)>',
    "</textarea></pre></title></style><script>x</script>",
    '=HYPERLINK("http://x")',
    "@SUM(1)",
    "-1+1",
    "\t=1",
    "a\nb\r\nc",
    "\u202egnp.exe\u2066",
    "x" * 300,
    "王小明 & محمد",
    "{{ 7 * 7 }} &amp; &lt;",
    "nul\0 bell\a",
)
"""Names, answers and messages that break what is careless."""


class Page(html.parser.HTMLParser):
    """What a browser would make of a page: its text, its elements and their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.tags, self.attributes = "", [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def parsed() -> type[Page]:
    return Page


@pytest.fixture
def rows_of(assignment: Assignment, tmp_path: Path) -> Callable[..., list[Any]]:
    """Rows of a gradebook in which students handed in one answer each: `rows_of({name: (message, text)})`."""

    def make(students: dict[str, tuple[str, str]]) -> list[Any]:
        with Gradebook(tmp_path / "rows.sqlite") as book:
            book.enter(assignment)
            for student, (message, text) in students.items():
                answers = Answers({"double": message}, {"why": text}, (f"note of {student}",))
                key = book.hand_in(assignment, Submission(student, f"{student}/x.ipynb", b"A"), answers)
                status = "wrong" if message else "passed"
                task = TaskResult("double", status, 0.0 if message else 3.0, 3.0, message)
                book.record(key, Result("graded", 12345, (task,)))
            return book.rows(LAB)

    return make


@pytest.fixture(params=HOSTILE, ids=range(len(HOSTILE)))
def hostile(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="session")
def sandbox_works() -> None:
    """Skips where bubblewrap is missing or may not start at all; where it may, and our use of it fails, tests fail."""
    bubblewrap = shutil.which("bwrap")
    if bubblewrap is None:
        pytest.skip("bubblewrap is not installed: apt install bubblewrap")
    options = (
        "--unshare-all --unshare-user --disable-userns --cap-drop ALL --ro-bind / / --proc /proc --dev /dev"
    )
    tried = subprocess.run([bubblewrap, *options.split(), "true"], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"bubblewrap may not start here: {tried.stderr.strip()}")
    Sandbox(Limits()).close()
