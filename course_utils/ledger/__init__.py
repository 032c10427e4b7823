"""What the course covers and what it claims: coverage table, chapters, claims, glossary, bibliography.

The tables are CSV files beside this code, so a notebook reads them from the installed package alone.
``coverage.csv``, ``chapters.csv`` and ``glossary.csv`` are written by hand; ``cells.csv`` and ``claims.csv``
are generated from the stored notebooks by ``python -m course_utils.ledger``.
"""

from course_utils.ledger.bibtex import Reference, bibliography
from course_utils.ledger.pages import chapters_html, coverage_html, glossary_html
from course_utils.ledger.references import find_reference, reference
from course_utils.ledger.tables import chapters, claims_table, coverage_table, glossary

__all__ = [
    "Reference",
    "bibliography",
    "chapters",
    "chapters_html",
    "claims_table",
    "coverage_html",
    "coverage_table",
    "find_reference",
    "glossary",
    "glossary_html",
    "reference",
]
