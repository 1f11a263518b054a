"""One operation worked out exactly: its value, and what an upstream hands back to each argument.

Numbers are mpmath's at the precision in force, arrays are NumPy arrays of them. Structured operations are taken
apart into single numbers by their own definition, and SymPy's derivatives of the elementary functions are
chained through those; the operation's backward rule is not read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import mpmath
import numpy as np

from autograd_explain.check.algebra import (
    COMPARISONS,
    LARGEST,
    SMOOTH,
    STEPS,
    PreciseAlgebra,
    Undefined,
    over_arrays,
    real,
)
from autograd_explain.check.derivatives import Local, compiled, exact, local_for
from autograd_explain.core.op import Op
from autograd_explain.errors import ExplainError

FAILURES = (ArithmeticError, ValueError, TypeError, AttributeError, NotImplementedError, LookupError, ExplainError)
_EXACT = np.frompyfunc(exact, 1, 1)
_FLOAT = np.frompyfunc(float, 1, 1)


def to_exact(value: Any) -> Any:
    """A float or float array as exact numbers."""
    return exact(value) if type(value) is float else _EXACT(value)


def to_float(value: Any) -> Any:
    """Exact numbers rounded to float64."""
    return np.asarray(_FLOAT(value), dtype=np.float64) if isinstance(value, np.ndarray) else float(value)


def exact_value(
    op: Op, args: tuple[Any, ...], options: dict[str, Any], algebra: PreciseAlgebra, largest: int = LARGEST
) -> Any:
    """The operation's own definition on exact numbers.

    Raises Undefined where it has no real value, or one of more than `largest` bits.
    """
    try:
        if not op.elementwise:
            out = op.symbolic(algebra, *args, **_exact_options(op, options))
            if isinstance(out, np.ndarray) and out.ndim:
                return np.frompyfunc(lambda value: real(value, largest), 1, 1)(out)
            return real(_bare(out), largest)
        options = _exact_options(op, options)
        if not _any_array(args):
            return real(op.symbolic(algebra, *args, **options), largest)
        entry = np.frompyfunc(lambda *entries: real(op.symbolic(algebra, *entries, **options), largest), len(args), 1)
        return entry(*args)
    except FAILURES:
        raise Undefined from None


def _any_array(args: tuple[Any, ...]) -> bool:
    return any([isinstance(arg, np.ndarray) for arg in args])  # noqa: C419 - a list is faster than a generator here


def _bare(value: Any) -> Any:
    return value.item() if isinstance(value, np.ndarray) else value


def _exact_options(op: Op, options: dict[str, Any]) -> dict[str, Any]:
    if not options:
        return options
    numbers = {o.name for o in op.options if o.kind == "number"}
    return {name: exact(value) if name in numbers else value for name, value in options.items()}


def summed(array: Any, shape: tuple[int, ...]) -> Any:
    """An array of exact numbers summed over what broadcasting from `shape` stretched."""
    if (not shape and not isinstance(array, np.ndarray)) or np.shape(array) == shape:
        return array
    leading = np.ndim(array) - len(shape)
    if leading:
        array = np.sum(array, axis=tuple(range(leading)))
    axes = tuple(i for i, size in enumerate(shape) if size == 1 and np.shape(array)[i] != 1)
    return np.sum(array, axis=axes, keepdims=True) if axes else array


def elementwise_locals(op: Op, args: tuple[Any, ...], options: dict[str, Any], position: int) -> Any:
    """SymPy's local derivative by one argument at every entry."""
    local, numbers = local_for(op, options, position)
    if local.constant is not None:
        return int(local.constant) if local.constant.is_integer() else exact(local.constant)
    if local.argument is not None and local.argument < len(args):
        return args[local.argument]
    if not _any_array(args):
        return local.at([*args, *numbers], position)
    return np.frompyfunc(lambda *entries: local.at([*entries, *numbers], position), len(args), 1)(*args)


def pull_back(
    op: Op, args: tuple[Any, ...], options: dict[str, Any], upstream: Any, wanted: Collection[int]
) -> dict[int, Any]:
    """What the upstream hands back to each wanted argument, in that argument's shape.

    Raises Undefined where a derivative has no value.
    """
    if op.elementwise:
        return {i: summed(upstream * elementwise_locals(op, args, options, i), np.shape(args[i])) for i in wanted}
    try:
        leaves = tuple(_leaves(arg) if i in wanted else arg for i, arg in enumerate(args))
        out = op.symbolic(_EntryAlgebra(), *leaves, **_exact_options(op, options))
        adjoints = _adjoints(np.ravel(np.asarray(out, dtype=object)), np.ravel(np.asarray(upstream, dtype=object)))
        gather = np.frompyfunc(lambda entry: adjoints.get(id(entry), mpmath.mpf(0)), 1, 1)
        return {i: gather(leaves[i]) for i in wanted}
    except FAILURES:
        raise Undefined from None


