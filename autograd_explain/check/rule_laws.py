"""The laws about rules as such: that they can be called, fit in shape, are linear in the upstream, can run again.

They need no symbolic form. Each reads the row and float64 differences of what the row itself computes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from autograd_explain.check.law_parts import (
    ORDINARY,
    Finding,
    Sample,
    differences,
    inside,
    kinked,
    off,
    place_of,
    selecting,
)
from autograd_explain.core.op import Op, compute
from autograd_explain.core.shapes import as_value, shape_of, show_shape
from autograd_explain.core.tape import Tape
from autograd_explain.core.var import Var, leaf, record
from autograd_explain.errors import ExplainError
from autograd_explain.modes.higher import recorded_gradients
from autograd_explain.modes.reverse import pass_back, reverse
from autograd_explain.ops.reductions import sum_

_CLOSE = 2e-6
_STEP = 1e-5
_MOST_ENTRIES = 24
_ORDINARY = 20.0


def told(error: Exception) -> str:
    """An error in a line: our own by its message, any other with its kind."""
    if isinstance(error, ExplainError):
        return error.message.splitlines()[0]
    said = str(error).splitlines()[0] if str(error) else ""
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def can_be_called(op: Op, samples: Sequence[Sample]) -> Iterator[Finding]:
    """There is a rule for each argument, no more and no fewer."""
    wanted = 1 if op.variadic else len(op.arguments)
    rules = op.partials or op.vjp
    if op.differentiable and len(rules) != wanted:
        kind = "partials" if op.partials else "rules"
        expected = f"{kind} for each of the arguments, {wanted},"
        yield Finding("rules", op.name, "", expected, f"{len(rules)}")
    if op.shown and len(op.shown) != wanted:
        yield Finding("rules", op.name, "", f"{wanted} shown forms", f"{len(op.shown)}")


def _ruled(op: Op, args: tuple[Any, ...]) -> list[int]:
    """The arguments that get a gradient."""
    if op.elementwise:
        return [i for i, rule in enumerate(op.partials) if rule is not None]
    among = selecting(op, args)
    return [i for i in range(len(args)) if op.vjp_for(i) is not None and i not in among]


def _tried(op: Op, samples: Sequence[Sample]) -> Iterator[tuple[tuple[Any, ...], dict[str, Any], Any]]:
    """Samples of arrays with their value: an elementwise operation's own, else those given and small."""
    if op.internal and not any(op.vjp) and not op.partials:
        return
    if op.elementwise:
        options = samples[0][1] if samples else {o.name: o.default for o in op.options}
        args = inside(op, ((3,),) * len(op.arguments), options, np.random.default_rng(7))
        samples = [] if args is None else [(args, options)]
    for args, options in samples:
        if kinked(op, args, options) or sum(map(np.size, args)) > _MOST_ENTRIES:
            continue
        yield args, options, compute(op, args, options)


def shapes_fit(op: Op, samples: Sequence[Sample]) -> Iterator[Finding]:
    """A local derivative stretches to the value's shape; a contribution has the shape of its argument."""
    for args, options, out in _tried(op, samples):
        upstream = as_value(np.ones(np.shape(out)))
        for position in _ruled(op, args):
            found, needed = _shape(op, position, upstream, out, args, options)
            if found != needed:
                at = f"{place_of(args, options)} by {_name(op, position)}"
                yield Finding("shape", op.name, at, f"shape {show_shape(needed)}", f"shape {show_shape(found)}")


