"""In which line of a gap each value's line turns sideways, so that no two lie on each other. Knows columns only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import count
from typing import NamedTuple

from autograd_explain.render.graph_parts import Turns


class _Wire(NamedTuple):
    """A line in a gap: where it comes down, where it goes on, and the columns between."""

    net: int
    start: float
    ends: frozenset[float]
    left: float
    right: float


def gap(lines: Sequence[tuple[int, float, tuple[float, ...]]]) -> Turns:
    """The gap's height, and where its lines turn.

    A line that comes down where another one goes on must turn above it. Where that goes round in a circle, one of
    them takes a way round: sideways to a free column first.
    """
    wires = [_wire(net, start, frozenset(ends)) for net, start, ends in lines if set(ends) != {start}]
    waiting = sorted(wires, key=lambda wire: (wire.left, wire.right, wire.net))
    taken_columns = {column for _, start, ends in lines for column in (start, *ends)}
    turns: dict[int, float] = {}
    detours: dict[int, tuple[float, float]] = {}
    row = 0
    while waiting:
        free = [wire for wire in waiting if not _blocked(wire, waiting)]
        if not free:
            stuck = waiting.pop(0)
            column = _free_column(stuck.start, taken_columns)
            taken_columns.add(column)
            detours[stuck.net] = (column, float(row))
            waiting.append(_wire(stuck.net, column, stuck.ends))
            row += 1
            continue
        taken: list[_Wire] = []
        for wire in free:
            if all(wire.left > other.right or wire.right < other.left for other in taken):
                taken.append(wire)
        turns.update((wire.net, float(row)) for wire in taken)
        waiting = [wire for wire in waiting if wire not in taken]
        row += 1
    return Turns(float(max(row, 1)), turns, detours)


def _free_column(start: float, taken: Collection[float]) -> float:
    """The column nearest to a line's own in which no line comes down or goes on."""
    ways = (start + side * away for away in count(1) for side in (-1.0, 1.0))
    return next(column for column in ways if column >= 0.0 and column not in taken)


def _wire(net: int, start: float, ends: frozenset[float]) -> _Wire:
    return _Wire(net, start, ends, min(start, *ends), max(start, *ends))


def _blocked(wire: _Wire, waiting: Sequence[_Wire]) -> bool:
    """Whether another line comes down in a column where this one goes on, and so must turn first."""
    return any(other.start in wire.ends for other in waiting if other is not wire)
