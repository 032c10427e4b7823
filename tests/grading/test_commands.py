"""The commands end to end, with a pool that does not run anything."""

import csv
import json
import os
import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

from course_utils.grading.bubblewrap import SandboxError
from course_utils.grading.commands import main
from course_utils.grading.gradebook import Gradebook

LAB = "lab99_small"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def at(tmp_path: Path, master: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COURSE_SEED", raising=False)
    return tmp_path


@pytest.fixture
def class_of(at: Path, handed_in: Callable[..., bytes]) -> Callable[..., Path]:
    """Writes a folder of submissions: `class_of(ann="right", bob="wrong")`."""

    def write(**answers: str) -> Path:
        for student, answer in answers.items():
            path = at / "in" / student / "x.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            why = "YOUR ANSWER HERE" if answer == "blank" else f"Because of {student}."
            text = f"def double(x):\n    {answer!r}"
            path.write_bytes(handed_in(double=text, why=why) if answer != "broken" else b"{")
        return at / "in"

    return write


def rows() -> dict[str, dict[str, str]]:
    with open(f"graded/{LAB}/grades.csv", encoding="utf-8-sig", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def test_grades_a_class(class_of: Callable, pool, capsys: pytest.CaptureFixture):
    class_of(ann="right", bob="other", eve="broken", dan="INFRA")
    assert main(["grade", "lab99", "in"]) == 1
    found = {student: (row["status"], row["score"]) for student, row in rows().items()}
    assert found == {
        "ann": ("graded", "3"),
        "bob": ("graded", "0"),
        "dan": ("INFRA", ""),
        "eve": ("unreadable", ""),
    }
    out, err = capsys.readouterr()
    assert "2 graded" in out
    assert "1 unreadable" in out
    assert "eve: The file is no notebook" in out
    assert "run the same command again" in out
    assert err == ""  # no progress bar where nobody watches
    for name in ("index.html", "grades.csv"):
        assert f"graded/{LAB}/{name}" in out
    assert len(os.listdir(f"graded/{LAB}/feedback")) == 4
    assert len(os.listdir(f"graded/{LAB}/forms")) == 1
    assert len({job.seed for job in pool.seen}) == 3


def test_a_second_run_grades_what_is_new_only(class_of: Callable, pool):
    class_of(ann="right", bob="INFRA")
    main(["grade", LAB, "in"])
    pool.seen.clear()
    before = rows()["ann"]
    class_of(bob="right", eve="right")
    assert main(["grade", LAB, "in"]) == 0
    assert len(pool.seen) == 2
    assert rows()["ann"] == before
    assert [row["score"] for row in rows().values()] == ["3", "3", "3"]
    pool.seen.clear()
    assert main(["grade", LAB, "in"]) == 0
    assert pool.seen == []


def test_a_student_of_an_earlier_collection_keeps_the_score(class_of: Callable, pool, at: Path):
    class_of(ann="right")
    main(["grade", LAB, "in"])
    (at / "in" / "ann" / "x.ipynb").unlink()
    class_of(bob="right")
    assert main(["grade", LAB, "in"]) == 1
    assert {student: row["score"] for student, row in rows().items()} == {"ann": "3", "bob": "3"}
    assert rows()["ann"]["status"] == "unreadable"


def test_interrupted_it_keeps_what_is_graded(class_of: Callable, pool, monkeypatch, capsys):
    class_of(ann="right", bob="right", eve="right")
    whole = pool.grade

    def stopped(master, jobs, **settings):
        for number, done in enumerate(whole(master, jobs, **settings)):
            if number == 2:
                raise KeyboardInterrupt
            yield done

    monkeypatch.setattr("course_utils.grading.pool.grade", stopped)
    assert main(["grade", LAB, "in"]) == 130
    assert "run the same command again to go on" in capsys.readouterr().err
    assert main(["export", "lab99"]) == 1
    assert [row["status"] for row in rows().values()] == ["graded", "graded", "waiting"]
    monkeypatch.setattr("course_utils.grading.pool.grade", whole)
    pool.seen.clear()
    assert main(["grade", LAB, "in"]) == 0
    assert len(pool.seen) == 1


def test_without_a_sandbox_nothing_is_graded(class_of: Callable, monkeypatch, capsys):
    class_of(ann="right")

    def refused(master, jobs, **settings):
        raise SandboxError("Install bubblewrap.")
        yield

    monkeypatch.setattr("course_utils.grading.pool.grade", refused)
    for command in (["grade", LAB, "in"], ["check", LAB]):
        assert main(command) == 3
        assert "Install bubblewrap." in capsys.readouterr().err
    with Gradebook(Path("graded/gradebook.sqlite")) as book:
        assert [row.newest.status for row in book.rows(LAB)] == ["waiting"]


def test_settings_reach_the_pool(class_of: Callable, pool, monkeypatch):
    class_of(ann="right")
    monkeypatch.setenv("COURSE_SEED", "7")
    settings = ["--workers", "3", "--seconds", "5", "--memory", "2.5", "--out", "elsewhere"]
    assert main(["grade", LAB, "in", *settings]) == 0
    assert (pool.settings["workers"], pool.settings["course_seed"]) == (3, 7)
    assert (pool.settings["limits"].seconds, pool.settings["limits"].memory_gib) == (5, 2.5)
    assert Path("elsewhere/gradebook.sqlite").exists()
    assert pool.settings["private"] == [Path("elsewhere").resolve(), Path("in").resolve()]


def test_marks_come_back_into_pages_and_table(class_of: Callable, pool, at: Path, capsys):
    class_of(ann="right", bob="right")
    main(["grade", LAB, "in"])
    with Gradebook(Path("graded/gradebook.sqlite")) as book:
        ann = book.rows(LAB)[0].texts["why"]
    marks = [{"answer": ann.id, "points": 2, "comment": "Well said."}]
    content = {"format": "course-marks-1", "lab": LAB, "question": "why", "marker": "", "marks": marks}
    Path("m.json").write_text(json.dumps(content | {"saved": "2026-11-23T10:00:00.000Z"}))
    capsys.readouterr()
    assert main(["marks", "m.json"]) == 0
    assert "1 marks read, 1 new or changed" in capsys.readouterr().out
    assert [row["why (written)"] for row in rows().values()] == ["2", ""]
    (page,) = Path(f"graded/{LAB}/feedback").glob("ann-*.html")
    assert "Well said." in page.read_text()
    marks[0]["points"] = 0
    Path("m.json").write_text(json.dumps(content | {"saved": "2026-11-22T10:00:00.000Z"}))
    assert main(["marks", "m.json"]) == 1
    assert "0 new or changed, 1 older than what is stored, not taken" in capsys.readouterr().out


def test_an_appeal_uses_the_recorded_seed_and_records_nothing(class_of: Callable, pool, capsys):
    class_of(ann="right", bob="INFRA")
    main(["grade", LAB, "in"])
    (seed,) = [job.seed for job in pool.seen if "right" in job.answers.code["double"]]
    before = Path("graded/gradebook.sqlite").read_bytes()
    capsys.readouterr()
    assert main(["appeal", "lab99", "an"]) == 0
    assert pool.seen[-1].seed == seed
    assert f"ann, {LAB}, seed {seed}: 3 recorded, 3 now" in capsys.readouterr().out
    assert main(["appeal", "lab99", "ann", "--seed", "5"]) == 0
    assert pool.seen[-1].seed == 5
    assert Path("graded/gradebook.sqlite").read_bytes() == before
    assert main(["appeal", "lab99", "bob"]) == 2
    assert "bob has no score to appeal against" in capsys.readouterr().err


def test_check_says_that_it_works(at: Path, pool, capsys):
    assert main(["check", LAB]) == 0
    assert "solution of lab99_small scores full marks" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["grade", "lab98", "in"], "LAB must name one lab by number or name, got 'lab98'"),
        (["grade", "", "in"], "LAB must name one lab"),
        (["grade", LAB, "nowhere"], "does not exist"),
        (["grade", LAB, "."], "--out graded lies inside ."),
        (["grade", LAB, ""], "a path was expected, got nothing"),
        (["grade", LAB, "in", "--workers", "0"], "a whole number from 1 on was expected, got '0'"),
        (["grade", LAB, "in", "--seconds", "soon"], "a number above 0 was expected, got 'soon'"),
        (["grade", LAB, "in", "--memory", "-1"], "a number above 0 was expected"),
        (["grade", LAB, "in", "--course-seed", "x"], "a whole number from 0 on was expected"),
        (["export", "lab98"], "LAB must name one lab of the gradebook, got 'lab98'. It has: lab99_small"),
        (["appeal", LAB, "zoe"], "STUDENT must name one student, got 'zoe', which fits 0. Some: ann, bob"),
        (["appeal", LAB, ""], "which fits 2"),
        (["export", LAB, "--out", "none"], "no gradebook none/gradebook.sqlite: grade a lab first"),
        (["marks", "in/ann/x.ipynb"], "no file of marks"),
        (["judge"], "invalid choice"),
        ([], "required"),
    ],
)
def test_wrong_usage_says_what_was_expected(
    class_of: Callable, pool, capsys, arguments: list[str], words: str
):
    class_of(ann="right", bob="n")
    main(["grade", LAB, "in"])
    capsys.readouterr()
    try:
        status = main(arguments)
    except SystemExit as end:
        status = end.code
    assert status == 2
    assert words in capsys.readouterr().err


