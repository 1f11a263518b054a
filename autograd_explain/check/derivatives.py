"""SymPy's own derivative of each kind of elementwise operation, taken once and evaluated in mpmath.

A kind is an operation with its settings that are not numbers; numbers among the options are symbols too. The
backward rules are not read here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import mpmath
import sympy

from autograd_explain.check.algebra import SymbolicAlgebra, Term, Undefined, expression_of, real
from autograd_explain.core.op import Op

DIGITS = 50  # ten more than are promised
MANY_DIGITS = 400  # for tiny results, which may be what a difference of numbers near 1 left over
TINY = mpmath.mpf(10) ** -8
HAIR = 30  # a point is looked at from this many decimals beside it


class Singular(Undefined):
    """The derivative has no value here, nor one that it approaches."""


def exact(value: Any) -> Any:
    """A float's binary value, neither rounded nor read as a decimal."""
    return mpmath.mpf(value)


@dataclass(frozen=True, slots=True)
class Local:
    """The local derivative by one argument: a number, another argument, or a function of all of them."""

    expression: Any
    symbols: tuple[Any, ...]
    function: Callable[..., Any]
    constant: float | None
    argument: int | None

    def plain_float(self, args: Sequence[float]) -> float | None:
        """The derivative where it is a number or one of the arguments, without working anything out; else None."""
        if self.argument is not None:
            return args[self.argument] if self.argument < len(args) else None
        return self.constant

    def _once(self, args: Sequence[Any]) -> Any:
        try:
            return real(self.function(*args))
        except (ArithmeticError, ValueError, TypeError):
            return None
        except Undefined:
            return None

    def plainly(self, args: Sequence[Any]) -> Any:
        """The derivative just at these arguments, None where the expression has no real value."""
        value = self._once(args)
        if value is not None and abs(value) < TINY:
            with mpmath.workdps(MANY_DIGITS):
                value = self._once(args)
        return value

    def at(self, args: Sequence[Any], position: int) -> Any:
        """The derivative at these arguments, or what it approaches there. Raises Singular where there is neither."""
        value = self.plainly(args)
        if value is not None:
            return value
        near, nearer = (self._beside(args, position, digits) for digits in (HAIR, 2 * HAIR))
        if near is None or nearer is None or abs(near - nearer) > TINY * (1 + abs(nearer)):
            raise Singular
        return mpmath.mpf(0) if abs(nearer) <= TINY * abs(near) else nearer  # shrinking as the point is approached

    def _beside(self, args: Sequence[Any], position: int, digits: int) -> Any:
        for moved in ([position], range(len(args))):
            for sign in (1, -1):
                value = self.plainly([shifted(a, sign, digits) if i in moved else a for i, a in enumerate(args)])
                if value is not None:
                    return value
        return None

    def sides(self, args: Sequence[Any], position: int) -> tuple[Any, Any]:
        """The derivative a hair to the left and to the right in one argument; None where there is none."""
        left, right = (
            self.plainly([shifted(a, sign, HAIR) if i == position else a for i, a in enumerate(args)])
            for sign in (-1, 1)
        )
        return left, right


def shifted(value: Any, sign: int, digits: int) -> Any:
    """The number moved by its own 10^−digits, or by that much from 0."""
    step = mpmath.mpf(10) ** -digits
    return value + sign * step * (abs(value) or 1)


@lru_cache(maxsize=1024)
def _template(op: Op, settings: tuple[tuple[str, Any], ...]) -> tuple[Any, tuple[Any, ...]]:
    if not op.has_form:
        raise Undefined
    symbols = [sympy.Dummy(f"a{i}", real=True) for i in range(len(op.arguments))]
    numbers = {o.name: sympy.Dummy(o.name, real=True) for o in op.options if o.kind == "number"}
    options = dict(settings) | {name: Term(symbol) for name, symbol in numbers.items()}
    definition = op.symbolic(SymbolicAlgebra(), *map(Term, symbols), **options)
    return expression_of(definition), (*symbols, *numbers.values())


@lru_cache(maxsize=4096)
def _local(op: Op, settings: tuple[tuple[str, Any], ...], position: int) -> Local:
    expression, symbols = _template(op, settings)
    return compiled(sympy.diff(expression, symbols[position]), symbols)


def compiled(expression: Any, symbols: tuple[Any, ...]) -> Local:
    """A SymPy expression as something to evaluate."""
    constant = float(expression) if expression.is_Number and expression.is_finite else None
    argument = symbols.index(expression) if expression in symbols else None
    return Local(expression, symbols, sympy.lambdify(symbols, expression, "mpmath"), constant, argument)


def _split(op: Op, options: dict[str, Any]) -> tuple[tuple[tuple[str, Any], ...], tuple[Any, ...]]:
    numbers = tuple(exact(options[o.name]) for o in op.options if o.kind == "number")
    settings = tuple((o.name, options[o.name]) for o in op.options if o.kind != "number" and o.name in options)
    return settings, numbers


def local_for(op: Op, options: dict[str, Any], position: int) -> tuple[Local, tuple[Any, ...]]:
    """SymPy's derivative by one argument, and the option values to hand it after the arguments."""
    settings, numbers = _split(op, options)
    return _local(op, settings, position), numbers


_plain: dict[tuple[Op, int], Local] = {}


def plain_local(op: Op, options: dict[str, Any], position: int, args: Sequence[float]) -> float | None:
    """The derivative where it is a number or one of the arguments; None where it must be worked out."""
    if options:
        return None
    local = _plain.get((op, position))
    if local is None:
        local = _plain[op, position] = local_for(op, options, position)[0]
    return local.plain_float(args)


def definition_of(op: Op, options: dict[str, Any]) -> tuple[Any, tuple[Any, ...]]:
    """SymPy's form of an elementwise operation, and its symbols: the arguments, then the number options."""
    return _template(op, _split(op, options)[0])
