"""The working copy: whatever the course and the reader do, in any order, no work of the reader is lost."""

import datetime
import errno
import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils import workbench
from course_utils.lab_book import lab_book_path, note
from course_utils.workbench import Change, main, update

TODAY = datetime.date(2026, 1, 2)
NAME = "1_part/12_page.ipynb"
BESIDE = "1_part/12_page.new.ipynb"
BACKUP = ".previous/1_part/12_page-2026-01-02.ipynb"


def page(source: str, output: str = "") -> bytes:
    cell = {"cell_type": "code", "source": [source], "outputs": [output]}
    return json.dumps({"cells": [cell], "nbformat": 4}).encode()


class Desk:
    """A course with one page and a reader's working copy of it."""

    def __init__(self, folder: Path) -> None:
        self.course, self.copy = folder / "notebooks", folder / "my_course"
        self.publish(page("v1"))

    def publish(self, content: bytes) -> None:
        (self.course / NAME).parent.mkdir(parents=True, exist_ok=True)
        (self.course / NAME).write_bytes(content)

    def save(self, content: bytes, name: str = NAME) -> None:
        (self.copy / name).parent.mkdir(parents=True, exist_ok=True)
        (self.copy / name).write_bytes(content)

    def read(self, name: str = NAME) -> bytes:
        return (self.copy / name).read_bytes()

    def update(self) -> Change:
        (change,) = update(self.course, self.copy, TODAY)
        return change

    def contents(self) -> set[bytes]:
        return {path.read_bytes() for path in self.copy.rglob("*.ipynb")}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_first_update_lays_the_page_out(desk: Desk):
    assert desk.update() == Change(NAME, "new")
    assert desk.read() == page("v1")


def test_deleted_page_is_brought_back(desk: Desk):
    desk.update()
    (desk.copy / NAME).unlink()
    assert desk.update() == Change(NAME, "brought back")
    assert desk.read() == page("v1")


def test_untouched_page_is_replaced(desk: Desk):
    desk.update()
    desk.publish(page("v2"))
    assert desk.update() == Change(NAME, "updated")
    assert desk.contents() == {page("v2")}


def test_page_that_was_run_stays_while_the_course_stands_still(desk: Desk):
    desk.update()
    desk.save(page("v1", "my result"))
    assert desk.update() == Change(NAME, "unchanged")
    assert desk.read() == page("v1", "my result")


def test_page_that_was_run_stays_when_only_the_courses_outputs_changed(desk: Desk):
    desk.update()
    desk.save(page("v1", "my result"))
    desk.publish(page("v1", "stored anew"))
    assert desk.update() == Change(NAME, "unchanged")
    assert desk.contents() == {page("v1", "my result")}


def test_page_that_was_run_is_replaced_and_kept(desk: Desk):
    desk.update()
    desk.save(page("v1", "my result"))
    desk.publish(page("v2"))
    assert desk.update() == Change(NAME, "updated", BACKUP)
    assert (desk.read(), desk.read(BACKUP)) == (page("v2"), page("v1", "my result"))


def test_second_copy_of_a_day_gets_a_name_of_its_own(desk: Desk):
    desk.update()
    for version in ("v2", "v3"):
        desk.save(page(json.loads(desk.read())["cells"][0]["source"][0], "my result"))
        desk.publish(page(version))
        change = desk.update()
    assert change.where == BACKUP.replace(".ipynb", "-2.ipynb")
    assert desk.contents() == {page("v1", "my result"), page("v2", "my result"), page("v3")}


def test_edited_page_is_never_overwritten_and_said_once(desk: Desk):
    desk.update()
    desk.save(page("mine"))
    assert desk.update() == Change(NAME, "unchanged")
    desk.publish(page("v2"))
    assert desk.update() == Change(NAME, "yours", BESIDE)
    assert desk.update() == Change(NAME, "unchanged")
    assert (desk.read(), desk.read(BESIDE)) == (page("mine"), page("v2"))


