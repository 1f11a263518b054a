"""The notes: which question arises at which step, and its answer in this run's numbers.

A note kind is one row of `TRIGGERS`: a function from a step (or the whole run) to a sentence, or None where the
question does not arise. A kind is told in full once; after that a short reference points back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_explain.core.formula import filled, written
from autograd_explain.core.notation import rounded_number, style_for
from autograd_explain.core.shapes import shape_of, show_shape, stretched_axes
from autograd_explain.core.var import CONSTANT, Var
from autograd_explain.explanation.model import Note
from autograd_explain.modes.records import Part, Step

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

_FLAT = 0.01  # a slope below this share of the steepest counts as saturated
_OFF_BELOW = 0.0
_TENTH = 0.1


@dataclass(slots=True)
class _Walk:
    """What the triggers of steps look at: the run, and how often each value has been reached so far."""

    run: Explanation
    reached: dict[int, int]
    has_begun: bool = False  # whether the backward pass has made its first non-finite number

    def label(self, node: Var) -> str:
        return self.run.words.label(node)


def number(value: Any) -> str:
    """A number in a sentence: four significant digits."""
    return rounded_number(float(value), 4)


def percent(share: float) -> str:
    """A share in a sentence: whole percents, and two significant digits below ten."""
    return f"{100 * share:.0f} %" if share >= _TENTH else f"{100 * share:.2g} %"


def notes(run: Explanation) -> Iterator[Note]:
    """Every note of the run: before the sweep, at its steps in order, and about its outcome."""
    yield from _at_end_of_forward(run)
    walk = _Walk(run, {})
    first: dict[str, int] = {}
    for step in run.walk():
        yield from _at_step(walk, step, first)
        for part in step.parts:
            walk.reached[part.target.index] = walk.reached.get(part.target.index, 0) + 1
    yield from _about_outcome(run, cornered="kink" in first or "tie" in first)


def _at_step(walk: _Walk, step: Step, first: dict[str, int]) -> Iterator[Note]:
    for kind, trigger in STEP_TRIGGERS.items():
        told = trigger(walk, step)
        if told is None:
            continue
        if kind not in first:
            first[kind] = step.number
            yield Note(kind, step.node.index, step.number, told[0])
        elif told[1]:
            text = f"{told[1]} (as at step {first[kind]})"
            yield Note(kind, step.node.index, step.number, text, short=True)


def _at_end_of_forward(run: Explanation) -> Iterator[Note]:
    count = len(run.operations)
    result = run.result.index
    if not (count and run.result.tracked):
        yield from _branch(run)
        return
    yield Note("records-only", None, None, (
        f"No gradient has been computed yet: the forward pass only worked out and recorded {_plural(count, 'operation')}."
        " The gradients come now, walking that record back."
    ))  # fmt: skip
    yield Note("seed", result, 1 if run.result.inputs else None, (
        "The walk starts with 1: the result changes by exactly its own change."
        if np.all(np.asarray(run.sweep.seed) == 1.0) else
        "The walk starts with the upstream that was given instead of 1."
    ))  # fmt: skip
    if run.result.shape:
        entries = int(np.size(run.value))
        yield Note("non-scalar", result, None, (
            f"The result has {_plural(entries, 'entry', 'entries')}, shape {show_shape(run.result.shape)}: these are "
            "gradients of the sum of its entries, each weighted by the upstream (ones unless --upstream says otherwise)."
            " PyTorch would ask for gradient=."
        ))  # fmt: skip
    yield from _branch(run)


def _branch(run: Explanation) -> Iterator[Note]:
    """The first condition that was asked: which way it went, and what became of the other side."""
    for branch in run.tape.branches[:1]:
        condition = f"The condition {run.text_of(branch.site)}" if branch.site is not None else "A condition"
        held = "true" if branch.taken else "false"
        yield Note("branch", branch.node, None, (
            f"{condition} was {held}{_with_numbers(run, branch.node)}, so this side was recorded. "
            "The other side was not run and does not exist in this graph."
        ))  # fmt: skip


def _with_numbers(run: Explanation, place: int) -> str:
    """The condition with its numbers, where it is an operation on numbers."""
    node = run.tape.nodes[place]
    if not node.inputs or any(type(argument.value) is not float for argument in node.inputs):
        return ""
    style = style_for(6, ascii_only=True)
    return f" ({written(filled(run.words.formula(node)), style).text})"


def _plural(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"


Told = tuple[str, str] | None  # the sentence in full, and the short one for later


def _accumulation(walk: _Walk, step: Step) -> Told:
    """Several contributions reach one value: told where the second one arrives."""
    here: set[int] = set()
    for part in step.parts:
        place = part.target.index
        if walk.reached.get(place, 0) + (place in here) == 1:
            name, total = walk.label(part.target), walk.run.uses[place]
            terms = "each use is a path to the result, and the paths add up"
            where = f"{name} is used {_plural(total, 'time')}: {terms}"
            if type(part.contribution) is float:
                where += f" ({number(part.before)} + {number(part.contribution)} = {number(part.after)} so far)"
            return where + ".", f"{name} is used {_plural(total, 'time')}: its contributions add up"
        here.add(place)
    return None


def _uses_output(walk: _Walk, step: Step) -> Told:
    if not step.node.op.uses_output:
        return None
    name = walk.label(step.node)
    return f"The rule of {step.node.op.name} uses its output: {name} is already known, so nothing is worked out again.", ""


def _subtraction(walk: _Walk, step: Step) -> Told:
    if step.node.op.name != "sub":
        return None
    for part in step.parts:
        if part.position == 1:
            left, right = (walk.label(node) for node in step.node.inputs)
            return f"Raising {right} lowers {left} − {right} one for one, so its share changes sign.", ""
    return None


def _saturation(walk: _Walk, step: Step) -> Told:
    steepest = step.node.op.steepest
    if steepest is None or not step.node.op.elementwise or not step.parts:
        return None
    if type(step.parts[0].local) is float and abs(step.parts[0].local) >= _FLAT * steepest:
        return None
    local = np.abs(np.ravel(step.parts[0].local))
    flat = local < _FLAT * steepest
    if not np.any(flat):
        return None
    name = _SYMBOL.get(step.node.op.name, step.node.op.name)
    at = step.node.inputs[0]
    if local.size == 1:
        here = f"{name} is saturated, almost flat, at {number(np.ravel(at.value)[0])}: it passes {percent(local[0])}"
        return f"{here} of its upstream (at 0 it would pass {percent(steepest)}).", f"{here} of its upstream"
    worst = percent(float(local.min()))
    here = f"{name} is saturated, almost flat, at {int(flat.sum())} of {local.size} entries of {walk.label(at)}"
    return f"{here}: there it passes as little as {worst} of its upstream (at 0 it would pass {percent(steepest)}).", here


_SYMBOL = {"sigmoid": "σ"}


def _dead_relu(walk: _Walk, step: Step) -> Told:
    if step.node.op.name not in _CAN_BE_OFF or not step.parts:
        return None
    values = np.ravel(step.node.inputs[0].value)
    off = values < _OFF_BELOW
    if not np.any(off):
        return None
    at = walk.label(step.node.inputs[0])
    op = step.node.op.name
    if values.size == 1:
        text = f"{op} is off here: {at} = {number(values[0])} is below 0, so exactly nothing passes and nothing before it learns"
        return text + " from this input.", f"{op} is off at {number(values[0])} too"
    share = f"{op} is off at {int(off.sum())} of {values.size} entries of {at} ({percent(float(off.mean()))})"
    return f"{share}: they are below 0, pass exactly nothing back, and nothing before them learns from this input.", share


_CAN_BE_OFF = frozenset({"relu"})


def _at_kink(kind: str) -> Callable[[_Walk, Step], Told]:
    def trigger(walk: _Walk, step: Step) -> Told:
        if not step.parts or not step.node.op.kinks:
            return None
        options = walk.run.tape.options.get(step.node.index, {})
        for kink in step.node.op.kinks:
            with np.errstate(all="ignore"):
                at = np.ravel(kink.at(*(np.asarray(node.value) for node in step.node.inputs), **options))
            if kink.kind == kind and np.any(at):
                return _kink_text(walk, step, kink, at)
        return None

    return trigger


def _kink_text(walk: _Walk, step: Step, kink: Any, at: Any) -> tuple[str, str]:
    name = step.node.op.name
    where = kink.place if at.size == 1 else f"{kink.place} ({int(at.sum())} of {at.size} places)"
    lead = f"{name} has a corner at {where}" if kink.kind == "kink" else f"{name} has a tie: {where}"
    full = (
        f"{lead}: the slope from the left is {kink.left}, from the right {kink.right}. There is no one derivative;"
        f" {kink.chosen} is the choice here, as in PyTorch. {kink.others}."
    )
    return full, f"{lead}: {kink.chosen} is the choice"


def _broadcast(walk: _Walk, step: Step) -> Told:
    if not step.node.op.elementwise:
        return None
    if type(step.node.value) is float:
        return None
    for part in step.parts:
        small, large = shape_of(part.target.value), shape_of(step.node.value)
        axes = stretched_axes(small, large)
        if axes:
            copies = int(np.prod([large[axis] for axis in axes]))
            name = walk.label(part.target)
            along = "axis " + " and ".join(map(str, axes))
            full = (
                f"{name} was stretched from {show_shape(small)} to {show_shape(large)}: each entry was used "
                f"{copies} times, so {copies} contributions add up, along {along}."
            )
            return full, f"{name} was stretched to {show_shape(large)}: its contributions add up along {along}"
    return None


def _matmul(walk: _Walk, step: Step) -> Told:
    if step.node.op.name != "matmul" or not step.parts:
        return None
    left, right = step.node.inputs
    a, b, out = walk.label(left), walk.label(right), walk.label(step.node)
    if len(left.shape) == 2 and len(right.shape) == 2:  # noqa: PLR2004 - two matrices
        full = (
            f"{out}[i,j] = Σₖ {a}[i,k]·{b}[k,j]. {a}[i,k] meets {b}[k,j] for every j, so its gradient sums over j: "
            f"upstream {show_shape(out_shape(step))} @ {b}ᵀ {show_shape(right.shape[::-1])} → {show_shape(left.shape)}. "
            f"In the same way {b} gets {a}ᵀ {show_shape(left.shape[::-1])} @ upstream → {show_shape(right.shape)}."
        )
    else:
        full = (
            f"Each entry of {a} {show_shape(left.shape)} meets entries of {b} {show_shape(right.shape)} in {out} "
            f"{show_shape(out_shape(step))}; its gradient is the upstream weighted by those partners, summed."
        )
    return full, ""


def out_shape(step: Step) -> tuple[int, ...]:
    """The shape of what the step's operation made."""
    return step.node.shape


