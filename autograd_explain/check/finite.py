"""The check by differences: the program itself, run again a little to the left and a little to the right.

It knows nothing of the tape's graph or of any derivative, so it catches what both could share. Small programs run
on numbers of many digits, where a difference loses nothing; larger ones in float64 with a sweep of steps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograd_explain.check.algebra import Undefined
from autograd_explain.check.budget import (
    FINITE_COST,
    FINITE_ENTRIES,
    SAMPLED_DIRECTIONS,
    SAMPLED_ENTRIES,
    SWEEP_COST,
    Clock,
    OutOfTime,
    cost,
    run_cost,
)
from autograd_explain.check.directions import Direction, all_entries, places_of, sampled
from autograd_explain.check.exact import FAILURES
from autograd_explain.check.kinks import corner_after
from autograd_explain.check.naming import number
from autograd_explain.check.result import CheckResult, Status
from autograd_explain.check.rounding import gradient_of, spreads
from autograd_explain.check.sides import SMALLER_STEP_DIGITS, Neighbourhood
from autograd_explain.check.steps import Estimate, Unsettled, swept
from autograd_explain.check.verdict import FEWEST_DIGITS, MORE_DIGITS, judge, settled
from autograd_explain.errors import ExplainError, RecordingNeeded
from autograd_explain.modes.records import Recording, Sweep

SECONDS = 3.0
_NAME = "finite"
_NOT_FINITE = "the result or the gradient is not finite, so there is nothing to take a difference of"
_MOST_RUNS = 36  # of the program, for one slope in float64
_FEWEST_RUNS = 9
_STATUS: dict[str, tuple[Status, str]] = {
    "same": ("agrees", ""),
    "rounded": ("agrees", "the true value is 0, and ours is within rounding of it"),
    "lost": ("undecided", "rounding in the run leaves none of the gradient's digits"),
    "apart": ("differs", "the program's own differences come to another slope than the gradient says"),
}


@dataclass(frozen=True, slots=True)
class _Target:
    """One tracked input: its name, its value and the gradient to be checked."""

    name: str
    value: Any
    ours: Any

    def along(self, directions: list[Direction]) -> Any:
        """The gradient's own slope along each direction."""
        return np.array([np.dot(direction.row, np.ravel(self.ours)) for direction in directions])

    def whole(self, directions: list[Direction]) -> bool:
        """Whether the directions are just the entries, all of them."""
        return len(directions) == np.size(self.value) and all(d.entry is not None for d in directions)

    def verdict(self, status: Status, why: str) -> CheckResult:
        """A verdict without numbers of theirs."""
        return CheckResult(_NAME, self.name, status, self.ours, why=why)


def finite(recording: Recording, sweep: Sweep) -> list[CheckResult]:
    """A verdict by differences for every tracked input."""
    check = _Differences(recording, sweep)
    targets = [_Target(n, node.value, gradient_of(sweep, node)) for n, node in recording.inputs.items() if node.tracked]
    precise = _precise_directions(sweep, targets)
    return [check.verdict(target, precise.get(target.name)) for target in targets]


def _precise_directions(sweep: Sweep, targets: list[_Target]) -> dict[str, list[Direction]]:
    """The directions to difference along with many digits; none where that would take too long."""
    work = sum(cost(node) for node in sweep.tape.nodes if node.inputs)
    sizes = [int(np.size(target.value)) for target in targets]
    if work * (1 + 2 * sum(sizes)) <= FINITE_COST and max(sizes, default=0) <= FINITE_ENTRIES:
        return {target.name: all_entries(target.value) for target in targets}
    few = sum(min(size, SAMPLED_ENTRIES + SAMPLED_DIRECTIONS) for size in sizes)
    if work * (1 + 2 * few) <= FINITE_COST:
        return {target.name: sampled(target.value) for target in targets}
    return {}