def _shape(
    op: Op, position: int, upstream: Any, out: Any, args: tuple[Any, ...], options: dict[str, Any]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    rule: Any = op.partials[position] if op.elementwise else op.vjp_for(position)
    needed = shape_of(out) if op.elementwise else shape_of(args[position])
    if not callable(rule):
        return needed, needed
    with np.errstate(all="ignore"):
        found = np.shape(rule(out, *args, **options) if op.elementwise else rule(upstream, out, *args, **options))
    if op.elementwise:
        try:
            return np.broadcast_shapes(found, needed), needed
        except ValueError:
            pass
    return found, needed


def nothing_gives_nothing(op: Op, samples: Sequence[Sample]) -> Iterator[Finding]:
    """An upstream of zero hands back zero, and twice the upstream twice as much: a rule is linear in it."""
    for args, options, out in _tried(op, samples):
        upstream = as_value(np.random.default_rng(8).uniform(0.5, 1.5, np.shape(out)))
        for position in _ruled(op, args):
            at = f"{place_of(args, options)} by {_name(op, position)}"
            _, none = pass_back(op, position, 0.0 * upstream, out, args, options)
            _, once = pass_back(op, position, upstream, out, args, options)
            _, twice = pass_back(op, position, 2.0 * upstream, out, args, options)
            if np.any(none != 0.0):
                yield Finding("upstream", op.name, f"{at}, upstream 0", 0.0 * np.asarray(none), none)
            elif np.all(np.isfinite(once)) and off(2.0 * once, twice, 1e-9, 1e-300):
                yield Finding("upstream", op.name, f"{at}, twice the upstream", 2.0 * once, twice)


def defined_in_its_domain(op: Op, samples: Sequence[Sample]) -> Iterator[Finding]:
    """Inside the domain the value and the derivatives are numbers, not nan."""
    if not op.elementwise:
        return
    for args, options in samples:
        if not all(abs(arg) <= max(ORDINARY) for arg in args) or kinked(op, args, options):
            continue
        out = compute(op, args, options)
        if out != out:
            yield Finding("domain", op.name, place_of(args, options), f"a number ({op.domain.text})", out)
            return
        for position in _ruled(op, args):
            local, _ = pass_back(op, position, 1.0, out, args, options)
            if local != local:
                at = f"{place_of(args, options)} by {_name(op, position)}"
                yield Finding("domain", op.name, at, f"a derivative ({op.domain.text})", local)
                return


def differences_agree(op: Op, samples: Sequence[Sample]) -> Iterator[Finding]:
    """Without a symbolic form, contributions of structured operations are held against float64 differences."""
    if op.elementwise or op.has_form or not op.differentiable:
        return
    for args, options, out in _tried(op, samples):
        upstream = as_value(np.random.default_rng(9).uniform(0.5, 1.5, np.shape(out)))
        for position in _ruled(op, args):
            _, actual = pass_back(op, position, upstream, out, args, options)
            expected = differences(op, args, options, upstream, position)
            if off(expected, actual, _CLOSE, _CLOSE):
                at = f"{place_of(args, options)} by {_name(op, position)}"
                yield Finding("differences", op.name, at, expected, actual)


def can_run_again(op: Op, samples: Sequence[Sample]) -> Iterator[Finding]:
    """A rule run on recorded values can be differentiated: its derivative is that of what it hands back."""
    if not op.differentiable:
        return
    for args, options, _ in _tried(op, samples):
        if max(float(np.max(np.abs(arg), initial=0.0)) for arg in args) > _ORDINARY:
            continue  # far out a difference of neighbours says nothing
        positions = _ruled(op, args)
        try:
            recorded = _second(op, args, options, positions)
        except Exception as error:  # noqa: BLE001 - however a rule fails on recorded values, it is not differentiable
            yield Finding("again", op.name, place_of(args, options), "a rule that runs on recorded values", told(error))
            return
        for position, actual in recorded.items():
            expected = _differenced(op, args, options, positions, position)
            if not np.all(np.isfinite(expected)):
                continue
            scale = float(np.max(np.abs(expected), initial=1.0))
            if off(expected, actual, _CLOSE, 10 * _CLOSE * scale):
                at = f"{place_of(args, options)}: the rules' derivative by {_name(op, position)}"
                yield Finding("again", op.name, at, expected, actual)


def _weights(args: tuple[Any, ...], positions: list[int]) -> dict[int, Any]:
    random = np.random.default_rng(10)
    return {i: as_value(random.uniform(0.5, 1.5, np.shape(args[i]))) for i in positions}


def _second(op: Op, args: tuple[Any, ...], options: dict[str, Any], positions: list[int]) -> dict[int, Any]:
    """The gradient of Σ weight·contribution, by differentiating the recorded walk back."""
    tape = Tape()
    given = [leaf(tape, f"a{i}", as_value(arg), tracked=i in positions) for i, arg in enumerate(args)]
    out = record(tape, op, tuple(given), options)
    found = recorded_gradients(tape, out, [given[i] for i in positions])
    weights = _weights(args, positions)
    total: Any = 0.0
    for i, gradient in zip(positions, found, strict=True):
        if isinstance(gradient, Var):
            total = sum_(weights[i] * gradient) + total
    if not isinstance(total, Var):
        return {i: as_value(np.zeros(np.shape(args[i]))) for i in positions}
    gradients = reverse(tape, total).gradients
    return {i: 0.0 * as_value(args[i]) if (g := gradients[given[i].index]) is None else g for i in positions}


def _differenced(
    op: Op, args: tuple[Any, ...], options: dict[str, Any], positions: list[int], place: int
) -> Any:
    """The same by central differences of what the rules hand back on plain numbers."""
    weights = _weights(args, positions)

    def handed_back(moved: Any) -> float:
        given = tuple(as_value(moved) if i == place else arg for i, arg in enumerate(args))
        out = compute(op, given, options)
        upstream = as_value(np.ones(np.shape(out)))
        shares = (pass_back(op, i, upstream, out, given, options)[1] for i in positions)
        return sum(float(np.sum(weights[i] * share)) for i, share in zip(positions, shares, strict=True))

    found = np.zeros(np.shape(args[place]))
    for entry in np.ndindex(found.shape):
        ends = []
        for sign in (1.0, -1.0):
            moved = np.array(args[place])
            moved[entry] += sign * _STEP
            ends.append(handed_back(moved))
        found[entry] = (ends[0] - ends[1]) / (2 * _STEP)
    return as_value(found)


def _name(op: Op, position: int) -> str:
    return op.arguments[0 if op.variadic else position]


RULE_LAWS: dict[str, Callable[[Op, Sequence[Sample]], Iterator[Finding]]] = {
    "rules": can_be_called,
    "shape": shapes_fit,
    "upstream": nothing_gives_nothing,
    "domain": defined_in_its_domain,
    "differences": differences_agree,
    "again": can_run_again,
}
