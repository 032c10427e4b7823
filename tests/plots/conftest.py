import matplotlib
import matplotlib.pyplot as plt
import pytest

from course_utils.plots import use_style


@pytest.fixture(autouse=True)
def own_style():
    """Each test starts in the course's look, and leaves neither settings nor figures behind."""
    with matplotlib.rc_context():
        use_style()
        yield
        plt.close("all")
