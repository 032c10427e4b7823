"""references.bib, read: one entry a work, and the one format in which the course writes it."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

BIBLIOGRAPHY = Path(__file__).with_name("references.bib")
IDENTIFIERS = {"doi": "doi:", "eprint": "arXiv:", "isbn": "ISBN ", "url": ""}
"""BibTeX fields that identify a work, best first, and how a reference writes them."""
ALL_AUTHORS = 8
"""With more authors than this a reference names the first and adds "et al."."""


@dataclass(frozen=True)
class Reference:
    """One entry of the bibliography: its key, its kind and its fields as they are written."""

    key: str
    kind: str
    fields: dict[str, str]

    @property
    def title(self) -> str:
        """The title without BibTeX's braces."""
        return self.fields["title"].translate({ord("{"): None, ord("}"): None})

    @property
    def families(self) -> list[str]:
        """The authors' family names; ``others`` stands for authors not listed."""
        return [name.strip("{}").split(", ")[0] for name in self.fields["author"].split(" and ")]

    def __str__(self) -> str:
        """The reference in the course's one format."""
        end = "" if self.title[-1] in "?!" else "."
        parts = (f"{self._authors()} ({self.fields['year']}).", f"*{self.title}{end}*", self._venue())
        field = next(field for field in IDENTIFIERS if field in self.fields)
        return " ".join(part for part in parts if part) + f" {IDENTIFIERS[field]}{self.fields[field]}"

    def _authors(self) -> str:
        """``Family, I. J., & Family, I.``; long lists end in "et al."."""
        names = self.fields["author"].split(" and ")
        if names[-1] == "others" or len(names) > ALL_AUTHORS:
            return f"{_initials(names[0])} et al."
        short = [_initials(name) for name in names]
        return ", ".join(short[:-1]) + ", & " + short[-1] if len(short) > 1 else short[0]

    def _venue(self) -> str:
        """Journal, proceedings or publisher with volume and pages, closed by a full stop."""
        get = self.fields.get
        place = get("journal") or get("booktitle") or get("publisher") or get("howpublished") or ""
        volume = (get("volume") or "") + (f"({get('number')})" if get("number") else "")
        parts = (f"{place} {volume}".strip(), get("pages"), get("edition"))
        where = ", ".join(part for part in parts if part)
        return f"{where.replace('--', '–')}." if where else ""


@cache
def bibliography(path: Path = BIBLIOGRAPHY) -> dict[str, Reference]:
    """Every entry of the bibliography, by key.

    The reader takes this file's form alone: ``@kind{key,`` on a line, one ``field = {value},`` a line, ``}``
    on a line; text in UTF-8, no TeX commands.

    Args:
        path: the BibTeX file.

    Raises:
        ValueError: a line of another form, a key given twice, or an entry without author, title, year or
            identifier; the message names the line or the key.

    >>> bibliography()["vaswani2017"].title
    'Attention is all you need'
    """
    found: dict[str, Reference] = {}
    entry: Reference | None = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        opening = re.fullmatch(r"@(\w+)\{([\w-]+),", line)
        field = re.fullmatch(r"\s+(\w+)\s*=\s*\{(.*)\},?", line)
        if opening and entry is None:
            entry = Reference(opening[2], opening[1], {})
        elif field and entry is not None:
            entry.fields[field[1]] = field[2]
        elif line == "}" and entry is not None:
            _complete(entry, found)
            found[entry.key], entry = entry, None
        elif line.strip() and not (entry is None and line.startswith("%")):
            raise ValueError(f"{path.name}, line {number}: expected field = {{value}}, got {line!r}.")
    if entry is not None:
        raise ValueError(f"{path.name}: the entry {entry.key} is not closed by a line with a brace.")
    return found


def _complete(entry: Reference, found: dict[str, Reference]) -> None:
    """Refuse an entry that is not enough to find the work, or a key used twice."""
    lacking = [field for field in ("author", "title", "year") if not entry.fields.get(field)]
    if not IDENTIFIERS.keys() & entry.fields.keys():
        lacking.append(" or ".join(IDENTIFIERS))
    if lacking or entry.key in found:
        what = f"lacks {', '.join(lacking)}" if lacking else "stands twice"
        raise ValueError(f"references.bib: the entry {entry.key} {what}.")


def _initials(name: str) -> str:
    """``Family, Given Names`` as ``Family, G. N.``; a name in braces is an institution and stays whole."""
    if name.startswith("{") or ", " not in name:
        return name.strip("{}")
    family, given = name.split(", ", 1)
    return f"{family}, " + " ".join(
        "-".join(f"{part[0]}." for part in word.split("-")) for word in given.split()
    )
