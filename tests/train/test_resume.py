"""Runs that are killed, interrupted, out of disk or damaged go on to the same bits."""

import contextlib
import errno
import os
import random
import runpy
import shutil
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import jax
import numpy as np
import optax
import pytest
from flax import nnx

from course_utils import checkpoint
from course_utils.checkpoint import CheckpointError, Checkpoints
from course_utils.data.dataset import Dataset, Split
from course_utils.models import MLP
from course_utils.train import NonFiniteLossError, fit

XENT = optax.softmax_cross_entropy_with_integer_labels
SCRIPT = Path(__file__).with_name("long_run.py")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def long_run():
    return runpy.run_path(str(SCRIPT))


@pytest.fixture
def start(tmp_path):
    """Starts the long run in a process of its own; whatever still runs at the end is killed."""
    processes = []
    # Compiled programs are kept between the processes: the test is about killing, not about compiling.
    settings = {
        "PYTHONPATH": str(ROOT),
        "COURSE_PROGRESS": "0",
        "JAX_COMPILATION_CACHE_DIR": str(tmp_path / "programs"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }

    def begin(*arguments):
        command = [sys.executable, str(SCRIPT), *map(str, arguments)]
        process = subprocess.Popen(command, env=os.environ | settings, stderr=subprocess.PIPE, text=True)
        processes.append(process)
        return process

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


def wait_for(condition, process, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        if process.poll() is not None:
            raise AssertionError(process.communicate()[1])
        time.sleep(0.005)


def equal(got, expected):
    assert set(got) == set(expected)
    for name in expected:
        np.testing.assert_array_equal(got[name], expected[name], err_msg=name)


def test_ten_kills_at_random_moments_change_no_bit(long_run, start, tmp_path):
    epochs, folder, out = 60, tmp_path / "run", tmp_path / "result.npz"
    model, run, _ = long_run["train"](epochs)
    moments = random.Random(0)
    checkpoints = Checkpoints(folder)
    reached = []
    for _ in range(10):
        process = start(out, folder, epochs, 0)
        before = checkpoints.steps()
        wait_for(lambda before=before: checkpoints.steps() != before, process)
        time.sleep(moments.uniform(0.0, 0.5))
        assert process.poll() is None, "the run ended before it was killed ten times"
        process.send_signal(signal.SIGKILL)
        process.wait()
        reached.append(checkpoints.steps()[-1])
    assert reached == sorted(set(reached))  # each process went on from where the one before was killed
    last = start(out, folder, epochs, 60)
    assert last.wait(60) == 0, last.communicate()[1]
    with np.load(out) as got:
        assert got["stopped"] == "all epochs"
        equal({name: got[name] for name in got if name != "stopped"}, long_run["result"](model, run))


def test_ctrl_c_leaves_a_usable_model_and_the_run_can_go_on(long_run, start, tmp_path):
    folder, out = tmp_path / "run", tmp_path / "result.npz"
    process = start(out, folder, 10**6, 0)
    wait_for(lambda: Checkpoints(folder).steps(), process)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0, process.communicate()[1]
    with np.load(out) as got:
        assert got["stopped"] == "interrupted"
        steps = len(got["step_loss"])
        _, arrays = Checkpoints(folder).newest()
        np.testing.assert_array_equal(got["outer/kernel"], arrays["state"]["0 weights/outer/kernel"])
    epochs = steps // 12 + 1
    resumed, straight = (
        long_run["train"](epochs, checkpoints)[:2] for checkpoints in (Checkpoints(folder), None)
    )
    equal(long_run["result"](*resumed), long_run["result"](*straight))


@pytest.mark.parametrize("patience", [None, 3])
def test_a_run_in_pieces_equals_the_run_in_one(long_run, tmp_path, patience):
    for epochs in (1, 2, 5, 5):
        pieces = long_run["train"](epochs, Checkpoints(tmp_path, seconds=0.0), patience=patience)
    straight = long_run["train"](5, patience=patience)
    equal(long_run["result"](*pieces[:2]), long_run["result"](*straight[:2]))
    assert pieces[1].best_epoch == straight[1].best_epoch


def test_a_finished_run_is_not_run_again(long_run, tmp_path):
    folder = Checkpoints(tmp_path)
    first = long_run["train"](2, folder)
    written = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    again = long_run["train"](2, folder)
    equal(long_run["result"](*again[:2]), long_run["result"](*first[:2]))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == written


def damage(folder, how):
    for path in folder.rglob("*"):
        if path.is_file() and path.stat().st_size:
            content = path.read_bytes()
            half = len(content) // 2
            path.write_bytes(
                content[:half] if how == "truncated" else content[:half] + b"\x55" * (len(content) - half)
            )


@pytest.mark.parametrize("how", ["truncated", "garbage"])
def test_a_damaged_checkpoint_falls_back_to_the_one_before_and_says_so(long_run, tmp_path, how, capfd):
    long_run["train"](3, Checkpoints(tmp_path, seconds=0.0))
    before, newest = Checkpoints(tmp_path).steps()
    damage(tmp_path / str(newest), how)
    with pytest.warns(UserWarning, match=rf"checkpoint {newest} \(.*is damaged; going on from step {before}"):
        resumed = long_run["train"](3, Checkpoints(tmp_path))
    equal(long_run["result"](*resumed[:2]), long_run["result"](*long_run["train"](3)[:2]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Checkpoints(tmp_path).newest()[0] == newest  # written again, whole
    assert "Traceback" not in capfd.readouterr().err


def test_when_all_are_damaged_nothing_is_begun_anew_in_silence(long_run, tmp_path):
    long_run["train"](1, Checkpoints(tmp_path))
    for step in Checkpoints(tmp_path).steps():
        damage(tmp_path / str(step), "garbage")
    with pytest.raises(CheckpointError, match=r"none of the checkpoints in .* can be read.*delete it"):
        long_run["train"](1, Checkpoints(tmp_path))


class Disk:
    """A folder on a disk that can be full: one in memory if we may mount it, else one that says so."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.patch = folder, monkeypatch
        mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
        self.mounted = shutil.which("mount") and subprocess.run(mount, capture_output=True).returncode == 0

    def fill(self):
        if self.mounted:
            with contextlib.suppress(OSError), open(self.folder / "filler", "wb", buffering=0) as filler:
                while True:
                    filler.write(bytes(4096))
            return

        def refuse(*arguments, **options):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        self.patch.setattr(checkpoint.orbax, "save", refuse)

    def make_room(self):
        if self.mounted:
            (self.folder / "filler").unlink()
        self.patch.undo()


@pytest.fixture
def disk(tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        disk = Disk(tmp_path, patch)
        yield disk
    if disk.mounted:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_full_disk_loses_nothing_that_was_saved(long_run, disk, capfd):
    checkpoints = Checkpoints(disk.folder)
    long_run["train"](1, checkpoints)
    disk.fill()
    message = r"step 24 could not be written .*No space left on device\. 1 older checkpoints are whole"
    with pytest.raises(CheckpointError, match=message):
        long_run["train"](2, checkpoints)
    assert checkpoints.newest()[0] == 12
    disk.make_room()
    resumed = long_run["train"](2, checkpoints)
    equal(long_run["result"](*resumed[:2]), long_run["result"](*long_run["train"](2)[:2]))
    assert checkpoints.steps() == [12, 24]
    assert capfd.readouterr().err == ""


def test_a_full_disk_leaves_the_model_with_what_it_learnt(rows, settings, bits, disk):
    def net():
        return MLP((10, 4, 3), rngs=nnx.Rngs(0))

    saved, plain = net(), net()
    fit(plain, rows, **settings)
    disk.fill()
    with pytest.raises(CheckpointError, match="0 older checkpoints"):
        fit(saved, rows, **settings, checkpoints=Checkpoints(disk.folder / "new"))
    for one, other in zip(bits(saved), bits(plain), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch_size": 20}, r"another run: its batch_size was 16, now it is 20"),
        ({"key": jax.random.key(8)}, r"another run: its key was \[0, 7\], now it is \[0, 8\]"),
        ({"optimizer": optax.sgd(1e-2)}, "another model or optimizer: it lacks .* and has"),
        ({"sizes": (10, 5, 3)}, r"another model or optimizer: 0 weights/layers/0/bias is float32\[4\]"),
        ({"rows": slice(0, 90)}, "another run: its rows was 100, now it is 90"),
        ({"rows": slice(None, None, -1)}, "another run: its checksum of the training rows"),
        ({"patience": 3}, "another run: its use of patience was False, now it is True"),
        ({"metrics": {"error": XENT}}, "its list of measures was loss, val_loss, now it is .*, val_error"),
        ({"validation": slice(None, None, -1)}, "another run: its checksum of the validation rows"),
    ],
)
def test_checkpoints_of_another_run_are_refused(rows, data, settings, tmp_path, changes, message):
    def dataset(train=slice(None), validation=slice(None)):
        splits = (Split(s.x[part], s.y[part]) for s, part in ((rows, train), (data.val, validation)))
        return Dataset(*splits, data.test, data.provenance)

    checkpoints = Checkpoints(tmp_path)
    fit(MLP((10, 4, 3), rngs=nnx.Rngs(0)), dataset(), **settings, checkpoints=checkpoints)
    changed = dataset(changes.pop("rows", slice(None)), changes.pop("validation", slice(None)))
    sizes = changes.pop("sizes", (10, 4, 3))
    with pytest.raises(ValueError, match=message):
        fit(MLP(sizes, rngs=nnx.Rngs(0)), changed, **settings | changes, checkpoints=checkpoints)


def test_after_nan_the_message_names_the_folder_with_ruined_weights(rows, settings, tmp_path):
    settings |= {"optimizer": optax.sgd(1e15)}
    checkpoints = Checkpoints(tmp_path, seconds=0)
    with pytest.raises(NonFiniteLossError, match=f"in another folder than {tmp_path}"):
        fit(MLP((10, 4, 3), rngs=nnx.Rngs(0)), rows, **settings, chunk=1, checkpoints=checkpoints)
