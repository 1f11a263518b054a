"""The legend of the SVG picture: what the marks mean, and the scale of gradients."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape
from typing import NamedTuple

from autograd_explain.core.notation import rounded_number
from autograd_explain.render.graph import Graph
from autograd_explain.render.graph_scale import BROKEN, NONE, ZERO, Scale, magnitude
from autograd_explain.render.theme import View

_SWATCH, _HIGH, _LETTER, _LINE = 62.0, 16.0, 6.7, 17.0
_MARKS = (
    ("value", "= value"), ("gradient", "∂ gradient of the result"), ("local", "× local derivative"),
    ("contribution", "↑ contribution passed back"),
)  # fmt: skip


class Legend(NamedTuple):
    """Pieces of SVG from (0, 0) on, and the room they take."""

    pieces: list[str]
    width: float
    height: float


def legend(graph: Graph, scale: Scale, view: View) -> Legend:
    """The legend for what the picture holds."""
    rows = [text for role, text in _MARKS if role in graph.labels]
    if any(edge.cut for edge in graph.edges):
        rows.append("╌╌ no gradient passes")
    rows.append("double border: the result")
    lines = list(_filled("   ".join(rows).split("   "), 76))
    pieces = [f'<text x="0" y="{_LINE * i + 10}">{_text(line)}</text>' for i, line in enumerate(lines)]
    height = _LINE * len(lines)
    width = max((len(line) * _LETTER for line in lines), default=0.0)
    swatches = list(_swatches(graph, scale))
    if swatches:
        title = "size of the gradient (largest entry), logarithmic:"
        pieces.append(f'<text x="0" y="{height + 14}">{title}</text>')
        for i, (step, text) in enumerate(swatches):
            x, y = i * _SWATCH, height + 22
            box = f'<rect class="box" x="{x + 2}" y="{y}" width="{_SWATCH - 8}" height="{_HIGH}" rx="3"/>'
            label = f'<text class="centred" x="{x + _SWATCH / 2 - 2}" y="{y + _HIGH + 13}">{_text(text)}</text>'
            pieces.append(f'<g class="s-{step}">{box}</g>{label}')
        height += 22 + _HIGH + 18
        width = max(width, len(swatches) * _SWATCH, len(title) * _LETTER)
    return Legend(pieces, width, height)


def _filled(parts: list[str], longest: int) -> Iterator[str]:
    line = ""
    for part in parts:
        if line and len(line) + 3 + len(part) > longest:
            yield line
            line = part
        else:
            line = f"{line}   {part}" if line else part
    if line:
        yield line


def _swatches(graph: Graph, scale: Scale) -> Iterator[tuple[str, str]]:
    """The steps that the picture has, each with the largest size in it."""
    found = {scale.step(magnitude(node.gradient)) if node.tracked else "untracked" for node in graph.nodes}
    if "untracked" in found:
        yield "untracked", "none"
    if ZERO in found:
        yield ZERO, "0"
    for i, bound in enumerate(scale.bounds[1:], 1):
        yield str(i), f"≤ {_short(bound)}"
    if BROKEN in found:
        yield BROKEN, "nan, ∞"
    if NONE in found and not scale.bounds:
        yield NONE, "none"


def _short(bound: float) -> str:
    text = rounded_number(bound, 2)
    if float(text) < bound < math.inf:  # no number that it covers is above what it says
        text = rounded_number(float(text) + 10.0 ** (math.floor(math.log10(bound)) - 1), 2)
    return f"{float(text):.0f}" if "e" in text and 1.0 < bound < _LARGEST_PLAIN else text


_LARGEST_PLAIN = 1e5


def _text(text: str) -> str:
    return escape(text, quote=False).replace(" ", "\u00a0")
