"""Lines of styled text: what colour may add, the symbols and their ASCII forms, wrapping by display width.

A line is built of plain pieces (text, style), so that everything is legible without colour; user text stays data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from autograd_explain.source import cell_width, visible

_CODES = {"dim": "2", "head": "1", "accent": "1;36", "note": "33", "good": "32", "bad": "1;31"}
_HEADING_COLUMN = 12
_ASCII = str.maketrans({
    "→": "->", "×": "x", "·": "*", "−": "-", "≈": "~", "∂": "d", "│": "|", "…": "...", "✓": "ok", "✗": "no", "ᵀ": ".T",
    "½": "1/2", "¼": "1/4", "≠": "!=", "≤": "<=", "≥": ">=", "∞": "inf", "Σ": "sum", "ₖ": "_k", "ᵢ": "_i", "π": "pi",
    "▸": ">", "±": "+/-", "√": "sqrt", "σ": "sigmoid", "—": "-", "–": "-", "“": '"', "”": '"',
})  # fmt: skip
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻ˣ"
_EXPONENT = re.compile(f"[{_RAISED}]+")
_LOWERED = str.maketrans(_RAISED, "0123456789-x")


@dataclass(frozen=True, slots=True)
class View:
    """How much is shown, how wide, and with what symbols."""

    width: int = 80
    digits: int = 6
    ascii: bool = False
    color: bool = False
    brief: bool = False
    all: bool = False
    notes: bool = True
    fold: str = ""
    """For pictures: which calls and loops are drawn as one box; "all" for every one of them."""
    labels: str = ""
    """For pictures: what is written at nodes and edges, by names with commas; "" for the usual."""


class Line:
    """One line in the making: pieces, and the columns they are put at."""

    __slots__ = ("pieces", "width")

    def __init__(self, text: str = "") -> None:
        self.pieces: list[tuple[str, str]] = [(text, "")]
        self.width = cell_width(text)

    def add(self, text: str, style: str = "") -> Line:
        """Append text, of a style if one is named; returns the line."""
        self.pieces.append((text, style))
        self.width += cell_width(text)
        return self

    def to(self, column: int, gap: int = 2) -> Line:
        """Move on to a column, or at least `gap` cells further."""
        return self.add(" " * max(column - self.width, gap))

    def render(self, view: View) -> str:
        """The line as text for this view."""
        pieces = _in_ascii(self.pieces) if view.ascii else self.pieces
        if not view.color:
            return visible("".join([text for text, _ in pieces]), keep="\n").rstrip()
        parts = []
        for raw, style in pieces:
            text = visible(raw, keep="\n")
            code = _CODES.get(style)
            parts.append(f"\x1b[{code}m{text}\x1b[0m" if code and text.strip() else text)
        return "".join(parts).rstrip()


def _in_ascii(pieces: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The pieces in plain signs; where those are longer, the gap behind them is shorter, so that columns hold."""
    plain: list[tuple[str, str]] = []
    longer = 0
    for text, style in pieces:
        if longer > 0 and len(text) > 1 and text.isspace():
            cut = min(longer, len(text) - 1)
            longer -= cut
            plain.append((text[cut:], style))
            continue
        plain.append((text if text.isascii() else _plain(text), style))
        longer += len(plain[-1][0]) - len(text)
    return plain


def _plain(text: str) -> str:
    """The text in ASCII: signs by the table, an exponent after one `^`."""
    return _EXPONENT.sub(lambda found: "^" + found[0].translate(_LOWERED), text).translate(_ASCII)


def wrapped(text: str, width: int) -> Iterator[str]:
    """The text in lines of at most `width` cells, broken at spaces; longer words stand alone."""
    line = ""
    for word in text.split():
        if line and cell_width(line) + 1 + cell_width(word) > width:
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    if line:
        yield line


def heading(title: str, text: str, view: View) -> Iterator[Line]:
    """The head of a section."""
    yield Line()
    line = Line("  ").add(f"{title:<9} ", "head")
    for part in wrapped(text, view.width - line.width):
        yield line.add(part, "dim")
        line = Line(" " * _HEADING_COLUMN)


def spelled(text: str, view: View) -> str:
    """The text in the signs of the view, which in ASCII may be longer."""
    return _plain(text) if view.ascii else text


def sentence(text: str, view: View, style: str = "") -> Iterator[Line]:
    """A sentence of the view's own, as far in as the lines of a section."""
    return (Line("    ").add(part, style) for part in wrapped(text, view.width - 4))


def note_line(text: str, view: View) -> Iterator[Line]:
    """A note's text in lines behind a bar; minus signs as the rest of the view has them."""
    told = spelled(text, view) if view.ascii else re.sub(r"(?<![\w.])-(?=[\d(])", "−", text)
    for part in wrapped(told, view.width - 10):
        yield Line("      ").add("│ ", "note").add(part, "note")
