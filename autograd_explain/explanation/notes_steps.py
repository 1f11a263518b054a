"""Notes about single operations: why this sign, why zero, why so small, who gets the gradient.

A trigger takes the walk and a step, and returns what to say there, or None.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograd_explain.core.var import CONSTANT, Var
from autograd_explain.explanation.telling import (
    Told,
    Walk,
    all_finite,
    entry,
    number,
    part_at,
    percent,
    plural,
    sum_so_far,
)
from autograd_explain.modes.records import Part, Step

_FLAT = 0.01  # a slope below this share of the steepest counts as saturated
_SYMBOL = {"sigmoid": "σ"}
_FLAT_BELOW = {"gelu": -2.0, "mish": -2.0, "silu": -2.0}  # they turn around nearer to 0, which is no flat end
_STEEPEST_AT_0 = frozenset({"atan", "erf", "sigmoid", "tanh"})


def accumulation(walk: Walk, step: Step) -> Told:
    """Several contributions reach one value: told where the second one arrives."""
    if (repeated := _looked_up_twice(walk, step)) is not None:
        return repeated
    here: set[int] = set()
    for part in step.parts:
        place = part.target.index
        if walk.reached.get(place, 0) + (place in here) == 1:
            name, total = walk.label(part.target), walk.run.uses[place]
            where = f"{name} is used {plural(total, 'time')}: each use is a path to the result, and the paths add up"
            where += _terms_so_far(part)
            return where + ".", f"{name} is used {plural(total, 'time')}: its contributions add up"
        here.add(place)
    return None


def _looked_up_twice(walk: Walk, step: Step) -> Told:
    """An index array that takes one entry more than once: each look-up is a use of that entry."""
    key = walk.run.tape.options.get(step.node.index, {}).get("key", ())
    if step.node.op.name != "index" or not step.parts or not any(isinstance(part, np.ndarray) for part in key):
        return None
    looked = step.node.inputs[0]
    entries = int(np.size(looked.value))
    taken: Any
    counts: Any
    taken, counts = np.unique(np.arange(entries).reshape(looked.shape)[key], return_counts=True)
    times = int(counts.max(initial=0))
    if times < 2:
        return None
    at, name = np.unravel_index(taken[counts.argmax()], looked.shape), walk.label(looked)
    rows = len(key) == 1 and len(looked.shape) > 1
    what = f"Row {at[0]} of {name}" if rows else f"{name}{entry(at)}"
    rest = f" {'Rows' if rows else 'Entries'} that were not looked up get 0." if len(taken) < entries else ""
    full = f"{what} was looked up {times} times: each look-up is a use of it, and their gradients add up."
    return full + rest, ""


def _terms_so_far(part: Part) -> str:
    """The terms and their sum; of an array those of its largest entry."""
    if type(part.contribution) is float:
        return f" ({sum_so_far(part.before, part.contribution, part.after)} so far)"
    if part.after is None or not all_finite(part.after) or not np.size(part.after):
        return ""
    at = np.unravel_index(int(np.argmax(np.abs(part.after))), np.shape(part.after))
    terms = sum_so_far(*(float(np.broadcast_to(v, np.shape(part.after))[at])
                         for v in (part.before, part.contribution, part.after)))  # fmt: skip
    return f" (at {entry(at)}: {terms} so far)"


def order(walk: Walk, step: Step) -> Told:
    """A value that had to wait for a second use before it could pass anything on."""
    uses = walk.run.uses[step.node.index]
    if uses < 2:
        return None
    name = walk.label(step.node)
    total, naive, first = "", "", walk.firsts.get(step.node.index)
    if type(step.upstream) is float and type(first) is float:
        total = f", {number(step.upstream)} in all"
        naive = f" Passing on at the first arrival and never again would hand on only {number(first)}."
    full = (
        f"{name} is used {plural(uses, 'time')}, so it waited until every use had sent its share{total}, and passes on "
        f"once. Plain recursion would pass on at each arrival and walk everything below {name} {uses} times over."
        f"{naive}"
    )
    return full, f"{name} waited for its {uses} uses"


def uses_output(walk: Walk, step: Step) -> Told:
    """A rule that needs the output and no input."""
    if not step.node.op.uses_output:
        return None
    name = walk.label(step.node)
    return (
        f"The rule of {step.node.op.name} uses its output: {name} is already known, so nothing is worked out again.",
        f"The rule of {step.node.op.name} uses its output, {name}",
    )


def subtraction(walk: Walk, step: Step) -> Told:
    """The minus sign of a subtrahend."""
    if step.node.op.name != "sub" or part_at(step, 1) is None:
        return None
    left, right = (walk.label(node) for node in step.node.inputs)
    return (
        f"Raising {right} lowers {left} − {right} one for one, so its share changes sign.",
        f"{right} is subtracted, so its share changes sign",
    )


def exponent(walk: Walk, step: Step) -> Told:
    """An exponent that is differentiated by."""
    part = part_at(step, 1) if step.node.op.name == "pow" else None
    if part is None:
        return None
    base, raised = (walk.label(node) for node in step.node.inputs)
    slope = f"the slope of {base}^{raised} by {raised} is {base}^{raised}·log({base})"
    full = f"The exponent {raised} gets a gradient too: {slope}"
    short = f"The exponent {raised} gets its share by the log rule"
    bases = np.asarray(step.node.inputs[0].value)
    if np.all(bases > 0):
        return f"{full}. For a base of 0 it would be taken as 0, and below 0 there is no real log.", short
    told = []
    if np.any(bases == 0):
        told.append("at a base of 0 the slope is taken as 0 for an exponent from 0 on")
    if np.any(bases < 0):
        told.append(f"at a base of {number(bases[bases < 0].ravel()[0])}, log has no real value, so it is nan")
    return f"{full}; {'; '.join(told)}.", short


def saturation(walk: Walk, step: Step) -> Told:
    """A curve so flat here that almost nothing passes."""
    op = step.node.op
    if op.steepest is None or not step.parts:
        return None
    if not op.elementwise:
        return _saturated_shares(walk, step)
    slope = step.parts[0].local
    if type(slope) is float and abs(slope) >= _FLAT * op.steepest:
        return None
    local = np.abs(np.ravel(slope))
    flat = (local < _FLAT * op.steepest) & (np.ravel(step.node.inputs[0].value) < _FLAT_BELOW.get(op.name, np.inf))
    if not np.any(flat):
        return None
    name, at = _SYMBOL.get(op.name, op.name), step.node.inputs[0]
    at_best = "at 0 it would pass" if op.name in _STEEPEST_AT_0 else "elsewhere it passes up to"
    would = f"({at_best} {percent(op.steepest)})"
    if local.size == 1:
        here = f"{name} is saturated, almost flat, at {number(np.ravel(at.value)[0])}: it passes {percent(local[0])}"
        return f"{here} of its upstream {would}.", f"{here} of its upstream"
    here = f"{name} is saturated, almost flat, at {int(flat.sum())} of {local.size} entries of {walk.label(at)}"
    first = entry(np.argwhere(np.reshape(flat, np.shape(slope)))[0])
    least = percent(float(local.min()))
    return f"{here}, first at {first}: there it passes as little as {least} of its upstream {would}.", here


def _saturated_shares(walk: Walk, step: Step) -> Told:
    """Softmax with one share near 1: each entry's own slope is p·(1 − p)."""
    shares = np.asarray(step.node.value)
    own = shares * (1 - shares)
    if step.node.op.name != "softmax" or not own.size or np.max(own) >= _FLAT * float(step.node.op.steepest or 1):
        return None
    here = f"softmax is saturated: its largest share is {number(shares.max())}"
    return f"{here}, so an entry's own slope p·(1 − p) is at most {number(np.max(own))} (it could be 0.25).", here


