"""The graph of a run as a picture shows it: nodes, edges, boxes around calls and loop turns, some of them folded.

Holds what is drawn and what is written at it, as plain records. Must not know where anything is put, nor a format.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_explain.core.formula import written
from autograd_explain.core.shapes import Shape
from autograd_explain.core.var import CONSTANT, INPUT, Var
from autograd_explain.errors import InputError
from autograd_explain.render.folding import Folding, folding
from autograd_explain.render.numbers import style_of
from autograd_explain.render.theme import View

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

LABELS = ("value", "gradient", "local", "contribution", "formula", "shape")
MOST_DRAWN = 4_000


@dataclass(frozen=True, slots=True)
class GraphNode:
    """A value, or a folded stretch of them. `key` names it in every picture: `12`, or `s7` for scope 7 folded.

    `title` is the value's label or what was folded; `formula` how it was made ("" for what was given).
    """

    key: str
    kind: str  # input, constant, operation, folded
    title: str
    formula: str
    value: Any
    gradient: Any
    shape: Shape
    tracked: bool
    result: bool
    scope: int | None
    members: tuple[int, ...]
    shown: int
    """The place on the tape of the value whose number and gradient are shown."""

    @property
    def value_id(self) -> int | None:
        """The place on the tape of the one value that is shown; None for a folded stretch."""
        return None if self.kind == "folded" else self.members[0]


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """One use of a value: from where it is made to where it is used, as which argument.

    `cut` says why no gradient passes: the value is untracked, or the operation detaches. Uses by a folded
    stretch are one edge: `uses` counts them, `contribution` is their sum, `local` None. `rule` stands for `local`
    where an operation as a whole is no product entry by entry.
    """

    key: str
    value_id: int
    source: str
    target: str
    position: int
    local: Any
    contribution: Any
    cut: str
    rule: str = ""
    uses: int = 1


@dataclass(frozen=True, slots=True)
class GraphBox:
    """A call or a loop turn that is drawn as a box around its nodes."""

    scope: int
    parent: int | None
    title: str


@dataclass(frozen=True, slots=True)
class Graph:
    """Everything a picture shows. `home` says which node shows a value; values inside formulas alone have none."""

    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]
    boxes: tuple[GraphBox, ...]
    home: dict[int, str]
    labels: frozenset[str]


def picture_graph(run: Explanation, view: View) -> Graph:
    """The run's graph, with the calls and loops folded that `view.fold` names.

    Raises InputError for a name in `view.fold` or `view.labels` that is none.
    """
    labels = chosen_labels(view)
    fold = folding(run.scopes, view.fold)
    drawn, places = _placed(run, fold)
    home = {index: key for index, (key, _) in places.items()}
    nodes = tuple(_nodes(run, drawn, places, fold, view))
    edges = tuple(_merged(_edges(run, home, view)))
    used = {node.scope for node in nodes}
    return Graph(nodes, edges, _boxes(run, used, fold), home, labels)


def chosen_labels(view: View) -> frozenset[str]:
    """What is written at nodes and edges; raises InputError for a word that is none of `LABELS`."""
    if not view.labels.strip():
        return frozenset(LABELS)
    words = [word.strip() for word in view.labels.split(",")]
    for word in words:
        if word not in LABELS and word != "none":
            from autograd_explain.lang.names import suggestion

            raise InputError(f"--labels: there is no label '{word}'", hint=suggestion(word, LABELS, offer="labels"))
    return frozenset(words) - {"none"}


def drawn_count(run: Explanation, view: View) -> int:
    """How many nodes the run's graph has, told without making it. Raises InputError as `picture_graph` does."""
    chosen_labels(view)
    _, places = _placed(run, folding(run.scopes, view.fold))
    return len({key for key, _ in places.values()})


