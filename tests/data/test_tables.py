import numpy as np
import pandas as pd
import pytest
import statsmodels.datasets
from sklearn import datasets

from course_utils.data import Provenance, Table, load_table, split_rows, tables

NAMES = ("breast_cancer", "diabetes", "health_insurance", "wine")


@pytest.fixture(scope="module")
def insurance() -> pd.DataFrame:
    return load_table("health_insurance").frame


@pytest.mark.parametrize("name", NAMES)
def test_every_table_says_what_it_is(name):
    table = load_table(name)
    assert table.provenance.name == name
    assert not table.provenance.generated
    assert table.provenance.licence in table.describe()
    assert table.target in table.frame
    assert all(table.columns.values())


@pytest.mark.parametrize("name", NAMES)
def test_a_frame_belongs_to_its_reader(name):
    frame = load_table(name).frame
    frame.iloc[:] = 0
    assert load_table(name).frame.to_numpy().any()


def test_known_sizes():
    forms = {name: load_table(name).frame.shape for name in NAMES}
    assert forms == {
        "breast_cancer": (569, 31),
        "diabetes": (442, 11),
        "health_insurance": (20_190, 34),
        "wine": (178, 14),
    }


def test_values_are_scikit_learns():
    x, y = datasets.load_breast_cancer(return_X_y=True)
    frame = load_table("breast_cancer").frame
    np.testing.assert_array_equal(frame.to_numpy(), np.column_stack([x, y]))
    assert frame["benign"].sum() == 357
    assert load_table("diabetes").frame["age"].between(18, 80).all()  # years, not scikit-learn's scaled ages


def test_insurance_rows_are_statsmodels_rows(insurance):
    theirs = statsmodels.datasets.randhie.load_pandas().data
    shared = ["mdvis", "physlm", "disea", "idp", "hlthg", "hlthf", "hlthp"]
    np.testing.assert_allclose(insurance[shared], theirs[shared], atol=1e-6)
    assert theirs.duplicated().sum() == 11_065


def test_insurance_docstring_is_true(insurance):
    assert insurance["zper"].nunique() == 5_912
    assert insurance.groupby("zper").size().max() == 5
    assert not insurance.duplicated(["zper", "year"]).any()
    missing = insurance.isna().sum()
    assert missing[missing > 0].to_dict() == {"educdec": 4, "ghindx": 5_223, "mdeoff": 5, "pioff": 5}

    baseline = ["plan", "coins", "income", "mhi", "disea", "physlm", "ghindx", "educdec", "hlthg", "female"]
    assert (insurance.groupby("zper")[baseline].nunique(dropna=False) == 1).all(axis=None)

    lists = np.concatenate([np.arange(k + 1) * 100 / k for k in (29, 23)])
    imputed = ~np.isclose(insurance["disea"].to_numpy()[:, None], lists.round(1), rtol=0, atol=1e-6).any(
        axis=1
    )
    assert imputed.sum() == 8_001
    assert insurance["disea"][imputed].nunique() == 4
    assert (insurance.groupby("site")["disea"].agg(lambda d: d[imputed[d.index]].nunique()) == 1).all()
    assert (insurance["xage"][imputed] < 18).mean() > 0.8

    for column, rows in {"physlm": 1_052, "black": 251}.items():
        assert (~insurance[column].isin([0, 1])).sum() == rows
    in_tenths = insurance["mhi"] * 10
    strange = insurance["mhi"][~np.isclose(in_tenths, in_tenths.round(), rtol=0, atol=1e-6)]
    assert (len(strange), strange.nunique()) == (3_729, 6)
    assert insurance["mdvis"].agg(["median", "max"]).tolist() == [1, 77]


def test_splitting_insurance_by_row_puts_people_on_both_sides(insurance):
    people = insurance["zper"].to_numpy()
    rng = np.random.default_rng(0)
    by_row, by_person = split_rows(len(people), rng=rng), split_rows(len(people), rng=rng, groups=people)
    assert np.isin(people[by_row[2]], people[by_row[0]]).mean() > 0.8
    assert not np.isin(people[by_person[2]], people[by_person[0]]).any()
    assert [round(len(part) / len(people), 3) for part in by_person] == [0.6, 0.2, 0.2]


def test_repr_counts_what_is_missing():
    assert repr(load_table("health_insurance")) == (
        "Table(health_insurance: 20190 rows, 34 columns, target 'mdvis', 5237 values missing)"
    )


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match=r"knows breast_cancer, .*, wine; got 'iris'"):
        load_table("iris")


def test_a_table_must_describe_its_columns():
    frame = pd.DataFrame({"a": [1], "b": [2]})
    provenance = Provenance("n", "s", "l")
    with pytest.raises(ValueError, match=r"unlike: \['b'\]"):
        Table(frame, "a", {"a": "first"}, provenance)
    with pytest.raises(ValueError, match="target must be a column"):
        Table(frame, "c", {"a": "first", "b": "second"}, provenance)


def test_an_old_statsmodels_is_named(monkeypatch):
    monkeypatch.setattr(tables.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"pip install 'statsmodels>=0.15'"):
        load_table("health_insurance")


def test_a_changed_file_is_refused(monkeypatch):
    monkeypatch.setattr(tables.Path, "read_bytes", lambda self: b"mdvis\n1\n")
    with pytest.raises(ValueError, match=r"expected sha256 fe64f3c8e987…, got [0-9a-f]{12}…\): pip install"):
        load_table("health_insurance")


def test_windows_line_ends_are_the_same_table(monkeypatch, insurance):
    read = tables.Path.read_bytes
    monkeypatch.setattr(tables.Path, "read_bytes", lambda self: read(self).replace(b"\n", b"\r\n"))
    pd.testing.assert_frame_equal(load_table("health_insurance").frame, insurance)
