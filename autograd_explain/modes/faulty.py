"""A plain reverse sweep whose rules can be broken one at a time: clarity before speed.

The walk is the textbook's, with three hooks: how one edge's contribution is made, how contributions add up, and
in what order values are passed on. Which rule to break, and why somebody might, is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from autograd_explain.core.op import Rule, compute
from autograd_explain.core.shapes import as_value, shape_of, sum_to, zeros_of
from autograd_explain.core.var import Var
from autograd_explain.modes.records import Part, Step, Sweep
from autograd_explain.modes.reverse import local_derivative


class Edge(NamedTuple):
    """One use of a value, about to be walked back: the operation, which argument, and what arrives.

    `consumers` are the operations that each value is used by, among those the sweep reaches, once for each use.
    """

    node: Var
    position: int
    upstream: Any
    consumers: dict[int, list[Var]]

    @property
    def target(self) -> Var:
        """The value that gets the contribution."""
        return self.node.inputs[self.position]


class Change(NamedTuple):
    """Another rule for one edge: of `(out, *arguments)`, or for structured ones of `(upstream, out, *arguments)`.

    `inputs` are the values it reads where those are not the operation's own.
    """

    rule: Rule | float
    inputs: tuple[Var, ...] | None = None


HandOn = Callable[[Var], Iterator[Var]]


def waiting(result: Var, hand_on: HandOn) -> None:
    """The right order: a value is passed on when everything made from it has been."""
    for node in reversed(result.tape.nodes[: result.index + 1]):
        for _ in hand_on(node):
            pass


def at_once(result: Var, hand_on: HandOn) -> None:
    """The order of naive recursion: a value is passed on, once, as soon as anything reaches it."""
    seen = {result.index}
    open_calls = [hand_on(result)]
    while open_calls:
        reached = next(open_calls[-1], None)
        if reached is None:
            open_calls.pop()
        elif reached.index not in seen:
            seen.add(reached.index)
            open_calls.append(hand_on(reached))


@dataclass(frozen=True, slots=True)
class Break:
    """How a sweep is broken. A hook that returns None, or is None, leaves the right rule in place."""

    rule: Callable[[Edge], Change | None] | None = None
    combine: Callable[[Edge, Any], Any] | None = None  # (edge, local) -> contribution, for elementwise operations
    accumulate: Callable[[Any, Any], Any] | None = None  # (total so far, contribution) -> total
    order: Callable[[Var, HandOn], None] = waiting


@dataclass(slots=True)
class Faulty:
    """A finished broken sweep.

    `gradients[i]` is the total that reached value i, None where nothing did. A part whose contribution is None
    could not be made: the shapes do not fit. `acted` counts the edges where a broken rule was used, `with_upstream`
    those among them that anything but 0 arrived at.
    """

    gradients: list[Any]
    steps: list[Step] = field(default_factory=list)
    acted: int = 0
    with_upstream: int = 0

    def note_use(self, upstream: Any) -> None:
        """Count one use of the broken rule."""
        self.acted += 1
        self.with_upstream += bool(upstream != 0.0 if type(upstream) is float else np.any(upstream))


def faulty(sweep: Sweep, broken: Break) -> Faulty:
    """Walk back once more from the result of a right sweep, with one rule broken. Never fails: see `Faulty`."""
    done = Faulty([None] * len(sweep.gradients))
    consumers = consumers_of(sweep)
    started: list[tuple[Var, Any, list[Part]]] = []
    passed_on: set[int] = set()

    def hand_on(node: Var) -> Iterator[Var]:
        upstream = done.gradients[node.index]
        if upstream is None or not node.inputs or not node.tracked:
            return
        passed_on.add(node.index)
        parts: list[Part] = []
        started.append((node, upstream, parts))
        for position, target in enumerate(node.inputs):
            if target.tracked:
                if target.index in passed_on:
                    done.note_use(upstream)
                parts.append(_arrive(Edge(node, position, upstream, consumers), broken, done))
                yield target

    if sweep.result.tracked:
        done.gradients[sweep.result.index] = sweep.seed
        broken.order(sweep.result, hand_on)
    done.steps = [Step(i, node, upstream, tuple(parts)) for i, (node, upstream, parts) in enumerate(started, 1)]
    return done


def consumers_of(sweep: Sweep) -> dict[int, list[Var]]:
    """For every value the operations that use it and are reached by the sweep, once for each use."""
    consumers: dict[int, list[Var]] = {}
    for node in sweep.tape.nodes[: sweep.result.index + 1]:
        if node.tracked and sweep.gradients[node.index] is not None:
            for argument in node.inputs:
                if argument.tracked:
                    consumers.setdefault(argument.index, []).append(node)
    return consumers


def _arrive(edge: Edge, broken: Break, done: Faulty) -> Part:
    """The contribution of one edge, made and added up as the broken rules say."""
    target = edge.target
    known = done.gradients[target.index]
    before = known
    if known is None:
        before = zeros_of(target)
    try:
        with np.errstate(all="ignore"):
            local, amount = _contribution(edge, broken, done)
            after = amount if known is None else _added(known, amount, edge, broken, done)
    except Exception:  # noqa: BLE001 - a rule may fail in any way on shapes it was not made for
        return Part(edge.position, target, None, None, before, before)
    done.gradients[target.index] = after
    return Part(edge.position, target, local, amount, before, after)


def share(edge: Edge, broken: Break) -> tuple[Any, Any] | None:
    """The local derivative (None for a structured operation) and the contribution of one edge under a broken rule.

    None where the shapes do not fit.
    """
    try:
        with np.errstate(all="ignore"):
            return _contribution(edge, broken, Faulty([]))
    except Exception:  # noqa: BLE001 - a rule may fail in any way on shapes it was not made for
        return None


def _added(known: Any, amount: Any, edge: Edge, broken: Break, done: Faulty) -> Any:
    if broken.accumulate is None:
        return as_value(known + amount)
    done.note_use(edge.upstream)
    return broken.accumulate(known, amount)


def _contribution(edge: Edge, broken: Break, done: Faulty) -> tuple[Any, Any]:
    node, position, upstream, _ = edge
    change = broken.rule(edge) if broken.rule else None
    if change is not None:
        done.note_use(upstream)
    out, values, options = read_by(edge, change)
    if not node.op.elementwise:
        rule = change.rule if change else node.op.vjp_for(position)
        return None, as_value(rule(upstream, out, *values, **options)) if callable(rule) else zeros_of(values[position])
    local = local_derivative(change.rule if change else node.op.partials[position], out, values, options)
    amount = broken.combine(edge, local) if broken.combine else None
    if amount is not None:
        done.note_use(upstream)
        return local, as_value(amount)
    return local, as_value(sum_to(upstream * local, shape_of(edge.target.value)))


def read_by(edge: Edge, change: Change | None) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    """What the rule of an edge reads: the output, the arguments' values, the options."""
    node = edge.node
    options = node.tape.options.get(node.index, {})
    if change is None or change.inputs is None:
        return node.value, tuple(argument.value for argument in node.inputs), options
    values = tuple(argument.value for argument in change.inputs)
    return compute(node.op, values, options), values, options
