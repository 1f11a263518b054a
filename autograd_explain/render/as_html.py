"""The run as one page of HTML: every step stands in it, a script of its own shows them one at a time.

The page reads without scripts, prints whole, loads nothing, and may not: its policy allows its own script alone.
Everything a reader gave is text in it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any, TextIO

from autograd_explain.render.html_parts import SCROLLS, Program, brief, lead, title
from autograd_explain.render.html_stages import END, FORWARD, SEED, TANGENT, UPDATE, Stage, stages
from autograd_explain.render.markup import Markup, joined, safe, tag
from autograd_explain.render.theme import View
from autograd_explain.source import visible

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

MOST_STAGES = 2_500
MOST_IN_NOTEBOOK = 200
_LONG = 300
"""Stages from which on a browser draws only those that are near."""
MOST_DRAWN = 300
"""Values of the largest graph that is drawn in the page."""


def write(run: Explanation, view: View, out: TextIO) -> None:
    """Write the page piece by piece."""
    out.writelines(pieces(run, view))


def page(run: Explanation, view: View | None = None, most: int = MOST_STAGES) -> str:
    """The whole page as text; of a run with more than `most` operations its two ends, unless the view shows all."""
    return "".join(pieces(run, view or View(), most))


def framed(run: Explanation) -> str:
    """The page within a frame of its own, for a notebook: neither side's styles and scripts reach the other."""
    text = page(run, View(), MOST_IN_NOTEBOOK).replace("&", "&amp;").replace('"', "&quot;")
    style = "width:100%;height:46rem;border:0"
    return f'<iframe sandbox="allow-scripts" title="The run explained" style="{style}" srcdoc="{text}"></iframe>'


def pieces(run: Explanation, view: View, most: int = MOST_STAGES) -> Iterator[str]:
    """The page as text in order, a stage at a time."""
    view = replace(view, ascii=False, color=False, width=80)
    program = Program(run)
    script, styles = _asset("page.js"), _asset("page.css")
    drawn = _graph(run, view)
    made = list(stages(run, view, len(run.tape.nodes) * 1_000 if view.all else most))
    parts = {
        "title": tag("title", title(run)), "heading": safe(title(run)), "lead": lead(run), "hash": _hash(script),
        "styles": styles, "script": script, "program": _program(run, program), "graph": drawn, "stages": "\0",
        "data": _data(run, view, program, made), "length": ' class="long"' if len(made) > _LONG else "",
    }  # fmt: skip
    head, foot = Template(_asset("page.html")).substitute(parts).split("\0")
    yield head
    phase = -1
    for stage in made:
        if stage.phase != phase and stage.phase in _HEADINGS:
            yield joined(tag("h2", *_HEADINGS[stage.phase], class_="phase"), Markup("\n"))
        phase = stage.phase
        yield _stage(stage)
    yield foot


def _asset(name: str) -> str:
    """A file of the page without its indents and comments, which nobody reads there."""
    lines = files("autograd_explain.render").joinpath("page", name).read_text("utf-8").splitlines()
    kept = (line for line in map(str.strip, lines) if line and not line.startswith("//"))
    return "\n".join(map(_squeezed, kept) if name.endswith(".js") else kept)


def _squeezed(line: str) -> str:
    """A line of the script without the spaces around its punctuation; what stands in quotes stays."""
    return _SPACED.sub(lambda found: found[1] or found[2], line)


_SPACED = re.compile(r"(\"[^\"]*\"|`[^`]*`)|\s*([=<>?:,;{}()&|+*-]+)\s*")


def _hash(script: str) -> str:
    """What the page's policy knows its script by."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


_HEADINGS = {
    FORWARD: ("Forward", tag("small", " compute each operation and record it; no gradient yet")),
    SEED: ("Backward", tag("small", " from the result to the inputs: upstream × local = contribution")),
    TANGENT: ("Tangents", tag("small", " how fast each value changes while one input alone moves")),
    END: ("Result",),
    UPDATE: ("Updates", tag("small", " each parameter against its gradient, and again")),
}
"""What stands above the stages of a kind where they are read as a list."""


def _stage(stage: Stage) -> Markup:
    if not stage.key:
        return joined(tag("section", stage.markup, class_="gap"), Markup("\n"))
    return joined(tag("article", Markup(_NEEDLESS_END.sub("", stage.markup)), id=stage.key), Markup("\n"))


_NEEDLESS_END = re.compile(r"</(?:p|td|th|tr|thead|tbody)>(?=(?:</?(?:p|td|th|tr|tbody|table|div|h3)[ >])|$)")
"""Ends that HTML sees by itself where the next element begins, or that around it ends."""


def _program(run: Explanation, program: Program) -> Markup:
    if not run.source:
        return Markup()
    code = tag("pre", tag("code", program.markup(), id="text"), **{**SCROLLS, "aria_label": "program"})
    return tag("section", tag("h2", "Program"), code, id="program")


def _graph(run: Explanation, view: View) -> Markup:
    """The graph's section: the picture, or why there is none."""
    picture = _picture(run, view)
    if picture is None:
        said = f"The graph has {len(run.tape.nodes):,} values, too many to be drawn here; -o graph.svg draws it."
        picture = tag("p", said, class_="place")
    return tag("section", tag("h2", "Graph"), picture, id="graph") if picture else Markup()


