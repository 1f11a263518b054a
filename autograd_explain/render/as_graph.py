"""The graph in the terminal: boxes with values and gradients, lines with local derivatives, within the width.

`Sketch` is laid out once and drawn as often as wanted: with nodes and edges lit, values still unknown, gradients so
far. Must not know who steps.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from autograd_explain.core.shapes import shape_of, show_shape
from autograd_explain.errors import InputError
from autograd_explain.render.graph import Graph, GraphNode, picture_graph, refuse_large
from autograd_explain.render.graph_canvas import Canvas
from autograd_explain.render.graph_channels import gap
from autograd_explain.render.graph_layout import lay_out
from autograd_explain.render.graph_parts import Layout, Size, Spacing, Stretch
from autograd_explain.render.graph_texts import (
    Metrics,
    Text,
    amount,
    clipped,
    edge_texts,
    frames_of,
    links_of,
    names_of,
    node_texts,
    plain_mark,
    size_of,
)  # fmt: skip
from autograd_explain.render.theme import Line, View, wrapped
from autograd_explain.source import cell_width

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

UNIT = Metrics(letter=1, line=1, small=1, small_line=1, pad=2, rim=1, side=2, port=2, stub=0)
USUAL = "value,gradient,local,formula,shape"
_MANY = 150  # nodes; more are not laid out again with matrices written out or in many widths
_STYLES = {"formula": "head", "gradient": "accent"}


class Place(NamedTuple):
    """Where a node's box stands: its upper left cell and its size."""

    row: int
    column: int
    height: int
    width: int


def write(run: Explanation, view: View, out: TextIO) -> None:
    """Write the picture."""
    out.writelines(line.render(view) + "\n" for line in graph_lines(run, view))


def graph_lines(
    run: Explanation, view: View, *, lit: Collection[int | str] = (), values: Collection[int] | None = None,
    gradients: Mapping[int, Any] | None = None,
) -> list[Line]:  # fmt: skip
    """The picture's lines; see `Sketch.lines`. Raises InputError where it cannot be drawn in the view's width."""
    return Sketch.of(run, view).lines(lit=lit, values=values, gradients=gradients)


