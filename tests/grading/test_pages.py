"""What every page shares: nothing of a stranger becomes markup, no file is half written."""

import html
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.grading import pages

READABLE = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")))


@given(READABLE)
def test_text_survives_escaping(value: str):
    assert html.unescape(pages.text(value)) == value


@given(st.text())
def test_text_is_never_markup(value: str):
    escaped = pages.text(value)
    assert not set("<>\"'\0") & set(escaped)
    escaped.encode()


@given(st.lists(st.text(), unique=True, max_size=20))
def test_slugs_are_safe_and_apart(names: list[str]):
    slugs = [pages.slug(name) for name in names]
    assert len({slug.casefold() for slug in slugs}) == len(names)
    assert all(len(slug) <= 51 and slug.isascii() and slug.replace("-", "").isalnum() for slug in slugs)


def test_a_page_names_the_hash_of_its_script_and_allows_nothing_else():
    page = pages.page("t<", "<p>x</p>", "let x = 1;")
    assert "script-src 'sha256-THGAAgu" not in page
    (policy,) = [line for line in page.splitlines() if "Content-Security-Policy" in line]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src 'sha256-" in policy
    assert "script-src" not in pages.page("t", "")
    assert "<title>t&lt;</title>" in page


def test_writes_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "new" / "a.html"
    pages.write(path, "first\r\n")
    assert path.read_bytes() == b"first\r\n"

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        pages.write(path, "second")
    assert path.read_bytes() == b"first\r\n"
    assert os.listdir(path.parent) == ["a.html"]


@pytest.mark.parametrize(
    ("value", "said"), [(3.0, "3"), (2.5, "2.5"), (0, "0"), (1 / 3, "0.333"), (100.0, "100")]
)
def test_points_as_people_write_them(value: float, said: str):
    assert pages.number(value) == said
