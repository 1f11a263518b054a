"""Conditions that stand just at their limit: `x > 0` at x = 0, in a `where` or an `if`.

Every step of such a run is right, and yet the program may have a corner there, which no single step shows. Only
running it beside the point does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from autograd_explain.check.algebra import Undefined
from autograd_explain.check.budget import FINITE_COST, FINITE_ENTRIES, Clock, OutOfTime, cost
from autograd_explain.check.directions import Direction, all_entries, sampled
from autograd_explain.check.exact import FAILURES
from autograd_explain.check.kinks import compares_equals
from autograd_explain.check.naming import entry, number
from autograd_explain.check.result import CheckResult, Status
from autograd_explain.check.sides import Neighbourhood, Sides
from autograd_explain.core.var import Var
from autograd_explain.errors import ExplainError
from autograd_explain.modes.records import Recording, Sweep

_LIMIT = "a condition stands just at its limit"
_OPEN = f"{_LIMIT}, and whether that makes a corner could not be found out by running the program beside it"


def with_turns(recording: Recording, sweep: Sweep, results: Sequence[CheckResult], clock: Clock) -> list[CheckResult]:
    """The results, without an `agrees` where a condition at its limit makes a corner, or may make one."""
    turning = {n.index for n in sweep.tape.nodes[: sweep.result.index + 1] if compares_equals(n)}
    if not turning:
        return list(results)
    beside = Neighbourhood(recording, sweep, clock)
    return [_looked_at(beside, result, turning) if result.status == "agrees" else result for result in results]


def _looked_at(beside: Neighbourhood, result: CheckResult, turning: set[int]) -> CheckResult:
    target = beside.recording.inputs[result.target]
    if not _reaches(target, beside.sweep, turning):
        return result
    why = next(_corners(beside, result.target, target), "")
    status: Status = "undecided" if why == _OPEN else "convention"
    return replace(result, status=status, digits=None, why=why) if why else result


def _reaches(target: Var, sweep: Sweep, places: set[int]) -> bool:
    after = {target.index}
    for node in sweep.tape.nodes[target.index + 1 : sweep.result.index + 1]:
        if any(argument.index in after for argument in node.inputs):
            after.add(node.index)
    return bool(after & places)


def _corners(beside: Neighbourhood, name: str, target: Var) -> Iterator[str]:
    """What is to be said of each entry by which the program has a corner; `_OPEN` where that cannot be found out."""
    work = sum(cost(node) for node in beside.sweep.tape.nodes if node.inputs)
    few = np.size(target.value) <= FINITE_ENTRIES
    directions = all_entries(target.value) if few else sampled(target.value, 2, 2)
    if work * (1 + 2 * len(directions)) > FINITE_COST:
        yield _OPEN
        return
    for direction in directions:
        try:
            sides = beside.sides(name, direction)
        except (Undefined, ExplainError, OutOfTime, RecursionError, *FAILURES):
            yield _OPEN
            return
        if sides.kinked or sides.jump:
            yield f"{_LIMIT}: by {_placed(name, target, direction)} {_said(sides)}; the side that was taken counts"


def _placed(name: str, target: Var, direction: Direction) -> str:
    if direction.entry is None:
        return f"{name} along a random direction"
    return name + entry(target.value, tuple(map(int, np.unravel_index(direction.entry, target.shape))))


def _said(sides: Sides) -> str:
    if sides.jump:
        return "the program jumps there"
    return f"the slope is {number(sides.left)} from the left and {number(sides.right)} from the right"
