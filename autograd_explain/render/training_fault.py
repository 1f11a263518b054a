"""A training that keeps its gradients beside the right one: where they part, what was added, what became of both."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_explain.core.notation import rounded_number
from autograd_explain.core.shapes import shape_of, show_shape
from autograd_explain.explanation.faults import Fault, same
from autograd_explain.explanation.telling import number, plural
from autograd_explain.explanation.training import Course, ParameterUpdate, diagnosis, updates
from autograd_explain.render.arithmetic import is_inline, rows, text_of
from autograd_explain.render.numbers import terms
from autograd_explain.render.theme import Line, View, heading, note_line, wrapped
from autograd_explain.render.training import Table, parameter_lines
from autograd_explain.render.training_runs import curves
from autograd_explain.source import cell_width
from autograd_explain.train.beside import Pair
from autograd_explain.train.loop import Plan, is_finite
from autograd_explain.train.rules import entry

RIGHT = "the right training"
_MOMENTUM = (
    "The sum of all gradients so far is what sgd(momentum=1) goes by: a speed that nothing slows down. On a parabola "
    "it carries the parameters past the lowest point and back, without coming to rest."
)


def fault_head(fault: Fault, view: View) -> Iterator[Line]:
    """What is broken, and the thought behind it."""
    yield from heading("FAULT", f"{fault.name}: {fault.broken}", view)
    yield from _indented(f"The thought behind it: “{fault.says}”", view)


def _indented(text: str, view: View, style: str = "") -> Iterator[Line]:
    for part in wrapped(text, view.width - 6):
        yield Line("    ").add(part, style)


def parting(plan: Plan, pair: Pair, fault: Fault, view: View) -> Iterator[Line]:
    """Step 2 as each of both takes it: what was left, what came on top, and the update by their sum."""
    if not _left_something(pair):
        return
    yield from heading("PARTING", f"step {pair.right.number} is the first to differ: step 1 left something", view)
    yield Line("    ").add(RIGHT, "note")
    for update in updates(plan, pair.right, ascii_only=view.ascii):
        yield from parameter_lines(update, view)
    yield Line()
    line = Line("    ").add(f"with {fault.name}", "note")
    column = line.width + 3
    for text in wrapped("what step 1 left, and step 2's own on top", max(view.width - column, 12)):
        yield line.to(column, 1).add(text, "dim")
        line = Line()
    for update in updates(plan, pair.kept, ascii_only=view.ascii):
        yield from _sum(pair, update, view)
        yield from parameter_lines(update, view)


def _left_something(pair: Pair) -> bool:
    return any(bool(np.any(np.asarray(left) != 0.0)) for left in pair.left.values())


def _sum(pair: Pair, update: ParameterUpdate, view: View) -> Iterator[Line]:
    """`∂w = what was left + this step's = the sum`."""
    shape = shape_of(pair.fresh[update.name])
    left, new = (entry(values[update.name], update.entry, shape) for values in (pair.left, pair.fresh))
    total = entry(pair.kept.gradients[update.name], update.entry, shape)
    where = f"[{', '.join(map(str, update.entry))}]" if update.entry else ""
    line = Line("    ").add(f"∂{update.name}{where}", "head")
    yield line.add(f" = {terms([left, new], total, view)}", "bad")


def both(table: Table, pairs: Sequence[Pair], view: View) -> Iterator[Line]:
    """The steps of both, one below the other."""
    yield from heading("BOTH", "each step of the right training, and below it the one that keeps gradients", view)
    if pairs:
        yield table.names(pairs[0].right.parameters)
    for pair in pairs:
        yield table.row(pair.right)
        parted = not same(pair.right.norm, pair.kept.norm) or not same(pair.right.loss, pair.kept.loss)
        yield table.row(pair.kept, "kept ≠" if parted else "kept", "bad" if parted else "")


def ending(
    plan: Plan, last: Pair, courses: Mapping[str, Course], fault: Fault, parsed: Any, view: View
) -> Iterator[Line]:
    """Both losses, the damage to the parameters, what became of each, and a hint."""
    labels = {RIGHT: courses["right"], f"with {fault.name}": courses["kept"]}
    yield from curves({label: course.losses for label, course in labels.items()}, view)
    told = plural(last.right.number, "step")
    yield from heading("DAMAGE", f"after {told}: right, and with {fault.name}", view)
    damaged = [n for n, value in last.right.parameters.items() if not same(value, last.kept.parameters[n])]
    if not damaged:
        why = fault.absent if last.right.number < 2 else fault.harmless
        yield from _indented(f"No visible damage here, because {why}.", view)
    room = max(map(cell_width, ("loss", *last.right.parameters)))
    yield _compared("loss", last.right.loss, last.kept.loss, room, view)
    for name, value in last.right.parameters.items():
        yield from _parameter(name, value, last.kept.parameters[name], room, view)
    yield from note_line(f"The right training: {' '.join(diagnosis(plan, courses['right'], parsed))}", view)
    yield from note_line(_kept_outcome(fault, last, courses["kept"]), view)
    if view.notes:
        settings = plan.optimizer.settings
        plain = plan.optimizer.recipe.name == "sgd" and not settings["momentum"] and not settings["weight_decay"]
        if plain and damaged and not plan.schedules and not plan.clipping:
            yield from note_line(_MOMENTUM, view)
        yield from note_line(f"{fault.hint} In PyTorch: optimizer.zero_grad().", view)


def _kept_outcome(fault: Fault, last: Pair, course: Course) -> str:
    """How the loss of the training with the fault went."""
    begun = f"With {fault.name}"
    if not is_finite(last.kept):
        return f"{begun}: the steps grew and grew until step {last.kept.number} met a number that is not finite."
    lowest = min(course.losses)
    if same(last.right.loss, last.kept.loss):
        return f"{begun}: the same loss."
    place = course.losses.index(lowest) + 1
    later = course.losses[-1] - lowest > _RISEN * (course.losses[0] - lowest)
    rose = f" It was lower before: {number(lowest)} at step {place:,}." if later else ""
    return f"{begun}: the loss is {number(last.kept.loss)} where the right one is {number(last.right.loss)}.{rose}"


_RISEN = 0.01  # of the whole way down: less is not worth a word


def _compared(name: str, right: float, kept: float, room: int, view: View) -> Line:
    line = Line("    ").add(name, "head").to(6 + room).add(text_of(right, view)).to(6 + room + view.digits + 12)
    line.add(text_of(kept, view), "" if same(right, kept) else "bad")
    apart = kept - right
    if math.isfinite(apart):
        apart = float(rounded_number(kept, view.digits)) - float(rounded_number(right, view.digits))
    off = f"off by {text_of(apart, view)}" if math.isfinite(apart) else "not finite"
    off = "the same" if same(right, kept) else off
    if line.width + 3 + cell_width(off) > view.width:
        return line
    return line.to(6 + room + 2 * (view.digits + 12)).add(off, "good" if off == "the same" else "bad")


def _parameter(name: str, right: Any, kept: Any, room: int, view: View) -> Iterator[Line]:
    if type(right) is float and type(kept) is float:
        yield _compared(name, right, kept, room, view)
        return
    for title, value in (("right", right), ("kept", kept)):
        line = Line("    ").add(name, "head").to(6 + room).add(f"{title} ", "dim")
        if is_inline(value) and line.width + cell_width(text_of(value, view)) <= view.width:
            yield line.add(text_of(value, view))
        else:
            yield line.add(show_shape(shape_of(value)))
            yield from rows(value, view)
