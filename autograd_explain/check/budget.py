"""How much a check may spend, so that every program gets a verdict soon.

The counts decide, so that the same program gets the same verdict on every machine; the clock is the last resort.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

ARITHMETIC = frozenset({"add", "sub", "mul", "neg", "where", "sum", "index", "reshape", "transpose", "stack", "concat"})
FUNCTION_COST = 8  # an exponential to 50 digits against a product to 50 digits

LONGEST_RUN = 100_000  # operations walked back; beyond them nothing is checked
NODE_ENTRIES = 40_000  # entries whose local derivative is compared at 40 digits, in all
ENTRIES_OF_ONE_NODE = 64
STRUCTURED_COST = 100_000  # scalar operations of all structured operations worked out to 40 digits
CHAIN_COST = 60_000  # scalar operations of the whole chain at 40 digits
DOUBLE_COST = 200_000  # recorded operations of all passes in double precision
FINITE_COST = 150_000  # scalar operations of all precise runs of a program
FINITE_ENTRIES = 64  # entries differenced one by one
SWEEP_COST = 250_000  # recorded operations of all float64 runs of a program
ENTRIES_PER_OPERATION = 10_000  # scalar operations inside NumPy that take as long as recording one
SAMPLED_ENTRIES = 8
SAMPLED_DIRECTIONS = 4


class OutOfTime(Exception):
    """The clock ran out before the checker was done."""


@dataclass(slots=True)
class Clock:
    """Seconds left; `look` raises OutOfTime when there are none."""

    seconds: float
    started: float = field(default_factory=time.monotonic)

    def look(self) -> None:
        """Raise OutOfTime once the seconds are over."""
        if time.monotonic() - self.started > self.seconds:
            raise OutOfTime


def cost(node: Any) -> int:
    """About how many scalar operations a recorded operation is, told from its shapes."""
    if type(node.value) is float and node.op.elementwise:
        return 1 if node.op.name in ARITHMETIC else FUNCTION_COST
    sizes = [int(np.size(argument.value)) for argument in node.inputs]
    size = int(np.size(node.value))
    if node.op.elementwise:
        return size * (1 if node.op.name in ARITHMETIC else FUNCTION_COST)
    work = sum(sizes) + size
    if len(sizes) == 2:
        work = max(work, round((size * sizes[0] * sizes[1]) ** 0.5))
    return work * (1 if node.op.name in ARITHMETIC else 2)


def run_cost(nodes: Any) -> int:
    """How many recorded operations a float64 run takes as long as, large arrays included."""
    return len(nodes) + sum(map(cost, nodes)) // ENTRIES_PER_OPERATION
