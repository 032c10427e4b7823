"""The record of the scaling study is what its script plans; nothing is trained here."""

from scaling_study import RUNS, append, known, plan, repeated

from course_utils.scaling import load_record


def test_the_record_holds_every_planned_run_and_no_other():
    runs = load_record().runs
    recorded = set(zip(runs["width"].tolist(), runs["tokens"].tolist(), runs["seed"].tolist(), strict=True))
    assert recorded == set(plan())
    assert len(plan()) == len(recorded)


def test_the_costliest_run_is_planned_last():
    assert plan()[-1] == max(plan(), key=lambda run: run[0] * run[1])


def test_every_pass_over_few_rows_is_recorded():
    passes = load_record().repeats.groupby("width").size()
    assert passes.to_dict() == {width: tokens // unique for width, tokens, unique in repeated()}


def test_a_second_call_knows_what_the_first_one_wrote(tmp_path):
    path = tmp_path / "runs.csv"
    assert known(path, "width", "tokens", "seed") == set()
    append(path, RUNS, [(8, 3048, 256, 0, "2.5", "0.1")])
    append(path, RUNS, [(8, 3048, 512, 1, "2.4", "0.2")])
    assert known(path, "width", "tokens", "seed") == {(8, 256, 0), (8, 512, 1)}
    assert path.read_text("utf-8").splitlines()[0] == RUNS
