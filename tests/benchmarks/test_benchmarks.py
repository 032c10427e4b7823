"""The definitions agree with the package and with the documents; nothing here is timed."""

import json
import math
from pathlib import Path

import floor
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import report
import run
from cases import CASES, arrays, kernels, least_bytes, operations, parameter_count, products, shapes
from flax import nnx
from side_course import Side, network, order

RECORD = Path(__file__).parent / "results" / "record.json"
BY_NAME = {case.name: case for case in CASES}

recorded = pytest.mark.skipif(not RECORD.exists(), reason="no benchmark was recorded yet")


@pytest.mark.parametrize(
    ("name", "count"), [("D0, batch 32", 3202), ("LeNet (D2), batch 64", 62_006), ("D4, batch 64", 347_146)]
)
def test_parameters_are_those_of_the_documents(name, count):
    assert parameter_count(BY_NAME[name]) == count


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_course_trains_the_network_that_the_peers_train(case):
    params = jax.tree.leaves(nnx.state(network(case), nnx.Param))
    assert sum(param.size for param in params) == parameter_count(case)
    assert sorted(param.shape for param in params if param.ndim > 1) == sorted(kernels(case))


def test_the_peers_get_the_batches_of_fit():
    """The loss of fit's first step is that of the first batch handed to the peers."""
    case = CASES[0]
    batches = order(case)
    assert batches.shape == (case.epochs, case.steps, case.batch)
    made = arrays(case)
    side = Side(case, made)
    side.reset()
    first = made["x"][batches[0, 0]]
    logits = np.asarray(side.model(jnp.asarray(first)), np.float64)
    chances = np.exp(logits - logits.max(1, keepdims=True))
    chances /= chances.sum(1, keepdims=True)
    by_hand = -np.log(chances[np.arange(case.batch), made["y"][batches[0, 0]]]).mean()
    assert side.run().step_loss[0] == pytest.approx(by_hand, rel=1e-5)


def test_reset_makes_runs_equal():
    side = Side(CASES[0], arrays(CASES[0]))
    runs = []
    for _ in range(2):
        side.reset()
        runs.append(side.run().step_loss)
    np.testing.assert_array_equal(*runs)


def test_operations_of_the_smallest_network_by_hand():
    case = BY_NAME["D0, batch 32"]
    assert products(case) == [(32, 10, 50), (32, 50, 50), (32, 50, 2)]
    assert operations(case) == 2 * 32 * (2 * 500 + 3 * 2500 + 3 * 100)


def test_bytes_grow_with_the_batch_by_the_activations_alone():
    small, middle, large = (least_bytes(BY_NAME[f"LeNet (D2), batch {batch}"]) for batch in (4, 64, 256))
    assert (middle - small) / 60 == (large - middle) / 192


def record_of(ours, theirs, first_ours=1.0, first_theirs=0.1):
    sides = {
        "course": {"ms_per_step": ours, "ms_per_step_range": [ours, ours], "first_run_s": first_ours},
        **{
            side: {"ms_per_step": theirs, "ms_per_step_range": [theirs, theirs], "first_run_s": first_theirs}
            for side in ("torch", "torch, indexed", "keras", "keras, laid out")
        },
    }
    return {
        "date": "2026-01-01",
        "hardware": {"processor": "p", "cores": 2, "system": "s"},
        "versions": {"jax": "0"},
        "rounds": 1,
        "warm_runs": 1,
        "floor": {
            "gflops": 100.0,
            "gbytes": 10.0,
            "products_ms": {case.name: 1.0 for case in CASES},
            "block_products_ms": {case.name: 1.25 for case in CASES},
            "layers_ms": {case.name: {"conv": 2.0, "pool": 0.5} for case in CASES},
        },
        "cases": {case.name: sides for case in CASES},
    }


