"""Derivatives of Python functions: `grad` and its relatives. Each takes a function and gives a function, or numbers.

All of them record the function once and read the tape. Where they are used inside one another, or inside a function
that is being recorded, they record their own arithmetic on that tape instead, so that it can be differentiated again.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from autograd_explain.check.result import CheckResult
from autograd_explain.core.shapes import as_value, shape_of, show_shape, zeros_of
from autograd_explain.core.tape import OPEN, QUIET, Tape, opened, uncollected
from autograd_explain.core.traced import Traced
from autograd_explain.core.var import CONSTANT, INPUT, Var, leaf, record
from autograd_explain.errors import ExplainError, InputError, RecordingNeeded, ShapeError
from autograd_explain.modes.functions import as_number, or_zero, recorded_result
from autograd_explain.modes.higher import recorded_gradients
from autograd_explain.modes.records import Recording
from autograd_explain.modes.reverse import reverse
from autograd_explain.ops.arithmetic import mul
from autograd_explain.ops.reductions import sum_
from autograd_explain.ops.shaping import reshape, stack

Function = Callable[..., Any]


class _Trace(NamedTuple):
    """A function recorded once, to be differentiated by `targets`.

    `inner` says whether somebody else's recording goes on around it.
    """

    tape: Tape
    targets: list[Var]
    result: Var
    inner: bool

    def gradients(self, value: Any, targets: Sequence[Var], upstream: Any = None) -> list[Any]:
        """The gradient of a recorded value by each target: recorded where the recording goes on, else numbers."""
        if not isinstance(value, Var):
            return [zeros_of(target) for target in targets]
        if self.inner:
            return recorded_gradients(self.tape, value, targets, upstream)
        found = reverse(self.tape, value, upstream).gradients
        return [or_zero(found[target.index], target) + 0.0 for target in targets]  # an array of the caller's own

    def recorded(self, upstream: Any = None) -> list[Any]:
        """The gradient of the result by each target as recorded values."""
        return recorded_gradients(self.tape, self.result, self.targets, upstream)

    def out(self, value: Any) -> Any:
        """A value as it is handed to the caller: a number, or where the recording goes on a recorded value."""
        return value if self.inner or not isinstance(value, Var) else value.value


def _trace(function: Function, args: Sequence[Any], settings: dict[str, Any], chosen: Sequence[int]) -> _Trace:
    if not callable(function):
        raise InputError(f"a gradient is taken of a function, not of {function!r}", hint="grad(lambda x: x**3)(2.0)")
    for arg in args:
        if isinstance(arg, Traced) and not isinstance(arg, Var):
            raise RecordingNeeded("a gradient is taken of recorded numbers only")
    outer = OPEN.get()
    tape = next((arg.tape for arg in args if isinstance(arg, Var)), outer[-1] if outer else None)
    if tape is None:
        own = Tape()
        inputs = [
            leaf(own, f"x{i}", as_number(f"argument {i}", a), tracked=i in chosen) for i, a in enumerate(args)
        ]
        return _run(function, own, inputs, settings, chosen, inner=False)
    given = [_lent(tape, i, arg) if i in chosen or not isinstance(arg, Var) else arg for i, arg in enumerate(args)]
    return _run(function, tape, given, settings, chosen, inner=True)


def _lent(tape: Tape, place: int, arg: Any) -> Var:
    """A value of its own for an argument, tracked, so that only what comes through the argument counts."""
    node = record(tape, mul, (arg if isinstance(arg, Var) else as_number(f"argument {place}", arg), 1.0), {})
    if not node.tracked:
        node.tracked = True
        tape.lent.add(node.index)
    return node


def _run(
    function: Function, tape: Tape, inputs: list[Var], settings: dict[str, Any], chosen: Sequence[int], *, inner: bool
) -> _Trace:
    with opened(tape), uncollected():
        result = recorded_result(tape, function(*inputs, **settings))
    return _Trace(tape, [inputs[i] for i in chosen], result, inner)


def grad(function: Function, argnums: int | Sequence[int] = 0) -> Function:
    """The gradient of a scalar function by its first argument, or by those that `argnums` names.

    The new function takes the same positional arguments and returns floats or arrays in their shapes (a tuple
    where `argnums` is one); a negative number counts from the last argument. Arguments given by name are handed on
    as they are. It can be differentiated again. Raises InputError where the function's value is not a single number,
    and for an argument that is not there.

    >>> from autograd_explain import grad
    >>> grad(lambda x: x**3)(2.0)
    12.0
    >>> grad(grad(lambda x: x**3))(2.0)
    12.0
    >>> grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 5.0)
    (5.0, 2.0)
    """
    both = value_and_grad(function, argnums)
    return lambda *args, **settings: both(*args, **settings)[1]


def value_and_grad(function: Function, argnums: int | Sequence[int] = 0) -> Function:
    """The value of a scalar function and its gradient, as a pair: see `grad`.

    >>> from autograd_explain import value_and_grad
    >>> value_and_grad(lambda x: x**3)(2.0)
    (8.0, 12.0)
    """

    def both(*args: Any, **settings: Any) -> tuple[Any, Any]:
        trace = _scalar("grad", function, args, settings, argnums)
        return trace.out(trace.result), _chosen(argnums, trace.gradients(trace.result, trace.targets))

    return both


def _scalar(
    name: str, function: Function, args: Sequence[Any], settings: dict[str, Any], argnums: int | Sequence[int]
) -> _Trace:
    trace = _trace(function, args, settings, positions(argnums, len(args)))
    if trace.result.shape:
        shape = trace.result.shape
        hint = "take the sum of it, or jacobian(f) for the gradient of each entry"
        raise InputError(f"{name} needs a function with a single number as its value, not shape {shape}", hint=hint)
    return trace


def positions(argnums: int | Sequence[int], count: int) -> tuple[int, ...]:
    """The arguments that `argnums` names, counted from 0. Raises InputError for one that is not there."""
    places: Sequence[Any] = argnums if isinstance(argnums, (tuple, list)) else (argnums,)
    for place in places:
        if not isinstance(place, (int, np.integer)) or not -count <= place < count:
            raise InputError(f"there is no argument {place!r}: {count} were given", hint="argnums counts from 0")
    return tuple(int(place) % count for place in places)


def _chosen(argnums: int | Sequence[int], found: Sequence[Any]) -> Any:
    return tuple(found) if isinstance(argnums, (tuple, list)) else found[0]


def jacobian(function: Function, argnums: int | Sequence[int] = 0) -> Function:
    """The gradient of every entry of the function's value by an argument, one reverse sweep for each entry.

    The new function returns an array of shape `value.shape + argument.shape` (a float where both are numbers; a
    tuple where `argnums` is one). Raises InputError for an argument that is not there.

    >>> from autograd_explain import jacobian
    >>> jacobian(lambda x: x**2)([1.0, 2.0])
    array([[2., 0.],
           [0., 4.]])
    """

    def rows(*args: Any, **settings: Any) -> Any:
        trace = _trace(function, args, settings, positions(argnums, len(args)))
        return _chosen(argnums, _rows(trace, trace.result))

    return rows


def _rows(trace: _Trace, value: Any) -> list[Any]:
    """The gradient of every entry of a value by each target, laid out as `value.shape + target.shape`."""
    shape = shape_of(value)
    found = [trace.gradients(value, trace.targets, seed) for seed in one_at_a_time(shape)]
    return [_laid_out([row[i] for row in found], (*shape, *t.shape)) for i, t in enumerate(trace.targets)]


def one_at_a_time(shape: tuple[int, ...]) -> Iterator[Any]:
    """For every entry of a value in that shape the upstream that asks for it alone."""
    if not shape:
        yield 1.0
        return
    for place in np.ndindex(shape):
        seed = np.zeros(shape)
        seed[place] = 1.0
        yield seed


def _laid_out(rows: list[Any], shape: tuple[int, ...]) -> Any:
    if not shape:
        return rows[0]
    if any(isinstance(row, Var) for row in rows):
        return reshape(stack(rows, axis=0), shape=shape)
    return np.array(rows, dtype=np.float64).reshape(shape)


def hessian(function: Function, argnums: int | Sequence[int] = 0) -> Function:
    """The second derivatives of a scalar function: the backward pass is recorded and walked back, entry by entry.

    The new function returns an array of shape `argument.shape + argument.shape` (a float for a number; where
    `argnums` is a tuple, a tuple of tuples: the gradient by the one, differentiated by the other). Raises InputError
    where the function's value is not a single number, and for an argument that is not there.

    >>> from autograd_explain import hessian
    >>> hessian(lambda x: x[0] ** 2 * x[1])([3.0, 5.0])
    array([[10.,  6.],
           [ 6.,  0.]])
    """

    def table(*args: Any, **settings: Any) -> Any:
        trace = _scalar("hessian", function, args, settings, argnums)
        pieces = [
            [as_value(row) if not isinstance(row, Var) else row for row in _rows(trace, gradient)]
            for gradient in trace.recorded()
        ]
        return tuple(tuple(row) for row in pieces) if isinstance(argnums, tuple) else pieces[0][0]

    return table


def hvp(function: Function, primals: Any, tangents: Any) -> Any:
    """The Hessian of a scalar function times a vector, without the Hessian: a gradient of (gradient · vector).

    `primals` is the point and `tangents` the vector, each a number or array, or tuples of them where the function
    takes several arguments; the answer has the form and the shapes of `primals`. Costs about two gradients, however
    many entries there are. Raises InputError and ShapeError.

    >>> from autograd_explain import hvp
    >>> hvp(lambda x: x[0] ** 2 * x[1], [3.0, 5.0], [1.0, 0.0])
    array([10.,  6.])
    """
    args, along = _paired("hvp", primals, tangents)
    trace = _scalar("hvp", function, args, {}, tuple(range(len(args))))
    slope = paired(trace.recorded(), along)
    return _like(primals, trace.gradients(slope, trace.targets))


def jvp(function: Function, primals: Any, tangents: Any) -> tuple[Any, Any]:
    """The function's value, and how fast it changes when the arguments move at the rates `tangents`.

    `primals` and `tangents` are numbers or arrays, or tuples of them where the function takes several arguments; the
    change has the shape of the value. Raises InputError and ShapeError.

    >>> from autograd_explain import jvp
    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 10.0))
    (6.0, 23.0)
    """
    args, along = _paired("jvp", primals, tangents)
    trace = _trace(function, args, {}, range(len(args)))
    ones = 1.0 if not trace.result.shape else np.ones(trace.result.shape)
    upstream = leaf(trace.tape, "upstream", ones, tracked=True)
    # what flows back is linear in the upstream, so its slope by the upstream is what flows forward
    slope = paired(trace.recorded(upstream), along)
    (change,) = trace.gradients(slope, [upstream])
    return trace.out(trace.result), change


def vjp(function: Function, *args: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The function's value, and the function from an upstream to the gradients by every argument, as a tuple.

    The upstream has the value's shape, each gradient that of its argument. Raises InputError and ShapeError.

    >>> from autograd_explain import vjp
    >>> value, back = vjp(lambda x, y: x * y, 2.0, 3.0)
    >>> value, back(10.0)
    (6.0, (30.0, 20.0))
    """
    trace = _trace(function, args, {}, range(len(args)))

    def back(upstream: Any) -> tuple[Any, ...]:
        given = upstream if isinstance(upstream, Var) else as_number("the upstream", upstream)
        return tuple(trace.gradients(trace.result, trace.targets, given))

    return trace.out(trace.result), back


