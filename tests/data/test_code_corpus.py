import ast
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from course_utils.data import load_code_corpus, standard_library
from course_utils.data.code_corpus import PINS

HEADER = re.compile(r"^# file: (\S+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def corpus():
    return load_code_corpus()


@pytest.fixture(scope="module")
def files(corpus):
    """Path -> text of each split, taken apart at the header lines."""
    splits = []
    for text in (corpus.train, corpus.val, corpus.test):
        empty, *pieces = HEADER.split(text)
        assert not empty
        splits.append(dict(zip(pieces[::2], pieces[1::2], strict=True)))
    return splits


def test_no_file_is_on_two_sides(files):
    paths = [path for split in files for path in split]
    assert len(paths) == len(set(paths)) == 410


def test_every_file_is_a_module_as_installed(files):
    for split in files:
        for path, text in split.items():
            package = path.split("/")[0]
            installed = metadata.distribution(package).locate_file(path)
            assert text.strip() == Path(str(installed)).read_text(encoding="utf-8").strip()
            ast.parse(text)


def test_tests_and_other_projects_are_left_out(files):
    paths = {path for split in files for path in split}
    assert not [
        path for path in paths if "/tests/" in path or path.endswith("_test.py") or "/external/" in path
    ]
    assert {path.split("/")[0] for path in paths} == set(PINS)
    assert {"networkx/algorithms/dag.py", "optax/_src/alias.py", "seaborn/axisgrid.py"} <= paths


def test_files_are_in_order_of_their_paths(files):
    assert all(list(split) == sorted(split) for split in files)


def test_shares_are_about_80_10_10(corpus):
    sizes = [len(text) for text in (corpus.train, corpus.val, corpus.test)]
    assert sum(sizes) == 5_859_629
    assert [round(size / sum(sizes), 2) for size in sizes] == [0.8, 0.11, 0.1]


def test_it_says_where_it_comes_from(corpus):
    assert len(corpus.provenance.sha256) == 64
    for words in ("networkx 3.6.1", "optax 0.2.8", "seaborn 0.13.2", "BSD-3-Clause", "Apache-2.0"):
        assert words in corpus.describe()
    assert repr(corpus) == "CodeCorpus(train 4678808, val 619287, test 561534 characters)"


def test_the_libraries_are_read_and_not_imported():
    code = (
        "import sys; from course_utils.data import load_code_corpus; load_code_corpus();"
        "sys.exit(any(name in sys.modules for name in ('networkx', 'optax', 'seaborn')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class Installed:
    """A distribution that is not the pinned one."""

    def __init__(self, version, files=()):
        self.version, self.files = version, files


def test_another_version_is_refused_with_the_repair(monkeypatch):
    monkeypatch.setattr(metadata, "distribution", lambda name: Installed("3.5"))
    with pytest.raises(ValueError, match=r"needs networkx 3\.6\.1, got 3\.5: pip install networkx==3\.6\.1"):
        load_code_corpus()


def test_a_missing_library_is_refused_with_the_repair(monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)
    with pytest.raises(
        ValueError, match=r"networkx 3\.6\.1, which is not installed: pip install networkx==3\.6\.1"
    ):
        load_code_corpus()


def test_changed_files_are_refused_with_both_checksums(monkeypatch):
    monkeypatch.setattr(metadata, "distribution", lambda name: Installed(PINS[name]))
    with pytest.raises(
        ValueError, match=r"expected sha256 2d9cc3525fbd…, got [0-9a-f]{12}…\): pip install --force"
    ):
        load_code_corpus()


def test_the_standard_library_is_other_text(files):
    text = standard_library(200_000)
    assert len(text.text) == 200_000
    assert text.provenance.sha256 is None
    paths = set(HEADER.findall(text.text))
    assert paths
    assert not paths & {path for split in files for path in split}
    assert not [path for path in paths if {"test", "tests", "site-packages"} & set(path.split("/"))]
    assert standard_library(200_000).text == text.text


def test_characters_are_counted_from_one():
    with pytest.raises(ValueError, match="characters ≥ 1, got 0"):
        standard_library(0)
