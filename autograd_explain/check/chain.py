"""The whole chain from the exact inputs: the true gradients, to 40 digits or, for long runs, in double precision.

The tape gives the order and the recorded numbers of everything untracked; each value is worked out again by the
operation's own definition and each derivative is SymPy's, so neither the recorded roundings nor the backward
rules enter. Where a derivative is a matter of convention, the recorded choice is kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np

from autograd_explain.check.algebra import PreciseAlgebra, Undefined
from autograd_explain.check.budget import Clock
from autograd_explain.check.derivatives import DIGITS
from autograd_explain.check.double import TINY_STEP, moved
from autograd_explain.check.exact import exact_value, pull_back, to_exact, to_float
from autograd_explain.core.shapes import shape_of
from autograd_explain.core.var import Var
from autograd_explain.modes.records import Sweep
from autograd_explain.modes.reverse import pass_back

_MOST_DIGITS = 700  # float64 spans 632 decades
_LOST = 1e-3
_UNDERFLOW = 1e-170  # the smallest float64 over the step of `double`


@dataclass(frozen=True, slots=True)
class Chain:
    """The true gradients of the targets, rounded to float64, and where the recorded run parts from the true one."""

    gradients: dict[int, Any]
    precise: dict[int, Any]
    digits: int
    lost: tuple[Var, Any] | None  # the first value whose rounding ate more than a thousandth of it, and its true value


def digits_needed(sweep: Sweep) -> int:
    """Digits with which numbers of the run's sizes can be added and none of the smallest one's is lost."""
    low, high = 1.0, 1.0
    for node in sweep.tape.nodes[: sweep.result.index + 1]:
        for size in _sizes(node.value):
            if 0.0 < size < low:
                low = size
            elif high < size < math.inf:
                high = size
    span = math.log10(high) - math.log10(low)
    return min(_MOST_DIGITS, DIGITS + int(span))


def _sizes(value: Any) -> tuple[float, ...]:
    """The largest and the smallest size that is not 0."""
    if type(value) is float:
        return (abs(value),)
    sizes = np.abs(value)
    return float(np.max(sizes, initial=0.0)), float(np.min(sizes, where=sizes > 0, initial=1.0))


def precise_chain(sweep: Sweep, targets: list[Var], clock: Clock, more: int = 0) -> Chain:
    """The gradients at 40 digits and `more`. Raises OutOfTime."""
    digits = digits_needed(sweep) + more
    with mpmath.workdps(digits):
        values, lost = _forward(sweep, clock)
        totals = _backward(sweep, values, clock)
        precise = {t.index: totals.get(t.index, _zeros(t)) for t in targets}
        return Chain({place: to_float(value) for place, value in precise.items()}, precise, digits, lost)


def _zeros(target: Var) -> Any:
    return mpmath.mpf(0) if type(target.value) is float else to_exact(np.zeros(target.shape))


def _forward(sweep: Sweep, clock: Clock) -> tuple[dict[int, Any], tuple[Var, Any] | None]:
    """Every tracked value worked out exactly; the recorded one where that is not possible."""
    values: dict[int, Any] = {}
    algebra = PreciseAlgebra()
    lost = None
    for node in sweep.tape.nodes[: sweep.result.index + 1]:
        if not node.tracked:
            continue
        if node.index % 256 == 0:
            clock.look()
            algebra.choices.clear()
        values[node.index] = value = _value(node, values, algebra)
        if lost is None and value is not None and _parted(value, node.value):
            lost = (node, to_float(value))
    return values, lost


def _parted(value: Any, recorded: Any) -> bool:
    if type(recorded) is float:
        return bool(abs(float(value) - recorded) > _LOST * abs(recorded))
    with np.errstate(all="ignore"):
        return bool(np.any(np.abs(to_float(value) - recorded) > _LOST * np.max(np.abs(recorded), initial=0.0)))


def _value(node: Var, values: dict[int, Any], algebra: PreciseAlgebra) -> Any:
    if not _is_finite(node.value):
        return None
    if not node.inputs:
        return to_exact(node.value)
    args = _args(node, values)
    try:
        if any([arg is None for arg in args]):  # noqa: C419 - a list is faster than a generator here
            raise Undefined
        return exact_value(node.op, args, node.tape.options.get(node.index, {}), algebra)
    except Undefined:
        return to_exact(node.value)


def _args(node: Var, values: dict[int, Any]) -> tuple[Any, ...]:
    """The exact arguments; untracked ones are the recorded constants, None where one is not finite."""
    args = []
    for argument in node.inputs:
        if argument.index not in values:
            values[argument.index] = to_exact(argument.value) if _is_finite(argument.value) else None
        args.append(values[argument.index])
    return tuple(args)


def _is_finite(value: Any) -> bool:
    return value - value == 0.0 if type(value) is float else bool(np.all(np.isfinite(value)))


def _backward(sweep: Sweep, values: dict[int, Any], clock: Clock) -> dict[int, Any]:
    totals: dict[int, Any] = {}
    if sweep.result.tracked:
        totals[sweep.result.index] = to_exact(sweep.seed)
    for node in reversed(sweep.tape.nodes[: sweep.result.index + 1]):
        if node.index not in totals or not node.inputs:
            continue
        if node.index % 64 == 0:
            clock.look()
        for position, amount in _handed_back(node, totals[node.index], values):
            place = node.inputs[position].index
            totals[place] = totals[place] + amount if place in totals else amount
    return totals


def _handed_back(node: Var, upstream: Any, values: dict[int, Any]) -> Iterator[tuple[int, Any]]:
    wanted = tuple(i for i, argument in enumerate(node.inputs) if argument.tracked)
    options = node.tape.options.get(node.index, {})
    args = _args(node, values)
    recorded = tuple(argument.value for argument in node.inputs)
    try:
        if any([arg is None for arg in args]) or any(np.any(k.at(*recorded, **options)) for k in node.op.kinks):  # noqa: C419
            raise Undefined
        yield from pull_back(node.op, args, options, upstream, wanted).items()
    except Undefined:
        for position in wanted:  # the recorded choice, scaled by the true upstream
            _, amount = pass_back(node.op, position, to_float(upstream), node.value, recorded, options)
            if _is_finite(amount):
                yield position, to_exact(amount)


def double_chain(sweep: Sweep, target: Var, direction: Any, clock: Clock) -> float:
    """The derivative of Σ seed·result along a direction of one input, in double precision.

    Raises Undefined where a definition cannot be worked out in double precision, and OutOfTime.
    """
    values: dict[int, Any] = {target.index: target.value + 1j * TINY_STEP * direction}
    for node in sweep.tape.nodes[: sweep.result.index + 1]:
        if not node.inputs or not any(argument.index in values for argument in node.inputs) or not node.tracked:
            continue
        if node.index % 64 == 0:
            clock.look()
        args = tuple(values.get(argument.index, argument.value) for argument in node.inputs)
        values[node.index] = moved(node.op, args, node.tape.options.get(node.index, {}))
    result = values.get(sweep.result.index)
    slope = float(np.sum(sweep.seed * np.imag(result)) / TINY_STEP) if result is not None else 0.0
    if not np.isfinite(slope):
        raise Undefined
    return slope if abs(slope) > _UNDERFLOW else 0.0


def size_of(target: Var) -> int:
    """How many entries the gradient has."""
    return int(np.prod(shape_of(target.value)))
