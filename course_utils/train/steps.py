"""The compiled program of a run: some steps of an epoch, and the evaluation after its last one."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jax import Array
from jaxtyping import Bool, Int, Shaped

from course_utils.evaluation import averages, evaluation_mode
from course_utils.refusals import PerExample

Rows = tuple[Shaped[Array, "_ ..."], Shaped[Array, "_ ..."]]  # of a split: inputs and targets

State = tuple[Any, Any, Any]  # weights, the model's other variables, the optimizer's state


def steps_program(
    graphdef: nnx.GraphDef, measures: Mapping[str, PerExample], optimizer: optax.GradientTransformation
) -> Callable:
    """The function to compile.

    The number of steps is a value, not a shape: short and long calls are one program, so that cutting an
    epoch into pieces neither compiles again nor changes a bit.
    """
    loss = measures["loss"]

    def step(state: State, x: Array, y: Array) -> tuple[State, Array]:
        params, rest, moments = state

        def objective(params: Any) -> tuple[Array, Any]:
            # A fresh tree: NNX lets a trace change only the variables that were made inside it.
            model = nnx.merge(graphdef, params, jax.tree.map(lambda array: array, rest))
            value = loss(model(x), y).mean()
            moved: Any = nnx.split(model, nnx.Param, ...)
            return value, moved[2]  # BatchNorm and RNG streams

        (value, rest), gradient = jax.value_and_grad(objective, has_aux=True)(params)
        updates, moments = optimizer.update(gradient, moments, params)
        return (optax.apply_updates(params, updates), rest, moments), value

    def steps(
        state: State,
        train: Rows,
        order: Int[Array, "most batch"],
        count: Int[Array, ""],
        val: Rows | None,
        last: Bool[Array, ""],
    ) -> tuple[State, Array, dict[str, Array]]:
        def one(i: Array, carry: tuple[State, Array]) -> tuple[State, Array]:
            state, value = step(carry[0], train[0][order[i]], train[1][order[i]])
            return state, carry[1].at[i].set(value.astype(jnp.float32))

        state, losses = jax.lax.fori_loop(0, count, one, (state, jnp.zeros(len(order))))
        if val is None:
            return state, losses, {}

        def measure() -> dict[str, Array]:
            return averages(evaluation_mode(nnx.merge(graphdef, *state[:2])), measures, *val)

        def skip() -> dict[str, Array]:
            return jax.tree.map(lambda form: jnp.zeros(form.shape, form.dtype), jax.eval_shape(measure))

        return state, losses, jax.lax.cond(last, measure, skip)

    return steps