def _non_finite(walk: _Walk, step: Step) -> Told:
    if walk.has_begun or not _all_finite(step.node.value):
        return None
    for part in step.parts:
        if not _all_finite(part.contribution) and _all_finite(step.upstream):
            walk.has_begun = True
            return _where_it_began(walk, step, part), ""
    return None


def _all_finite(value: Any) -> bool:
    return math.isfinite(value) if type(value) is float else bool(np.all(np.isfinite(value)))


def _where_it_began(walk: _Walk, step: Step, part: Part) -> str:
    target = walk.label(part.target)
    kind = "nan" if np.any(np.isnan(part.contribution)) else "inf"
    place = f"The first {kind} of the backward pass is made here, on the way to {target}"
    if type(part.contribution) is float:
        return f"{place}: {number(step.upstream)} × {number(part.local)} = {number(part.contribution)}."
    return f"{place}, at {int(np.sum(~np.isfinite(part.contribution)))} of {np.size(part.contribution)} entries."


STEP_TRIGGERS: dict[str, Callable[[_Walk, Step], Told]] = {
    "non-finite": _non_finite,
    "kink": _at_kink("kink"),
    "tie": _at_kink("tie"),
    "saturation": _saturation,
    "dead-relu": _dead_relu,
    "accumulation": _accumulation,
    "broadcast": _broadcast,
    "matmul": _matmul,
    "subtraction": _subtraction,
    "uses-output": _uses_output,
}


