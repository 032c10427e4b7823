"""The bibliography is sound, and a notebook's reference line is found or refused for a reason."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.ledger import bibliography, find_reference, reference

KEYS = sorted(bibliography())


@pytest.mark.parametrize("key", KEYS)
def test_every_reference_finds_itself(key):
    assert find_reference(f"- {reference(key)}").key == key


def test_identifiers_have_their_form_and_occur_once():
    forms = {
        "doi": r"10\.\d{4,5}/\S+",
        "eprint": r"\d{4}\.\d{4,5}",
        "isbn": r"97[89](-\d+){4}",
        "url": r"https?://\S+",
    }
    for field, form in forms.items():
        values = [entry.fields[field] for entry in bibliography().values() if field in entry.fields]
        assert [value for value in values if not re.fullmatch(form, value)] == []
        assert len({value.lower() for value in values}) == len(values)


def test_isbn_check_digits():
    books = [entry.fields["isbn"] for entry in bibliography().values() if "isbn" in entry.fields]
    assert books
    for isbn in books:
        digits = [int(digit) for digit in isbn.replace("-", "")]
        assert len(digits) == 13
        assert sum(digits[::2]) % 10 == -3 * sum(digits[1::2]) % 10, isbn


def test_keys_name_first_author_and_year():
    for key, entry in bibliography().items():
        assert re.fullmatch(r"[a-z]+\d{4}[a-z]*", key)
        assert entry.fields["year"] in key
        arxiv = entry.fields.get("eprint")
        # A preprint may follow its paper by some months, as the one of scikit-learn did.
        assert arxiv is None or 2000 + int(arxiv[:2]) <= int(entry.fields["year"]) + 1


def test_format_of_many_authors_institutions_and_questions():
    assert reference("brown2020").startswith(
        "Brown, T. B. et al. (2020). *Language models are few-shot learners.*"
    )
    assert reference("openai2023") == "OpenAI (2023). *GPT-4 technical report.* arXiv:2303.08774"
    assert "*Early stopping — but when?* " in reference("prechelt1998")
    assert "Chang, M.-W., Lee, K., & Toutanova, K. (2019)" in reference("devlin2019")


@pytest.mark.parametrize(
    "line",
    [
        "* Rumelhart et al. (1986), **Learning Representations by Back-Propagating Errors**, https://doi.org/10.1038/323533A0",
        "Goodfellow, Bengio & Courville (2016). *Deep learning*. ISBN 9780262035613.",
        "- Devlin, J. et al. (2019). [BERT: pre-training of deep bidirectional transformers for language "
        "understanding](https://arxiv.org/abs/1810.04805)",
    ],
)
def test_other_spellings_are_found(line):
    assert find_reference(line).title


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("1706.03762", "1706.03763", r"no identifier .* belongs to: Vaswani"),
        ("1706.03762", "1706.037621", "no identifier"),
        (
            "Attention is all",
            "Attention was all",
            r"lacks the title of the entry vaswani2017\. Write: Vaswani",
        ),
        ("Vaswani", "Devlin", "lacks the first author"),
        ("(2017)", "(2018)", "lacks the year"),
    ],
)
def test_a_wrong_part_is_refused_by_name(old, new, message):
    line = reference("vaswani2017")
    assert old in line
    with pytest.raises(ValueError, match=message):
        find_reference(line.replace(old, new))


def test_unknown_work_and_unknown_key():
    with pytest.raises(ValueError, match="Add it, or correct the identifier"):
        find_reference("- Nobody (1999). *Nothing.* doi:10.1000/1")
    with pytest.raises(ValueError, match=r"keys that begin alike: hinton2002, hinton2006"):
        reference("hinton1806")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@book{a1999,\n  author = {A, B},\n  year = 1999,\n}\n", "line 3: expected field"),
        ("@book{a1999,\n  author = {A, B},\n  year = {1999},\n}\n", "a1999 lacks title, doi or eprint"),
        ("@book{a1999,\n  author = {A, B},\n", "a1999 is not closed"),
        ("{}\n", "line 1"),
        (
            2 * "@misc{a1999,\n  author = {A, B},\n  title = {T},\n  year = {1999},\n  doi = {10.1/1},\n}\n",
            "twice",
        ),
    ],
)
def test_other_forms_of_bibtex_are_refused_with_their_place(tmp_path, text, message):
    path = tmp_path / "references.bib"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        bibliography(path)


WORDS = st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=8)


@given(st.lists(WORDS, min_size=1, max_size=5).map(" ".join), st.integers(1900, 2026))
def test_any_title_and_year_pass_through_the_file(tmp_path_factory, title, year):
    path = tmp_path_factory.mktemp("bib") / "references.bib"
    fields = {"author": "Ångström, A. B.", "title": title, "year": year, "doi": "10.1/1"}
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    path.write_text("\n".join(["% first", "", "@misc{key,", *lines, "}"]), encoding="utf-8")
    assert str(bibliography(path)["key"]) == f"Ångström, A. B. ({year}). *{title}.* doi:10.1/1"
