"""Turns of a loop in which nothing happens that leads to the result.

They are recorded like all others; a view need not print every one of them.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation
    from autograd_explain.explanation.model import ScopeRecord

_FEWEST = 2


class IdleTurns(NamedTuple):
    """A stretch of the record: the turns of one loop that follow each other and lead nowhere."""

    start: int
    stop: int
    title: str
    first: int
    last: int


def idle_turns(run: Explanation) -> list[IdleTurns]:
    """The stretches of idle turns, in order; the first idle turn of each is left out, for it says why.

    None where the result is not tracked: nothing leads to it then.
    """
    if not run.result.tracked or not run.tape.scopes:
        return []
    reached = [0, *accumulate(total is not None for total in run.sweep.gradients)]
    found: list[IdleTurns] = []
    for turns in _rows_of_turns(run):
        idle = [turn for turn in turns if reached[turn.stop] == reached[turn.start]]
        for stretch in _following(idle):
            if len(stretch) > _FEWEST and not (found and stretch[0].start < found[-1].stop):
                rest = stretch[1:]
                numbers = rest[0].iteration or 0, rest[-1].iteration or 0
                found.append(IdleTurns(rest[0].start, rest[-1].stop, rest[0].title, *numbers))
    return sorted(found)


def _rows_of_turns(run: Explanation) -> list[list[ScopeRecord]]:
    """The turns of each run of each loop, outer loops first."""
    rows: dict[tuple[int | None, object], list[ScopeRecord]] = {}
    for scope in run.scopes:
        if scope.kind == "loop":
            rows.setdefault((scope.parent, scope.span), []).append(scope)
    return list(rows.values())


def _following(turns: list[ScopeRecord]) -> list[list[ScopeRecord]]:
    """The turns in stretches that have no other turn between them."""
    stretches: list[list[ScopeRecord]] = []
    for turn in turns:
        if stretches and turn.start == stretches[-1][-1].stop:
            stretches[-1].append(turn)
        else:
            stretches.append([turn])
    return stretches
