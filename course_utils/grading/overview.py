"""The instructor's page of a lab: who stands where, and which task failed how often with which message."""

import math
from collections import Counter
from collections.abc import Sequence

from course_utils.grading.assignment import Assignment
from course_utils.grading.entries import Row
from course_utils.grading.pages import bar, name, number, page, slug, text, title
from course_utils.grading.tables import explanation, written_status

MESSAGES = 8
"""Most messages that are listed of one task."""
BARS = 20
"""About so many bars has the histogram of the scores."""


def overview_page(assignment: Assignment, rows: Sequence[Row]) -> str:
    """The page of a lab.

    Args:
        assignment: the lab.
        rows: from the gradebook.
    """
    counts = Counter(row.newest.status for row in rows)
    said = ", ".join(f"{count} {status}" for status, count in counts.most_common())
    forms = "".join(
        f'<li><a href="forms/{slug(question.name)}.html">{text(question.name)}</a>: '
        f"{sum(written_status(row, question.name) == 'to mark' for row in rows)} to mark</li>"
        for question in assignment.questions
    )
    parts = [
        f"<h1>{text(title(assignment.lab))}</h1>",
        f'<p class="quiet">{len(rows)} students: {text(said)}. The table is <a href="grades.csv">grades.csv</a>.</p>',
        f"<h2>Scores</h2>{_histogram(assignment, rows)}",
        "<h2>Tasks</h2>" + "".join(_task(task, rows) for task in assignment.tasks),
        f"<h2>Written answers</h2><ul>{forms}</ul>" if forms else "",
        f"<h2>Students</h2>{_students(assignment, rows)}",
    ]
    return page(f"Grades: {title(assignment.lab)}", "\n".join(parts))


def _histogram(assignment: Assignment, rows: Sequence[Row]) -> str:
    """How many students reached which score; full marks have a bar of their own."""
    scores = [row.grade.score for row in rows if row.grade]
    if not scores:
        return "<p>No score yet.</p>"
    step = max(1, math.ceil(assignment.maximum / BARS))
    found = Counter(int(max(score, 0) // step) for score in scores)
    lines = []
    for place in range(max(int(assignment.maximum // step), *found) + 1):
        label = f"{place * step}" if step == 1 else f"{place * step} to under {(place + 1) * step}"
        drawn = bar((found[place] / max(found.values()), "accent"), label=f"{label} points: {found[place]}")
        lines.append(
            f'<tr><td class="number">{label}</td><td>{drawn}</td><td class="number">{found[place]}</td></tr>'
        )
    return f"<table><tbody>{''.join(lines)}</tbody></table>"


def _task(task: str, rows: Sequence[Row]) -> str:
    """One task's bar, and the messages of those who did not pass, most frequent first."""
    results = [one for row in rows if row.grade for one in row.grade.tasks if one.task == task]
    passed = sum(one.status == "passed" for one in results)
    share = passed / len(results) if results else 0.0
    failed = Counter((one.status, one.message) for one in results if one.status != "passed")
    drawn = bar(
        (share, "good"), (1 - share if results else 0.0, "bad"), label=f"{passed} of {len(results)} passed"
    )
    lines = [
        f'<tr><td class="number">{count}</td><td class="short">{text(status)}</td><td>{text(message[:400])}</td></tr>'
        for (status, message), count in failed.most_common(MESSAGES)
    ]
    rest = len(failed) - len(lines)
    more = f'<p class="quiet">and {rest} more messages, once or twice each</p>' if rest > 0 else ""
    table = f'<div class="wide"><table><tbody>{"".join(lines)}</tbody></table></div>' if lines else ""
    return f"<h3>{text(task)} · {passed} of {len(results)} passed</h3>{drawn}{table}{more}"


def _students(assignment: Assignment, rows: Sequence[Row]) -> str:
    """A line for each student, those without a score first."""
    lines = []
    for row in sorted(rows, key=lambda row: (row.newest.status == "graded", row.student)):
        score = f"{number(row.grade.score)}" if row.grade else "–"
        note = " ".join(filter(None, (explanation(row), *row.shown.answers.notes)))
        lines.append(
            f'<tr><td><a href="feedback/{slug(row.student)}.html">{name(row.student)}</a></td>'
            f'<td class="short">{text(row.newest.status)}</td><td class="number">{score}</td><td>{text(note)}</td></tr>'
        )
    head = f"<tr><th>student</th><th>status</th><th>of {number(assignment.maximum)}</th><th>note</th></tr>"
    return f'<div class="wide"><table><thead>{head}</thead><tbody>{"".join(lines)}</tbody></table></div>'