def test_work_in_the_page_laid_beside_is_kept_too(desk: Desk):
    desk.update()
    desk.save(page("mine"))
    desk.publish(page("v2"))
    desk.update()
    desk.save(page("mine, from v2"), BESIDE)
    desk.publish(page("v3"))
    assert desk.update() == Change(NAME, "yours", BESIDE)
    assert desk.contents() == {page("mine"), page("mine, from v2"), page("v3")}


@pytest.mark.parametrize(
    "garbage", [b"", b"\xff\x00", b"[]", b'{"delivered": 3}', b'{"delivered": {"a": [1]}}']
)
def test_unreadable_manifest_overwrites_nothing_and_recovers(desk: Desk, garbage: bytes):
    desk.update()
    desk.save(page("v1", "my result"))
    (desk.copy / workbench.MANIFEST).write_bytes(garbage)
    desk.publish(page("v2"))
    assert desk.update() == Change(NAME, "yours", BESIDE)
    assert desk.read() == page("v1", "my result")
    desk.save(page("v2"))
    desk.publish(page("v3"))
    assert desk.update() == Change(NAME, "updated")


def test_lost_manifest_leaves_a_page_that_was_only_run(desk: Desk):
    desk.update()
    desk.save(page("v1", "my result"))
    (desk.copy / workbench.MANIFEST).unlink()
    assert desk.update() == Change(NAME, "unchanged")
    assert desk.contents() == {page("v1", "my result")}


def test_broken_notebook_of_the_reader_counts_as_edited(desk: Desk):
    desk.update()
    desk.save(b"<<<<<<< merge conflict")
    desk.publish(page("v2"))
    assert desk.update() == Change(NAME, "yours", BESIDE)
    assert desk.read() == b"<<<<<<< merge conflict"


def test_other_files_are_not_touched(desk: Desk):
    desk.save(b'{"guess": 3}\n', "lab_book.jsonl")
    desk.save(page("notes"), "my_notes.ipynb")
    desk.update()
    assert desk.read("lab_book.jsonl") == b'{"guess": 3}\n'
    assert desk.read("my_notes.ipynb") == page("notes")


def test_checkpoints_of_the_course_are_no_pages(desk: Desk):
    checkpoint = desk.course / "1_part/.ipynb_checkpoints/12_page-checkpoint.ipynb"
    checkpoint.parent.mkdir()
    checkpoint.write_bytes(page("old"))
    assert desk.update() == Change(NAME, "new")


ACTS = ["reader edits", "reader runs", "reader deletes", "course edits", "course runs", "update"]


@given(acts=st.lists(st.sampled_from(ACTS), max_size=12), kill_at=st.integers(0, 12))
def test_nothing_of_the_readers_is_lost_in_any_order_and_with_a_kill(acts: list[str], kill_at: int):
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        desk, replaced, replace = Desk(Path(folder)), 0, os.replace
        version = source = "v0"

        def killed_once(part: str, whole: str) -> None:
            nonlocal replaced
            replaced += 1
            if replaced == kill_at:
                raise KeyboardInterrupt
            replace(part, whole)

        patch.setattr(os, "replace", killed_once)
        patch.setattr(os, "fsync", lambda _: None)  # the slow part, and of no matter here
        works: set[bytes] = set()
        for number, act in enumerate([*acts, "update", "course edits", "update"]):
            mine = desk.copy / NAME
            if act == "course edits":
                desk.publish(page(version := f"v{number}"))
            elif act == "course runs":
                desk.publish(page(version, f"stored {number}"))
            elif act == "update":
                try:
                    desk.update()
                except KeyboardInterrupt:
                    desk.update()
            elif mine.exists():
                if act == "reader deletes":
                    works.discard(desk.read())
                    mine.unlink()
                    continue
                source = json.loads(desk.read())["cells"][0]["source"][0]
                works.discard(desk.read())  # the reader's own save replaces it
                desk.save(page(f"mine {number}" if act == "reader edits" else source, f"result {number}"))
                works.add(desk.read())
        assert works <= desk.contents()
        assert page(version) in desk.contents()


