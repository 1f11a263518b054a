"""`Formula`: the same rules, read as text.

A formula is an operation over formulas, down to labels and numbers, and carries its value along. Running a rule
on formulas therefore yields what the rule says, with the run's own names, and what it comes to.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from autograd_explain.core.notation import ATOM, NEGATE, Style, Written, write, write_array
from autograd_explain.core.op import Op, compute
from autograd_explain.core.shapes import Shape, as_value, shape_of
from autograd_explain.core.traced import Traced

LARGEST_ARRAY_WRITTEN_OUT = 36


class Formula(Traced):
    """Text with a value: a label, a number, or an operation over other formulas."""

    __slots__ = ("args", "label", "op", "options", "value")

    def __init__(
        self,
        value: Any,
        label: str = "",
        op: Op | None = None,
        args: tuple[Formula, ...] = (),
        options: dict[str, Any] | None = None,
    ) -> None:
        self.value = value
        self.label = label
        self.op = op
        self.args = args
        self.options = options or {}

    @staticmethod
    def trace_operation(op: Op, args: tuple[Any, ...], options: dict[str, Any]) -> Formula:
        """The formula of the operation on these, with numbers folded where folding is how people write it."""
        parts = tuple(as_formula(arg) for arg in args)
        simplify = _SIMPLER.get(op.name)
        simple = simplify(*parts) if simplify else None
        return simple if simple is not None else formula_of(op, parts, options)

    @property
    def shape(self) -> Shape:
        """The shape of the value."""
        return shape_of(self.value)

    @property
    def is_number(self) -> bool:
        """Whether this is a number written out, not a label or an operation."""
        return not self.label and self.op is None

    def __bool__(self) -> bool:
        return bool(self.value)


def as_formula(value: Any) -> Formula:
    """The value itself where it is a formula, else a number written out."""
    return value if isinstance(value, Formula) else Formula(as_value(value))


def formula_of(op: Op, parts: tuple[Formula, ...], options: dict[str, Any]) -> Formula:
    """The operation over its parts as it stands, with its value."""
    return Formula(compute(op, tuple(part.value for part in parts), options), "", op, parts, options)


def filled(formula: Formula) -> Formula:
    """The same formula with numbers in place of labels; large arrays stay labels."""
    if formula.op is None:
        small = type(formula.value) is float or np.size(formula.value) <= LARGEST_ARRAY_WRITTEN_OUT
        return Formula(formula.value) if small else formula
    return Formula(formula.value, "", formula.op, tuple(map(filled, formula.args)), formula.options)


def is_written_out(formula: Formula) -> bool:
    """Whether nothing but numbers is left in the formula."""
    return formula.is_number if formula.op is None else all(map(is_written_out, formula.args))


def written(formula: Formula, style: Style) -> Written:
    """The formula in a style, with how strongly it binds."""
    if formula.label:
        return Written(formula.label)
    if formula.op is None:
        text = write_array(formula.value, style)
        return Written(text, NEGATE if text[0] in "-−" else ATOM)
    parts = [written(arg, style) for arg in formula.args]
    return write(formula.op.layout, parts, told_options(formula), style)


def told_options(formula: Formula) -> dict[str, Any]:
    """The options of the formula's operation that are written: those that differ from their defaults."""
    if formula.op is None or not formula.options:
        return {}
    return {o.name: formula.options[o.name] for o in formula.op.options if _differs(formula.options, o)}


def _differs(options: dict[str, Any], option: Any) -> bool:
    return option.name in options and not _same(options[option.name], option.default)


def _same(value: Any, default: Any) -> bool:
    return type(value) is type(default) and bool(np.all(value == default))


def value_when_printed(formula: Formula, style: Style) -> Any:
    """What the formula comes to when every number in it is read back as the style prints it."""
    if formula.op is None:
        return _read_back(formula.value, style)
    return compute(formula.op, tuple(value_when_printed(arg, style) for arg in formula.args), formula.options)


def _read_back(value: Any, style: Style) -> Any:
    if type(value) is float:
        return _number_in(style.number(value))
    return np.vectorize(lambda entry: _read_back(float(entry), style), otypes=[float])(value)


@lru_cache(maxsize=4096)
def _number_in(text: str) -> float:
    return float(text.replace("−", "-").replace("∞", "inf"))


def _number(formula: Formula) -> float | None:
    return formula.value if formula.is_number and type(formula.value) is float else None


def _folded(plain: Callable[[float, float], float]) -> Callable[[Formula, Formula], Formula | None]:
    def fold(left: Formula, right: Formula) -> Formula | None:
        a, b = _number(left), _number(right)
        return None if a is None or b is None else Formula(float(plain(a, b)))

    return fold


def _simpler_product(left: Formula, right: Formula) -> Formula | None:
    if _number(left) == 1.0 and right.shape == np.broadcast_shapes(left.shape, right.shape):
        return right
    return left if _number(right) == 1.0 else None


def _simpler_power(base: Formula, exponent: Formula) -> Formula | None:
    return base if _number(exponent) == 1.0 else None


_SIMPLER: dict[str, Callable[..., Formula | None]] = {
    "mul": _simpler_product,
    "pow": _simpler_power,
    "sub": _folded(lambda a, b: a - b),
    "ne": _folded(lambda a, b: float(a != b)),
}
