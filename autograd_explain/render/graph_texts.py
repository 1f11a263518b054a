"""What is written at the nodes and edges of a picture, and how much room it takes: the same for every drawn format.

`=` is a value, `∂` the gradient of the result by it, `×` a local derivative, `↑` what one use passes back.
Must not know colours, pixels or characters of lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd_explain.core.shapes import show_shape
from autograd_explain.render.arithmetic import inline, is_inline
from autograd_explain.render.graph import Graph, GraphEdge, GraphNode
from autograd_explain.render.graph_parts import Frame, Link, Size
from autograd_explain.render.numbers import array_lines, show
from autograd_explain.render.theme import Line, View
from autograd_explain.source import cell_width, visible

LONGEST_FORMULA = 40
LONGEST_RULE = 22
_LARGEST_TABLE = 4
_TABLE_DIGITS = 4


class Text(NamedTuple):
    """One line at a node or an edge: what kind of thing it says, its mark, the rest."""

    role: str  # formula, shape, value, gradient, local, contribution
    mark: str
    text: str

    @property
    def whole(self) -> str:
        """The line as it is written."""
        return f"{self.mark}{self.text}"


def plain(text: str, view: View) -> str:
    """User text as one safe line, in ASCII where the view is."""
    return Line(" ".join(visible(text, keep="\n").split())).render(View(ascii=view.ascii))


def clipped(text: str, longest: int) -> str:
    """The text, cut with … where it is longer."""
    return text if cell_width(text) <= longest else text[: longest - 1].rstrip() + "…"


def node_texts(node: GraphNode, graph: Graph, view: View, *, tables: bool) -> list[Text]:
    """The lines of a node, from above; `tables` writes small matrices out."""
    said = [Text("formula", "", text) for text in _heads(node, graph, view)]
    if "shape" in graph.labels and node.shape and not _has_rows(node.value, tables=tables):
        said[-1] = said[-1]._replace(text=f"{said[-1].text} {show_shape(node.shape)}")
    if "value" in graph.labels:
        said += _numbers("value", "= ", node.value, view, tables=tables)
    if "gradient" in graph.labels and node.gradient is not None:
        said += _numbers("gradient", "∂ ", node.gradient, view, tables=tables)
    return [text._replace(mark=plain_mark(text.mark, view)) for text in said]


def plain_mark(mark: str, view: View) -> str:
    """A mark in the view's characters."""
    return mark.translate(_ASCII_MARKS) if view.ascii else mark


_ASCII_MARKS = str.maketrans({"∂": "d", "×": "*", "↑": "^", "╳": "x"})


def _heads(node: GraphNode, graph: Graph, view: View) -> list[str]:
    title = clipped(plain(node.title, view), LONGEST_FORMULA)
    if "formula" not in graph.labels or not node.formula:
        return [title]
    formula = plain(node.formula, view)
    if node.kind == "folded":
        return [title, clipped(formula, LONGEST_FORMULA)]
    return [clipped(f"{title} = {formula}", LONGEST_FORMULA)]


def _has_rows(value: Any, *, tables: bool) -> bool:
    return tables and not is_inline(value) and value.ndim == 2 and 0 < max(value.shape) <= _LARGEST_TABLE


def _numbers(role: str, mark: str, value: Any, view: View, *, tables: bool) -> list[Text]:
    """A number, a short vector, a small matrix in rows, or the range of an array."""
    if not _has_rows(value, tables=tables):
        return [Text(role, mark, amount(value, view))]
    digits = min(view.digits, _TABLE_DIGITS)
    few = View(digits=digits, ascii=view.ascii)
    rows = list(array_lines(value, few, 1000))
    return [Text(role, mark if not i else " " * len(mark), row) for i, row in enumerate(rows)]


