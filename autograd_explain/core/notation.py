"""How an operation is written: a handful of layout shapes, and styles that spell their symbols.

An operation names a layout; a printer knows layouts. A new operation therefore prints in every format
without a printer hearing of it. Nothing here knows an operation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

# Binding strengths, weakest first. A child that binds more weakly than its place asks is put in parentheses.
CHOICE, OR, AND, NOT, COMPARE, ADD, MULTIPLY, NEGATE, POWER, ATOM = range(10)


class Infix(NamedTuple):
    """`left symbol right`, grouping to the left."""

    symbol: str
    strength: int
    tight: bool = False


class Prefix(NamedTuple):
    """`symbol argument`."""

    symbol: str
    strength: int


class Power:
    """`base ** exponent`, grouping to the right."""


class Call(NamedTuple):
    """`name(argument, …, option=value)`; `unicode` is the short form used where the terminal has it.

    `latex` is the function in mathematical type, or with `#` the whole of it around its argument; "" for the name.
    """

    name: str
    unicode: str = ""
    latex: str = ""


class ListCall(NamedTuple):
    """`name([first, second], option=value)`; without a name the bare list."""

    name: str


class Index:
    """`value[key]`."""


class Scatter(NamedTuple):
    """`name(value, zeros(shape)[key])`: where in an array of zeros the value is added."""

    name: str


class Postfix(NamedTuple):
    """`value.T`."""

    name: str
    unicode: str


Layout = Infix | Prefix | Power | Call | ListCall | Index | Scatter | Postfix


class Style(NamedTuple):
    """A spelling: how symbols and numbers are written in one kind of output."""

    number: Callable[[float], str]
    symbols: Mapping[str, str] = MappingProxyType({})
    unicode: bool = False
    longest_index: float = math.inf  # the most entries of an array of indices that are written out


def exact_number(value: float) -> str:
    """The shortest text that reads back as the same float; whole numbers without a point."""
    text = repr(float(value))
    return text.removesuffix(".0")


LANGUAGE = Style(number=exact_number)
UNICODE_SYMBOLS = {"*": "·", "-": "−", ">=": "≥", "<=": "≤", "!=": "≠"}
_SUPERSCRIPTS = str.maketrans("0123456789-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻")


def rounded_number(value: float, digits: int) -> str:
    """`value` with that many significant digits, as `%g` writes it and without a negative zero."""
    text = f"{value:.{digits}g}"
    return "0" if text == "-0" else text


@lru_cache(maxsize=64)
def style_for(digits: int, *, ascii_only: bool) -> Style:
    """The terminal's style at a number of digits."""
    # A run's numbers stand in many lines each: operand here, value there, upstream of the next.
    if ascii_only:
        return Style(
            number=lru_cache(_REMEMBERED)(lambda value: rounded_number(value, digits)), longest_index=_LONGEST_INDEX
        )
    return Style(
        number=lru_cache(_REMEMBERED)(lambda value: _with_minus(rounded_number(value, digits))),
        symbols=UNICODE_SYMBOLS,
        unicode=True,
        longest_index=_LONGEST_INDEX,
    )


_LONGEST_INDEX = 36
_REMEMBERED = 4096


def _with_minus(text: str) -> str:
    if text[0] == "-":
        text = "−" + text[1:]
    return text.replace("inf", "∞") if text[-1] == "f" else text


def write_array(array: Any, style: Style) -> str:
    """An array as a nested list of the style's numbers."""
    if type(array) is float:
        return style.number(array)
    if np.ndim(array) == 0:
        return style.number(float(array))
    return "[" + ", ".join(write_array(row, style) for row in array) + "]"


