"""The law of Hoffmann: what a loss owes to the size of a network and to the text it reads."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Law:
    """A loss that falls with parameters and with tokens, each as a power, towards a floor.

    $$L(N, D) = E + \\frac{A}{N^{\\alpha}} + \\frac{B}{D^{\\beta}}$$ with $N$ parameters and $D$ tokens read.

    Args:
        E: the floor, in nats per token.
        A: weight of the size.
        alpha: how fast more parameters help, $\\alpha$.
        B: weight of the data.
        beta: how fast more tokens help, $\\beta$.

    Raises:
        ValueError: a constant that is negative or not finite, or an exponent of zero.

    >>> round(float(HOFFMANN.loss(70e9, 1.4e12)), 2)
    1.94

    Source: J. Hoffmann et al., "Training Compute-Optimal Large Language Models", 2022, equation 2.
    """

    E: float
    A: float
    alpha: float
    B: float
    beta: float

    def __post_init__(self) -> None:
        """Refuse what is no law."""
        constants = (self.E, self.A, self.alpha, self.B, self.beta)
        if not np.isfinite(constants).all() or self.E < 0 or min(constants[1:]) <= 0:
            raise ValueError(
                f"a law has E ≥ 0 and positive A, alpha, B, beta, got {constants}: "
                "a negative exponent would make a larger network worse."
            )

    def loss(self, parameters: ArrayLike, tokens: ArrayLike) -> Float[np.ndarray, "*points"]:
        """The loss of a network of this size after this many tokens.

        Args:
            parameters: $N$.
            tokens: $D$, each read once.

        Returns:
            Nats per token, in the common shape of both.

        Raises:
            ValueError: a number that is not positive.
        """
        n, d = positive("parameters", parameters), positive("tokens", tokens)
        return np.asarray(self.E + self.A / n**self.alpha + self.B / d**self.beta)

    def optimum(self, compute: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """The size and the tokens that reach the lowest loss for $C = 6ND$ operations.

        $$N^* = G\\,(C/6)^{a}, \\quad D^* = G^{-1}(C/6)^{b}, \\qquad
        a = \\frac{\\beta}{\\alpha + \\beta}, \\; b = \\frac{\\alpha}{\\alpha + \\beta}, \\;
        G = \\left(\\frac{\\alpha A}{\\beta B}\\right)^{1 / (\\alpha + \\beta)}$$

        Args:
            compute: $C$, in operations.

        Returns:
            Parameters and tokens, in the shape of `compute`.

        Raises:
            ValueError: a number that is not positive.

        >>> parameters, tokens = HOFFMANN.optimum(5.76e23)
        >>> f"{parameters:.3g} parameters, {tokens:.3g} tokens"
        '3.22e+10 parameters, 2.98e+12 tokens'
        """
        pairs = positive("compute", compute) / 6
        both = self.alpha + self.beta
        g = (self.alpha * self.A / (self.beta * self.B)) ** (1 / both)
        parameters = g * pairs**self.share_of_size
        return np.asarray(parameters), np.asarray(pairs / parameters)

    @property
    def share_of_size(self) -> float:
        """The exponent $a$ in $N^* \\propto C^a$; the rest, $1 - a$, goes to tokens."""
        return self.beta / (self.alpha + self.beta)


def positive(name: str, values: ArrayLike) -> Float[np.ndarray, "*points"]:
    """The values as floats, or a refusal of those that are not positive."""
    array = np.asarray(values, dtype=float)
    bad = array[~(np.isfinite(array) & (array > 0))]
    if bad.size:
        raise ValueError(
            f"{name} must be positive and finite, got {bad.flat[0]:g}: a law takes powers of it."
        )
    return array


HOFFMANN = Law(E=1.69, A=406.4, alpha=0.34, B=410.7, beta=0.28)
"""As printed: J. Hoffmann et al., "Training Compute-Optimal Large Language Models", 2022, equation 10."""

BESIROGLU = Law(E=1.8172, A=482.01, alpha=0.3478, B=2085.43, beta=0.3658)
"""Fitted again to the same runs: T. Besiroglu et al., "Chinchilla Scaling: A replication attempt", 2024."""
