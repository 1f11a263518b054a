"""A recording gone through again with other values: forward and backward, without recording.

A `Replay` is made once from a tape: one row for each operation that the result needs, and one for each edge that a
gradient passes. Its numbers are those that recording anew would give, bit for bit; where it cannot vouch for that
(a condition comes out differently, a shape changed, Python's arithmetic refuses), it gives None, and whoever asked
records again. Branches on shapes and types only, never on an operation's name; must not know training.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from autograd_explain.core.op import CHECKED, YOURS, Direct, Op, Rule, compute
from autograd_explain.core.registry import OPERATIONS
from autograd_explain.core.rooms import is_large, room_for
from autograd_explain.core.shapes import Shape, as_value
from autograd_explain.core.var import INPUT, Var
from autograd_explain.errors import ExplainError
from autograd_explain.modes.records import Recording
from autograd_explain.modes.reverse import pass_back

FLOAT = np.dtype(np.float64)
_LOCALS = {True: (float, bool), False: (float, bool, np.ndarray)}  # what a rule may give, by whether it is on numbers

Values = list[Any]
Forward = tuple[int, Any, int | None, int | None]
"""The place a value goes to, its function, and the places of one or two arguments; a function of all values alone."""
Edge = tuple[int, int, Any, int | None, int | None]
"""From which value to which, a rule with the places of its arguments, or of the factor alone where there is no rule;
a rule without places is a function of the upstream and all values."""


class Passed(NamedTuple):
    """What one pass gives: the result, and the gradient by every tracked input (zeros where no path leads)."""

    value: Any
    gradients: dict[str, Any]


class UnsettledError(Exception):
    """A rule gave something other than it did when it was recorded."""


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
    targets: tuple[tuple[str, int], ...]
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
        for source, target, rule, first, second in self.edges:
            total = totals[source]
            if rule is None:
                amount = total * values[first]  # type: ignore[index]
            elif first is None:
                amount = rule(total, values)
            elif second is None:
                amount = total * rule(values[source], values[first])
            else:
                amount = total * rule(values[source], values[first], values[second])
            known = totals[target]
            totals[target] = amount if known is None else known + amount
        found = {name: _or_zeros(totals[place], values[place]) for name, place in self.targets}
        if any([type(total) is not float and type(total) is not np.ndarray for total in found.values()]):  # noqa: C419
            raise UnsettledError
        return found


def _or_zeros(total: Any, value: Any) -> Any:
    return 0.0 * value if total is None else total


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
    return Replay(
        tuple((name, node.index, _shape(node)) for name, node in recording.inputs.items()),
        start, rows, tuple(_edges(tape.nodes, result, start, direct)), conditions, reads, result.index,
        1.0 if type(result.value) is float else np.ones(result.shape),
        tuple((name, node.index) for name, node in recording.inputs.items() if node.tracked),
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


def _own(op: Op) -> bool:
    """Whether the operation is one of the table, whose forms on numbers and on arrays are known to be alike."""
    return OPERATIONS.get(op.name) is op and op.family != YOURS


Directs = Mapping[int, Direct | None]
"""The direct form of each operation that has one for its shapes, by place: one for both directions."""


def _row(node: Var, direct: Directs) -> Forward:
    """One operation's row."""
    op, options = node.op, node.tape.options.get(node.index, {})
    places = [argument.index for argument in node.inputs]
    numbers = [type(argument.value) is float for argument in node.inputs]
    if not _own(op):
        return node.index, lambda values: compute(op, tuple([values[p] for p in places]), options), None, None
    if op.scalar is not None and all(numbers) and type(node.value) is float:
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
    if op.direct is None or not _own(op):
        return None
    return op.direct(tuple([argument.shape for argument in node.inputs]), node.shape, **options)


def _edges(nodes: list[Var], result: Var, start: Values, direct: Directs) -> Iterator[Edge]:
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


def _edge(node: Var, position: int, start: Values, factors: dict[float, int], direct: Direct | None) -> Edge:
    op, source, target = node.op, node.index, node.inputs[position]
    places = [argument.index for argument in node.inputs]
    options = node.tape.options.get(node.index, {})
    rule = op.partials[position] if op.elementwise else None
    plain = type(node.value) is float and all([type(argument.value) is float for argument in node.inputs])  # noqa: C419
    if not _own(op):
        return source, target.index, _careful(node, position, options, places), None, None
    if not op.elementwise:
        return source, target.index, _structured(node, position, options, places, direct), None, None
    if plain and type(rule) is float:
        if rule not in factors:
            factors[rule] = len(start)
            start.append(rule)
        return source, target.index, None, factors[rule], None
    if callable(rule) and not options and node.shape == target.shape and not is_large(node.shape):
        known = _handed_back(rule, len(places) + 1)
        if known is not None:
            return source, target.index, None, [source, *places][known], None
    if plain and callable(rule) and not options and len(places) <= 2:
        return source, target.index, rule, places[0], places[1] if len(places) == 2 else None
    return source, target.index, _entrywise(node, position, options, places), None, None


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
    return (lambda total, values: total) if fit is None else (lambda total, values: fit(total))


def _fitting(large: Shape, small: Shape) -> Callable[[Any], Any] | None:
    """What `core.shapes.sum_to` does from one shape to another, its axes worked out; None where that is nothing."""
    if large == small:
        return None
    leading = tuple(range(len(large) - len(small)))
    rest = large[len(leading) :]
    stretched = tuple(axis for axis, size in enumerate(small) if size == 1 and rest[axis] != 1)
    add = np.add.reduce
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
    own: Rule | None = node.op.vjp_for(position)
    source = node.index
    if own is None:
        target = places[position]
        return lambda total, values: 0.0 * values[target]
    rule: Any = partial(own, **options) if options else own
    if direct is not None:
        short, room = direct.vjp[position], room_for(node.inputs[position].shape)
        return lambda total, values: as_value(short(total, values[source], *[values[p] for p in places], room()))

    def share(total: Any, values: Values) -> Any:
        return as_value(rule(total, values[source], *[values[p] for p in places]))

    return share
