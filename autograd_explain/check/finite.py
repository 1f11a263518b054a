"""The check by differences: the program itself, run again a little to the left and a little to the right.

It knows nothing of the tape's graph or of any derivative, so it catches what both could share. Small programs run
on numbers of many digits, where a difference loses nothing; larger ones in float64 with a sweep of steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np

from autograd_explain.check.algebra import Undefined
from autograd_explain.check.budget import (
    FINITE_COST, FINITE_ENTRIES, SAMPLED_DIRECTIONS, SAMPLED_ENTRIES, SWEEP_COST, Clock, OutOfTime, cost, run_cost,
)  # fmt: skip
from autograd_explain.check.chain import digits_needed
from autograd_explain.check.directions import Direction, all_entries, places_of, sampled
from autograd_explain.check.exact import FAILURES, to_exact
from autograd_explain.check.naming import number
from autograd_explain.check.precise import Precise, Session, number_of
from autograd_explain.check.result import CheckResult, Status
from autograd_explain.check.rounding import gradient_of, spreads
from autograd_explain.check.steps import Estimate, Unsettled, swept
from autograd_explain.check.verdict import FEWEST_DIGITS, MORE_DIGITS, judge, settled
from autograd_explain.core.var import Var
from autograd_explain.errors import ExplainError
from autograd_explain.modes.records import Recording, Sweep

SECONDS = 3.0
_NAME = "finite"
_STEP_DIGITS = 30  # steps of 1e-30 of the value; as many digits are added to those that the run needs
_MOST_RUNS = 36  # of the program, for one slope in float64
_FEWEST_RUNS = 9
_CORNER = 1e-10  # slopes on the two sides that differ by more than this are a kink


@dataclass(frozen=True, slots=True)
class Sides:
    """The slopes to the left and to the right along one direction, and whether the program chose alike there."""

    left: float
    right: float
    central: float
    kinked: bool
    jump: bool


def finite(recording: Recording, sweep: Sweep) -> list[CheckResult]:
    """A verdict by differences for every tracked input."""
    clock = Clock(SECONDS)
    targets = {name: node for name, node in recording.inputs.items() if node.tracked}
    precise = _precise_directions(sweep, targets)
    check = _Differences(recording, sweep, clock)
    results = []
    for name, target in targets.items():
        ours = gradient_of(sweep, target)
        if not np.all(np.isfinite(sweep.result.value)) or not np.all(np.isfinite(ours)):
            why = "the result or the gradient is not finite, so there is nothing to take a difference of"
            results.append(CheckResult(_NAME, name, "undecided", ours, why=why))
            continue
        try:
            if precise is not None:
                results.append(check.by_many_digits(name, target, precise[name]))
            else:
                results.append(check.by_sweep(name, target))
        except (Undefined, ExplainError, OutOfTime, Unsettled, RecursionError, *FAILURES) as error:
            results.append(CheckResult(_NAME, name, "undecided", ours, why=_why_not(error)))
    return results


def _why_not(error: Exception) -> str:
    if isinstance(error, OutOfTime):
        return f"the program takes too long to be run again and again within {SECONDS:g} s"
    if isinstance(error, ExplainError):
        return f"beside the given values the program stops: {error.message}"
    if isinstance(error, Unsettled):
        return str(error)
    return "the program has no real value right beside the given ones, or an operation has no form to take there"


def _precise_directions(sweep: Sweep, targets: Mapping[str, Var]) -> dict[str, list[Direction]] | None:
    """The directions to difference along with many digits; None where that would take too long."""
    work = sum(cost(node) for node in sweep.tape.nodes if node.inputs)
    entries = {name: int(np.size(target.value)) for name, target in targets.items()}
    if work * (1 + 2 * sum(entries.values())) <= FINITE_COST and max(entries.values(), default=0) <= FINITE_ENTRIES:
        return {name: all_entries(target.value) for name, target in targets.items()}
    few = {n: min(size, SAMPLED_ENTRIES + SAMPLED_DIRECTIONS) for n, size in entries.items()}
    if work * (1 + 2 * sum(few.values())) <= FINITE_COST:
        return {name: sampled(target.value) for name, target in targets.items()}
    return None


class _Differences:
    """Runs the program beside the given values and compares the slopes with the recorded gradients."""

    def __init__(self, recording: Recording, sweep: Sweep, clock: Clock) -> None:
        self.recording = recording
        self.sweep = sweep
        self.clock = clock
        self.targets = [name for name, node in recording.inputs.items() if node.tracked]
        self.digits = min(1500, digits_needed(sweep) + 3 * _STEP_DIGITS)
        self.values = {name: node.value for name, node in recording.inputs.items()}
        self._centre: tuple[Any, list[Any], list[Any]] | None = None

    def _run(self, moved: Mapping[str, Any], frozen: list[Any] | None) -> tuple[Any, Session]:
        """Σ seed·result of one precise run, with the tracked inputs exact and the moved ones in their place."""
        session = Session(self.clock, frozen)
        given = {
            name: Precise(moved.get(name, to_exact(node.value)), session) if node.tracked else node.value
            for name, node in self.recording.inputs.items()
        }
        out = number_of(self.recording.rerun(given))
        return np.sum(to_exact(self.sweep.seed) * out), session

    def _at_centre(self) -> tuple[Any, list[Any], list[Any]]:
        if self._centre is None:
            total, session = self._run({}, None)
            self._centre = total, session.detached, session.algebra.choices
        return self._centre

    def _sides(self, name: str, value: Any, direction: Direction) -> Sides:
        centre, frozen, choices = self._at_centre()
        step = mpmath.mpf(10) ** -_STEP_DIGITS * mpmath.mpf(direction.scale)
        moves = to_exact(direction.row.reshape(np.shape(value)) if np.ndim(value) else float(direction.row[0]))
        ends = []
        chose = []
        for sign in (-1, 1):
            total, session = self._run({name: to_exact(value) + sign * step * moves}, frozen)
            ends.append(total)
            chose.append(_same_choices(session.algebra.choices, choices))
        left, right = (centre - ends[0]) / step, (ends[1] - centre) / step
        size = 1 + max(abs(left), abs(right))
        return Sides(
            float(left), float(right), float((left + right) / 2), bool(abs(left - right) > _CORNER * size),
            bool(size > mpmath.mpf(10) ** (_STEP_DIGITS // 2)) and not all(chose),
        )  # fmt: skip

    def by_many_digits(self, name: str, target: Var, directions: list[Direction]) -> CheckResult:
        """The verdict from differences on numbers of many digits."""
        with mpmath.workdps(self.digits):
            sides = [self._sides(name, target.value, direction) for direction in directions]
        whole = len(directions) == np.size(target.value) and all(d.entry is not None for d in directions)
        ours = np.array([np.dot(d.row, np.ravel(gradient_of(self.sweep, target))) for d in directions])
        note = "" if whole else places_of(directions)
        for side, direction, own in zip(sides, directions, ours, strict=True):
            if side.kinked:
                return CheckResult(
                    _NAME, name, "convention", gradient_of(self.sweep, target),
                    why=_corner(name, target, side, direction, float(own)),
                )  # fmt: skip
        theirs = np.array([side.central for side in sides])
        if judge(ours, theirs).kind == "apart":
            with mpmath.workdps(self.digits + MORE_DIGITS):
                self._centre = None
                finer = np.array([self._sides(name, target.value, direction).central for direction in directions])
                self._centre = None
            theirs = settled(theirs, finer)
        return self._judged(name, target, directions, ours, theirs, np.zeros(len(ours)), note, whole=whole)

    def by_sweep(self, name: str, target: Var) -> CheckResult:
        """The verdict from float64 differences with a sweep of steps."""
        if _detaches(self.sweep):
            raise Unsettled("differences see through detach, and the run is too long to hold the detached values fixed")
        directions, runs = self._plan(target)
        estimates = [self._estimate(name, target, direction, runs) for direction in directions]
        ours = np.array([np.dot(d.row, np.ravel(gradient_of(self.sweep, target))) for d in directions])
        for estimate, direction, own in zip(estimates, directions, ours, strict=True):
            if estimate.kinked:
                sides = Sides(estimate.left, estimate.right, estimate.slope, kinked=True, jump=False)
                why = _corner(name, target, sides, direction, float(own))
                return CheckResult(_NAME, name, "convention", gradient_of(self.sweep, target), why=why)
        theirs = np.array([estimate.slope for estimate in estimates])
        errors = np.array([estimate.error for estimate in estimates])
        whole = all(d.entry is not None for d in directions) and len(directions) == np.size(target.value)
        note = "float64 differences with a sweep of steps" + ("" if whole else f", {places_of(directions)}")
        return self._judged(name, target, directions, ours, theirs, errors, note, whole=whole)

    def _plan(self, target: Var) -> tuple[list[Direction], int]:
        """The directions, and how many runs each may take. Raises Unsettled where a run is too long for any."""
        affordable = SWEEP_COST // (len(self.targets) * run_cost(self.sweep.tape.nodes))
        for entries, random in ((SAMPLED_ENTRIES, SAMPLED_DIRECTIONS), (2, 2), (0, 1)):
            directions = sampled(target.value, entries, random)
            runs = min(_MOST_RUNS, affordable // len(directions))
            if runs >= _FEWEST_RUNS:
                return directions, runs
        raise Unsettled(f"the program records {len(self.sweep.tape.nodes):,} values: too many to run it again and again")

    def _estimate(self, name: str, target: Var, direction: Direction, runs: int) -> Estimate:
        row = direction.row.reshape(np.shape(target.value)) if np.ndim(target.value) else float(direction.row[0])

        def along(step: float) -> float:
            self.clock.look()
            out = self.recording.rerun({**self.values, name: target.value + step * row})
            plain = getattr(out, "value", out)
            return float(np.sum(self.sweep.seed * plain))

        return swept(along, direction.scale, runs)

    def _judged(
        self, name: str, target: Var, directions: list[Direction], ours: Any, theirs: Any, errors: Any, note: str, *, whole: bool
    ) -> CheckResult:
        judgement = judge(ours, theirs, errors)
        if judgement.kind == "apart":
            spread = np.ravel(spreads(self.sweep, [target])[0])
            room = np.array([np.dot(np.abs(direction.row), spread) for direction in directions])
            judgement = judge(ours, theirs, errors + room)
        status, why = _STATUS[judgement.kind]
        if judgement.kind == "rounded" and judgement.digits and judgement.digits >= FEWEST_DIGITS:
            why = f"{judgement.digits} digits are what rounding and the step leave"
        shown_ours = gradient_of(self.sweep, target) if whole else ours
        shown = theirs.reshape(target.shape) if whole and np.ndim(target.value) else theirs
        shown = float(theirs[0]) if whole and not np.ndim(target.value) else shown
        return CheckResult(
            _NAME, name, status, shown_ours, shown, judgement.error, judgement.tolerance,
            (judgement.digits or None) if status == "agrees" else None, None, "; ".join(filter(None, (note, why))),
        )  # fmt: skip


_STATUS: dict[str, tuple[Status, str]] = {
    "same": ("agrees", ""),
    "rounded": ("agrees", "the true value is 0, and ours is within rounding of it"),
    "lost": ("undecided", "rounding in the run leaves none of the gradient's digits"),
    "apart": ("differs", "the program's own differences come to another slope than the gradient says"),
}


def _same_choices(a: list[Any], b: list[Any]) -> bool:
    return len(a) == len(b) and all(x == y for x, y in zip(a, b, strict=True))


def _detaches(sweep: Sweep) -> bool:
    return any(node.op.name == "detach" for node in sweep.tape.nodes)


def _corner(name: str, target: Var, sides: Sides, direction: Direction, taken: float) -> str:
    place = f"{name}[{', '.join(map(str, np.unravel_index(direction.entry, target.shape)))}]" if (
        target.shape and direction.entry is not None
    ) else name if direction.entry is not None else f"{name} along a random direction"
    if sides.jump:
        return f"the program jumps here: the two sides of {place} take different branches; the gradient is that of the one taken"
    return (
        f"a kink: by {place} the slope is {number(sides.left)} from the left and {number(sides.right)} from the right; "
        f"{number(taken)} is taken"
    )

