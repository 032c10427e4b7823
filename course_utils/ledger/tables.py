"""The ledger's tables as pandas DataFrames, every cell a string unless a docstring says otherwise."""

import re
from pathlib import Path
from urllib.parse import quote

import pandas as pd

HERE = Path(__file__).parent
PARTS = {
    "1": "Concepts",
    "2": "Algorithms",
    "3": "Mathematics",
    "4": "Project",
    "5": "Applications",
    "6": "The venture, law and ethics, outlook",
}
"""Names of the parts; the number is the first digit of a part's chapters (chapter 00 stands in part 1)."""

GENERATED = {
    "cells": ("id", "chapter", "notebook", "heading", "cell"),
    "claims": ("chapter", "claim", "bound", "measured", "document"),
}
"""The columns of the tables that are generated from the stored notebooks."""


def read_table(name: str, folder: Path = HERE) -> pd.DataFrame:
    """One of the ledger's CSV files, cells as they are written.

    Args:
        name: file name without its ending, for example ``"coverage"``.
        folder: where the file lies.

    Raises:
        ValueError: there is no such table. A generated table that was never generated is an empty one.

    >>> list(read_table("coverage").columns)
    ['id', 'part', 'topic', 'documents', 'chapter']
    """
    path = folder / f"{name}.csv"
    if not path.is_file() and name in GENERATED:
        return pd.DataFrame(columns=GENERATED[name], dtype=str)
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in folder.glob("*.csv"))) or "none"
        raise ValueError(f"the ledger has no table {name!r}; it has: {known}.")
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")


def chapters(folder: Path = HERE) -> pd.DataFrame:
    """The chapters of the course in reading order.

    Returns:
        Columns ``number``, ``folder``, ``name``, ``title``, ``promise``, ``path`` (of the notebook, from the
        notebooks folder) and ``ready`` (bool: a cell of the chapter covers a topic).

    >>> chapters().loc[2, ["number", "title", "path"]].to_list()
    ['12', 'The pipeline', '1_concepts/12_the_pipeline.ipynb']
    """
    table = read_table("chapters", folder)
    table["path"] = [
        f"{place}/{number}_{name}.ipynb".removeprefix("/")
        for place, number, name in table[["folder", "number", "name"]].itertuples(index=False)
    ]
    table["ready"] = table["number"].isin(read_table("cells", folder)["chapter"])
    return table


def coverage_table(folder: Path = HERE) -> pd.DataFrame:
    """What the documents ask for, and where the course does it.

    Returns:
        Columns ``id``, ``part``, ``topic``, ``documents``, ``chapter``, ``cells`` (int: places that do it)
        and ``where`` (their links, one after the other; empty while the topic is to come).

    >>> table = coverage_table()
    >>> table.loc[table["id"] == "rbm", "chapter"].item()
    '11'
    """
    table = read_table("coverage", folder)
    links: dict[str, list[str]] = {}
    for topic, link, _ in places(folder):
        links.setdefault(topic, []).append(link)
    table["cells"] = [len(links.get(topic, [])) for topic in table["id"]]
    table["where"] = [" ".join(links.get(topic, [])) for topic in table["id"]]
    return table


def claims_table(folder: Path = HERE) -> pd.DataFrame:
    """Every claim that the stored notebooks make, in reading order.

    Returns:
        Columns ``chapter``, ``claim``, ``bound``, ``measured`` (four significant digits, on the machine that
        stored the notebook) and ``document`` (what the documents state; empty where they say nothing).

    >>> list(claims_table().columns)
    ['chapter', 'claim', 'bound', 'measured', 'document']
    """
    return read_table("claims", folder)


def glossary(folder: Path = HERE) -> pd.DataFrame:
    """The course's terms in English and Chinese, in alphabetical order.

    Returns:
        Columns ``english``, ``chinese``, ``meaning``, ``documents`` (where the term stands) and ``chapter``
        (where the course teaches it).

    >>> terms = glossary().set_index("english")
    >>> terms.loc["gradient descent", "chinese"]
    '梯度下降'
    """
    table = read_table("glossary", folder)
    return table.sort_values("english", key=lambda terms: terms.str.lower(), ignore_index=True)


def places(folder: Path = HERE) -> list[tuple[str, str, str]]:
    """Every place that the stored notebooks mark: topic, link from the notebooks folder, what to call it."""
    table = read_table("cells", folder)[["id", "notebook", "heading", "cell"]]
    return [
        (topic, anchor(notebook, heading, cell), heading or notebook)
        for topic, notebook, heading, cell in table.itertuples(index=False)
    ]


def anchor(notebook: str, heading: str, cell: str = "") -> str:
    """The link to a place in a notebook, in JupyterLab's form.

    JupyterLab compares a fragment with the heading as it stands, while a browser encodes everything beyond
    plain ASCII; so a heading with other characters is reached by its cell's id.

    Args:
        notebook: path from the notebooks folder.
        heading: the heading as a reader sees it; empty when the place has none.
        cell: the id of the cell.

    >>> anchor("1_concepts/12_the_pipeline.ipynb", "From rows to numbers")
    '1_concepts/12_the_pipeline.ipynb#From-rows-to-numbers'
    >>> anchor("00_start_here.ipynb", "中文", "a1b2")
    '00_start_here.ipynb#cell-id=a1b2'
    """
    if re.fullmatch(r"[\w .,:;!?'()/&+*-]+", heading, re.ASCII):
        return f"{quote(notebook)}#{heading.replace(' ', '-')}"
    return quote(notebook) + (f"#cell-id={cell}" if cell else "")
