"""The check of second derivatives: symmetry, differences of the gradient, and SymPy on the recorded backward pass.

A difference of the gradient runs the whole program again beside the given values, forwards and back; it reads nothing
of the recorded backward pass.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from autograd_explain.check.budget import Clock, OutOfTime
from autograd_explain.check.result import CheckResult
from autograd_explain.check.verdict import judge
from autograd_explain.errors import ExplainError
from autograd_explain.explanation.second import SecondOrder
from autograd_explain.modes.reverse import reverse

SECONDS = 3.0
_LARGEST, _RATIO, _LEVELS = 0.02, 4.0, 7
_MIDDLE = _LEVELS // 2
_CAUTION, _EPSILON = 10.0, 2.0**-52
_UNSETTLED = 1e-2
_SYMMETRIC = 1e-12
_MOST_ROWS = 8
_ALONG = "·v"


def check_second(second: SecondOrder, checkers: Collection[str]) -> list[CheckResult]:
    """A verdict for each pair of inputs: by symmetry, and by the checkers that are asked for.

    A pair is written `w∂x`: the gradient by w, differentiated by x; `·v∂x` is that of gradient · vector.
    """
    found: list[CheckResult] = []
    if "symbolic" in checkers:
        found += list(_symbolic(second))
    if "finite" in checkers:
        found += list(_finite(second))
    return found + list(_symmetry(second)) if checkers else []


def _symmetry(second: SecondOrder) -> Iterator[CheckResult]:
    if second.along is not None:
        return
    for a, b in itertools.combinations_with_replacement(second.names, 2):
        size = np.size(second.recording.inputs[a].value), np.size(second.recording.inputs[b].value)
        ours = np.reshape(second.table[a][b], size)
        theirs = np.reshape(second.table[b][a], size[::-1]).T
        if a == b and np.size(ours) == 1:
            continue  # one number is symmetric by itself
        with np.errstate(all="ignore"):
            error = float(np.max(np.abs(ours - theirs), initial=0.0))
            room = _SYMMETRIC * float(np.max(np.abs(second.matrix), initial=0.0))
        status = "agrees" if error <= room else "undecided" if error != error else "differs"
        why = "" if status == "agrees" else "the order of differentiating matters: a corner, or a rule that is wrong"
        yield CheckResult("symmetry", f"{a}∂{b}", status, *_given(ours, theirs), error, room, None, None, why)  # type: ignore[arg-type]


def _given(ours: Any, theirs: Any) -> tuple[Any, Any]:
    return (float(ours.ravel()[0]), float(theirs.ravel()[0])) if np.size(ours) == 1 else (ours, theirs)


def _symbolic(second: SecondOrder) -> Iterator[CheckResult]:
    """SymPy on the longer recording: every step of the walk back, and the closed form where it is small."""
    from autograd_explain.check.symbolic import symbolic

    if len(second.rows) > _MOST_ROWS:
        why = f"{len(second.rows)} rows: SymPy looks at {_MOST_ROWS} at most; differences look at them all"
        yield CheckResult("symbolic", "second", "undecided", second.matrix, why=why)
        return
    for row in second.rows:
        if row.walk is None:
            continue
        own = _ALONG if second.along is not None else row.label
        later = second.names if second.along is not None else second.names[second.names.index(row.name) :]
        for result in symbolic(row.walk.recording, row.walk.sweep):
            if result.target in later:  # the others are the same by symmetry, which is checked too
                formula = result.formula if result.formula and len(result.formula) <= _SHORT else None
                yield replace(result, target=f"{own}∂{result.target}", formula=formula)


_SHORT = 100  # characters of a closed form


def _finite(second: SecondOrder) -> Iterator[CheckResult]:
    if second.recording.tape.held or any(node.op.name == "detach" for node in second.recording.tape.nodes):
        why = "differences of the gradient see through detach: what it holds fixed is worked out anew beside the values"
        yield from _undecided(second, why)
        return
    clock = Clock(SECONDS)
    found: list[CheckResult] = []
    try:
        for name, along in _columns(second):
            found += _by_differences(second, name, along, clock)
    except OutOfTime:
        found = list(
            _undecided(second, f"the gradient takes too long to be worked out again and again within {SECONDS:g} s")
        )
    except ExplainError as failure:
        found = list(_undecided(second, f"beside the given values the program stops: {failure.message}"))
    yield from found


def _by_differences(second: SecondOrder, name: str, along: list[dict[str, Any]], clock: Clock) -> list[CheckResult]:
    try:
        theirs, error = _differences(second, along, clock)
    except _Corner:
        why = "the gradient has a corner here: it changes at one rate on one side and at another on the other"
        return [CheckResult("finite", t, "convention", v, why=why) for t, v, _, _ in _split(second, name, None, None)]
    return list(_blocks(second, name, theirs, error))


def _undecided(second: SecondOrder, why: str) -> Iterator[CheckResult]:
    for name, _ in _columns(second):
        for target, ours, _, _ in _split(second, name, None, None):
            yield CheckResult("finite", target, "undecided", ours, why=why)


def _columns(second: SecondOrder) -> list[tuple[str, list[dict[str, Any]]]]:
    """The directions to move the inputs in: along the vector, or along each entry of every input."""
    if second.along is not None:
        return [("", [second.along])]
    shapes = {name: second.recording.inputs[name].shape for name in second.names}
    every = [(name, [_one(second, name, place) for place in np.ndindex(shapes[name])]) for name in second.names]
    return [(name, along) for name, along in every if along]  # an array without entries has nowhere to go


def _blocks(second: SecondOrder, name: str, theirs: Any, error: Any) -> Iterator[CheckResult]:
    for target, ours, slope, room in _split(second, name, theirs, error):
        yield _judged(target, ours, slope, room)


def _split(second: SecondOrder, name: str, theirs: Any, error: Any) -> Iterator[tuple[str, Any, Any, Any]]:
    """What was found of the whole gradient, by the inputs that its parts belong to: ours, theirs, their error."""
    start = 0
    for own in second.names:
        stop = start + int(np.size(second.recording.inputs[own].value))
        block = second.product[own] if second.along is not None else second.table[own][name]
        cut = (None if rows is None else rows[:, start:stop].T for rows in (theirs, error))
        parts = (None if rows is None else np.reshape(rows, np.shape(block)) for rows in cut)
        yield (f"{_ALONG}∂{own}" if second.along is not None else f"{own}∂{name}", block, *parts)
        start = stop


def _one(second: SecondOrder, name: str, place: tuple[int, ...]) -> dict[str, Any]:
    shape = second.recording.inputs[name].shape
    if not shape:
        return {name: 1.0}
    row = np.zeros(shape)
    row[place] = 1.0
    return {name: row}


def _differences(second: SecondOrder, columns: list[dict[str, Any]], clock: Clock) -> tuple[Any, Any]:
    """The change of the whole gradient along each direction, with its error."""
    with np.errstate(all="ignore"):  # beside the values the gradient may overflow
        found = [_difference(second, column, clock) for column in columns]
    return np.array([slope for slope, _ in found]), np.array([error for _, error in found])


def _difference(second: SecondOrder, along: dict[str, Any], clock: Clock) -> tuple[Any, Any]:
    """Central differences over a sweep of steps; for each entry the pair of neighbours that agree best."""
    values = {name: node.value for name, node in second.recording.inputs.items()}
    size = max(float(np.max(np.abs(values[name][row != 0.0] if np.ndim(row) else values[name]), initial=0.0))
               for name, row in along.items())  # fmt: skip
    scale = size or 1.0
    levels, noise, gaps = [], [], []
    centre = _gradient(second, values, clock)
    for k in range(_LEVELS):
        step = scale * _LARGEST * _RATIO**-k
        above, below = (_gradient(second, {**values, **_moved(values, along, s)}, clock) for s in (step, -step))
        levels.append((above - below) / (2 * step))
        gaps.append(np.abs(above - 2 * centre + below) / step)
        noise.append(_EPSILON * np.maximum(np.abs(above), np.abs(below)) / step)
    _refuse_corners(levels[_MIDDLE], gaps[_MIDDLE - 1 : _MIDDLE + 1], noise[_MIDDLE])
    square = _RATIO * _RATIO
    finer = np.array([(square * b - a) / (square - 1) for a, b in itertools.pairwise(levels)])
    wobble = np.abs(np.diff(finer, axis=0)) + np.array(noise[2:])
    best = np.argmin(wobble, axis=0)
    entries = np.arange(finer.shape[1])
    return finer[best + 1, entries], _CAUTION * wobble[best, entries]


def _refuse_corners(slope: Any, gaps: list[Any], noise: Any) -> None:
    """Raise _Corner where the two one-sided slopes of the gradient stay apart as the step shrinks."""
    before, gap = gaps
    steady = (gap > 0) & (np.abs(gap - before) <= 0.1 * gap)
    if np.any(steady & (gap > 1e-5 * (np.abs(slope) + gap)) & (gap > 100 * noise)):
        raise _Corner


class _Corner(Exception):
    """The gradient has a corner: it changes at one rate on one side, at another on the other."""


def _moved(values: dict[str, Any], along: dict[str, Any], step: float) -> dict[str, Any]:
    return {name: values[name] + step * row for name, row in along.items()}


def _gradient(second: SecondOrder, values: dict[str, Any], clock: Clock) -> Any:
    clock.look()
    recording = second.again(values)
    found = reverse(recording.tape, recording.result, second.upstream).gradients
    parts = []
    for name in second.names:
        node = recording.inputs[name]
        gradient = found[node.index] if node.index < len(found) else None
        parts.append(np.ravel(np.zeros(node.shape) if gradient is None else gradient))
    return np.concatenate(parts)


def _judged(target: str, ours: Any, theirs: Any, error: Any) -> CheckResult:
    shown = (ours, float(theirs) if np.ndim(theirs) == 0 else theirs)
    judgement = judge(ours, theirs, error)
    largest = max(float(np.max(np.abs(theirs), initial=0.0)), 1e-300)
    if judgement.kind in {"same", "rounded"} and float(np.max(error, initial=0.0)) <= _UNSETTLED * largest + 1e-6:
        return CheckResult(
            "finite", target, "agrees", *shown, judgement.error, judgement.tolerance, judgement.digits or None,
        )  # fmt: skip
    if judgement.kind == "apart" and float(np.max(error, initial=0.0)) <= _UNSETTLED * largest:
        why = "the gradient's own differences come to other second derivatives"
        return CheckResult("finite", target, "differs", *shown, judgement.error, judgement.tolerance, why=why)
    why = "the differences of the gradient do not settle: it jumps or bends right beside the given values"
    return CheckResult("finite", target, "undecided", *shown, why=why)
