"""A small course: two hand-written tables and a folder of notebooks, in a temporary place."""

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

COVERAGE = """id,part,topic,documents,chapter
check,1,a machine that checks itself,D1 §5.1,00
pipeline,1,"the pipeline, as running code",D0 §2.2,12
splitting,2,splitting <without> leakage,D0 §3.1,21
"""
CHAPTERS = """number,folder,name,title,promise
00,,start_here,Start here,You begin.
12,1_concepts,the_pipeline,The pipeline,You see it whole.
21,2_algorithms,data,Data,You split it.
"""


class Course:
    """The ledger's folder, the notebooks' folder, and what is needed to fill them."""

    pipeline = "1_concepts/12_the_pipeline.ipynb"

    def __init__(self, root: Path):
        self.ledger = root / "ledger"
        self.notebooks = root / "notebooks"
        self.ledger.mkdir()
        (self.ledger / "coverage.csv").write_text(COVERAGE, encoding="utf-8")
        (self.ledger / "chapters.csv").write_text(CHAPTERS, encoding="utf-8")
        self.store("00_start_here.ipynb", self.code("covers:check"), self.text("# Start here"))
        self.store_pipeline(0.934567)

    def store_pipeline(self, accuracy: float) -> None:
        """One topic twice under one heading and once more; claims of three types, one with a document."""
        self.store(
            self.pipeline,
            self.text("# The pipeline\nwords\n## From *rows* to `numbers`"),
            self.code(
                "covers:pipeline",
                "hide-input",
                claims=[self.claim("accuracy", accuracy, document="D2 §4.3: 0.95")],
            ),
            self.code("covers:pipeline"),
            self.text("## The model", "covers:pipeline"),
            self.code(claims=[self.claim("weights", 652, "= 652"), self.claim("fits", True, "= True")]),
        )

    def store(self, name: str, *cells: nbformat.NotebookNode) -> None:
        """Write a notebook as Jupyter stores it."""
        path = self.notebooks / name
        path.parent.mkdir(parents=True, exist_ok=True)
        for number, cell in enumerate(cells, 1):
            cell.id = f"cell{number}"
        path.write_text(json.dumps(new_notebook(cells=list(cells)), ensure_ascii=False), encoding="utf-8")

    @staticmethod
    def claim(what: str, measured: Any, bound: str = "≥ 0.9", document: str | None = None) -> dict[str, Any]:
        return {"what": what, "bound": bound, "measured": measured, "document": document}

    @staticmethod
    def text(source: str, *tags: str) -> nbformat.NotebookNode:
        return new_markdown_cell(source, metadata={"tags": list(tags)})

    @staticmethod
    def code(*tags: str, claims: list[dict[str, Any]] | None = None) -> nbformat.NotebookNode:
        outputs = [
            new_output("display_data", {"text/plain": "✔"}, metadata={"claim": values})
            for values in claims or []
        ]
        outputs.append(new_output("stream", name="stdout", text="a line without a claim"))
        return new_code_cell("1", metadata={"tags": list(tags)}, outputs=outputs, execution_count=1)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return Course(tmp_path)
