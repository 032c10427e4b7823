"""Collections that attack or are damaged: no link is followed, nothing costs another student anything."""

import contextlib
import io
import os
import stat
import tempfile
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from layouts import LAB, found, lay, packed

from course_utils.grading import members
from course_utils.grading.submissions import collect


def test_links_pipes_and_devices_are_not_opened(tmp_path: Path):
    secret = tmp_path / "secret"
    secret.write_text("solution")
    root = lay(tmp_path / "class", {"ann/a.ipynb": "A"})
    for name in ("bob", "eve", "dan"):
        (root / name).mkdir()
    (root / "bob" / "b.ipynb").symlink_to(secret)
    (root / "fay").symlink_to(tmp_path)
    os.mkfifo(root / "eve" / "e.ipynb")
    (root / "dan" / "d.ipynb").symlink_to("d.ipynb")
    start = time.monotonic()
    students = found(root)
    assert time.monotonic() - start < 5
    assert {student for student, one in students.items() if one.content is not None} == {"ann"}
    assert "bob/b.ipynb is a link" in students["bob"].problem
    assert "fay is a link" in students["fay"].problem
    assert "is a pipe or device" in students["eve"].problem


def test_a_link_that_appears_after_the_listing_is_refused(tmp_path: Path):
    (tmp_path / "ann.ipynb").write_text("A")
    (member,) = members.folder_members(tmp_path)
    (tmp_path / "ann.ipynb").unlink()
    (tmp_path / "ann.ipynb").symlink_to("/etc/hostname")
    with pytest.raises(members.UnreadableError, match="is a link"):
        member.read()


def linked(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


def test_links_and_traversal_in_a_zip_are_names_only(tmp_path: Path):
    archive = tmp_path / "class.zip"
    with zipfile.ZipFile(archive, "w") as target:
        target.writestr("ann/a.ipynb", "A")
        target.writestr("mallory/../ann/a.ipynb", "M")
        target.writestr("../../../tmp/evil.ipynb", "E")
        target.writestr("/etc/passwd.ipynb", "P")
        target.writestr(linked("bob/b.ipynb"), "/etc/passwd")
        target.writestr(linked("dan"), "/etc")
    students = found(archive)
    assert students["ann"].content == b"A"
    assert students["mallory"].content == b"M"
    assert students[".."].content == b"E"
    assert students["etc"].content == b"P"
    assert "bob/b.ipynb is a link" in students["bob"].problem
    assert "dan is a link" in students["dan"].problem
    assert list(tmp_path.iterdir()) == [archive]


def test_a_zip_bomb_is_read_to_its_cap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(members, "NOTEBOOK_BYTES", 2**20)
    bomb = packed({"b.ipynb": bytes(2**26)})
    # The header says that it is small.
    small = bomb.replace((2**26).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert small != bomb
    lay(tmp_path, {"ann.ipynb": "A", "bob.zip": bomb, "eve.zip": small, "dan.ipynb": bytes(2**20 + 1)})
    students = found(tmp_path)
    assert students["ann"].content == b"A"
    assert "is larger than 1 MiB" in students["bob"].problem
    assert "is larger than 1 MiB" in students["dan"].problem
    assert students["eve"].content is None


def test_damaged_and_encrypted_members_cost_their_student_alone(tmp_path: Path):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("ann", "bob", "eve", "dan"):
            archive.writestr(f"{name}/x.ipynb", os.urandom(100) if name != "ann" else "A")
        bob, eve, dan = archive.infolist()[1:]
    content = bytearray(target.getvalue())
    content[bob.header_offset + 45] ^= 0xFF
    for flag in (eve.header_offset + 6, content.index(b"eve/x", eve.header_offset + 60) - 38):
        content[flag] |= 1
    method = content.index(b"dan/x", dan.header_offset + 60) - 36
    content[method] = zipfile.ZIP_LZMA
    path = tmp_path / "class.zip"
    path.write_bytes(content)
    students = found(path)
    assert students["ann"].content == b"A"
    assert "is damaged in the zip" in students["bob"].problem
    assert "is encrypted" in students["eve"].problem
    assert "compressed in an unusual way" in students["dan"].problem


def test_a_students_broken_zip_is_that_students_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("course_utils.grading.submissions.MEMBERS", 50)
    many = packed({f"{number}.txt": "" for number in range(60)})
    nested = packed({"inner.zip": packed({"x.ipynb": "X"})})
    lay(tmp_path, {"ann.ipynb": "A", "bob.zip": b"PK nothing", "eve.zip": many, "dan.zip": nested})
    students = found(tmp_path)
    assert students["ann"].content == b"A"
    assert "is no zip, or damaged" in students["bob"].problem
    assert "more than 50 files" in students["eve"].problem
    assert "no notebook" in students["dan"].problem


def test_too_many_files_are_their_students_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for module in ("members", "submissions"):
        monkeypatch.setattr(f"course_utils.grading.{module}.MEMBERS", 30)
    lay(tmp_path, {f"bob/{number}.ipynb": "B" for number in range(40)} | {"zoe/z.ipynb": "Z"})
    lay(tmp_path, {f"ann/{number}.ipynb": "A" for number in range(25)})
    students = found(tmp_path)
    assert "more than 30 files" in students["bob"].problem
    assert students["ann"].problem == "25 notebooks were handed in: hand in one."
    assert students["zoe"].content == b"Z"


def test_names_of_any_characters_stay_apart(tmp_path: Path):
    odd = ["=1+1", "a\nb", "<b>", "\u202egnp", "x" * 200, "é", "e\u0301", " ann", "ann"]
    lay(tmp_path, {f"{name}/a.ipynb": name for name in odd})
    raw = os.fsencode(tmp_path) + b"/\xff\xfe"
    os.mkdir(raw)
    (Path(os.fsdecode(raw)) / "a.ipynb").write_text("bytes")
    students = found(tmp_path)
    assert {name: students[name].content for name in odd} == {name: name.encode() for name in odd}
    (last,) = set(students) - set(odd)
    assert students[last].content == b"bytes"
    last.encode()


@given(st.binary(max_size=300), st.integers(0, 400))
def test_any_damage_to_a_zip_ends_in_words(noise: bytes, place: int):
    content = bytearray(packed({"ann/a.ipynb": "A" * 50, "bob/b.ipynb": "B"}))
    content[place : place + len(noise)] = noise
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "class.zip")
        path.write_bytes(content)
        (own,) = collect(Path(folder), LAB)
        assert own.content is not None or own.problem
        with contextlib.suppress(ValueError):
            assert all(one.content is not None or one.problem for one in collect(path, LAB))
