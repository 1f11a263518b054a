"""The rules that faults put in place of the right ones, and where.

Each hook takes an edge and returns what to use there, or None where it has nothing to break. The rules are
written as the right ones are, so they give numbers, and on formulas the text that is shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_explain.core.formula import Formula
from autograd_explain.core.shapes import shape_of, sum_to
from autograd_explain.core.var import Var
from autograd_explain.modes.faulty import Change, Edge
from autograd_explain.ops.compare import where
from autograd_explain.ops.elementary import exp, log, sin, sqrt
from autograd_explain.ops.losses import one_hot, rows_of
from autograd_explain.ops.reductions import back, log_softmax, mean, softmax, spread
from autograd_explain.ops.shaping import swapped

Hook = Callable[[Edge], Change | None]
Wrong = dict[str, dict[int, Any]]
OWN = "own"  # the family of rules that a program brings along: its names may be any


def replacing(table: Wrong) -> Hook:
    """The hook that looks a wrong rule up by the operation's name and the argument's position."""

    def hook(edge: Edge) -> Change | None:
        rule = table.get(_name(edge), {}).get(edge.position)
        return None if rule is None else Change(rule)

    return hook


def _name(edge: Edge) -> str:
    """The operation's name; empty for a program's own, which may be called anything."""
    return "" if edge.node.op.family == OWN else edge.node.op.name


def _is_ones(upstream: Any) -> bool:
    return bool(np.all(np.asarray(upstream) == 1.0))


def local_alone(edge: Edge, local: Any) -> Any:
    """The local derivative by itself, for every use of the argument; None where the upstream is 1 anyway."""
    if _is_ones(edge.upstream):
        return None
    return sum_to(local + np.zeros(shape_of(edge.node.value)), shape_of(edge.target.value))


def _ones_like(upstream: Any) -> Any:
    """Ones in the upstream's shape; in a formula, by the name the language has for them."""
    shape = shape_of(upstream)
    ones = np.ones(shape) if shape else 1.0
    if not isinstance(upstream, Formula):
        return ones
    return Formula(ones, f"ones({', '.join(map(str, shape))})" if shape else "1")


def rule_of_ones(edge: Edge) -> Change | None:
    """A structured operation's rule, given ones instead of its upstream."""
    rule = None if edge.node.op.elementwise else edge.node.op.vjp_for(edge.position)
    if rule is None or _is_ones(edge.upstream):
        return None
    return Change(lambda upstream, out, *args, **options: rule(_ones_like(upstream), out, *args, **options))


def stretched(edge: Edge, local: Any) -> Any:
    """Upstream × local as it is, not summed back; None where nothing was stretched."""
    product = edge.upstream * local
    return None if shape_of(product) == shape_of(edge.target.value) else product


def stretched_batch(edge: Edge) -> Change | None:
    """The same in a product of batches of matrices."""
    a, b = (shape_of(node.value) for node in edge.node.inputs[:2]) if len(edge.node.inputs) == 2 else ((), ())
    if _name(edge) != "matmul" or min(len(a), len(b)) < 2 or a[:-2] == b[:-2]:
        return None
    left = edge.position == 0
    return Change(lambda upstream, out, a, b: upstream @ swapped(b) if left else swapped(a) @ upstream)


def own_factor(edge: Edge) -> Change | None:
    """A factor's own value where its partner's belongs."""
    name, first = _name(edge), edge.position == 0
    if name == "mul":
        return Change(lambda out, a, b: a if first else b)
    if name in {"matmul", "dot"} and all(len(shape_of(node.value)) == 1 for node in edge.node.inputs):
        return Change(lambda upstream, out, a, b: upstream * (a if first else b))
    return None


def unturned(edge: Edge) -> Change | None:
    """A matrix as it stands where its transpose belongs."""
    name, first = _name(edge), edge.position == 0
    ranks = [len(shape_of(node.value)) for node in edge.node.inputs]
    if name in {"matmul", "dot"} and ranks[1 if first else 0] >= 2:
        return Change(lambda upstream, out, a, b: upstream @ b if first else a @ upstream)
    if name == "outer" and not first:
        return Change(lambda upstream, out, a, b: upstream @ a)
    if name == "transpose" and ranks[0] >= 2:
        return Change(lambda upstream, out, x, axes: upstream)
    return None


