import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from course_utils.programs import Program, fingerprint, program


def schedule(rate):
    return optax.warmup_cosine_decay_schedule(0.0, rate, 5, 50)


MAKERS = [
    lambda rate: optax.sgd(rate, momentum=0.9),
    optax.adam,
    lambda rate: optax.adamw(schedule(rate), weight_decay=0.1),
    lambda rate: optax.chain(optax.clip_by_global_norm(1.0), optax.lion(rate)),
    lambda rate: optax.inject_hyperparams(optax.adam)(learning_rate=rate),
]


@pytest.mark.parametrize("make", MAKERS)
def test_optimizers_built_alike_are_one_and_others_are_not(make):
    assert fingerprint(make(1e-3)) == fingerprint(make(1e-3))
    assert hash(fingerprint(make(1e-3))) == hash(fingerprint(make(1e-3)))
    assert fingerprint(make(1e-3)) != fingerprint(make(2e-3))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (1, True),
        ([1, 2], (1, 2)),
        (np.zeros(2, np.float32), np.zeros(2, np.int32)),
        (np.zeros((2, 1)), np.zeros((1, 2))),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (functools.partial(jnp.sum, axis=0), functools.partial(jnp.sum, axis=1)),
    ],
)
def test_things_that_would_compile_differently_differ(one, other):
    assert fingerprint(one) == fingerprint(one)
    assert fingerprint(one) != fingerprint(other)


def test_a_function_of_the_reader_is_itself_alone():
    def make(scale):
        return lambda outputs, targets: scale * (outputs - targets)

    assert fingerprint(make(2)) != fingerprint(make(2))
    mine = make(2)
    assert fingerprint(mine) == fingerprint(mine)


def test_what_cannot_be_hashed_is_its_leaves():
    def masked(*leaves):
        return optax.adamw(1e-3, mask=nnx.State(dict(zip("ab", leaves, strict=True))))

    assert fingerprint(masked(True, False)) == fingerprint(masked(True, False))
    assert fingerprint(masked(True, False)) != fingerprint(masked(True, True))


def test_a_function_without_a_module_is_taken():
    exec("def made(z, y): return z - y", scope := {"__name__": None})
    assert fingerprint(scope["made"]) == scope["made"]


def test_a_program_counts_what_it_traces():
    double = Program(lambda x: 2 * x)
    np.testing.assert_array_equal(double(jnp.ones(3)), [2, 2, 2])
    double(jnp.zeros(3))
    assert double.traces == 1
    double(jnp.zeros(4))
    assert double.traces == 2


def test_forms_are_found_without_running():
    form = Program(lambda x: (x @ x.T).astype(jnp.int32)).forms(jax.ShapeDtypeStruct((10**6, 2), jnp.float32))
    assert (form.shape, form.dtype) == ((10**6, 10**6), jnp.int32)


def test_one_key_is_built_once_and_the_oldest_is_let_go():
    built = []

    def build():
        built.append(1)
        return lambda x: x

    first = program(("kept", 0), build)
    assert program(("kept", 0), build) is first
    assert len(built) == 1
    for number in range(1, 65):
        program(("kept", number), build)
    assert program(("kept", 0), build) is not first
    assert len(built) == 66
