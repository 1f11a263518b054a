"""The graph as an SVG picture: light and dark, its text selectable, without scripts and addresses.

Everything written comes from `graph_texts`, every place from `graph_layout`; colours stand in `svg_style`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, TextIO

from autograd_explain.render.graph import Graph, GraphEdge, GraphNode, picture_graph, refuse_large
from autograd_explain.render.graph_layout import lay_out
from autograd_explain.render.graph_parts import Layout, Size, Spacing, Stretch, Turns
from autograd_explain.render.graph_scale import Scale, magnitude
from autograd_explain.render.graph_texts import (
    Metrics,
    Text,
    edge_texts,
    frames_of,
    links_of,
    names_of,
    node_texts,
    size_of,
)  # fmt: skip
from autograd_explain.render.svg_legend import legend
from autograd_explain.render.svg_style import page_style, style
from autograd_explain.render.theme import View
from autograd_explain.source import cell_width, visible

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

UNIT = Metrics(letter=7.9, line=18.0, small=6.7, small_line=14.0, pad=12.0, rim=7.0, side=6.0, port=14.0, stub=9.0)
MARGIN = 18.0
_FEW = 30  # nodes; in a picture of so many, small matrices are written out
_ROOM, _WIDEST, _SHAPE = 640.0, 1500.0, 1.6
_NAMESPACE = "http://www.w3.org/2000/svg"


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn and where, before it becomes text."""

    graph: Graph
    layout: Layout
    sizes: dict[str, Size]
    inner: dict[str, list[Text]]
    beside: dict[str, list[Text]]
    titles: dict[int, str]
    names: dict[int, str]
    scale: Scale
    view: View


def write(run: Explanation, view: View, out: TextIO) -> None:
    """Write the picture as a document of its own."""
    out.write(f'<?xml version="1.0" encoding="UTF-8"?>\n{svg_text(run, view, embedded=False)}')


def svg_text(run: Explanation, view: View, *, embedded: bool = True, dark: bool | None = None) -> str:
    """The picture as an `<svg>` element; `embedded` for use within a page.

    `dark` chooses one of the two looks for good; None leaves it to the reader's system. Raises InputError for
    unknown names in `view.fold` and `view.labels`, and where there is too much to draw.
    """
    drawing = draw(run, view)
    key = legend(drawing.graph, drawing.scale, view)
    width = math.ceil(max(drawing.layout.width, key.width) + 2 * MARGIN)
    height = math.ceil(drawing.layout.height + key.height + 3 * MARGIN)
    space = "" if embedded else f' xmlns="{_NAMESPACE}"'
    name = _attribute(f"Graph of {_first_line(run)}")
    left = (width - drawing.layout.width) / 2
    drawn = [*_frames(drawing), *_edges(drawing), *_nodes(drawing)]
    styles = page_style(_classes(drawn)) if embedded and dark is None else style(dark)
    pieces = [
        f'<svg{space} class="ae-graph" role="img" aria-label="{name}" {_size(width, height)}>',
        f"<style>{styles}</style>",
        f'<rect class="ground" width="{width}" height="{height}"/>',
        f'<g transform="translate({_n(left)} {_n(MARGIN)})">',
        *drawn,
        "</g>",
        f'<g class="legend" transform="translate({_n(MARGIN)} {_n(drawing.layout.height + 2 * MARGIN)})">',
        *key.pieces,
        "</g>",
        "</svg>",
    ]  # fmt: skip
    return "\n".join(pieces) + "\n"


def _classes(drawn: list[str]) -> frozenset[str]:
    return frozenset(name for piece in drawn for found in _CLASS.findall(piece) for name in found.split())


_CLASS = re.compile('class="([^"]*)"')


def _size(width: int, height: int) -> str:
    return f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'


def draw(run: Explanation, view: View) -> Drawing:
    """The run's graph laid out in pixels."""
    refuse_large(run, view)
    graph = picture_graph(run, view)
    tables = len(graph.nodes) <= _FEW
    inner = {node.key: node_texts(node, graph, view, tables=tables) for node in graph.nodes}
    beside = {edge.key: edge_texts(edge, graph, view) for edge in graph.edges}
    arriving: dict[str, list[list[Text]]] = {node.key: [] for node in graph.nodes}
    for edge in graph.edges:
        arriving[edge.target].append(beside[edge.key])
    sizes = {node.key: size_of(node, inner[node.key], arriving[node.key], UNIT) for node in graph.nodes}
    frames, titles = frames_of(graph, UNIT, view)
    inside = {node.key: node.scope for node in graph.nodes}
    room, names = names_of(graph, UNIT, view)
    layout = lay_out(sizes, links_of(graph), inside, frames, _spacing(sizes), room)
    scale = Scale.of(magnitude(node.gradient) for node in graph.nodes)
    return Drawing(graph, layout, sizes, inner, beside, titles, names, scale, view)


