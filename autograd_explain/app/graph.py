"""The graph's pane: drawn where it fits, the surroundings of the current value where not, or all values as a list."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from autograd_explain.app.near import LEAST_WIDTH, ROWS, near_page
from autograd_explain.app.pages import Page, Sheet, text_from
from autograd_explain.core.formula import written
from autograd_explain.errors import ExplainError
from autograd_explain.explanation.frames import BACKWARD, SEED, Frame, Frames, Stops
from autograd_explain.render.graph_texts import amount
from autograd_explain.render.numbers import style_of
from autograd_explain.render.theme import Line, View
from autograd_explain.source import cell_width

if TYPE_CHECKING:
    from rich.text import Text

    from autograd_explain.core.var import Var
    from autograd_explain.explanation.build import Explanation
    from autograd_explain.explanation.model import ScopeRecord
    from autograd_explain.render.as_graph import Place as Box
    from autograd_explain.render.as_graph import Sketch

MOST_DRAWN = 60  # values; a larger picture does not fit a screen
LEAST_ROWS = 10  # of a pane; in fewer, two boxes would be all that is seen of a picture
_LABELS = "value,gradient,formula,shape"  # no local derivatives: they are for the step to tell
_FURTHER = 30  # columns that a picture may be wider than the pane, and be scrolled


class GraphPages:
    """The graph of one run at any frame. It is laid out once for every width and folding."""

    def __init__(self, frames: Frames) -> None:
        self.frames = frames
        self.values = listed_values(frames.run)
        self.is_drawn: bool | None = None
        """Whether the user wants it drawn; None where the room decides."""
        self._sketches: dict[tuple[int, frozenset[int]], Sketch | None] = {}
        self._folds: dict[frozenset[int], Rows] = {}

    def page(self, frame: Frame, view: View, rows: int, stops: Stops) -> Page:
        """The page of a frame: values that are computed, gradients so far, the current edges lit."""
        wanted = rows >= LEAST_ROWS if self.is_drawn is None else self.is_drawn
        sketch = self._sketch(view, stops) if wanted else None
        if sketch is not None:
            return self._drawn(sketch, frame, view, rows)
        is_open = frame.node is not None and stops.folded_scope(frame.node) is None
        if self.is_drawn is None and is_open and ROWS <= rows < LEAST_ROWS and view.width >= LEAST_WIDTH:
            return self._near(frame, view)
        return Listing(self.frames, frame, self._rows(stops), view)

    def can_draw(self, view: View, stops: Stops) -> bool:
        """Whether there is a picture at all."""
        return self._sketch(view, stops) is not None

    def after(self, page: Page, rows: int) -> bool | None:
        """What `is_drawn` becomes after a page: the list, the whole picture, and what the room decides, in turn."""
        if isinstance(page, Drawing) and rows < LEAST_ROWS:
            return None
        return isinstance(page, Listing)

    def _rows(self, stops: Stops) -> Rows:
        if stops.folded not in self._folds:
            self._folds[stops.folded] = Rows.of(self.frames, self.values, stops)
        return self._folds[stops.folded]

    def _sketch(self, view: View, stops: Stops) -> Sketch | None:
        """The picture for a width; None where it is too large to be drawn."""
        if len(self._rows(stops).values) > MOST_DRAWN:
            return None
        key = view.width, stops.folded
        if key not in self._sketches:
            self._sketches[key] = self._laid_out(view, stops.folded)
        return self._sketches[key]

    def _laid_out(self, view: View, folded: frozenset[int]) -> Sketch | None:
        from autograd_explain.render.as_graph import Sketch

        fold = ",".join(f"#{scope}" for scope in sorted(folded))
        for width in (view.width, view.width + _FURTHER):
            try:
                return Sketch.of(self.frames.run, replace(view, width=width, labels=_LABELS, fold=fold))
            except ExplainError:
                continue
        return None

    @cached_property
    def _users(self) -> dict[int, list[Var]]:
        found: dict[int, dict[Var, None]] = {}
        for node in self.frames.run.operations:
            for argument in node.inputs:
                found.setdefault(argument.index, {})[node] = None
        return {index: list(users) for index, users in found.items()}

    def _near(self, frame: Frame, view: View) -> Page:
        node = self.frames.run.tape.nodes[frame.node or 0]
        arguments = dict.fromkeys(argument for argument in node.inputs if self._is_listed(argument))
        return near_page(self.frames, frame, list(arguments), self._users.get(node.index, []), view)

    def _is_listed(self, node: Var) -> bool:
        place = bisect_left(self.values, node.index)
        return place < len(self.values) and self.values[place] == node.index

    def _drawn(self, sketch: Sketch, frame: Frame, view: View, rows: int) -> Page:
        nodes = self.frames.run.tape.nodes
        known = {node.index for node in nodes if self.frames.is_known(frame, node.index)}
        totals = {index: self.frames.gradient(frame, index) for index in self.values}
        gradients = {index: total for index, total in totals.items() if total is not None}
        lines = sketch.lines(lit=self._lit(sketch, frame), values=known, gradients=gradients)
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

    def _lit(self, sketch: Sketch, frame: Frame) -> list[int | str]:
        """The current value, and the edges between it, or what it is folded into, and what that is made from."""
        if frame.node is None:
            return []
        if frame.kind == SEED:
            return [frame.node]
        home = sketch.graph.home.get(frame.node)
        return [frame.node, *(edge.key for edge in sketch.graph.edges if edge.target == home)]


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
class Rows:
    """Which values a list shows: all of them, but one for each folded call or loop turn, under its title."""

    values: Sequence[int]
    """By their places on the tape, in that order."""
    homes: Mapping[int, int] = field(default_factory=dict)
    """Of each value in a fold the one that is shown for it."""
    titles: Mapping[int, str] = field(default_factory=dict)
    made_from: Mapping[int, frozenset[int]] = field(default_factory=dict)
    """Of each fold, by the value that is shown, what comes in from outside."""

    @classmethod
    def of(cls, frames: Frames, values: Sequence[int], stops: Stops) -> Rows:
        """The rows with the calls and loop turns folded that the stops fold."""
        if not stops.folded:
            return cls(values)
        groups: dict[int, list[int]] = {}
        for value in values:
            scope = stops.folded_scope(value)
            if scope is not None and frames.run.tape.nodes[value].inputs:
                groups.setdefault(scope, []).append(value)
        shown = {scope: frames.leaving(members) for scope, members in groups.items()}
        homes = {member: shown[scope] for scope, members in groups.items() for member in members}
        inputs = {
            value: frozenset(a.index for member in groups[scope] for a in frames.run.tape.nodes[member].inputs)
            for scope, value in shown.items()
        }
        return cls(
            [value for value in values if homes.get(value, value) == value], homes,
            {value: _title(frames.run.scopes[scope]) for scope, value in shown.items()},
            {value: frozenset(homes.get(index, index) for index in found) for value, found in inputs.items()},
        )  # fmt: skip

    def home(self, value: int) -> int:
        """The value on whose row a value is shown."""
        return self.homes.get(value, value)


def _title(scope: ScopeRecord) -> str:
    return scope.title if scope.iteration is None else f"turn {scope.iteration} of {scope.title}"


@dataclass(frozen=True, slots=True)
class Listing:
    """Every value of the run on a line: its formula, its value once computed, its gradient so far."""

    frames: Frames
    frame: Frame
    shown: Rows
    view: View

    @property
    def values(self) -> Sequence[int]:
        """The values listed, by their places on the tape, in that order."""
        return self.shown.values

    @property
    def height(self) -> int:
        """How many lines there are."""
        return len(self.values)

    @property
    def width(self) -> int:
        """The page is made to fit."""
        return self.view.width

    @property
    def row(self) -> int:
        """The row of the current value."""
        return 0 if self.frame.node is None else bisect_left(self.values, self.shown.home(self.frame.node))

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
        if self._is_here(node):
            text.stylize("reverse", 0, cell_width(mark) + len(self._formula(node)))
        return text

    def _is_here(self, node: Var) -> bool:
        return self.frame.node is not None and self.shown.home(self.frame.node) == node.index

    def _is_argument(self, node: Var) -> bool:
        """Whether an edge leads from the current value, or the fold it is in, to this one."""
        if self.frame.node is None or self.frame.kind == SEED:
            return False
        folded = self.shown.made_from.get(self.shown.home(self.frame.node))
        if folded is not None:
            return node.index in folded
        arguments = self.frames.run.tape.nodes[self.frame.node].inputs
        return any(self.shown.home(argument.index) == node.index for argument in arguments)

    def _mark(self, node: Var) -> tuple[str, str]:
        if self._is_here(node):
            return ("* " if self.view.ascii else "▸ "), "head"
        if not self._is_argument(node):
            return "  ", ""
        back, on = ("< ", "> ") if self.view.ascii else ("← ", "→ ")
        return (back if self.frame.kind == BACKWARD else on), "accent"

    def _formula(self, node: Var) -> str:
        run = self.frames.run
        if node.index in self.shown.titles:
            return f"{run.words.label(node)}: {self.shown.titles[node.index]}"
        if not node.inputs:
            return run.words.label(node)
        return f"{run.words.label(node)} = {written(run.words.formula(node), style_of(self.view)).text}"

    def _value(self, node: Var) -> str:
        if not self.frames.is_known(self.frame, node.index):
            return "?"
        return amount(node.value, self.view)

    def _gradient(self, node: Var) -> tuple[str, str]:
        total = self.frames.gradient(self.frame, node.index)
        if total is None:
            return "", ""
        final = self.frames.is_final(self.frame, node.index) or node is self.frames.run.result
        return f"∂ {amount(total, self.view)}{'' if final else '  so far'}", "accent"


def listed_values(run: Explanation) -> list[int]:
    """The values a listing shows: given ones and operations, without plain constants."""
    given = {record.node for record in run.inputs}
    return [node.index for node in run.tape.nodes if node.inputs or node.index in given]
