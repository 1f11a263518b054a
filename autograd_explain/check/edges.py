"""The recorded sweep read again edge by edge, its sums re-added, and what is found carried back to the inputs.

Knows the sweep's arrays only: no rule is applied here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_explain.core.tape import Tape
from autograd_explain.core.var import Var
from autograd_explain.modes.records import Sweep


@dataclass(slots=True, eq=False)
class Visit:
    """One operation of the walk back: its upstream and, by argument position, the recorded contributions."""

    node: Var
    upstream: Any
    contributions: dict[int, Any]


@dataclass(slots=True)
class Findings:
    """What was found, by the place on the tape from which it reaches back to the inputs."""

    faults: dict[int, str] = field(default_factory=dict)
    kinks: dict[int, str] = field(default_factory=dict)
    doubts: dict[int, str] = field(default_factory=dict)
    sampled: str = ""

    def carry_back(self, tape: Tape, result: Var) -> None:
        """Hand every finding on to whatever the value was made from and is tracked."""
        for found in (self.faults, self.kinks, self.doubts):
            if not found:
                continue
            for node in reversed(tape.nodes[: result.index + 1]):
                if node.index in found:
                    for argument in node.inputs:
                        if argument.tracked:
                            found.setdefault(argument.index, found[node.index])


def visits(sweep: Sweep) -> Iterator[Visit]:
    """Every operation that handed something back, from the result to the inputs.

    Raises IndexError where fewer contributions are recorded than there are tracked arguments.
    """
    place = 0
    recorded = sweep.contributions
    end = sweep.result.index + 1
    for node, upstream in zip(reversed(sweep.tape.nodes[:end]), reversed(sweep.gradients[:end]), strict=True):
        inputs = node.inputs
        if upstream is None or not inputs:
            continue
        contributions = {}
        for position, argument in enumerate(inputs):
            if argument.tracked:
                contributions[position] = recorded[place]
                place += 1
        yield Visit(node, upstream, contributions)
    if place != len(sweep.contributions):
        raise IndexError


def unsummed(sweep: Sweep, seen: Iterable[Visit]) -> list[int]:
    """The places whose recorded gradient is not the sum of the contributions that reached them."""
    totals: dict[int, Any] = {sweep.result.index: sweep.seed} if sweep.result.tracked else {}
    for visit in seen:
        inputs = visit.node.inputs
        for position, amount in visit.contributions.items():
            place = inputs[position].index
            totals[place] = amount if place not in totals else totals[place] + amount
    recorded = sweep.gradients
    wrong = [place for place, total in totals.items() if not _same(total, recorded[place])]
    return wrong + [place for place, total in enumerate(recorded) if total is not None and place not in totals]


def _same(a: Any, b: Any) -> bool:
    if type(a) is float and type(b) is float:
        return a == b or (a != a and b != b)
    return b is not None and np.shape(a) == np.shape(b) and bool(np.array_equal(a, b, equal_nan=True))


def untracked(sweep: Sweep) -> list[Var]:
    """Operations on the way to the result that depend on a tracked value without being tracked themselves."""
    return [
        node
        for node in sweep.tape.nodes[: sweep.result.index + 1]
        if not node.tracked and node.op.differentiable and any(argument.tracked for argument in node.inputs)
    ]
