"""The form of a catalogue's entries."""

from pathlib import Path

import pytest

from course_utils.labs import Right, Wrong, load_catalogue


def test_a_swap_must_occur_once():
    with pytest.raises(ValueError, match="'x' occurs 2 times"):
        Right("odd", swap=("x", "y")).source("x + x")


def test_an_answer_is_given_in_one_way():
    for arguments in ({}, {"code": "a", "swap": ("a", "b")}):
        with pytest.raises(ValueError, match="either code= or swap="):
            Right("odd", **arguments)


def test_a_wrong_answer_needs_the_message_that_helps():
    with pytest.raises(ValueError, match="needs says="):
        Wrong("sign", code="x = -1")


def test_a_missing_or_empty_catalogue_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match=r"has no catalogue\.py"):
        load_catalogue(tmp_path)
    (tmp_path / "catalogue.py").write_text("ANSWERS = {}")
    with pytest.raises(ValueError, match="must define CATALOGUE"):
        load_catalogue(tmp_path)


def test_several_files_make_one_catalogue_and_may_not_repeat_a_task(tmp_path: Path):
    (tmp_path / "catalogue_first.py").write_text("CATALOGUE = {'a': []}")
    (tmp_path / "catalogue_second.py").write_text("CATALOGUE = {'b': []}")
    assert load_catalogue(tmp_path) == {"a": [], "b": []}
    (tmp_path / "catalogue_third.py").write_text("CATALOGUE = {'b': []}")
    with pytest.raises(ValueError, match=r"catalogue_third\.py repeats \['b'\]"):
        load_catalogue(tmp_path)
