"""The bibliography, references.bib: one format for every reference, and a check of a notebook's lines.

A reference in a notebook is one bullet under a heading "References", in Markdown::

    - Authors (year). *Title.* Venue. identifier

``reference(key)`` writes it. ``find_reference(line)`` asks four things of a line: the family name of the
first author, the year in parentheses, the whole title, and one identifier of the entry (DOI, arXiv number,
ISBN or address, with or without ``doi:``, ``https://doi.org/`` and the like). Everything else is free.
"""

import re

from course_utils.ledger.bibtex import IDENTIFIERS, Reference, bibliography


def reference(key: str) -> str:
    """One reference as the notebooks write it: ``Authors (year). *Title.* Venue. identifier``.

    Args:
        key: the entry's key, first author's family name and year.

    Raises:
        ValueError: the bibliography has no such key.

    >>> reference("rumelhart1986")  # doctest: +NORMALIZE_WHITESPACE
    'Rumelhart, D. E., Hinton, G. E., & Williams, R. J. (1986). *Learning representations by back-propagating
    errors.* Nature 323(6088), 533–536. doi:10.1038/323533a0'
    """
    entries = bibliography()
    if key not in entries:
        near = ", ".join(sorted(known for known in entries if known[:4] == key[:4])) or "none"
        raise ValueError(f"references.bib has no entry {key!r}; keys that begin alike: {near}.")
    return str(entries[key])


def find_reference(line: str) -> Reference:
    """The entry that a notebook's reference line cites.

    Args:
        line: the bullet's text, in the form that this module's docstring gives.

    Returns:
        The entry whose identifier, title, first author and year all occur in the line.

    Raises:
        ValueError: no entry has this identifier, or the line departs from the entry it identifies; the
            message shows the line as it should be.

    >>> find_reference("- Vaswani et al. (2017). Attention Is All You Need. https://arxiv.org/abs/1706.03762").key
    'vaswani2017'
    """
    named = [entry for entry in bibliography().values() if _identified(entry, line)]
    if not named:
        text = _plain(line)
        titled = [entry for entry in bibliography().values() if _plain(entry.title) in text]
        hint = f" Its title belongs to: {titled[0]}" if titled else " Add it, or correct the identifier."
        raise ValueError(f"no identifier of references.bib in {line.strip()!r}.{hint}")
    for entry in named:
        if not (missing := _missing(entry, line)):
            return entry
    raise ValueError(f"{line.strip()!r} lacks {missing} of the entry {named[-1].key}. Write: {named[-1]}")


def _identified(entry: Reference, line: str) -> bool:
    """Whether one of the entry's identifiers stands in the line, not as a part of a longer one."""
    for field in IDENTIFIERS:
        value, text = re.sub(r"^https?://", "", entry.fields.get(field, "")), line
        if field == "isbn":
            value, text = value.replace("-", ""), line.replace("-", "")
        if value and re.search(rf"(?<!\w){re.escape(value)}(?![\w-]|\.\w)", text, re.IGNORECASE):
            return True
    return False


def _missing(entry: Reference, line: str) -> str:
    """What of title, first author and year the line lacks, in words."""
    text = _plain(line)
    parts = {"the title": entry.title, "the first author": entry.families[0]}
    lacking = [name for name, part in parts.items() if _plain(part) not in text]
    if f"({entry.fields['year']})" not in line:
        lacking.append("the year in parentheses")
    return ", ".join(lacking)


def _plain(text: str) -> str:
    """Lower-case words only, between single spaces."""
    words = re.sub(r"[\W_]+", " ", text.casefold()).strip()
    return f" {words} "
