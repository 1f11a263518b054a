"""What stands in the stepper's panes at one frame, as lines; the same lines that the text view writes.

Reads frames alone and knows nothing of the screen, so that it can be tested without one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, TextIO

from rich.text import Text

from autograd_explain.core.shapes import show_shape
from autograd_explain.explanation.frames import BACKWARD, FORWARD, GIVEN, OUTCOME, SEED, Frame, Frames, Stops
from autograd_explain.render.arithmetic import (
    LARGEST_INLINE,
    TARGET_COLUMN,
    backward_block,
    forward_lines,
    is_inline,
    labelled,
    rows,
    text_of,
)  # fmt: skip
from autograd_explain.render.graph_texts import amount
from autograd_explain.render.numbers import LARGEST_SIDE
from autograd_explain.render.outcome import check_lines, gradient_lines
from autograd_explain.render.selection import Ledger
from autograd_explain.render.terminal import excerpt, note_lines, scope_line, seed_lines
from autograd_explain.render.theme import Line, View, heading, wrapped
from autograd_explain.source import Span, cell_width, visible

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

_TAB = "    "
_MOST_CROSSING = 8
_COLUMN = 28  # of a gradient, where several stand side by side


class Page(Protocol):
    """Lines to show: how many and how wide, each made when it is looked at, and the place that should be seen."""

    @property
    def height(self) -> int:
        """How many lines there are."""

    @property
    def width(self) -> int:
        """The cells of the widest line."""

    @property
    def row(self) -> int:
        """The row that should be in sight."""

    @property
    def column(self) -> int:
        """The column that should be in sight."""

    @property
    def rows(self) -> int:
        """How many rows from there on belong together."""

    def line(self, number: int, /) -> Text:
        """A line by its number, from 0."""

    def value_at(self, row: int, column: int, /) -> int | None:
        """The value that is shown at a place, by its place on the tape."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page whose lines are all there."""

    lines: Sequence[Text]
    row: int = 0
    column: int = 0
    rows: int = 1

    @property
    def height(self) -> int:
        """How many lines there are."""
        return len(self.lines)

    @property
    def width(self) -> int:
        """The cells of the widest line."""
        return max((text.cell_len for text in self.lines), default=0)

    def line(self, number: int) -> Text:
        """A line by its number, from 0."""
        return self.lines[number]

    def value_at(self, _row: int, _column: int) -> int | None:
        """No value stands anywhere in particular."""
        return None


def text_from(line: Line, view: View) -> Text:
    """A line of the text view as the screen takes it; the user's own text in it is data."""
    return Text.from_ansi(line.render(replace(view, color=True)))


def sheet(lines: Iterator[Line], view: View) -> Sheet:
    """A page of such lines, without blank ones at its ends."""
    made = [text_from(line, view) for line in lines]
    while made and not made[0].plain.strip():
        made.pop(0)
    while made and not made[-1].plain.strip():
        made.pop()
    return Sheet(made)


# The program


def program_page(run: Explanation, frame: Frame, view: View) -> Sheet:
    """The program, what is computed now in reverse video; a caret line or an arrow marks it without that too."""
    source = run.source
    if source is None:
        return Sheet([Text("a Python function")])
    span = run.span(run.tape.nodes[frame.node].site) if frame.node is not None else None
    lines: list[Text] = []
    place, row, column = 0, 0, 0
    kept = source.splitlines(keepends=True)
    single = len([text for text in kept if text.strip() and not text.startswith("#")]) <= 1
    heading = True
    for raw in kept:
        text, start = raw.rstrip("\r\n"), place
        place += len(raw)
        heading = heading and (text.startswith("#") or not text.strip())
        if heading:
            continue
        first, last = _within(span, start, len(text)) if span else (0, 0)
        line, left, right = _marked(text, first, last)
        if first < last:
            row, column = row or len(lines), column or left
            lines.append(line if single else Text("> ", "bold") + line)
            if single:
                lines.append(Text(" " * left + "^" * (right - left), "bold"))
        else:
            lines.append(line if single else Text("  ") + line)
            if single:
                lines.append(Text(""))
    return Sheet(lines, row, column)


