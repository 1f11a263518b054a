"""In which row each item of a layered picture stands: below everything it is made from.

The longest way from above gives the row; what hangs on leaves alone comes down to its user; a row that would be too
wide goes on in the next one. Knows items by number; no graph.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

Nets = Sequence[tuple[int, list[int]]]
"""From which item each value comes, and to which items it goes."""


def levels(
    kinds: Sequence[str], widths: Sequence[float], nets: Nets, leaves: Collection[int], widest: float
) -> list[int]:
    """The row of every item, from 0: entries of a frame in the first, its exits in the last, leaves above a user."""
    below: list[list[int]] = [[] for _ in kinds]
    above: list[list[int]] = [[] for _ in kinds]
    for source, sinks in nets:
        for sink in dict.fromkeys(sinks):
            below[source].append(sink)
            above[sink].append(source)
    fixed = {i for i, kind in enumerate(kinds) if kind in {"in", "out"}}
    given = {i for i in leaves if below[i]}
    ranks = [0] * len(kinds)
    filled: dict[int, float] = {}
    order = [i for i in _sorted(below, above) if i not in fixed and i not in given]
    for item in order:
        ranks[item] = _free(1 + max((ranks[source] for source in above[item]), default=0), widths[item], filled, widest)
    _lowered(order, ranks, below, above, given, fixed, widths, filled, widest)
    last = 1 + max((ranks[item] for item in order), default=0)
    for item in given:
        users = [ranks[sink] for sink in below[item] if sink not in fixed]
        wanted = min(users, default=last) - 1
        ranks[item] = _free(wanted, widths[item], filled, 0.0 if "in" in kinds else widest, step=-1)
    for item in fixed:
        ranks[item] = 0 if kinds[item] == "in" else last
    return _closed_up(ranks)


def _sorted(below: list[list[int]], above: list[list[int]]) -> list[int]:
    """The items, each after everything it is made from."""
    waiting = [len(sources) for sources in above]
    ready = [i for i, count in enumerate(waiting) if not count]
    for item in ready:
        for sink in below[item]:
            waiting[sink] -= 1
            if not waiting[sink]:
                ready.append(sink)
    return ready


def _free(rank: int, width: float, filled: dict[int, float], widest: float, step: int = 1) -> int:
    """The first row from `rank` on, or back, with room for the item, which is then taken."""
    while widest and filled.get(rank, 0.0) and filled[rank] + width > widest:
        rank += step
    filled[rank] = filled.get(rank, 0.0) + width
    return rank


def _lowered(
    order: Sequence[int], ranks: list[int], below: list[list[int]], above: list[list[int]],
    given: Collection[int], fixed: Collection[int], widths: Sequence[float], filled: dict[int, float], widest: float,
) -> None:  # fmt: skip
    """Bring down to its first user whatever has fewer lines coming in than going out."""
    for item in reversed(order):
        users = [ranks[sink] for sink in below[item] if sink not in fixed]
        lines = sum(1 for source in above[item] if source not in given)
        if not users or len(users) < len(below[item]) or lines >= len(below[item]):
            continue
        rank = min(users) - 1
        if rank > ranks[item] and not (widest and filled.get(rank, 0.0) + widths[item] > widest):
            filled[ranks[item]] -= widths[item]
            filled[rank] = filled.get(rank, 0.0) + widths[item]
            ranks[item] = rank


def _closed_up(ranks: list[int]) -> list[int]:
    """The same rows without empty ones."""
    numbers = {rank: number for number, rank in enumerate(sorted(set(ranks)))}
    return [numbers[rank] for rank in ranks]
