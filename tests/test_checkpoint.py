import warnings

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from course_utils.checkpoint import CheckpointError, Checkpoints, from_named_arrays, named_arrays


def same(a: np.ndarray, b: np.ndarray) -> bool:
    return (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())


@settings(max_examples=10)
@given(
    npst.arrays(
        st.sampled_from([np.float32, np.float64, np.int32, np.uint8, np.bool_]),
        npst.array_shapes(max_dims=3, max_side=4),
    )
)
def test_arrays_come_back_to_the_same_bits(tmp_path_factory, array) -> None:
    checkpoints = Checkpoints(tmp_path_factory.mktemp("bits"))
    checkpoints.save(1, {"a": {"x": array}, "b": {"y/z": array[:1]}})
    step, arrays = checkpoints.newest()
    assert step == 1
    assert same(arrays["a"]["x"], array)
    assert same(arrays["b"]["y/z"], array[:1])


def test_an_empty_folder_has_no_newest(tmp_path) -> None:
    assert Checkpoints(tmp_path / "not made yet").newest() is None
    assert Checkpoints(tmp_path).steps() == []


def test_the_newest_stay_and_leftovers_go(tmp_path) -> None:
    (tmp_path / "7.deleted").mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    checkpoints = Checkpoints(tmp_path, keep=2)
    for step in (8, 16, 24):
        checkpoints.save(step, {"a": {"x": np.array([step])}})
    assert checkpoints.steps() == [16, 24]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["16", "24", "notes.txt"]


def test_a_step_saved_again_is_replaced(tmp_path) -> None:
    checkpoints = Checkpoints(tmp_path)
    for value in (1, 2):
        checkpoints.save(8, {"a": {"x": np.array([value])}})
    assert checkpoints.newest()[1]["a"]["x"].tolist() == [2]


def damage(folder) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            path.write_bytes(b"garbage")


def test_a_damaged_one_is_passed_over_with_a_warning(tmp_path) -> None:
    checkpoints = Checkpoints(tmp_path)
    for step in (8, 16):
        checkpoints.save(step, {"a": {"x": np.array([step])}})
    damage(tmp_path / "16")
    with pytest.warns(UserWarning, match=r"checkpoint 16 .* is damaged; going on from step 8"):
        step, arrays = checkpoints.newest()
    assert (step, arrays["a"]["x"].tolist()) == (8, [8])


def test_when_none_can_be_read_it_says_so(tmp_path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(8, {"a": {"x": np.ones(2)}})
    damage(tmp_path / "8")
    with pytest.raises(CheckpointError, match=r"none of the checkpoints .* can be read: 8 \("):
        checkpoints.newest()


def test_a_place_that_cannot_be_written_keeps_the_older_ones(tmp_path) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("not a folder")
    with pytest.raises(CheckpointError, match="step 8 could not be written"):
        Checkpoints(blocked).save(8, {"a": {"x": np.ones(2)}})
    assert blocked.read_text() == "not a folder"


@pytest.mark.parametrize("arguments", [{"seconds": -1}, {"keep": 0}])
def test_numbers_that_keep_nothing_are_refused(arguments) -> None:
    with pytest.raises(ValueError, match="one must stay"):
        Checkpoints("anywhere", **arguments)


class Everything(nnx.Module):
    """A module with each kind of array that a state may hold."""

    def __init__(self, seed: int) -> None:
        rngs = nnx.Rngs(seed)
        self.linear = nnx.Linear(3, 2, rngs=rngs, param_dtype=jnp.bfloat16)
        self.norm = nnx.BatchNorm(2, rngs=rngs)
        self.drop = nnx.Dropout(0.5, rngs=rngs)


def test_a_whole_state_goes_through_a_file(tmp_path) -> None:
    optimizer = optax.adam(1e-3)
    _, state = nnx.split(Everything(0))
    _, other = nnx.split(Everything(1))
    tree = (state, optimizer.init(nnx.filter_state(state, nnx.Param)))
    Checkpoints(tmp_path).save(1, {"all": named_arrays(tree)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, arrays = Checkpoints(tmp_path).newest()
    like = (other, optimizer.init(nnx.filter_state(other, nnx.Param)))
    back = from_named_arrays(like, arrays["all"])
    assert jax.tree.structure(back) == jax.tree.structure(like)
    before, after = named_arrays(tree), named_arrays(back)
    assert before.keys() == after.keys()
    assert all(same(before[name], after[name]) for name in before)
    assert not all(same(value, named_arrays(like)[name]) for name, value in before.items())


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({}, r"lacks \['w'\]"),
        ({"w": np.ones(2, np.float32), "b": np.ones(1)}, r"has \['b'\]"),
        ({"w": np.ones(3, np.float32)}, r"w is float32\[3\] in it and float32\[2\] here"),
        ({"w": np.ones(2, np.int32)}, r"w is int32\[2\]"),
    ],
)
def test_arrays_of_another_model_are_refused(arrays, message) -> None:
    with pytest.raises(ValueError, match=message):
        from_named_arrays({"w": jnp.ones(2)}, arrays)
