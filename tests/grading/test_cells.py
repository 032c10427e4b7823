"""Notebook files of every kind of damage: cells, or words that help."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.grading.cells import defined, needed, read_cells
from course_utils.grading.members import UnreadableError


def source(content: Any) -> str:
    (cell,) = read_cells(content if isinstance(content, bytes) else json.dumps(content).encode())
    return cell.source


ONE = {"cells": [{"cell_type": "code", "source": "x = 1", "metadata": {}}]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_reads_every_encoding_of_json(encoding: str):
    assert source(json.dumps(ONE | {"name": "größer"}, ensure_ascii=False).encode(encoding)) == "x = 1"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ({"source": ["a = 1\n", "b = 2"]}, "a = 1\nb = 2"),
        ({"source": "a = 1\r\nb = 2\rc"}, "a = 1\nb = 2\nc"),
        ({"source": 7}, ""),
        ({"source": None}, ""),
        ({"source": ["a", 7, None, ["b"]]}, "a"),
        ({"source": "\ud800"}, "\ufffd"),
        ({}, ""),
        ({"source": "x", "metadata": "none", "id": 7, "cell_type": None}, "x"),
        ({"source": "x", "metadata": {"nbgrader": ["grade_id"]}}, "x"),
        ({"source": "x", "metadata": {"nbgrader": {"grade_id": ["double"]}}}, "x"),
    ],
)
def test_reads_every_form_of_a_source(cell: dict[str, Any], expected: str):
    assert source({"cells": [cell]}) == expected


def test_reads_format_3():
    sheets = {"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": ["x = ", "1"]}]}]}
    assert source(sheets) == "x = 1"


def test_reads_the_id_where_colab_keeps_it():
    (cell,) = read_cells(json.dumps({"cells": [{"source": "", "metadata": {"id": "abc"}}]}).encode())
    assert cell.id == "abc"


def test_the_last_of_equal_keys_counts_as_in_jupyter():
    assert source(b'{"cells": [], "cells": [{"source": "first", "source": "last"}]}') == "last"


def test_odd_numbers_cost_no_time():
    huge = b"9" * 1_000_000
    assert source(b'{"nbformat": NaN, "x": %s, "cells": [{"source": "x"}, 7, null, []]}' % huge) == "x"


def test_bytes_that_are_no_utf8_cost_their_characters_alone():
    assert source(b'{"cells": [{"source": "x = 1  # gr\xfc\xdfe"}]}') == "x = 1  # gr��e"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \n", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1", "Git LFS pointer"),
        (b"<!DOCTYPE html><html></html>", "is a web page"),
        (b"PK\x03\x04rest", "zip or office file"),
        (b"%PDF-1.7", "is a PDF"),
        (b"{", "JSON is broken"),
        (b'{"cells": [}', "JSON is broken"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a":' * 200_000, "nested too deeply"),
        (b"[]", "holds a list"),
        (b"7", "holds a float"),
        (b"null", "holds a NoneType"),
        (b"{}", "no list of cells"),
        (b'{"cells": {}}', "no list of cells"),
        (b'{"cells": null}', "no list of cells"),
        (b'{"worksheets": [7]}', "no list of cells"),
        (b"\x00\x01\x02\x03", "JSON is broken"),
        (json.dumps({"cells": [{"source": "x"}] * 2001}).encode(), "holds 2,001 cells"),
        (json.dumps({"cells": [{"source": "x" * 251_000}] * 2}).encode(), "502,000 characters"),
    ],
)
def test_says_what_the_file_is(content: bytes, words: str):
    with pytest.raises(UnreadableError, match=words):
        read_cells(content)


@given(st.binary(max_size=200) | st.text().map(str.encode))
def test_any_bytes_are_cells_or_words(content: bytes):
    with contextlib.suppress(UnreadableError):
        assert isinstance(read_cells(content), list)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["source", "metadata", "nbgrader", "grade_id", "id", "cell_type"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(JSON, max_size=5))
def test_any_cells_are_read(cells: list[Any]):
    found = read_cells(json.dumps({"cells": cells}).encode())
    assert len(found) == sum(isinstance(cell, dict) for cell in cells)
    assert all(isinstance(part, str) for cell in found for part in cell)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("def f(x):\n    y = 1\n    def g(): pass", {"f"}),
        ("async def f(): pass\nclass A:\n    b = 1", {"f", "A"}),
        ("a = b = 1\nc, (d, *e) = 1, (2, 3)\nf: int = 2\ng += 1", set("abcdefg")),
        ("if 1:\n    def f(): pass\nelse:\n    g = 2\nfor h in []: pass", {"f", "g", "h"}),
        ("import a.b\nfrom c import d as e\nfrom m import *", {"a", "e", "*"}),
        ("%matplotlib inline\n!pip install x\nx = [i for i in []]", {"x"}),
        ("def f(x) return 2\ng = 3\nh == 4\n  k = 5", {"f", "g"}),
        ("x = 1\x00", {"x"}),
        ("", set()),
    ],
)
def test_names_a_cell_defines(text: str, names: set[str]):
    assert defined(text) == names


@pytest.mark.parametrize(
    "text", ["-" * 200_000 + "1", "x" + ".a" * 100_000, "(" * 100_000, "lambda:" * 30_000]
)
def test_code_that_breaks_parsers_breaks_nothing(text: str):
    assert defined(f"y = 1\n{text[:199_000]}") <= {"y"}
    assert needed(text) == set()


def test_an_escape_in_a_students_string_raises_no_warning():
    assert defined('x = "\\d"') == {"x"}


def test_names_an_answer_takes_from_elsewhere():
    assert needed("def f(x, *y, **z):\n    t = helper(x)\n    return [CONSTANT * i for i in t] + y") == {
        "helper",
        "CONSTANT",
    }
