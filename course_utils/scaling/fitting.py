"""A law fitted to measured losses, and how far another draw of runs would move it."""

import numpy as np
from jaxtyping import Real

from course_utils.scaling.law import Law, positive

_STARTS = [(e, alpha, beta) for e in (0.1, 0.5, 0.8) for alpha in (0.2, 0.5) for beta in (0.2, 0.5)]
_STEPS = 200
_NOTHING = 1e-9  # share of the loss that size or tokens must explain in some run
_LEAST = -12.0  # of log E: a floor below 10⁻⁵ nats is none


def fit_law(
    parameters: Real[np.ndarray, " _runs"],
    tokens: Real[np.ndarray, " _runs"],
    losses: Real[np.ndarray, " _runs"],
    *,
    delta: float = 1e-3,
    start: Law | None = None,
) -> Law:
    """Fit a law to runs.

    $$\\min \\sum_i \\mathrm{Huber}_\\delta\\bigl(\\log L(N_i, D_i) - \\log L_i\\bigr)$$ over
    $\\log E, \\log A, \\alpha, \\log B, \\beta$: relative errors, with little say for outliers. Levenberg's and
    Marquardt's steps on weighted squares, the weight of a residual $r$ being $\\min(1, \\delta / |r|)$.

    Args:
        parameters: $N$ of each run.
        tokens: $D$ of each run.
        losses: measured, in nats per token.
        delta: relative error beyond which a residual counts by its size alone; Hoffmann's value by default.
        start: a law to begin from; without it the best of twelve beginnings is kept.

    Returns:
        The law. E is $6 \\cdot 10^{-6}$ where the runs show no floor.

    Raises:
        ValueError: lengths that differ, fewer than six runs, fewer than three sizes or budgets, a number that
            is not positive, or losses that do not fall with size and tokens.

    >>> n, d = (grid.ravel() for grid in np.meshgrid([1e4, 1e5, 1e6], [1e6, 1e7, 1e8]))
    >>> law = fit_law(n, d, Law(1.0, 50.0, 0.4, 90.0, 0.3).loss(n, d))
    >>> round(law.E, 3), round(law.alpha, 3), round(law.beta, 3)
    (1.0, 0.4, 0.3)

    Source: J. Hoffmann et al., "Training Compute-Optimal Large Language Models", 2022, section 3.3.
    """
    x = _checked(parameters, tokens, losses)
    positive("delta", delta)
    n, d, target = np.log(x)
    if start is None:
        third = np.log(np.exp(target).mean() / 3)
        starts = [
            (target.min() + np.log(e), third + alpha * n.mean(), alpha, third + beta * d.mean(), beta)
            for e, alpha, beta in _STARTS
        ]
    else:
        e = max(start.E, np.exp(_LEAST))
        starts = [(np.log(e), np.log(start.A), start.alpha, np.log(start.B), start.beta)]
    value, best = min(
        (_descend(np.array(theta), n, d, target, delta) for theta in starts), key=lambda found: found[0]
    )
    e, a, alpha, b, beta = best
    helps = np.exp(np.array([(a - alpha * n).max(), (b - beta * d).max()]) - target.mean())
    if not np.isfinite(value) or min(alpha, beta) <= 0 or helps.min() < _NOTHING:
        raise ValueError(
            "these losses do not fall with size and tokens as powers would: look at them in a figure, and leave "
            "out runs that did not learn."
        )
    return Law(float(np.exp(e)), float(np.exp(a)), float(alpha), float(np.exp(b)), float(beta))