def refuse_large(run: Explanation, view: View) -> None:
    """Raise InputError where nobody could read a picture of the graph."""
    count = drawn_count(run, view)
    if count > MOST_DRAWN:
        hint = "--fold draws calls and loops as one node each; " * (bool(run.scopes) and not view.fold)
        raise InputError(
            f"a picture of {count:,} values cannot be drawn: {MOST_DRAWN:,} is the most",
            hint=f"{hint}--format json has every value",
        )


def nested(graph: Graph) -> Iterator[tuple[int, GraphNode | GraphBox | None]]:
    """Nodes and boxes as they stand in one another: how deep, and a node, a box that begins, or None where one ends."""
    nodes: dict[int | None, list[GraphNode]] = {}
    boxes: dict[int | None, list[GraphBox]] = {}
    for node in graph.nodes:
        nodes.setdefault(node.scope, []).append(node)
    for box in graph.boxes:
        boxes.setdefault(box.parent, []).append(box)
    yield from ((1, node) for node in nodes.get(None, ()))
    waiting: list[tuple[int, GraphBox | None]] = [(1, box) for box in reversed(boxes.get(None, []))]
    while waiting:
        deep, opened = waiting.pop()
        yield deep, opened
        if opened is not None:
            yield from ((deep + 1, node) for node in nodes.get(opened.scope, ()))
            waiting.append((deep, None))
            waiting.extend((deep + 1, box) for box in reversed(boxes.get(opened.scope, [])))


def _placed(run: Explanation, fold: Folding) -> tuple[list[Var], dict[int, _Place]]:
    """The values that are drawn, and where each is: in which node and which box."""
    drawn = [node for node in run.tape.nodes if node.inputs or _stands_alone(run, node)]
    places = {node.index: _place(run, node, fold) for node in drawn}
    _settle_constants(run, drawn, places, fold)
    return drawn, places


def _stands_alone(run: Explanation, node: Var) -> bool:
    """Whether a leaf is drawn: an input, or a constant that the program gave a name; others stand in formulas."""
    if node.op is INPUT or node is run.result:
        return True
    label = run.words.labels[node.index]
    return node.op is CONSTANT and (node.index in run.tape.names or label.isidentifier()) and label not in _KNOWN


_KNOWN = frozenset({"", "pi", "π", "e"})
_Place = tuple[str, int | None]  # the key of the node that shows a value, and the box around it


def _place(run: Explanation, node: Var, fold: Folding) -> _Place:
    scope = run.scope_of(node)
    folded = fold.into.get(scope) if scope is not None else None
    if folded is None or not node.inputs:
        return str(node.index), scope if node.inputs else None
    return f"s{folded}", run.scopes[folded].parent


def _settle_constants(run: Explanation, drawn: list[Var], places: dict[int, _Place], fold: Folding) -> None:
    """Put each named constant in the innermost box around all of its uses; into the fold, where they all are."""
    around: dict[int, list[int]] = {}
    inside: dict[int, set[str]] = {}
    for node in drawn:
        key, scope = places[node.index]
        for argument in node.inputs:
            if argument.op is CONSTANT and argument.index in places:
                chain = _chain(run, scope)
                known = around.get(argument.index, chain)
                around[argument.index] = [a for a, b in zip(known, chain, strict=False) if a == b]
                inside.setdefault(argument.index, set()).add(key)
    for index, chain in around.items():
        keys = inside[index]
        only = next(iter(keys)) if len(keys) == 1 else ""
        key = only if only.startswith("s") else str(index)
        places[index] = key, chain[-1] if chain else None


def _chain(run: Explanation, scope: int | None) -> list[int]:
    """The boxes around a place, outermost first."""
    chain: list[int] = []
    while scope is not None:
        chain.append(scope)
        scope = run.scopes[scope].parent
    return chain[::-1]


