"""What is no size of a network is refused in words."""


def refuse_sizes(**sizes: object) -> None:
    """Refuse sizes that are not positive whole numbers.

    Args:
        **sizes: name → size.

    Raises:
        ValueError: a size is zero, negative, a fraction or no number; the message names it.

    >>> refuse_sizes(width=64, heads=-2)
    Traceback (most recent call last):
    ...
    ValueError: heads must be a positive whole number, got -2.
    """
    for name, size in sizes.items():
        whole = hasattr(size, "__index__") and not isinstance(size, bool)
        if not whole or int(size) < 1:  # type: ignore[call-overload]
            raise ValueError(f"{name} must be a positive whole number, got {size!r}.")
