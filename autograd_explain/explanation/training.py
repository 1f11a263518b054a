"""A training explained: each line of an update as a formula with its numbers, the notes, and what became of it all.

Reads plans and steps; must not know how anything is shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from autograd_explain.core.formula import Formula
from autograd_explain.core.shapes import shape_of
from autograd_explain.explanation.build import Explanation
from autograd_explain.explanation.diagnosis import first_non_finite_value
from autograd_explain.explanation.model import Note
from autograd_explain.explanation.telling import number, percent, plural, told_apart
from autograd_explain.train.loop import Plan, Taken, is_finite, scheduling, updating
from autograd_explain.train.rules import entry

SYMBOLS = {
    "beta1": "β₁", "beta2": "β₂", "eps": "ε", "alpha": "α", "m_hat": "m̂", "v_hat": "v̂", "mu": "μ", "mu_next": "μ₊",
    "p": "Π", "weight_decay": "λ", "pi": "π",
}  # fmt: skip
"""How quantities of update rules are written where the terminal has the letters."""


class UpdateLine(NamedTuple):
    """`target ← formula`, whose value the target becomes."""

    target: str
    formula: Formula


class ParameterUpdate(NamedTuple):
    """One parameter's update. Of an array one entry is told, at `entry`: the one with the largest gradient."""

    name: str
    entry: tuple[int, ...]
    lines: tuple[UpdateLine, ...]
    value: Any
    """The whole parameter after the update."""


class _Labels:
    """What quantities are called: the gradient is `∂w` until a line makes another one of it."""

    def __init__(self, own: Mapping[str, str], spelled: Mapping[str, str]) -> None:
        self.own = dict(own)
        self.spelled = spelled

    def of(self, quantity: str) -> str:
        return self.own.get(quantity) or self.spelled.get(quantity, quantity)

    def see(self, quantity: str, value: Any) -> Formula:
        """The quantity as a label with its value; a gradient that a line has made is called g from there on."""
        if isinstance(value, Formula):
            if quantity == "g":
                self.own["g"] = "g"
            value = value.value
        return Formula(float(value), self.of(quantity))


def updates(plan: Plan, taken: Taken, *, ascii_only: bool = False) -> Iterator[ParameterUpdate]:
    """Each parameter's update at a step, line by line."""
    spelled = {} if ascii_only else SYMBOLS
    for name, gradient in taken.gradients.items():
        shape = shape_of(gradient)
        index = _steepest(gradient) if shape else ()
        label = f"{name}[{', '.join(map(str, index))}]" if shape else name
        labels = _Labels({"w": label, "g": f"∂{label}"}, spelled)
        made = updating(plan, taken, name, labels.see, _picker(index, shape))
        lines = tuple(UpdateLine(labels.of(quantity), _formula(value)) for quantity, value in made)
        yield ParameterUpdate(name, index, lines, taken.parameters[name])


def _steepest(gradient: Any) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(np.abs(gradient))), gradient.shape))


def _picker(index: tuple[int, ...], shape: tuple[int, ...]) -> Callable[[Any], float]:
    return lambda value: entry(value, index, shape)


def _formula(value: Any) -> Formula:
    return value if isinstance(value, Formula) else Formula(float(value))


def rate_lines(plan: Plan, taken: Taken, *, ascii_only: bool = False) -> Iterator[UpdateLine]:
    """What the schedules make of the learning rate at a step."""
    labels = _Labels({}, {} if ascii_only else SYMBOLS)
    for quantity, value in scheduling(plan, taken.number, labels.see):
        yield UpdateLine(labels.of(quantity), _formula(value))


def update_note(plan: Plan, taken: Taken) -> Note:
    """What the optimizer does with a gradient, and why against it."""
    name, gradient = max(taken.gradients.items(), key=lambda item: float(np.max(np.abs(item[1]))))
    index = _steepest(gradient) if shape_of(gradient) else ()
    slope = entry(gradient, index, shape_of(gradient))
    label = f"{name}[{', '.join(map(str, index))}]" if index else name
    if slope == 0.0:
        says = "Every gradient is 0 here, so there is no direction in which the loss falls"
    else:
        way, back = ("raises", "down") if slope > 0 else ("lowers", "up")
        says = f"∂{label} = {number(slope)}: raising {label} {way} the loss, so {label} should go {back}"
    recipe = plan.optimizer.recipe
    text = f"{says}. That is why a step goes against the gradient. {recipe.name}: {recipe.says}."
    return Note("update", None, None, text)


