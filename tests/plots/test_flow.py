import matplotlib.pyplot as plt
import pytest

from course_utils.plots import flow

STAGES = {"data": "a table", "split": "by member", "model": "a network", "test": "once"}


def test_every_stage_is_numbered_in_order_with_its_note() -> None:
    figure = flow(STAGES, title="Four stages", columns=2)
    texts = [text.get_text() for text in figure.axes[0].texts if text.get_text()]
    assert texts == ["1 data", "a table", "2 split", "by member", "3 model", "a network", "4 test", "once"]
    plt.close(figure)


def test_one_arrow_between_neighbours_and_one_back() -> None:
    plain, back = flow(STAGES, title="Four stages"), flow(STAGES, title="Four stages", back=("test", "split"))
    arrows = [sum(text.get_text() == "" for text in figure.axes[0].texts) for figure in (plain, back)]
    assert arrows == [3, 4]
    plt.close("all")


@pytest.mark.parametrize(
    ("stages", "back", "message"),
    [({"data": ""}, None, "at least two"), (STAGES, ("test", "launch"), "'launch'")],
)
def test_what_cannot_be_drawn_is_refused(stages, back, message) -> None:
    with pytest.raises(ValueError, match=message):
        flow(stages, title="Four stages", back=back)
