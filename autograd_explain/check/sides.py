"""The slopes on the two sides of a point, by running the program beside it on numbers of many digits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np

from autograd_explain.check.algebra import Undefined
from autograd_explain.check.budget import Clock
from autograd_explain.check.chain import digits_needed
from autograd_explain.check.directions import Direction
from autograd_explain.check.exact import to_exact
from autograd_explain.check.precise import Precise, Session, number_of
from autograd_explain.check.rounding import gradient_of
from autograd_explain.modes.records import Recording, Sweep

STEP_DIGITS = 30  # steps of 1e-30 of the value; three times as many digits are added to those the run needs
SMALLER_STEP_DIGITS = 40
_MOST_DIGITS = 1_500
_EDGE_DIGITS = (400, 420)  # steps below every float: nothing that float64 can tell apart lies between them and 0
_CORNER = mpmath.mpf(10) ** -10  # slopes that differ by more than this part of them may be a corner's
_SHRINKS = mpmath.mpf(10) ** -5  # a difference that comes from the step shrinks with it; a corner's does not
_STEEP = mpmath.mpf(10) ** (STEP_DIGITS // 2)
_GROWS = mpmath.mpf(10) ** 5  # the slope over a jump is its height by the step, so it grows as the step shrinks
_STEADY = mpmath.mpf(10) ** -8  # a slope that moves by more than this part of it from step to step has not settled
_NOTHING = mpmath.mpf(10) ** -90  # smaller differences of slopes are rounding, at the digits in force


@dataclass(frozen=True, slots=True)
class Sides:
    """The slopes to the left and to the right along one direction.

    `uncertain` is how far the step alone could have moved `central`; `jump` says that the value itself jumps.
    """

    left: float
    right: float
    central: float
    uncertain: float
    kinked: bool
    jump: bool


class Neighbourhood:
    """The program beside the recorded values; what it detached stays as it was at the values themselves."""

    def __init__(self, recording: Recording, sweep: Sweep, clock: Clock) -> None:
        self.recording = recording
        self.sweep = sweep
        self.clock = clock
        self.digits = min(_MOST_DIGITS, digits_needed(sweep) + _depth(recording, sweep) + 3 * STEP_DIGITS)
        self._centres: dict[int, tuple[Any, Session]] = {}

    def _run(self, moved: Mapping[str, Any], frozen: list[Any] | None) -> tuple[Any, Session]:
        """Σ seed·result of one run, with the tracked inputs exact and the moved ones in their place."""
        session = Session(self.clock, frozen)
        given = {
            name: Precise(moved.get(name, to_exact(node.value)), session) if node.tracked else node.value
            for name, node in self.recording.inputs.items()
        }
        out = number_of(self.recording.rerun(given))
        return np.sum(to_exact(self.sweep.seed) * out), session

    def _centre(self) -> tuple[Any, Session]:
        digits = mpmath.mp.dps
        if digits not in self._centres:
            self._centres[digits] = self._run({}, None)
        return self._centres[digits]

    def sides(self, name: str, direction: Direction, more: int = 0, step: int = STEP_DIGITS) -> Sides:
        """The slopes along a direction of one input, with `more` digits than are needed, by a step of 10^−`step`.

        Raises Undefined where the program has no real value beside the point, and OutOfTime.
        """
        with mpmath.workdps(self.digits + more):
            left, right, alike = self._slopes(name, direction, step)
            gap, size = abs(left - right), max(abs(left), abs(right))
            kinked = bool(gap > _CORNER * size and gap > _NOTHING / mpmath.mpf(direction.scale))
            grows = False
            if kinked or size > _STEEP:
                left, right, alike = self._slopes(name, direction, SMALLER_STEP_DIGITS)
                grows = bool(max(abs(left), abs(right)) > _GROWS * size)  # as far up on the left as on the right
                kinked = grows or (kinked and bool(abs(left - right) > _SHRINKS * gap))
            jump = grows or (bool(max(abs(left), abs(right)) > _STEEP) and not alike)
            central = (left + right) / 2
            return Sides(float(left), float(right), float(central), float(gap), kinked, jump)

    def ends(self, name: str, direction: Direction) -> tuple[Any, Any]:
        """The slope that each side goes to as the step shrinks, exact: infinite where it grows without bound.

        None where the program has no real value on that side, or its slope has no end in sight.
        """
        with mpmath.workdps(self.digits + 3 * _EDGE_DIGITS[1]):
            return self._end(name, direction, -1), self._end(name, direction, 1)

    def _end(self, name: str, direction: Direction, sign: int) -> Any:
        try:
            near, nearer = (self._slope(name, direction, d, sign)[0] for d in _EDGE_DIGITS)
        except Undefined:
            return None
        if abs(near - nearer) <= _STEADY * max(abs(near), abs(nearer)):
            return nearer
        if abs(nearer) >= 2 * abs(near):
            return mpmath.sign(nearer) * mpmath.inf
        return mpmath.mpf(0) if abs(nearer) <= abs(near) / 2 else None

    def _slopes(self, name: str, direction: Direction, digits: int) -> tuple[Any, Any, bool]:
        (left, before), (right, after) = (self._slope(name, direction, digits, sign) for sign in (-1, 1))
        return left, right, before and after

    def _slope(self, name: str, direction: Direction, digits: int, sign: int) -> tuple[Any, bool]:
        """The slope on one side, and whether the program chose there as it did at the point itself."""
        centre, session = self._centre()
        value = self.recording.inputs[name].value
        step = sign * mpmath.mpf(10) ** -digits * mpmath.mpf(direction.scale)
        moves = to_exact(direction.row.reshape(np.shape(value)) if np.ndim(value) else float(direction.row[0]))
        total, beside = self._run({name: to_exact(value) + step * moves}, session.detached)
        return (total - centre) / step, _same(beside.algebra.choices, session.algebra.choices)


def _depth(recording: Recording, sweep: Sweep) -> int:
    """How many decades below its step the smallest change lies that a gradient promises: digits to see it with."""
    deepest = 0.0
    for node in recording.inputs.values():
        if node.tracked:
            with np.errstate(all="ignore"):
                changes = np.log10(np.abs(np.ravel(gradient_of(sweep, node)))) + np.log10(np.abs(np.ravel(node.value)))
            deepest = min(deepest, float(np.min(changes, where=np.isfinite(changes), initial=0.0)))
    return int(-deepest)


def _same(a: list[Any], b: list[Any]) -> bool:
    return len(a) == len(b) and all(x == y for x, y in zip(a, b, strict=True))
