import json
import multiprocessing
from pathlib import Path

import pytest

from course_utils.lab_book import entries, export_lab_book, lab_book_path, note, open_chapter, predict


@pytest.fixture(autouse=True)
def book(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("COURSE_LAB_BOOK", str(tmp_path / "lab_book.jsonl"))
    open_chapter("12")
    return tmp_path / "lab_book.jsonl"


def test_a_guess_and_its_result_stay_together() -> None:
    predict("up or down?", " down ").result("up")
    (entry,) = entries()
    assert (entry["chapter"], entry["question"], entry["guess"], entry["outcome"]) == (
        "12",
        "up or down?",
        "down",
        "up",
    )


def test_an_empty_guess_leaves_no_file(book, capsys) -> None:
    predict("up or down?").result("up")
    note("  ")
    assert not book.exists()
    assert "No guess yet" in capsys.readouterr().out


def test_running_the_guess_again_keeps_the_result() -> None:
    predict("up or down?", "down").result("up")
    predict("up or down?", "down")
    (entry,) = entries()
    assert entry["outcome"] == "up"


def test_a_new_guess_replaces_the_old_one() -> None:
    predict("up or down?", "down").result("up")
    predict("up or down?", "up")
    (entry,) = entries()
    assert (entry["guess"], entry["outcome"]) == ("up", None)


def test_the_same_question_in_two_chapters_is_two_entries() -> None:
    predict("up or down?", "down")
    open_chapter("13")
    predict("up or down?", "up")
    assert [entry["chapter"] for entry in entries()] == ["12", "13"]


def test_every_note_is_kept_in_order() -> None:
    note("first")
    note("second")
    assert [entry["text"] for entry in entries()] == ["first", "second"]


def test_a_torn_line_costs_only_itself(book) -> None:
    note("before")
    with book.open("ab") as file:
        file.write(b'{"kind": "note", "te')  # the machine lost power here
    note("after")
    assert [entry["text"] for entry in entries()] == ["before", "after"]
    assert b'"te\n' in book.read_bytes()


@pytest.mark.parametrize("garbage", [b"\xff\xfe\x00\n", b"[1, 2]\n", b"null\n", b'{"kind": "prediction"}\n'])
def test_garbage_is_passed_over_and_left_alone(book, garbage) -> None:
    book.write_bytes(garbage)
    note("mine")
    assert [entry["text"] for entry in entries()] == ["mine"]
    assert book.read_bytes().startswith(garbage)


def test_a_folder_that_cannot_be_written_is_said_in_words(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("COURSE_LAB_BOOK", str(tmp_path / "no_such_folder" / "lab_book.jsonl"))
    with pytest.raises(OSError, match=r"could not be written.*run the cell again"):
        note("mine")


def test_the_nearest_book_above_is_found(monkeypatch, tmp_path) -> None:
    monkeypatch.delenv("COURSE_LAB_BOOK")
    (tmp_path / "lab_book.jsonl").touch()
    (tmp_path / "1_concepts").mkdir()
    monkeypatch.chdir(tmp_path / "1_concepts")
    assert lab_book_path() == tmp_path / "lab_book.jsonl"


def test_without_a_book_it_begins_here(monkeypatch, tmp_path) -> None:
    monkeypatch.delenv("COURSE_LAB_BOOK")
    monkeypatch.chdir(tmp_path)
    assert lab_book_path() == tmp_path / "lab_book.jsonl"


def test_export_writes_one_section_a_chapter(tmp_path, capsys) -> None:
    predict("up or down?", "down").result("up")
    open_chapter("13")
    note("I leave the column out.")
    export_lab_book(tmp_path / "mine.md")
    text = (tmp_path / "mine.md").read_text("utf-8")
    assert text.index("## Chapter 12") < text.index("I guessed: down") < text.index("## Chapter 13")
    assert "2 entries written to mine.md" in capsys.readouterr().out
    assert list(tmp_path.glob("*.partial")) == []


def test_an_empty_book_exports_nothing(tmp_path, capsys) -> None:
    export_lab_book(tmp_path / "mine.md")
    assert not (tmp_path / "mine.md").exists()
    assert "empty" in capsys.readouterr().out


def _many_notes(start: int) -> None:
    for number in range(start, start + 50):
        note(f"note {number}")


def test_two_notebooks_write_at_once_and_lose_nothing(book) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_many_notes, args=(start,)) for start in (0, 50)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert {entry["text"] for entry in entries()} == {f"note {number}" for number in range(100)}
    assert all(json.loads(line) for line in book.read_text("utf-8").splitlines() if line)
