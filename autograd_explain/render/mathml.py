"""Formulas as MathML, which browsers draw themselves. One writer for each shape of layout; no operation is known here.

What a printer of text puts in parentheses stands in them here too, save where the drawing says the same: under a
fraction's bar, in an exponent, under a root.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from autograd_explain.core.formula import Formula, told_options
from autograd_explain.core.notation import (
    ADD,
    ATOM,
    COMPARE,
    MULTIPLY,
    NEGATE,
    POWER,
    Call,
    Index,
    Infix,
    ListCall,
    Postfix,
    Power,
    Prefix,
    Scatter,
    Style,
    write_array,
    write_key,
    write_option,
)
from autograd_explain.render.markup import Markup, joined, tag

_NAME = re.compile(r"(?!\d)\w+")
_ALONE = re.compile(r"<(m[ino]|mtext)>[^<]*</\1>")


class Drawn(NamedTuple):
    """Markup, how strongly it binds, and whether it begins with a minus."""

    markup: Markup
    strength: int = ATOM
    minus: bool = False


def math(*parts: str) -> Markup:
    """A formula of its own, from pieces of MathML."""
    return tag("math", *parts)


def sign(symbol: str) -> Markup:
    """An operator or a bracket."""
    return tag("mo", symbol)


def number(text: str) -> Markup:
    """A number as it is written."""
    return tag("mn", text)


def words(text: str) -> Markup:
    """Plain words within a formula."""
    return tag("mtext", text)


def label(text: str) -> Markup:
    """A value's name within a formula."""
    return tag("mi" if _NAME.fullmatch(text) else "mtext", text)


def name(text: str) -> Markup:
    """A value's name among words, where no formula is drawn."""
    return tag("var", text)


def slope(of: str, by: str) -> Markup:
    """∂of/∂by as a fraction."""
    return tag("mfrac", tag("mi", f"∂{of}"), tag("mi", f"∂{by}"))


def drawn(formula: Formula, style: Style) -> Drawn:
    """The formula in a style of numbers and symbols."""
    if formula.label:
        return Drawn(label(formula.label))
    if formula.op is None:
        text = write_array(formula.value, style)
        minus = text[0] in "-−"
        return Drawn(number(text), NEGATE if minus else ATOM, minus)
    layout = formula.op.layout
    parts = [drawn(arg, style) for arg in formula.args]
    return _WRITERS[type(layout)](layout, parts, told_options(formula), style)


def formula_markup(formula: Formula, style: Style) -> Markup:
    """The formula as pieces of MathML, to stand within `math`."""
    return drawn(formula, style).markup


def _row(*parts: str) -> Markup:
    """The parts as one element, of which fractions and exponents want two."""
    whole = joined(*parts)
    return whole if _ALONE.fullmatch(whole) else tag("mrow", whole)


def _fraction(above: Markup, below: Markup) -> Markup:
    return tag("mfrac", _row(above), _row(below))


def _bracketed(inside: Markup, left: str = "(", right: str = ")") -> Markup:
    """Around something high, brackets that grow with it; else plain signs, which fonts space more closely."""
    if _HIGH.search(inside):
        return tag("mrow", sign(left), inside, sign(right))
    return joined(tag("mi", left), inside, tag("mi", right))


_HIGH = re.compile("<(?:mfrac|msqrt|mroot)>")


def _guarded(part: Drawn, strength: int) -> Markup:
    return _bracketed(part.markup) if part.strength < strength else part.markup


def _listed(parts: list[Markup]) -> Markup:
    return Markup(sign(",").join(parts))


def _infix(layout: Infix, parts: list[Drawn], options: dict[str, Any], style: Style) -> Drawn:
    left, right = parts
    if layout.symbol == "/":
        return Drawn(_fraction(left.markup, right.markup), POWER)
    first = _guarded(left, layout.strength + (layout.strength == COMPARE))
    second = _guarded(right, layout.strength + 1)
    if right.strength > layout.strength and right.minus and layout.strength in (ADD, MULTIPLY):
        second = _bracketed(second)
    symbol = style.symbols.get(layout.symbol, layout.symbol)
    minus = left.minus and left.strength >= layout.strength
    return Drawn(joined(first, sign(symbol), second), layout.strength, minus)


def _prefix(layout: Prefix, parts: list[Drawn], options: dict[str, Any], style: Style) -> Drawn:
    symbol = style.symbols.get(layout.symbol, layout.symbol)
    return Drawn(joined(sign(symbol), _guarded(parts[0], layout.strength)), layout.strength, symbol in "-−")


def _power(layout: Power, parts: list[Drawn], options: dict[str, Any], style: Style) -> Drawn:
    base, exponent = parts
    return Drawn(tag("msup", _row(_guarded(base, ATOM)), _row(exponent.markup)), POWER)


def _call(layout: Call, parts: list[Drawn], options: dict[str, Any], style: Style) -> Drawn:
    special = _SPECIAL.get(layout.name) if len(parts) == 1 and not options else None
    if special:
        return Drawn(special(parts[0].markup))
    return Drawn(_called(layout.unicode or layout.name, [part.markup for part in parts], options, style))


def _called(name: str, parts: list[Markup], options: dict[str, Any], style: Style) -> Markup:
    settings = [words(f"{key}={write_option(value, style)}") for key, value in options.items()]
    return joined(tag("mi", name), _bracketed(_listed([*parts, *settings])))


_SPECIAL: dict[str, Callable[[Markup], Markup]] = {
    "sqrt": lambda inside: tag("msqrt", inside),
    "cbrt": lambda inside: tag("mroot", _row(inside), number("3")),
    "abs": lambda inside: _bracketed(inside, "|", "|"),
    "floor": lambda inside: _bracketed(inside, "⌊", "⌋"),
    "ceil": lambda inside: _bracketed(inside, "⌈", "⌉"),
}
"""Notations that are drawn, by the name of the call."""


def _list_call(layout: ListCall, parts: list[Drawn], options: dict[str, Any], style: Style) -> Drawn:
    inside = _bracketed(_listed([part.markup for part in parts]), "[", "]")
    return Drawn(_called(layout.name, [inside], options, style) if layout.name else inside)


def _index(layout: Index, parts: list[Drawn], options: dict[str, Any], style: Style) -> Drawn:
    return Drawn(joined(_guarded(parts[0], ATOM), _key(options, style)))


def _key(options: dict[str, Any], style: Style) -> Markup:
    return _bracketed(words(write_key(options["key"], style)), "[", "]")


def _scatter(layout: Scatter, parts: list[Drawn], options: dict[str, Any], style: Style) -> Drawn:
    zeros = _called("zeros", [number(str(size)) for size in options["shape"]], {}, style)
    return Drawn(_called(layout.name, [parts[0].markup, joined(zeros, _key(options, style))], {}, style))


def _postfix(layout: Postfix, parts: list[Drawn], options: dict[str, Any], style: Style) -> Drawn:
    if options:
        return _call(Call(layout.name), parts, options, style)
    return Drawn(tag("msup", _row(_guarded(parts[0], ATOM)), words("T")), POWER)


_WRITERS: dict[type, Callable[[Any, list[Drawn], dict[str, Any], Style], Drawn]] = {
    Infix: _infix,
    Prefix: _prefix,
    Power: _power,
    Call: _call,
    ListCall: _list_call,
    Index: _index,
    Scatter: _scatter,
    Postfix: _postfix,
}
