"""One page per written question on which a reader marks all answers, names hidden, and the file of marks it saves."""

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from course_utils.grading.assignment import Assignment, Question
from course_utils.grading.entries import Row, Text
from course_utils.grading.gradebook import Gradebook
from course_utils.grading.pages import number, page, text, title
from course_utils.grading.tables import written_status

FORMAT = "course-marks-1"
"""Stands in every file of marks."""

SCRIPT = """
const form = document.querySelector("main"), said = document.querySelector("output");
let unsaved = false;
form.addEventListener("input", () => { unsaved = true; said.textContent = ""; });
addEventListener("beforeunload", event => { if (unsaved) event.preventDefault(); });
document.querySelector("button").addEventListener("click", () => {
  const wrong = form.querySelector("input:invalid");
  if (wrong) { said.textContent = "Points must lie between 0 and " + wrong.max + "."; wrong.focus(); return; }
  const all = [...form.querySelectorAll("article")], points = one => one.querySelector("input");
  const comment = one => one.querySelector("textarea");
  // What another reader stored since this page was made must not be written over with what stood here.
  const changed = all.filter(one => [points(one), comment(one)].some(field => field.value !== field.defaultValue));
  const marks = changed.map(one => ({
    answer: one.id,
    points: points(one).value === "" ? null : Number(points(one).value),
    comment: comment(one).value.trim(),
  }));
  const {lab, question, format} = form.dataset, marker = document.querySelector("#marker").value.trim();
  const content = JSON.stringify({format, lab, question, marker, saved: new Date().toISOString(), marks}, null, 1);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], {type: "application/json"}));
  link.download = "marks-" + lab + "-" + question + ".json";
  link.click();
  unsaved = false;
  said.textContent = marks.length + " changed, saved as " + link.download + "; "
    + all.filter(one => points(one).value !== "").length + " of " + all.length + " have points.";
});
"""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def form_page(assignment: Assignment, question: Question, rows: Sequence[Row]) -> str:
    """The form for one written question: the table to mark by, and every answer with what is stored of its mark.

    Answers stand in the order of their ids, which are drawn once and at random: the same order each time, and it
    tells nothing of names.

    Args:
        assignment: the lab.
        question: one of its questions.
        rows: from the gradebook.
    """
    texts = [
        row.texts[question.name]
        for row in rows
        if question.name in row.texts and written_status(row, question.name) in ("to mark", "marked")
    ]
    answers = "".join(
        _answer(place, one, question) for place, one in enumerate(sorted(texts, key=lambda one: one.id), 1)
    )
    body = (
        f'<h1>{text(title(assignment.lab))}</h1><p class="quiet">Written answer: {text(question.name)}, '
        f"{number(question.points)} points, {len(texts)} answers</p>"
        f"{_rubric(question.rubric)}"
        f'<main data-format="{FORMAT}" data-lab="{text(assignment.lab)}" data-question="{text(question.name)}">'
        f"{answers or '<p>Nobody has answered yet.</p>'}</main>"
        '<div class="save"><label>Your name <input type="text" id="marker" maxlength="80"></label>'
        "<button>Save marks</button> <output></output>"
        '<p class="quiet">Then: <code>python -m course_utils.grading marks FILE</code></p></div>'
    )
    return page(f"Marks: {question.name}", body, SCRIPT)


