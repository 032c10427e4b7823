"""Lab 22: typical wrong answers and the help they must get; unusual right ones."""

from course_utils.labs import Right, Wrong

RUN = [
    Wrong(
        "loops in Python",
        says="a loop in Python",
        code="""
def run(update, state, batches):
    losses = []
    for batch in batches:
        state, loss = update(state, batch)
        losses.append(loss)
    return state, jnp.stack(losses)
""",
    ),
    Wrong(
        "compiles the Python loop",
        says="compiled or not",
        code="""
def run(update, state, batches):
    def loop(state, batches):
        losses = []
        for batch in batches:
            state, loss = update(state, batch)
            losses.append(loss)
        return state, jnp.stack(losses)
    return jax.jit(loop)(state, batches)
""",
    ),
    Wrong(
        "compiles one step and calls it",
        says="one program a step",
        code="""
def run(update, state, batches):
    step, losses = jax.jit(update), []
    for batch in batches:
        state, loss = step(state, batch)
        losses.append(loss)
    return state, jnp.stack(losses)
""",
    ),
    Wrong(
        "begins every step at the initial state",
        says="must be carried on",
        code="""
def run(update, state, batches):
    states, losses = jax.vmap(lambda batch: update(state, batch))(batches)
    return jax.tree.map(lambda s: s[-1], states), losses
""",
    ),
    Wrong(
        "drops the first batch",
        says="one step is missing",
        swap=("state, batches))(state, batches)", "state, batches))(state, batches[1:])"),
    ),
    Wrong(
        "returns the last loss",
        says="neither the last nor the mean",
        code="""
def run(update, state, batches):
    state, losses = jax.lax.scan(update, state, batches)
    return state, losses[-1]
""",
    ),
    Wrong(
        "returns the mean loss",
        says="neither the last nor the mean",
        code="""
def run(update, state, batches):
    state, losses = jax.lax.scan(update, state, batches)
    return state, losses.mean()
""",
    ),
    Wrong(
        "returns losses, then state",
        says="the state comes first",
        code="""
def run(update, state, batches):
    return jax.lax.scan(update, state, batches)[::-1]
""",
    ),
    Wrong(
        "swaps what scan's function returns",
        says="returns (state, loss)",
        code="""
def run(update, state, batches):
    return jax.lax.scan(lambda state, batch: update(state, batch)[::-1], state, batches)
""",
    ),
    Wrong(
        "scans backwards",
        says="batches were taken in reversed order",
        code="""
def run(update, state, batches):
    return jax.lax.scan(update, state, batches, reverse=True)
""",
    ),
    Wrong(
        "returns the first state",
        says="not the one after the last batch",
        code="""
def run(update, state, batches):
    return state, jax.lax.scan(update, state, batches)[1]
""",
    ),
    Wrong(
        "forgets that scan's function takes the batch too",
        says="JAX could not trace the run (TypeError: ",
        code="""
def run(update, state, batches):
    return jax.lax.scan(lambda state: update(state, batches[0]), state, batches)
""",
    ),
    Wrong(
        "swaps scan's arguments",
        says="scan takes (function, state, batches)",
        code="""
def run(update, state, batches):
    return jax.lax.scan(update, batches, state)
""",
    ),
    Wrong(
        "stacks the states too",
        says="let it be the loss alone",
        code="""
def run(update, state, batches):
    def step(state, batch):
        state, loss = update(state, batch)
        return state, (state, loss)
    return jax.lax.scan(step, state, batches)
""",
    ),
    Wrong(
        "makes the loss a Python number",
        says="becomes a Python number",
        code="""
def run(update, state, batches):
    def step(state, batch):
        state, loss = update(state, batch)
        return state, float(loss)
    return jax.lax.scan(step, state, batches)
""",
    ),
    Right(
        "scan alone",
        code="""
def run(update, state, batches):
    return jax.lax.scan(update, state, batches)
""",
    ),
    Right(
        "a fori_loop that writes into an array",
        code="""
def run(update, state, batches):
    def body(i, carry):
        state, losses = carry
        state, loss = update(state, batches[i])
        return state, losses.at[i].set(loss)
    return jax.lax.fori_loop(0, len(batches), body, (state, jnp.zeros(len(batches))))
""",
    ),
    Right(
        "losses brought to NumPy",
        code="""
def run(update, state, batches):
    state, losses = jax.lax.scan(lambda s, b: update(s, b), state, batches)
    return [state, np.asarray(losses)]
""",
    ),
    Right(
        "two scans of half the steps",
        code="""
def run(update, state, batches):
    half = len(batches) // 2
    state, first = jax.lax.scan(update, state, batches[:half])
    state, second = jax.lax.scan(update, state, batches[half:])
    return state, jnp.concatenate([first, second])
""",
    ),
]

CATALOGUE = {"run": RUN}
