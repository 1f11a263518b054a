"""The gradient as the sum over paths: every way from an input to the result, and the product of slopes along it.

This is what the chain rule says before anything is factored. It knows nothing of how paths are shown.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_explain.errors import LimitError
from autograd_explain.explanation.model import PathRecord
from autograd_explain.modes.records import Part, Step
from autograd_explain.modes.reverse import pass_back

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

MOST_PATHS = 1_000
MOST_FACTORS = 100_000
MOST_ENTRIES = 100_000

Uses = dict[int, list[tuple[int, float]]]  # for each value, who uses it on the way to the result, with the slope


def paths(run: Explanation) -> dict[str, list[PathRecord]]:
    """For each tracked input every path from it to the result; none where it does not reach it.

    A product is multiplied from the input on, the upstream last, so a path's value is what it adds to the gradient.
    Where arrays take part, each path carries the upstream back through the rules of its own operations alone.
    Raises LimitError above `MOST_PATHS` paths or `MOST_FACTORS` slopes, for arrays above `MOST_ENTRIES` on all paths.
    """
    has_arrays = any(type(node.value) is not float for node in run.tape.nodes[: run.result.index + 1])
    uses: Uses = {}
    for step in run.walk():
        for part in step.parts:
            slope = math.nan if has_arrays else _slope(step, part)
            uses.setdefault(part.target.index, []).append((step.node.index, slope))
    for users in uses.values():
        users.sort(key=lambda use: use[0])  # the walk goes backwards; the first use comes first
    starts = {record.name: record.node for record in run.inputs if record.tracked}
    _refuse_too_many(run, uses, starts)
    if has_arrays:
        _refuse_too_large(run, uses, starts)
        return {name: list(_carried(run, start, uses)) for name, start in starts.items()}
    seed = float(run.sweep.seed)
    return {name: list(_paths_from(start, run.result.index, uses, seed)) for name, start in starts.items()}


def _slope(step: Step, part: Part) -> float:
    """One edge's slope: the local derivative, for a structured operation what an upstream of 1 would pass back."""
    if part.local is not None:
        return float(part.local)
    values = tuple(argument.value for argument in step.node.inputs)
    options = step.node.tape.options.get(step.node.index, {})
    return float(pass_back(step.node.op, part.position, 1.0, step.node.value, values, options)[1])


def path_counts(uses: Uses, result: int) -> tuple[dict[int, int], dict[int, int]]:
    """For each value how many paths lead from it to the result, and how many slopes they have together."""
    paths_from, slopes_from = {result: 1}, {result: 0}
    for index in sorted(uses, reverse=True):
        users = [user for user, _ in uses[index]]
        paths_from[index] = paths_from.get(index, 0) + sum(paths_from[user] for user in users)
        slopes_from[index] = sum(slopes_from[user] + paths_from[user] for user in users)
    return paths_from, slopes_from


def _refuse_too_many(run: Explanation, uses: Uses, starts: dict[str, int]) -> None:
    counts, slopes = path_counts(uses, run.result.index)
    total = sum(counts.get(start, 0) for start in starts.values())
    factors = sum(slopes.get(start, 0) for start in starts.values())
    if total <= MOST_PATHS and factors <= MOST_FACTORS:
        return
    edges = sum(map(len, uses.values()))
    what = f"{total:,} paths" if total < _SAYABLE else f"about 10^{len(str(total)) - 1} paths"
    raise LimitError(
        f"{what} lead from the inputs to the result; --paths takes {MOST_PATHS:,} with {MOST_FACTORS:,} slopes at most",
        hint=f"this is why reverse mode adds up at every value on its way: it needs {edges:,} multiplications here",
    )


_SAYABLE = 10**18


def _paths_from(start: int, result: int, uses: Uses, seed: float) -> Iterator[PathRecord]:
    """Every path by depth, the first use first; kept on a stack of its own, for a path may be long."""
    nodes, slopes = [start], list[float]()
    waiting = [iter(uses.get(start, ()))]
    if start == result:
        yield PathRecord((start,), (), seed)
    while waiting:
        following = next(waiting[-1], None)
        if following is None:
            waiting.pop()
            nodes.pop()
            if slopes:
                slopes.pop()
            continue
        user, slope = following
        nodes.append(user)
        slopes.append(slope)
        if user == result:
            yield PathRecord(tuple(nodes), tuple(slopes), _product(slopes, seed))
            nodes.pop()
            slopes.pop()
        else:
            waiting.append(iter(uses.get(user, ())))


def _carried(run: Explanation, start: int, uses: Uses) -> Iterator[PathRecord]:
    """Every path of an input with what the upstream comes to when it is carried back along that path alone."""
    for path in _paths_from(start, run.result.index, {k: [(u, 1.0) for u in dict(v)] for k, v in uses.items()}, 1.0):
        shares: list[Any] = [run.sweep.seed]
        for user, target in zip(path.nodes[:0:-1], path.nodes[-2::-1], strict=True):
            shares = [share for upstream in shares for share in _shares(run, user, target, upstream)]
        yield from (PathRecord(path.nodes, (), share) for share in shares)


def _shares(run: Explanation, user: int, target: int, upstream: Any) -> Iterator[Any]:
    """What each use of a value by one operation passes back."""
    node = run.tape.nodes[user]
    values = tuple(argument.value for argument in node.inputs)
    for position, argument in enumerate(node.inputs):
        if argument.index == target:
            options = run.tape.options.get(user, {})
            yield pass_back(node.op, position, upstream, node.value, values, options)[1]


def _refuse_too_large(run: Explanation, uses: Uses, starts: dict[str, int]) -> None:
    counts, _ = path_counts(uses, run.result.index)
    largest = max(int(np.size(node.value)) for node in run.tape.nodes[: run.result.index + 1])
    entries = largest * sum(counts.get(start, 0) for start in starts.values())
    if entries > MOST_ENTRIES:
        raise LimitError(
            f"{entries:,} entries of arrays lie on all paths; --paths takes {MOST_ENTRIES:,} at most",
            hint="smaller arrays show the same paths; without --paths, arrays are explained step by step",
        )


def _product(slopes: list[float], seed: float) -> float:
    total = slopes[0]
    for slope in slopes[1:]:
        total *= slope
    return total * seed


def multiplications(run: Explanation, found: dict[str, list[PathRecord]]) -> tuple[int, int]:
    """How many slopes are multiplied along all paths, and in the reverse sweep: one for each edge."""
    along = sum(len(path.nodes) - 1 for own in found.values() for path in own)
    return along, sum(len(s.parts) for s in run.walk())


def labels_of(run: Explanation, path: PathRecord) -> list[str]:
    """The values on a path by their labels."""
    return [run.words.label(run.tape.nodes[index]) for index in path.nodes]