def _paired(name: str, primals: Any, tangents: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The arguments and how each moves, in one shape each."""
    args = primals if isinstance(primals, tuple) else (primals,)
    along = tangents if isinstance(primals, tuple) and isinstance(tangents, tuple) else (tangents,)
    if len(args) != len(along):
        raise InputError(f"{name} has {len(args)} arguments and {len(along)} tangents", hint="give one for each")
    rows = tuple(row if isinstance(row, Var) else as_number(f"tangent {i}", row) for i, row in enumerate(along))
    points = tuple(arg if isinstance(arg, Traced) else as_number(f"argument {i}", arg) for i, arg in enumerate(args))
    for point, row in zip(points, rows, strict=True):
        if shape_of(point) != shape_of(row):
            shown = show_shape(shape_of(row)), show_shape(shape_of(point))
            message = f"a tangent of shape {shown[0]} for an argument of shape {shown[1]}"
            raise ShapeError(message, hint="a tangent has the shape of its argument")
    return points, rows


def paired(gradients: Sequence[Any], along: Sequence[Any]) -> Any:
    """Σ gradient·row over all entries of all of them: a number, recorded where one of the gradients is."""
    slope: Any = 0.0
    for gradient, row in zip(gradients, along, strict=True):
        if not isinstance(gradient, Var) and not np.any(gradient):
            continue
        product = gradient * row
        share = sum_(product, axis=None, keepdims=False) if shape_of(product) else product
        slope = share if isinstance(slope, float) and slope == 0.0 else slope + share
    return slope


def _like(primals: Any, found: Sequence[Any]) -> Any:
    return tuple(found) if isinstance(primals, tuple) else found[0]


def check_gradients(function: Function, *args: Any, checkers: Sequence[str] = ("finite",)) -> list[CheckResult]:
    """A verdict on the gradient by every argument: "agrees", "convention" (at a corner) or "undecided".

    `checkers` are those of `explain(check=…)`: "finite" runs the function a little beside the arguments, "symbolic"
    lets SymPy differentiate. A value that is not a single number counts as the sum of its entries. Raises
    ExplainError where a gradient differs from what a checker finds.

    >>> from autograd_explain import check_gradients
    >>> [result.status for result in check_gradients(lambda x: x**3, 2.0)]
    ['agrees']
    """
    from autograd_explain.check.run import check

    names = _names_of(function, len(args))
    tape = Tape()
    values = [as_number(f"argument {i}", arg) for i, arg in enumerate(args)]
    inputs = {name: leaf(tape, name, value, tracked=True) for name, value in zip(names, values, strict=True)}
    trace = _run(function, tape, list(inputs.values()), {}, range(len(args)), inner=True)
    recording = Recording(tape, trace.result, inputs, lambda others: function(*(others[name] for name in names)))
    results = check(recording, reverse(tape, trace.result), tuple(checkers))
    wrong = [result for result in results if result.status == "differs"]
    if wrong:
        worst = wrong[0]
        raise ExplainError(
            f"the gradient by {worst.target} is {worst.ours}, the {worst.checker} check says {worst.theirs}",
            hint=worst.why,
        )
    return results


def _names_of(function: Function, count: int) -> list[str]:
    """The function's own names for its arguments where it has them."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    named = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return named[:count] if len(named) >= count else [f"x{i}" for i in range(count)]


@contextmanager
def no_grad() -> Iterator[None]:
    """Values worked out inside are numbers of the program: no gradient goes through them, and nothing is recorded.

    >>> from autograd_explain import grad, no_grad
    >>> def f(x):
    ...     with no_grad():
    ...         scale = x * x
    ...     return scale * x
    >>> grad(f)(3.0)
    9.0
    """
    tapes = [(tape, len(tape.nodes)) for tape in dict.fromkeys(OPEN.get())]
    token = QUIET.set(True)
    try:
        yield
    finally:
        QUIET.reset(token)
        for tape, start in tapes:
            tape.once = True  # other values lead to other numbers, which no record says how to make
            for node in tape.nodes[start:]:
                if node.op is not INPUT:
                    _forget(tape, node)


def _forget(tape: Tape, node: Var) -> None:
    """Keep a value and drop how it was made."""
    tape.held = tape.held or node.tracked
    tape.once = True
    node.op, node.first, node.second, node.tracked = CONSTANT, None, (), False
    tape.options.pop(node.index, None)
