"""Two devices, or two processes, train what one device trains."""

import os
import runpy
import socket
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
from jax.sharding import Mesh

from course_utils.train.devices import Devices

SCRIPT = Path(__file__).with_name("long_run.py")
SETTINGS = {"PYTHONPATH": str(Path(__file__).parents[2]), "COURSE_PROGRESS": "0"}
# Sums over a batch are taken in another order; two epochs of Adam make no more of it than this.
TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}


@pytest.fixture(scope="module")
def expected():
    script = runpy.run_path(str(SCRIPT))
    return script["result"](*script["train"](2)[:2])


def close(path, expected):
    with np.load(path) as got:
        assert set(expected) < set(got)
        for name in expected:
            np.testing.assert_allclose(got[name], expected[name], **TOLERANCE, err_msg=name)


MESH = """
import sys
import jax
jax.config.update("jax_num_cpu_devices", 2)
import runpy
import numpy as np
script = runpy.run_path(sys.argv[1])
mesh = jax.make_mesh((2,), ("data",), axis_types=(getattr(jax.sharding.AxisType, sys.argv[3]),))
model, run, _ = script["train"](2, mesh=mesh)
assert run.compilations == 1
again = script["train"](2, mesh=mesh)[1]
assert again.compilations == 0
np.testing.assert_array_equal(again.step_loss, run.step_loss)
assert {len(array.devices()) for array in jax.tree.leaves(script["nnx"].state(model))} == {1}
np.savez(sys.argv[2], stopped=run.stopped, **script["result"](model, run))
"""


@pytest.mark.parametrize("axis", ["Auto", "Explicit"])
def test_a_mesh_of_two_devices_equals_one(expected, tmp_path, axis):
    out = tmp_path / "result.npz"
    subprocess.run(
        [sys.executable, "-c", MESH, str(SCRIPT), str(out), axis],
        env=os.environ | SETTINGS,
        check=True,
        timeout=120,
    )
    close(out, expected)


def test_two_processes_equal_one_and_need_no_other_code(expected, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    outs = [tmp_path / f"{number}.npz" for number in range(2)]
    processes = [
        subprocess.Popen(
            [sys.executable, str(SCRIPT), str(out), str(tmp_path / "run"), "2", "0", str(number), str(port)],
            env=os.environ | SETTINGS,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number, out in enumerate(outs)
    ]
    try:
        said = [process.communicate(timeout=120) for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0, 0], said
    for out in outs:
        close(out, expected)
    with np.load(outs[0]) as first, np.load(outs[1]) as second:
        for name in first:
            np.testing.assert_array_equal(first[name], second[name], err_msg=name)


def test_a_batch_that_cannot_be_shared_is_refused_in_words():
    class Pair:  # a mesh of two devices, as far as the check looks
        size = 2

    devices = Devices(None)
    devices.refuse_batch(15)
    devices.mesh = Pair()
    devices.refuse_batch(16)
    with pytest.raises(
        ValueError, match="batch_size=15 cannot be shared evenly by 2 devices: give a multiple of 2"
    ):
        devices.refuse_batch(15)


def test_a_mesh_of_one_device_is_the_device(expected):
    script = runpy.run_path(str(SCRIPT))
    mesh = Mesh(np.array(jax.devices()[:1]), ("data",))
    got = script["result"](*script["train"](2, mesh=mesh)[:2])
    for name in expected:
        np.testing.assert_allclose(got[name], expected[name], **TOLERANCE, err_msg=name)