def dead_relu(walk: Walk, step: Step) -> Told:
    """A unit that is off, or the share of an array's units that are."""
    switch = _SWITCHES.get(step.node.op.name)
    found = switch(step) if switch and step.parts else None
    if found is None or not np.any(found.off):
        return None
    op, at, off = step.node.op.name, walk.label(found.argument), np.ravel(found.off)
    if off.size == 1:
        value = number(np.ravel(found.argument.value)[0])
        here = f"{op} is off here: {at if at == value else f'{at} = {value}'} is {found.why}"
        full = f"{here}, so exactly nothing passes and nothing before it learns from this input."
        return full, f"{op} is off at {value} too"
    share = f"{op} is off at {int(off.sum())} of {off.size} entries of {at} ({percent(float(off.mean()))})"
    first = entry(np.argwhere(found.off)[0])
    full = f"{share}, first at {first}: they are {found.why}, pass exactly nothing back, and nothing before them learns"
    return f"{full} from this input.", share


class _Off(NamedTuple):
    """Where an operation that switches is off: the argument it looks at, at which entries, and why."""

    argument: Var
    off: Any
    why: str


def _below_zero(step: Step) -> _Off:
    argument = step.node.inputs[0]
    return _Off(argument, np.asarray(argument.value) < 0, "below 0")


