"""Derivatives of definitions in double precision, for arrays too large for 40 digits.

An operation's own definition is run on complex numbers x + i·h·d with a tiny h: the imaginary part of the result
is h times the derivative along d, with no difference taken and so no digit lost. No backward rule is read.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_explain.check.algebra import COMPARISONS, Undefined
from autograd_explain.core.op import Op
from autograd_explain.errors import ExplainError

TINY_STEP = 1e-150
_CLOSE = 1e-9


def _real_erf(function: Callable[[float], float], sign: float) -> Callable[[Any], Any]:
    def over(x: Any) -> Any:
        real = np.real(x)
        slope = sign * 2.0 / math.sqrt(math.pi) * np.exp(-real * real)
        return np.vectorize(function, otypes=[float])(real) + 1j * slope * np.imag(x)

    return over


def _cbrt(x: Any) -> Any:
    root = np.cbrt(np.real(x))
    with np.errstate(all="ignore"):
        return root + 1j * np.imag(x) / (3 * root * root)


def _atan2(y: Any, x: Any) -> Any:
    a, b = np.real(y), np.real(x)
    return np.arctan2(a, b) + 1j * (np.imag(y) * b - np.imag(x) * a) / (a * a + b * b)


class DoubleAlgebra:
    """NumPy's complex functions behind the names a definition uses."""

    exp, log, sin, cos, tan, sqrt = np.exp, np.log, np.sin, np.cos, np.tan, np.sqrt
    asin, acos, atan, asinh, acosh, atanh = np.arcsin, np.arccos, np.arctan, np.arcsinh, np.arccosh, np.arctanh
    sinh, cosh, tanh = np.sinh, np.cosh, np.tanh
    erf, erfc = staticmethod(_real_erf(math.erf, 1.0)), staticmethod(_real_erf(math.erfc, -1.0))
    cbrt, atan2 = staticmethod(_cbrt), staticmethod(_atan2)
    floor = staticmethod(lambda x: np.floor(np.real(x)))
    ceil = staticmethod(lambda x: np.ceil(np.real(x)))
    round = staticmethod(lambda x: np.round(np.real(x)))
    sign = staticmethod(lambda x: np.sign(np.real(x)))

    @staticmethod
    def compare(symbol: str, a: Any, b: Any) -> Any:
        """The comparison of the real parts."""
        return COMPARISONS[symbol](np.real(a), np.real(b))

    @staticmethod
    def choose(condition: Any, a: Any, b: Any) -> Any:
        """`a` where the condition holds, else `b`."""
        if isinstance(condition, (bool, np.bool_)):
            return a if condition else b
        return np.where(condition, a, b)

    @staticmethod
    def each(function: Callable[[Any], Any], array: Any) -> Any:
        """The function, which already works entry by entry."""
        return function(array)


_ALGEBRA = DoubleAlgebra()


def moved(op: Op, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """The operation on complex arguments. Raises Undefined where its definition cannot be worked out so."""
    try:
        with np.errstate(all="ignore"):
            return np.asarray(op.symbolic(_ALGEBRA, *map(np.asarray, args), **options), dtype=complex)[()]
    except (ArithmeticError, ValueError, TypeError, AttributeError, NotImplementedError, ExplainError):
        raise Undefined from None


def directional_fault(
    visit: Any, position: int, args: tuple[Any, ...], options: dict[str, Any], contribution: Any
) -> tuple[float, float] | None:
    """What a random direction gives by the definition and by the contribution, where they differ; else None."""
    random = np.random.default_rng(3)
    for _ in range(2):
        direction = random.standard_normal(np.shape(args[position]))
        given = tuple(arg + 1j * TINY_STEP * direction if i == position else arg for i, arg in enumerate(args))
        terms = visit.upstream * np.imag(moved(visit.node.op, given, options)) / TINY_STEP
        ours = contribution * direction
        expected, recorded = float(np.sum(terms)), float(np.sum(ours))
        scale = float(np.sum(np.abs(terms)) + np.sum(np.abs(ours)))
        if not math.isfinite(expected):
            raise Undefined
        if abs(expected - recorded) > _CLOSE * max(scale / math.sqrt(np.size(terms) + 1), abs(expected)):
            return expected, recorded
    return None
