"""A slope from float64 values alone: central differences over a sweep of steps, the steadiest of them kept.

Large steps are wrong by curvature, small ones by rounding; between them neighbours agree, and how well they agree
is the error estimate.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

LARGEST = 0.05  # of the value's size
RATIO = 4.0
_CAUTION = 10.0
_EPSILON = 2.0**-52
_CORNER = 1e-3


class Unsettled(Exception):
    """No step gives a slope that its neighbours confirm."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A slope with its error, and whether the two sides have different slopes."""

    slope: float
    error: float
    kinked: bool
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class _Level:
    step: float
    slope: float
    left: float
    right: float
    noise: float


def swept(along: Callable[[float], float], scale: float, runs: int) -> Estimate:
    """The slope at 0 of a function of the step. Raises Unsettled where no two neighbouring steps agree."""
    centre = along(0.0)
    count = max(3, (runs - 1) // 2)
    ratio = RATIO if count * math.log(RATIO) < math.log(LARGEST / 1e-9) else (LARGEST / 1e-9) ** (1.0 / count)
    levels = [_level(along, centre, scale * LARGEST * ratio**-k) for k in range(count)]
    finer = _extrapolated(levels, ratio)
    best = min(range(len(finer) - 1), key=lambda k: _wobble(finer, k) + levels[k + 2].noise)
    slope, level = finer[best + 1], levels[best + 2]
    error = _CAUTION * (_wobble(finer, best) + level.noise)
    if not math.isfinite(slope) or not math.isfinite(error):
        raise Unsettled("the program's value is not finite right beside the given ones")
    kinked, at = _corner(levels)
    if not kinked and error > _CORNER * max(abs(slope), abs(centre) / scale * _EPSILON):
        raise Unsettled(f"the differences do not settle: {slope:.6g} is uncertain by {error:.1g}")
    return Estimate(slope, error, kinked, at.left, at.right)


def _level(along: Callable[[float], float], centre: float, step: float) -> _Level:
    above, below = along(step), along(-step)
    noise = _EPSILON * max(abs(above), abs(below), abs(centre)) / step
    return _Level(step, (above - below) / (2 * step), (centre - below) / step, (above - centre) / step, noise)


def _extrapolated(levels: list[_Level], ratio: float) -> list[float]:
    """Pairs of neighbouring central differences put together so that the leading error cancels."""
    square = ratio * ratio
    return [(square * b.slope - a.slope) / (square - 1) for a, b in itertools.pairwise(levels)]


def _wobble(slopes: list[float], k: int) -> float:
    moved = abs(slopes[k + 1] - slopes[k])
    return moved if math.isfinite(moved) else math.inf


def _corner(levels: list[_Level]) -> tuple[bool, _Level]:
    """Whether the two one-sided slopes stay apart as the step shrinks, at the middle steps where both are steady."""
    middle = levels[len(levels) // 2]
    coarser = levels[len(levels) // 2 - 1]
    gap, before = abs(middle.right - middle.left), abs(coarser.right - coarser.left)
    steady = gap > 0 and abs(gap - before) <= 0.1 * gap
    large = gap > 1e-5 * (abs(middle.slope) + gap) and gap > 100 * middle.noise
    return steady and large, middle
