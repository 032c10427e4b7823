"""The course's language-model corpus: the source of three libraries it pins, read as text, never imported."""

import hashlib
import sysconfig
import tokenize
from dataclasses import dataclass
from importlib import metadata
from itertools import accumulate
from pathlib import Path

from course_utils.data.dataset import Provenance

PINS = {"networkx": "3.6.1", "optax": "0.2.8", "seaborn": "0.13.2"}
_SHA256 = "2d9cc3525fbd144032ce1237b9e74bb5e4bbe8843852723bc9d43c8b90fb5771"
_SHARES = (0.8, 0.1, 0.1)
_NOT_STANDARD = {"test", "tests", "idlelib", "lib2to3", "site-packages", "dist-packages", "__pycache__"}


@dataclass(frozen=True, eq=False, repr=False)
class CodeCorpus:
    """Python source in three splits, a whole file always on one side.

    Every file begins with a line `# file: package/path.py`; a model trained on the text learns it, and
    can be asked for a file by it.

    Args:
        train, val, test: text of the files, in order of their paths.
        provenance: libraries, licences, checksum.
    """

    train: str
    val: str
    test: str
    provenance: Provenance

    def __repr__(self) -> str:
        """Characters in each split."""
        return f"CodeCorpus(train {len(self.train)}, val {len(self.val)}, test {len(self.test)} characters)"

    def describe(self) -> str:
        """Source and licence in one line."""
        return self.provenance.describe()


@dataclass(frozen=True, eq=False, repr=False)
class Text:
    """A text and where it comes from.

    Args:
        text: the characters.
        provenance: source and licence.
    """

    text: str
    provenance: Provenance

    def __repr__(self) -> str:
        """Name and kind alone: the length may differ between Pythons."""
        return f"Text({self.provenance.name})"


def load_code_corpus() -> CodeCorpus:
    """The modules of networkx 3.6.1, optax 0.2.8 and seaborn 0.13.2, about 6 MB.

    Left out are tests (a third of the bytes), seaborn's copies
    of other projects (other licences) and empty files. Files are dealt to the splits in the order of
    their paths' SHA-256: as good as random, and the same everywhere. Code repeats itself
    across files: of the lines over 30 characters, 9 per cent of val's and 20 of test's stand in train too.

    Returns:
        About 80, 10 and 10 per cent of the characters.

    Raises:
        ValueError: a library is missing or has another version, or its files were changed.

    >>> load_code_corpus().train.splitlines()[0]
    '# file: networkx/__init__.py'
    """
    texts: dict[str, str] = {}
    for package in PINS:
        texts |= _modules(package)
    digest = hashlib.sha256("".join(texts[path] for path in sorted(texts)).encode()).hexdigest()
    if digest != _SHA256:
        again = " ".join(f"{package}=={version}" for package, version in PINS.items())
        raise ValueError(
            "code_corpus: the libraries' files differ from the published ones (expected sha256 "
            f"{_SHA256[:12]}…, got {digest[:12]}…): pip install --force-reinstall --no-deps {again}."
        )
    libraries = ", ".join(f"{package} {version}" for package, version in PINS.items())
    provenance = Provenance(
        "code corpus",
        f"source of {libraries}, as installed",
        "networkx and seaborn BSD-3-Clause, optax Apache-2.0",
        note="Split by file; tests left out.",
        sha256=digest,
    )
    train, val, test = ("".join(texts[path] for path in sorted(part)) for part in _deal(texts))
    return CodeCorpus(train, val, test, provenance)


def standard_library(characters: int = 1_000_000) -> Text:
    """The running Python's own library, as text from outside the corpus.

    It differs from one Python to the next, so it has no checksum and no stored output may hold its figures.

    Args:
        characters: how much of it; files come in the order of their paths' SHA-256.

    Returns:
        The text, every file under a line `# file: path.py`.

    Raises:
        ValueError: fewer than 1 character asked for, or a Python whose library is not there as files.

    >>> len(standard_library(1000).text)
    1000
    """
    if characters < 1:
        raise ValueError(f"standard_library needs characters ≥ 1, got {characters}.")
    root = Path(sysconfig.get_path("stdlib"))
    # Installed packages may lie inside: such folders are left out before they are walked, not after.
    tops = [top for top in root.iterdir() if top.name not in _NOT_STANDARD]
    found = [file for top in tops for file in (top.rglob("*.py") if top.is_dir() else [top])]
    files = {file.relative_to(root).as_posix(): file for file in found if file.suffix == ".py"}
    files = {path: file for path, file in files.items() if not _NOT_STANDARD & set(path.split("/"))}
    if not files:
        raise ValueError(f"standard_library found no files in {root}: use a Python installed as files.")
    texts: list[str] = []
    length = 0
    for path in sorted(files, key=_path_hash):
        with tokenize.open(files[path]) as file:  # honours a file's own encoding line
            texts.append(_under_its_path(path, file.read()))
        length += len(texts[-1])
        if length >= characters:
            break
    provenance = Provenance(
        "standard library",
        "modules of the running Python, tests left out",
        "PSF-2.0",
        note="Other bytes on other versions of Python.",
    )
    return Text("".join(texts)[:characters], provenance)


def _modules(package: str) -> dict[str, str]:
    version = PINS[package]
    repair = f"pip install {package}=={version}"
    try:
        distribution = metadata.distribution(package)
    except metadata.PackageNotFoundError:
        raise ValueError(
            f"code_corpus needs {package} {version}, which is not installed: {repair}."
        ) from None
    if distribution.version != version:
        raise ValueError(f"code_corpus needs {package} {version}, got {distribution.version}: {repair}.")
    texts = {}
    for file in distribution.files or ():
        path = file.as_posix()
        if path.startswith(f"{package}/") and _is_wanted(path):
            # read_text also turns Windows' line ends into "\n".
            texts[path] = Path(str(file.locate())).read_text(encoding="utf-8")
    return {path: _under_its_path(path, text) for path, text in texts.items() if text.strip()}


def _is_wanted(path: str) -> bool:
    *folders, name = path.split("/")
    return name.endswith(".py") and not name.endswith("_test.py") and not {"tests", "external"} & set(folders)


def _under_its_path(path: str, text: str) -> str:
    return f"# file: {path}\n{text.rstrip()}\n\n"


def _path_hash(path: str) -> str:
    return hashlib.sha256(path.encode()).hexdigest()


def _deal(texts: dict[str, str]) -> list[list[str]]:
    """Paths of each split: the files in hash order, cut where the characters reach the shares."""
    order = sorted(texts, key=_path_hash)
    total = sum(map(len, texts.values()))
    bounds = [share * total for share in accumulate(_SHARES[:-1])]
    parts: list[list[str]] = [[] for _ in _SHARES]
    done = 0
    for path in order:
        middle = done + len(texts[path]) / 2
        parts[sum(middle >= bound for bound in bounds)].append(path)
        done += len(texts[path])
    return parts
