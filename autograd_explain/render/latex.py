"""Formulas in LaTeX's mathematics. One writer for each shape of layout; no operation is known here.

A formula is written twice: drawn (fractions, roots, exponents), and flat, in one row that may be broken between any
two of its parts. Which of the two is set depends on how long the formula is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from copy import copy
from typing import Any, NamedTuple

import numpy as np

from autograd_explain.core.formula import Formula, told_options, written
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
    Written,
    wrapped,
    write_array,
    write_key,
    write_option,
)
from autograd_explain.render.latex_text import GREEK, GREEK_LETTERS, character
from autograd_explain.source import visible

LARGEST_DRAWN = 4  # a bigger matrix within a formula stands as a list of rows
_SYMBOLS = {"*": r"\cdot", "@": r"\,", ">=": r"\ge", "<=": r"\le", "!=": r"\ne", "==": "="}
_FUNCTIONS = {"max", "min", "arg", "det"}
_NAME = re.compile(r"(?!\d)\w+")
_INDEXED = re.compile(r"(.*[^\W\d_])_?(\d+)")
_TALL = re.compile(r"\\(frac|begin|sqrt)")
_LONGEST, _CHUNK = 16, 6  # a longer name may be broken after so many letters


class Math(NamedTuple):
    """A formula drawn, flat, and as the terminal has it. An empty `flat` says that it is set smaller, never flat."""

    drawn: str
    flat: str
    plain: str


class Letters(NamedTuple):
    """How text beyond ASCII is put inside of mathematics."""

    text: Callable[[str], str]


TEX = Letters(lambda text: "".join(map(character, text)))
"""For LaTeX itself: nothing but ASCII."""


def _readable(text: str) -> str:
    return re.sub(r"([{}$&#%_])", r"\\\1", visible(text).translate(_LOOKALIKES))


_LOOKALIKES = str.maketrans({"\\": "∖", "^": "ˆ", "~": "˜"})  # what mathematics in a browser cannot be given as text
BROWSER = Letters(_readable)
"""For what draws mathematics in a browser: it has every letter."""


class Names:
    """What each label is called in mathematics; two labels are never drawn alike."""

    def __init__(self, labels: Iterable[str], letters: Letters = TEX) -> None:
        self.letters = letters
        self.marks: dict[str, str] = {}
        known = {label for label in labels if label}
        self._alike = Counter(self._drawn(label) for label in known)

    def __call__(self, label: str) -> str:
        """The label: `v12` with its number as an index, a Greek name as its letter."""
        if label in self.marks:
            return self.marks[label]
        drawn = self._drawn(label)
        return drawn if self._alike[drawn] < 2 else self._word(label)

    def with_mark(self, label: str, drawn: str) -> Names:
        """The same names, and one more that is drawn like this."""
        other = copy(self)
        other.marks = {label: drawn}
        return other

    def _drawn(self, label: str) -> str:
        if label in GREEK:
            return GREEK[label]
        indexed = _INDEXED.fullmatch(label)
        if indexed and "_" not in indexed[1]:
            return f"{self._drawn(indexed[1])}_{{{indexed[2]}}}"
        return self._word(label)

    def _word(self, label: str) -> str:
        if label in GREEK_LETTERS:
            return GREEK_LETTERS[label]
        if len(label) == 1 and label.isascii() and label.isalpha():
            return label
        plain = label.isascii() and _NAME.fullmatch(label)
        chunk = _LONGEST if len(label) <= _LONGEST else _CHUNK if plain else 1
        parts = [label[i : i + chunk] for i in range(0, len(label), chunk)]
        if not plain:
            return r"\allowbreak ".join(rf"\text{{{self.letters.text(part)}}}" for part in parts)
        return r"\allowbreak ".join(rf"\mathit{{{part}}}".replace("_", r"\_") for part in parts)


class Tex(NamedTuple):
    """A spelling: numbers, names, and whether the formula is written flat."""

    style: Style
    names: Names
    flat: bool = False


def math_of(formula: Formula, style: Style, names: Names) -> Math:
    """The formula drawn and flat; `style` is the terminal's, for its digits."""
    drawn = _write(formula, Tex(style, names)).text
    flat = _write(formula, Tex(style, names, flat=True)).text
    return Math(drawn, flat, written(formula, style).text)


def number(text: str) -> Written:
    """A number as it is printed, with its power of ten raised."""
    text = text.replace("−", "-").replace("∞", "inf")
    sign = NEGATE if text[0] == "-" else ATOM
    if text.endswith("inf"):
        return Written(text.replace("inf", r"\infty"), sign)
    if text == "nan":
        return Written(r"\text{nan}")
    mantissa, e, exponent = text.partition("e")
    return Written(rf"{mantissa}\times 10^{{{int(exponent)}}}" if e else text, NEGATE if e else sign)


def plain_number(value: float, style: Style) -> Math:
    """A number by itself."""
    text = style.number(value)
    return Math(number(text).text, number(text).text, text)


def array_math(array: Any, style: Style) -> Math:
    """A matrix or vector, entry by entry."""
    matrix = np.atleast_2d(array)
    rows = [[number(style.number(float(entry))).text for entry in row] for row in matrix]
    drawn = r"\begin{pmatrix}" + r" \\ ".join(" & ".join(row) for row in rows) + r"\end{pmatrix}"
    return Math(drawn, "", write_array(array, style))


def _write(formula: Formula, tex: Tex) -> Written:
    if formula.label:
        return Written(tex.names(formula.label))
    if formula.op is None:
        return _value(formula.value, tex)
    parts = [_write(arg, tex) for arg in formula.args]
    layout = formula.op.layout
    return _WRITERS[type(layout)](layout, parts, told_options(formula), tex)


