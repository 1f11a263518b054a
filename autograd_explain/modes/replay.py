"""A recording gone through again with other values: forward and backward, without recording.

A `Replay` is made once from a tape: one row for each operation that the result needs, and one for each edge that a
gradient passes. Its numbers are those that recording anew would give, bit for bit; where it cannot vouch for that
(a condition comes out differently, a shape changed, Python's arithmetic refuses), it gives None, and whoever asked
records again. Branches on shapes and types only, never on an operation's name; must not know training.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from autograd_explain.core.op import CHECKED, Direct, compute
from autograd_explain.core.rooms import is_large, room_for
from autograd_explain.core.shapes import Shape, as_value, zeros_of
from autograd_explain.core.var import INPUT, Var
from autograd_explain.errors import ExplainError
from autograd_explain.modes.edges import Directs, Edge, UnsettledError, Values, edges_back, is_own, shared_totals
from autograd_explain.modes.records import Recording

FLOAT = np.dtype(np.float64)

Forward = tuple[int, Any, int | None, int | None]
"""The place a value goes to, its function, and the places of one or two arguments; a function of all values alone."""


class Passed(NamedTuple):
    """What one pass gives: the result, and the gradient by every tracked input (zeros where no path leads)."""

    value: Any
    gradients: dict[str, Any]


_REFUSED = (ArithmeticError, LookupError, TypeError, ValueError, ExplainError, UnsettledError)


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """A recorded pass as flat rows. `start` holds every place's value where it is constant, else None."""

    inputs: tuple[tuple[str, int, Shape | None], ...]
    start: Values
    rows: tuple[Forward, ...]
    edges: tuple[Edge, ...]
    conditions: tuple[tuple[int, bool], ...]
    reads: tuple[tuple[int, Any], ...]
    result: int
    seed: Any
    targets: tuple[tuple[str, int, int], ...]
    arrays: bool

    def run(self, given: Mapping[str, Any]) -> Passed | None:
        """The result and the gradients for other values by name; None where only a new recording can tell."""
        return self._pass(given, self._backward)

    def value(self, given: Mapping[str, Any]) -> Any:
        """The result alone; None where only a new recording can tell."""
        found = self._pass(given, lambda values: {})
        return None if found is None else found.value

    def _pass(self, given: Mapping[str, Any], backward: Callable[[Values], dict[str, Any]]) -> Passed | None:
        values = self._filled(given)
        if values is None:
            return None
        if not self.arrays:
            return self._walked(values, backward)
        token = CHECKED.set(True)
        try:
            with np.errstate(all="ignore"):
                return self._walked(values, backward)
        finally:
            CHECKED.reset(token)

    def _walked(self, values: Values, backward: Callable[[Values], dict[str, Any]]) -> Passed | None:
        try:
            self._forward(values)
            return Passed(values[self.result], backward(values)) if self._as_recorded(values) else None
        except _REFUSED:
            return None

    def _filled(self, given: Mapping[str, Any]) -> Values | None:
        """Every place's value before the pass; None where names or shapes are not those recorded."""
        if len(given) != len(self.inputs):
            return None
        values = self.start.copy()
        for name, place, shape in self.inputs:
            value: Any = given.get(name)
            if type(value) is not float and (type(value) is not np.ndarray or value.dtype is not FLOAT):
                value = as_value(value)
            if (None if type(value) is float else value.shape) != shape:
                return None
            values[place] = value
        return values

    def _forward(self, values: Values) -> None:
        for place, function, first, second in self.rows:
            if second is not None:
                values[place] = function(values[first], values[second])  # type: ignore[index]
            elif first is not None:
                values[place] = function(values[first])
            else:
                values[place] = function(values)

    def _as_recorded(self, values: Values) -> bool:
        """Whether the result is of its kind, and all that the program asked or read has the same answer."""
        if type(values[self.result]) is not type(self.seed):
            return False
        for place, taken in self.conditions:
            if bool(values[place]) is not taken:
                return False
        return all(_same(values[place], known) for place, known in self.reads)

    def _backward(self, values: Values) -> dict[str, Any]:
        totals: Values = [None] * len(self.start)
        totals[self.result] = self.seed + 0.0  # an array of its own: a gradient may be nothing but the upstream
        for source, target, rule, out, first, second in self.edges:
            total = totals[source]
            if rule is None:
                amount = total if out is None else total * values[out]
            elif out is None:
                amount = rule(total, values)
            elif second is None:
                amount = total * rule(values[out], values[first])  # type: ignore[index]
            else:
                amount = total * rule(values[out], values[first], values[second])  # type: ignore[index]
            known = totals[target]
            totals[target] = amount if known is None else known + amount
        found = {name: _or_zero(totals[total], values[place]) for name, place, total in self.targets}
        if any([type(total) is not float and type(total) is not np.ndarray for total in found.values()]):  # noqa: C419
            raise UnsettledError
        return found