def amount(value: Any, view: View) -> str:
    """A number, a short vector, or an array as the range of its entries (one number where all are the same)."""
    if type(value) is float:
        return show(value, view)
    if is_inline(value):
        return inline(value, View(digits=min(view.digits, _TABLE_DIGITS), ascii=view.ascii))
    if value.size == 0:
        return "[]"
    finite = value[np.isfinite(value)]
    if not finite.size:
        return show(float(value.flat[0]), view)
    few = View(digits=min(view.digits, _TABLE_DIGITS), ascii=view.ascii)
    low, high = show(float(finite.min()), few), show(float(finite.max()), few)
    said = low if low == high else f"{low} {'..' if view.ascii else '…'} {high}"
    return said if finite.size == value.size else f"{said}, {value.size - finite.size} not finite"


def edge_texts(edge: GraphEdge, graph: Graph, view: View, *, rules: bool = True) -> list[Text]:
    """The lines at an edge: its local derivative (or rule), and what comes back along it."""
    if edge.cut:
        return []
    said = []
    if "local" in graph.labels and edge.local is not None:
        said.append(Text("local", "×", amount(edge.local, view)))
    elif "local" in graph.labels and edge.rule and rules:
        said.append(Text("local", "", clipped(plain(edge.rule, view), LONGEST_RULE)))
    if "contribution" in graph.labels and edge.contribution is not None:
        said.append(Text("contribution", "↑ ", amount(edge.contribution, view)))
    return [text._replace(mark=plain_mark(text.mark, view)) for text in said]


class Metrics(NamedTuple):
    """How large things are in the units of a format."""

    letter: float  # width of a node's letter
    line: float  # height of a node's line
    small: float  # the same of what stands at edges
    small_line: float
    pad: float  # between a node's border and its text, left and right
    rim: float  # above and below
    side: float  # from an edge's line to its text
    port: float  # least distance of an edge's line from a node's corner
    stub: float  # length of an edge's end below its text


def width_of(texts: Sequence[Text]) -> int:
    """The cells that the widest line fills."""
    return max((cell_width(text.whole) for text in texts), default=0)


def size_of(node: GraphNode, inner: Sequence[Text], arriving: Sequence[Sequence[Text]], unit: Metrics) -> Size:
    """A node's size with its text and, above it, the texts of the edges that arrive, side by side."""
    box = width_of(inner) * unit.letter + 2 * unit.pad
    beside = [width_of(texts) * unit.small + unit.side for texts in arriving]
    count = len(arriving)
    steps = [max(room + unit.port, box / (count + 1)) for room in beside[:-1]]
    span = sum(steps)
    box = max(box, span + 2 * unit.port)
    enters = [(box - span) / 2]
    for step in steps:
        enters.append(enters[-1] + step)
    enters = enters[:count]
    width = max(box, enters[-1] + beside[-1]) if count else box
    lines = max((len(texts) for texts in arriving), default=0)
    band = lines * unit.small_line + unit.stub * (count > 0)
    height = band + len(inner) * unit.line + 2 * unit.rim
    return Size(width, height, tuple(enters), box, band, node.kind in {"input", "constant"})


def names_of(graph: Graph, unit: Metrics, view: View) -> tuple[dict[int, tuple[float, float]], dict[int, str]]:
    """The computed values' names, for where they are drawn again: sizes and texts."""
    texts = {node.members[-1]: clipped(plain(node.title, view), LONGEST_NAME) for node in graph.nodes}
    high = unit.line + unit.rim
    return {key: (cell_width(text) * unit.letter + unit.pad, high) for key, text in texts.items()}, texts


LONGEST_NAME = 24


def links_of(graph: Graph) -> list[Link]:
    """The graph's edges for the layout, those of a node numbered as they arrive."""
    arrived: dict[str, int] = {}
    links = []
    for edge in graph.edges:
        position = arrived[edge.target] = arrived.get(edge.target, -1) + 1
        links.append(Link(edge.key, edge.value_id, edge.source, edge.target, position))
    return links


def frames_of(graph: Graph, unit: Metrics, view: View) -> tuple[list[Frame], dict[int, str]]:
    """The graph's boxes for the layout, and their titles."""
    titles = {box.scope: clipped(plain(box.title, view), LONGEST_FORMULA) for box in graph.boxes}
    return [Frame(b.scope, b.parent, cell_width(titles[b.scope]) * unit.small) for b in graph.boxes], titles