def write_option(value: Any, style: Style) -> str:
    """An option's value as the language writes it."""
    if value is None or isinstance(value, bool):
        return str(value)
    if isinstance(value, tuple):
        inner = ", ".join(write_option(item, style) for item in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return write_array(value, style) if isinstance(value, np.ndarray) else style.number(float(value))


def write_key(key: tuple[Any, ...], style: Style) -> str:
    """An index key as it stands between the brackets."""
    return ", ".join(_key_part(part, style) for part in key)


def _key_part(part: Any, style: Style) -> str:
    if isinstance(part, slice):
        text = f"{_bound(part.start)}:{_bound(part.stop)}"
        return text if part.step is None else f"{text}:{part.step}"
    if part is Ellipsis:
        return "..."
    if part is None:
        return "None"
    if not isinstance(part, np.ndarray):
        return str(int(part))
    if part.size <= style.longest_index:
        return write_array(part, style)
    first = ", ".join(write_array(entry, style) for entry in part.flat[:3])
    return f"[{first}, {'…' if style.unicode else '...'}]"


def _bound(bound: int | None) -> str:
    return "" if bound is None else str(bound)


class Written(NamedTuple):
    """Text and how strongly it binds."""

    text: str
    strength: int = ATOM


def wrapped(part: Written, strength: int) -> str:
    """The part's text, in parentheses where its place binds more strongly than it does."""
    return f"({part.text})" if part.strength < strength else part.text


def write(layout: Layout, parts: list[Written], options: dict[str, Any], style: Style) -> Written:
    """One operation written over its already written arguments."""
    return _WRITERS[type(layout)](layout, parts, options, style)


def _infix(layout: Any, parts: list[Written], options: dict[str, Any], style: Style) -> Written:
    symbol = style.symbols.get(layout.symbol, layout.symbol)
    gap = "" if layout.tight else " "
    # A comparison does not chain here, so its left side needs parentheses as much as its right one.
    left = layout.strength + (layout.strength == COMPARE)
    right = wrapped(parts[1], layout.strength + 1)
    if layout.strength in _GUARDED and right[0] in "-−":
        right = f"({right})"  # 6 + (−6), 2·(−3): two signs in a row are hard to read
    text = f"{wrapped(parts[0], left)}{gap}{symbol}{gap}{right}"
    return Written(text, layout.strength)


_GUARDED = frozenset({ADD, MULTIPLY})


def _prefix(layout: Any, parts: list[Written], options: dict[str, Any], style: Style) -> Written:
    symbol = style.symbols.get(layout.symbol, layout.symbol)
    inner = wrapped(parts[0], layout.strength)
    return Written(f"{symbol}({inner})" if inner[0] in "-−" else f"{symbol}{inner}", layout.strength)


def _power(layout: Any, parts: list[Written], options: dict[str, Any], style: Style) -> Written:
    base, exponent = wrapped(parts[0], ATOM), parts[1]
    if style.unicode:
        if exponent.text.lstrip("−-").isdigit():
            return Written(base + exponent.text.translate(_SUPERSCRIPTS), POWER)
        return Written(f"{base}^{wrapped(exponent, POWER)}", POWER)
    return Written(f"{base}**{wrapped(exponent, NEGATE)}", POWER)


def _call(layout: Any, parts: list[Written], options: dict[str, Any], style: Style) -> Written:
    name = layout.unicode if style.unicode and layout.unicode else layout.name
    return Written(f"{name}({', '.join([p.text for p in parts] + _options(options, style))})")


def _options(options: dict[str, Any], style: Style) -> list[str]:
    return [f"{name}={write_option(value, style)}" for name, value in options.items()]


def _list_call(layout: Any, parts: list[Written], options: dict[str, Any], style: Style) -> Written:
    inside = "[" + ", ".join(p.text for p in parts) + "]"
    if not layout.name:
        return Written(inside)
    return Written(f"{layout.name}({', '.join([inside, *_options(options, style)])})")


def _held(part: Written) -> str:
    """The part before brackets or a point, which right behind a number would be read as more of it."""
    text = wrapped(part, ATOM)
    return f"({text})" if text[0].isdigit() else text


def _index(layout: Any, parts: list[Written], options: dict[str, Any], style: Style) -> Written:
    return Written(f"{_held(parts[0])}[{write_key(options['key'], style)}]")


def _scatter(layout: Any, parts: list[Written], options: dict[str, Any], style: Style) -> Written:
    place = f"zeros({', '.join(map(str, options['shape']))})[{write_key(options['key'], style)}]"
    return Written(f"{layout.name}({parts[0].text}, {place})")


def _postfix(layout: Any, parts: list[Written], options: dict[str, Any], style: Style) -> Written:
    if options:
        return _call(Call(layout.name), parts, options, style)
    return Written(_held(parts[0]) + (layout.unicode if style.unicode else ".T"))


_WRITERS: dict[type, Callable[[Any, list[Written], dict[str, Any], Style], Written]] = {
    Infix: _infix,
    Prefix: _prefix,
    Power: _power,
    Call: _call,
    ListCall: _list_call,
    Index: _index,
    Scatter: _scatter,
    Postfix: _postfix,
}
