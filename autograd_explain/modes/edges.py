"""What a gradient passes on its way back through a recording gone through again: one row for each edge.

Branches on shapes and types only, never on an operation's name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any

import numpy as np

from autograd_explain.core.op import YOURS, Direct, Op
from autograd_explain.core.registry import OPERATIONS
from autograd_explain.core.rooms import is_large, room_for
from autograd_explain.core.shapes import Shape, as_value
from autograd_explain.core.var import Var
from autograd_explain.modes.reverse import pass_back

_LOCALS = {True: (float, bool), False: (float, bool, np.ndarray)}  # what a rule may give, by whether it is on numbers

Values = list[Any]
Edge = tuple[int, int, Any, int | None, int | None, int | None]
"""From which total to which, and a rule with the places of its out and one or two arguments; a rule without places is
a function of the upstream and all values. Without a rule: the place of a factor, or none for the upstream as it is."""
Directs = Mapping[int, Direct | None]
"""The direct form of each operation that has one for its shapes, by place: one for both directions."""


class UnsettledError(Exception):
    """A rule gave something other than it did when it was recorded."""


def is_own(op: Op) -> bool:
    """Whether the operation is one of the table, whose forms on numbers and on arrays are known to be alike."""
    return OPERATIONS.get(op.name) is op and op.family != YOURS


def edges_back(nodes: list[Var], result: Var, start: Values, direct: Directs) -> Iterator[Edge]:
    """The edges that a gradient passes on its way back from the result, in the order of the recorded sweep.

    Constant factors get places of their own at the end of `start`.
    """
    reached = [False] * len(nodes)
    reached[result.index] = result.tracked
    factors: dict[float, int] = {}
    for node in reversed(nodes[: result.index + 1]):
        if not reached[node.index]:
            continue
        for position, argument in enumerate(node.inputs):
            if argument.tracked:
                reached[argument.index] = True
                yield _edge(node, position, start, factors, direct.get(node.index))


def shared_totals(edges: list[Edge]) -> tuple[tuple[Edge, ...], dict[int, int]]:
    """The edges but for those that need no step, and whose total the values at their ends share, by place.

    They hand the upstream on as it is to a value that gets nothing else.
    """
    uses = Counter(target for _, target, *_ in edges)
    shared: dict[int, int] = {}
    kept: list[Edge] = []
    for source, target, rule, out, first, second in edges:
        place = shared.get(source, source)
        if rule is None and out is None and uses[target] == 1:
            shared[target] = place
        else:
            kept.append((place, target, rule, out, first, second))
    return tuple(kept), shared


def _edge(node: Var, position: int, start: Values, factors: dict[float, int], direct: Direct | None) -> Edge:
    op, source, target = node.op, node.index, node.inputs[position]
    places = [argument.index for argument in node.inputs]
    options = node.tape.options.get(node.index, {})
    rule = op.partials[position] if op.elementwise else None
    plain = type(node.value) is float  # and so is every argument of what goes entry by entry
    if not is_own(op) or not op.elementwise:
        rest = (node, position, options, places)
        share = _structured(*rest, direct) if is_own(op) else _careful(*rest)
        return source, target.index, share, None, None, None
    if rule == 1.0 and node.shape == target.shape:
        return source, target.index, None, None, None, None
    if plain and type(rule) is float:
        if rule not in factors:
            factors[rule] = len(start)
            start.append(rule)
        return source, target.index, None, factors[rule], None, None
    if callable(rule) and not options and node.shape == target.shape and not is_large(node.shape):
        known = _handed_back(rule, len(places) + 1)
        if known is not None:
            return source, target.index, None, [source, *places][known], None, None
    if plain and callable(rule) and not options and len(places) <= 2:
        return source, target.index, rule, source, places[0], places[1] if len(places) == 2 else None
    return source, target.index, _entrywise(node, position, options, places), None, None, None


@lru_cache(maxsize=512)
def _handed_back(rule: Any, count: int) -> int | None:
    """Which of its arguments a rule merely hands back, as a product's does: then there is nothing to call."""
    marks = [object() for _ in range(count)]
    try:
        found = rule(*marks)
    except Exception:  # noqa: BLE001 - what a rule does with things that are no numbers is its own affair
        return None
    return next((place for place, mark in enumerate(marks) if found is mark), None)


def _careful(node: Var, position: int, options: dict[str, Any], places: list[int]) -> Any:
    """The recorded sweep's own way, for operations that did not come with the package."""
    op, source = node.op, node.index

    def share(total: Any, values: Values) -> Any:
        return pass_back(op, position, total, values[source], tuple([values[p] for p in places]), options)[1]

    return share


def _entrywise(node: Var, position: int, options: dict[str, Any], places: list[int]) -> Any:
    """Upstream times local derivative, summed over what broadcasting stretched."""
    rule: Any = node.op.partials[position]
    fit = _fitting(node.shape, node.inputs[position].shape)
    source = node.index
    kinds = _LOCALS[type(node.value) is float]
    if rule is None or type(rule) is float:
        return _constant_factor(rule or 0.0, fit)

    if options:
        rule = partial(rule, **options)
    large, room = is_large(node.shape), room_for(node.shape)

    def share(total: Any, values: Values) -> Any:
        local = rule(values[source], *[values[p] for p in places])
        if type(local) not in kinds:
            raise UnsettledError
        amount = np.multiply(total, local, room()) if large else total * local
        return amount if fit is None else fit(amount)

    return share


def _constant_factor(factor: float, fit: Any) -> Any:
    if factor != 1.0:
        return lambda total, values: total * factor if fit is None else fit(total * factor)
    return lambda total, values: fit(total)  # without a fit there is no step at all


def _fitting(large: Shape, small: Shape) -> Callable[[Any], Any] | None:
    """What `core.shapes.sum_to` does from one shape to another, its axes worked out; None where that is nothing."""
    if large == small:
        return None
    leading = tuple(range(len(large) - len(small)))
    rest = large[len(leading) :]
    stretched = tuple(axis for axis, size in enumerate(small) if size == 1 and rest[axis] != 1)
    add: Any = np.add.reduce
    if not small:
        return lambda array: float(add(array, axis=leading))
    if not stretched:
        return lambda array: add(array, axis=leading)
    if not leading:
        return lambda array: add(array, axis=stretched, keepdims=True)
    return lambda array: add(add(array, axis=leading), axis=stretched, keepdims=True)


def _structured(
    node: Var, position: int, options: dict[str, Any], places: list[int], direct: Direct | None
) -> Any:
    """The rule of an operation that is not entry by entry."""
    rule: Any = node.op.vjp_for(position)  # there is one: what has none is made by gradients only, and recorded anew
    source = node.index
    if options:
        rule = partial(rule, **options)
    if direct is not None:
        short, room = direct.vjp[position], room_for(node.inputs[position].shape)
        return lambda total, values: as_value(short(total, values[source], *[values[p] for p in places], room()))

    def share(total: Any, values: Values) -> Any:
        return as_value(rule(total, values[source], *[values[p] for p in places]))

    return share