def _within(span: Span, start: int, length: int) -> tuple[int, int]:
    """The part of a span that lies in a line, counted from the line's start."""
    return min(max(span.start - start, 0), length), min(max(span.end - start, 0), length)


def _marked(text: str, first: int, last: int) -> tuple[Text, int, int]:
    """A line with a part of it in reverse video, and the columns where that begins and ends."""
    parts = [visible(part.replace("\t", _TAB)) for part in (text[:first], text[first:last], text[last:])]
    marked = Text.assemble(parts[0], (parts[1], "bold reverse"), parts[2])
    left = cell_width(parts[0])
    return marked, left, left + cell_width(parts[1])


# The step


def step_page(frames: Frames, stops: Stops, frame: Frame, view: View) -> Sheet:
    """What happens at a frame: its arithmetic, and the notes on it."""
    folded = stops.folded_scope(frame.node)
    if folded is not None and frame.node is not None:
        return sheet(_folded(frames, frame, folded, view), view)
    return sheet(step_lines(frames, frame, view), view)


def step_lines(frames: Frames, frame: Frame, view: View) -> Iterator[Line]:
    """The lines of a frame, as the text view has them, and its notes."""
    run = frames.run
    if frame.kind in (FORWARD, BACKWARD) and frames.scope(frame.node) is not None:
        yield scope_line(run, frames.scope(frame.node), view)
    yield from _KINDS[frame.kind](frames, frame, view)
    if frame.kind == OUTCOME or not view.notes:
        return
    told = [note for note in frames.notes(frame) if note.kind != "seed" and (view.all or note.kind != "saved")]
    for note in told[:2]:
        yield from note_lines([note], view)
        yield from excerpt(run, note, view)


def write_step(frames: Frames, frame: Frame, view: View, out: TextIO) -> None:
    """Write one step back alone."""
    title = f"STEP {frame.number:,}"
    head = heading(title, f"of {frames.count(BACKWARD):,} back: upstream × local = contribution", view)
    out.writelines(line.render(view) + "\n" for line in (*head, *step_lines(frames, frame, view)))


def _given(frames: Frames, frame: Frame, view: View) -> Iterator[Line]:
    yield Line("    ").add("the values that are given; nothing is computed yet", "dim")
    for record in frames.run.inputs:
        line = Line("    ").add(labelled(record.name, record.value, view))
        yield line if record.tracked else line.add("   not tracked", "dim")
        if not is_inline(record.value):
            yield from rows(record.value, view)


def _forward(frames: Frames, frame: Frame, view: View) -> Iterator[Line]:
    node = frames.run.tape.nodes[frame.node or 0]
    return forward_lines(frames.run, frames.run.node(node), view, is_result=node is frames.run.result)


def _seed(frames: Frames, frame: Frame, view: View) -> Iterator[Line]:
    yield from seed_lines(frames.run, view)


def _backward(frames: Frames, frame: Frame, view: View) -> Iterator[Line]:
    step = frames.steps[frame.number - 1]
    ledger = Ledger()
    for target in {part.target.index for part in step.parts}:
        for arrival in frames.earlier(frame, target):
            ledger.add(target, arrival.contribution)
    return backward_block(frames.run, frames.run.step(step), view, ledger)


def _outcome(frames: Frames, frame: Frame, view: View) -> Iterator[Line]:
    if not frames.run.result.tracked:
        yield Line("    nothing to differentiate: the result depends on no tracked input")
    yield from gradient_lines(frames.run, view)
    yield from check_lines(frames.run, view)
    if frames.run.learned is not None:
        from autograd_explain.render.training import story

        yield from story(frames.run.learned, frames.run.parsed, view)


_KINDS = {GIVEN: _given, FORWARD: _forward, SEED: _seed, BACKWARD: _backward, OUTCOME: _outcome}


