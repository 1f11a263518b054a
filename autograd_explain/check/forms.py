"""The closed form of a small run: SymPy's expression of the whole, differentiated, as text and as a number.

Works on plain rows, so that the same code runs here and in the worker process. Expressions are built from the
rows, never read from text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import mpmath
import sympy

from autograd_explain.check.algebra import LanguagePrinter, SymbolicAlgebra, Term, Undefined, expression_of, real
from autograd_explain.check.derivatives import definition_of
from autograd_explain.core.op import Op

_WHOLE_NUMBERS_TO = 64  # larger ones stay symbols: no power of integers is ever worked out that would fill memory
_HIGHEST_DEGREE = 2_000
LONGEST_TEXT = 400


@dataclass(frozen=True, slots=True)
class Row:
    """One value of a run: an input (`name`), a constant (neither name nor op), or an operation over earlier rows."""

    value: float
    tracked: bool
    name: str | None = None
    op: Op | None = None
    inputs: tuple[int, ...] = ()
    options: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """A derivative's closed form as text (None where it is too long or not real) and its value to many digits."""

    text: str | None
    value: str | None


def size(rows: list[Row]) -> int:
    """About how many operations the whole expression has when every use is written out."""
    sizes: list[int] = []
    for row in rows:
        own, uses = _weights(row.op, tuple(sorted((row.options or {}).items()))) if row.op else (1, ())
        sizes.append(own + sum(times * sizes[place] for times, place in zip(uses, row.inputs, strict=True)))
    return sizes[-1]


def degree(rows: list[Row]) -> float:
    """The highest power a number could be raised to when SymPy puts powers together."""
    degrees: list[float] = []
    for row in rows:
        below = [degrees[place] for place in row.inputs]
        exponent = abs(rows[row.inputs[1]].value) if row.op is not None and row.op.name == "pow" else 1.0
        degrees.append(max(1.0, min(1e300, (sum(below) or 1.0) * max(1.0, exponent))))
    return max(degrees)


def writable(rows: list[Row]) -> bool:
    """Whether SymPy can build the expression without numbers growing out of hand."""
    return degree(rows) <= _HIGHEST_DEGREE


@lru_cache(maxsize=1024)
def _weights(op: Op, options: tuple[tuple[str, Any], ...]) -> tuple[int, tuple[int, ...]]:
    expression, symbols = definition_of(op, dict(options))
    nodes = list(sympy.preorder_traversal(expression))
    return len(nodes), tuple(sum(node == symbol for node in nodes) for symbol in symbols[: len(op.arguments)])


class _Names:
    """SymPy symbols for names and numbers, and the exact value of each."""

    def __init__(self) -> None:
        self.values: dict[Any, float] = {}

    def name(self, text: str, value: float) -> Any:
        symbol = sympy.Symbol(text, real=True)
        self.values[symbol] = value
        return symbol

    def number(self, value: float) -> Any:
        """A small whole number as an integer; any other as a symbol that is called as it is written."""
        if value.is_integer() and abs(value) <= _WHOLE_NUMBERS_TO:
            return sympy.Integer(int(value))
        text = repr(abs(value)).removesuffix(".0")
        symbol = sympy.Symbol(text, positive=True)
        self.values[symbol] = abs(value)
        return symbol if value > 0 else -symbol


def derivative_forms(rows: list[Row], seed: float, digits: int) -> Iterator[tuple[str, Form]]:
    """The closed form of the last row's derivative by every tracked input, times the seed, with its value."""
    names = _Names()
    expression, inputs = _expression(rows, names)
    symbols = tuple(names.values)
    with mpmath.workdps(digits):
        points = [mpmath.mpf(names.values[symbol]) for symbol in symbols]
        for name, symbol in inputs.items():
            derivative = sympy.diff(expression, symbol)
            seeded = derivative if seed == 1.0 else derivative * names.number(seed)
            yield name, Form(_text(seeded), _value(seeded, symbols, names, points))


def expressions(runs: list[list[Row]]) -> list[Any]:
    """The SymPy expression of each run's last row; names and numbers are the same symbols in all of them."""
    names = _Names()
    return [_expression(rows, names)[0] for rows in runs]


def _expression(rows: list[Row], names: _Names) -> tuple[Any, dict[str, Any]]:
    algebra = SymbolicAlgebra()
    made: list[Any] = []
    inputs = {}
    for row in rows:
        if row.op is None:
            made.append(names.number(row.value) if row.name is None else names.name(row.name, row.value))
            if row.name is not None and row.tracked:
                inputs[row.name] = made[-1]
            continue
        options = {name: Term(names.number(float(value))) for name, value in (row.options or {}).items()}
        whole = expression_of(row.op.symbolic(algebra, *(Term(made[place]) for place in row.inputs), **options))
        constant = (not row.tracked and row.op.differentiable) or row.op.name == "detach"
        made.append(names.name(_grouped(row.op, whole), row.value) if constant else whole)
    return made[-1], inputs


def _grouped(op: Op, whole: Any) -> str:
    text = LanguagePrinter().doprint(whole)
    return f"{op.name}({text})" if not op.differentiable else f"({text})"


def _value(derivative: Any, symbols: tuple[Any, ...], names: _Names, points: list[Any]) -> str | None:
    extra = [symbol for symbol in names.values if symbol not in symbols]
    points = [*points, *(mpmath.mpf(names.values[symbol]) for symbol in extra)]
    try:
        number = real(sympy.lambdify((*symbols, *extra), derivative, "mpmath", cse=True, dummify=True)(*points))
    except (ArithmeticError, ValueError, TypeError, NameError, Undefined):
        return None
    return str(mpmath.nstr(number, mpmath.mp.dps))


def _text(derivative: Any) -> str | None:
    if derivative.has(sympy.I, sympy.zoo, sympy.nan, sympy.oo):
        return None
    taken = {symbol.name for symbol in derivative.free_symbols}
    letters = (sympy.Symbol(c) for c in (*"spqtuvzrkmn", *(f"s{i}" for i in range(1000))) if c not in taken)
    shared, (short,) = sympy.cse([derivative], symbols=letters)
    printer = LanguagePrinter()
    parts = [f"{name} = {printer.doprint(part)}" for name, part in shared]
    text = printer.doprint(short) + (" with " + ", ".join(parts) if parts else "")
    plain = printer.doprint(derivative)
    text = plain if len(plain) <= len(text) else text
    return text if len(text) <= LONGEST_TEXT else None
