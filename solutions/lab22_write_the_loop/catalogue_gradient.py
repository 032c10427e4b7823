"""Lab 22: typical wrong answers and the help they must get; unusual right ones."""

from course_utils.labs import Right, Wrong

GRADIENT = [
    Wrong(
        "truth minus prediction",
        says="not truth minus prediction",
        swap=("dz = (1 / (1 + np.exp(-z)) - y)", "dz = (y - 1 / (1 + np.exp(-z)))"),
    ),
    Wrong("forgets to divide the gradient by the batch", says="B times too large", swap=(" / len(y)", "")),
    Wrong("divides by the batch twice", says="divided by twice", swap=(" / len(y)", " / len(y) ** 2")),
    Wrong(
        "sums the loss",
        says="the mean over the batch, not the sum",
        swap=("(np.logaddexp(0, z) - y * z).mean()", "(np.logaddexp(0, z) - y * z).sum()"),
    ),
    Wrong("forgets tanh's derivative", says="tanh's derivative", swap=(" * (1 - h**2)", "")),
    Wrong("takes ReLU's derivative", says="tanh's derivative", swap=("(1 - h**2)", "(h > 0)")),
    Wrong(
        "averages the bias gradient over the batch",
        says="sum over the batch; 1/B is already contained",
        swap=("du.sum(0)", "du.mean(0)"),
    ),
    Wrong(
        "sums over units instead of rows", says="has the shape of its weight", swap=("du.sum(0)", "du.sum(1)")
    ),
    Wrong(
        "returns a matrix the wrong way round",
        says="or transpose",
        swap=("x.T @ du + decay * w1", "(x.T @ du + decay * w1).T"),
    ),
    Wrong(
        "forgets decay in the gradient",
        says="λ w1 and λ w2 are missing",
        swap=("x.T @ du + decay * w1, du.sum(0), h.T @ dz + decay * w2", "x.T @ du, du.sum(0), h.T @ dz"),
    ),
    Wrong(
        "forgets decay in the loss",
        says="decay does not enter the loss",
        swap=(" + decay / 2 * ((w1**2).sum() + (w2**2).sum())", ""),
    ),
    Wrong("forgets the half in the loss", says="half of λ", swap=("decay / 2", "decay")),
    Wrong("doubles the pull", says="without a 2", swap=("decay * w1, du", "2 * decay * w1, du")),
    Wrong("pulls the biases", says="biases are not pulled", swap=("dz.sum())", "dz.sum() + decay * b2)")),
    Wrong("lets exp overflow", says="np.exp overflows", swap=("np.logaddexp(0, z)", "np.log(1 + np.exp(z))")),
    Wrong(
        "clips the probability",
        says="do not clip",
        swap=("np.logaddexp(0, z)", "np.logaddexp(0, np.clip(z, -50, 50))"),
    ),
    Wrong(
        "updates the weights itself",
        says="the loop that calls you does the update",
        swap=("    du = np.outer", "    w2 -= h.T @ dz\n    du = np.outer"),
    ),
    Wrong(
        "lets jax differentiate",
        says="with NumPy alone",
        code="""
def loss_and_gradient(weights, x, y, decay):
    def objective(weights):
        w1, b1, w2, b2 = weights
        z = jnp.tanh(x @ w1 + b1) @ w2 + b2
        return (jnp.logaddexp(0, z) - y * z).mean() + decay / 2 * ((w1**2).sum() + (w2**2).sum())
    return jax.value_and_grad(objective)(weights)
""",
    ),
    Wrong(
        "lets jax differentiate in a helper",
        says="with NumPy alone",
        code="""
from jax import value_and_grad as slope

def objective_of(weights, x, y, decay):
    w1, b1, w2, b2 = weights
    z = jnp.tanh(x @ w1 + b1) @ w2 + b2
    return (jnp.logaddexp(0, z) - y * z).mean() + decay / 2 * ((w1**2).sum() + (w2**2).sum())

def helper(weights, x, y, decay):
    return slope(objective_of)(weights, x, y, decay)

def loss_and_gradient(weights, x, y, decay):
    return helper(weights, x, y, decay)
""",
    ),
    Right(
        "row by row, with loops",
        """
def loss_and_gradient(weights, x, y, decay):
    w1, b1, w2, b2 = weights
    gradient = [decay * w1, np.zeros_like(b1), decay * w2, 0.0]
    loss = decay * 0.5 * (np.sum(w1 * w1) + w2 @ w2)
    for row, label in zip(x, y):
        h = np.tanh(row @ w1 + b1)
        z = h @ w2 + b2
        loss = loss + (max(z, 0) + np.log1p(np.exp(-abs(z))) - label * z) / len(y)
        back = (0.5 * (1 + np.tanh(z / 2)) - label) / len(y)
        through = back * w2 * (1 - h) * (1 + h)
        step = [np.outer(row, through), through, back * h, back]
        gradient = [total + part for total, part in zip(gradient, step)]
    return loss, gradient
""",
    ),
    Right(
        "einsum, and the sigmoid from SciPy",
        """
from scipy.special import expit, softplus

def loss_and_gradient(weights, x, y, decay):
    w1, b1, w2, b2 = weights
    h = np.tanh(np.einsum("bi,ij->bj", x, w1) + b1)
    z = np.einsum("bj,j->b", h, w2) + b2
    mean = np.full(len(y), 1 / len(y))
    back = (expit(z) - y) * mean
    loss = mean @ (softplus(z) - y * z) + decay / 2 * (np.linalg.norm(w1) ** 2 + np.linalg.norm(w2) ** 2)
    slope = np.cosh(np.arctanh(np.clip(h, -1 + 1e-16, 1 - 1e-16))) ** -2.0
    du = np.einsum("b,j,bj->bj", back, w2, slope)
    return loss, [np.einsum("bi,bj->ij", x, du) + decay * w1, np.ones(len(y)) @ du, back @ h + decay * w2, back.sum()]
""",
    ),
]

CATALOGUE = {"loss_and_gradient": GRADIENT}
