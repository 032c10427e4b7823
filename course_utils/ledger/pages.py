"""The coverage table and the glossary as HTML that reads on light and dark pages and on paper.

Styles stand in the cells, because a notebook that is not trusted keeps inline styles and drops style sheets;
no colour is set, so the page's own theme decides.
"""

from html import escape
from itertools import groupby
from pathlib import Path

from course_utils.ledger.tables import HERE, PARTS, chapters, coverage_table, glossary, places

CELL = "text-align:left;vertical-align:top"


def coverage_html(folder: Path = HERE) -> str:
    """The coverage table: each topic with its documents, its chapter and links to the cells that do it.

    The links are relative to the notebooks folder, where ``00_start_here.ipynb`` lies.

    Returns:
        One ``<table>``; a topic without a cell says "to come".

    >>> coverage_html().count("<table")
    1
    """
    links: dict[str, list[str]] = {}
    for topic, link, name in places(folder):
        links.setdefault(topic, []).append(f'<a href="{escape(link)}">{escape(name)}</a>')
    titles = dict(chapters(folder)[["number", "title"]].itertuples(index=False))
    rows = []
    for part, topics in groupby(coverage_table(folder).itertuples(), key=lambda row: row.part):
        name = escape(PARTS[str(part)])
        rows.append(f'<tr><th colspan="4" style="{CELL};padding-top:14px">{part} · {name}</th></tr>')
        for row in topics:
            number = str(row.chapter)
            rows.append(
                _row(
                    escape(str(row.topic)),
                    escape(str(row.documents)),
                    f"{number} {escape(titles[number])}",
                    "<br>".join(links.get(str(row.id), ["to come"])),
                )
            )
    return _table({"Topic": 46, "Documents": 18, "Chapter": 16, "Where": 20}, rows)


def chapters_html(folder: Path = HERE) -> str:
    """The chapters as a table, by part; one that is written is a link, the others say "to come".

    The links are relative to the notebooks folder, where ``00_start_here.ipynb`` lies.

    Returns:
        One ``<table>``.

    >>> '<a href="1_concepts/12_the_pipeline.ipynb">12 The pipeline</a>' in chapters_html()
    True
    """
    rows = []
    for part, group in groupby(chapters(folder).itertuples(), key=lambda row: str(row.number)[0]):
        if part in PARTS:  # chapter 00 stands before the parts
            name = f"{part} · {escape(PARTS[part])}"
            rows.append(f'<tr><th colspan="2" style="{CELL};padding-top:14px">{name}</th></tr>')
        for row in group:
            name = f"{row.number} {escape(str(row.title))}"
            link = f'<a href="{escape(str(row.path))}">{name}</a>' if row.ready else f"{name} · to come"
            rows.append(_row(link, escape(str(row.promise))))
    return _table({"Chapter": 34, "After it": 66}, rows)


def glossary_html(folder: Path = HERE) -> str:
    """The glossary as a table, alphabetical by the English term, the Chinese marked as Chinese.

    Returns:
        One ``<table>``.

    >>> '<span lang="zh">梯度下降</span>' in glossary_html()
    True
    """
    rows = [
        _row(
            f"<b>{escape(str(term.english))}</b>",
            f'<span lang="zh">{escape(str(term.chinese))}</span>',
            escape(str(term.meaning)),
            escape(str(term.documents)),
            escape(str(term.chapter)),
        )
        for term in glossary(folder).itertuples()
    ]
    return _table({"English": 17, "中文": 13, "Meaning": 45, "Documents": 16, "Chapter": 9}, rows)


def _row(*cells: str) -> str:
    """One table row of cells that are HTML already."""
    return "<tr>" + "".join(f'<td style="{CELL}">{cell}</td>' for cell in cells) + "</tr>"


def _table(columns: dict[str, int], rows: list[str]) -> str:
    """A table from column names with widths in percent, and finished rows."""
    head = "".join(
        f'<th scope="col" style="{CELL};width:{width}%">{name}</th>' for name, width in columns.items()
    )
    body = "\n".join(rows)
    return (
        '<table style="width:100%;max-width:900px;margin-left:0">\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    )