def read_marks(path: Path, gradebook: Gradebook) -> tuple[str, list[Text]]:
    """Read and check a file of marks that a form saved.

    Args:
        path: the file.
        gradebook: the one from which the form was made.

    Returns:
        The lab's name and the marks; nothing is stored yet.

    Raises:
        ValueError: the file is not one of ours, of another gradebook, or a number is out of range; the message
            names the answer.
    """
    try:
        found: Any = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{path} is no file of marks ({error}): press Save marks in the form again."
        ) from error
    if (
        not isinstance(found, dict)
        or found.get("format") != FORMAT
        or not isinstance(found.get("marks"), list)
    ):
        raise ValueError(f"{path} is no file of marks: expected one saved by a form, format {FORMAT}.")
    lab, name = str(found.get("lab")), found.get("question")
    assignment = gradebook.newest_assignment(lab)
    question = next((one for one in assignment.questions if one.name == name), None) if assignment else None
    if question is None:
        raise ValueError(
            f"{path}: the gradebook has no question {name!r} of {lab!r}. Is --out the right folder?"
        )
    saved, marker = str(found.get("saved")), found.get("marker", "")
    if not _TIME.fullmatch(saved) or not isinstance(marker, str):
        raise ValueError(f"{path} was changed by hand: its time {saved!r} or its marker has another form.")
    known = gradebook.texts(lab, question.name)
    marks: dict[str, Text] = {}
    for one in found["marks"]:
        mark = _mark(one, question, marker, saved, path)
        if mark.id not in known:
            raise ValueError(
                f"{path}: no answer {mark.id!r} is in this gradebook. Is --out the right folder?"
            )
        if mark.id in marks:
            raise ValueError(f"{path}: the answer {mark.id!r} is marked twice. Save the form anew.")
        marks[mark.id] = mark
    return lab, list(marks.values())


def _mark(one: object, question: Question, marker: str, saved: str, path: Path) -> Text:
    """One mark of the file, checked; points of null take a mark back."""
    mark: dict[str, Any] = one if isinstance(one, dict) else {}
    points, comment = mark.get("points", ""), mark.get("comment", "")
    plain = isinstance(points, int | float) and not isinstance(points, bool) and math.isfinite(points)
    if points is not None and not (plain and 0 <= points <= question.points):
        raise ValueError(
            f"{path}: points of answer {mark.get('answer')!r} must lie between 0 and {number(question.points)}, "
            f"got {points!r}. Nothing was stored; correct it in the form and save anew."
        )
    if not isinstance(comment, str):
        raise ValueError(
            f"{path}: the comment on answer {mark.get('answer')!r} must be text, got {comment!r}."
        )
    points = None if points is None else float(points)
    return Text(str(mark.get("answer")), "", points, _plain(comment), _plain(marker), saved)


def _answer(place: int, one: Text, question: Question) -> str:
    """One answer with its fields."""
    points = "" if one.points is None else number(one.points)
    again = (
        f'<p class="quiet">Changed after it had been marked with {number(one.earlier)}: mark it anew.</p>'
        if one.earlier is not None and one.points is None
        else ""
    )
    return (
        f'<article id="{text(one.id)}"><h2>Answer {place}</h2>{again}<pre class="prose">{text(one.text)}</pre>'
        f"<label>Points, 0 to {number(question.points)} "
        f'<input type="number" min="0" max="{number(question.points)}" step="any" value="{points}"></label>'
        '<label class="full">Comment for the student'
        f'<textarea rows="2" maxlength="5000">\n{text(one.comment)}</textarea></label>'
        "</article>"
    )


def _rubric(source: str) -> str:
    """The question's text: headings, paragraphs and tables of Markdown, all else as it stands."""
    parts: list[str] = []
    for block in filter(None, re.split(r"\n\s*\n", source.strip())):
        lines = [line.strip() for line in block.splitlines()]
        if lines[0].startswith("#"):
            parts.append(f"<h2>{text(lines[0].lstrip('# '))}</h2>")
            lines = lines[1:]
        if lines and all(line.startswith("|") for line in lines):
            cells = [line.strip("|").split("|") for line in lines if not re.fullmatch(r"[|:\- ]+", line)]
            rows = "".join(
                f"<tr>{''.join(f'<td>{text(cell.strip())}</td>' for cell in row)}</tr>" for row in cells
            )
            parts.append(f"<table><tbody>{rows}</tbody></table>")
        elif lines:
            parts.append(f"<p>{text(' '.join(lines))}</p>")
    return "".join(parts)


def _plain(comment: str) -> str:
    return comment.encode("utf-8", "replace").decode()
