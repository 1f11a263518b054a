"""One program run on two sets of values: which operations both runs recorded, and where they parted.

Reads two explanations of the same text; an operation is the same where it stands at the same place of the program,
at the same turn. Knows nothing of how that is shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd_explain.core.var import Var
from autograd_explain.explanation.model import BranchRecord

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation


class Pair(NamedTuple):
    """One operation in both runs; None where a run did not come to it."""

    text: str
    first: Var | None
    second: Var | None


class BranchPair(NamedTuple):
    """One condition in both runs; None where a run did not ask it."""

    condition: str
    first: bool | None
    second: bool | None


class Comparison(NamedTuple):
    """Two runs side by side."""

    first: Explanation
    second: Explanation
    pairs: list[Pair]
    branches: list[BranchPair]

    @property
    def parting(self) -> BranchPair | None:
        """The first condition that the two runs answered differently."""
        return next((b for b in self.branches if None not in (b.first, b.second) and b.first != b.second), None)

    @property
    def gone(self) -> int:
        """How many operations only the first run recorded."""
        return sum(pair.second is None for pair in self.pairs)

    @property
    def new(self) -> int:
        """How many operations only the second run recorded."""
        return sum(pair.first is None for pair in self.pairs)


def compare(first: Explanation, second: Explanation) -> Comparison:
    """Two runs of one program, operation by operation and condition by condition."""
    texts, left, right = {}, dict(_numbered(first)), dict(_numbered(second))
    for run, known in ((second, right), (first, left)):
        texts.update({key: _text(run, node) for key, node in known.items()})
    pairs = [Pair(texts[key], left.get(key), right.get(key)) for key in merged(list(left), list(right))]
    return Comparison(first, second, pairs, list(_branches(first, second)))


def _numbered(run: Explanation) -> Iterator[tuple[Any, Var]]:
    """Each operation under its kind, its place in the program, and how often that place had its turn before."""
    seen: Counter[Any] = Counter()
    for node in run.operations:
        key = (node.op.name, run.span(node.site))
        seen[key] += 1
        yield (*key, seen[key]), node


def _text(run: Explanation, node: Var) -> str:
    """An operation as the program writes it; as a formula over labels where it writes nothing."""
    from autograd_explain.core.formula import written
    from autograd_explain.core.notation import LANGUAGE

    return run.text_of(node.site) or written(run.words.formula(node), LANGUAGE).text


def merged(first: list[Any], second: list[Any]) -> list[Any]:
    """Both lists in one: the first's order, and what only the second has after what stands before it there."""
    known = set(first)
    following: dict[Any, list[Any]] = {}
    before: Any = None
    for key in second:
        if key in known:
            before = key
        else:
            following.setdefault(before, []).append(key)
    return [*following.get(None, []), *(k for key in first for k in (key, *following.get(key, [])))]


def _branches(first: Explanation, second: Explanation) -> Iterator[BranchPair]:
    left, right = dict(_asked(first)), dict(_asked(second))
    for key in merged(list(left), list(right)):
        here, there = left.get(key), right.get(key)
        condition = here.condition if here else there.condition if there else ""
        yield BranchPair(condition or "a condition", here.taken if here else None, there.taken if there else None)


def _asked(run: Explanation) -> Iterator[tuple[Any, BranchRecord]]:
    seen: Counter[Any] = Counter()
    for branch in run.branches:
        seen[branch.span] += 1
        yield (branch.span, seen[branch.span]), branch
