"""Numbers in lines: printed arithmetic that is true, and arrays that say their shape first."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_explain.core.formula import Formula, value_when_printed, written
from autograd_explain.core.notation import Style, rounded_number, style_for
from autograd_explain.core.op import compute
from autograd_explain.core.shapes import show_shape
from autograd_explain.render.theme import View, wrapped

if TYPE_CHECKING:
    from fractions import Fraction  # loaded only where lines need it: most runs do without

MOST_DIGITS = 17
LARGEST_SIDE = 6
_SLACK = 1 + 1e-9


def style_of(view: View, digits: int | None = None) -> Style:
    """The view's spelling of symbols and numbers."""
    return style_for(view.digits if digits is None else digits, ascii_only=view.ascii)


def show(value: float, view: View) -> str:
    """A number at the view's digits."""
    return style_of(view).number(value)


@dataclass(frozen=True, slots=True)
class Equation:
    """`text relation result`, where the text gives the result as printed, or the relation says ≈."""

    text: str
    relation: str
    result: str

    def __str__(self) -> str:
        return f"{self.text} {self.relation} {self.result}"


def is_true(found: float, result: float, digits: int) -> bool:
    """Whether a value read off a line is its result to half a unit of the result's last printed digit."""
    shown = float(rounded_number(result, digits))
    if not math.isfinite(shown) or not math.isfinite(found):
        return shown == found or (math.isnan(shown) and math.isnan(found))
    if shown == 0.0:
        return found == 0.0
    unit = 10.0 ** (math.floor(math.log10(abs(shown))) - digits + 1)
    return abs(found - shown) <= 0.5 * unit * _SLACK


def as_printed(value: Any, digits: int) -> Any:
    """A number or array as it is read back from so many digits."""
    if type(value) is float:
        return float(rounded_number(value, digits))
    return np.array([float(rounded_number(entry, digits)) for entry in np.ravel(value).tolist()]).reshape(value.shape)


def equation(formula: Formula, result: float, view: View) -> Equation:
    """A filled-in formula with just enough digits that the line is true, else with ≈."""
    style, relation = fitting_style(formula, result, view)
    return Equation(written(formula, style).text, relation, show(result, view))


def fitting_style(formula: Formula, result: float, view: View) -> tuple[Style, str]:
    """The style with just enough digits that the filled-in formula gives its result, and `=`; else ≈.

    Where almost equal numbers are subtracted, or it takes nearly all digits of a float to be true, the printed digits
    are also put together as decimals: what a machine makes of them may owe its last digits to numbers that have no
    short decimal.
    """
    nearest: Style | None = None
    cancels = _cancels(formula)
    for digits in range(view.digits, MOST_DIGITS + 1):
        style = style_of(view, digits)
        found = value_when_printed(formula, style)
        if type(found) is float and is_true(found, result, view.digits):
            nearest = nearest or style
            if _holds(formula, style, result, view.digits, careful=cancels or digits >= _FINE):
                return style, "="
    return nearest or style_of(view), "≈"


_ALMOST_EQUAL = 1e-6
_FINE = 14  # digits: a line that needs as many is decided in the last bits of its numbers


def _holds(formula: Formula, style: Style, result: float, digits: int, *, careful: bool) -> bool:
    """Whether the printed decimals themselves give the result; `careful` where their floats are not enough to say so.

    Sums and products of decimals are exact. A function is worked out at the floats on both sides of each number that
    is not exactly what is printed.
    """
    if not careful:
        return True
    exact = _exact_when_printed(formula, style)
    if exact is not None:
        return _gives(exact, result, digits)
    beside = (_beside(formula, style, towards) for towards in (-math.inf, math.inf))
    return all(type(found) is float and is_true(found, result, digits) for found in beside)


def _gives(exact: Fraction, result: float, digits: int) -> bool:
    """Whether an exact number is the printed result to half a unit of its last digit."""
    from fractions import Fraction

    if not math.isfinite(result):
        return False
    shown = Fraction(rounded_number(result, digits))
    if not shown:
        return not exact
    unit = Fraction(10) ** (math.floor(math.log10(abs(float(shown)))) - digits + 1)
    return abs(exact - shown) <= unit / 2


def _beside(formula: Formula, style: Style, towards: float) -> Any:
    """The formula's value with every number that is not exactly what is printed a little further on."""
    from fractions import Fraction

    if formula.op is not None:
        parts = tuple(_beside(part, style, towards) for part in formula.args)
        return compute(formula.op, parts, formula.options)
    if type(formula.value) is not float or not math.isfinite(formula.value):
        return formula.value
    printed = style.number(formula.value).replace("−", "-")
    near = float(printed)
    return near if Fraction(printed) == Fraction(near) else math.nextafter(near, towards)


def _cancels(formula: Formula) -> bool:
    """Whether a sum or difference in it is far smaller than its terms."""
    if formula.op is None:
        return False
    if formula.op.name in ("add", "sub") and all(type(part.value) is float for part in (formula, *formula.args)):
        largest = max(abs(part.value) for part in formula.args)
        if 0.0 < abs(formula.value) < _ALMOST_EQUAL * largest < math.inf:
            return True
    return any(map(_cancels, formula.args))


