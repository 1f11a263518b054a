"""Text as a user typed it: spans of it, and excerpts with a caret line.

Holds `Span`, `Source` and `visible`. Must know no other module of the package.
"""

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_TAB = "    "
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Letters and marks that draw nothing, so two different names would look the same.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


class Span(NamedTuple):
    """The half-open range `[start, end)` of code points in a text as typed."""

    start: int
    end: int


_PLAIN = re.compile("[ -~→×·−≈∂│…▸²³⁻ᵀσΣ∞≤≥≠√½]*")
"""Text whose characters are all visible and one cell wide: decided at once, since views write little else."""


def is_hidden(character: str) -> bool:
    """True for a control, bidirectional, zero-width or otherwise invisible character; not for a space."""
    if " " <= character <= "~":
        return False
    return unicodedata.category(character) in _HIDDEN_CATEGORIES or _INVISIBLE.match(character) is not None


def _escape(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


_SHORT_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str, *, keep: str = "") -> str:
    r"""Return `text` with hidden characters, save those in `keep`, as escapes such as `\x1b` or `\u202e`.

    The result is safe to write to a terminal: it holds no escape sequence and no line break (unless kept).
    """
    if _PLAIN.fullmatch(text):
        return text
    return "".join(
        _SHORT_ESCAPES.get(character) or _escape(character)
        if is_hidden(character) and character not in keep
        else character
        for character in text
    )


def cell_width(text: str) -> int:
    """Return how many cells of a terminal `text` fills: two for wide characters, none for combining marks."""
    if text.isascii() and text.isprintable():
        return len(text)
    return len(text) if _PLAIN.fullmatch(text) else sum(map(_character_width, text))


def _character_width(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


@dataclass(frozen=True, slots=True)
class Source:
    """A text as typed, with the name of the file it came from (empty if none)."""

    text: str
    name: str = ""

    def line_of(self, position: int) -> tuple[int, int, int]:
        """Return `(number, start, end)` of the line at `position`, counted from 1, without its break."""
        number, start = 1, 0
        for line_break in _LINE_BREAK.finditer(self.text):
            if position < line_break.end():
                return number, start, line_break.start()
            number, start = number + 1, line_break.end()
        return number, start, len(self.text)

    def excerpt(self, span: Span, width: int = 80) -> tuple[str, ...]:
        """Return the source line at `span` and a caret line under it, at most `width` cells wide.

        A text of several lines shows the line's number, a named one its place; a blank text gives nothing.
        A span over several lines underlines its part of the first; an empty one gets a single caret.
        """
        if not self.text.strip():
            return ()
        number, line_start, line_end = self.line_of(min(max(span.start, 0), len(self.text)))
        start = min(max(span.start, line_start), line_end) - line_start
        end = min(max(span.end - line_start, start), line_end - line_start)
        gutter = f"  {number} | " if _LINE_BREAK.search(self.text.rstrip()) else "  "
        shown, carets = _windowed(self.text[line_start:line_end], start, end, max(width - len(gutter), 8))
        below = gutter.replace(str(number), " " * len(str(number)))
        place = (f"  {visible(self.name)}:{number}:{start + 1}",) if self.name else ()
        return (*place, gutter + shown, below + carets)


def _windowed(line: str, start: int, end: int, room: int) -> tuple[str, str]:
    """Return the part of `line` around `[start, end)` that fits `room` cells, and the carets under it."""
    first = max(0, start - room)
    cells = [_TAB if c == "\t" else visible(c) for c in line[first : start + room]]
    edges = [0, *accumulate(map(cell_width, cells))]
    # The caret of a span at the line's end stands one cell past it.
    whole = first == 0 and len(cells) == len(line) and edges[-1] + (start == len(line)) <= room
    low, high = (0, len(cells)) if whole else _window(edges, start - first, room)
    before = "…" if first + low > 0 else ""
    after = "…" if first + high < len(line) else ""
    shown = before + "".join(cells[low:high]) + after
    left = edges[start - first] - edges[low] + len(before)
    inside = edges[max(min(end - first, high), start - first)] - edges[start - first]
    return shown.rstrip(), " " * left + "^" * max(inside, 1)


def _window(edges: list[int], start: int, room: int) -> tuple[int, int]:
    """Return the range of cells shown when a line is too long: a third before the span, the rest after it."""
    room -= 3
    low = _first_at_least(edges, edges[start] - room // 3)
    high = bisect_right(edges, edges[low] + room) - 1
    if high == len(edges) - 1:
        low = min(start, _first_at_least(edges, edges[high] - room))
    return low, max(high, start)


def _first_at_least(edges: list[int], value: int) -> int:
    return next(index for index, edge in enumerate(edges) if edge >= value)
