"""Lab 22: typical wrong answers and the help they must get; unusual right ones."""

from course_utils.labs import Right, Wrong

ADAM = [
    Wrong(
        "forgets the bias correction",
        says="bias correction is missing",
        swap=("rate * m_hat / (np.sqrt(v_hat)", "rate * m / (np.sqrt(v)"),
    ),
    Wrong("corrects m alone", says="bias correction of v is missing", swap=("np.sqrt(v_hat)", "np.sqrt(v)")),
    Wrong("corrects v alone", says="bias correction of m is missing", swap=("rate * m_hat", "rate * m")),
    Wrong(
        "counts steps from 0 twice",
        says="took t + 1",
        code="""
def adam_step(w, gradient, m, v, step, rate, beta1=0.9, beta2=0.999, epsilon=1e-8):
    t = step + 1
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    return w - rate * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + epsilon), m, v
""",
    ),
    Wrong(
        "counts steps from 0",
        says="steps count from 1",
        code="""
def adam_step(w, gradient, m, v, step, rate, beta1=0.9, beta2=0.999, epsilon=1e-8):
    t = np.float64(step - 1)
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    return w - rate * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + epsilon), m, v
""",
    ),
    Wrong(
        "puts epsilon under the root",
        says="outside the square root",
        swap=("(np.sqrt(v_hat) + epsilon)", "np.sqrt(v_hat + epsilon)"),
    ),
    Wrong("climbs", says="subtract", swap=("return w - rate", "return w + rate")),
    Wrong("does not square", says="SQUARE", swap=("gradient**2", "gradient")),
    Wrong("forgets the root", says="square root of v̂ is missing", swap=("np.sqrt(v_hat)", "v_hat")),
    Wrong(
        "swaps the betas",
        says="betas are swapped",
        swap=("m = beta1 * m + (1 - beta1)", "m = beta2 * m + (1 - beta2)"),
    ),
    Wrong(
        "keeps the corrected moment",
        says="correction was kept in m",
        swap=("epsilon), m, v", "epsilon), m_hat, v"),
    ),
    Wrong("writes the numbers in", says="with other betas", swap=("1 - beta1**step", "1 - 0.9**step")),
    Wrong(
        "works in place",
        says="changed in place",
        code="""
def adam_step(w, gradient, m, v, step, rate, beta1=0.9, beta2=0.999, epsilon=1e-8):
    m *= beta1
    m += (1 - beta1) * gradient
    v *= beta2
    v += (1 - beta2) * gradient**2
    w -= rate * m / (1 - beta1**step) / (np.sqrt(v / (1 - beta2**step)) + epsilon)
    return w, m, v
""",
    ),
    Wrong(
        "calls optax",
        says="write the formula yourself",
        code="""
def adam_step(w, gradient, m, v, step, rate, beta1=0.9, beta2=0.999, epsilon=1e-8):
    import optax
    state = (optax.ScaleByAdamState(step - 1, m, v), optax.EmptyState())
    move, (kept, _) = optax.adam(rate, beta1, beta2, epsilon).update(gradient, state)
    return w + move, kept.mu, kept.nu
""",
    ),
    Wrong(
        "calls optax by another name",
        says="write the formula yourself",
        code="""
from optax import adam as mine

def adam_step(w, gradient, m, v, step, rate, beta1=0.9, beta2=0.999, epsilon=1e-8):
    return w + mine(rate).update(gradient, mine(rate).init(w))[0], m, v
""",
    ),
    Wrong(
        "calls optax in a helper",
        says="write the formula yourself",
        code="""
import optax as tools

def moved(rate, gradient, w):
    return tools.adam(rate).update(gradient, tools.adam(rate).init(w))[0]

def adam_step(w, gradient, m, v, step, rate, beta1=0.9, beta2=0.999, epsilon=1e-8):
    return w + moved(rate, gradient, w), m, v
""",
    ),
    Wrong(
        "borrows the Adam that comes with JAX",
        says="write the formula yourself",
        code="""
from jax.example_libraries.optimizers import JoinPoint, adam, pack_optimizer_state, unpack_optimizer_state

def adam_step(w, gradient, m, v, step, rate, beta1=0.9, beta2=0.999, epsilon=1e-8):
    packed = pack_optimizer_state(JoinPoint((w, m, v)))
    moved = adam(rate, beta1, beta2, epsilon)[1](step - 1, gradient, packed)
    return unpack_optimizer_state(moved).subtree
""",
    ),
    Wrong(
        "borrows the Adam that comes with scikit-learn",
        says="write the formula yourself",
        code="""
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer as Mine

def adam_step(w, gradient, m, v, step, rate, beta1=0.9, beta2=0.999, epsilon=1e-8):
    mine = Mine([w], rate, beta1, beta2, epsilon)
    mine.t, mine.ms, mine.vs = step - 1, [m], [v]
    return w + mine._get_updates([gradient])[0], mine.ms[0], mine.vs[0]
""",
    ),
    Right(
        "the rate takes the corrections along",
        """
def adam_step(w, gradient, m, v, step, rate, beta1=0.9, beta2=0.999, epsilon=1e-8):
    m = m + (1 - beta1) * (gradient - m)
    v = v + (1 - beta2) * (gradient * gradient - v)
    root = (1 - beta2**step) ** 0.5
    return [w - rate * root / (1 - beta1**step) * m / (v**0.5 + epsilon * root), m, v]
""",
    ),
    Right(
        "of a helper, with the betas bound beforehand",
        """
from functools import partial

def moved(w, gradient, m, v, step, rate, beta1, beta2, epsilon):
    m, v = beta1 * m + (1 - beta1) * gradient, beta2 * v + (1 - beta2) * gradient**2
    return w - rate * (m / (1 - beta1**step)) / (np.sqrt(v / (1 - beta2**step)) + epsilon), m, v

adam_step = partial(moved, beta1=0.9, beta2=0.999, epsilon=1e-8)
""",
    ),
    Right(
        "a loop over single numbers",
        """
def adam_step(w, gradient, m, v, step, rate, beta1=0.9, beta2=0.999, epsilon=1e-8):
    out = [np.empty(np.shape(w)) for _ in range(3)]
    for at in np.ndindex(np.shape(w)):
        first = out[1][at] = beta1 * m[at] + (1 - beta1) * gradient[at]
        second = out[2][at] = beta2 * v[at] + (1 - beta2) * gradient[at] ** 2
        out[0][at] = w[at] - rate * first / (1 - beta1**step) / ((second / (1 - beta2**step)) ** 0.5 + epsilon)
    return out
""",
    ),
]

CATALOGUE = {"adam_step": ADAM}
