"""The path that a training of two numbers walks, and the loss around it.

Every place of the map is a forward and a backward pass of its own over all rows that are trained on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograd_explain.errors import ExplainError
from autograd_explain.explanation.curves import Over, Plane, Probe, plane
from autograd_explain.train.loop import Plan, State, Taken, forward

MOST_VALUES = 400_000
"""How many values a whole map may record: a second's work."""
_MARGIN = 0.15  # of the path's extent, on each side
_LEAST = 0.05  # how far a map reaches at least, as a share of where it is


@dataclass(slots=True)
class Trail:
    """The places of a training with exactly two parameters that are numbers; empty for any other."""

    names: tuple[str, ...]
    points: list[tuple[float, float]] = field(default_factory=list)

    def add(self, taken: Taken) -> None:
        """Note where a step leads."""
        if self.points:
            self.points.append(_place(taken.parameters, self.names))


def trail_from(state: State) -> Trail:
    """The trail of a training that goes on from a state."""
    names = tuple(state.parameters)
    if len(names) != 2 or any(type(value) is not float for value in state.parameters.values()):
        return Trail(())
    return Trail(names, [_place(state.parameters, names)])


def _place(parameters: Mapping[str, Any], names: Sequence[str]) -> tuple[float, float]:
    return float(parameters[names[0]]), float(parameters[names[1]])


def landscape(
    plan: Plan, trails: Sequence[Trail], counts: tuple[int, int], most: int = MOST_VALUES
) -> Plane | None:
    """The loss around some trails, at a grid of places, with their common start as the point.

    None where there are not two numbers, no path, or where the map would record more than `most` values.
    """
    places = [at for trail in trails for at in trail.points if all(map(math.isfinite, at))]
    if len(places) < 2 or len(set(places)) < 2:
        return None
    names = trails[0].names
    overs = (_around(names[0], [x for x, _ in places]), _around(names[1], [y for _, y in places]))
    rows = plan.data.training_rows if plan.data.is_dealt else None
    columns = dict(plan.data.columns) if rows is None else plan.data.of(rows)
    start = dict(zip(names, places[0], strict=True))
    try:
        if len(forward(plan, columns, start, 1).tape.nodes) * counts[0] * counts[1] > most:
            return None
        probe = Probe(lambda values: plan.record(values, plan.seed), {**plan.fixed, **columns, **start}, overs)
        return plane(probe, overs, places[0], counts)
    except ExplainError:
        return None


def _around(name: str, places: Sequence[float]) -> Over:
    low, high = min(places), max(places)
    margin = max(_MARGIN * (high - low), _LEAST * max(abs(low), abs(high), 1e-6))
    return Over(name, (), low - margin, high + margin)