def _spacing(sizes: dict[str, Size]) -> Spacing:
    area = sum((size.width + 30.0) * (size.height + 60.0) for size in sizes.values())
    reach, far = next((reach, far) for most, reach, far in _REACHES if len(sizes) <= most)
    widest = max(_WIDEST, _SHAPE * math.sqrt(area))
    return Spacing(26.0, 14.0, 16.0, 26.0, 16.0, _gap, widest=widest, room=_ROOM, reach=reach, far=far)


# How far lines run before a leaf, or a name, is drawn again: by how many nodes there are.
_REACHES = ((90, 4, 30), (400, 4, 8), (math.inf, 2, 3))


def _gap(lines: Sequence[tuple[int, float, tuple[float, ...]]]) -> Turns:
    """Higher where lines go far to the side, so that they stay steep enough to follow."""
    furthest = max((abs(end - start) for _, start, ends in lines for end in ends), default=0.0)
    return Turns(26.0 + min(furthest * 0.09, 64.0), {}, {})


def _first_line(run: Explanation) -> str:
    lines = [text.strip() for text in (run.source or "a Python function").splitlines()]
    return next((text for text in lines if text and not text.startswith("#")), "a program")[:200]


def _frames(drawing: Drawing) -> Iterator[str]:
    for key, area in drawing.layout.frames.items():
        box = f'<rect x="{_n(area.x)}" y="{_n(area.y)}" width="{_n(area.width)}" height="{_n(area.height)}" rx="10"/>'
        title = f'<text x="{_n(area.title)}" y="{_n(area.y + 17)}">{_text(drawing.titles[key])}</text>'
        yield f'<g class="frame" data-scope="{key}">{box}{title}</g>'


def _edges(drawing: Drawing) -> Iterator[str]:
    scale = Scale.of(magnitude(edge.contribution) for edge in drawing.graph.edges)
    for edge in drawing.graph.edges:
        line = drawing.layout.lines[edge.key]
        step = f"cut {edge.cut}" if edge.cut else f"s-{scale.step(magnitude(edge.contribution))}"
        texts = "".join(_beside(drawing, edge, line[-1]))
        band = drawing.sizes[edge.target].band
        marks = _slashes(line[-1], band) if edge.cut else ""
        yield (
            f'<g class="edge {step}" data-edge="{_attribute(edge.key)}"><path class="line" d="{_path(line)}"/>'
            f'<path class="tip" d="{_tip(line[-1])}"/>{marks}{texts}{_told(edge, drawing)}</g>'
        )


def _path(line: Sequence[Stretch]) -> str:
    """Straight down through the rows, in a curve from row to row."""
    first, *rest = line
    pieces = [f"M{_n(first.x)} {_n(first.top)}"]
    x, top, y = first.x, first.top, first.bottom
    for stretch in rest:
        if abs(x - stretch.x) > _STRAIGHT:
            middle = _n((y + stretch.top) / 2)
            curve = f"C{_n(x)} {middle} {_n(stretch.x)} {middle} {_n(stretch.x)} {_n(stretch.top)}"
            pieces.append(_down(top, y) + curve)
            x, top = stretch.x, stretch.top
        y = stretch.bottom
    return "".join(pieces) + _down(top, y)


_STRAIGHT = 0.01


def _down(top: float, bottom: float) -> str:
    return f"V{_n(bottom)}" if _n(bottom) != _n(top) else ""


def _tip(last: Stretch) -> str:
    x, y = last.x, last.bottom
    return f"M{_n(x - 4)} {_n(y - 7)}l4 7 4-7z"


def _slashes(last: Stretch, band: float) -> str:
    """Two strokes across a line: nothing passes back here."""
    x, y = last.x, last.bottom - max(band / 2, 12.0) - 2
    strokes = "".join(f"M{_n(x - 6)} {_n(y + at + 3)}L{_n(x + 6)} {_n(y + at - 3)}" for at in (-2.5, 2.5))
    return f'<path class="slash" d="{strokes}"/>'


def _beside(drawing: Drawing, edge: GraphEdge, last: Stretch) -> Iterator[str]:
    texts = drawing.beside[edge.key]
    top = last.bottom - drawing.sizes[edge.target].band
    for number, text in enumerate(texts):
        y = top + (number + 1) * UNIT.small_line - 3
        yield f'<text class="{text.role}" x="{_n(last.x + UNIT.side)}" y="{_n(y)}">{_text(text.whole)}</text>'


