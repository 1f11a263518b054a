"""A canvas of cells for the terminal's picture: lines that join and cross, boxes, text. Must not know what is drawn.

Lines of different values cross as a bridge (`─│─`), those of one value join (`┼`), so no two can be mixed up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from autograd_explain.render.theme import Line
from autograd_explain.source import cell_width

UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8
_SIDES = (UP, DOWN, LEFT, RIGHT)
_LIGHT = dict(zip(range(1, 16), "│││─╯╮┤─╰╭├─┴┬┼", strict=True))
_HEAVY = dict(zip(range(1, 16), "┃┃┃━┛┓┫━┗┏┣━┻┳╋", strict=True))
_CUT = {**_LIGHT, UP: "┊", DOWN: "┊", UP | DOWN: "┊", LEFT: "┄", RIGHT: "┄", LEFT | RIGHT: "┄"}
_PLAIN = {mask: "|" if mask <= UP | DOWN else "-" if not mask & (UP | DOWN) else "+" for mask in range(1, 16)}
_PLAIN_CUT = {**_PLAIN, UP: ":", DOWN: ":", UP | DOWN: ":"}
_PLAIN_LIT = {**_PLAIN, UP: "#", DOWN: "#", UP | DOWN: "#", LEFT: "=", RIGHT: "=", LEFT | RIGHT: "="}
_PENS: Mapping[tuple[bool, str], Mapping[int, str]] = {
    (False, ""): _LIGHT, (False, "cut"): _CUT, (False, "lit"): _HEAVY,
    (True, ""): _PLAIN, (True, "cut"): _PLAIN_CUT, (True, "lit"): _PLAIN_LIT,
}  # fmt: skip
_STYLES = {"": "dim", "cut": "dim", "lit": "accent"}
_RANK = {"cut": 0, "": 1, "lit": 2}
BORDERS: Mapping[tuple[bool, str], tuple[str, ...]] = {kind: tuple(signs) for kind, signs in {
    (False, ""): "┌─┐│└┘", (False, "leaf"): "╭─╮│╰╯", (False, "lit"): "┏━┓┃┗┛", (False, "frame"): "┌╌┐╎└┘",
    (False, "result"): "╔═╗║╚╝", (False, "untracked"): "╭┄╮┊╰╯",
    (True, ""): "+-+|++", (True, "leaf"): ".-.|''", (True, "lit"): "#=###" + "#", (True, "frame"): "...:..",
    (True, "result"): "+=+|++", (True, "untracked"): ".-.:''",
}.items()}  # fmt: skip


class Canvas:
    """Cells by row and column."""

    def __init__(self, width: int, height: int, *, ascii_only: bool) -> None:
        self.width = width
        self.height = height
        self.ascii_only = ascii_only
        self._cells: list[dict[int, tuple[str, str]]] = [{} for _ in range(height)]
        self._lines: list[dict[int, dict[int, tuple[int, str]]]] = [{} for _ in range(height)]

    def text(self, row: int, column: int, text: str, style: str = "") -> None:
        """Write text over what is there; a wide character fills two cells."""
        for character in text:
            room = cell_width(character)
            if room == 0:
                before, own = self._cells[row].get(column - 1, (" ", style))
                self._cells[row][column - 1] = (before + character, own)
                continue
            self._cells[row][column] = (character, style)
            if room == 2:
                self._cells[row][column + 1] = ("", style)
            column += room

    def box(self, row: int, column: int, width: int, height: int, kind: str, style: str = "", *, empty: bool) -> None:
        """A border; `empty` clears what is inside."""
        top_left, flat, top_right, wall, low_left, low_right = BORDERS[self.ascii_only, kind]
        self.text(row, column, top_left + flat * (width - 2) + top_right, style)
        for inner in range(row + 1, row + height - 1):
            self.text(inner, column, wall, style)
            if empty:
                self.text(inner, column + 1, " " * (width - 2))
            self.text(inner, column + width - 1, wall, style)
        self.text(row + height - 1, column, low_left + flat * (width - 2) + low_right, style)

    def line(self, net: int, points: Sequence[tuple[int, int]], pen: str) -> None:
        """A line of a value through points (row, column), along rows and columns."""
        for (row, column), (next_row, next_column) in pairwise(points):
            down = (next_row > row) - (next_row < row)
            right = (next_column > column) - (next_column < column)
            ahead = DOWN if down > 0 else UP if down else RIGHT if right > 0 else LEFT
            back = {DOWN: UP, UP: DOWN, RIGHT: LEFT, LEFT: RIGHT}[ahead]
            for at in range(abs(next_row - row) + abs(next_column - column)):
                self._mark(row + at * down, column + at * right, net, ahead, pen)
                self._mark(row + (at + 1) * down, column + (at + 1) * right, net, back, pen)

    def _mark(self, row: int, column: int, net: int, mask: int, pen: str) -> None:
        here = self._lines[row].setdefault(column, {})
        known, by = here.get(net, (0, pen))
        here[net] = known | mask, max(pen, by, key=_RANK.__getitem__)

    def draw_lines(self) -> None:
        """Put the lines' characters into their cells."""
        for row, marks in enumerate(self._lines):
            for column, here in marks.items():
                # Where two values cross, the upright line goes on over the other one.
                mask, pen = max(here.values(), key=lambda entry: (entry[0] & (UP | DOWN) > 0, _RANK[entry[1]]))
                self._cells[row][column] = (_PENS[self.ascii_only, pen][mask], _STYLES[pen])

    def lines(self) -> list[Line]:
        """The rows as styled lines."""
        return [self._line(row) for row in self._cells]

    def _line(self, row: dict[int, tuple[str, str]]) -> Line:
        line = Line()
        held, style = "", ""
        for column in range(max(row, default=-1) + 1):
            character, own = row.get(column, (" ", ""))
            if own != style and held:
                line.add(held, style)
                held = ""
            held, style = held + character, own
        return line.add(held, style) if held else line
