"""The gates themselves: a sound page passes each, and each kind of broken page is caught."""

import copy
from collections.abc import Callable
from typing import Any

import gates
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from stored import Shares, shares

ADDRESS = "https://repository.invalid/large-models-course"
REFERENCE = (
    "- Vaswani, A., et al. (2017). *Attention is all you need.* Advances in Neural Information Processing "
    "Systems 30. arXiv:1706.03762"
)


def claim_output(text: str, measured: float) -> Any:
    metadata = {"claim": {"what": "a", "bound": "≥ 0", "measured": measured, "document": None}}
    return new_output("display_data", data={"text/plain": text}, metadata=metadata)


@pytest.fixture
def page(monkeypatch, tmp_path) -> Any:
    """A small page that keeps every rule of a chapter."""
    project = tmp_path / "pyproject.toml"
    project.write_text(f'[project.urls]\nRepository = "{ADDRESS}"\n')
    monkeypatch.setattr(gates, "PYPROJECT", project)
    picture = {"image/png": "iVBORw0=", "text/plain": "two bars"}
    sources = {
        f'%pip install "x @ git+{ADDRESS}"\nsetup("12")': [new_output("stream", text="device: cpu\n")],
        "STEPS, SEED = 3, 0": [],
        'predict("up or down?", "")': [new_output("stream", text="? up or down?\n")],
        "claim()": [claim_output(f"✔ a{n}", 0.125 * n) for n in range(4)],
        'print(approx(x), "…")': [new_output("stream", text="loss ≈ 0.12\n")],
        "show()": [
            new_output(
                "display_data", data=picture, metadata={"image/png": {"alt": "two bars of one height"}}
            )
        ],
    }
    code = [
        new_code_cell(text, outputs=out, execution_count=n)
        for n, (text, out) in enumerate(sources.items(), 1)
    ]
    closing = "\n".join(f"## {name}\n\nWords." for name in gates.SECTIONS[:-1])
    text = [new_markdown_cell("# 12 · The pipeline"), *(new_markdown_cell("Words.") for _ in range(20))]
    end = new_markdown_cell(f"{closing}\n\n## References\n\n{REFERENCE}")
    kernel = {
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
        "language_info": {"name": "python"},
    }
    return new_notebook(cells=[*text, *code, end], metadata=kernel)


@pytest.mark.parametrize("gate", [*gates.EVERY_PAGE, gates.form_of_a_chapter], ids=lambda gate: gate.__name__)
def test_a_sound_page_passes(gate, page) -> None:
    assert gate(page) == []


def code(page: Any, start: str) -> Any:
    (cell,) = (cell for cell in page.cells if cell.cell_type == "code" and cell.source.startswith(start))
    return cell


def skip_a_count(page: Any) -> None:
    code(page, "show").execution_count = 9


def never_run(page: Any) -> None:
    code(page, "show").execution_count = None


def fail(page: Any) -> None:
    code(page, "show").outputs = [new_output("error", ename="ValueError", evalue="", traceback=[])]


def clear(page: Any) -> None:
    for cell in page.cells:
        cell.pop("outputs", None)
        if cell.cell_type == "code":
            cell.outputs = []


def print_a_path(page: Any) -> None:
    code(page, "show").outputs.append(new_output("stream", text="saved in /home/ada/model\n"))


def drop_alt(page: Any) -> None:
    code(page, "show").outputs[0].metadata = {}


def invent_a_reference(page: Any) -> None:
    page.cells[-1].source += "\n- Nobody, A. (2017). *Attention is some of what you need.* arXiv:1706.99999"


def misquote_a_title(page: Any) -> None:
    page.cells[-1].source = page.cells[-1].source.replace("is all you need", "is what you need")


def print_another_number(page: Any) -> None:
    code(page, "print").outputs[0].text = "loss ≈ 0.77\n"


def keep_a_version(page: Any) -> None:
    page.metadata.language_info["version"] = "3.11.7"


def keep_widgets(page: Any) -> None:
    page.metadata["widgets"] = {}


def install_from_elsewhere(page: Any) -> None:
    code(page, "%pip").source = '%pip install "x @ git+https://elsewhere.invalid/x"'


def install_from_nowhere(page: Any) -> None:
    code(page, "%pip").source = 'setup("12")'


@pytest.mark.parametrize(
    ("breakage", "gate"),
    [
        (skip_a_count, gates.executed_in_order),
        (never_run, gates.executed_in_order),
        (fail, gates.no_error),
        (clear, gates.not_cleared),
        (print_a_path, gates.no_local_path),
        (drop_alt, gates.alt_text),
        (invent_a_reference, gates.known_references),
        (misquote_a_title, gates.known_references),
        (print_another_number, gates.approximate_numbers_claimed),
        (keep_a_version, gates.plain_kernel_metadata),
        (keep_widgets, gates.plain_kernel_metadata),
        (install_from_elsewhere, gates.address_is_pyprojects),
        (install_from_nowhere, gates.address_is_pyprojects),
    ],
    ids=lambda part: part.__name__,
)
def test_a_broken_page_is_caught(breakage: Callable, gate: Callable, page) -> None:
    broken = copy.deepcopy(page)
    breakage(broken)
    assert gate(broken) != []


@pytest.mark.parametrize(
    ("start", "replacement", "missing"),
    [
        ("# 12", "Words.", "title"),
        ("STEPS", "steps = 3", "parameters"),
        ("predict", "pass", "predicts"),
        ("show", "pass", "picture"),
        ("claim", "pass", "four claims"),
        ("## What", "## Summary", "Exercises"),
    ],
)
def test_a_missing_part_of_the_form_is_named(start, replacement, missing, page) -> None:
    (cell,) = (cell for cell in page.cells if cell.source.startswith(start))
    cell.source = replacement
    if cell.cell_type == "code":
        cell.outputs = []
    assert any(missing in complaint for complaint in gates.form_of_a_chapter(page))


@pytest.mark.parametrize("kept", [10, 60])
def test_a_page_has_25_to_50_cells(kept, page) -> None:
    page.cells[1:21] = [new_markdown_cell("Words.") for _ in range(kept)]
    complaints = gates.form_of_a_chapter(page)
    assert complaints == ["missing: 25 to 50 cells"]


def test_shares_count_what_nbval_compares(page) -> None:
    assert shares(page) == Shares(text=4, figure=1, ignored=0)
    code(page, "print").metadata["tags"] = ["nbval-ignore-output"]
    code(page, "claim").source = "# NBVAL_IGNORE_OUTPUT\nclaim()"
    assert shares(page) == Shares(text=2, figure=1, ignored=2)
    assert shares(page).ignored_share == 0.4
