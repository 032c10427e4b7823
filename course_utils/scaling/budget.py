"""What a dollar buys: operations of rented accelerators."""

from course_utils.scaling.law import positive


def operations_per_dollar(price: float, peak: float, utilisation: float) -> float:
    """Operations of training that a dollar pays for.

    $$\\frac{3600\\, s\\, u}{p}$$ with $p$ = `price`, $s$ = `peak`, $u$ = `utilisation`.

    Args:
        price: of one accelerator, in USD per hour.
        peak: its fastest, in operations per second, in the number format of the training.
        utilisation: share of the peak that a training reaches, in (0, 1].

    Returns:
        Operations per USD; storage, people and failed runs are not in it.

    Raises:
        ValueError: a number out of range.

    >>> f"{operations_per_dollar(price=2.0, peak=1e15, utilisation=0.4):.2g}"
    '7.2e+17'
    """
    positive("price", price)
    positive("peak", peak)
    if not 0 < utilisation <= 1:
        raise ValueError(
            f"utilisation is a share in (0, 1], got {utilisation}: large trainings report 0.3 to 0.5."
        )
    return 3600 * peak * utilisation / price
