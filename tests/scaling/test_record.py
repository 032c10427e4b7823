from course_utils.data import load_code_corpus
from course_utils.models.counting import transformer_parameters
from course_utils.scaling import load_record, study

RECORD = load_record()


def test_parameters_are_those_of_the_widths():
    for table in (RECORD.runs, RECORD.repeats):
        counted = [transformer_parameters(study.shape(width)) for width in table["width"].tolist()]
        assert table["parameters"].tolist() == counted


def test_no_run_stands_twice_and_none_is_empty():
    assert not RECORD.runs.duplicated(["width", "tokens", "seed"]).any()
    assert not RECORD.repeats.duplicated(["width", "epoch"]).any()
    assert RECORD.runs.notna().all(axis=None)
    assert RECORD.runs["loss"].between(0.5, 4.6).all()  # log 97 = 4.57


def test_it_was_recorded_from_the_corpus_that_ships():
    assert RECORD.provenance["corpus"]["sha256"] == load_code_corpus().provenance.sha256


def test_it_says_how_to_make_it_again():
    assert "tests/benchmarks/scaling_study.py" in RECORD.describe()
    assert repr(RECORD) == f"Record({len(RECORD.runs)} runs, 64 passes, {RECORD.provenance['date']})"


def test_more_of_both_is_better():
    first = RECORD.runs[RECORD.runs["seed"] == 0].set_index(["width", "tokens"])["loss"]
    small, large = first[8, 2**17], first[144, 2**21]
    assert large < small - 0.5
