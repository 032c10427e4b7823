"""Whose a file is, by the way a collection is laid out: nbgrader, Moodle, Canvas, or folders and files by name."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from course_utils.grading.members import Member

LAYOUTS = (
    "nbgrader's <student>/<lab>/<lab>.ipynb, a Moodle or Canvas export, <student>/any.ipynb or <student>.ipynb, "
    "as a folder or a zip"
)
NOTEBOOK = re.compile(r"\.ipynb(\.txt|\.json)?$", re.IGNORECASE)
"""The end of a notebook's name; some browsers add ``.txt``."""

_HANDED_IN = re.compile(
    r"\.(ipynb(\.txt|\.json)?|zip|py|html?|pdf|docx|txt|json|rar|7z|t?gz|tar)$", re.IGNORECASE
)
_CANVAS = re.compile(r"(?P<name>.+?)(?P<late>_LATE)?_(?P<user>\d+)_(?P<sent>\d+)_(?P<file>.+)", re.DOTALL)
_ATTEMPT = re.compile(r"-(\d+)\.\w+$")
# Greedy: what a student chose of the name can only lengthen the student's id, never cut it to another's.
_MOODLE = re.compile(r"(?P<student>.+_\d+)_assignsubmission_(?:file|onlinetext)_?.*", re.DOTALL)
_LAB = re.compile(r"lab\d\d(_|$)")


class Found(NamedTuple):
    """A member with its student; the largest ``attempt`` is the newest."""

    student: str
    member: Member
    attempt: tuple[int, int] = (0, 0)
    late: bool = False


def by_student(members: Iterable[Member], name: str, lab: str) -> dict[str, list[Found]]:
    """The members of a collection by the student who handed them in; files that are nobody's are left out.

    Args:
        members: the collection.
        name: of its folder or zip; one folder of this name around everything is taken off.
        lab: the lab's full name; a folder of this name belongs to a student, it is none.

    Raises:
        ValueError: a folder of another name lies around several hand-ins; it may be the class's or one student's.
    """
    members = list(members)
    if _wrapped(members, name, lab):
        members = [member._replace(parts=member.parts[1:]) for member in members if len(member.parts) > 1]
    flat = [
        m.parts[0] for m in members if len(m.parts) == 1 and not m.folder and _HANDED_IN.search(m.parts[0])
    ]
    canvas = 2 * sum(bool(_CANVAS.fullmatch(one)) for one in flat) > len(flat)  # a stray file changes nothing
    groups: dict[str, list[Found]] = {}
    for member in members:
        if found := _student(member, canvas):
            groups.setdefault(found.student, []).append(found)
    return groups


def _student(member: Member, canvas: bool) -> Found | None:
    """Whose a member is; None for a file that is nobody's."""
    top = member.parts[0]
    if moodle := _MOODLE.fullmatch(top):
        return Found(moodle["student"], member)
    if member.folder or len(member.parts) > 1:
        return Found(top, member)
    if canvas and (one := _CANVAS.fullmatch(top)):
        number = _ATTEMPT.search(one["file"])
        attempt = (int(number[1][:9]) if number else 1, int(one["sent"][:18]))
        return Found(f"{one['name']}_{one['user']}", member, attempt, bool(one["late"]))
    if _HANDED_IN.search(top) or member.strange:
        return Found(_HANDED_IN.sub("", top) or top, member)
    return None


def _wrapped(members: list[Member], name: str, lab: str) -> bool:
    """Whether one folder lies around all students, as when a folder was zipped whole."""
    tops = {member.parts[0] for member in members}
    if len(tops) != 1 or _MOODLE.fullmatch(top := tops.pop()):
        return False
    deep = [
        m for m in members if len(m.parts) > 2 and re.search(r"\.(ipynb|zip)", m.parts[-1], re.IGNORECASE)
    ]
    if any(m.parts[1] == lab or _LAB.match(m.parts[1]) for m in deep):
        return False
    flat = [m.parts[1] for m in members if len(m.parts) == 2 and NOTEBOOK.search(m.parts[1])]
    if top in ("submitted", name) or (len(flat) > 1 and all(map(_CANVAS.fullmatch, flat))):
        return True
    inside = sorted({m.parts[1] for m in deep})
    if len(inside) > 1:
        raise ValueError(
            f"everything in {name} lies in one folder, {top}: is it the class with {len(inside)} students "
            f"({', '.join(inside[:3])} …), or one student with as many files? Nothing was graded. If it is the class, "
            f"name the collection {top}, as its folder; if it is one student, put the files into {top}/{lab}."
        )
    return False
