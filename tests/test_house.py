"""The house: README, Makefile, pyproject, the lock and CI say the same as the disk and as each other."""

import ast
import csv
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import course_utils.ledger

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PINS = re.findall(r"^([\w.-]+)==(\S+)(?: ; (.+?))? \\$", LOCK, flags=re.MULTILINE)

in_checkout = pytest.mark.skipif(
    not (ROOT / "course_utils").is_dir(), reason="the wheel is under test, away from the checkout's package"
)


def pinned(python: str) -> dict[str, str]:
    """The version of each package that the lock installs on Linux for a Python."""
    where = {"python_full_version": f"{python}.9", "python_version": python, "sys_platform": "linux"}
    return {name: version for name, version, marker in PINS if not marker or Marker(marker).evaluate(where)}


# README


def test_readme_lists_every_chapter_and_links_the_finished_ones():
    table = Path(course_utils.ledger.__file__).parent / "chapters.csv"
    chapters = csv.DictReader(table.read_text("utf-8").splitlines())
    expected = []
    for row in chapters:
        path = Path("notebooks", row["folder"], f"{row['number']}_{row['name']}.ipynb")
        finished = (ROOT / path).exists()
        title = f"[{row['title']}]({path.as_posix()})" if finished else f"{row['title']} (to come)"
        expected.append(f"- {row['number']} {title}")
    assert re.findall(r"^- \d\d .*$", README, flags=re.MULTILINE) == expected
    assert len(expected) == 35


def test_readme_links_lead_to_files():
    links = re.findall(r"\]\(([^)]+)\)", README)
    missing = [link for link in links if "://" not in link and not (ROOT / link).exists()]
    assert links
    assert missing == []


@in_checkout
def test_readme_tree_is_the_folders_on_disk():
    block = README.split("## The tree")[1].split("## ")[0]
    parents, listed = [], set()
    for indent, name in re.findall(r"^    ( *)([\w./]+)/  +\S", block, flags=re.MULTILINE):
        parents = [*parents[: len(indent) // 4], name]
        listed.add("/".join(parents))
    ours = [
        path
        for pattern in ("*", "notebooks/*", "course_utils/*", "labs/", "solutions/")
        for path in ROOT.glob(pattern)
        if path.is_dir() and not path.name.startswith((".", "__")) and not ignored(path)
    ]
    assert listed == {path.relative_to(ROOT).as_posix() for path in ours} | {".ci", ".github/workflows"}


def ignored(path: Path) -> bool:
    """Whether .gitignore names a folder at the top."""
    lines = (ROOT / ".gitignore").read_text().split()
    return f"/{path.name}/" in lines or path.name.endswith(".egg-info")


def test_readme_names_make_commands_that_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", README)) <= targets
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^make (\w+)", said, flags=re.MULTILINE)) == targets - {"help"}


# pyproject and the lock


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_lock_keeps_every_range_of_pyproject(python: str):
    project, locked = PYPROJECT["project"], pinned(python)
    wanted = map(Requirement, project["dependencies"] + project["optional-dependencies"]["dev"])
    outside = [
        f"{one} is locked at {locked.get(canonicalize_name(one.name))}: run make lock"
        for one in wanted
        if not one.specifier.contains(locked.get(canonicalize_name(one.name), "0"), prereleases=True)
    ]
    assert outside == []


def test_lock_has_hashes_and_no_address():
    assert len(PINS) > 100
    assert len(PINS) == len(re.findall(r"==.* \\$", LOCK, flags=re.MULTILINE))
    assert all("--hash=sha256:" in block for block in re.split(r"^(?=\S)", LOCK, flags=re.MULTILINE)[1:])
    assert "://" not in LOCK
    assert "index" not in LOCK


def test_the_slow_jax_is_excluded():
    assert "!=0.11.1" in next(
        line for line in PYPROJECT["project"]["dependencies"] if line.startswith("jax>")
    )


@in_checkout
def test_every_package_on_disk_is_in_the_wheel():
    on_disk = {
        ".".join(path.parent.relative_to(ROOT).parts) for path in ROOT.glob("course_utils/**/__init__.py")
    }
    assert set(PYPROJECT["tool"]["setuptools"]["packages"]) == on_disk


@in_checkout
def test_every_data_file_on_disk_is_in_the_wheel():
    files = [path for path in ROOT.glob("course_utils/**/*.*") if path.is_file()]
    kinds = {f"*{path.suffix}" for path in files} - {"*.py", "*.pyc"}
    assert kinds
    assert kinds <= set(PYPROJECT["tool"]["setuptools"]["package-data"]["*"])


def test_every_import_is_a_declared_dependency():
    """What comes only through another package vanishes when that package drops it.

    cycler is excepted: matplotlib's documentation has its users import it.
    """
    package = Path(course_utils.__file__).parent
    declared = {canonicalize_name(Requirement(one).name) for one in PYPROJECT["project"]["dependencies"]}
    distributions = packages_distributions()
    undeclared: dict[str, str] = {}
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            for name in (
                {name.split(".")[0] for name in names} - sys.stdlib_module_names - {"course_utils", "cycler"}
            ):
                if not declared & {canonicalize_name(one) for one in distributions.get(name, [])}:
                    undeclared.setdefault(name, path.relative_to(package).as_posix())
    assert undeclared == {}


# files


@in_checkout
def test_no_source_file_is_over_300_lines():
    files = [*ROOT.glob("course_utils/**/*.py"), *ROOT.glob("tests/**/*.py"), *ROOT.glob(".ci/*")]
    long = {
        file.name: n
        for file in files
        if file.is_file() and (n := len(file.read_text("utf-8").splitlines())) > 300
    }
    assert files
    assert long == {}


def test_repository_address_stands_in_pyproject_alone():
    address = PYPROJECT["project"]["urls"]["Repository"]
    others = [*ROOT.glob("*.*"), *ROOT.glob(".ci/*"), *ROOT.glob(".github/**/*.yml")]
    holders = [
        path.name for path in others if path.is_file() and address in path.read_text("utf-8", "replace")
    ]
    assert holders == ["pyproject.toml"]


# .ci/run


def run_ci(bin_folder: Path) -> subprocess.CompletedProcess:
    """Start .ci/run with a Python 3.11, a shim of 3.12 that does not run, and a pyenv without 3.12."""
    for name, script in {
        "python3.11": "exit 0",
        "python3.12": "echo 'pyenv: python3.12: command not found' >&2; exit 127",
        "python3": "exit 1",
        "pyenv": f"echo '{bin_folder}/pyenv'",
    }.items():
        (bin_folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (bin_folder / name).chmod(0o755)
    for tool in ("bash", "dirname", "ls"):
        (bin_folder / tool).symlink_to(
            f"/bin/{tool}" if Path(f"/bin/{tool}").exists() else f"/usr/bin/{tool}"
        )
    return subprocess.run(
        ["bash", str(ROOT / ".ci/run")],
        env={"PATH": str(bin_folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_ci_without_python_312_fails_in_one_line(tmp_path: Path):
    result = run_ci(tmp_path)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr == (
        "run: Python 3.12 was found neither on PATH nor through pyenv: install it (pyenv install 3.12)\n"
    )