def _value(value: Any, tex: Tex) -> Written:
    if type(value) is float or np.ndim(value) == 0:
        return number(tex.style.number(float(value)))
    if tex.flat or value.ndim != 2 or max(value.shape) > LARGEST_DRAWN or not value.size:
        return Written(_nested(value, tex))
    return Written(array_math(value, tex.style).drawn)


def _nested(array: Any, tex: Tex) -> str:
    if np.ndim(array) == 0:
        return number(tex.style.number(float(array))).text
    return "[" + _listed([_nested(row, tex) for row in array]) + "]"


def _listed(parts: Iterable[str]) -> str:
    return r",\allowbreak\,".join(parts)


def _bracketed(inside: str, tex: Tex, left: str = "(", right: str = ")") -> str:
    if not tex.flat and _TALL.search(inside):
        return rf"\left{left}{inside}\right{right}"
    return f"{left}{inside}{right}"


def _guarded(part: Written, strength: int, tex: Tex) -> str:
    return _bracketed(part.text, tex) if part.strength < strength else part.text


def _infix(layout: Any, parts: list[Written], options: dict[str, Any], tex: Tex) -> Written:
    left, right = parts
    if layout.symbol == "/" and not tex.flat:
        return Written(rf"\frac{{{left.text}}}{{{right.text}}}", POWER)
    first = _guarded(left, layout.strength + (layout.strength == COMPARE), tex)
    second = _guarded(right, POWER if layout.symbol == "/" else layout.strength + 1, tex)
    if second.startswith("-") and layout.strength in (ADD, MULTIPLY):
        second = _bracketed(second, tex)
    symbol = _SYMBOLS.get(layout.symbol, layout.symbol)
    break_ = r"\allowbreak " if layout.symbol in "/@" else ""
    return Written(f"{first} {symbol} {break_}{second}", layout.strength)


def _prefix(layout: Any, parts: list[Written], options: dict[str, Any], tex: Tex) -> Written:
    return Written(f"{layout.symbol}{_guarded(parts[0], layout.strength, tex)}", layout.strength)


def _power(layout: Any, parts: list[Written], options: dict[str, Any], tex: Tex) -> Written:
    base, exponent = parts
    if tex.flat and len(exponent.text) > LARGEST_DRAWN:
        return Written(rf"\mathrm{{pow}}({_listed([base.text, exponent.text])})")
    return Written(f"{_guarded(base, ATOM, tex)}^{{{exponent.text}}}", POWER)


def _call(layout: Any, parts: list[Written], options: dict[str, Any], tex: Tex) -> Written:
    texts = [part.text for part in parts]
    around = "#" in layout.latex
    if around and len(parts) == 1 and not options and not (tex.flat and "sqrt" in layout.latex):
        return Written(layout.latex.replace("#", texts[0]))
    name = layout.latex if layout.latex and not around else _function(layout.unicode or layout.name, tex)
    return Written(name + _bracketed(_listed([*texts, *_options(options, tex)]), tex))


def _function(name: str, tex: Tex) -> str:
    if name in _FUNCTIONS:
        return rf"\{name}"
    return rf"\mathrm{{{name.replace('_', chr(92) + '_')}}}" if name.isascii() else tex.names(name)


def _options(options: dict[str, Any], tex: Tex) -> list[str]:
    return [rf"\mathit{{{name}}}={_setting(write_option(value, tex.style), tex)}" for name, value in options.items()]


def _setting(text: str, tex: Tex) -> str:
    """An option or an index as the language writes it: numbers, brackets, and a few words."""
    words = re.split(r"([^\W\d]\w*|\.\.\.|…)", text.replace("−", "-"))
    dots = {"...": r"\ldots ", "…": r"\ldots "}
    return "".join(
        (dots.get(part) or rf"\text{{{part}}}") if i % 2 else part.replace(", ", r",\allowbreak\,").replace(":", "{:}")
        for i, part in enumerate(words)
    )


def _list_call(layout: Any, parts: list[Written], options: dict[str, Any], tex: Tex) -> Written:
    inside = "[" + _listed(part.text for part in parts) + "]"
    if not layout.name:
        return Written(inside)
    return Written(_function(layout.name, tex) + _bracketed(_listed([inside, *_options(options, tex)]), tex))


def _index(layout: Any, parts: list[Written], options: dict[str, Any], tex: Tex) -> Written:
    return Written(f"{_guarded(parts[0], ATOM, tex)}[{_setting(write_key(options['key'], tex.style), tex)}]")


def _scatter(layout: Any, parts: list[Written], options: dict[str, Any], tex: Tex) -> Written:
    key = _setting(write_key(options["key"], tex.style), tex)
    zeros = rf"\mathrm{{zeros}}({_listed(map(str, options['shape']))})[{key}]"
    return Written(f"{_function(layout.name, tex)}({_listed([parts[0].text, zeros])})")


def _postfix(layout: Any, parts: list[Written], options: dict[str, Any], tex: Tex) -> Written:
    if options:
        return _call(Call(layout.name), parts, options, tex)
    return Written(rf"{wrapped(parts[0], ATOM)}^{{\mathsf{{T}}}}", POWER)


_WRITERS: dict[type, Callable[[Any, list[Written], dict[str, Any], Tex], Written]] = {
    Infix: _infix,
    Prefix: _prefix,
    Power: _power,
    Call: _call,
    ListCall: _list_call,
    Index: _index,
    Scatter: _scatter,
    Postfix: _postfix,
}