@dataclass(frozen=True, slots=True)
class Sketch:
    """A picture laid out in cells."""

    graph: Graph
    layout: Layout
    sizes: dict[str, Size]
    inner: dict[str, list[Text]]
    beside: dict[str, list[Text]]
    titles: dict[int, str]
    names: dict[int, str]
    view: View
    left_out: str = ""

    @classmethod
    def of(cls, run: Explanation, view: View) -> Sketch:
        """The fullest picture that fits the width: without matrices, with shorter rows, or folded where it must be.

        Raises InputError where none fits, where there is too much to draw, and for unknown names in the view.
        """
        chosen = view if view.labels.strip() else replace(view, labels=USUAL)
        narrowest = math.inf
        for trial, tables, widest in _attempts(run, chosen):
            sketch = _sketched(run, trial, tables=tables, widest=widest)
            if sketch.width <= view.width:
                return replace(sketch, left_out=_left_out(chosen, trial))
            narrowest = min(narrowest, sketch.width)
        raise InputError(
            f"the graph needs {int(narrowest)} columns, and there are {view.width}",
            hint="-o graph.svg draws it as a picture; --labels value writes less",
        )

    @property
    def width(self) -> int:
        """How many columns the picture fills."""
        return math.ceil(self.layout.width)

    @property
    def height(self) -> int:
        """How many lines there are."""
        return math.ceil(self.layout.height) + len(_legend(self.graph, self.view, self.left_out))

    def place(self, key: int | str) -> Place | None:
        """Where the node of a key or of a value's number stands; None where it is not drawn."""
        home = self._key(key)
        places = self.layout.nodes.get(home)
        if not places:
            return None
        size = self.sizes[home]
        x, y = places[0]
        return Place(int(y + size.band), int(x), int(size.height - size.band), int(size.box))

    def _key(self, key: int | str) -> str:
        if isinstance(key, int) or key.isdigit():
            return self.graph.home.get(int(key), str(key))
        return key

    def lines(
        self, *, lit: Collection[int | str] = (), values: Collection[int] | None = None,
        gradients: Mapping[int, Any] | None = None,
    ) -> list[Line]:  # fmt: skip
        """The picture's lines. `lit` are keys of nodes and edges to stand out.

        `values` are the numbers of the values already known (None: all); `gradients` the totals so far by value
        (None: the final ones). What is not known is a `?`.
        """
        keys = {self._key(key) for key in lit}
        canvas = Canvas(self.width, math.ceil(self.layout.height), ascii_only=self.view.ascii)
        for scope, area in self.layout.frames.items():
            canvas.box(int(area.y), int(area.x), int(area.width), int(area.height), "frame", "dim", empty=False)
            canvas.text(int(area.y), int(area.title), self.titles[scope], "dim")
        self._draw_edges(canvas, keys)
        canvas.draw_lines()
        for node in self.graph.nodes:
            self._draw_node(canvas, node, keys, values, gradients)
            for x, y in self.layout.again.get(node.members[-1], ()):
                canvas.text(int(y), int(x), f"({self.names[node.members[-1]]})", "accent" if node.key in keys else "")
        self._draw_ends(canvas, keys)
        return [*canvas.lines(), *_legend(self.graph, self.view, self.left_out)]

    def _draw_edges(self, canvas: Canvas, lit: set[str]) -> None:
        for edge in self.graph.edges:
            pen = "lit" if edge.key in lit else "cut" if edge.cut else ""
            canvas.line(edge.value_id, list(_points(self.layout.lines[edge.key])), pen)

    def _draw_ends(self, canvas: Canvas, lit: set[str]) -> None:
        """Where edges arrive and leave, and what is written beside them."""
        exits = self._bottoms()
        for edge in self.graph.edges:
            line = self.layout.lines[edge.key]
            style = "accent" if edge.key in lit else "dim"
            tip = ("v" if self.view.ascii else "▼") if not edge.cut else ("x" if self.view.ascii else "╳")
            if line[0].top in exits[edge.source]:
                shown = edge.source in lit
                way_out = "+" if self.view.ascii else "┯" if shown else "┬"
                canvas.text(int(line[0].top) - 1, int(line[0].x), way_out, "accent" if shown else "")
            top = int(line[-1].bottom - self.sizes[edge.target].band)
            for number, text in enumerate(self.beside[edge.key]):
                canvas.text(top + number, int(line[-1].x) + _SIDE, text.whole, style)
            canvas.text(int(line[-1].bottom), int(line[-1].x), tip, style if edge.key in lit else "")

    def _bottoms(self) -> dict[str, set[float]]:
        """The rows under the boxes of each node, where its lines leave."""
        return {key: {y + self.sizes[key].height for _, y in places} for key, places in self.layout.nodes.items()}

    def _draw_node(
        self, canvas: Canvas, node: GraphNode, lit: set[str], values: Collection[int] | None,
        gradients: Mapping[int, Any] | None,
    ) -> None:  # fmt: skip
        size = self.sizes[node.key]
        shown = node.key in lit
        kind = "lit" if shown else "result" if node.result else _KINDS.get(node.kind, "")
        kind = "untracked" if kind in {"", "leaf"} and not node.tracked else kind
        for x, y in self.layout.nodes[node.key]:
            row, column, width = int(y + size.band), int(x), int(size.box)
            style = "accent" if shown else ""
            canvas.box(row, column, width, int(size.height - size.band), kind, style, empty=True)
            for number, text in enumerate(self._known(node, values, gradients, width - 4), 1):
                said = clipped(text.whole, width - 4)
                canvas.text(row + number, column + 2, said, "accent" if shown else _STYLES.get(text.role, ""))

    def _known(
        self, node: GraphNode, values: Collection[int] | None, gradients: Mapping[int, Any] | None, room: int
    ) -> Iterator[Text]:
        """A node's texts as far as they are known."""
        unknown = values is not None and node.shown not in values
        for text in self.inner[node.key]:
            if text.role == "value" and unknown:
                yield Text("value", "= " if text.mark.strip() else "", "?" if text.mark.strip() else "")
            elif text.role == "gradient" and gradients is not None and node.gradient is not None:
                yield self._so_far(text, node, gradients, room)
            else:
                yield text

    def _so_far(self, text: Text, node: GraphNode, gradients: Mapping[int, Any], room: int) -> Text:
        """The total so far in so few digits that it fits, as a shape where none do."""
        number = node.shown
        if not text.mark.strip():
            return text if number in gradients and gradients[number] is node.gradient else Text("gradient", "", "")
        if number in gradients and gradients[number] is node.gradient:
            return text
        mark = plain_mark("∂ ", self.view)
        if number not in gradients:
            return Text("gradient", mark, "?")
        total, room = gradients[number], room - cell_width(mark)
        trials = (amount(total, replace(self.view, digits=digits)) for digits in range(self.view.digits, 0, -1))
        shorter = next((said for said in trials if cell_width(said) <= room), None)
        return Text("gradient", mark, show_shape(shape_of(total)) if shorter is None else shorter)


