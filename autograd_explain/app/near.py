"""What stands around one value, drawn in five rows: the values it is made from, itself, and those made from it.

For panes too low for the whole picture. The edges of the current step are the heavy ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from autograd_explain.app.pages import Sheet, text_from
from autograd_explain.core.formula import written
from autograd_explain.core.shapes import show_shape
from autograd_explain.explanation.frames import BACKWARD, SEED, Frame, Frames
from autograd_explain.render.graph_texts import amount, clipped
from autograd_explain.render.numbers import style_of
from autograd_explain.render.theme import Line, View
from autograd_explain.source import cell_width

if TYPE_CHECKING:
    from autograd_explain.core.var import Var

ROWS = 5
LEAST_WIDTH = 56
_MIDDLE = 2  # the row where edges come in and go out
_RAIL = 5  # cells between two columns
_PLACES = {1: (2,), 2: (0, 3), 3: (1, 2, 3), 4: (0, 1, 3, 4), 5: (0, 1, 2, 3, 4)}
_HEAVY = dict(zip(range(16), "  ━━┃┛┗┻┃┓┏┳┃┫┣╋", strict=True))
_LIGHT = dict(zip(range(16), "  ──│╯╰┴│╮╭┬│┤├┼", strict=True))
_PLAIN = str.maketrans(dict.fromkeys("┛┗┻┓┏┳┫┣╋╯╰┴╮╭┬┤├┼", "+") | dict.fromkeys("━─", "-") | dict.fromkeys("┃│", "|")
                       | {"▶": ">", "◀": "<", "╳": "x"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Near(Sheet):
    """The drawing, and where values stand in it: rows and columns, each from and up to."""

    spots: dict[int, tuple[range, range]] = field(default_factory=dict)

    def value_at(self, row: int, column: int) -> int | None:
        """The value that stands there."""
        return next((value for value, (rows, columns) in self.spots.items() if row in rows and column in columns), None)


def near_page(frames: Frames, frame: Frame, made_from: Sequence[Var], used_in: Sequence[Var], view: View) -> Near:
    """The surroundings of the frame's value; `made_from` and `used_in` without values that are not shown."""
    node = frames.run.tape.nodes[frame.node or 0]
    told = _Telling(frames, frame, view)
    box = told.box(node)
    inner = min(max(map(cell_width, box)), (view.width - 2 * _RAIL) * 2 // 5 - 4)
    side = (view.width - 2 * _RAIL - inner - 4) // 2
    before, after = told.entries(made_from, side), told.entries(used_in, side)
    if node is frames.run.result and not used_in:
        after = {_MIDDLE: (" the result", "dim")}
    is_back, is_lit = frame.kind == BACKWARD, frame.kind != SEED
    rows = dict(zip(_places(used_in), used_in, strict=False))
    into = dict(zip(_places(made_from), made_from, strict=False))
    cut = {place for place, argument in into.items() if is_back and not argument.tracked}
    lines = []
    for row in range(ROWS):
        left = _rail(row, set(into), cut, _HEAVY if is_lit else _LIGHT, is_back=is_back, is_in=True)
        right = _rail(row, set(rows), set(), _LIGHT, is_back=is_back or not is_lit, is_in=False)
        line = Line().add(*_padded(before.get(row, ("", "")), side))
        line.add(_drawn(left, view), "accent" if is_lit else "dim")
        line.add(_drawn(_boxed(box, row, inner), view), "head").add(_drawn(right, view), "dim")
        lines.append(text_from(line.add(*_padded(after.get(row, ("", "")), side)), view))
    spots = _spots(into, range(side)) | _spots(rows, range(view.width - side, view.width))
    return Near(lines, spots=spots)


def _places(values: Sequence[Var]) -> tuple[int, ...]:
    """The rows where so many values begin."""
    return _PLACES.get(min(len(values), ROWS), ())


def _spots(values: dict[int, Var], columns: range) -> dict[int, tuple[range, range]]:
    tall = 2 if len(values) < 3 else 1
    return {value.index: (range(row, row + tall), columns) for row, value in values.items()}


def _rail(
    row: int, places: set[int], cut: set[int], signs: dict[int, str], *, is_back: bool, is_in: bool
) -> str:  # fmt: skip
    """Five cells of one row between two columns: the values' side, the rail, the box's side (mirrored on the right)."""
    if not places:
        return " " * _RAIL
    ends = places | {_MIDDLE}
    flat = signs[3]
    outer = row in places
    sign = signs[outer * (1 if is_in else 2) + (row == _MIDDLE) * (2 if is_in else 1)
                 + (min(ends) < row <= max(ends)) * 4 + (min(ends) <= row < max(ends)) * 8]  # fmt: skip
    tip = "╳" if row in cut else "◀" if is_in else "▶"
    points_out = is_back if is_in else not is_back
    far = (tip + flat if points_out else flat * 2) if outer else "  "
    near = (flat * 2 if points_out else flat + ("▶" if is_in else "◀")) if row == _MIDDLE else "  "
    return far + sign + near if is_in else _turned(near) + sign + _turned(far)


def _turned(text: str) -> str:
    return text[::-1]


def _drawn(text: str, view: View) -> str:
    return text.translate(_PLAIN) if view.ascii else text


def _boxed(box: Sequence[str], row: int, inner: int) -> str:
    """A row of the box around the current value."""
    if row in (0, ROWS - 1):
        return ("┏", "┗")[row > 0] + "━" * (inner + 2) + ("┓", "┛")[row > 0]
    text = clipped(box[row - 1], inner)
    return f"┃ {text}{' ' * (inner - cell_width(text))} ┃"


def _padded(entry: tuple[str, str], side: int) -> tuple[str, str]:
    text, style = entry
    text = clipped(text, side)
    return text + " " * (side - cell_width(text)), style


@dataclass(frozen=True, slots=True)
class _Telling:
    """Values in words at one frame."""

    frames: Frames
    frame: Frame
    view: View

    def box(self, node: Var) -> tuple[str, str, str]:
        """The lines in the current value's box."""
        return self.formula(node), f"= {self.value(node)}", self.gradient(node)

    def formula(self, node: Var) -> str:
        """How a value is made; of a given one its name and shape."""
        words = self.frames.run.words
        if not node.inputs:
            return f"{words.label(node)} {show_shape(node.shape) if node.shape else ''}".rstrip()
        return f"{words.label(node)} = {written(words.formula(node), style_of(self.view)).text}"

    def numbers(self, node: Var, room: int, before: str = "") -> str:
        """Its value and the total that has reached it, in so few digits that both fit; else the later one alone."""
        fewer = self
        for digits in range(self.view.digits, 2, -1):
            fewer = replace(self, view=replace(self.view, digits=digits))
            said = f"{before}= {fewer.value(node)}   {fewer.gradient(node)}"
            if cell_width(said) <= room:
                return said
        is_back = self.frames.gradient(self.frame, node.index) is not None
        return clipped(before + (fewer.gradient(node) if is_back else f"= {fewer.value(node)}"), room)

    def value(self, node: Var) -> str:
        """A value once it is known."""
        return amount(node.value, self.view) if self.frames.is_known(self.frame, node.index) else "?"

    def gradient(self, node: Var) -> str:
        """The total that has reached a value so far, with dots where more is to come."""
        total = self.frames.gradient(self.frame, node.index)
        if total is None:
            return "∂ ?" if node.tracked else "not tracked"
        final = self.frames.is_final(self.frame, node.index) or node is self.frames.run.result
        return f"∂ {amount(total, self.view)}{'' if final else ' so far'}"

    def entries(self, values: Sequence[Var], side: int) -> dict[int, tuple[str, str]]:
        """Each value's lines by their rows: two where there is room."""
        said: dict[int, tuple[str, str]] = {}
        for place, value in zip(_places(values), values, strict=False):
            if len(values) < 3:
                said[place] = f" {self.formula(value)}", ""
                said[place + 1] = self.numbers(value, side, "   "), "accent"
            else:
                said[place] = self.numbers(value, side, f" {self.frames.run.words.label(value)} "), ""
        if len(values) > ROWS:
            said[ROWS - 1] = f" … and {len(values) - ROWS + 1:,} more", "dim"
        return said
