"""Notes about single operations: why this sign, why zero, why so small, who gets the gradient.

A trigger takes the walk and a step, and returns what to say there, or None.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_explain.explanation.telling import Told, Trigger, Walk, number, part_at, percent, plural, sum_so_far
from autograd_explain.modes.records import Step

_FLAT = 0.01  # a slope below this share of the steepest counts as saturated
_SYMBOL = {"sigmoid": "σ"}
_CAN_BE_OFF = frozenset({"relu"})


def accumulation(walk: Walk, step: Step) -> Told:
    """Several contributions reach one value: told where the second one arrives."""
    here: set[int] = set()
    for part in step.parts:
        place = part.target.index
        if walk.reached.get(place, 0) + (place in here) == 1:
            name, total = walk.label(part.target), walk.run.uses[place]
            where = f"{name} is used {plural(total, 'time')}: each use is a path to the result, and the paths add up"
            if type(part.contribution) is float:
                where += f" ({sum_so_far(part.before, part.contribution, part.after)} so far)"
            return where + ".", f"{name} is used {plural(total, 'time')}: its contributions add up"
        here.add(place)
    return None


def order(walk: Walk, step: Step) -> Told:
    """A value that had to wait for a second use before it could pass anything on."""
    uses = walk.run.uses[step.node.index]
    if uses < 2:
        return None
    name = walk.label(step.node)
    total = f", {number(step.upstream)} in all" if type(step.upstream) is float else ""
    full = (
        f"{name} is used {plural(uses, 'time')}, so it waited until every use had sent its share{total}, and passes on "
        f"once. Plain recursion would pass on at each arrival and walk everything below {name} {uses} times over."
    )
    return full, f"{name} waited for its {uses} uses"


def uses_output(walk: Walk, step: Step) -> Told:
    """A rule that needs the output and no input."""
    if not step.node.op.uses_output:
        return None
    name = walk.label(step.node)
    return (
        f"The rule of {step.node.op.name} uses its output: {name} is already known, so nothing is worked out again.",
        "",
    )


def subtraction(walk: Walk, step: Step) -> Told:
    """The minus sign of a subtrahend."""
    if step.node.op.name != "sub" or part_at(step, 1) is None:
        return None
    left, right = (walk.label(node) for node in step.node.inputs)
    return f"Raising {right} lowers {left} − {right} one for one, so its share changes sign.", ""


def exponent(walk: Walk, step: Step) -> Told:
    """An exponent that is differentiated by."""
    part = part_at(step, 1) if step.node.op.name == "pow" else None
    if part is None:
        return None
    base, raised = (walk.label(node) for node in step.node.inputs)
    slope = f"the slope of {base}^{raised} by {raised} is {base}^{raised}·log({base})"
    full = f"The exponent {raised} gets a gradient too: {slope}"
    smallest = float(np.min(step.node.inputs[0].value))
    if smallest > 0:
        return full + ".", ""
    what = "0 is taken, the limit from above" if smallest == 0 else "log has no real value, so it is nan"
    return f"{full}; at a base of {number(smallest)} {what}.", ""


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
    flat = local < _FLAT * op.steepest
    if not np.any(flat):
        return None
    name, at = _SYMBOL.get(op.name, op.name), step.node.inputs[0]
    would = f"(at 0 it would pass {percent(op.steepest)})"
    if local.size == 1:
        here = f"{name} is saturated, almost flat, at {number(np.ravel(at.value)[0])}: it passes {percent(local[0])}"
        return f"{here} of its upstream {would}.", f"{here} of its upstream"
    here = f"{name} is saturated, almost flat, at {int(flat.sum())} of {local.size} entries of {walk.label(at)}"
    return f"{here}: there it passes as little as {percent(float(local.min()))} of its upstream {would}.", here


def _saturated_shares(walk: Walk, step: Step) -> Told:
    """Softmax with one share near 1: each entry's own slope is p·(1 − p)."""
    shares = np.asarray(step.node.value)
    own = shares * (1 - shares)
    if step.node.op.name != "softmax" or np.max(own) >= _FLAT * float(step.node.op.steepest or 1):
        return None
    here = f"softmax is saturated: its largest share is {number(shares.max())}"
    return f"{here}, so an entry's own slope p·(1 − p) is at most {number(np.max(own))} (it could be 0.25).", here


def dead_relu(walk: Walk, step: Step) -> Told:
    """A unit that is off, or the share of an array's units that are."""
    op = step.node.op.name
    if op not in _CAN_BE_OFF or not step.parts:
        return None
    values = np.ravel(step.node.inputs[0].value)
    off = values < 0
    if not np.any(off):
        return None
    at = walk.label(step.node.inputs[0])
    if values.size == 1:
        full = (
            f"{op} is off here: {at} = {number(values[0])} is below 0, so exactly nothing passes and nothing before it"
        )
        return f"{full} learns from this input.", f"{op} is off at {number(values[0])} too"
    share = f"{op} is off at {int(off.sum())} of {values.size} entries of {at} ({percent(float(off.mean()))})"
    return (
        f"{share}: they are below 0, pass exactly nothing back, and nothing before them learns from this input.",
        share,
    )


def at_kink(kind: str) -> Trigger:
    """The trigger for a corner (`kink`) or for equal inputs (`tie`)."""

    def trigger(walk: Walk, step: Step) -> Told:
        if not step.parts or not step.node.op.kinks:
            return None
        options = walk.run.tape.options.get(step.node.index, {})
        for kink in step.node.op.kinks:
            with np.errstate(all="ignore"):
                at = np.ravel(kink.at(*(np.asarray(node.value) for node in step.node.inputs), **options))
            if kink.kind == kind and np.any(at):
                return _kink_text(step, kink, at)
        return None

    return trigger


def _kink_text(step: Step, kink: Any, at: Any) -> tuple[str, str]:
    name = step.node.op.name
    where = kink.place if at.size == 1 else f"{kink.place} ({int(at.sum())} of {at.size} places)"
    lead = f"{name} has a corner at {where}" if kink.kind == "kink" else f"{name} has a tie: {where}"
    full = (
        f"{lead}: the slope from the left is {kink.left}, from the right {kink.right}. There is no one derivative;"
        f" {kink.chosen} is the choice here{', as in PyTorch' if kink.as_pytorch else ''}. {kink.choices}."
    )
    return full, f"{lead}: {kink.chosen} is the choice"


def zero_slope(walk: Walk, step: Step) -> Told:
    """floor, round, sign: flat between jumps."""
    if step.node.op.family != "step":
        return None
    name = walk.label(step.node.inputs[0])
    full = f"{step.node.op.name} is flat between its jumps: moving {name} a little changes nothing, so nothing passes."
    return full, f"{step.node.op.name} is flat here as well"


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
        routed = (
            f"{walk.label(taken)} gets it at {int(holds.sum())} of {holds.size} places, {walk.label(other)} at the rest"
        )
    return f"where sends the upstream to the side that was taken: {routed}. The condition itself gets no gradient.", ""


def custom_rule(walk: Walk, step: Step) -> Told:
    """A rule that the program brought along."""
    if step.node.op.family != "own":
        return None
    name = step.node.op.name
    tail = "the checks below compare it with the body's derivative" if walk.run.checks else "--check compares the two"
    return f"{name} has its own rule, so its body is not looked into here; {tail}.", f"{name} uses its own rule"