def test_full_disk_is_one_line_and_changes_nothing(desk: Desk, monkeypatch, capsys):
    desk.update()
    desk.save(page("v1", "my result"))
    desk.publish(page("v2"))
    before = {path: path.read_bytes() for path in desk.copy.rglob("*") if path.is_file()}

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert main([str(desk.copy), "--from", str(desk.course), "--no-open"]) == 1
    assert capsys.readouterr().err == (
        "workbench: the disk is full: make room and run this again; no work of yours is lost\n"
    )
    assert {path: path.read_bytes() for path in desk.copy.rglob("*") if path.is_file()} == before


def test_folder_in_the_way_is_one_line(desk: Desk, capsys):
    desk.copy.write_text("a file")
    assert main([str(desk.copy), "--from", str(desk.course), "--no-open"]) == 1
    message = capsys.readouterr().err
    assert message.startswith("workbench: ")
    assert message.count("\n") == 1
    assert str(desk.copy) in message


def test_no_notebooks_says_what_to_do(tmp_path: Path, capsys):
    assert main([str(tmp_path / "my_course"), "--from", str(tmp_path), "--no-open"]) == 1
    assert "found none: run this in a checkout of the course, or name" in capsys.readouterr().err


@pytest.mark.parametrize("copy", ["notebooks", "notebooks/mine", "."])
def test_working_copy_over_the_course_is_refused(desk: Desk, copy: str):
    with pytest.raises(ValueError, match="expected a working copy apart from"):
        update(desk.course, desk.course.parent / copy, TODAY)


def test_jupyterlab_opens_the_first_page_with_the_options_given(desk: Desk, monkeypatch, capsys):
    from jupyterlab import labapp

    calls = []
    monkeypatch.setattr(labapp, "main", calls.append)
    options = ["--no-browser", "--port", "9999"]
    assert main([str(desk.copy), "--from", str(desk.course), *options]) == 0
    assert calls == [[str(desk.copy / "00_start_here.ipynb"), *options]]
    assert capsys.readouterr().out == f"{desk.copy}: 1 new\n"
    monkeypatch.chdir(desk.course.parent)
    main(["--from", str(desk.course), "--port", "9999"])
    assert calls[1] == [str(Path("my_course/00_start_here.ipynb")), "--port", "9999"]


def test_pages_of_every_folder_share_one_lab_book(tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("COURSE_LAB_BOOK", raising=False)
    notebooks, folder = tmp_path / "notebooks", tmp_path / "mine"
    (notebooks / "1_part").mkdir(parents=True)
    (notebooks / "1_part" / "11_a.ipynb").write_text("{}")
    update(notebooks, folder, datetime.date(2026, 1, 1))
    monkeypatch.chdir(folder / "1_part")
    assert lab_book_path() == folder / "lab_book.jsonl"
    note("mine")
    before = (folder / "lab_book.jsonl").read_bytes()
    update(notebooks, folder, datetime.date(2026, 1, 2))
    assert (folder / "lab_book.jsonl").read_bytes() == before != b""


def test_the_labs_beside_the_notebooks_are_delivered_too(tmp_path) -> None:
    for name in ("notebooks/00_a.ipynb", "labs/lab12_b/lab12_b.ipynb", "labs/.hidden/c.ipynb"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text('{"cells": []}')
    changes = update(tmp_path / "notebooks", tmp_path / "mine", datetime.date(2026, 1, 1))
    assert [change.name for change in changes] == ["00_a.ipynb", "labs/lab12_b/lab12_b.ipynb"]
    assert (tmp_path / "mine" / "labs" / "lab12_b" / "lab12_b.ipynb").is_file()
