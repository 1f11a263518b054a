"""Gradients by size: five steps of a logarithmic scale, for colours and widths of lines.

Must not know colours.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

STEPS = 5
_LEAST_RANGE = 100.0
_LARGEST_RANGE = 1e12
ZERO, NONE, BROKEN = "zero", "none", "broken"


def magnitude(value: Any) -> float | None:
    """The largest entry's size: infinite where one is not finite, None where there is no value."""
    if value is None:
        return None
    if type(value) is float:
        return abs(value) if math.isfinite(value) else math.inf
    if value.size == 0:
        return 0.0
    largest = float(np.max(np.abs(value)))
    return largest if math.isfinite(largest) else math.inf


class Scale(NamedTuple):
    """From `low` to `high` in steps of equal ratio; `high` 0 where nothing has a size."""

    low: float
    high: float

    @classmethod
    def of(cls, sizes: Iterable[float | None]) -> Scale:
        """The scale for these sizes: at least two decades, at most twelve."""
        known = [size for size in sizes if size is not None and 0.0 < size < math.inf]
        if not known:
            return cls(0.0, 0.0)
        high = max(known)
        return cls(min(max(min(known), high / _LARGEST_RANGE), high / _LEAST_RANGE), high)

    def step(self, size: float | None) -> str:
        """The step of a size, "1" to "5"; or a word for what has none."""
        if size is None:
            return NONE
        if size == 0.0 or not math.isfinite(size):
            return BROKEN if size else ZERO
        if not (self.high and self.low):
            return str(STEPS)
        share = (math.log(size) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))
        return str(1 + min(max(int(share * STEPS), 0), STEPS - 1))

    @property
    def bounds(self) -> list[float]:
        """The ends of the steps, from the smallest."""
        if not (self.high and self.low):
            return []
        ratio = math.log(self.high) - math.log(self.low)
        return [math.exp(math.log(self.low) + ratio * i / STEPS) for i in range(STEPS + 1)]
