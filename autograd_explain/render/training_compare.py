"""Several optimizers in lines of text: what each is, a column of losses for each, and what became of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from autograd_explain.explanation.training import Course, diagnosis
from autograd_explain.render.arithmetic import is_inline, text_of
from autograd_explain.render.numbers import show
from autograd_explain.render.theme import Line, View, heading, note_line, wrapped
from autograd_explain.render.training import dealt, settings_of
from autograd_explain.render.training_runs import curves, mark_of, style_of_run
from autograd_explain.train.loop import Plan, Taken

_STEP_COLUMN = 11


def compare_head(plans: Mapping[str, Plan], count: int, view: View) -> Iterator[Line]:
    """What is compared, and the head of the table."""
    yield from heading("TRAINING", f"{len(plans)} times from the same start, with an optimizer of its own each", view)
    for place, plan in enumerate(plans.values()):
        recipe = plan.optimizer.recipe
        line = Line("    ").add(mark_of(place, view), style_of_run(place)).add(" ")
        for text in wrapped(f"{recipe.name}: {recipe.says}; {settings_of(plan.optimizer, view)}", view.width - 8):
            yield line.add(text)
            line = Line("      ")
    yield from (Line("    ").add(text) for text in wrapped(f"{count:,} steps{dealt(plan)}", view.width - 6))
    yield from heading("STEPS", "the loss of each before its update", view)
    yield _row("step", [f"{mark_of(place, view)} {label}" for place, label in enumerate(plans)], view, "dim")


def compared_row(number: int, row: Sequence[Taken | None], count: int, view: View) -> Line:
    """The losses of one step; blank for a training that has stopped."""
    return _row(f"{number:,}", ["" if taken is None else show(taken.loss, view) for taken in row], view)


def _row(step: str, cells: Sequence[str], view: View, style: str = "") -> Line:
    room = max(min((view.width - _STEP_COLUMN) // len(cells) - 2, 2 * view.digits + 12), view.digits + 5)
    shown = [cell if len(cell) <= room else cell[: room - 1] + "…" for cell in cells]
    whole = _STEP_COLUMN + len(cells) * (room + 2) <= view.width
    fitting = len(cells) if whole else max((view.width - _STEP_COLUMN - 3) // (room + 2), 1)
    line = Line("  ").add(f"{step:>9}")
    for cell in shown[:fitting]:
        line.add(f"  {cell:>{room}}", style)
    return line.add("  …") if len(shown) > fitting else line


def curves_of(courses: Mapping[str, Course], view: View) -> Iterator[Line]:
    """The losses of all on one picture."""
    return curves({label: course.losses for label, course in courses.items()}, view)


def outcomes(
    plans: Mapping[str, Plan], courses: Mapping[str, Course], parsed: Any, view: View
) -> Iterator[Line]:
    """Where each ended and what became of it, and which got lowest."""
    yield from heading("OUTCOME", "the last loss of each, and the parameters after it", view)
    for place, (label, course) in enumerate(courses.items()):
        if course.last is not None:
            yield from _outcome(place, label, plans[label], course, course.last, parsed, view)
    ends = {label: each.losses[-1] for label, each in courses.items() if each.losses and math.isfinite(each.losses[-1])}
    if len(ends) > 1:
        best = min(ends, key=lambda label: ends[label])
        yield Line()
        yield from note_line(
            f"Lowest: {best}, at {show(ends[best], view)}. Another learning rate may turn this round: each optimizer "
            "has its own best.", view,
        )  # fmt: skip


def _outcome(
    place: int, label: str, plan: Plan, course: Course, last: Taken, parsed: Any, view: View
) -> Iterator[Line]:
    line = Line("    ").add(mark_of(place, view), style_of_run(place)).add(f" {label}", "head")
    yield line.add(f"   loss {show(last.loss, view)} at step {last.number:,}")
    parts = [
        f"{name} = {text_of(value, view)}" if is_inline(value) else f"|{name}| = {show(_length(value), view)}"
        for name, value in last.parameters.items()
    ]
    for text in wrapped(", ".join(parts), view.width - 8):
        yield Line("      ").add(text)
    for text in diagnosis(plan, course, parsed):
        yield from note_line(text, view)


def _length(value: Any) -> float:
    return math.sqrt(float((value * value).sum()))
