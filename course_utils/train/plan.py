"""What every run of one form shares: the compiled programs, and the knowledge that the parts fit together."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jax import Array, tree
from jax.sharding import Mesh
from jax.tree_util import PyTreeDef

from course_utils.data.dataset import Split
from course_utils.programs import Program, built_once
from course_utils.refusals import PerExample, outputs_form, refuse_labels
from course_utils.train.arguments import refuse_silent_schedule, refuse_weightless
from course_utils.train.steps import steps_program


class Plan(NamedTuple):
    """The programs of a run, and the trees whose flat leaves they take and give."""

    begin: Program  # the model's arrays → the first state, with no array in common
    steps: Program
    state: PyTreeDef  # weights, the model's other variables, the optimizer's state
    model: PyTreeDef  # weights and other variables: a state begins with them
    outputs: jax.ShapeDtypeStruct  # of the model on a batch


def planned(
    graphdef: nnx.GraphDef,
    arrays: list,
    splits: list[Split],
    measures: Mapping[str, PerExample],
    optimizer: optax.GradientTransformation,
    batch: int,
    mesh: Mesh | None,
) -> Plan:
    """The plan of a run; a second run of the same form finds it with one look-up.

    Args:
        graphdef, arrays: the model: its weights, then its other variables.
        splits: the training rows, and the validation rows where there are some.
        measures: the loss under the name ``loss``, and the metrics.
        optimizer: the update rule.
        batch: rows per update.
        mesh: the devices that share a batch.

    Raises:
        ValueError: what does not fit together, in words; the labels are looked at every time.
    """
    leaves, model = tree.flatten(arrays)
    forms = [jax.typeof(leaf) for leaf in leaves]
    rows = [(min(batch, len(s)), s.x.shape[1:], s.x.dtype, s.y.shape[1:], s.y.dtype) for s in splits]

    def build() -> Plan:
        refuse_weightless(arrays[0])
        refuse_silent_schedule(optimizer)
        for split in splits:
            outputs = outputs_form(graphdef, arrays, split, measures, min(batch, len(split)))
        state = tree.structure(jax.eval_shape(lambda *model: (*model, optimizer.init(model[0])), *arrays))
        steps = Program(steps_program(graphdef, measures, optimizer, state), donate_argnums=0)
        return Plan(Program(_begin(model, optimizer)), steps, state, model, outputs)

    plan = built_once(("plan", graphdef, model, forms, rows, measures, optimizer, mesh), build)
    for split in splits:
        refuse_labels(split, plan.outputs)
    return plan


def _begin(model: PyTreeDef, optimizer: optax.GradientTransformation) -> Callable:
    def begin(leaves: list[Array]) -> list[Array]:
        arrays = model.unflatten(leaves)
        # The program's state is donated on every call; the model's own arrays must outlive it.
        return [strong(jnp.copy(leaf)) for leaf in tree.leaves((*arrays, optimizer.init(arrays[0])))]

    return begin


def strong(array: Any) -> Any:
    """An array made from a bare number changes its type at the first update, which would compile twice."""
    return array.astype(array.dtype) if getattr(array, "weak_type", False) else array
