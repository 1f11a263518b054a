"""The graph as text for Graphviz (`dot -Tsvg`): calls and loop turns as clusters, sizes of gradients as colours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO

from autograd_explain.render.graph import Graph, GraphBox, GraphEdge, GraphNode, nested, picture_graph
from autograd_explain.render.graph_scale import Scale, magnitude
from autograd_explain.render.graph_texts import Text, edge_texts, node_texts, plain
from autograd_explain.render.svg_style import LIGHT
from autograd_explain.render.theme import View

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

_SHAPES = {"input": "box", "constant": "box", "operation": "box", "folded": "box3d"}
_WIDTHS = {"1": "1", "2": "1.5", "3": "2.1", "4": "2.8", "5": "3.6"}


def write(run: Explanation, view: View, out: TextIO) -> None:
    """Write the graph as DOT text."""
    out.write(dot_text(run, view))


def dot_text(run: Explanation, view: View) -> str:
    """The whole text. Raises InputError for unknown names in `view.fold` and `view.labels`."""
    graph = picture_graph(run, view)
    scale = Scale.of(magnitude(node.gradient) for node in graph.nodes)
    head = [
        "digraph {",
        f"  graph [newrank=true, {_EFFORT[len(graph.nodes) > _FEW]}, ordering=in, ranksep=0.5, nodesep=0.3];",
        '  graph [fontname="DejaVu Sans Mono, monospace", fontsize=10];',
        '  node [shape=box, fontname="DejaVu Sans Mono, monospace", fontsize=11];',
        '  edge [fontname="DejaVu Sans Mono, monospace", fontsize=9];',
    ]
    edges = (_edge(edge, graph, view) for edge in graph.edges)
    return "\n".join([*head, *_boxed(graph, scale, view), *edges, "}"]) + "\n"


# newrank: without it Graphviz gives up on calls within turns. Where curves would take it minutes, lines are straight.
_FEW = 100
_EFFORT = {False: "nslimit=3, nslimit1=3", True: "nslimit=3, nslimit1=3, splines=line"}


def _boxed(graph: Graph, scale: Scale, view: View) -> Iterator[str]:
    """The nodes of a box and the boxes in it, nested as they are."""
    for deep, item in nested(graph):
        pad = "  " * deep
        if item is None:
            yield f"{pad}}}"
        elif isinstance(item, GraphBox):
            yield f"{pad}subgraph cluster_{item.scope} {{"
            label = _quoted([plain(item.title, view)])
            yield f'{pad}  label={label}; style="rounded,dashed"; color="{LIGHT.soft}";'
        else:
            yield pad + _node(item, graph, scale, view)


def _node(node: GraphNode, graph: Graph, scale: Scale, view: View) -> str:
    label = _quoted([text.whole for text in node_texts(node, graph, view, tables=False)])
    step = scale.step(magnitude(node.gradient)) if node.tracked else "none"
    look = ["filled"] + ["rounded"] * (node.kind in {"input", "constant"}) + ["dashed"] * (not node.tracked)
    fields = [f"label={label}", f'style="{",".join(look)}"']
    fields += [f'fillcolor="{fill}", fontcolor="{ink}"' for fill, ink in [_colours(step)]]
    fields += [f"shape={_SHAPES[node.kind]}"] * (node.kind == "folded") + ["peripheries=2"] * node.result
    fields += [f"penwidth={_WIDTHS.get(step)}"] * (step in _WIDTHS)
    return f'"{node.key}" [{", ".join(fields)}];'


def _colours(step: str) -> tuple[str, str]:
    if step == "broken":
        return LIGHT.broken
    return LIGHT.steps[int(step) - 1] if step.isdigit() else (LIGHT.ground, LIGHT.ink)


def _edge(edge: GraphEdge, graph: Graph, view: View) -> str:
    fields = [f'id="{edge.key}"']
    if edge.cut:
        fields.append(f'style=dashed, arrowhead=empty, color="{LIGHT.soft}", tooltip="{edge.cut}"')
    texts: list[Text] = edge_texts(edge, graph, view)
    if texts:
        fields.append(f"label={_quoted([text.whole for text in texts])}")
    return f'  "{edge.source}" -> "{edge.target}" [{", ".join(fields)}];'


def _quoted(lines: list[str]) -> str:
    """Lines as a DOT string: its escapes, and the entities that Graphviz would read, stay text."""
    return '"' + "\\n".join(line.translate(_ESCAPES) for line in lines) + '"'


_ESCAPES = str.maketrans({'"': '\\"', "\\": "\\\\", "&": "&amp;", "<": "&lt;", ">": "&gt;"})