def _or_zero(total: Any, value: Any) -> Any:
    return zeros_of(value) if total is None else total


def _same(value: Any, known: Any) -> bool:
    """Whether two values of one shape are the same to the last bit: 0 and −0 are not, nan is itself."""
    return np.asarray(value).tobytes() == np.asarray(known).tobytes()


def replay_of(recording: Recording) -> Replay | None:
    """A recording made ready to be gone through again; None where other values might record something else."""
    tape, result = recording.tape, recording.result
    given = {node.index for node in recording.inputs.values()}
    if tape.once or any(node.op is INPUT and node.index not in given for node in tape.nodes):
        return None
    moves = _moving(tape.nodes)
    conditions = tuple((branch.node, branch.taken) for branch in tape.branches if moves[branch.node])
    reads = tuple((place, tape.nodes[place].value) for place in sorted(tape.reads) if moves[place])
    needed = _needed(tape.nodes, [result.index, *(place for place, _ in (*conditions, *reads))])
    start = [None if moves[node.index] else node.value for node in tape.nodes]
    direct = {node.index: _direct(node) for node in tape.nodes if needed[node.index]}
    rows = tuple(_row(n, direct) for n in tape.nodes if n.inputs and moves[n.index] and needed[n.index])
    edges, shared = shared_totals(list(edges_back(tape.nodes, result, start, direct)))
    tracked = [(name, node) for name, node in recording.inputs.items() if node.tracked]
    return Replay(
        tuple((name, node.index, _shape(node)) for name, node in recording.inputs.items()),
        start, rows, edges, conditions, reads, result.index,
        zeros_of(result) + 1.0,
        tuple((name, node.index, shared.get(node.index, node.index)) for name, node in tracked),
        any(type(node.value) is not float for node in tape.nodes),
    )  # fmt: skip


def _shape(node: Var) -> Shape | None:
    return None if type(node.value) is float else node.shape


def _moving(nodes: list[Var]) -> list[bool]:
    """For every value whether it follows from an input, and so may be another one next time."""
    moves: list[bool] = []
    for node in nodes:
        moves.append(node.op is INPUT or any([moves[argument.index] for argument in node.inputs]))  # noqa: C419
    return moves


def _needed(nodes: list[Var], asked: list[int]) -> list[bool]:
    """For every value whether one of those asked for follows from it."""
    needed = [False] * len(nodes)
    for place in asked:
        needed[place] = True
    for node in reversed(nodes):
        if needed[node.index]:
            for argument in node.inputs:
                needed[argument.index] = True
    return needed


def _row(node: Var, direct: Directs) -> Forward:
    """One operation's row."""
    op, options = node.op, node.tape.options.get(node.index, {})
    places = [argument.index for argument in node.inputs]
    numbers = [type(argument.value) is float for argument in node.inputs]
    if not is_own(op):
        return node.index, lambda values: compute(op, tuple([values[p] for p in places]), options), None, None
    if op.scalar is not None and type(node.value) is float:  # it goes entry by entry, so all are numbers
        function: Any = partial(op.scalar, **options) if options else op.scalar
    elif _is_entrywise(op.forward) and not options and type(node.value) is not float and not is_large(node.shape):
        function = op.forward
    else:
        return node.index, _array_form(node, options, places, numbers, direct.get(node.index)), None, None
    if len(places) == 1:
        return node.index, function, places[0], None
    if len(places) == 2:
        return node.index, function, places[0], places[1]
    return node.index, lambda values: function(*[values[place] for place in places]), None, None


def _is_entrywise(forward: Any) -> bool:
    """Whether this is one of NumPy's own functions from floats to floats."""
    return isinstance(forward, np.ufunc) and not {"d->d", "dd->d"}.isdisjoint(forward.types)


def _array_form(
    node: Var, options: dict[str, Any], places: list[int], numbers: list[bool], direct: Direct | None
) -> Any:
    """The function of all values that gives a value on arrays, or on numbers by the array's form."""
    function = partial(node.op.forward, **options) if options else node.op.forward
    roomy = _is_entrywise(node.op.forward) and not options and type(node.value) is not float
    if direct is not None and direct.forward is not None:
        short = direct.forward
        function, roomy = lambda *args, out: short(*args, out), True
    room = room_for(node.shape)

    def form(values: Values) -> Any:
        args = [np.asarray(values[p], FLOAT) if number else values[p] for p, number in zip(places, numbers)]  # noqa: B905
        return as_value(function(*args, out=room()) if roomy else function(*args))

    return form


def _direct(node: Var) -> Direct | None:
    op, options = node.op, node.tape.options.get(node.index, {})
    if op.direct is None or not is_own(op):
        return None
    return op.direct(tuple([argument.shape for argument in node.inputs]), node.shape, **options)