def _told(edge: GraphEdge, drawing: Drawing) -> str:
    """What pointing at an edge says in full."""
    if edge.cut:
        why = {"untracked": "this value is not tracked", "detached": "this operation passes nothing back"}[edge.cut]
        return f"<title>no gradient passes: {why}</title>"
    uses = f" ({edge.uses} uses)" if edge.uses > 1 else ""
    said = "; ".join(f"{text.role} {text.whole}" for text in drawing.beside[edge.key])
    rule = f"; {visible(edge.rule)}" if edge.rule else ""
    return f"<title>{_text(said + rule + uses)}</title>"


def _nodes(drawing: Drawing) -> Iterator[str]:
    for node in drawing.graph.nodes:
        for x, y in drawing.layout.nodes[node.key]:
            yield _node(drawing, node, x, y)
        for x, y in drawing.layout.again.get(node.members[-1], ()):
            yield _name(drawing, node, x, y)


def _node(drawing: Drawing, node: GraphNode, x: float, y: float) -> str:
    size = drawing.sizes[node.key]
    top = y + size.band
    step = drawing.scale.step(magnitude(node.gradient)) if node.tracked else "untracked"
    members = f' data-members="{" ".join(map(str, node.members))}"' if node.kind == "folded" else ""
    classes = f"node {node.kind} s-{step}" + " result" * node.result
    height = _n(size.height - size.band)
    rect = f'class="box" x="{_n(x)}" y="{_n(top)}" width="{_n(size.box)}" height="{height}" rx="{_CORNERS[node.kind]}"'
    inner = "".join(_inner(drawing, node, x, top))
    title = f"{visible(node.title)} = {visible(node.formula)}" if node.formula else visible(node.title)
    said = f"<title>{_text(title + ' (the result)' * node.result)}</title>"
    behind = (_behind(x, top, size) if node.kind == "folded" else "") + _ring(x, top, size) * node.result
    return f'<g class="{classes}" data-node="{node.key}"{members}>{said}{behind}<rect {rect}/>{inner}</g>'


def _name(drawing: Drawing, node: GraphNode, x: float, y: float) -> str:
    """A value's name, drawn again near a user far away from it."""
    text = drawing.names[node.members[-1]]
    width = cell_width(text) * UNIT.letter + UNIT.pad
    rect = f'x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(UNIT.line + UNIT.rim)}" rx="12"'
    label = f'<text class="formula" x="{_n(x + width / 2)}" y="{_n(y + UNIT.line - 1)}">{_text(text)}</text>'
    return f'<g class="node again" data-node="{node.key}"><rect class="box" {rect}/>{label}</g>'


_CORNERS = {"input": 14, "constant": 14, "operation": 5, "folded": 5}


def _behind(x: float, top: float, size: Size) -> str:
    """A second border behind a folded node: there is more under it."""
    height = _n(size.height - size.band)
    return f'<rect class="box" x="{_n(x + 5)}" y="{_n(top + 5)}" width="{_n(size.box)}" height="{height}" rx="5"/>'


def _ring(x: float, top: float, size: Size) -> str:
    """A second border around the result."""
    width, height = _n(size.box + 10), _n(size.height - size.band + 10)
    return f'<rect class="ring" x="{_n(x - 5)}" y="{_n(top - 5)}" width="{width}" height="{height}" rx="9"/>'


def _inner(drawing: Drawing, node: GraphNode, x: float, top: float) -> Iterator[str]:
    size = drawing.sizes[node.key]
    for number, text in enumerate(drawing.inner[node.key]):
        y = _n(top + UNIT.rim + (number + 1) * UNIT.line - 5)
        if text.role == "formula":
            yield f'<text class="formula" x="{_n(x + size.box / 2)}" y="{y}">{_text(text.text)}</text>'
        else:
            indent = (len(text.whole) - len(text.whole.lstrip())) * UNIT.letter  # not every reader keeps spaces
            at = _n(x + UNIT.pad + indent)
            yield f'<text class="{text.role}" x="{at}" y="{y}">{_text(text.whole.lstrip())}</text>'


def _n(number: float) -> str:
    """A coordinate: a tenth of a pixel is fine enough."""
    return f"{number + 0.0:.1f}".removesuffix(".0")


def _text(text: str) -> str:
    """Text as XML has it."""
    return escape(visible(text), quote=False).translate(_FORBIDDEN).replace(" ", "\u00a0")


def _attribute(text: str) -> str:
    return escape(visible(text)).translate(_FORBIDDEN)


_FORBIDDEN = {0xFFFE: "\ufffd", 0xFFFF: "\ufffd"}