def zero_grad_note(first: Mapping[str, Any], second: Taken) -> Note:
    """What would have been added at step 2 if the gradients of step 1 had been kept."""
    name = max(first, key=lambda key: float(np.max(np.abs(first[key]))))
    index = _steepest(first[name]) if shape_of(first[name]) else ()
    shape = shape_of(first[name])
    label = f"{name}[{', '.join(map(str, index))}]" if index else name
    kept, new = entry(first[name], index, shape), entry(second.gradients[name], index, shape)
    summed, alone = told_apart(kept + new, new)
    return Note("zero-grad", None, None, (
        f"∂{label} starts at 0 again before each step. Kept from step 1, it would be {number(kept)} + "
        f"{f'({alone})' if new < 0 else alone} = {summed} here instead of {alone}: the += of the backward pass "
        "does not stop by itself. PyTorch clears with zero_grad(); --fault keep-gradients shows what comes of "
        "not doing so."
    ))  # fmt: skip


@dataclass(slots=True)
class Course:
    """How a training went, as far as telling what became of it needs: a few numbers for each step."""

    losses: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    curvature: float | None = None
    last: Taken | None = None
    _first: tuple[Mapping[str, Any], Mapping[str, Any]] | None = None

    def add(self, taken: Taken) -> None:
        """Note a step."""
        self.losses.append(taken.loss)
        self.norms.append(taken.norm)
        if taken.number == 2 and self._first is not None:
            self.curvature = curvature(*self._first, taken.before.parameters, taken.gradients)
        self._first = (taken.before.parameters, taken.gradients) if taken.number == 1 else None
        self.last = taken


def _comparable(plan: Plan, course: Course) -> tuple[list[float], str]:
    """Losses that are of the same rows, and what each is of: a step, or where steps see batches a whole epoch."""
    losses, data = course.losses, plan.data
    if data.batches == 1 or course.last is None:
        return losses, "step"
    means: list[float] = []
    first = course.last.number - len(losses) + 1  # the step of the first loss
    for end in range(data.batches, course.last.number + 1, data.batches):
        steps = range(end - data.batches + 1, end + 1)
        if steps[0] >= first:
            sizes = [data.rows_at(step) for step in steps]
            total = math.fsum(size * losses[step - first] for size, step in zip(sizes, steps, strict=True))
            means.append(total / sum(sizes))
    return means, "epoch"


def curvature(
    place: Mapping[str, Any], gradients: Mapping[str, Any], after: Mapping[str, Any], gradients_after: Mapping[str, Any]
) -> float | None:
    """How fast the gradient changes along a step: its slope in the direction walked; None where there was no step."""
    step = _flat(after) - _flat(place)
    change = _flat(gradients_after) - _flat(gradients)
    square = float(step @ step)
    bend = float(step @ change) / square if square > 0 else math.nan
    return bend if math.isfinite(bend) else None


def _flat(values: Mapping[str, Any]) -> Any:
    return np.concatenate([np.ravel(value) for value in values.values()])


class Learned(NamedTuple):
    """What a training adds to the explanation of one of its steps: the update, and how all steps went.

    `shown` are the steps that stand in a table, none where nothing but the one step was taken.
    """

    plan: Plan
    taken: Taken
    notes: tuple[Note, ...]
    shown: tuple[Taken, ...] = ()
    course: Course | None = None


_GREW = 10.0
_LEAST = 1e-9
_EXPLODED = 1e6
_FLAT = 1e-4
_SETTLED = 1e-6
_ROSE = 1.02


def diagnosis(plan: Plan, course: Course, parsed: Any = None) -> Iterator[str]:
    """What became of the training, in sentences."""
    last = course.last
    if last is None:
        return
    losses, unit = _comparable(plan, course)
    known = [loss for loss in losses if loss == loss]
    grew = len(known) > 1 and known[-1] > _GREW * abs(known[0]) + _LEAST
    if not is_finite(last):
        yield from _not_finite(last, parsed)
    if grew:
        yield from _diverged(plan, course, losses, unit)
    elif is_finite(last):
        yield _outcome(course, last, losses, unit)
        yield from _held_out(plan, last)
        yield from _dead(last)


