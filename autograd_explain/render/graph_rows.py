"""Rows of items joined by lines: in which order they stand, and how far to the right.

Median sweeps with swaps of neighbours keep crossings few; then each row is put as near as it can be to what it is
joined with, exactly (pool adjacent violators). Knows items by number, their widths and their joints; no graph.
"""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple


class Joint(NamedTuple):
    """A line from an item down to one in the next row, with where it leaves and where it enters, from their left."""

    upper: int
    leaves: float
    lower: int
    enters: float


class Side(NamedTuple):
    """A joint as one of its two items sees it."""

    other: int
    at_other: float
    own: float
    weight: float


Rows = list[list[int]]
Sides = list[list[Side]]


def sides(count: int, joints: Sequence[Joint], weight: Callable[[Joint], float]) -> tuple[Sides, Sides]:
    """For every item its joints upwards, and those downwards."""
    up: Sides = [[] for _ in range(count)]
    down: Sides = [[] for _ in range(count)]
    for joint in joints:
        pull = weight(joint)
        up[joint.lower].append(Side(joint.upper, joint.leaves, joint.enters, pull))
        down[joint.upper].append(Side(joint.lower, joint.enters, joint.leaves, pull))
    return up, down


def ordered(rows: Rows, widths: Sequence[float], up: Sides, down: Sides) -> Rows:
    """The rows with few crossings: sweeps down and up by the middle of what each item is joined with."""
    size = sum(map(len, rows))
    best, fewest = rows, crossings(rows, widths, up)
    current = rows
    for turn in range(0 if fewest == 0 else _SWEEPS if size <= _MANY else _FEW_SWEEPS):
        current = _swept(current, widths, *((up, 1) if turn % 2 == 0 else (down, -1)))
        if size <= _MANY:
            current = _swapped(current, up, down)
        count = crossings(current, widths, up)
        if count < fewest:
            best, fewest = current, count
        if fewest == 0:
            break
    return best


_SWAPPED = 4
_SWEEPS, _FEW_SWEEPS, _MANY = 16, 2, 900


def _swept(rows: Rows, widths: Sequence[float], joined: Sides, direction: int) -> Rows:
    place: dict[int, float] = {item: float(i) for row in rows for i, item in enumerate(row)}
    done = [list(row) for row in rows]
    for row in done[1:] if direction > 0 else done[-2::-1]:
        middle = {}
        for item in row:
            ends = [place[s.other] + s.at_other / (widths[s.other] or 1.0) for s in joined[item]]
            middle[item] = sum(ends) / len(ends) if ends else place[item] + 0.5
        row.sort(key=middle.__getitem__)
        place.update((item, float(i)) for i, item in enumerate(row))
    return done


def _swapped(rows: Rows, up: Sides, down: Sides) -> Rows:
    """Neighbours exchanged wherever that leaves fewer crossings."""
    done = [list(row) for row in rows]
    place = {item: i for row in done for i, item in enumerate(row)}
    for row in done:
        for i in range(len(row) - 1):
            left, right = row[i], row[i + 1]
            both = ((up[left], up[right]), (down[left], down[right]))
            kept = sum(_between(a, b, place) for a, b in both)
            if kept > sum(_between(b, a, place) for a, b in both):
                row[i], row[i + 1] = right, left
                place[left], place[right] = i + 1, i
    return done


def _between(left: list[Side], right: list[Side], place: dict[int, int]) -> int:
    """How often the lines of two neighbours cross on one side."""
    ends = [(place[s.other], s.at_other) for s in left]
    found = ((end, (place[s.other], s.at_other)) for s in right for end in ends)
    return sum(_SWAPPED if end[0] == other[0] else 1 for end, other in found if end > other)


def crossings(rows: Rows, widths: Sequence[float], up: Sides) -> int:
    """How many pairs of lines cross; arguments in the wrong order count for more."""
    total = 0
    place = {item: i for row in rows for i, item in enumerate(row)}
    for row in rows:
        ends: list[tuple[int, float]] = []
        for item in row:
            own = [(place[side.other], side.at_other) for side in sorted(up[item], key=lambda side: side.own)]
            total += (_SWAPPED - 1) * sum(1 for i, end in enumerate(own) for other in own[:i] if other > end)
            for end in own:
                total += len(ends) - bisect_right(ends, end)
                insort(ends, end)
    return total