_EXACTLY: dict[str, Callable[..., Fraction]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "neg": lambda a: -a,
}


def _exact_when_printed(formula: Formula, style: Style) -> Fraction | None:
    """What the printed decimals come to without any rounding; None where a function or an array takes part."""
    if formula.op is None:
        is_number = type(formula.value) is float and math.isfinite(formula.value)
        from fractions import Fraction

        return Fraction(style.number(formula.value).replace("−", "-")) if is_number else None
    parts = [_exact_when_printed(part, style) for part in formula.args]
    work = _EXACTLY.get(formula.op.name)
    return None if work is None or None in parts else work(*parts)


def terms(numbers: list[float], total: float, view: View) -> Equation:
    """`a + b + c = total`, with enough digits to be true."""
    shown = show(total, view)
    nearest: Style | None = None
    cancels = 0.0 < abs(total) < _ALMOST_EQUAL * max(map(abs, numbers)) < math.inf
    for digits in range(view.digits, MOST_DIGITS + 1):
        style = style_of(view, digits)
        read = sum(float(rounded_number(number, digits)) for number in numbers)
        if is_true(read, total, view.digits):
            nearest = nearest or style
            careful = (cancels or digits >= _FINE) and math.isfinite(total)
            if not careful or _gives(_exact_sum(numbers, digits), total, view.digits):
                return Equation(_sum_text(numbers, style), "=", shown)
    return Equation(_sum_text(numbers, nearest or style_of(view)), "≈", shown)


def _exact_sum(numbers: list[float], digits: int) -> Fraction:
    from fractions import Fraction

    return sum((Fraction(rounded_number(number, digits)) for number in numbers), Fraction(0))


def product_sum(factors: list[tuple[float, ...]], total: float, view: View) -> Equation:
    """`a × b + c × d = total`, with enough digits to be true."""
    shown = show(total, view)
    for digits in range(view.digits, MOST_DIGITS + 1):
        read = sum(math.prod(float(rounded_number(number, digits)) for number in each) for each in factors)
        if is_true(read, total, view.digits):
            return Equation(_products_text(factors, style_of(view, digits)), "=", shown)
    return Equation(_products_text(factors, style_of(view)), "≈", shown)


def _products_text(factors: list[tuple[float, ...]], style: Style) -> str:
    first, *rest = [" × ".join(_factors(each, style)) for each in factors]
    return " + ".join([first, *(f"({text})" if text[0] in "-−" else text for text in rest)])


def _factors(numbers: tuple[float, ...], style: Style) -> Iterator[str]:
    """The factors of a product; a negative one behind a sign stands in brackets."""
    for place, text in enumerate(map(style.number, numbers)):
        yield f"({text})" if place and text[0] in "-−" else text


def _sum_text(numbers: list[float], style: Style) -> str:
    parts = [style.number(numbers[0])]
    for number in numbers[1:]:
        text = style.number(number)
        sign = text[0] in "-−"
        parts.append(f"{text[0]} {text[1:]}" if sign else f"+ {text}")
    return " ".join(parts)


def array_lines(array: Any, view: View, room: int) -> Iterator[str]:
    """An array as rows of numbers; over 6×6 its shape, range and corner."""
    if array.size == 0:
        yield "[]"
        return
    if max(array.shape) > LARGEST_SIDE or array.ndim > 2:
        yield from wrapped(f"{summary(array, view)}; corner:", room + 2)
        array = corner(array)
    yield from _rows(np.atleast_2d(array), view, room, brackets=array.ndim)


def summary(array: Any, view: View) -> str:
    """What an array too large to print is: its shape and range."""
    finite = array[np.isfinite(array)]
    text = f"shape {show_shape(array.shape)}"
    if array.size and finite.size == array.size and finite.min() == finite.max():
        return f"{text}, {show(float(finite.flat[0]), view)} everywhere"
    if finite.size:
        text += f", from {show(float(finite.min()), view)} to {show(float(finite.max()), view)}"
    if finite.size < array.size:
        text += f", {array.size - finite.size} not finite"
    return text


def corner(array: Any) -> Any:
    """The first few entries along the last two axes."""
    while array.ndim > 2:
        array = array[0]
    return array[(slice(0, 3),) * array.ndim]


def _rows(matrix: Any, view: View, room: int, brackets: int) -> Iterator[str]:
    digits = view.digits
    while True:
        style = style_of(view, digits)
        cells = [[style.number(float(entry)) for entry in row] for row in matrix]
        widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
        if digits <= 3 or sum(widths) + 2 * len(widths) + 2 <= room:
            break
        digits -= 1
    for number, row in enumerate(cells):
        text = "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        left = ("[" if number == 0 else " ") if brackets > 1 else ""
        right = "]" if brackets > 1 and number == len(cells) - 1 else ""
        yield f"{left}[{text}]{right}"
