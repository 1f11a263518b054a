"""What a value would be without rounding, where that can be said: sums, products and quotients as fractions.

A difference of equal numbers has lost digits only if its terms had been rounded; this tells the two cases apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from autograd_explain.core.var import Var

_MOST_LOOKED_AT = 60
_HIGHEST_POWER = 16
_MOVES = frozenset({"detach", "index", "max", "min", "reshape", "squeeze", "expand_dims", "transpose", "broadcast_to"})
_CHOOSES = frozenset({"abs", "clip", "maximum", "minimum", "relu", "where"})

Place = tuple[int, ...]


class _Unknown(Exception):
    """The value was rounded on its way, and by how much cannot be said."""


def exact_entry(node: Var, place: Place) -> Fraction | None:
    """One entry of a value as it would be without rounding, from the inputs as given; None where that is unknown."""
    try:
        return _exact(node, place, [_MOST_LOOKED_AT])
    except (_Unknown, ZeroDivisionError, OverflowError):
        return None


def _exact(node: Var, place: Place, left: list[int]) -> Fraction:
    left[0] -= 1
    if left[0] < 0:
        raise _Unknown
    value = float(np.asarray(node.value)[place])
    if not math.isfinite(value):
        raise _Unknown
    if not node.inputs:
        return Fraction(value)
    name = node.op.name
    if _only_moved(node):
        return Fraction(value)
    if not node.op.elementwise:
        raise _Unknown
    terms = [_exact(argument, _place_in(argument, place), left) for argument in node.inputs]
    if name in _RATIONAL:
        return Fraction(_RATIONAL[name](*terms))
    recorded = [Fraction(float(np.asarray(a.value)[_place_in(a, place)])) for a in node.inputs]
    if terms != recorded or not (name in _CHOOSES or _hits_a_whole_number(name, recorded[0], value)):
        raise _Unknown
    return Fraction(value)


def _only_moved(node: Var) -> bool:
    """Whether a value was made from given ones by moving and picking entries alone."""
    for _ in range(_MOST_LOOKED_AT):
        if not node.inputs:
            return True
        if node.op.name not in _MOVES or len(node.inputs) != 1:
            return False
        node = node.inputs[0]
    return False


def _place_in(argument: Var, place: Place) -> Place:
    """The entry of an argument that an entry of the result was made from; stretched axes have one entry alone."""
    shape = argument.shape
    return tuple(0 if size == 1 else at for size, at in zip(shape, place[len(place) - len(shape) :], strict=True))


def _hits_a_whole_number(name: str, given: Fraction, value: float) -> bool:
    """`sqrt(4)`, and functions such as `exp`, `cos`, `log` and `sigmoid` at 0 or 1, where they give halves."""
    if name == "sqrt":
        return Fraction(value) ** 2 == given
    return given in (0, 1) and (2 * value).is_integer()


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1 or abs(exponent) > _HIGHEST_POWER:
        raise _Unknown
    return base**exponent.numerator


_RATIONAL: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
    "square": lambda a: a * a,
    "reciprocal": lambda a: 1 / a,
    "pow": _power,
}
