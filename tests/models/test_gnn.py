import inspect
import re

import jax
import jax.numpy as jnp
import networkx as nx
import numpy as np
import pytest
from flax import nnx
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.models.gnn import GCN, normalised


def graph(nodes: int, seed: int) -> np.ndarray:
    return nx.to_numpy_array(nx.gnp_random_graph(nodes, 0.3, seed=seed)).astype(np.float32)


@settings(max_examples=10)
@given(st.integers(2, 9), st.integers(0, 99))
def test_normalised_is_one_minus_networkx_laplacian(nodes, seed):
    adjacency = graph(nodes, seed)
    looped = nx.from_numpy_array(adjacency + np.eye(nodes))
    expected = np.eye(nodes) - nx.normalized_laplacian_matrix(looped).toarray()
    np.testing.assert_allclose(normalised(jnp.asarray(adjacency)), expected, atol=1e-6)


def test_largest_eigenvalue_is_one():
    values = np.linalg.eigvalsh(np.asarray(normalised(jnp.asarray(graph(12, 1)))))
    assert values[-1] == pytest.approx(1.0, abs=1e-5)


def test_network_equals_the_formula_in_numpy():
    adjacency = graph(7, 2)
    x = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32)
    gcn = GCN((3, 5, 2), rngs=nnx.Rngs(0))
    gcn.layers[0].bias[...] = jnp.arange(5.0)  # zero biases would hide a missing one
    (w1, b1), (w2, b2) = ((np.asarray(a.kernel[...]), np.asarray(a.bias[...])) for a in gcn.layers)
    degree = np.diag((adjacency + np.eye(7)).sum(1) ** -0.5)
    hat = degree @ (adjacency + np.eye(7)) @ degree
    expected = hat @ np.maximum(hat @ x @ w1 + b1, 0) @ w2 + b2
    np.testing.assert_allclose(gcn(jnp.asarray(x), jnp.asarray(adjacency)), expected, rtol=1e-4, atol=1e-5)


def test_renamed_nodes_give_renamed_rows():
    adjacency, order = graph(8, 3), np.random.default_rng(1).permutation(8)
    x = np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32)
    gcn = GCN((3, 4, 2), rngs=nnx.Rngs(0))
    renamed = gcn(jnp.asarray(x[order]), jnp.asarray(adjacency[order][:, order]))
    np.testing.assert_allclose(renamed, gcn(jnp.asarray(x), jnp.asarray(adjacency))[order], atol=1e-5)


def test_two_layers_hear_from_two_links_away_and_no_further():
    adjacency = nx.to_numpy_array(nx.path_graph(5)).astype(np.float32)
    gcn = GCN((2, 16, 2), rngs=nnx.Rngs(0))

    def first_node(x):
        return gcn(x, jnp.asarray(adjacency))[0].sum()

    slope = np.abs(jax.grad(first_node)(jnp.ones((5, 2)))).sum(axis=1)
    assert (slope[:3] > 0).all()
    assert not slope[3:].any()


def test_one_graph_serves_a_batch_and_a_batch_of_graphs_is_read_one_by_one():
    x = jnp.asarray(np.random.default_rng(0).normal(size=(3, 6, 2)), jnp.float32)
    graphs = jnp.asarray(np.stack([graph(6, seed) for seed in range(3)]))
    gcn = GCN((2, 4, 1), rngs=nnx.Rngs(0))
    shared, own = gcn(x, graphs[0]), gcn(x, graphs)
    for at in range(3):
        np.testing.assert_allclose(shared[at], gcn(x[at], graphs[0]), atol=1e-6)
        np.testing.assert_allclose(own[at], gcn(x[at], graphs[at]), atol=1e-6)


@pytest.mark.parametrize("sizes", [(), (3,)])
def test_too_few_sizes_are_refused(sizes):
    with pytest.raises(ValueError, match="at least two sizes"):
        GCN(sizes, rngs=nnx.Rngs(0))


def test_a_size_of_zero_is_refused_by_name():
    with pytest.raises(ValueError, match=r"sizes\[1\] must be a positive whole number, got 0"):
        GCN((3, 0, 2), rngs=nnx.Rngs(0))


def test_input_of_another_form_is_refused_with_both_shapes():
    call = inspect.unwrap(GCN.__call__)  # the shape checker of the tests would speak first
    gcn = GCN((4, 3), rngs=nnx.Rngs(0))
    for features, adjacency in [((5, 3), (5, 5)), ((5, 4), (4, 4)), ((5, 4), (5, 4)), ((4,), (4, 4))]:
        with pytest.raises(ValueError, match=re.escape(f"got {features} and {adjacency}")):
            call(gcn, jnp.ones(features), jnp.ones(adjacency))
