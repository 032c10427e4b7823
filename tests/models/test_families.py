import jax
import jax.numpy as jnp
import networkx as nx
import numpy as np
import pytest
from flax import nnx
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.data.tasks import Form
from course_utils.models.families import FAMILIES, GridCNN, MeanGNN, grid_links, weights, width_for

GRID = Form(positions=12, features=3, classes=4, grid=(3, 4))
LINE = Form(positions=12, features=3, classes=4, grid=(1, 12))
LINKED = Form(positions=6, features=8, classes=2, grid=(1, 6), linked=True)
every_family = pytest.mark.parametrize("family", FAMILIES)


@every_family
@pytest.mark.parametrize("form", [GRID, LINE, LINKED], ids=["grid", "line", "linked"])
def test_every_family_reads_every_form(family, form):
    x = jnp.ones((2, form.positions, form.features))
    logits = nnx.eval_shape(lambda: FAMILIES[family](form, 5, rngs=nnx.Rngs(0))(x))
    assert logits.shape == (2, form.classes)


@every_family
@settings(max_examples=5)
@given(
    width=st.integers(1, 20),
    features=st.integers(1, 5),
    classes=st.integers(1, 5),
    rows=st.integers(1, 3),
    linked=st.booleans(),
)
def test_size_equals_the_counted_arrays(family, width, features, classes, rows, linked):
    features += 4 * rows * linked
    form = Form(positions=4 * rows, features=features, classes=classes, grid=(rows, 4), linked=linked)
    built = nnx.eval_shape(lambda: FAMILIES[family](form, width, rngs=nnx.Rngs(0)))
    assert FAMILIES[family].size(form, width) == weights(built)


@every_family
def test_width_for_is_the_nearest(family):
    size, width = FAMILIES[family].size, width_for(family, GRID, 5000)
    assert abs(size(GRID, width) - 5000) <= min(abs(size(GRID, width + step) - 5000) for step in (-1, 1))


def test_an_unknown_family_and_a_budget_out_of_reach_are_refused():
    with pytest.raises(ValueError, match="unknown family 'SVM': choose one of MLP"):
        width_for("SVM", GRID, 5000)
    with pytest.raises(ValueError, match="no Transformer comes within 10 % of 100 weights"):
        width_for("Transformer", GRID, 100)


def test_a_shift_inside_the_frame_does_not_change_the_cnn():
    form = Form(positions=81, features=2, classes=3, grid=(9, 9))
    model = GridCNN(form, 4, rngs=nnx.Rngs(0))
    image = np.zeros((1, 9, 9, 2), np.float32)
    image[:, 3:5, 3:5] = np.random.default_rng(0).normal(size=(2, 2, 2))
    moved = np.roll(image, (1, -1), (1, 2))
    first, second = (model(jnp.asarray(x.reshape(1, 81, 2))) for x in (image, moved))
    np.testing.assert_allclose(first, second, atol=1e-6)


def test_the_gnn_does_not_see_names():
    model = MeanGNN(LINKED, 5, rngs=nnx.Rngs(0))
    rng = np.random.default_rng(0)
    links, order = nx.to_numpy_array(nx.path_graph(6)), rng.permutation(6)
    own = rng.normal(size=(6, 2))
    plain = np.concatenate([links, own], axis=1)[None].astype(np.float32)
    renamed = np.concatenate([links[order][:, order], own[order]], axis=1)[None].astype(np.float32)
    np.testing.assert_allclose(model(jnp.asarray(plain)), model(jnp.asarray(renamed)), atol=1e-5)


def test_links_of_the_task_are_no_weights():
    model = MeanGNN(GRID, 5, rngs=nnx.Rngs(0))
    assert weights(model) == MeanGNN.size(GRID, 5)
    assert sum(a.size for a in jax.tree.leaves(nnx.state(model))) == weights(model) + 144


@pytest.mark.parametrize(("rows", "columns"), [(1, 5), (3, 4), (4, 1)])
def test_grid_links_are_networkx(rows, columns):
    expected = nx.to_numpy_array(nx.grid_2d_graph(rows, columns))
    np.testing.assert_array_equal(grid_links(rows, columns), expected)
