"""The record of a benchmark as a table and as a plot."""

import json
from pathlib import Path

from cases import CASES, least_bytes, operations, parameter_count

LABELS = {
    "course": "this course, fit",
    "torch": "PyTorch, usual loop (DataLoader)",
    "torch, indexed": "PyTorch, rows by index",
    "keras": "Keras, model.fit",
    "keras, laid out": "Keras, model.fit on rows laid out in advance",
}


def floors(record: dict) -> dict[str, float]:
    """Milliseconds a step takes at least: its operations at the fastest product, or its bytes at a copy's rate."""
    speed, rate = record["floor"]["gflops"] * 1e6, record["floor"]["gbytes"] * 1e6  # per millisecond
    return {case.name: max(operations(case) / speed, least_bytes(case) / rate) for case in CASES}


def break_even(record: dict, name: str, peer: str) -> float:
    """Updates after which `fit` has finished sooner than a peer, compilation included.

    From first run = compilation + updates × warm step on both sides.
    """
    updates = next(case.updates for case in CASES if case.name == name)
    ours, theirs = record["cases"][name]["course"], record["cases"][name][peer]

    def extra(side: dict) -> float:
        return side["first_run_s"] * 1e3 - updates * side["ms_per_step"]

    gain = theirs["ms_per_step"] - ours["ms_per_step"]
    return max(0.0, (extra(ours) - extra(theirs)) / gain) if gain > 0 else float("inf")


def table(record: dict) -> str:
    """Markdown: how it was measured, one row for each case and side, the floors, what follows."""
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    machine = record["hardware"]
    lines = [
        "# Benchmarks",
        "",
        f"{record['date']}, {machine['processor']}, {machine['cores']} cores, {machine['system']}; {versions}. "
        f"Medians of {record['rounds']} processes a side in turn, {record['warm_runs']} warm runs each; in "
        "brackets the range of the processes' medians. All sides train the same network from the same weights with "
        "the same number of updates, and their losses agree; on the same batches, too, but for Keras' usual call, "
        "which draws its own. Made by `python tests/benchmarks/run.py`.",
        "",
        "| case | side | ms a step, warm | times this course | first run, compilation counted |",
        "|---|---|---|---|---|",
    ]
    for case in CASES:
        sides = record["cases"].get(case.name, {})
        for side, label in LABELS.items():
            if side in sides:
                one, ours = sides[side], sides["course"]["ms_per_step"]
                low, high = one["ms_per_step_range"]
                lines.append(
                    f"| {case.name} | {label} | {one['ms_per_step']:.3g} ({low:.3g}–{high:.3g}) "
                    f"| {one['ms_per_step'] / ours:.1f} | {one['first_run_s']:.2f} s for {case.updates} updates |"
                )
    floor = record["floor"]
    lines += [
        "",
        f"The floor under a step: its operations at the fastest matrix product ({floor['gflops']:.0f} GFLOP/s) or "
        f"its bytes at the rate of a copy ({floor['gbytes']:.0f} GB/s), whichever takes longer. *Products alone* "
        "are its matrix products in the textbook's shapes (a convolution's rows are patches of one output each), "
        "with nothing between them.",
        "",
        "| case | parameters | MFLOP a step | MB a step | floor, ms | products alone, ms | this course, ms |",
        "|---|---|---|---|---|---|---|",
    ]
    for case in CASES:
        if case.name in record["cases"]:
            ours = record["cases"][case.name]["course"]["ms_per_step"]
            lines.append(
                f"| {case.name} | {parameter_count(case):,} | {operations(case) / 1e6:.1f} "
                f"| {least_bytes(case) / 1e6:.1f} | {floors(record)[case.name]:.3g} "
                f"| {floor['products_ms'][case.name]:.3g} | {ours:.3g} |"
            )
    return "\n".join([*lines, "", *verdicts(record), ""])


