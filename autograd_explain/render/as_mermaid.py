"""The graph as Mermaid text, which code hosts draw: calls and loop turns as subgraphs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO

from autograd_explain.render.graph import Graph, GraphBox, GraphEdge, GraphNode, nested, picture_graph
from autograd_explain.render.graph_scale import BROKEN, Scale, magnitude
from autograd_explain.render.graph_texts import edge_texts, node_texts, plain
from autograd_explain.render.svg_style import LIGHT
from autograd_explain.render.theme import View

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

_BRACKETS = {"input": ("([", "])"), "constant": ("([", "])"), "operation": ("[", "]"), "folded": ("[[", "]]")}
_WIDTHS = ("1px", "1.5px", "2px", "3px", "4px")


def write(run: Explanation, view: View, out: TextIO) -> None:
    """Write the graph as Mermaid text."""
    out.write(mermaid_text(run, view))


def mermaid_text(run: Explanation, view: View) -> str:
    """The whole text, without a fence. Raises InputError for unknown names in `view.fold` and `view.labels`."""
    graph = picture_graph(run, view)
    scale = Scale.of(magnitude(node.gradient) for node in graph.nodes)
    steps = {node.key: scale.step(magnitude(node.gradient)) if node.tracked else "untracked" for node in graph.nodes}
    lines = ["flowchart TD", *_boxed(graph, view), *(_edge(edge, graph, view) for edge in graph.edges)]
    return "\n".join([*lines, *_classes(steps)]) + "\n"


def _boxed(graph: Graph, view: View) -> Iterator[str]:
    """The nodes, each within the boxes around it."""
    for deep, item in nested(graph):
        pad = "  " * deep
        if item is None:
            yield f"{pad}end"
        elif isinstance(item, GraphBox):
            yield f"{pad}subgraph box{item.scope}[{_quoted([plain(item.title, view)])}]"
        else:
            yield pad + _node(item, graph, view)


def _node(node: GraphNode, graph: Graph, view: View) -> str:
    left, right = _BRACKETS[node.kind]
    texts = [text.whole for text in node_texts(node, graph, view, tables=False)]
    return f"n{node.key}{left}{_quoted(texts + ['(result)'] * node.result)}{right}"


def _edge(edge: GraphEdge, graph: Graph, view: View) -> str:
    texts = [text.whole for text in edge_texts(edge, graph, view)]
    label = f"|{_quoted(texts)}|" if texts else ""
    return f"  n{edge.source} {'-.-x' if edge.cut else '-->'}{label} n{edge.target}"


def _quoted(lines: list[str]) -> str:
    """Lines as a quoted label: what Mermaid, its Markdown or HTML would read as markup goes by number."""
    return '"' + "<br/>".join(line.translate(_ESCAPES) for line in lines) + '"'


_ESCAPES = str.maketrans({character: f"#{ord(character)};" for character in '"#&<>\\`*_~;$@{}'})


def _classes(steps: dict[str, str]) -> Iterator[str]:
    """How nodes look by the size of their gradient: colours with their text's, so that dark pages read as well."""
    looks = {
        "untracked": f"fill:{LIGHT.ground},color:{LIGHT.ink},stroke:{LIGHT.soft},stroke-dasharray:5 4",
        "zero": f"fill:{LIGHT.ground},color:{LIGHT.ink},stroke:{LIGHT.ink},stroke-dasharray:2 3",
        "none": f"fill:{LIGHT.ground},color:{LIGHT.ink},stroke:{LIGHT.ink}",
        BROKEN: f"fill:{LIGHT.broken[0]},color:{LIGHT.broken[1]},stroke:{LIGHT.broken[1]},stroke-width:3px",
    }
    for number, (fill, ink) in enumerate(LIGHT.steps, 1):
        looks[str(number)] = f"fill:{fill},color:{ink},stroke:{LIGHT.ink},stroke-width:{_WIDTHS[number - 1]}"
    for step in sorted(set(steps.values())):
        keys = ",".join(f"n{key}" for key, own in steps.items() if own == step)
        yield f"  classDef size{step} {looks[step]}"
        yield f"  class {keys} size{step}"