class _Differences:
    """Runs the program beside the given values and compares the slopes with the recorded gradients."""

    def __init__(self, recording: Recording, sweep: Sweep) -> None:
        self.recording = recording
        self.sweep = sweep
        self.clock = Clock(SECONDS)
        self.beside = Neighbourhood(recording, sweep, self.clock)
        self.tracked = sum(node.tracked for node in recording.inputs.values())

    def verdict(self, target: _Target, directions: list[Direction] | None) -> CheckResult:
        """The verdict on one input: with many digits along the directions, without them in float64."""
        ends = (self.sweep.result.value, self.sweep.seed)
        if not all(np.all(np.isfinite(end)) for end in ends) or np.any(np.isnan(target.ours)):
            return target.verdict("undecided", _NOT_FINITE)
        try:
            found = self._found(target, directions)
            return self._by_choice(found) if found.status == "differs" else found
        except (Undefined, ExplainError, OutOfTime, Unsettled, RecursionError, *FAILURES) as error:
            return target.verdict("undecided", _why_not(error))

    def _found(self, target: _Target, directions: list[Direction] | None) -> CheckResult:
        if self.sweep.tape.held:
            raise Unsettled("differences see through no_grad: beside the given values those numbers are others")
        formless = any(node.inputs and not node.op.has_form for node in self.sweep.tape.nodes)
        settled_by_entries = np.all(np.isfinite(target.ours)) or target.whole(directions or [])
        if directions is not None and not formless and settled_by_entries:
            try:
                return self._by_many_digits(target, directions)
            except RecordingNeeded:  # the program takes a gradient itself: that is done in float64 only
                pass
        return self._by_sweep(target)

    def _by_choice(self, found: CheckResult) -> CheckResult:
        """A difference where the run stands at a corner: what is chosen there need not be the program's own slope."""
        with np.errstate(all="ignore"):
            corner = corner_after(self.sweep, self.recording.inputs[found.target])
        if corner is None:
            return found
        why = (
            f"the run stands at a corner of {corner}: the gradient rests on the choice made there, which is not the "
            "program's own slope"
        )
        return replace(found, status="convention", why=why)

    def _by_many_digits(self, target: _Target, directions: list[Direction]) -> CheckResult:
        if not np.all(np.isfinite(target.ours)):
            return self._at_edge(target, directions)
        sides = [self.beside.sides(target.name, direction) for direction in directions]
        ours = target.along(directions)
        for side, direction, own in zip(sides, directions, ours, strict=True):
            if side.kinked:
                return target.verdict("convention", _corner(target, side, direction, float(own)))
        theirs = np.array([side.central for side in sides])
        room = np.array([side.uncertain for side in sides])
        if judge(ours, theirs).kind == "apart":
            finer = [
                self.beside.sides(target.name, direction, MORE_DIGITS, SMALLER_STEP_DIGITS).central
                for direction in directions
            ]
            theirs = settled(theirs, np.array(finer))
            theirs = np.where(np.abs(theirs) <= room, 0.0, theirs)
        return self._judged(target, directions, theirs, room, "" if target.whole(directions) else places_of(directions))

    def _at_edge(self, target: _Target, directions: list[Direction]) -> CheckResult:
        """An infinite gradient is a convention where the program's own slope grows without bound on a side."""
        said = []
        for direction, own in zip(directions, np.ravel(target.ours), strict=True):
            if not np.isfinite(own):
                ends = self.beside.ends(target.name, direction)
                if float(own) not in ends:  # a slope that is only too large for a float is none of these exact ones
                    raise Unsettled(_NOT_FINITE)
                said.append(_edge(target, ends, direction, float(own)))
        return target.verdict("convention", said[0])

    def _by_sweep(self, target: _Target) -> CheckResult:
        if not np.all(np.isfinite(target.ours)):
            raise Unsettled(_NOT_FINITE)
        if any(node.op.name == "detach" for node in self.sweep.tape.nodes):
            raise Unsettled("differences see through detach: what it holds fixed is worked out anew beside the values")
        directions, runs = self._plan(target)
        estimates = [self._estimate(target, direction, runs) for direction in directions]
        for estimate, direction, own in zip(estimates, directions, target.along(directions), strict=True):
            if estimate.kinked:
                return target.verdict("convention", _corner(target, estimate, direction, float(own)))
        theirs = np.array([estimate.slope for estimate in estimates])
        room = np.array([estimate.error for estimate in estimates])
        places = "" if target.whole(directions) else ", " + places_of(directions)
        return self._judged(target, directions, theirs, room, "float64 differences with a sweep of steps" + places)

    def _plan(self, target: _Target) -> tuple[list[Direction], int]:
        """The directions, and how many runs each may take. Raises Unsettled where a run is too long for any."""
        affordable = SWEEP_COST // (self.tracked * run_cost(self.sweep.tape.nodes))
        for entries, random in ((SAMPLED_ENTRIES, SAMPLED_DIRECTIONS), (2, 2), (0, 1)):
            directions = sampled(target.value, entries, random)
            runs = min(_MOST_RUNS, affordable // len(directions))
            if runs >= _FEWEST_RUNS:
                return directions, runs
        values = len(self.sweep.tape.nodes)
        raise Unsettled(f"the program records {values:,} values: too many to run it again and again")

    def _estimate(self, target: _Target, direction: Direction, runs: int) -> Estimate:
        row = direction.row.reshape(np.shape(target.value)) if np.ndim(target.value) else float(direction.row[0])
        values = {name: node.value for name, node in self.recording.inputs.items()}

        def along(step: float) -> float:
            self.clock.look()
            out = self.recording.rerun({**values, target.name: target.value + step * row})
            return float(np.sum(self.sweep.seed * getattr(out, "value", out)))

        return swept(along, direction.scale, runs)

    def _judged(self, target: _Target, directions: list[Direction], theirs: Any, room: Any, note: str) -> CheckResult:
        ours = target.along(directions)
        judgement = judge(ours, theirs, room)
        if judgement.kind == "apart":
            spread = np.ravel(spreads(self.sweep, [self.recording.inputs[target.name]])[0])
            room = room + np.array([np.dot(np.abs(direction.row), spread) for direction in directions])
            judgement = judge(ours, theirs, room)
        status, why = _STATUS[judgement.kind]
        if judgement.kind == "rounded" and judgement.digits and judgement.digits >= FEWEST_DIGITS:
            why = f"{judgement.digits} digits are what rounding and the step leave"
        if target.whole(directions):
            ours, theirs = target.ours, theirs.reshape(np.shape(target.value))
        return CheckResult(
            _NAME,
            target.name,
            status,
            ours,
            theirs if np.ndim(theirs) else float(theirs),
            judgement.error,
            judgement.tolerance,
            (judgement.digits or None) if status == "agrees" else None,
            None,
            "; ".join(filter(None, (note, why))),
        )


def _why_not(error: Exception) -> str:
    if isinstance(error, OutOfTime):
        return f"the program takes too long to be run again and again within {SECONDS:g} s"
    if isinstance(error, ExplainError):
        return f"beside the given values the program stops: {error.message}"
    if isinstance(error, Unsettled):
        return str(error)
    return "the program has no real value right beside the given ones, or an operation has no form to take there"


def _place(target: _Target, direction: Direction) -> str:
    """The input, the entry of it or the direction along which a slope is told."""
    if direction.entry is None:
        return f"{target.name} along a random direction"
    if np.ndim(target.value):
        return f"{target.name}[{', '.join(map(str, np.unravel_index(direction.entry, np.shape(target.value))))}]"
    return target.name


def _corner(target: _Target, sides: Any, direction: Direction, taken: float) -> str:
    place = _place(target, direction)
    if getattr(sides, "jump", False):
        why = f"the program jumps here: the two sides of {place} take different branches"
        return f"{why}; the gradient is that of the one taken"
    return (
        f"a kink: by {place} the slope is {number(sides.left)} from the left and {number(sides.right)} from the right; "
        f"{number(taken)} is taken"
    )


def _edge(target: _Target, ends: tuple[Any, Any], direction: Direction, taken: float) -> str:
    left, right = ("none (no real value)" if end is None else number(float(end)) for end in ends)
    return (
        f"by {_place(target, direction)} the slope goes to {left} from the left and {right} from the right; "
        f"{number(taken)} is taken"
    )