def bootstrap_laws(
    parameters: Real[np.ndarray, " _runs"],
    tokens: Real[np.ndarray, " _runs"],
    losses: Real[np.ndarray, " _runs"],
    rng: np.random.Generator,
    repeats: int = 200,
    delta: float = 1e-3,
) -> list[Law]:
    """Fit the law to runs drawn again with replacement.

    Their spread is that of the constants if the form is right. It knows nothing of a wrong form. Each fit begins
    at the constants of all runs.

    Args:
        parameters, tokens, losses, delta: as for `fit_law`.
        rng: the source of the draws.
        repeats: number of draws; about 20 ms each.

    Returns:
        One law for each draw; a draw that no law fits is drawn again.

    Raises:
        ValueError: as for `fit_law`, or fewer than two repeats.

    >>> n, d = (grid.ravel() for grid in np.meshgrid([1e4, 1e5, 1e6], [1e6, 1e7, 1e8]))
    >>> laws = bootstrap_laws(n, d, Law(1, 50, 0.4, 90, 0.3).loss(n, d), np.random.default_rng(0), 5)
    >>> [round(law.alpha, 2) for law in laws]
    [0.4, 0.4, 0.4, 0.4, 0.4]

    Source: B. Efron, "Bootstrap Methods: Another Look at the Jackknife", 1979.
    """
    if repeats < 2:
        raise ValueError(f"repeats is at least 2, got {repeats}: 200 give usable ends of an interval.")
    x = _checked(parameters, tokens, losses)
    whole = fit_law(*x, delta=delta)
    laws: list[Law] = []
    for _ in range(10 * repeats):
        drawn = x[:, rng.integers(0, x.shape[1], x.shape[1])]
        try:
            laws.append(fit_law(*drawn, delta=delta, start=whole))
        except ValueError:
            continue
        if len(laws) == repeats:
            return laws
    raise ValueError(f"of {10 * repeats} draws only {len(laws)} could be fitted: record more runs.")


def _checked(*columns: np.ndarray) -> np.ndarray:
    lengths = [len(column) for column in columns]
    if len(set(lengths)) > 1:
        raise ValueError(f"each run has parameters, tokens and a loss, got lengths {lengths}.")
    names = ("parameters", "tokens", "losses")
    x = np.stack([positive(name, column) for name, column in zip(names, columns, strict=True)])
    sizes, budgets = (len(np.unique(row)) for row in x[:2])
    if lengths[0] < 6 or min(sizes, budgets) < 3:
        raise ValueError(
            f"five constants need at least six runs of three sizes and three budgets, got {lengths[0]} runs of "
            f"{sizes} sizes and {budgets} budgets: record more."
        )
    return x


def _descend(
    theta: np.ndarray, n: np.ndarray, d: np.ndarray, target: np.ndarray, delta: float
) -> tuple[float, np.ndarray]:
    """Huber loss and constants where Levenberg's and Marquardt's steps end."""
    value, residual, jacobian = _look(theta, n, d, target, delta)
    damping = 1e-2
    for _ in range(_STEPS):
        weight = np.minimum(1, delta / np.maximum(np.abs(residual), 1e-300))
        hessian = (jacobian * weight[:, None]).T @ jacobian
        gradient = jacobian.T @ (weight * residual)
        scale = np.diag(damping * (np.diag(hessian) + 1e-9))
        new = theta - np.linalg.solve(hessian + scale, gradient)
        new[0] = max(new[0], _LEAST)
        looked = _look(new, n, d, target, delta)
        if looked[0] < value:
            gain, theta = value - looked[0], new
            (value, residual, jacobian), damping = looked, damping / 3
            if gain < 1e-8 * value:
                break
        else:
            damping *= 4
            if damping > 1e12:
                break
    return value, theta


def _look(
    theta: np.ndarray, n: np.ndarray, d: np.ndarray, target: np.ndarray, delta: float
) -> tuple[float, np.ndarray, np.ndarray]:
    """Huber loss, residuals and their derivatives."""
    e, a, alpha, b, beta = theta
    parts = np.stack([np.full_like(n, e), a - alpha * n, b - beta * d])
    if not np.isfinite(parts).all() or parts.max() > 500:
        return np.inf, n, np.empty((len(n), 5))
    terms = np.exp(parts)
    total = terms.sum(0)
    residual = np.log(total) - target
    share = terms / total
    size = np.abs(residual)
    huber = np.where(size <= delta, size**2 / 2, delta * (size - delta / 2)).sum()
    jacobian = np.stack([share[0], share[1], -share[1] * n, share[2], -share[2] * d], axis=1)
    return float(huber), residual, jacobian