class Entry:
    """One number among many, with what it was made from and its derivatives by that."""

    __slots__ = ("number", "sources", "value")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: Any, sources: tuple[tuple[Entry, Any], ...], number: int) -> None:
        self.value = value
        self.sources = sources
        self.number = number

    def __neg__(self) -> Entry:
        return _made(-self.value, (self, -1))


_count = iter(range(1 << 62))


def _leaves(arg: Any) -> Any:
    return np.frompyfunc(lambda value: Entry(value, (), next(_count)), 1, 1)(arg)


def _made(value: Any, *sources: tuple[Any, Any]) -> Entry:
    kept = tuple((entry, local) for entry, local in sources if isinstance(entry, Entry))
    return Entry(real(value), kept, next(_count))


def _value(number: Any) -> Any:
    return number.value if isinstance(number, Entry) else number


_BY_EACH: dict[str, Callable[[Any, Any], tuple[Any, Any, Any]]] = {
    "add": lambda a, b: (a + b, 1, 1),
    "sub": lambda a, b: (a - b, 1, -1),
    "mul": lambda a, b: (a * b, b, a),
    "truediv": lambda a, b: (a / b, 1 / mpmath.mpf(b), -a / (mpmath.mpf(b) * b)),
    "pow": lambda a, b: (a**b, _power_slope(a, b, 0), _power_slope(a, b, 1)),
}


def _power_slope(a: Any, b: Any, position: int) -> Any:
    from autograd_explain.ops.arithmetic import power

    if position == 0 and b == 2:
        return 2 * a
    local, _ = local_for(power, {}, position)
    value = local.plainly((mpmath.mpf(a), mpmath.mpf(b)))
    return mpmath.mpf(0) if value is None else value


def _operate(name: str, left: Any, right: Any) -> Any:
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        return NotImplemented
    value, by_left, by_right = _BY_EACH[name](_value(left), _value(right))
    return _made(value, (left, by_left), (right, by_right))


for _name in _BY_EACH:
    setattr(Entry, f"__{_name}__", lambda self, other, n=_name: _operate(n, self, other))
    setattr(Entry, f"__r{_name}__", lambda self, other, n=_name: _operate(n, other, self))
for _name, _compare in zip(("lt", "le", "gt", "ge", "eq", "ne"), COMPARISONS.values(), strict=True):
    setattr(Entry, f"__{_name}__", lambda self, other, c=_compare: bool(c(self.value, _value(other))))


class _EntryAlgebra(PreciseAlgebra):
    """The same names over entries; each elementary function brings SymPy's derivative of it."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        plain = SMOOTH.get(name) or STEPS[name]

        def call(*args: Any) -> Any:
            values = [exact(_value(arg)) for arg in args]
            if not any(isinstance(arg, Entry) for arg in args):
                return plain(*values)
            locals_ = [_function_slope(name, len(args), i).at(values, i) for i in range(len(args))]
            return _made(plain(*values), *zip(args, locals_, strict=True))

        return over_arrays(call)

    @staticmethod
    def compare(symbol: str, a: Any, b: Any) -> Any:
        return over_arrays(lambda a, b: bool(COMPARISONS[symbol](_value(a), _value(b))))(a, b)


_slopes: dict[tuple[str, int], Local] = {}


def _function_slope(name: str, arguments: int, position: int) -> Local:
    import sympy

    from autograd_explain.check.algebra import SymbolicAlgebra, Term, expression_of

    key = (name, position)
    if key not in _slopes:
        symbols = tuple(sympy.Dummy(f"a{i}", real=True) for i in range(arguments))
        form = expression_of(getattr(SymbolicAlgebra(), name)(*map(Term, symbols)))
        _slopes[key] = compiled(sympy.diff(form, symbols[position]), symbols)
    return _slopes[key]


def _adjoints(outs: Any, upstream: Any) -> dict[int, Any]:
    """The derivative of Σ upstream·out by every entry, by the entry's identity."""
    totals: dict[int, Any] = {}
    entries: dict[int, Entry] = {}
    for out, weight in zip(outs, upstream, strict=True):
        if isinstance(out, Entry):
            totals[id(out)] = totals.get(id(out), 0) + weight
            _reach(out, entries)
    for entry in sorted(entries.values(), key=lambda e: -e.number):
        total = totals.get(id(entry), 0)
        for source, local in entry.sources:
            totals[id(source)] = totals.get(id(source), 0) + total * local
    return totals


def _reach(start: Entry, entries: dict[int, Entry]) -> None:
    waiting = [start]
    while waiting:
        entry = waiting.pop()
        if id(entry) not in entries:
            entries[id(entry)] = entry
            waiting.extend(source for source, _ in entry.sources)
