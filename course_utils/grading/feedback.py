"""What a student gets back: one page without script, with points, messages, and the reader's marks and comments."""

from course_utils.grading.assignment import Assignment, Question
from course_utils.grading.entries import Row
from course_utils.grading.pages import bar, moment, name, number, page, text, title
from course_utils.grading.records import TaskResult, TaskStatus
from course_utils.grading.tables import written_points, written_status

STATUS: dict[TaskStatus, str] = {
    "passed": "passed",
    "wrong": "not right yet",
    "blank": "left blank",
    "crashed": "stopped with an error",
    "timed out": "took too long",
    "too much output": "printed too much",
}
"""The grader's statuses in a student's words."""

_NO_SCORE = {
    "unreadable": "Your newest submission could not be read, so it has no score.",
    "INFRA": "With your newest submission the grader failed, not you. It will be graded again.",
    "waiting": "Your newest submission has not been graded yet.",
}
_WRITTEN = {
    "missing": "The answer was not found in the notebook.",
    "blank": "Left blank.",
    "to mark": "A reader will mark it.",
}


def feedback_page(assignment: Assignment, row: Row) -> str:
    """The page of one student.

    Nothing of another student and no hidden input stands on it: it shows the grader's messages, which hold none,
    and what the student wrote.

    Args:
        assignment: the lab by which the submission was graded.
        row: the student's, from the gradebook.
    """
    shown = row.shown
    parts = [f"<h1>{text(title(assignment.lab))}</h1>", f'<p class="quiet">{name(row.student)}</p>']
    if row.grade:
        parts.append(_total(assignment, row))
    else:
        parts.append(f'<p class="score">No score</p><p>{text(_why(row))}</p>')
    if row.grade and row.newest.status != "graded":
        kept = f"This score is that of the submission graded {moment(row.grade.graded)}."
        parts.append(f'<div class="task wait"><p>{text(kept)} {text(_why(row))}</p></div>')
    if shown.answers.notes:
        notes = "".join(f"<li>{text(note)}</li>" for note in shown.answers.notes)
        parts.append(f"<h2>About your notebook</h2><ul>{notes}</ul>")
    if shown.tasks:
        parts.append("<h2>Coding tasks</h2>" + "".join(map(_task, shown.tasks)))
    questions = [
        _question(question, row) for question in assignment.questions if row.shown.status != "unreadable"
    ]
    if questions:
        parts.append("<h2>Written answers</h2>" + "".join(questions))
    parts.append(_foot(row))
    return page(f"Feedback: {title(assignment.lab)}", "\n".join(parts))


def _why(row: Row) -> str:
    """Why the newest submission has no score; the grader's own troubles are for the instructor."""
    status, note = row.newest.status, row.newest.note
    return f"{_NO_SCORE[status]} {note}" if status == "unreadable" else _NO_SCORE[status]


def _total(assignment: Assignment, row: Row) -> str:
    """The sum, in which a written answer counts once it is marked."""
    worth = sum(task.worth for task in row.shown.tasks)
    points = [(question, written_points(row, question.name)) for question in assignment.questions]
    done = [(question.points, got) for question, got in points if got is not None]
    score = row.shown.score + sum(got for _, got in done)
    most = worth + sum(points for points, _ in done)
    open_points = sum(question.points for question, got in points if got is None)
    later = f'<p class="quiet">{number(open_points)} more for writing, once a reader has marked it.</p>'
    share = min(max(score / most, 0.0), 1.0) if most else 0.0
    return (
        f'<p class="score">{number(score)} of {number(most)}</p>'
        + bar((share, "good"), (1 - share, "rest"), label=f"{number(score)} of {number(most)} points")
        + (later if open_points else "")
    )


def _task(task: TaskResult) -> str:
    good = task.status == "passed"
    message = "" if good or not task.message else f"<pre>{text(task.message)}</pre>"
    return (
        f'<div class="task{" good" if good else ""}">'
        f'<h3><span class="points">{number(task.points)} / {number(task.worth)}</span>{text(task.task)}</h3>'
        f'<p class="quiet">{text(STATUS.get(task.status, task.status))}</p>{message}</div>'
    )


def _question(question: Question, row: Row) -> str:
    """A written answer with its mark and the reader's comment, as far as they exist."""
    status, points = written_status(row, question.name), written_points(row, question.name)
    answer = row.texts.get(question.name)
    got = "–" if points is None else number(points)
    kind = "wait" if points is None else "good" if points >= question.points else ""
    body = f'<p class="quiet">{text(_WRITTEN[status])}</p>' if status in _WRITTEN else ""
    if answer and status == "marked" and answer.comment:
        body += f"<p>{text(answer.comment)}</p>"
    if answer and status in ("marked", "to mark"):
        body += f'<details><summary>What you wrote</summary><pre class="prose">{text(answer.text)}</pre></details>'
    return (
        f'<div class="task {kind}"><h3><span class="points">{got} / {number(question.points)}</span>'
        f"{text(question.name)}</h3>{body}</div>"
    )


def _foot(row: Row) -> str:
    """What an appeal needs."""
    shown = row.shown
    facts = [
        ("Notebook", shown.source),
        ("Submitted", moment(shown.submitted)),
        ("Graded", moment(shown.graded)),
    ]
    facts += [("Seed", str(shown.seed))] if shown.seed is not None else []
    said = " · ".join(f"{label}: {name(value)}" for label, value in facts if value)
    return (
        '<h2>Not what you expected?</h2><p class="quiet">Each answer was called with fresh inputs, drawn from the '
        "seed below; the same seed repeats the grading. Ask your instructor to run it again.</p>"
        f'<p class="quiet">{said}</p>'
    )