def _about_outcome(run: Explanation, *, cornered: bool) -> Iterator[Note]:
    yield from _first_non_finite_value(run)
    for record in run.inputs:
        if record.tracked and not run.is_used(record):
            yield Note("unused-input", record.node, None, (
                f"{record.name} gets 0: no path leads from it to the result in this graph. PyTorch would say None."
            ))  # fmt: skip
    if not run.result.shape:
        yield from _meaning(run, cornered=cornered)


def _meaning(run: Explanation, *, cornered: bool) -> Iterator[Note]:
    """What the first number of the table says; one that is not 0, if there is one."""
    slopes = {r.node: (r.name, run.gradients[r.name]) for r in run.inputs if r.tracked and not r.shape}
    finite = {node: told for node, told in slopes.items() if _all_finite(told[1])}
    for node, (name, slope) in sorted(finite.items(), key=lambda item: item[1][1] == 0.0)[:1]:
        if cornered:
            tail = "rests on a choice at a corner: a small step may do otherwise."
        elif slope == 0.0:
            tail = f"is a rate: to first order, a small change of {name} does not change the result."
        else:
            change = number(0.01 * slope)
            tail = f"is a rate: raise {name} by 0.01 and the result changes by about {change}. Training steps against it."
        yield Note("meaning", node, None, f"∂{name} = {number(slope)} {tail}")


def _first_non_finite_value(run: Explanation) -> Iterator[Note]:
    for node in run.tape.nodes:
        if _all_finite(node.value):
            continue
        label = run.words.label(node)
        if node.op is CONSTANT or not node.inputs:
            text = f"{label} itself is not a finite number; everything made from it carries that on."
        else:
            inputs = ", ".join(_brief(run.words.label(argument), argument.value) for argument in node.inputs)
            kind = "nan" if np.any(np.isnan(node.value)) else "inf"
            text = f"The first {kind} of the forward pass is made by {node.op.name} in {label}, from {inputs}."
        yield Note("non-finite", node.index, None, text)
        return


def _brief(label: str, value: Any) -> str:
    if type(value) is float:
        return label if label == number(value) else f"{label} = {number(value)}"
    return f"{label} with shape {show_shape(shape_of(value))}"
