"""CIFAR-10 from its authors' page: the one data set of the course that comes over the network, on request.

The binary version is read, not the pickled one: unpickling what came from elsewhere would run its code.
"""

import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int64, UInt8

from course_utils.data.dataset import Dataset, Provenance, Split
from course_utils.data.download import fetch
from course_utils.data.splits import split_rows

CIFAR10_CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
# The authors publish the MD5; other libraries that ship a loader for the same archive agree on the SHA-256.
CHECKSUMS = {
    "md5": "c32a1d4ab5d03f1284b67883e8d87530",
    "sha256": "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
}
_FOLDER = "cifar-10-batches-bin"
_TRAIN = [f"{_FOLDER}/data_batch_{number}.bin" for number in range(1, 6)]
_TEST = f"{_FOLDER}/test_batch.bin"
_SIDE = 32  # pixels
_RECORD = 1 + 3 * _SIDE * _SIDE  # bytes: the label, then the red, the green and the blue plane, row by row
_MOST = 10_000 * _RECORD  # bytes of a file; more is not CIFAR-10, whatever its header says


def cifar10(rng: np.random.Generator, *, url: str = URL, checksums: Mapping[str, str] = CHECKSUMS) -> Dataset:
    """60,000 colour photographs of 32 × 32 pixels in ten classes, 6,000 each; the first call downloads 170 MB.

    The makers' own test images are the test split; of their 50,000 others, a tenth of each class is set aside
    for validation. All of it takes 740 MB of memory.

    Args:
        rng: decides which images are for validation.
        url: another address of the same archive, where the authors' is out of reach.
        checksums: of the archive; algorithm → hexadecimal digest.

    Returns:
        x float32 `[rows, 32, 32, 3]`, red, green, blue from 0 to 1; y int64 `[rows]`, an index into
        `CIFAR10_CLASSES`. train 45,000, val 5,000, test 10,000 rows.

    Raises:
        DownloadError: the archive cannot be had; the message says why and what to do.
        ValueError: an archive of another form.

    A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, technical report, University of
    Toronto 2009.

    >>> from course_utils.data import digits, online
    >>> rng = np.random.default_rng(0)
    >>> data = cifar10(rng) if online() else digits(rng)
    >>> data.test.x.ndim == (4 if online() else 3)
    True
    """
    archive = fetch(url, "cifar-10-binary.tar.gz", checksums)
    parts = _members(archive, [*_TRAIN, _TEST])
    images, labels = (np.concatenate(columns) for columns in zip(*map(decode, parts[:-1]), strict=True))
    train, val = split_rows(len(labels), (0.9, 0.1), rng=rng, stratify=labels)
    test_images, test_labels = decode(parts[-1])
    provenance = Provenance(
        "CIFAR-10",
        f"A. Krizhevsky, V. Nair, G. Hinton, University of Toronto 2009; {url}",
        "none stated; its authors ask to be cited",
        note="Chosen from 80 Million Tiny Images, which its makers withdrew in 2020. 3.3 % of the test images "
        "have near-duplicates among the others (B. Barz, J. Denzler 2020).",
        sha256=checksums.get("sha256"),
    )
    return Dataset(
        Split(_scaled(images[train]), labels[train]),
        Split(_scaled(images[val]), labels[val]),
        Split(_scaled(test_images), test_labels),
        provenance,
    )


def decode(records: bytes) -> tuple[UInt8[np.ndarray, "rows 32 32 3"], Int64[np.ndarray, " rows"]]:
    """Images and labels of one file in CIFAR-10's binary format.

    A record is a byte with the label, then 3 × 1024 bytes: the red plane row by row, the green, the blue.

    Args:
        records: the file's content.

    Returns:
        Images with red, green and blue of a pixel side by side, and labels.

    Raises:
        ValueError: not a whole number of records, or a label over 9.

    >>> images, labels = decode(bytes([7]) + bytes([255]) * 1024 + bytes(2048))
    >>> labels, images.shape, images[0, 0, 0]
    (array([7]), (1, 32, 32, 3), array([255,   0,   0], dtype=uint8))
    """
    if not records or len(records) % _RECORD:
        raise ValueError(f"CIFAR-10's files hold records of {_RECORD} bytes, got {len(records)} bytes.")
    rows = np.frombuffer(records, np.uint8).reshape(-1, _RECORD)
    labels = rows[:, 0].astype(np.int64)
    if labels.max() > 9:
        raise ValueError(f"CIFAR-10's labels run from 0 to 9, got {labels.max()}: not a file in its format.")
    return rows[:, 1:].reshape(-1, 3, _SIDE, _SIDE).transpose(0, 2, 3, 1), labels


def _members(archive: Path, names: list[str]) -> list[bytes]:
    """Contents of these files of a tar archive, read in memory: no name in it can lead to a path outside."""
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:
                if member.name in names and member.isfile() and member.size <= _MOST:
                    found[member.name] = tar.extractfile(member).read()  # type: ignore[union-attr]
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise ValueError(f"CIFAR-10's archive should be a .tar.gz, this is none: {error}.") from error
    missing = [name for name in names if name not in found]
    if missing:
        raise ValueError(
            f"CIFAR-10's archive should hold {', '.join(missing)} with at most {_MOST:,} bytes: "
            "give the address and checksums of the binary version."
        )
    return [found[name] for name in names]


def _scaled(images: UInt8[np.ndarray, "rows 32 32 3"]) -> Float32[np.ndarray, "rows 32 32 3"]:
    return np.divide(images, np.float32(255), dtype=np.float32)