def placed(
    rows: Rows,
    widths: Sequence[float],
    up: Sides,
    down: Sides,
    apart: Callable[[int, int], float],
    room: float,
    *,
    whole: bool,
) -> list[float]:
    """The left edge of every item: order and distances kept, lines as straight as that allows.

    `apart(a, b)` is the least distance between two neighbours; `room` how wide the whole may become where its rows
    are no wider; `whole` puts items at whole numbers.
    """
    left = [0.0] * len(widths)
    offsets = [_offsets(row, widths, apart) for row in rows]
    ends = [own[-1] + widths[row[-1]] if row else 0.0 for row, own in zip(rows, offsets, strict=True)]
    room = max(room, *ends, 0.0)
    for row, own in zip(rows, offsets, strict=True):
        for item, at in zip(row, own, strict=True):
            left[item] = at
    frame = [(row, own, room - end) for row, own, end in zip(rows, offsets, ends, strict=True)]
    for _ in range(1 if len(widths) > _MANY else _ROUNDS):
        moved = _shifted(frame, left, up, None, whole=whole)
        if max(moved, _shifted(frame[::-1], left, None, down, whole=whole)) < _STILL:
            break
    for above, below in ((up, down), (up, down), (None, down)):
        _shifted(frame if above else frame[::-1], left, above, below, whole=whole)
    least = min(left, default=0.0)
    return [at - least for at in left]


_ROUNDS, _STILL = 8, 0.01
_Row = tuple[list[int], list[float], float]  # items, their places where it is narrowest, the room beside them


def _shifted(rows: Sequence[_Row], left: list[float], up: Sides | None, down: Sides | None, *, whole: bool) -> float:
    """Put each row as near as it can be to what it is joined with; how far the item went that moved most."""
    furthest = 0.0
    for row, own, slack in rows:
        wanted = [_wanted(item, left, up, down) for item in row]
        for item, start, least in zip(row, _pooled(wanted, own), own, strict=True):
            at = min(max(start, least), least + slack)
            at = float(math.floor(at + 0.5)) if whole else at
            furthest = max(furthest, abs(at - left[item]))
            left[item] = at
    return furthest


def _wanted(item: int, left: Sequence[float], *joined: Sides | None) -> tuple[float, float]:
    """Where an item would stand by what it is joined with, and how strongly."""
    total = pull = 0.0
    for part in joined:
        for side in part[item] if part else ():
            total += side.weight * (left[side.other] + side.at_other - side.own)
            pull += side.weight
    return (total / pull, pull) if pull else (left[item], _LOOSE)


_LOOSE = 0.01


def _offsets(row: list[int], widths: Sequence[float], apart: Callable[[int, int], float]) -> list[float]:
    """Where the items of a row stand that is as narrow as it can be."""
    offsets = [0.0] * bool(row)
    for before, item in pairwise(row):
        offsets.append(offsets[-1] + widths[before] + apart(before, item))
    return offsets


def _pooled(wanted: list[tuple[float, float]], offsets: Sequence[float]) -> Iterator[float]:
    """The places nearest to the wanted ones (least weighted squares) that keep order and distances."""
    if len(wanted) == 1:
        return iter([wanted[0][0]])
    blocks: list[list[float]] = []  # mean, weight, count
    for (target, pull), offset in zip(wanted, offsets, strict=True):
        blocks.append([target - offset, pull, 1])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            mean, weight, count = blocks.pop()
            into = blocks[-1]
            into[0] = (into[0] * into[1] + mean * weight) / (into[1] + weight)
            into[1] += weight
            into[2] += count
    means = [block[0] for block in blocks for _ in range(int(block[2]))]
    return (mean + offset for mean, offset in zip(means, offsets, strict=True))
