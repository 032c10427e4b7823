"""Archives in the true format, made here, a few images each, over a server on this machine."""

import hashlib
import io
import tarfile

import numpy as np
import pytest

from course_utils.data import CIFAR10_CLASSES, cifar10
from course_utils.data.cifar10 import CHECKSUMS, URL, decode

FOLDER = "cifar-10-batches-bin"
FILES = [*(f"{FOLDER}/data_batch_{number}.bin" for number in range(1, 6)), f"{FOLDER}/test_batch.bin"]
PER_FILE = 40


def archive(files, links=()):
    """The bytes of a .tar.gz with these files, after the authors' other two members."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in [(f"{FOLDER}/readme.html", b"<html>"), *files]:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        for name, target in links:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            tar.addfile(member)
    return packed.getvalue()


def record(label, image):
    """One image [32, 32, 3] as the format wants it, written out pixel by pixel."""
    planes = bytes(int(image[row, column, c]) for c in range(3) for row in range(32) for column in range(32))
    return bytes([label]) + planes


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(1).integers(0, 256, (6, PER_FILE, 32, 32, 3), np.uint8)


@pytest.fixture(scope="module")
def files(images):
    contents = [b"".join(record(i % 10, image) for i, image in enumerate(part)) for part in images]
    return list(zip(FILES, contents, strict=True))


@pytest.fixture
def load(server):
    def load(content, rng=0):
        server.content = content
        checksums = {"sha256": hashlib.sha256(content).hexdigest()}
        return cifar10(np.random.default_rng(rng), url=server.url, checksums=checksums)

    return load


def test_splits_are_the_authors_with_a_tenth_of_each_class_set_aside(load, files):
    data = load(archive(files))
    assert repr(data) == (
        "Dataset(CIFAR-10: train 180, val 20, test 40; x float32[rows, 32, 32, 3], y int64[rows])"
    )
    assert np.bincount(data.train.y).tolist() == [18] * 10
    assert np.bincount(data.val.y).tolist() == [2] * 10


def test_every_pixel_and_label_arrives_once(load, files, images):
    data = load(archive(files))
    expected = images.astype(np.float32) / 255
    np.testing.assert_array_equal(data.test.x, expected[5])
    np.testing.assert_array_equal(data.test.y, np.arange(PER_FILE) % 10)
    got = {
        image.tobytes(): label
        for split in (data.train, data.val)
        for image, label in zip(split.x, split.y, strict=True)
    }
    assert got == {expected[part, i].tobytes(): i % 10 for part in range(5) for i in range(PER_FILE)}


def test_the_generator_decides_who_validates(load, files):
    content = archive(files)
    one, again, other = (load(content, rng).val.x for rng in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_the_second_call_asks_nobody(load, files, server):
    content = archive(files)
    load(content)
    load(content)
    assert server.ranges == [None]


def test_says_where_it_comes_from(load, files, server):
    provenance = load(archive(files)).provenance
    assert not provenance.generated
    assert server.url in provenance.source
    assert provenance.sha256 == hashlib.sha256(server.content).hexdigest()
    assert "none stated" in provenance.licence


def test_what_else_lies_in_an_archive_is_never_touched(load, files, cache, tmp_path):
    traps = [("../../outside", b"x"), ("/absolute", b"x"), (f"../{FOLDER}/test_batch.bin", b"x")]
    before = set(tmp_path.rglob("*"))
    load(archive([*traps, *files], links=[("link", "/etc/passwd")]))
    new = {path.name for path in set(tmp_path.rglob("*")) - before}
    assert new == {"cache", "cifar-10-binary.tar.gz", "cifar-10-binary.tar.gz.lock"}


def test_a_link_in_place_of_a_file_is_not_followed(load, files):
    with pytest.raises(ValueError, match=r"should hold cifar-10-batches-bin/test_batch\.bin"):
        load(archive(files[:-1], links=[(FILES[-1], FILES[0])]))


def test_a_missing_file_is_named(load, files):
    with pytest.raises(ValueError, match=r"should hold .*data_batch_3\.bin with .* binary version"):
        load(archive([file for file in files if "_3" not in file[0]]))


def test_a_file_far_too_large_is_not_unpacked(load, files):
    bomb = bytes(10_001 * 3073)
    with pytest.raises(ValueError, match=r"data_batch_1\.bin with at most 30,730,000 bytes"):
        load(archive([(FILES[0], bomb), *files[1:]]))


@pytest.mark.parametrize("content", [b"<html>sign in</html>", b"\x1f\x8b\x08 not gzip", b"."])
def test_what_is_no_archive_is_refused(load, content):
    with pytest.raises(ValueError, match=r"should be a \.tar\.gz, this is none"):
        load(content)


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_a_truncated_archive_is_refused(load, files, place):
    whole = archive(files)
    with pytest.raises(ValueError, match="CIFAR-10's archive should"):
        load(whole[: int(place * len(whole))])


@pytest.mark.parametrize("length", [0, 1, 3072, 3074])
def test_a_torn_record_is_refused(length):
    with pytest.raises(ValueError, match=f"records of 3073 bytes, got {length} bytes"):
        decode(bytes(length))


def test_a_label_that_is_none_is_refused():
    with pytest.raises(ValueError, match="from 0 to 9, got 10"):
        decode(bytes([10]) + bytes(3072))


def test_names_of_the_classes():
    assert CIFAR10_CLASSES[0] == "airplane"
    assert CIFAR10_CLASSES[9] == "truck"
    assert len(set(CIFAR10_CLASSES)) == 10


def test_the_real_archive_is_asked_for_by_both_checksums():
    assert URL.startswith("https://")
    assert {name: len(digest) for name, digest in CHECKSUMS.items()} == {"md5": 32, "sha256": 64}