def _outside(step: Step) -> _Off:
    argument = step.node.inputs[0]
    low, high = [v.value for v in step.node.inputs[1:]] or (-1.0, 1.0)
    value = np.asarray(argument.value)
    if type(low) is not float or type(high) is not float:
        return _Off(argument, (value < low) | (value > high), "outside the limits")
    limits = f"below {number(low)}" if np.isinf(high) else f"outside {number(low)} to {number(high)}"
    return _Off(argument, (value < low) | (value > high), limits)


def _beyond_constant(step: Step) -> _Off | None:
    """`maximum(x, 0)` and the like: a relu in other words."""
    first, second = step.node.inputs
    argument, bound = (first, second) if second.op is CONSTANT else (second, first)
    if bound.op is not CONSTANT or type(bound.value) is not float or not argument.tracked:
        return None
    value = np.asarray(argument.value)
    if step.node.op.name == "maximum":
        return _Off(argument, value < bound.value, f"below {number(bound.value)}")
    return _Off(argument, value > bound.value, f"above {number(bound.value)}")


_SWITCHES: dict[str, Callable[[Step], _Off | None]] = {
    "relu": _below_zero,
    "clip": _outside,
    "hardtanh": _outside,
    "maximum": _beyond_constant,
    "minimum": _beyond_constant,
}


def zero_slope(walk: Walk, step: Step) -> Told:
    """floor, round, sign: flat between jumps."""
    if step.node.op.family != "step":
        return None
    name, op = walk.label(step.node.inputs[0]), step.node.op
    at = np.ravel([kink.at(np.asarray(step.node.inputs[0].value)) for kink in op.kinks])
    if np.all(at) or any(np.any(part.local) for part in step.parts):
        return None  # the note on the kink says it
    still = "changes nothing"
    if np.any(at):
        still += f" (but at {int(at.sum())} of {at.size} entries, which stand at a jump)"
    full = f"{op.name} is flat between its jumps: moving {name} a little {still}, so nothing passes."
    return full, f"{op.name} is flat here as well"


def where(walk: Walk, step: Step) -> Told:
    """Which side of a choice gets the gradient."""
    if step.node.op.name != "where":
        return None
    condition, taken, other = step.node.inputs
    holds = np.broadcast_to(np.asarray(condition.value) != 0, step.node.shape)
    if holds.size == 1:
        side = walk.label(taken if bool(holds.all()) else other)
        routed = f"all of it goes to {side}"
    else:
        at = f"at {int(holds.sum())} of {holds.size} places"
        routed = f"{_side(walk, taken, at)}; {_side(walk, other, 'at the rest')}"
    full = f"where sends the upstream to the side that was taken: {routed}"
    return f"{full}. The condition itself gets no gradient.", routed


def _side(walk: Walk, side: Var, at: str) -> str:
    """What one side of a choice gets: what is not tracked has no gradient to get."""
    name = walk.label(side)
    return f"{name} gets it {at}" if side.tracked else f"{at} {name} was taken, which is not tracked"


def custom_rule(walk: Walk, step: Step) -> Told:
    """A rule that the program brought along."""
    if step.node.op.family != "own":
        return None
    name = step.node.op.name
    tail = "the checks below compare it with the body's derivative" if walk.run.checks else "--check compares the two"
    return f"{name} has its own rule, so its body is not looked into here; {tail}.", f"{name} uses its own rule"