@pytest.mark.parametrize(
    ("side", "losses", "same"),
    [
        ("torch", [2.0, 1.0005], True),
        ("torch", [2.0, 1.01], False),
        ("torch", [2.01, 1.0], False),  # every epoch counts on the same batches
        ("keras", [2.2, 1.01], True),  # other batches: the end alone, and less narrowly
        ("keras", [2.0, 1.08], False),
        ("keras", [2.0, math.nan], False),
        ("keras, laid out", [2.2, 1.0], False),
    ],
)
def test_a_side_that_did_other_work_stops_the_benchmark(side, losses, same):
    reports = {"course": [{"losses": [[2.0, 1.0]]}], side: [{"losses": [[2.0, 1.0], losses]}]}
    if same:
        run.agree("case", side, reports)
    else:
        with pytest.raises(SystemExit, match="did other work"):
            run.agree("case", side, reports)


def test_break_even_is_where_both_lines_meet():
    record = record_of(ours=0.1, theirs=0.5, first_ours=1.025, first_theirs=0.125)
    assert report.break_even(record, "D0, batch 32", "torch") == pytest.approx(2500)
    assert report.break_even(record_of(0.5, 0.1), "D0, batch 32", "torch") == math.inf


def test_verdicts_follow_the_figures():
    assert "the aim was 15: reached" in report.verdicts(record_of(1.0, 15.0))[0]
    assert "the aim was 40: missed" in report.verdicts(record_of(1.0, 15.0))[1]
    assert (
        "15 times as fast as PyTorch, rows by index and 15 times" in report.verdicts(record_of(1.0, 15.0))[2]
    )
    assert "0.50 times" in report.verdicts(record_of(3.0, 1.5))[3]
    assert "the textbook's matrix products alone would take 1, " in report.verdicts(record_of(3.0, 1.5))[3]
    assert "conv 2, pool 0.5, 2.5 ms in all" in report.verdicts(record_of(3.0, 1.5))[3]
    assert report.verdicts(record_of(1.0, 1.0))[3].endswith("the aim was 1: reached.")


def test_a_bare_loop_tells_what_could_be_reached_at_most():
    record = record_of(1.0, 15.0)
    record["floor"]["bare_ms"] = {"D0, batch 32": 0.5}
    assert "takes 0.5 ms a step at best: 30 times." in report.verdicts(record)[0]


def test_a_record_becomes_table_and_plot(tmp_path):
    report.store(record_of(1.0, 2.0), tmp_path / "results")
    written = (tmp_path / "results" / "benchmarks.md").read_text()
    assert all(case.name in written for case in CASES)
    assert (tmp_path / "results" / "benchmarks.png").stat().st_size > 10_000


@recorded
def test_the_record_names_versions_and_hardware():
    record = json.loads(RECORD.read_text())
    assert {"processor", "cores", "system"} <= record["hardware"].keys()
    assert {"python", "jax", "flax", "torch", "keras", "tensorflow"} <= record["versions"].keys()
    assert record["cases"].keys() == BY_NAME.keys()
    assert record["rounds"] >= 3


@recorded
def test_table_and_record_agree():
    record = json.loads(RECORD.read_text())
    assert (RECORD.parent / "benchmarks.md").read_text() == report.table(record)


def test_the_layers_alone_are_those_of_the_network(monkeypatch):
    monkeypatch.setattr(floor, "REPEATS", 1)
    case = BY_NAME["LeNet (D2), batch 4"]
    assert floor.layers_alone(case).keys() == {"conv", "pool", "dense"}
    for (layer, inputs, outputs), (rows, contracted, columns) in zip(
        [one for one in shapes(case) if one[0][0] != "pool"], floor.block_products(case), strict=True
    ):
        made = floor.made(layer, inputs, outputs)
        assert made(jnp.ones((case.batch, *inputs))).shape == (case.batch, *outputs)
        assert rows * columns >= case.batch * np.prod(outputs)
        assert contracted >= np.prod(made.kernel[...].shape[:-1])
