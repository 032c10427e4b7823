"""What a student reads: everything of this one, nothing of another, no script."""

from collections.abc import Callable
from dataclasses import replace

from course_utils.grading.assignment import Assignment
from course_utils.grading.feedback import feedback_page
from course_utils.grading.overview import overview_page
from course_utils.grading.pages import slug
from course_utils.grading.records import Answers, TaskResult


def test_shows_points_messages_and_what_an_appeal_needs(
    assignment: Assignment, rows_of: Callable, parsed: type
):
    (row,) = rows_of({"ann": ("2 is 2, twice is 4", "Because.")})
    text = parsed(feedback_page(assignment, row)).text
    for part in (
        "Lab 99: small",
        "ann",
        "0 of 3",
        "double",
        "not right yet",
        "2 is 2, twice is 4",
        "note of ann",
    ):
        assert part in text
    for part in ("2 more for writing", "A reader will mark it.", "Because.", "Seed: 12345", "– / 2"):
        assert part in text


def test_shows_the_readers_mark_and_counts_it(assignment: Assignment, rows_of: Callable, parsed: type):
    (row,) = rows_of({"ann": ("", "Because.")})
    mark = replace(row.texts["why"], points=1.5, comment="Say <why>.")
    text = parsed(feedback_page(assignment, replace(row, texts={"why": mark}))).text
    assert "4.5 of 5" in text
    assert "1.5 / 2" in text
    assert "Say <why>." in text
    assert "once a reader has marked" not in text


def test_a_page_without_a_score_says_why(assignment: Assignment, rows_of: Callable, parsed: type):
    (row,) = rows_of({"ann": ("", "Because.")})
    for status, words in (
        ("unreadable", "could not be read"),
        ("INFRA", "not you"),
        ("waiting", "not been graded"),
    ):
        newest = replace(row.newest, status=status, note="The file is empty.", tasks=(), answers=Answers({}))
        text = parsed(feedback_page(assignment, replace(row, newest=newest, grade=None, texts={}))).text
        assert "No score" in text
        assert words in text
        # What the grader notes of its own troubles may name files of the machine.
        assert ("The file is empty." in text) == (status == "unreadable")
        kept = parsed(feedback_page(assignment, replace(row, newest=newest))).text
        assert "5 of" not in kept
        assert "3 of 3" in kept
        assert "This score is that of the submission graded" in kept
        assert ("The file is empty." in kept) == (status == "unreadable")


def test_strangers_text_is_shown_and_is_never_markup(
    assignment: Assignment, rows_of: Callable, parsed: type, hostile: str
):
    rows = rows_of({hostile: (hostile, hostile), "ann": ("a message", "a text")})
    (row,), (plain,) = ([one for one in rows if (one.student == "ann") == calm] for calm in (False, True))
    for page, calm in (
        (feedback_page(assignment, row), feedback_page(assignment, plain)),
        (overview_page(assignment, [row]), overview_page(assignment, [plain])),
    ):
        found, wanted = parsed(page), parsed(calm)
        assert found.tags == wanted.tags
        assert "script" not in found.tags
        assert [name for _, name, _ in found.attributes] == [name for _, name, _ in wanted.attributes]
        assert hostile.replace("\0", "\ufffd").replace("\a", "\ufffd") in found.text


def test_nothing_of_another_student_is_on_a_page(assignment: Assignment, rows_of: Callable):
    ann, bob = rows_of({"Ann": ("message 111", "text 111"), "Bob": ("message 222", "text 222")})
    assert not any(part in feedback_page(assignment, ann) for part in ("Bob", "222"))
    assert not any(part in feedback_page(assignment, bob) for part in ("Ann", "111"))


def test_the_overview_counts_and_links(assignment: Assignment, rows_of: Callable, parsed: type):
    rows = rows_of({"ann": ("", "x"), "bob": ("2 is 2", "x"), "eve": ("2 is 2", "x"), "dan": ("other", "")})
    page = parsed(overview_page(assignment, rows))
    assert "4 students: 4 graded" in page.text
    assert "double · 1 of 4 passed" in page.text
    assert "2wrong2 is 2" in page.text
    assert "why: 3 to mark" in page.text
    links = [value for tag, name, value in page.attributes if (tag, name) == ("a", "href")]
    assert f"feedback/{slug('bob')}.html" in links
    assert f"forms/{slug('why')}.html" in links
    bars = [value for _, name, value in page.attributes if name == "aria-label"]
    assert bars[:4] == ["0 points: 3", "1 points: 0", "2 points: 0", "3 points: 1"]


def test_an_empty_lab_has_an_overview(assignment: Assignment, rows_of: Callable, parsed: type):
    (row,) = rows_of({"ann": ("", "x")})
    waiting = replace(row.newest, status="waiting", tasks=())
    text = parsed(overview_page(assignment, [replace(row, newest=waiting, grade=None)])).text
    assert "No score yet." in text
    assert "not graded yet" in text


def test_many_messages_are_cut(assignment: Assignment, rows_of: Callable, parsed: type):
    (row,) = rows_of({"ann": ("x", "x")})
    rows = [
        replace(
            row,
            student=str(n),
            grade=replace(row.grade, tasks=(TaskResult("double", "wrong", 0, 3, f"m{n}"),)),
        )
        for n in range(20)
    ]
    assert "and 12 more messages" in parsed(overview_page(assignment, rows)).text
