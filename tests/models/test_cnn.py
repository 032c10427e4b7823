import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx
from jaxtyping import config

from course_utils.models.cnn import DigitNet, LeNet


@pytest.fixture
def unchecked():
    """Turn the shape checker of the tests off: it would speak before the net's own message."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)


NETS = [(LeNet, (32, 32, 3), 62_006), (DigitNet, (28, 28, 1), 347_146)]


class Reference(nnx.Module):
    """The same nets from the library's own layers."""

    def __init__(self, channels, linear):
        rngs = nnx.Rngs(0)
        self.convolutions = nnx.List(
            nnx.Conv(inputs, outputs, size, padding="VALID", rngs=rngs) for inputs, outputs, size in channels
        )
        self.layers = nnx.List(nnx.Linear(*sizes, rngs=rngs) for sizes in linear)

    def __call__(self, x):
        for conv in self.convolutions:
            x = nnx.max_pool(nnx.relu(conv(x)), (2, 2), strides=(2, 2))
        x = x.reshape(len(x), -1)
        for layer in self.layers[:-1]:
            x = nnx.relu(layer(x))
        return self.layers[-1](x)


REFERENCES = {
    LeNet: ([(3, 6, (5, 5)), (6, 16, (5, 5))], [(400, 120), (120, 84), (84, 10)]),
    DigitNet: ([(1, 32, (3, 3))], [(5408, 64), (64, 10)]),
}


@pytest.mark.parametrize(("net", "image", "weights"), NETS)
def test_the_number_of_weights_is_that_of_the_documents(net, image, weights):
    params = nnx.state(nnx.eval_shape(lambda: net(rngs=nnx.Rngs(0))), nnx.Param)
    assert sum(array.size for array in jax.tree.leaves(params)) == weights


@pytest.mark.parametrize(("net", "image", "weights"), NETS)
def test_logits_and_gradients_equal_those_of_library_layers(net, image, weights):
    model, reference = net(rngs=nnx.Rngs(0)), Reference(*REFERENCES[net])
    arrays = jax.tree.leaves(nnx.state(model, nnx.Param))
    structure = jax.tree.structure(nnx.state(reference, nnx.Param))
    by_shape = {array.shape: array for array in arrays}
    assert len(by_shape) == len(arrays)  # shapes name the arrays
    like = jax.tree.leaves(nnx.state(reference, nnx.Param))
    nnx.update(reference, jax.tree.unflatten(structure, [by_shape[array.shape] for array in like]))
    rng = np.random.default_rng(0)
    x, y = jnp.asarray(rng.normal(size=(3, *image)), jnp.float32), jnp.array([1, 7, 3])

    def loss(model):
        return optax.softmax_cross_entropy_with_integer_labels(model(x), y).mean()

    ours, theirs = (
        nnx.jit(lambda model: (model(x), nnx.grad(loss)(model)))(net) for net in (model, reference)
    )
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-4, atol=1e-5)
    by_shape = {array.shape: array for array in jax.tree.leaves(ours[1])}
    for array in jax.tree.leaves(theirs[1]):
        np.testing.assert_allclose(by_shape[array.shape], array, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(("net", "image", "weights"), NETS)
def test_images_of_another_size_are_refused_in_words(net, image, weights, unchecked):
    model = net(rngs=nnx.Rngs(0))
    for shape in ((1, image[0] - 4, image[1], image[2]), image):
        with pytest.raises(ValueError, match=f"Expected images .batch, {image[0]}, {image[0]}, channels."):
            model(jnp.ones(shape))
