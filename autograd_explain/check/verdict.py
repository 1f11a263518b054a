"""Ours against theirs: how many digits agree, and whether rounding explains the rest.

One judgement for every checker. It never calls anything wrong by itself: a checker says what an unexplained
difference means.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from autograd_explain.check.rounding import EXCUSED

ALL_DIGITS = 16
FEWEST_DIGITS = 3
CLOSE = 1e-9  # nearer than this is called agreement without asking how rounding moved it
NOTHING = 1e-300
_STEADY = 1e-6
MORE_DIGITS = 20


@dataclass(frozen=True, slots=True)
class Judgement:
    """`same`, `rounded` (n digits left), `lost` (rounding left none) or `apart` (rounding does not explain it)."""

    kind: Literal["same", "rounded", "lost", "apart"]
    error: float
    tolerance: float
    digits: int | None


def judge(ours: Any, theirs: Any, spread: Any = None) -> Judgement:
    """How two gradients of one shape compare; `spread` is how far rounding moves each entry of ours.

    Without a spread, whatever is not near is `apart`, so that the spread need only be worked out then.
    """
    ours, theirs = np.ravel(ours), np.ravel(theirs)
    with np.errstate(all="ignore"):
        error = np.abs(ours - theirs)
    largest = float(np.max(np.abs(theirs), initial=0.0))
    worst = float(np.max(error, initial=0.0))
    digits = _digits(worst, largest)
    if not math.isfinite(worst):
        return Judgement("apart", worst, 0.0, None)
    if bool(np.all(error <= CLOSE * np.abs(theirs) + NOTHING)):
        return Judgement("same", worst, CLOSE * largest + NOTHING, digits)
    room = EXCUSED * np.ravel(spread) if spread is not None else np.zeros(1)
    excused = float(np.max(room, initial=0.0))
    if not bool(np.all(error <= np.maximum(CLOSE * np.abs(theirs), room) + NOTHING)):
        return Judgement("apart", worst, excused, None)
    if largest == 0.0:  # ours is what rounding left of nothing
        return Judgement("rounded", worst, excused, 0)
    return Judgement("rounded" if digits >= FEWEST_DIGITS else "lost", worst, excused, digits)


def settled(theirs: Any, finer: Any) -> Any:
    """Theirs, worked out with more digits; 0 where that changed it, since it was nothing but their rounding."""
    moved = np.abs(np.asarray(finer) - theirs) > _STEADY * np.maximum(np.abs(finer), np.abs(theirs))
    return np.where(moved, 0.0, finer)


def _digits(error: float, size: float) -> int:
    if error <= NOTHING:
        return ALL_DIGITS
    if size == 0.0 or not math.isfinite(error):
        return 0
    return max(0, min(ALL_DIGITS, math.floor(-math.log10(error / size)))) if error < size else 0
