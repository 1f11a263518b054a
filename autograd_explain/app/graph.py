"""The graph's pane: drawn where it is small, as a list of its values where it is large."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from autograd_explain.app.pages import Page, Sheet, text_from
from autograd_explain.core.formula import written
from autograd_explain.core.shapes import shape_of, show_shape
from autograd_explain.errors import ExplainError
from autograd_explain.explanation.frames import BACKWARD, SEED, Frame, Frames
from autograd_explain.render.arithmetic import is_inline, text_of
from autograd_explain.render.numbers import style_of
from autograd_explain.render.theme import Line, View
from autograd_explain.source import cell_width

if TYPE_CHECKING:
    from rich.text import Text

    from autograd_explain.core.var import Var
    from autograd_explain.explanation.build import Explanation
    from autograd_explain.render.as_graph import Place as Box
    from autograd_explain.render.as_graph import Sketch

MOST_DRAWN = 60  # values; a larger picture does not fit a screen
LEAST_ROWS = 10  # of a pane; in fewer, two boxes would be all that is seen of a picture
_LABELS = "value,gradient,formula,shape"  # no local derivatives: they are for the step to tell
_FURTHER = 30  # columns that a picture may be wider than the pane, and be scrolled


class GraphPages:
    """The graph of one run at any frame. It is laid out once for every width."""

    def __init__(self, frames: Frames) -> None:
        self.frames = frames
        self.values = listed_values(frames.run)
        self.is_drawn: bool | None = None
        """Whether the user wants it drawn; None where the room decides."""
        self._sketches: dict[int, Sketch | None] = {}

    def page(self, frame: Frame, view: View, rows: int) -> Page:
        """The page of a frame: values that are computed, gradients so far, the current edges lit."""
        wanted = rows >= LEAST_ROWS if self.is_drawn is None else self.is_drawn
        sketch = self._sketch(view) if wanted else None
        if sketch is None:
            return Listing(self.frames, frame, self.values, view)
        return self._drawn(sketch, frame, view, rows)

    def can_draw(self, view: View) -> bool:
        """Whether there is a picture at all."""
        return self._sketch(view) is not None

    def _sketch(self, view: View) -> Sketch | None:
        """The picture for a width; None where it is too large to be drawn."""
        if len(self.values) > MOST_DRAWN:
            return None
        if view.width not in self._sketches:
            self._sketches[view.width] = self._laid_out(view)
        return self._sketches[view.width]

    def _laid_out(self, view: View) -> Sketch | None:
        from autograd_explain.render.as_graph import Sketch

        for width in (view.width, view.width + _FURTHER):
            try:
                return Sketch.of(self.frames.run, replace(view, width=width, labels=_LABELS, fold=""))
            except ExplainError:
                continue
        return None

    def _drawn(self, sketch: Sketch, frame: Frame, view: View, rows: int) -> Page:
        nodes = self.frames.run.tape.nodes
        known = {node.index for node in nodes if self.frames.is_known(frame, node.index)}
        totals = {index: self.frames.gradient(frame, index) for index in self.values}
        gradients = {index: total for index, total in totals.items() if total is not None}
        lines = sketch.lines(lit=self._lit(frame), values=known, gradients=gradients)
        texts = [text_from(line, view) for line in lines]
        boxes = {node: box for node in self.values if (box := sketch.place(node)) is not None}
        here = boxes.get(frame.node) if frame.node is not None else None
        if here is not None:
            for row in range(here.row + 1, min(here.row + here.height - 1, len(texts))):
                _reverse(texts[row], here.column + 1, here.column + here.width - 1)
        if here is None:
            return Drawing(texts, boxes=boxes)
        around = [boxes[a.index].row for a in nodes[frame.node or 0].inputs if a.index in boxes]
        end = here.row + here.height
        row = min((top for top in around if end - top + 2 <= rows), default=here.row)
        row = min(row, here.row)
        return Drawing(texts, row, here.column, end - row, boxes)

    def _lit(self, frame: Frame) -> list[int | str]:
        """The current value, and the edges between it and what it is made from."""
        if frame.node is None:
            return []
        if frame.kind == SEED:
            return [frame.node]
        arguments = enumerate(self.frames.run.tape.nodes[frame.node].inputs)
        return [frame.node, *(f"{argument.index}-{frame.node}-{place}" for place, argument in arguments)]


def _reverse(text: Text, left: int, right: int) -> None:
    """Put the cells of a row into reverse video; the text of a picture is one cell a character."""
    text.stylize("reverse", left, right)


@dataclass(frozen=True, slots=True)
class Drawing(Sheet):
    """The picture, with the boxes of its values."""

    boxes: dict[int, Box] = field(default_factory=dict)

    def value_at(self, row: int, column: int) -> int | None:
        """The value whose box is there."""
        for value, box in self.boxes.items():
            if 0 <= row - box.row < box.height and 0 <= column - box.column < box.width:
                return value
        return None


@dataclass(frozen=True, slots=True)
class Listing:
    """Every value of the run on a line: its formula, its value once computed, its gradient so far."""

    frames: Frames
    frame: Frame
    values: Sequence[int]
    """The values listed, by their places on the tape, in that order."""
    view: View

    @property
    def height(self) -> int:
        """How many values there are."""
        return len(self.values)

    @property
    def width(self) -> int:
        """The page is made to fit."""
        return self.view.width

    @property
    def row(self) -> int:
        """The row of the current value."""
        return 0 if self.frame.node is None else bisect_left(self.values, self.frame.node)

    @property
    def column(self) -> int:
        """Nothing is out of sight at the right."""
        return 0

    @property
    def rows(self) -> int:
        """A value has one row."""
        return 1

    def value_at(self, row: int, _column: int) -> int | None:
        """The value on a row."""
        return self.values[row] if row < len(self.values) else None

    def line(self, number: int) -> Text:
        """A value's line, the current one and those its edges lead to marked."""
        node = self.frames.run.tape.nodes[self.values[number]]
        line = Line()
        mark, style = self._mark(node)
        line.add(mark, style).add(self._formula(node), style if mark.strip() else "")
        third = max((self.view.width - 2) // 3, 8)
        line.to(third + 2, 1).add(self._value(node)).to(2 * third + 2, 1).add(*self._gradient(node))
        text = text_from(line, self.view)
        if self.frame.node == node.index:
            text.stylize("reverse", 0, cell_width(mark) + len(self._formula(node)))
        return text

    def _mark(self, node: Var) -> tuple[str, str]:
        if self.frame.node == node.index:
            return ("* " if self.view.ascii else "▸ "), "head"
        current = self.frames.run.tape.nodes[self.frame.node] if self.frame.node is not None else None
        if current is None or self.frame.kind == SEED or not any(argument is node for argument in current.inputs):
            return "  ", ""
        back, on = ("< ", "> ") if self.view.ascii else ("← ", "→ ")
        return (back if self.frame.kind == BACKWARD else on), "accent"

    def _formula(self, node: Var) -> str:
        run = self.frames.run
        if not node.inputs:
            return run.words.label(node)
        return f"{run.words.label(node)} = {written(run.words.formula(node), style_of(self.view)).text}"

    def _value(self, node: Var) -> str:
        if not self.frames.is_known(self.frame, node.index):
            return "?"
        return self._short(node.value)

    def _gradient(self, node: Var) -> tuple[str, str]:
        total = self.frames.gradient(self.frame, node.index)
        if total is None:
            return "", ""
        final = self.frames.is_final(self.frame, node.index) or node is self.frames.run.result
        return f"∂ {self._short(total)}{'' if final else ' …'}", "accent"

    def _short(self, value: object) -> str:
        return text_of(value, self.view) if is_inline(value) else show_shape(shape_of(value))


def listed_values(run: Explanation) -> list[int]:
    """The values a listing shows: given ones and operations, without plain constants."""
    given = {record.node for record in run.inputs}
    return [node.index for node in run.tape.nodes if node.inputs or node.index in given]