def verdicts(record: dict) -> list[str]:
    """What was aimed at, and what came of it."""
    lines = []
    for case in CASES:
        sides = record["cases"].get(case.name)
        if not sides:
            continue
        step = {side: one["ms_per_step"] for side, one in sides.items()}
        if case.network == "D0":
            for peer, aim in (("torch", 15), ("keras", 40)):
                ratio = step[peer] / step["course"]
                lines.append(
                    f"- {case.name}: {ratio:.0f} times as fast as {LABELS[peer]}; the aim was {aim}: "
                    f"{'reached' if ratio >= aim else 'missed'}. {_bare(record, case.name, peer)}Compilation "
                    f"counted, the break-even is at {break_even(record, case.name, peer):,.0f} updates."
                )
            given = ("torch, indexed", "keras, laid out")
            ratios = " and ".join(
                f"{step[peer] / step['course']:.0f} times as fast as {LABELS[peer]}" for peer in given
            )
            lines.append(
                f"- {case.name}: {ratios}. Both sides of PyTorch and the rows laid out find their batches drawn "
                "before the clock starts; `fit`, and Keras' usual call, draw their own while they run."
            )
        else:
            peer = min((side for side in step if side != "course"), key=step.__getitem__)
            ratio = step[peer] / step["course"]
            came = "reached." if ratio >= 1 else f"missed. {_gap(record, case.name)}"
            lines.append(
                f"- {case.name}: {ratio:.2f} times as fast as the faster peer ({LABELS[peer]}); the aim was 1: {came}"
            )
    return lines


def _bare(record: dict, name: str, peer: str) -> str:
    """What the compiled loop alone would reach, with nothing around it."""
    bare = record["floor"].get("bare_ms", {}).get(name)
    if bare is None:
        return ""
    ratio = record["cases"][name][peer]["ms_per_step"] / bare
    return f"A bare compiled loop of the same steps takes {bare:.3g} ms a step at best: {ratio:.0f} times. "


def _gap(record: dict, name: str) -> str:
    """Where the time of a step goes that the floor does not explain."""
    ours, floor = record["cases"][name]["course"]["ms_per_step"], record["floor"]
    layers = floor["layers_ms"][name]
    parts = ", ".join(f"{kind} {ms:.3g}" for kind, ms in layers.items())
    return (
        f"Of its {ours:.3g} ms the floor is {floors(record)[name]:.3g}; the textbook's matrix products alone would "
        f"take {floor['products_ms'][name]:.3g}, those of the course, by blocks of outputs with zeros among them, "
        f"{floor['block_products_ms'][name]:.3g}. Each layer alone with its gradient, outside of any loop: {parts}, "
        f"{sum(layers.values()):.3g} ms in all; what the convolutions take beyond their products is the copying of "
        "patches and of their gradients."
    )


def store(record: dict, folder: Path) -> None:
    """Write record, table and plot."""
    folder.mkdir(exist_ok=True)
    (folder / "record.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    (folder / "benchmarks.md").write_text(table(record))
    plot(record, folder / "benchmarks.png")


def plot(record: dict, path: Path) -> None:
    """Milliseconds a step of every side, warm, on a log axis; the floor as a grey line."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    from course_utils.plots import use_style

    use_style()
    cases = [case for case in CASES if case.name in record["cases"]]
    markers = dict(zip(LABELS, "osD^v", strict=True))
    figure, axes = plt.subplots(figsize=(8, 0.9 * len(cases) + 1.6), layout="constrained")
    for row, case in enumerate(cases):
        floor = floors(record)[case.name]
        axes.plot(
            [floor, floor], [row - 0.36, row + 0.36], "-", color="0.5", lw=3, label=None if row else "floor"
        )
        for number, (side, label) in enumerate(LABELS.items()):
            value = record["cases"][case.name][side]["ms_per_step"]
            low, high = record["cases"][case.name][side]["ms_per_step_range"]
            height = row + 0.15 * (number - 2)  # one under the other: none hides another
            axes.plot([low, high], [height, height], "-", color=f"C{number}")
            axes.plot(value, height, markers[side], color=f"C{number}", ms=7, label=None if row else label)
    axes.set_xscale("log")
    axes.set_yticks(range(len(cases)), [case.name for case in cases])
    axes.invert_yaxis()
    axes.set_xlabel("milliseconds a step, warm (log axis; line: range of the processes' medians)")
    axes.set_title("The same updates, five ways to ask for them")
    figure.legend(loc="outside lower center", ncols=2, fontsize="small")
    figure.savefig(path, dpi=110)
    plt.close(figure)