def _not_finite(last: Taken, parsed: Any) -> Iterator[str]:
    what = "the loss" if not math.isfinite(last.loss) else "a gradient"
    yield f"At step {last.number} {what} is not a finite number, so no update was made: the parameters stay as before."
    run = Explanation(last.recording, last.sweep, parsed)
    origins = (note for note in run.notes if note.kind in {"non-finite", "where-nan"})
    notes = [*first_non_finite_value(run), *origins]
    yield from (note.text for note in notes[:1])


def _diverged(plan: Plan, course: Course, losses: list[float], unit: str) -> Iterator[str]:
    exploding = course.norms[-1] > _EXPLODED * course.norms[0]
    first, last = number(course.norms[0]), number(course.norms[-1])
    more = f", and the gradient exploded from {first} to {last}" if exploding else ""
    since = max((i for i, loss in enumerate(losses, 1) if loss <= losses[0]), default=0) + 1
    grown = f"the loss grew from {number(losses[0])} to {number(losses[-1])}"
    yield f"Diverged: {grown}, from {unit} {since:,} on above where it began{more}."
    rate = float(plan.optimizer.settings["lr"])
    bend = course.curvature
    if bend is not None and bend > 0 and plan.optimizer.recipe.name == "sgd":
        above = "above" if rate > 2 / bend else "below"
        yield (
            f"From step 1 to 2 the gradient changed by {number(bend)} for each 1 walked. Where a loss bends like that "
            f"all along (a parabola), steps overshoot further each time once the learning rate is above "
            f"2/{number(bend)} = {number(2 / bend)}; {number(rate)} is {above} it. Try --lr {number(1 / bend)}."
        )
    else:
        yield f"The learning rate {number(rate)} is too large here: try --lr {number(rate / 10)}."


def _outcome(course: Course, last: Taken, losses: list[float], unit: str) -> str:
    reasons = {
        "until": f"Stopped at step {last.number}, as --until asked.",
        "patience": f"Stopped at step {last.number}: no epoch has been better for {last.after.stale}.",
    }
    if last.stop in reasons:
        return reasons[last.stop]
    tail = max(len(losses) // 10, 1)
    if len(losses) <= tail:
        return f"One {unit} says nothing yet about where this leads."
    before, now = losses[-1 - tail], losses[-1]
    change = (before - now) / max(abs(before), 1e-300)
    if course.norms[-1] <= _SETTLED * max(course.norms):
        return (
            f"Settled: the gradient is {number(course.norms[-1])}{', almost 0' if course.norms[-1] else ''}. Where it "
            "is 0, so is every step: this is a lowest point, or flat for another reason."
        )
    steps = plural(tail, unit) if tail > 1 else unit
    if abs(change) < _FLAT:
        return (
            f"Plateau: over the last {steps} the loss changed by {percent(abs(change))}, though the gradient is still "
            f"{number(course.norms[-1])}. Another learning rate, or a schedule that lowers it, may get further."
        )
    if change > 0:
        fall = f"the last {steps} lowered the loss by {percent(change)}"
        return f"Still falling: {fall}; more --steps may lower it further."
    rise = f"from {number(before)} to {number(now)}"
    return f"Wavering: the last {steps} took the loss {rise}; with a lower --lr steps overshoot less."


def _held_out(plan: Plan, last: Taken) -> Iterator[str]:
    """The loss on rows never trained on, beside the other one; that it was lower before, where it was."""
    if last.held_out is None:
        return
    best = last.after.best
    rose = last.held_out > _ROSE * best
    more = f" It was {number(best)} before: since then only the rows trained on are fitted better." if rose else ""
    rows = plural(len(plan.data.held_out_rows), "row")
    yield f"Held out: the loss is {number(last.held_out)} on the {rows} never trained on.{more}"


def _dead(last: Taken) -> Iterator[str]:
    """Units of a relu that are off for every row: nothing teaches them."""
    for node in last.recording.tape.nodes:
        if node.op.name != "relu" or not node.tracked:
            continue
        off = np.asarray(node.value) <= 0
        if off.ndim == _ROWS_OF_UNITS and (dead := int(np.sum(np.all(off, axis=0)))):
            yield (
                f"{dead} of the {node.value.shape[1]} units of a relu are dead: they are 0 for every row, so no "
                "gradient reaches what leads into them."
            )
        elif off.ndim != _ROWS_OF_UNITS and last.norm == 0.0 and off.all():
            yield "A relu is 0 here, and so is its slope: it is dead, for no gradient reaches what leads into it."


_ROWS_OF_UNITS = 2
