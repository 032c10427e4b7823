"""What every stored page must keep, checked without running it."""

import re
from pathlib import Path

import pytest
from stored import IGNORED_SHARE, Shares, claims, code_cells, load, outputs, shares, texts

from course_utils.claims import MASK
from course_utils.ledger import find_reference

ROOT = Path(__file__).parents[2]
PAGES = sorted(p for p in (ROOT / "notebooks").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)
CHAPTERS = [p for p in PAGES if not p.name.startswith("00")]
LOCAL_PATH = re.compile(r"/tmp/|/home/|/root/|/Users/|[A-Z]:\\|site-packages/|ipykernel_\d")


def by_name(path: Path) -> str:
    return path.stem


every_page = pytest.mark.parametrize("path", PAGES, ids=by_name)
every_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=by_name)


@every_page
def test_executed_in_order(path: Path) -> None:
    counts = [cell.execution_count for cell in code_cells(load(path))]
    assert counts == list(range(1, len(counts) + 1)), "execute it: make notebooks"


@every_page
def test_no_error_is_stored(path: Path) -> None:
    errors = [output.ename for _, output in outputs(load(path)) if output.output_type == "error"]
    assert not errors, "a failure shown on purpose goes through refused()"


@every_page
def test_outputs_are_there(path: Path) -> None:
    assert shares(load(path)).total >= 2, "the outputs were cleared; execute it: make notebooks"


@every_page
def test_smaller_than_one_megabyte(path: Path) -> None:
    assert path.stat().st_size < 1_000_000


@every_page
def test_no_local_path_in_outputs(path: Path) -> None:
    found = [match.group() for text in texts(load(path)) for match in LOCAL_PATH.finditer(text)]
    assert not found


@every_page
def test_every_picture_has_alt_text(path: Path) -> None:
    for cell, output in outputs(load(path)):
        if "image/png" in output.get("data", {}):
            alt = output.metadata.get("image/png", {}).get("alt", "")
            assert len(alt) >= 20, f"show the figure with show(fig, alt=…): {cell.source[:60]!r}"


@every_page
def test_references_are_in_the_bibliography(path: Path) -> None:
    bullets = []
    for cell in load(path).cells:
        if cell.cell_type == "markdown" and (section := re.search(r"#+ References\n(.*)", cell.source, re.S)):
            bullets += re.findall(r"^- (.+)$", section.group(1), re.M)
    for bullet in bullets:
        find_reference(bullet)  # raises with the line as it should be
    assert bullets or path.name.startswith("00"), "a chapter ends with its references"


@every_page
def test_every_approximate_number_is_claimed(path: Path) -> None:
    notebook = load(path)
    measured = [claim["measured"] for claim in claims(notebook) if isinstance(claim["measured"], float | int)]
    for text in texts(notebook):
        for match in MASK.finditer(text):
            number = match.group().removeprefix("≈ ").replace(",", "")
            digits = len(number.partition("e")[0].partition(".")[2])
            close = [value for value in measured if f"{value:.{digits}f}" == number]
            assert close, f"{match.group()} is not the rounding of any claimed value of this page"


@every_chapter
def test_claims_are_present(path: Path) -> None:
    assert len(claims(load(path))) >= 4


@every_chapter
def test_form_of_a_chapter(path: Path) -> None:
    notebook = load(path)
    code = code_cells(notebook)
    assert notebook.cells[0].cell_type == "markdown"
    assert notebook.cells[0].source.startswith(f"# {path.name[:2]} · ")
    assert 25 <= len(notebook.cells) <= 50
    assert f'setup("{path.name[:2]}")' in code[0].source, "the first code cell is the set-up"
    assert any("predict(" in cell.source for cell in code), "the reader predicts before a run"
    assert any("image/png" in output.get("data", {}) for _, output in outputs(notebook))
    headings = re.findall(
        r"^#+ (.+)$", "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown"), re.M
    )
    for needed in ("What it costs", "Exercises", "Summary", "References"):
        assert needed in headings, f"the section {needed!r} is missing"


@every_page
def test_kernel_metadata_names_no_version(path: Path) -> None:
    metadata = load(path).metadata
    assert metadata["language_info"] == {"name": "python"}
    assert metadata["kernelspec"]["name"] == "python3"
    assert "widgets" not in metadata


def test_few_outputs_are_ignored() -> None:
    total = sum((shares(load(path)) for path in PAGES), Shares())
    assert total.ignored_share < IGNORED_SHARE


def test_mask_is_the_sanitisers() -> None:
    config = (Path(__file__).parent / "sanitize.cfg").read_text("utf-8")
    regex = re.search(r"^regex: (.+)$", config, re.M)
    assert regex is not None
    assert regex.group(1).replace(r"\u2248", "≈") == MASK.pattern