def _picture(run: Explanation, view: View) -> Markup | None:
    from autograd_explain.render.as_svg import svg_text
    from autograd_explain.render.graph import drawn_count

    if not run.operations:
        return Markup()
    if len(run.tape.nodes) > MOST_DRAWN * 10:
        return None
    if len(run.tape.nodes) > MOST_DRAWN and drawn_count(run, view) > MOST_DRAWN:
        return None
    return tag("div", _slim(svg_text(run, view, embedded=True)), **{**SCROLLS, "aria_label": "graph"})


def _slim(picture: str) -> Markup:
    """The picture as short as it is drawn the same: to whole pixels, without titles, which the page's steps are."""
    head, ended, drawn = _with_tips(_TITLE.sub("", picture)).partition("</style>")
    styles = _RULE.sub(lambda found: f".{_SHORT[found[1]]}", head.replace(".ae-graph ", ""))  # there is but one
    return Markup((styles + ended + _TAG.sub(_slim_tag, drawn)).replace("\n", "").replace("\u00a0", " "))


def _slim_tag(found: re.Match[str]) -> str:
    whole = _STILL.sub(r"\1", _FRACTION.sub(lambda number: f"{float(number[0]):.0f}", found[0]))
    short = _ROLE.sub(lambda role: f'class="{_SHORT[role[1]]}"', _KIND.sub("", whole))
    return _QUOTED.sub(r"=\1 ", short).replace(" >", ">")


def _with_tips(picture: str) -> str:
    """The picture with each line's tip drawn in one go with the line."""
    return _TIP.sub(r'm-4-7l4 7 4-7"/>', picture)


_TIP = re.compile(r'"/><path class="tip" d="[^"]*"/>')
_TITLE = re.compile(r"<title>[^<]*</title>")
_TAG = re.compile(r"<(?:rect|path|text|g)[ >][^<>]*>")
_FRACTION = re.compile(r"(?<![\w.])\d+\.\d+|(?<=[A-Z])\d+\.\d+")
_STILL = re.compile(r"(M\d+ (\d+))V\2(?=[VC])")
_KIND = re.compile(r"(?<=class=\"node) (?:operation|input|constant)(?= )")
_SHORT = {
    "formula": "F", "value": "V", "gradient": "G", "local": "L", "contribution": "C", "box": "B", "line": "N",
}  # fmt: skip
"""The classes of what is in every node and on every edge, and what they are called in the page."""
_ROLE = re.compile(rf'class="({"|".join(_SHORT)})"')
_RULE = re.compile(rf"\.({'|'.join(_SHORT)})\b")
_QUOTED = re.compile(r'="([\w.-]+)" ?', re.ASCII)


def _data(run: Explanation, view: View, program: Program, made: list[Stage]) -> str:
    """What the script knows of values and stages, as compact JSON that no markup can end."""
    wanted = {stage.node for stage in made if stage.node is not None}
    wanted |= {share[0] for stage in made for share in stage.shares}
    wanted |= {record.node for record in run.inputs} | run.tape.names.keys()
    nodes = {index: _value(run, index, view, program) for index in sorted(wanted)}
    table = [[stage.phase, stage.node, [_short(share) for share in stage.shares]] for stage in made if stage.key]
    known = {"mode": run.mode, "nodes": nodes, "stages": table}
    return json.dumps(known, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _short(share: tuple[Any, ...]) -> list[Any]:
    return list(share if share[-1] else share[:-1])


def _value(run: Explanation, index: int, view: View, program: Program) -> list[Any]:
    node = run.tape.nodes[index]
    kind = 1 + node.tracked + 2 * bool(node.inputs)  # 1 and 2: given; 3 and 4: computed; even: tracked
    label = visible(run.words.label(node))
    return [label, brief(node.value, view), kind, *program.pieces(run.span(node.site))]