def stale(edge: Edge) -> Change | None:
    """The rule that uses its output, given the input instead."""
    op, position = edge.node.op, edge.position
    if op.name == "pow" and position == 1:
        return Change(lambda out, x, y: x * log(x))
    if not op.uses_output and op.name not in _SHOWN_BY_OUTPUT:
        return None
    shown = op.shown[position] if op.shown and op.name not in _COMPUTED_BY_OUTPUT else None
    rule = shown or (op.partials[position] if op.elementwise else op.vjp_for(position))
    if not callable(rule):
        return None
    if op.elementwise:
        return Change(lambda out, *args, **options: rule(args[position], *args, **options))
    return Change(lambda upstream, out, *args, **options: rule(upstream, args[position], *args, **options))


_SHOWN_BY_OUTPUT = frozenset({"expm1", "elu"})
_COMPUTED_BY_OUTPUT = frozenset({"reciprocal"})


def _tracked_position(node: Var) -> int | None:
    """The one tracked argument of an elementwise operation: what makes it a function of one value."""
    tracked = [position for position, argument in enumerate(node.inputs) if argument.tracked]
    return tracked[0] if len(tracked) == 1 and node.op.elementwise else None


def _inner_of(edge: Edge, node: Var) -> int | None:
    """The tracked position of an operation that stands inside another: used once, by a function of one value."""
    users = edge.consumers.get(node.index, [])
    inside = len(users) == 1 and _tracked_position(users[0]) is not None
    return _tracked_position(node) if inside else None


def outer_at_innermost(edge: Edge) -> Change | None:
    """f'(x) for f(g(x)): the outer rule reads the innermost value, and inner rules count as 1."""
    node, position = edge.node, edge.position
    if _tracked_position(node) is None:
        return None
    if _inner_of(edge, node) is not None:
        return Change(1.0)
    innermost = node.inputs[position]
    while (place := _inner_of(edge, innermost)) is not None:
        innermost = innermost.inputs[place]
    if innermost is node.inputs[position]:
        return None
    rule: Any = (node.op.shown[position] if node.op.shown else None) or node.op.partials[position]
    inputs = (*node.inputs[:position], innermost, *node.inputs[position + 1 :])
    return None if rule is None else Change(rule, inputs)


def _no_average(upstream: Any, out: Any, logits: Any, t: Any) -> Any:
    return upstream * (softmax(logits, axis=-1) - one_hot(logits, t))


def _own_class_only(upstream: Any, out: Any, logits: Any, t: Any) -> Any:
    return upstream * one_hot(logits, t) * (softmax(logits, axis=-1) - 1) / rows_of(logits)


WITHOUT_MINUS: Wrong = {
    "sub": {1: 1.0},
    "neg": {0: 1.0},
    "div": {1: lambda out, a, b: a / b**2},
    "reciprocal": {0: lambda out, x: 1 / x**2},
    "cos": {0: lambda out, x: sin(x)},
    "acos": {0: lambda out, x: 1 / sqrt(1 - x**2)},
    "erfc": {0: lambda out, x: 2 / math.sqrt(math.pi) * exp(-(x * x))},
    "atan2": {1: lambda out, y, x: y / (x**2 + y**2)},
    "cross_entropy": {1: lambda upstream, out, logits, t: upstream * log_softmax(logits, axis=-1) / rows_of(logits)},
}
POWER_KEPT: Wrong = {"pow": {0: lambda out, x, y: y * x**y}, "square": {0: lambda out, x: 2 * x**2}}
NOT_AVERAGED: Wrong = {
    "mean": {0: lambda upstream, out, x, axis, keepdims: spread(upstream, x, axis)},
    "var": {0: lambda upstream, out, x, axis, keepdims, ddof:
            back(upstream, x, axis) * 2 * (x - mean(x, axis=axis, keepdims=True))},
    "std": {0: lambda upstream, out, x, axis, keepdims, ddof:
            back(upstream, x, axis) * where(
                back(out, x, axis) == 0, 0, (x - mean(x, axis=axis, keepdims=True)) / back(out, x, axis))},
    "cross_entropy": {0: _no_average},
}  # fmt: skip
DIAGONAL: Wrong = {
    "softmax": {0: lambda upstream, out, x, axis: upstream * out * (1 - out)},
    "log_softmax": {0: lambda upstream, out, x, axis: upstream * (1 - exp(out))},
    "cross_entropy": {0: _own_class_only},
}
ON_AT_ZERO: Wrong = {"relu": {0: lambda out, x: where(x >= 0, 1, 0)}}
