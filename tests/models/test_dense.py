import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from course_utils.models.dense import dense_product


def arrays(batch, inputs, outputs, dtype=jnp.float32):
    rng = np.random.default_rng(0)
    return [jnp.asarray(rng.normal(size=shape), dtype) for shape in ((batch, inputs), (inputs, outputs))]


def ours(x, kernel):
    return dense_product(x, kernel, (((1,), (0,)), ((), ())), precision=None)


def loss(product):
    return lambda x, kernel: jnp.tanh(product(x, kernel)).sum()


SIZES = [(32, 10, 50), (32, 50, 50), (32, 50, 2), (7, 3, 5), (1, 1, 1), (200, 17, 1), (64, 100, 100)]


@pytest.mark.parametrize("sizes", SIZES)
def test_value_and_gradients_are_those_of_the_plain_product(sizes):
    x, kernel = arrays(*sizes)
    expected = jax.value_and_grad(loss(jnp.matmul), (0, 1))(x, kernel)
    got = jax.jit(jax.value_and_grad(loss(ours), (0, 1)))(x, kernel)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-5), got, expected)


@pytest.mark.parametrize("sizes", [(6, 3, 5), (6, 5, 3)])
def test_other_derivatives_and_batches_of_products_work_too(sizes):
    x, kernel = arrays(*sizes)
    for derivative in (jax.jacfwd, jax.jacrev, jax.hessian):
        np.testing.assert_allclose(
            derivative(loss(ours), 1)(x, kernel), derivative(loss(jnp.matmul), 1)(x, kernel), atol=1e-5
        )
    alone = jax.vmap(jax.grad(loss(ours), 1), (0, None))(x[:, None], kernel)  # a gradient for each row
    np.testing.assert_allclose(alone.sum(0), jax.grad(loss(jnp.matmul), 1)(x, kernel), atol=1e-5)


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16])
def test_the_type_of_the_numbers_stays(dtype):
    x, kernel = arrays(8, 4, 3, dtype)
    value, (dx, dk) = jax.value_and_grad(lambda x, k: ours(x, k).sum(), (0, 1))(x, kernel)
    assert value.dtype == dx.dtype == dk.dtype == dtype


@pytest.mark.parametrize("shape", [(3,), (2, 4, 3)])
def test_other_axes_and_options_are_the_device_s_own(shape):
    rng = np.random.default_rng(0)
    layer = nnx.Linear(3, 2, dot_general=dense_product, rngs=nnx.Rngs(0))
    plain = nnx.Linear(3, 2, rngs=nnx.Rngs(0))
    x = jnp.asarray(rng.normal(size=shape), jnp.float32)
    np.testing.assert_array_equal(layer(x), plain(x))
    assert layer(x.astype(jnp.int32)).dtype == jnp.float32
    layer.preferred_element_type = jnp.float32
    assert layer(x[None]).shape == (1, *shape[:-1], 2)


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="other devices keep their own product")
@pytest.mark.parametrize("sizes", [(32, 10, 50), (32, 50, 50), (32, 50, 2)])
def test_no_product_of_the_gradient_runs_along_the_first_axis_of_both(sizes):
    def slow(product):
        text = jax.jit(jax.grad(loss(product), (0, 1))).lower(*arrays(*sizes)).compile().as_text()
        return text.count("lhs_contracting_dims={0}, rhs_contracting_dims={0}")

    assert slow(jnp.matmul)
    assert not slow(ours)
