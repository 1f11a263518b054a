"""A training in lines of text: the updates with their numbers, the table of steps, the curve, and how it ended."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_explain.core.formula import Formula, filled, written
from autograd_explain.core.shapes import show_shape
from autograd_explain.explanation.model import Note
from autograd_explain.explanation.telling import plural
from autograd_explain.explanation.training import (
    Learned,
    ParameterUpdate,
    UpdateLine,
    diagnosis,
    rate_lines,
    updates,
)
from autograd_explain.render.arithmetic import is_inline, rows, text_of
from autograd_explain.render.numbers import equation, show, style_of
from autograd_explain.render.plots import in_ascii, in_dots
from autograd_explain.render.theme import Line, View, heading, note_line, wrapped
from autograd_explain.source import cell_width

if TYPE_CHECKING:
    from autograd_explain.train.loop import Plan, Taken
    from autograd_explain.train.rules import Chosen

_NAME_COLUMN = 4
_WIDEST_NAME = 12
_WIDEST_CURVE = 62
_SAMPLES = 400
_SEVERAL_DECADES = 50.0


def opening(plan: Plan, wanted: str, view: View) -> Iterator[Line]:
    """What is about to happen: the optimizer, its settings, the data, and for how long."""
    yield from heading("TRAINING", f"{plan.optimizer.recipe.name}: {plan.optimizer.recipe.says}", view)
    yield from (Line("    ").add(text) for text in wrapped(settings_of(plan.optimizer, view), view.width - 6))
    for chosen in (*plan.schedules, *plan.clipping):
        said = f"{chosen.recipe.name}: {chosen.recipe.says}; {settings_of(chosen, view)}"
        for number, text in enumerate(wrapped(said.removesuffix("; "), view.width - 8)):
            yield Line("      " if number else "    ").add(text)
    yield from (Line("    ").add(text) for text in wrapped(f"{wanted}{dealt(plan)}", view.width - 6))


def settings_of(chosen: Chosen, view: View) -> str:
    """The settings of a recipe as they are."""
    pairs = chosen.settings.items()
    return ", ".join(f"{name}={value if type(value) is bool else show(value, view)}" for name, value in pairs)


def dealt(plan: Plan) -> str:
    """How the rows of the data are dealt out; empty where they are not."""
    data = plan.data
    if not data.is_dealt:
        return ""
    size = f"{len(data.training_rows):,} rows, {data.batch:,} at a step" if data.batch else "all rows at each step"
    held = f"; {len(data.held_out_rows):,} rows are held out" if data.holdout else ""
    return f"; {size}{held}"


def step_heading(taken: Taken, view: View) -> Iterator[Line]:
    """The head of a step that is shown in full."""
    return heading(f"STEP {taken.number:,}", "in full", view)


def update_lines(plan: Plan, taken: Taken, notes: Sequence[Note], view: View) -> Iterator[Line]:
    """Each parameter's update at a step: symbols, numbers, result."""
    yield from heading("UPDATE", f"at step {taken.number:,}: each parameter against its gradient", view)
    yield from changes(plan, taken, notes, view)


def standing(taken: Taken, view: View) -> Iterator[Line]:
    """Where a step stands: its loss, and the length of its gradient."""
    yield Line("    loss ").add(show(taken.loss, view), "accent").add(f"   |gradient| {show(taken.norm, view)}")
    yield Line()


def changes(plan: Plan, taken: Taken, notes: Sequence[Note], view: View) -> Iterator[Line]:
    """The same without a heading."""
    for line in rate_lines(plan, taken, ascii_only=view.ascii):
        yield from _update_line("lr", line, view)
    for update in updates(plan, taken, ascii_only=view.ascii):
        yield from parameter_lines(update, view)
    for note in notes if view.notes else ():
        yield from note_line(note.text, view)


def parameter_lines(update: ParameterUpdate, view: View) -> Iterator[Line]:
    """One parameter's update, line by line, and the whole of it afterwards where it is an array."""
    name = update.name
    if update.entry:
        where = ", ".join(map(str, update.entry))
        said = f"{name} {show_shape(update.value.shape)}: the entry [{where}], which has the largest gradient"
        yield from (Line("    ").add(text, "dim") for text in wrapped(said, view.width - 6))
    for line in update.lines:
        yield from _update_line(name, line, view)
        name = ""
    if update.entry:
        yield Line("    ").add(f"{update.name} after the update", "dim")
        yield from rows(update.value, view)


def _update_line(name: str, line: UpdateLine, view: View) -> Iterator[Line]:
    """`w ← symbols = numbers = value`, on as many lines as it needs; nothing is said twice."""
    made = equation(filled(line.formula), line.formula.value, view)
    arrow = "<-" if view.ascii else "←"
    symbols = f"{line.target} {arrow} {_symbols(line.formula, view)}"
    middle = "" if made.text == made.result else f"= {made.text} "
    numbers = f"{middle}{made.relation} {made.result}"
    column = _NAME_COLUMN + min(cell_width(name), _WIDEST_NAME) + 2
    begun = Line(" " * _NAME_COLUMN).add(name, "head").to(max(column, 11), 1)
    if begun.width + cell_width(symbols) + cell_width(numbers) + 3 <= view.width:
        yield begun.add(symbols).to(40 if cell_width(numbers) + 40 <= view.width else 0, 2).add(numbers, "accent")
        return
    for number, text in enumerate(wrapped(symbols, view.width - begun.width - 2)):
        yield begun.add(text) if number == 0 else Line(" " * 15).add(text)
    for text in wrapped(numbers, view.width - 16):
        yield Line(" " * 13).add(text, "accent")


