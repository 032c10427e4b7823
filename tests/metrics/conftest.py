import pytest
from jaxtyping import config


@pytest.fixture
def unchecked():
    """Turn the shape checker of the tests off: it would speak before the function's own message."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)