def test_a_gradebook_of_another_program_ends_in_words(class_of: Callable, pool, capsys):
    class_of(ann="right")
    Path("graded").mkdir()
    Path("graded/gradebook.sqlite").write_text("student,score")
    assert main(["grade", LAB, "in"]) == 1
    assert "the file is no gradebook" in capsys.readouterr().err
    assert Path("graded/gradebook.sqlite").read_text() == "student,score"


def test_a_disk_that_refuses_ends_in_words(class_of: Callable, pool, monkeypatch, capsys):
    class_of(ann="right")

    def full(path, content, encoding=""):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("course_utils.grading.office.write", full)
    assert main(["grade", LAB, "in"]) == 1
    assert "grades.csv: No space left on device. What is graded is recorded" in capsys.readouterr().err
    monkeypatch.undo()


def test_another_year_is_graded_anew_and_says_so(class_of: Callable, pool, capsys):
    class_of(ann="right")
    main(["grade", LAB, "in"])
    pool.seen.clear()
    assert "graded anew" not in capsys.readouterr().out
    assert main(["grade", LAB, "in", "--course-seed", "2027"]) == 0
    assert len(pool.seen) == 1
    assert (
        "Everybody is graded anew: COURSE_SEED has changed from not set to 2027 since 20"
        in capsys.readouterr().out
    )


