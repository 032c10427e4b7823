"""Collections in every layout: no student is lost, none takes another's place."""

import os
import zlib
from pathlib import Path

import pytest
from layouts import LAB, found, lay, packed

from course_utils.grading.submissions import collect

LAYOUTS = {
    "nbgrader": (
        {f"submitted/ann/{LAB}/{LAB}.ipynb": "A", f"submitted/bob/{LAB}/{LAB}.ipynb": "B"},
        ("ann", "bob"),
    ),
    "nbgrader without its folder": (
        {f"ann/{LAB}/{LAB}.ipynb": "A", f"bob/{LAB}/{LAB}.ipynb": "B", "bob/lab98_x/lab98_x.ipynb": "C"},
        ("ann", "bob"),
    ),
    "Moodle": (
        {
            "Ann Lee_123_assignsubmission_file_/my lab.ipynb": "A",
            "Bob_7_assignsubmission_file_/x.ipynb": "B",
            "Bob_7_assignsubmission_onlinetext_/onlinetext.html": "hello",
        },
        ("Ann Lee_123", "Bob_7"),
    ),
    "Moodle, flat": (
        {
            "Ann Lee_123_assignsubmission_file_my lab.ipynb": "A",
            "Bob_7_assignsubmission_file_x.ipynb": "B",
        },
        ("Ann Lee_123", "Bob_7"),
    ),
    "Canvas": (
        {
            "leeann_12_901_lab.ipynb": "old",
            "leeann_12_902_lab-2.ipynb": "A",
            "leebob_LATE_13_903_my_lab_3.ipynb": "B",
            "grades.csv": "nobody",
        },
        ("leeann_12", "leebob_13"),
    ),
    "folders by name": (
        {"ann/any name.ipynb": "A", "bob/deep/er.ipynb": "B", "README.md": "x"},
        ("ann", "bob"),
    ),
    "files by name": ({"ann.ipynb": "A", "bob.IPYNB": "B", "notes.log": "x"}, ("ann", "bob")),
    "a student's own zip": (
        {"ann.zip": packed({"lab/answer.ipynb": "A"}), "bob/all.zip": packed({"b.ipynb": "B"})},
        ("ann", "bob"),
    ),
    "files of systems": (
        {
            "ann/a.ipynb": "A",
            "ann/.ipynb_checkpoints/a-checkpoint.ipynb": "old",
            "__MACOSX/ann/._a.ipynb": "x",
            ".DS_Store": "x",
            "bob/b.ipynb.txt": "B",
            "bob/._b.ipynb": "x",
        },
        ("ann", "bob"),
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts_as_a_folder_and_as_a_zip(tmp_path: Path, name: str):
    files, (ann, bob) = LAYOUTS[name]
    folder = lay(tmp_path / "folder", files)
    archive = tmp_path / "export.zip"
    archive.write_bytes(packed(files))
    for path in (folder, archive):
        students = found(path)
        assert {student: one.content for student, one in students.items()} == {ann: b"A", bob: b"B"}


def test_a_folder_that_was_zipped_whole_is_taken_off(tmp_path: Path):
    for name, files in {
        "monday": {"monday/ann.ipynb": "A", "monday/bob.ipynb": "B"},
        "tuesday": {"tuesday/ann/a.ipynb": "A", "tuesday/bob/b.pdf": "B", "tuesday/bob/b.ipynb": "B"},
        "other": {"submitted/ann/a.ipynb": "A", "submitted/bob/part two/b.ipynb": "B"},
    }.items():
        (tmp_path / f"{name}.zip").write_bytes(packed(files))
        assert set(found(tmp_path / f"{name}.zip")) == {"ann", "bob"}
    (tmp_path / "one.zip").write_bytes(packed({f"ann/{LAB}/a.ipynb": "A", "ann/lab12_x/b.ipynb": "B"}))
    assert set(found(tmp_path / "one.zip")) == {"ann"}


@pytest.mark.parametrize(
    "inside",
    [
        ("ann/a.ipynb", "bob/b.ipynb", "cy/c.pdf"),
        ("draft/lab.ipynb", "final/all.zip"),
    ],
)
def test_a_folder_of_which_nobody_knows_whose_it_is_is_refused(tmp_path: Path, inside: tuple[str, ...]):
    files = {f"week1/{path}": "A" for path in inside}
    lay(tmp_path / "folder", files)
    (tmp_path / "one.zip").write_bytes(packed(files))
    for path in (tmp_path / "folder", tmp_path / "one.zip"):
        with pytest.raises(
            ValueError,
            match=f"one folder, week1: .* name the collection week1.*put the files into week1/{LAB}",
        ):
            found(path)
    lay(tmp_path / "other", {f"week1/{LAB}/{path}": "A" for path in inside})
    assert set(found(tmp_path / "other")) == {"week1"}
    (tmp_path / "one.zip").rename(tmp_path / "week1.zip")
    assert set(found(tmp_path / "week1.zip")) != {"week1"}


def test_a_stray_file_does_not_hide_canvas(tmp_path: Path):
    lay(tmp_path, LAYOUTS["Canvas"][0] | {"read me.txt": "x"})
    assert set(found(tmp_path)) == {"leeann_12", "leebob_13", "read me"}


def test_a_zip_with_the_separators_of_windows(tmp_path: Path):
    (tmp_path / "class.zip").write_bytes(packed({"ann\\deep\\a.ipynb": "A", "bob\\b.ipynb": "B"}))
    assert set(found(tmp_path / "class.zip")) == {"ann", "bob"}


def test_late_submissions_say_so(tmp_path: Path):
    lay(tmp_path, LAYOUTS["Canvas"][0])
    assert found(tmp_path)["leebob_13"].notes == ("Canvas marks it as late.",)


def test_of_several_notebooks_the_newest_of_the_lab_counts(tmp_path: Path):
    lay(tmp_path, {"ann/one.ipynb": "lab first", "ann/two.ipynb": "lab second", "ann/zzz.ipynb": "another"})
    for age, name in enumerate(("zzz", "two", "one")):
        os.utime(tmp_path / "ann" / f"{name}.ipynb", (1e9 - age, 1e9 - age))
    ann = found(tmp_path, lambda content: content.startswith(b"lab"))["ann"]
    assert ann.content == b"lab second"
    assert ann.notes == ("3 notebooks were handed in; the newest of this lab counts: ann/two.ipynb.",)
    assert ann.submitted == "2001-09-09T01:46:39+00:00"


def test_equal_copies_need_no_note(tmp_path: Path):
    lay(tmp_path, {"ann/one.ipynb": "same", "ann/two.ipynb": "same"})
    assert found(tmp_path)["ann"].notes == ()


def test_nbgraders_time_is_that_of_the_hand_in(tmp_path: Path):
    lay(tmp_path, {f"ann/{LAB}/{LAB}.ipynb": "A", f"ann/{LAB}/timestamp.txt": "2026-10-05 11:12:13.5 UTC"})
    assert found(tmp_path)["ann"].submitted == "2026-10-05T11:12:13"


def test_a_student_without_a_notebook_has_an_entry(tmp_path: Path):
    lay(tmp_path, {"ann/essay.pdf": "x", "bob.docx": "x"})
    (tmp_path / "eve").mkdir()
    students = found(tmp_path)
    assert {student: one.content for student, one in students.items()} == dict.fromkeys(("ann", "bob", "eve"))
    assert "found: ann/essay.pdf" in students["ann"].problem
    assert "found: nothing" in students["eve"].problem


def test_says_what_was_expected(tmp_path: Path):
    with pytest.raises(ValueError, match=r"does not exist. Expected nbgrader's"):
        collect(tmp_path / "nowhere", LAB)
    with pytest.raises(ValueError, match="no submission in"):
        collect(tmp_path, LAB)
    (tmp_path / "x.zip").write_bytes(zlib.compress(b"x"))
    with pytest.raises(ValueError, match="is no zip, or damaged"):
        collect(tmp_path / "x.zip", LAB)
