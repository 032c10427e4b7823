"""The record that chapter 13 draws is whole, and of the networks that the package builds."""

from importlib.resources import files

import numpy as np
import pandas as pd
import pytest

from course_utils.data.tasks import TASKS
from course_utils.models.families import FAMILIES, width_for


@pytest.fixture(scope="module")
def record() -> pd.DataFrame:
    return pd.read_csv(files("course_utils.data") / "architectures.csv")


def test_every_family_on_every_task_with_five_seeds(record):
    expected = pd.MultiIndex.from_product([TASKS, FAMILIES, range(5)])
    assert sorted(zip(record["task"], record["family"], record["seed"], strict=True)) == sorted(expected)
    assert record["accuracy"].between(0, 1).all()


@pytest.mark.parametrize("task", TASKS)
def test_weights_are_those_of_the_budget(record, task):
    form = TASKS[task](np.random.default_rng(0)).form
    for family, part in record[record["task"] == task].groupby("family"):
        assert set(part["weights"]) == {FAMILIES[family].size(form, width_for(family, form, 5000))}
