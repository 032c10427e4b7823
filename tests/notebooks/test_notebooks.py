"""Every stored page passes every gate, without being run."""

import re
from pathlib import Path

import pytest
from gates import EVERY_PAGE, form_of_a_chapter
from stored import IGNORED_SHARE, Shares, load, shares

from course_utils.claims import MASK

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path for path in (ROOT / "notebooks").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts
)
CHAPTERS = [path for path in PAGES if not path.name.startswith("00")]


@pytest.mark.parametrize("gate", EVERY_PAGE, ids=lambda gate: gate.__name__)
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_page(path: Path, gate) -> None:
    assert gate(load(path)) == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_chapter_has_its_form(path: Path) -> None:
    assert form_of_a_chapter(load(path)) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_smaller_than_one_megabyte(path: Path) -> None:
    assert path.stat().st_size < 1_000_000


def test_few_outputs_are_ignored() -> None:
    assert sum((shares(load(path)) for path in PAGES), Shares()).ignored_share < IGNORED_SHARE


def test_mask_is_the_sanitisers() -> None:
    config = (Path(__file__).parent / "sanitize.cfg").read_text("utf-8")
    (regex,) = re.findall(r"^regex: (.+)$", config, re.M)
    assert regex.replace(r"\u2248", "≈") == MASK.pattern
