"""The derivatives on both sides of a kink, by SymPy's derivative a hair to the left and to the right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np

from autograd_explain.check.algebra import Undefined
from autograd_explain.check.derivatives import HAIR, Local, local_for, shifted
from autograd_explain.check.exact import pull_back, to_exact
from autograd_explain.core.op import Op
from autograd_explain.core.var import Var
from autograd_explain.modes.records import Sweep

_UNBOUNDED = mpmath.mpf(10) ** 9
_SAME = mpmath.mpf(10) ** -12
_STEADY = mpmath.mpf(10) ** -8  # a slope that moves by more than this part of it between two hairs has no end there
_FEW = 64  # entries for which both sides are worked out


@dataclass(frozen=True, slots=True)
class Kinked:
    """Two one-sided derivatives in words, and what they say of the recorded one."""

    place: str
    left: Any
    right: Any
    text: str
    smooth: bool  # both sides are the same number, and another one was recorded
    wrong: bool  # the recorded number is not between the two


def kinked_at(
    op: Op, args: tuple[float, ...], options: dict[str, Any], position: int, recorded: float
) -> Kinked | None:
    """Both sides of the local derivative, where these arguments are at a kink of the operation; else None."""
    concerned = (kink for kink in op.kinks if kink.concerns(position))
    kink = next((kink for kink in concerned if np.any(kink.at(*args, **options))), None)
    if kink is None:
        return None
    place = kink.place
    local, numbers = local_for(op, options, position)
    exact_args = [*map(to_exact, args), *numbers]
    left, right = (_settled(local, exact_args, position, sign) for sign in (-1, 1))
    if kink.free:
        said = [own if side is None else _side(side) for side, own in ((left, kink.left), (right, kink.right))]
        text = f"{said[0]} from the left and {said[1]} from the right, and {kink.free}"
        return Kinked(place, left, right, text, smooth=False, wrong=False)
    kinked = _judged(place, left, right, recorded)
    if kinked is None and local.plainly(exact_args) is None:
        text = f"{_side(left)} on both sides and none at the point itself"
        return Kinked(place, left, right, text, smooth=False, wrong=False)
    return kinked


def _settled(local: Local, args: list[Any], position: int, sign: int) -> Any:
    """The derivative a hair to one side; 0 or an infinite size where it goes there as the hair gets thinner."""
    with mpmath.workdps(6 * HAIR):
        near, nearer = (
            local.plainly([shifted(a, sign, digits) if i == position else a for i, a in enumerate(args)])
            for digits in (HAIR, 2 * HAIR)
        )
    if near is None or nearer is None or abs(near - nearer) <= _STEADY * max(abs(near), abs(nearer)):
        return near
    return mpmath.sign(nearer) / _SAME if abs(nearer) > abs(near) else mpmath.mpf(0)


def _judged(place: str, left: Any, right: Any, recorded: float) -> Kinked | None:
    sides = [side for side in (left, right) if side is not None]
    known = [float("inf") * mpmath.sign(side) if abs(side) > _UNBOUNDED else side for side in sides]
    text = f"{_side(left)} from the left and {_side(right)} from the right"
    if len(known) == 2 and abs(known[0] - known[1]) <= _SAME * (1 + abs(known[0])):
        near = abs(known[0] - mpmath.mpf(recorded)) <= _SAME * (1 + abs(known[0]))
        return None if near else Kinked(place, left, right, text, smooth=True, wrong=True)
    wrong = len(known) == 2 and not _between(recorded, *map(float, known))
    return Kinked(place, left, right, text, smooth=False, wrong=wrong)


def _between(value: float, a: float, b: float) -> bool:
    if value in (a, b):
        return True  # both may be infinite
    slack = 1e-9 * (1.0 + min(abs(a), abs(b)))
    return min(a, b) - slack <= value <= max(a, b) + slack


def _side(value: Any) -> str:
    if value is None:
        return "none (no real value)"
    if abs(value) > _UNBOUNDED:
        return "inf" if value > 0 else "-inf"
    return f"{float(value):.8g}"


def corner_after(sweep: Sweep, target: Var) -> str | None:
    """The first operation made from a value that stands at a kink, or a comparison of equals: as a phrase."""
    after = {target.index}
    for node in sweep.tape.nodes[target.index + 1 : sweep.result.index + 1]:
        if not any(argument.index in after for argument in node.inputs):
            continue
        after.add(node.index)
        values = [np.asarray(argument.value) for argument in node.inputs]
        options = sweep.tape.options.get(node.index, {})
        for kink in node.op.kinks:
            if np.any(kink.at(*values, **options)):
                return f"{node.op.name} ({kink.place})"
        if compares_equals(node):
            return f"the comparison {node.op.layout.symbol}"  # type: ignore[union-attr]
    return None


def compares_equals(node: Var) -> bool:
    """Whether a comparison stands just where it turns."""
    return node.op.family == "comparison" and bool(np.any(np.equal(*(argument.value for argument in node.inputs))))


def sides_of_structured(
    node: Var, position: int, args: tuple[Any, ...], options: dict[str, Any], upstream: Any, contribution: Any
) -> tuple[Kinked | None, tuple[int, ...]]:
    """Both sides of the first entry's contribution that is at a kink or wrong there, and the entry's place.

    What the operation itself says of its kink, for large arrays and where no entry has two sides.
    """
    kink = next(kink for kink in node.op.kinks if np.any(kink.at(*args, **options)))
    text = f"{kink.left} from the left and {kink.right} from the right"
    unknown = Kinked(kink.place, None, None, text, smooth=False, wrong=False)
    first: tuple[Kinked | None, tuple[int, ...]] = (None, ())
    open_at: tuple[int, ...] | None = None
    if np.size(args[position]) > _FEW:
        return unknown, (0,) * np.ndim(args[position])
    exact_args, exact_upstream = tuple(map(to_exact, args)), to_exact(upstream)
    for place in np.ndindex(np.shape(args[position])):
        try:
            left, right = (_moved(node.op, exact_args, options, exact_upstream, position, place, s) for s in (-1, 1))
        except Undefined:  # another entry is at the kink
            open_at = place if open_at is None else open_at
            continue
        kinked = _judged(kink.place, left, right, float(np.asarray(contribution)[place]))
        if kinked is not None and (kinked.wrong or first[0] is None):
            first = (kinked, place)
            if kinked.wrong:
                break
    return first if first[0] is not None or open_at is None else (unknown, open_at)


def _moved(
    op: Op,
    args: tuple[Any, ...],
    options: dict[str, Any],
    upstream: Any,
    position: int,
    place: tuple[int, ...],
    sign: int,
) -> Any:
    """The contribution of one entry with that entry moved by a hair."""
    moved = np.array(args[position], dtype=object)
    moved[place] = shifted(moved[place], sign, HAIR)
    given = tuple(moved[()] if i == position else arg for i, arg in enumerate(args))
    return np.asarray(pull_back(op, given, options, upstream, (position,))[position], dtype=object)[place]
