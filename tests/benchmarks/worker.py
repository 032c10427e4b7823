"""One process, one side, one case: a first run, then warm ones. ``python worker.py SIDE CASE ARRAYS RUNS``.

The clock holds training alone, on every side: imports, network, data, first weights and a fresh optimizer are made
before it starts. The first run holds compilation, tracing and the start of thread pools, too.
"""

import json
import os
import sys
import time

os.environ["COURSE_PROGRESS"] = "0"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"


def main(side: str, number: str, path: str, runs: str) -> dict:
    import numpy as np
    from cases import CASES

    case = CASES[int(number)]
    with np.load(path) as stored:
        arrays = dict(stored)
    if side == "course":
        import side_course as module
    elif side.startswith("keras"):
        import side_keras as module
    else:
        import side_torch as module
    form = {"torch, indexed": {"indexed": True}, "keras, laid out": {"laid_out": True}}.get(side, {})
    made = module.Side(case, arrays, **form)
    seconds, losses = [], []
    for _ in range(1 + int(runs)):
        made.reset()
        begin = time.perf_counter()
        result = made.run()
        seconds.append(time.perf_counter() - begin)
        losses.append(result.history["loss"].tolist() if side == "course" else result)
    return {"first": seconds[0], "warm": seconds[1:], "losses": losses, "versions": module.versions()}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