def _symbols(formula: Formula, view: View) -> str:
    return written(formula, style_of(view)).text


class Table:
    """The table of steps: its columns are fixed by the first row."""

    def __init__(self, plan: Plan, view: View) -> None:
        self.view = view
        self.room = view.digits + 6
        self.has_rate = bool(plan.schedules or plan.optimizer.settings.get("lr_decay"))
        self.has_held_out = plan.data.holdout > 0

    def head(self, parameters: Mapping[str, Any]) -> Iterator[Line]:
        """The heading and the names of the columns."""
        yield from heading("STEPS", "loss and gradient before each update, parameters after it", self.view)
        yield self.names(parameters)

    def names(self, parameters: Mapping[str, Any]) -> Line:
        """The names of the columns."""
        names = ["loss", "|gradient|", *(["lr"] if self.has_rate else []), *(["held-out"] if self.has_held_out else [])]
        names += [name if type(value) is float else f"|{name}|" for name, value in parameters.items()]
        return self._row("step", names, "dim")

    def row(self, taken: Taken, label: str = "", style: str = "") -> Line:
        """One step; an array stands with its length, the root of the sum of its squares."""
        cells = [taken.loss, taken.norm, *([taken.learning_rate] if self.has_rate else [])]
        texts = [show(cell, self.view) for cell in cells]
        if self.has_held_out:
            texts.append("" if taken.held_out is None else show(taken.held_out, self.view))
        texts += [show(_length(value), self.view) for value in taken.parameters.values()]
        return self._row(label or f"{taken.number:,}", texts, style)

    def _row(self, step: str, cells: list[str], style: str) -> Line:
        fitting = max((self.view.width - 12) // (self.room + 1), 1)
        shown = [*cells[: fitting - 1], "…"] if len(cells) > fitting else cells
        text = "".join(f" {cell:>{self.room}}" if cell != "…" else "  …" for cell in shown)
        return Line("  ").add(f"{step:>9}").add(text, style)


def _length(value: Any) -> float:
    return value if type(value) is float else float(np.linalg.norm(value))


def is_shown(number: int) -> bool:
    """Whether a step has a row of its own: 1, 2, 5, 10, 20, 50 and so on."""
    leading = number / 10 ** (len(str(number)) - 1)
    return leading in {1.0, 2.0, 5.0}


def curve(losses: Sequence[float], first: int, view: View) -> Iterator[Line]:
    """The loss over the steps; its logarithm where it spans several powers of ten."""
    stride = max(len(losses) // _SAMPLES, 1)
    points = [(float(first + i), losses[i]) for i in range(0, len(losses), stride) if math.isfinite(losses[i])]
    if len(points) < 3 or min(y for _, y in points) == max(y for _, y in points):
        return
    low, high = min(y for _, y in points), max(y for _, y in points)
    steep = low > 0 and high / low > _SEVERAL_DECADES
    yield from heading("LOSS", "at each step, on a scale of powers of ten" if steep else "at each step", view)
    heights = [(x, math.log10(y / low) if steep else y - low) for x, y in points]
    top = max(y for _, y in heights)
    width = min(view.width - 16, _WIDEST_CURVE)
    drawn = (in_ascii if view.ascii else in_dots)(heights, 0.0, top, width, joined=True)
    for place, text in enumerate(drawn):
        edge = show(high, view) if place == 0 else show(low, view) if place == len(drawn) - 1 else ""
        yield Line("  ").add(f"{edge:>12}").add(" |").add(text, "accent")
    left, right = f"{first:,}", f"step {first + len(losses) - 1:,}"
    yield Line(" " * 15).add("+" + "-" * width)
    yield Line(" " * 16).add(left).to(16 + width - len(right), 1).add(right)


def story(learned: Learned, parsed: Any, view: View) -> Iterator[Line]:
    """The update of an explained step, and how all steps went."""
    if learned.taken.after.step == learned.taken.number:
        yield from update_lines(learned.plan, learned.taken, learned.notes, view)
    yield from how_it_went(learned, parsed, view)


def how_it_went(learned: Learned, parsed: Any, view: View) -> Iterator[Line]:
    """The table of steps, the curve, and what became of it; nothing where one step alone was taken."""
    if learned.course is None or not learned.shown:
        return
    table = Table(learned.plan, view)
    yield from table.head(learned.shown[0].parameters)
    yield from map(table.row, learned.shown)
    losses, last = learned.course.losses, learned.shown[-1]
    plain = replace(view, ascii=True)  # a page's fonts have dots of Braille in widths of their own
    yield from curve(losses, last.number - len(losses) + 1, plain)
    yield from closing(last, list(diagnosis(learned.plan, learned.course, parsed)), view)


def closing(taken: Taken, told: Sequence[str], view: View) -> Iterator[Line]:
    """The parameters at the end, and what became of the training."""
    yield Line()
    yield Line("  ").add("PARAMETERS ", "head").add(f"after {plural(taken.after.step, 'step')}", "dim")
    for name, value in taken.parameters.items():
        line = Line("    ").add(name, "head")
        if is_inline(value):
            yield line.add(" = ").add(text_of(value, view), "accent")
            continue
        yield line.add(f" {show_shape(value.shape)}")
        yield from rows(value, view)
    made = ", before the last update" if taken.after.step == taken.number else ""
    yield Line("    ").add("loss", "dim").add(f" {show(taken.loss, view)}", "accent").add(made, "dim")
    for text in told:
        yield from note_line(text, view)