def test_a_changed_master_is_graded_anew_and_says_so(class_of: Callable, pool, capsys, master: Path):
    class_of(ann="right")
    main(["grade", LAB, "in"])
    master.write_text(master.read_text().replace("assert double(math.pi)", "assert  double(math.pi)"))
    assert main(["grade", LAB, "in"]) == 0
    assert "Everybody is graded anew: the lab's master has changed since 20" in capsys.readouterr().out


def test_a_notebook_of_another_seed_has_a_note(class_of: Callable, pool, at: Path):
    class_of(ann="right")
    path = at / "in" / "ann" / "x.ipynb"
    path.write_text(path.read_text().replace("COURSE_SEED = 1", "COURSE_SEED = 2025"))
    main(["grade", LAB, "in"])
    (page,) = Path(f"graded/{LAB}/feedback").glob("ann-*.html")
    assert "The notebook has COURSE_SEED 2025, graded was with 1" in page.read_text()


def test_runs_as_a_module(monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setattr("sys.argv", ["grading", "--help"])
    with pytest.raises(SystemExit) as end:
        runpy.run_module("course_utils.grading", run_name="__main__")
    assert end.value.code == 0
    said = capsys.readouterr().out
    assert all(f"  {command} " in said for command in ("grade", "marks", "export", "appeal", "check"))
