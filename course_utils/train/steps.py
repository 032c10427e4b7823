"""The compiled program of a run: some steps, and at the end of each epoch its evaluation and what follows."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jax import Array
from jax.tree_util import PyTreeDef
from jaxtyping import Bool, Float, Int, Shaped

from course_utils.evaluation import averages
from course_utils.refusals import PerExample

Placed = tuple[Shaped[Array, "_ ..."], Shaped[Array, "_ ..."]]  # of a split: inputs and targets

State = tuple[Any, Any, Any]  # weights, the model's other variables, the optimizer's state


class Best(NamedTuple):
    """What decides at the end of an epoch whether to keep its weights and whether to go on."""

    watched: Any  # whether the best epoch's weights are kept; else the newest ones
    loss: Any  # lowest validation loss so far
    since: Any  # epochs since then
    patience: Any  # epochs to wait for a lower one


def steps_program(
    graphdef: nnx.GraphDef,
    measures: Mapping[str, PerExample],
    optimizer: optax.GradientTransformation,
    form: PyTreeDef,
) -> Callable:
    """The function to compile.

    How many steps and epochs a call takes are values, not shapes: short and long calls are one program, so
    that cutting a run into pieces neither compiles again nor changes a bit. State and kept weights come and
    go as flat leaves, since walking NNX's trees at every call costs more Python than a small step.

    Args:
        graphdef: the model without its arrays.
        measures: the loss under the name ``loss``, and the metrics.
        optimizer: the update rule.
        form: of the tree ``State``.
    """
    loss = measures["loss"]
    optimizer = optax.with_extra_args_support(optimizer)  # reduce_on_plateau asks for the loss

    def step(state: State, x: Array, y: Array) -> tuple[State, Array]:
        params, rest, moments = state

        def objective(params: Any) -> tuple[Array, Any]:
            # A fresh tree: NNX lets a trace change only the variables that were made inside it.
            model = nnx.merge(graphdef, params, jax.tree.map(lambda array: array, rest))
            value = loss(model(x), y).mean()
            moved: Any = nnx.split(model, nnx.Param, ...)
            return value, moved[2]  # BatchNorm and RNG streams

        (value, rest), gradient = jax.value_and_grad(objective, has_aux=True)(params)
        try:
            updates, moments = optimizer.update(gradient, moments, params, value=value)
        except TypeError as error:
            raise ValueError(
                f"the optimizer cannot update from gradient, state, weights and loss alone: {error}. "
                "Line searches, such as L-BFGS's, call the loss themselves: choose another optimizer."
            ) from error
        return (optax.apply_updates(params, updates), rest, moments), value

    def steps(
        leaves: list[Array],
        kept: list[Array],
        train: Placed,
        order: Int[Array, "most batch"],
        lengths: Int[Array, " parts"],
        last: Bool[Array, ""],
        val: Placed | None,
        best: Best,
    ) -> tuple[list[Array], list[Array], Float[Array, " most"], dict[str, Float[Array, " parts"]], Array]:
        """Take ``lengths[0] + lengths[1] + …`` steps; with ``last``, each part ends an epoch.

        Stops after a part whose loss is not finite, and when patience is over. Returns the state, the weights
        to go back to, the losses, the measures of each part, and the number of parts taken.
        """

        def one(i: Array, carry: tuple[State, Array]) -> tuple[State, Array]:
            state, value = step(carry[0], train[0][order[i]], train[1][order[i]])
            return state, carry[1].at[i].set(value.astype(jnp.float32))

        def measure(state: State) -> dict[str, Array]:
            if val is None:
                return {}
            values = averages(graphdef, state[:2], measures, *val)
            return {name: value.astype(jnp.float32) for name, value in values.items()}

        def more(carry: tuple) -> Array:
            part, go = carry[0], carry[-1]
            return go & (part < len(lengths)) & (lengths[jnp.minimum(part, len(lengths) - 1)] > 0)

        def take(carry: tuple) -> tuple:
            part, at, state, kept, losses, measured, best, _ = carry
            end = at + lengths[part]
            state, losses = jax.lax.fori_loop(at, end, one, (state, losses))
            values = jax.lax.cond(last, measure, lambda state: zeros, state)
            value = values.get("loss", jnp.float32(0))
            good = jnp.isfinite(losses).all() & jnp.isfinite(value)
            better = ~best.watched | (value < best.loss)
            kept = jax.lax.cond(good & last & better, lambda: jax.tree.leaves(state[:2]), lambda: kept)
            best = best._replace(
                loss=jnp.where(better, value, best.loss), since=jnp.where(better, 0, best.since + 1)
            )
            measured = {name: measured[name].at[part].set(values[name]) for name in measured}
            go = good & last & (best.since < best.patience)
            return part + 1, end, state, kept, losses, measured, best, go

        state = form.unflatten(leaves)
        zeros = {name: jnp.float32(0) for name in jax.eval_shape(measure, state)}
        measured = {name: jnp.zeros(len(lengths)) for name in zeros}
        first = (jnp.int32(0), jnp.int32(0), state, kept, jnp.zeros(len(order)), measured, best, True)
        taken, _, state, kept, losses, measured, *_ = jax.lax.while_loop(more, take, first)
        return jax.tree.leaves(state), kept, losses, measured, taken

    return steps
