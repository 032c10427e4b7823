"""cells.csv and claims.csv follow the stored notebooks, and nothing else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.ledger.__main__ import main
from course_utils.ledger.generate import Ledger, changes, collect, write
from course_utils.ledger.tables import read_table

PIPELINE = "1_concepts/12_the_pipeline.ipynb"


def test_cells_carry_the_heading_above_once_for_each_place(course):
    assert collect(course.notebooks, course.ledger).cells == [
        ("check", "00", "00_start_here.ipynb", "", "cell1"),
        ("pipeline", "12", PIPELINE, "From rows to numbers", "cell2"),
        ("pipeline", "12", PIPELINE, "The model", "cell4"),
    ]


def test_claims_stand_in_reading_order_with_four_digits(course):
    course.store("2_algorithms/21_data.ipynb", course.code(claims=[course.claim("last", 1234567.0)]))
    assert collect(course.notebooks, course.ledger).claims == [
        ("12", "accuracy", "≥ 0.9", "0.9346", "D2 §4.3: 0.95"),
        ("12", "weights", "= 652", "652", ""),
        ("12", "fits", "= True", "True", ""),
        ("21", "last", "≥ 0.9", "1235000", ""),
    ]


def test_checkpoints_are_not_read(course):
    before = collect(course.notebooks, course.ledger)
    course.store(
        "1_concepts/.ipynb_checkpoints/12_the_pipeline-checkpoint.ipynb", course.code("covers:nothing")
    )
    assert collect(course.notebooks, course.ledger) == before


def test_command_writes_then_has_nothing_to_change(course, capsys):
    assert main([str(course.notebooks)], course.ledger) == 0
    assert "cells.csv: missing" in capsys.readouterr().out
    stored = {path.name: path.read_bytes() for path in course.ledger.iterdir()}
    assert main([str(course.notebooks)], course.ledger) == 0
    assert capsys.readouterr().out == "ledger: no change (3 covering places, 3 claims)\n"
    assert {path.name: path.read_bytes() for path in course.ledger.iterdir()} == stored
    assert main([str(course.notebooks), "--check"], course.ledger) == 0
    assert capsys.readouterr() == ("", "")


def test_check_ignores_measured_values_and_nothing_else(course, capsys):
    main([str(course.notebooks)], course.ledger)
    course.store_pipeline(0.987)
    assert main([str(course.notebooks), "--check"], course.ledger) == 0
    assert main([str(course.notebooks)], course.ledger) == 0
    assert read_table("claims", course.ledger)["measured"][0] == "0.987"

    rewritten = course.code("covers:pipeline", claims=[course.claim("accuracy", 1.0)])
    course.store(PIPELINE, course.text("# The pipeline"), rewritten)
    stored = (course.ledger / "claims.csv").read_bytes()
    capsys.readouterr()
    assert main([str(course.notebooks), "--check"], course.ledger) == 1
    assert capsys.readouterr().err == (
        "ledger: cells.csv: 1 new, 2 gone; claims.csv: 1 new, 3 gone. "
        f"Run: python -m course_utils.ledger {course.notebooks}\n"
    )
    assert (course.ledger / "claims.csv").read_bytes() == stored


def test_order_counts(course):
    rows = [("12", "a", "≥ 1", "1", ""), ("12", "b", "≥ 1", "1", "")]
    write(Ledger([], rows), course.ledger)
    assert changes(Ledger([], rows[::-1]), course.ledger) == ["claims.csv: order changed"]


@pytest.mark.parametrize(
    ("tag", "message"),
    [
        (
            "covers:pipelin",
            r"12_the_pipeline.ipynb: the tag covers:pipelin names no row.*mean covers:pipeline\?",
        ),
        ("covers:splitting", r"12_the_pipeline.ipynb: the tag covers:splitting stands in chapter 12, .* 21"),
    ],
)
def test_wrong_tags_name_the_file_and_the_remedy(course, tag, message):
    course.store(PIPELINE, course.code(tag))
    with pytest.raises(ValueError, match=message):
        collect(course.notebooks, course.ledger)


def test_broken_notebooks_name_the_file(course, capsys):
    (course.notebooks / PIPELINE).write_text("{ not json", encoding="utf-8")
    assert main([str(course.notebooks)], course.ledger) == 2
    assert "ledger: 1_concepts/12_the_pipeline.ipynb is not a readable notebook" in capsys.readouterr().err
    odd = {"id": "a", "cell_type": "markdown", "metadata": {"tags": "no list"}, "source": "# T"}
    book = {"nbformat": 4, "nbformat_minor": 5, "cells": [odd], "metadata": {}}
    (course.notebooks / PIPELINE).write_text(json.dumps(book), encoding="utf-8")
    with pytest.raises(ValueError, match=r"12_the_pipeline.ipynb is not a readable notebook"):
        collect(course.notebooks, course.ledger)
    assert not (course.ledger / "cells.csv").exists()


def test_incomplete_claims_strangers_and_missing_folders_are_refused(course, tmp_path):
    course.store(PIPELINE, course.code(claims=[{"what": "accuracy"}]))
    with pytest.raises(ValueError, match=r"12_the_pipeline.ipynb: an output's claim needs what, bound"):
        collect(course.notebooks, course.ledger)
    course.store_pipeline(0.9)
    course.store("Untitled.ipynb")
    with pytest.raises(ValueError, match=r"Untitled.ipynb is not in chapters.csv"):
        collect(course.notebooks, course.ledger)
    with pytest.raises(ValueError, match="no folder"):
        collect(tmp_path / "nowhere", course.ledger)


def test_a_failed_write_leaves_the_tables_alone(course, monkeypatch):
    write(Ledger([], []), course.ledger)
    before = {path.name: path.read_bytes() for path in course.ledger.iterdir()}

    def full(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr("course_utils.ledger.generate.os.replace", full)
    with pytest.raises(OSError, match="no space"):
        write(Ledger([("check", "00", "00_start_here.ipynb", "", "cell1")], []), course.ledger)
    assert {path.name: path.read_bytes() for path in course.ledger.iterdir()} == before


@given(st.lists(st.tuples(*[st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"))] * 5)))
def test_any_text_survives_the_file(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("ledger")
    ledger = Ledger(rows, rows)
    write(ledger, folder)
    assert changes(ledger, folder) == []
