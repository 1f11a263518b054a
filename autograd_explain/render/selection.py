"""What a long run shows: its first and last steps, with a count of what lies between.

The text stays readable at any length; `--all` prints everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autograd_explain.core.var import Var
from autograd_explain.explanation.idle import idle_turns
from autograd_explain.explanation.telling import plural
from autograd_explain.modes.records import Step
from autograd_explain.render.theme import View

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

MOST_SHOWN = 40
AT_EACH_END = 12
MOST_TERMS = 4


def left_out(count: int, what: str, about: str = "") -> str:
    """What stands for entries that are not printed: how many `what` (in the singular), and how to see them."""
    back = "it" if count == 1 else "them"
    return f"… {plural(count, f'more {what}')}{about}; --all prints {back}"


@dataclass(frozen=True, slots=True)
class Elision:
    """What stands in place of steps that are left out."""

    text: str


class Ledger:
    """How many contributions have reached each value so far, and the first few of them."""

    __slots__ = ("counts", "firsts")

    def __init__(self) -> None:
        self.counts: dict[int, int] = {}
        self.firsts: dict[int, list[Any]] = {}

    def add(self, target: int, contribution: Any) -> None:
        """Note one more contribution to a value."""
        self.counts[target] = self.counts.get(target, 0) + 1
        known = self.firsts.setdefault(target, [])
        if len(known) < MOST_TERMS:
            known.append(contribution)


def _is_short(count: int, view: View) -> bool:
    return view.all or count <= MOST_SHOWN


def visible_operations(run: Explanation, view: View) -> Iterator[Var | Elision]:
    """The operations to show, in order of recording, and the gaps between them."""
    shown = run.operations if view.all else list(_without_idle_turns(run))
    if _is_short(len(shown), view):
        yield from shown
        return
    yield from shown[:AT_EACH_END]
    hidden = [item for item in shown[AT_EACH_END:-AT_EACH_END] if not isinstance(item, Elision)]
    yield Elision(left_out(len(hidden), "operation", _within(run, hidden)))
    yield from shown[-AT_EACH_END:]


def _without_idle_turns(run: Explanation) -> Iterator[Var | Elision]:
    """The operations, with one line in place of loop turns of which nothing leads to the result."""
    waiting = idle_turns(run)[::-1]
    told = False
    for node in run.operations:
        while waiting and waiting[-1].stop <= node.index:
            waiting.pop()
            told = False
        if not waiting or node.index < waiting[-1].start:
            yield node
        elif not told:
            told, turns = True, waiting[-1]
            yield Elision(
                f"… turns {turns.first:,} to {turns.last:,} of {turns.title} likewise: nothing in them leads to the "
                "result; --all prints them"
            )


def _within(run: Explanation, hidden: list[Var]) -> str:
    """The scopes that lie wholly inside the gap, by what they are."""
    first, last = hidden[0].index, hidden[-1].index
    counts: dict[str, int] = {}
    for scope in run.scopes:
        if first <= scope.start and scope.stop <= last + 1:
            kind = f"turns of {scope.title}" if scope.kind == "loop" else f"calls {scope.title}"
            counts[kind] = counts.get(kind, 0) + 1
    told = [f"{count:,} {kind}" for kind, count in counts.items()][:2]
    return f" ({', '.join(told)})" if told else ""


def visible_steps(
    run: Explanation, view: View, ledger: Ledger, wanted: frozenset[int] = frozenset()
) -> Iterator[Step | Elision]:
    """The backward steps to show, those `wanted` among them, and the gaps.

    `ledger` counts every value's earlier contributions, shown or not.
    """
    total = run.step_count
    short = _is_short(total, view)
    for step in run.walk():
        if short or step.number <= AT_EACH_END or step.number > total - AT_EACH_END or step.number in wanted:
            yield step
        elif step.number == AT_EACH_END + 1 or step.number - 1 in wanted:
            stop = min((at for at in wanted if at > step.number), default=total + 1)
            hidden = min(stop, total - AT_EACH_END + 1) - step.number
            yield Elision(left_out(hidden, "step", " back"))
        for part in step.parts:
            ledger.add(part.target.index, part.contribution)