def _nodes(
    run: Explanation, drawn: list[Var], places: dict[int, _Place], fold: Folding, view: View
) -> Iterator[GraphNode]:
    members: dict[str, list[Var]] = {}
    leaving: set[int] = set()
    for node in drawn:
        key = places[node.index][0]
        members.setdefault(key, []).append(node)
        leaving.update(a.index for a in node.inputs if a.index in places and places[a.index][0] != key)
    for key, nodes in members.items():
        scope = places[nodes[-1].index][1]
        if key.startswith("s"):
            yield _folded(run, key, nodes, scope, fold.titles[int(key[1:])], leaving)
        else:
            yield _single(run, key, nodes[0], scope, view)


def _single(run: Explanation, key: str, node: Var, scope: int | None, view: View) -> GraphNode:
    record = run.node(node)
    formula = written(record.formula, style_of(view)).text if node.inputs else ""
    kind = "operation" if node.inputs else record.op
    return GraphNode(
        key, kind, record.label, formula, node.value, record.gradient, node.shape, node.tracked,
        node is run.result, scope, (node.index,), node.index,
    )  # fmt: skip


def _folded(
    run: Explanation, key: str, nodes: list[Var], scope: int | None, title: str, leaving: set[int]
) -> GraphNode:
    """A folded stretch shows the last value that leaves it: for a call, what it returned."""
    shown = next((n for n in reversed(nodes) if n is run.result or n.index in leaving), nodes[-1])
    operations = sum(1 for node in nodes if node.inputs)
    formula = f"{run.words.label(shown)}: {operations} operation{'s' * (operations != 1)}"
    return GraphNode(
        key, "folded", title, formula, shown.value, run.node(shown).gradient, shown.shape,
        any(n.tracked for n in nodes), any(n is run.result for n in nodes), scope, tuple(node.index for node in nodes),
        shown.index,
    )  # fmt: skip


def _edges(run: Explanation, home: dict[int, str], view: View) -> Iterator[GraphEdge]:
    """Every use of a drawn value, with what went back along it where the reverse sweep came by."""
    parts = {(step.node.index, part.position): part for step in run.walk() for part in step.parts}
    tells = run.mode != "forward"
    for node in run.operations:
        for position, argument in enumerate(node.inputs):
            if argument.index not in home or home[argument.index] == home[node.index]:
                continue
            part = parts.get((node.index, position))
            target = home[node.index]
            cut = "" if node.tracked and argument.tracked else "detached" if argument.tracked else "untracked"
            rule = ""
            if part and part.local is None and not target.startswith("s"):
                form = run.words.rule(node, position, run.sweep.gradients[node.index], None)
                rule = written(form, style_of(view)).text
            yield GraphEdge(
                f"{argument.index}-{target}-{position}", argument.index, home[argument.index], target, position,
                part.local if part else None, part.contribution if part and tells else None, cut, rule,
            )  # fmt: skip


def _merged(edges: Iterable[GraphEdge]) -> Iterator[GraphEdge]:
    """Each edge once: what a folded stretch uses several times is added up, its uses numbered in order."""
    whole: dict[tuple[int, str], list[GraphEdge]] = {}
    for edge in edges:
        folded = edge.target.startswith("s")
        whole.setdefault((edge.value_id, edge.target if folded else edge.key), []).append(edge)
    arrived: dict[str, int] = {}
    for same in whole.values():
        first = same[0]
        if not first.target.startswith("s"):
            yield first
            continue
        position = arrived[first.target] = arrived.get(first.target, -1) + 1
        shares = [edge.contribution for edge in same if edge.contribution is not None]
        with np.errstate(all="ignore"):
            total = sum(shares[1:], shares[0]) if shares else None
        cut = "" if any(not edge.cut for edge in same) else first.cut
        key = f"{first.value_id}-{first.target}-{position}"
        yield GraphEdge(key, first.value_id, first.source, first.target, position, None, total, cut, "", len(same))


def _boxes(run: Explanation, used: set[int | None], fold: Folding) -> tuple[GraphBox, ...]:
    """The boxes around the nodes, outer ones first."""
    needed = {scope for start in used for scope in _chain(run, start)}
    return tuple(GraphBox(scope, run.scopes[scope].parent, fold.titles.get(scope, "")) for scope in sorted(needed))