def _folded(frames: Frames, frame: Frame, scope: int, view: View) -> Iterator[Line]:
    """A folded call or loop turn: how much happened in it, and what came out of it."""
    run = frames.run
    record = run.scopes[scope]
    yield scope_line(run, scope, view)
    inside = range(record.start, record.stop)
    if frame.kind == FORWARD:
        made = [node.index for node in run.tape.nodes[record.start : record.stop] if node.inputs]
        yield Line("    ").add(f"{len(made):,} operation{'s' * (len(made) != 1)}, folded: e unfolds them", "dim")
        node = run.tape.nodes[frames.leaving(made)]
        yield from forward_lines(run, run.node(node), view, is_result=node is run.result)
        return
    steps = [step for step in frames.steps[: frame.number] if step.node.index in inside]
    yield Line("    ").add(f"{len(steps):,} step{'s' * (len(steps) != 1)} back, folded: e unfolds them", "dim")
    outside = dict.fromkeys(p.target for step in steps for p in step.parts if p.target.index not in inside)
    for target in list(outside)[:_MOST_CROSSING]:
        total = frames.gradient(frame, target.index)
        line = Line("      → ").add(run.words.label(target), "head").to(TARGET_COLUMN, 1)
        yield line.add("total so far").add(*_brief(total, view))
    if len(outside) > _MOST_CROSSING:
        yield Line("      ").add(f"… and {len(outside) - _MOST_CROSSING:,} more values outside", "dim")


def _brief(value: object, view: View) -> tuple[str, str]:
    return (f" = {text_of(value, view)}" if is_inline(value) else " (an array)"), "accent"


# The gradients so far


def gradients_page(frames: Frames, frame: Frame, view: View, room: int) -> Sheet:
    """What has reached each tracked input, as many side by side as fit; arrays as ranges where rows lack room."""
    run = frames.run
    is_short = gradients_height(run, view.width) > room
    cells: list[Line] = []
    tables: list[Line] = []
    for record in run.inputs:
        if not record.tracked:
            continue
        total = frames.gradient(frame, record.node)
        line = Line(" ").add(f"∂{record.name}", "head")
        waiting = run.uses[record.node] - len(frames.arrived(frame, record.node))
        if total is None:
            cells.append(line.add("  nothing yet" if frame.kind != OUTCOME else "  0: no path leads there", "dim"))
            continue
        if is_short and not is_inline(total):
            cells.append(line.add(f" {show_shape(total.shape)}").add(f" {amount(total, view)}", "accent"))
        elif is_inline(total):
            cells.append(line.add(f" = {text_of(total, view)}", "accent"))
        else:
            tables.append(line.add(f" {show_shape(total.shape)}"))
            tables.extend(rows(total, view))
        if waiting and frame.kind != OUTCOME and record.node != run.result.index:
            line.add(f"  so far, {waiting} to come", "note")
    if not cells and not tables:
        cells.append(Line(" ").add("no input is tracked", "dim"))
    return Sheet([text_from(line, view) for line in (*_columns(cells, view.width), *tables)])


def gradients_height(run: Explanation, width: int, *, is_short: bool = False) -> int:
    """How many lines the gradients need at most, whatever has arrived; `is_short` with arrays as ranges."""
    shapes = [record.shape for record in run.inputs if record.tracked]
    if is_short:
        return max(-(-len(shapes) // max(width // _COLUMN, 1)), 1)
    short = sum(1 for shape in shapes if not shape or (len(shape) == 1 and shape[0] <= LARGEST_INLINE))
    rows_of = [1 + min(shape[-2] if len(shape) > 1 else 1, LARGEST_SIDE) for shape in shapes if shape]
    return -(-short // max(width // _COLUMN, 1)) + sum(rows_of) or 1


def _columns(cells: list[Line], width: int) -> Iterator[Line]:
    """The cells in as many columns as fit."""
    if not cells:
        return
    column = max(_COLUMN, *(cell.width + 2 for cell in cells))
    count = max(width // column, 1)
    for start in range(0, len(cells), count):
        line = Line()
        for place, cell in enumerate(cells[start : start + count]):
            line.to(place * column, 0)
            for text, style in cell.pieces:
                line.add(text, style)
        yield line


def help_lines(rows_of_keys: list[tuple[str, str]], width: int) -> Iterator[Text]:
    """The keys with what they do."""
    column = max(len(keys) for keys, _ in rows_of_keys) + 2
    for keys, told in rows_of_keys:
        for number, part in enumerate(wrapped(told, max(width - column, 20))):
            yield Text.assemble((keys.ljust(column) if number == 0 else " " * column, "bold"), part)