_SIDE = 2
_KINDS = {"input": "leaf", "constant": "leaf"}


def _attempts(run: Explanation, view: View) -> Iterator[tuple[View, bool, float]]:
    """Ever smaller pictures: view, whether with matrices written out, and how wide a row may be."""
    count = len(run.operations)
    shares = _SHARES if count <= _MANY else _SHARES[1::2]
    looks = [view]
    if run.scopes and not view.fold:
        looks.append(replace(view, fold="all"))
    looks.append(replace(looks[-1], digits=min(view.digits, _FEW_DIGITS)))
    if view.labels == USUAL:
        looks += [replace(looks[-1], labels=labels) for labels in _LESS]
    for look in looks:
        for tables in (True, False) if count <= _MANY and look is view else (False,):
            yield from ((look, tables, view.width * share) for share in shares)


_SHARES = (1.0, 0.7, 0.45, 0.01)
_REACHES = {0.01: 2, 0.45: 8}
_FAR = 24
_FEW_DIGITS = 3
_LESS = ("value,gradient,formula,shape", "value,gradient,formula", "value,gradient", "gradient")


def _sketched(run: Explanation, view: View, *, tables: bool, widest: float) -> Sketch:
    refuse_large(run, view)
    graph = picture_graph(run, view)
    inner = {node.key: node_texts(node, graph, view, tables=tables) for node in graph.nodes}
    beside = {edge.key: edge_texts(edge, graph, view, rules=False) for edge in graph.edges}
    arriving: dict[str, list[list[Text]]] = {node.key: [] for node in graph.nodes}
    for edge in graph.edges:
        arriving[edge.target].append(beside[edge.key])
    sizes = {n.key: _in_cells(size_of(n, inner[n.key], arriving[n.key], UNIT)) for n in graph.nodes}
    frames, titles = frames_of(graph, UNIT, view)
    inside = {node.key: node.scope for node in graph.nodes}
    far = next((reach for share, reach in _REACHES.items() if widest <= share * view.width), _FAR)
    spacing = Spacing(
        3.0, 1.0, 2.0, 1.0, 1.0, gap, thick=1.0, whole=True, widest=widest, room=float(view.width), far=far
    )
    room, names = names_of(graph, UNIT, view)
    room = {key: (width, 1.0) for key, (width, _) in room.items()}
    layout = lay_out(sizes, links_of(graph), inside, frames, spacing, room)
    return Sketch(graph, layout, sizes, inner, beside, titles, names, view)


def _in_cells(size: Size) -> Size:
    enters = tuple(float(math.floor(at)) for at in size.enters)
    return size._replace(width=float(math.ceil(size.width)), box=float(math.ceil(size.box)), enters=enters)


def _points(line: Sequence[Stretch]) -> Iterator[tuple[int, int]]:
    """A line's corners (row, column): down each stretch, over to the next one where that turns."""
    first, *rest = line
    yield int(first.top) - 1, int(first.x)
    x = int(first.x)
    for stretch in rest:
        if int(stretch.x) != x:
            yield int(stretch.turn), x
            yield int(stretch.turn), int(stretch.x)
        x = int(stretch.x)
    yield int(line[-1].bottom), x


def _left_out(asked: View, drawn: View) -> str:
    """What was done without being asked for, so that the picture fits."""
    folded = "calls and loops folded" if drawn.fold != asked.fold else ""
    fewer = "fewer labels" if drawn.labels != asked.labels else ""
    return " and ".join(filter(None, [folded, fewer]))


def _legend(graph: Graph, view: View, left_out: str) -> list[Line]:
    said = [text for role, text in _MARKS if role in graph.labels]
    if any(edge.cut for edge in graph.edges):
        said.append("╳ no gradient passes")
    lines = list(wrapped_items(said, view.width - 2))
    if left_out:
        lines += wrapped(f"{left_out} to fit {view.width} columns; -o graph.svg shows everything", view.width - 2)
    return [Line(), *(Line("  ").add(plain_mark(line, view), "dim") for line in lines)]


def wrapped_items(items: Sequence[str], width: int) -> Iterator[str]:
    """Items with gaps between, in lines that are no wider."""
    line = ""
    for item in items:
        if line and cell_width(line) + 2 + cell_width(item) > width:
            yield line
            line = item
        else:
            line = f"{line}  {item}" if line else item
    if line:
        yield line


_MARKS = (
    ("value", "= value"), ("gradient", "∂ gradient"), ("local", "× local derivative"),
    ("contribution", "↑ passed back"),
)  # fmt: skip
