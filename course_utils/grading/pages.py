"""What the grader's HTML pages share: escaping, the one look, safe file names, writing in one step.

Everything that comes from a student passes through `text` on its way into a page.
"""

import base64
import hashlib
import os
import re
from html import escape
from pathlib import Path

STYLE = """
:root { color-scheme: light dark; --line: #8886; --good: #69954b; --bad: #a13555; --accent: #0b4f8a; }
@media (prefers-color-scheme: dark) { :root { --accent: #8ec1f0; --good: #9cc97f; --bad: #f09ab0; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
h1, h2, h3, p, li, td, th, pre, bdi { overflow-wrap: anywhere; }
a { color: var(--accent); }
.score { font-size: 2.6rem; font-weight: 600; line-height: 1.2; margin: 1rem 0 0; }
.quiet { opacity: .75; font-size: .9rem; }
.task { border-left: 4px solid var(--bad); padding: .1rem 0 .1rem .9rem; margin: 1rem 0; }
.task.good { border-color: var(--good); }
.task.wait { border-color: var(--line); }
.task p, .task h3 { margin: .2rem 0; }
.points { float: right; font-variant-numeric: tabular-nums; padding-left: .6rem; }
pre { white-space: pre-wrap; font: .88rem/1.45 ui-monospace, monospace; margin: .5rem 0; padding: .6rem .8rem;
      border: 1px solid var(--line); border-radius: .4rem; max-height: 28rem; overflow: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
th, td.number, td.short { white-space: nowrap; overflow-wrap: normal; }
td.number, td.short { width: 1%; }
td svg.bar { margin-top: .35rem; }
td bdi { min-width: 8rem; max-width: 16rem; display: inline-block; }
pre.prose { font: inherit; }
svg.bar { display: block; width: 100%; height: .8rem; }
svg .good { fill: var(--good); } svg .bad { fill: var(--bad); } svg .rest { fill: var(--line); }
svg .accent { fill: var(--accent); }
label { display: inline-block; margin: .2rem 1rem .2rem 0; }
label.full { display: block; margin-right: 0; }
input, textarea, button { font: inherit; padding: .35rem .5rem; }
input[type=number] { width: 5.5rem; } textarea { width: 100%; }
.save { position: sticky; bottom: 0; background: Canvas; border-top: 1px solid var(--line); padding: .7rem 0; }
@media print { .save { display: none; } pre { max-height: none; } }
"""

_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def text(value: object) -> str:
    """A value as text inside HTML: nothing of it is markup, and characters HTML has no place for become �.

    >>> text('<script>"a" & b')
    '&lt;script&gt;&quot;a&quot; &amp; b'
    """
    # A bare CR would be read back as a line feed.
    return escape(_UNSEEN.sub("\ufffd", str(value))).replace("\r", "&#13;")


def name(value: object) -> str:
    """A stranger's text inside a line of ours: its writing direction stays its own."""
    return f"<bdi>{text(value)}</bdi>"


def number(value: float) -> str:
    """Points as people write them.

    >>> number(3.0), number(2.5), number(1 / 3)
    ('3', '2.5', '0.333')
    """
    return f"{value:.3f}".rstrip("0").rstrip(".")


def moment(iso: str) -> str:
    """A time as people read it.

    >>> moment("2026-11-23T19:13:33+00:00"), moment("2026-11-23T19:13:33")
    ('2026-11-23 19:13 UTC', '2026-11-23 19:13')
    """
    utc = " UTC" if iso.endswith("+00:00") else ""
    return f"{iso[:16].replace('T', ' ')}{utc}" if re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d", iso) else iso


def title(lab: str) -> str:
    """A lab's full name as people say it.

    >>> title("lab11_count_what_is_large")
    'Lab 11: count what is large'
    """
    head, _, rest = lab.partition("_")
    return f"{re.sub(r'^lab(?=[0-9])', 'Lab ', head)}: {rest.replace('_', ' ')}" if rest else lab


def slug(student: str) -> str:
    """A file name for a student, safe on every system; two students never share one.

    >>> slug("../Ann O'Neil")
    'Ann-O-Neil-78f18036b5'
    """
    digest = hashlib.sha256(student.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    plain = re.sub(r"[^A-Za-z0-9]+", "-", student).strip("-")[:40]
    return f"{plain or 'student'}-{digest}"


def page(heading: str, body: str, script: str = "") -> str:
    """A whole page that loads nothing, sends nothing, and runs nothing but the script given here.

    Args:
        heading: plain text.
        body: finished HTML.
        script: JavaScript of ours; the page's policy names its hash, and no other script runs.
    """
    policy = ["default-src 'none'", f"style-src '{_hash(STYLE)}'", "base-uri 'none'", "form-action 'none'"]
    if script:
        policy.append(f"script-src '{_hash(script)}'")
        body += f"\n<script>{script}</script>"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{"; ".join(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(heading)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def bar(*parts: tuple[float, str], label: str) -> str:
    """One horizontal bar of shares, each with the name of its colour.

    Args:
        parts: share of the whole width, from 0 to 1, and class.
        label: what a screen reader says.
    """
    rects, left = "", 0.0
    for share, kind in parts:
        rects += f'<rect x="{100 * left:.2f}" width="{100 * share:.2f}" height="10" class="{kind}"/>'
        left += share
    return (
        f'<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" '
        f'aria-label="{text(label)}">{rects}</svg>'
    )


def write(path: Path, content: str, encoding: str = "utf-8") -> None:
    """Write a file whole or not at all; two writers at once leave one of the two contents.

    Args:
        path: its folder is made where it is missing.
        content: the file's text; line ends are written as they are.
        encoding: of the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with open(partial, "w", encoding=encoding, newline="") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _hash(content: str) -> str:
    """The name by which a content security policy allows one inline text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
