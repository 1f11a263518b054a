"""The colours and lines of the SVG picture, light and dark.

One hue whose lightness alone says the size of a gradient, so that it reads the same in grey and to every eye; the
border grows with it. No custom properties: many programs that draw SVG do not know them.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Look(NamedTuple):
    """The colours of one look. `steps`: fill and text of the five sizes, small to large."""

    ground: str
    ink: str
    soft: str
    line: str
    frame: str
    steps: tuple[tuple[str, str], ...]
    broken: tuple[str, str]
    accent: str


LIGHT = Look(
    ground="#ffffff", ink="#14212b", soft="#536471", line="#6f8290", frame="#f5f8fa",
    steps=(
        ("#eef5f9", "#14212b"), ("#cde3ee", "#14212b"), ("#98c9dd", "#14212b"), ("#3f8cad", "#ffffff"),
        ("#0d4a6b", "#ffffff"),
    ),
    broken=("#ffe1c7", "#6b2500"), accent="#c2410c",
)  # fmt: skip
DARK = Look(
    ground="#0e161d", ink="#e6eef4", soft="#9db0bd", line="#7d93a2", frame="#141f28",
    steps=(
        ("#16232d", "#e6eef4"), ("#1c3949", "#e6eef4"), ("#23566f", "#e6eef4"), ("#62b3d3", "#06141c"),
        ("#c3ecfb", "#06141c"),
    ),
    broken=("#5a2a0c", "#ffe1c7"), accent="#fb923c",
)  # fmt: skip
_WIDTHS = (1.0, 1.5, 2.1, 2.8, 3.6)
_FONT = 'ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,"Liberation Mono",monospace'

_SHAPES = f"""
.ae-graph text{{font:13px {_FONT};white-space:pre}}
.ae-graph .formula{{font-weight:bold;text-anchor:middle}}
.ae-graph .edge text,.ae-graph .frame text,.ae-graph .legend text{{font-size:11px;font-weight:normal}}
.ae-graph .legend .centred{{text-anchor:middle}}
.ae-graph .line,.ae-graph .slash{{fill:none;stroke-linecap:round}}
.ae-graph .slash{{stroke-width:1.5}}
.ae-graph .ring{{stroke-width:1}}
.ae-graph .cut .line,.ae-graph .s-untracked .box,.ae-graph .frame rect{{stroke-dasharray:5 4}}
.ae-graph .s-zero .box{{stroke-dasharray:1.5 3}}
.ae-graph .cut .tip,.ae-graph .s-none .tip{{stroke:none}}
.ae-graph .s-broken .box{{stroke-width:3;stroke-dasharray:9 3}}
.ae-graph .folded .formula~.formula{{font-weight:normal}}
"""


def _widths() -> str:
    return "".join(f".ae-graph .s-{i}{{stroke-width:{w}}}\n" for i, w in enumerate(_WIDTHS, 1))


def _colours(look: Look) -> str:
    rules = [
        (".ground", f"fill:{look.ground}"),
        ("text", f"fill:{look.ink}"),
        (".frame rect", f"fill:{look.frame};stroke:{look.soft}"),
        (".frame text,.legend text,.edge .local", f"fill:{look.soft}"),
        (".edge .contribution", f"fill:{look.ink}"),
        (".line,.slash", f"stroke:{look.line}"),
        (".tip", f"fill:{look.line}"),
        (".box", f"fill:{look.ground};stroke:{look.ink}"),
        (".ring", f"fill:none;stroke:{look.ink}"),
        (".s-untracked .box,.again .box", f"stroke:{look.soft}"),
        (".s-broken .box", f"fill:{look.broken[0]};stroke:{look.broken[1]}"),
        (".s-broken text", f"fill:{look.broken[1]}"),
        (".s-broken .line", f"stroke:{look.broken[1]}"),
    ]
    rules += [(f".s-{i} .box", f"fill:{fill}") for i, (fill, _) in enumerate(look.steps, 1)]
    rules += [(f".node.s-{i} text", f"fill:{text}") for i, (_, text) in enumerate(look.steps, 1) if text != look.ink]
    rules += [
        (".node.lit .box", f"stroke:{look.accent};stroke-width:4"),
        (".edge.lit .line", f"stroke:{look.accent};stroke-width:4"),
        (".edge.lit .tip", f"fill:{look.accent}"),
        (".edge.lit text", f"fill:{look.accent};font-weight:bold"),
    ]
    return "".join(f"{_scoped(where)}{{{what}}}\n" for where, what in rules)


def _scoped(where: str) -> str:
    return ",".join(f".ae-graph {part}" for part in where.split(","))


def style(dark: bool | None) -> str:
    """The style sheet of a picture of its own: one look for good, or (None) as the reader's system has it."""
    first = _colours(DARK if dark else LIGHT)
    other = f"@media (prefers-color-scheme:dark){{\n{_colours(DARK)}}}\n" if dark is None else ""
    return _SHAPES + _widths() + first + other


def page_style(classes: frozenset[str]) -> str:
    """The style sheet within a page, as the reader's system has it, for a picture with these classes in it.

    Browsers know custom properties, so each colour stands once.
    """
    light, dark = _colours(LIGHT), _colours(DARK)
    pairs = dict.fromkeys(zip(_COLOUR.findall(light), _COLOUR.findall(dark), strict=True))
    names = {pair: f"--g{number}" for number, pair in enumerate(pairs)}
    given = [";".join(f"{name}:{pair[look]}" for pair, name in names.items()) for look in (0, 1)]
    shades = iter(_COLOUR.findall(dark))
    rules = _COLOUR.sub(lambda found: f"var({names[found[0], next(shades)]})", light)
    where = "@media (prefers-color-scheme:dark)"
    ground, ink = names[LIGHT.ground, DARK.ground], names[LIGHT.ink, DARK.ink]
    hidden = _HIDDEN.replace("GROUND", f"var({ground})").replace("INK", f"var({ink})")
    given_rules = f".ae-graph{{{given[0]}}}\n{where}{{.ae-graph{{{given[1]}}}}}\n"
    return f"{given_rules}{_only(_SHAPES + _widths() + rules, classes - _WITH_LINES)}{hidden}"


def _only(rules: str, classes: frozenset[str]) -> str:
    """The rules without those for marks that the picture does not have."""
    needed = (rule for rule in rules.splitlines() if rule and _applies(rule, classes))
    return "".join(needed)


def _applies(rule: str, classes: frozenset[str]) -> bool:
    places = rule.partition("{")[0].split(",")
    return any(_MARKS.intersection(_CLASS.findall(place)) <= classes for place in places)


_MARKS = frozenset({"cut", "slash", "folded", "again", "frame", "ring", "tip", "s-untracked", "s-zero", "s-broken"})
_WITH_LINES = frozenset({"tip"})  # a page draws each line and its tip in one go
_CLASS = re.compile(r"\.([a-z][\w-]*)")


_HIDDEN = """
@media screen{
.hide-values .node:not(.known-value) .value,.hide-gradients .node:not(.known-gradient) .gradient,
.hide-gradients .edge:not(.known-gradient) text{visibility:hidden}
.hide-gradients :is(.node,.edge):not(.known-gradient){stroke-width:1}
.hide-gradients .node:not(.known-gradient) .box{fill:GROUND}
.hide-gradients .node:not(.known-gradient) text{fill:INK}
.hide-gradients .node:not(.known-gradient,.s-untracked) .box{stroke-dasharray:none}
}
"""
"""What the steps have not reached yet: neither its numbers nor its gradient's size may be seen."""


_COLOUR = re.compile("#[0-9a-f]{6}")
