"""The directions along which a gradient is looked at: each entry of a small array, a sample of a large one's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_explain.check.budget import SAMPLED_DIRECTIONS, SAMPLED_ENTRIES


@dataclass(frozen=True, slots=True)
class Direction:
    """A flattened direction; `entry` is the place of its only 1, None for a random one; `scale` the values' size."""

    row: Any
    entry: int | None
    scale: float


def all_entries(value: Any) -> list[Direction]:
    """One direction for every entry."""
    flat = np.ravel(value)
    return [Direction(row, i, _size(flat[i : i + 1])) for i, row in enumerate(np.eye(len(flat)))]


def sampled(value: Any, entries: int = SAMPLED_ENTRIES, directions: int = SAMPLED_DIRECTIONS) -> list[Direction]:
    """Every entry of a few; of many some drawn with seed 0, then random directions over all of them."""
    flat = np.ravel(value)
    if len(flat) <= entries + directions:
        return all_entries(value)
    random = np.random.default_rng(0)
    places = np.sort(random.choice(len(flat), entries, replace=False))
    units = [Direction(_unit(len(flat), i), int(i), _size(flat[i : i + 1])) for i in places]
    rows = random.standard_normal((directions, len(flat)))
    return units + [Direction(row, None, _size(flat)) for row in rows]


def _unit(size: int, place: int) -> Any:
    row = np.zeros(size)
    row[place] = 1.0
    return row


def _size(values: Any) -> float:
    return float(np.max(np.abs(values), initial=0.0)) or 1.0


def places_of(directions: list[Direction]) -> str:
    """Which entries and directions were looked at, in words."""
    entries = ", ".join(str(d.entry) for d in directions if d.entry is not None)
    along = sum(d.entry is None for d in directions)
    return (f"at the flattened entries {entries} and " if entries else "") + f"along {along} random directions (seed 0)"
