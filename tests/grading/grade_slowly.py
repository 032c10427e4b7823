"""Graders to be killed: each records 60 students of the small lab one by one, and says so when it has.

``grade_slowly.py PATH MASTER`` grades in one process after the other; each but the last is killed at a random moment.
``grade_slowly.py PATH MASTER together`` grades in two processes at once. Both print what was said to be recorded.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

from course_utils.grading.assignment import Assignment
from course_utils.grading.gradebook import Gradebook
from course_utils.grading.records import Answers, Result, TaskResult
from course_utils.grading.submissions import Submission


def grade(path: Path, assignment: Assignment, said: int) -> None:
    with Gradebook(path) as book:
        keys = []
        with book.together():
            book.enter(assignment)
            for number in range(60):
                one = Submission(f"student{number}", "x.ipynb", b"%d" % number)
                keys.append(book.hand_in(assignment, one, Answers({"double": "x" * 5000}, {"why": "y"})))
        for number, key in enumerate(keys):
            result = Result("graded", 1, (TaskResult("double", "passed", float(number), 60.0),))
            if key is not None and book.record(key, result):
                os.write(said, b"student%d\n" % number)


def start(path: Path, assignment: Assignment, said: int) -> int:
    process = os.fork()
    if not process:
        status = 1
        try:
            grade(path, assignment, said)
            status = 0
        finally:
            os._exit(status)
    return process


def main(path: Path, master: Path, together: bool) -> None:
    assignment = Assignment.read(master)
    if together:
        running = [start(path, assignment, 1) for _ in range(2)]
    else:
        rng = random.Random(5)
        for _ in range(12):
            process = start(path, assignment, 1)
            time.sleep(rng.uniform(0.0, 0.1))
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        running = [start(path, assignment, 1)]
    failed = [process for process in running if os.waitpid(process, 0)[1]]
    sys.exit(f"{len(failed)} graders failed" if failed else 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), "together" in sys.argv)
