"""What a check can learn of an answer without calling it."""

import pytest

from course_utils.grading.remote import Remote
from course_utils.grading.sandbox import Sandbox

ANSWER = "def total(values):\n    return np.sum(values)"
no_sandbox = Sandbox.__new__(Sandbox)  # never asked


@pytest.mark.parametrize(
    "cell",
    [
        "{}",
        "%time ONE = 1.0\n{}",
        "%%time\n{}",
        "\n%%timeit -n 1\n{}",
        "%load_ext x\n{}\n%timeit total(1)",
        "{}\n!ls",
    ],
)
def test_the_names_in_an_answer_are_read_whatever_magics_stand_in_its_cell(cell: str):
    code = Remote("total", no_sandbox, cell.format(ANSWER)).__code__
    assert code.co_names == ("np", "sum")
