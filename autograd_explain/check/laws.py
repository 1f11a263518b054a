"""The laws every operation keeps: run them on an operation of your own with `laws(op)`.

Each law compares the row with something that does not read it: its definition in mpmath at 50 digits, mpmath's and
SymPy's derivatives of that definition, float64 differences, Python's parser. A law yields what it finds broken.
"""

from __future__ import annotations

import ast
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import mpmath
import numpy as np

from autograd_explain.check.algebra import PreciseAlgebra, Undefined
from autograd_explain.check.budget import Clock
from autograd_explain.check.derivatives import DIGITS, MANY_DIGITS, Singular, local_for
from autograd_explain.check.exact import exact_value, pull_back, to_exact, to_float
from autograd_explain.check.law_parts import (
    ORDINARY,
    SHAPES,
    Finding,
    Sample,
    differences,
    inside,
    kinked,
    off,
    own_samples,
    place_of,
    selecting,
)
from autograd_explain.check.precise import Precise, Session, number_of
from autograd_explain.check.rounding import shake
from autograd_explain.check.rule_laws import RULE_LAWS, can_be_called, told
from autograd_explain.core.op import Op, compute
from autograd_explain.core.shapes import as_value
from autograd_explain.modes.reverse import local_derivative, pass_back

VALUE_CLOSE = 1e-13
SLOPE_CLOSE = 1e-12
_SHOWN_CLOSE = 1e-14  # the forms hold constants of float64, such as log(2)
_DIFFERENCE_CLOSE = 2e-6
_STEP_DIGITS = 120
_ROOM = 16.0  # times what a last bit in the arguments does
_SMALLEST, _LARGEST = 1e-290, 1e290


def laws(op: Op, samples: Sequence[Sample] | None = None) -> list[Finding]:
    """Every break of every law, none for a right row.

    `samples` are arguments and options to try; elementwise operations bring their own. Structured ones without
    samples are tried on small arrays with their default options.
    """
    return [finding for found in by_law(op, samples).values() for finding in found]


def by_law(op: Op, samples: Sequence[Sample] | None = None) -> dict[str, list[Finding]]:
    """What each law finds broken, by its name. Where the rules cannot even be called, no other law is tried."""
    uncallable = list(can_be_called(op, ()))
    if uncallable:
        return {"rules": uncallable}
    try:
        tried = list(samples) if samples is not None else list(own_samples(op))
    except Exception as error:  # noqa: BLE001 - whatever a row does wrong is a finding, not a failure of the laws
        return {"rules": [Finding("rules", op.name, _SAMPLED, "a domain that can be asked", told(error))]}
    try:
        compute(op, *tried[0]) if tried else None
    except Exception as error:  # noqa: BLE001 - as above
        return {"rules": [Finding("rules", op.name, _SAMPLED, "a forward that runs", told(error))]}
    return {name: list(_tried(name, op, tried)) for name in LAWS}


def _tried(name: str, op: Op, samples: Sequence[Sample]) -> Iterator[Finding]:
    try:
        yield from LAWS[name](op, samples)
    except Exception as error:  # noqa: BLE001 - as above
        yield Finding(name, op.name, _SAMPLED, "a rule that runs", told(error))


def why_no_numbers(op: Op, samples: Sequence[Sample]) -> str:
    """Why the symbolic form can be worked out on none of the samples; "" where the laws about it say something."""
    why = "there are no samples"
    for args, options in samples:
        try:
            _exact(op, args, options)
        except Undefined:
            why = _reason(op, args, options)
            continue
        return ""
    return why


def _reason(op: Op, args: tuple[Any, ...], options: dict[str, Any]) -> str:
    try:
        op.symbolic(PreciseAlgebra(), *map(to_exact, args), **options)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the reason
        return told(error)
    return "it has no real value there"


_SAMPLED = "sample values"


def _exact(op: Op, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    with mpmath.workdps(MANY_DIGITS):
        return exact_value(op, tuple(map(to_exact, args)), options, PreciseAlgebra())


def _sizes_fit(value: Any) -> bool:
    sizes = np.abs(np.asarray(value, dtype=float))
    return bool(np.all(np.isfinite(sizes) & (sizes < _LARGEST) & ((sizes == 0) | (sizes > _SMALLEST))))


def values_are_right(op: Op, samples: Sequence[Sample]) -> Iterator[Finding]:
    """The value is that of the definition at many digits, to 1e-13 or to what the arguments' last bits do."""
    for args, options in samples:
        try:
            expected = _exact(op, args, options)
            moved = _exact(op, tuple(shake(arg, np.random.default_rng(0)) for arg in args), options)
        except Undefined:
            continue
        actual, says = compute(op, args, options), to_float(expected)
        room = _ROOM * np.abs(to_float(np.asarray(moved - expected, dtype=object)[()]))
        if _sizes_fit(says) and off(says, actual, VALUE_CLOSE, room):
            yield Finding("value", op.name, place_of(args, options), says, actual)


def slopes_are_right(op: Op, samples: Sequence[Sample]) -> Iterator[Finding]:
    """Each local derivative is mpmath's derivative of the definition, to 1e-12 or to what last bits do."""
    if not op.elementwise:
        return
    for args, options in samples:
        if not op.differentiable or kinked(op, args, options):
            continue
        out = compute(op, args, options)
        for position, rule in enumerate(op.partials):
            if rule is None:
                continue
            try:
                expected = _slope(op, args, options, position)
                says, actual = float(expected), _local(rule, out, args, options)
                if not _sizes_fit((says, out)) or abs(says - actual) <= SLOPE_CLOSE * abs(says):
                    continue
                room = _slope_room(op, args, options, position, expected)
            except Undefined:
                continue
            if not abs(says - actual) <= SLOPE_CLOSE * abs(says) + room:
                yield Finding("slope", op.name, f"{place_of(args, options)} by {op.arguments[position]}", says, actual)


def _local(rule: Any, out: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    with np.errstate(all="ignore"):
        return local_derivative(rule, out, args, options)


def _slope(op: Op, args: tuple[float, ...], options: dict[str, Any], position: int) -> Any:
    """A central difference of the definition with a step so small that many digits are right."""
    with mpmath.workdps(5 * _STEP_DIGITS):
        exact_args = [mpmath.mpf(arg) for arg in args]
        step = min(abs(exact_args[position]) or 1, 1) * mpmath.mpf(10) ** -_STEP_DIGITS
        ends, choices = [], []
        for sign in (1, -1):
            moved = tuple(arg + sign * step if i == position else arg for i, arg in enumerate(exact_args))
            algebra = PreciseAlgebra()
            ends.append(exact_value(op, moved, options, algebra))
            choices.append(algebra.choices)
        if choices[0] != choices[1]:  # a jump or a corner that the row need not declare: floor at a whole number
            raise Undefined
        return (ends[0] - ends[1]) / (2 * step)


def _slope_room(op: Op, args: tuple[float, ...], options: dict[str, Any], position: int, expected: Any) -> float:
    room = 0.0
    for i, arg in enumerate(args):
        moved = (*args[:i], math.nextafter(arg, math.inf), *args[i + 1 :])
        room += abs(float(_slope(op, moved, options, position) - expected))
    return _ROOM * room


def shown_forms_are_right(op: Op, samples: Sequence[Sample]) -> Iterator[Finding]:
    """The textbook form, worked out at 50 digits, is SymPy's derivative."""
    if not op.elementwise or not op.has_form:
        return
    for args, options in samples:
        if kinked(op, args, options) or max(map(abs, args)) > max(ORDINARY):
            continue
        for position, form in enumerate(op.shown):
            if form is None:
                continue
            with mpmath.workdps(DIGITS):
                session = Session(Clock(10.0))
                given = [Precise(to_exact(arg), session) for arg in args]
                local, numbers = local_for(op, options, position)
                try:
                    out = Precise(exact_value(op, tuple(map(to_exact, args)), options, PreciseAlgebra()), session)
                    says = local.at([*map(to_exact, args), *numbers], position)
                except (Singular, Undefined):
                    continue
                try:
                    actual = number_of(form(out, *given, **options))
                except (Singular, Undefined):
                    actual = mpmath.nan
                if not abs(says - actual) <= _SHOWN_CLOSE * (abs(says) + abs(actual)):
                    where = f"{place_of(args, options)} by {op.arguments[position]}"
                    yield Finding("shown", op.name, where, float(says), float(actual))


def scalar_and_array_agree(op: Op, samples: Sequence[Sample]) -> Iterator[Finding]:
    """The form for one number and the form for arrays give the same value and the same derivatives."""
    if op.scalar is None:
        return
    for args, options in samples:
        arrays = tuple(np.full((2,), arg) for arg in args)
        one, many = compute(op, args, options), compute(op, arrays, options)
        if off(one, float(many[0]), VALUE_CLOSE) and not (math.isnan(one) and np.isnan(many[0])) and one != many[0]:
            yield Finding("array", op.name, place_of(args, options), one, many[0])
        for position, rule in enumerate(op.partials):
            alone = _local(rule, one, args, options)
            among = float(np.ravel(_local(rule, np.full((2,), one), arrays, options))[0])
            if math.isfinite(alone) and off(alone, among, SLOPE_CLOSE):
                yield Finding("array", op.name, f"{place_of(args, options)} by {op.arguments[position]}", alone, among)


def reverse_meets_differences(op: Op, samples: Sequence[Sample]) -> Iterator[Finding]:
    """On arrays of every broadcasting pair of shapes, the contributions are those of float64 differences."""
    if not op.elementwise or not op.differentiable:
        return
    options = samples[0][1] if samples else {}
    random = np.random.default_rng(4)
    for shapes in itertools.islice(_shape_choices(len(op.arguments)), 40):
        args = inside(op, shapes, options, random)
        if args is None:
            return
        out = compute(op, args, options)
        upstream = as_value(random.uniform(0.5, 1.5, np.shape(out)))
        for position, rule in enumerate(op.partials):
            if rule is None:
                continue
            _, actual = pass_back(op, position, upstream, out, args, options)
            expected = differences(op, args, options, upstream, position)
            if off(expected, actual, _DIFFERENCE_CLOSE, _DIFFERENCE_CLOSE):
                yield Finding("reverse", op.name, f"shapes {shapes} by {op.arguments[position]}", expected, actual)


def _shape_choices(count: int) -> Iterator[tuple[tuple[int, ...], ...]]:
    yield from itertools.product(SHAPES, repeat=count)


def contributions_are_right(op: Op, samples: Sequence[Sample]) -> Iterator[Finding]:
    """A structured operation hands back what the exact Jacobian of its definition says, to 1e-12."""
    if op.elementwise or (op.internal and not any(op.vjp)) or not op.has_form:
        return
    random = np.random.default_rng(5)
    for args, options in samples:
        out = compute(op, args, options)
        upstream = as_value(random.uniform(0.5, 1.5, np.shape(out)) * random.choice((-1.0, 1.0), np.shape(out)))
        wanted = [i for i in range(len(args)) if op.vjp_for(i) is not None and i not in selecting(op, args)]
        if kinked(op, args, options):
            continue
        expected = _pulled(op, args, options, upstream, wanted)
        moved = _pulled(op, tuple(shake(arg, random) for arg in args), options, shake(upstream, random), wanted)
        for position in wanted:
            _, actual = pass_back(op, position, upstream, out, args, options)
            says = to_float(expected[position])
            room = _ROOM * np.abs(to_float(moved[position]) - says)
            name = op.arguments[0 if op.variadic else position]
            if off(says, actual, SLOPE_CLOSE, room + _SMALLEST):
                yield Finding("contribution", op.name, f"{place_of(args, options)} by {name}", says, actual)


def _pulled(op: Op, args: tuple[Any, ...], options: dict[str, Any], upstream: Any, wanted: list[int]) -> dict[int, Any]:
    with mpmath.workdps(MANY_DIGITS):
        kept = tuple(to_exact(arg) for arg in args)
        return pull_back(op, kept, options, to_exact(upstream), wanted)


def is_described(op: Op, samples: Sequence[Sample]) -> Iterator[Finding]:
    """The row has a note, and an example that is an expression of the language."""
    if not op.note:
        yield Finding("note", op.name, "", "a note (what to know about it, in a sentence)", "")
    if op.internal:
        return
    try:
        ast.parse(op.example, mode="eval")
    except SyntaxError:
        call = f'"{op.name}({", ".join(op.arguments)})"'
        yield Finding("example", op.name, "", f"an example (an expression, such as {call})", op.example)


LAWS: dict[str, Callable[[Op, Sequence[Sample]], Iterator[Finding]]] = {
    **RULE_LAWS,
    "value": values_are_right,
    "slope": slopes_are_right,
    "shown": shown_forms_are_right,
    "array": scalar_and_array_agree,
    "reverse": reverse_meets_differences,
    "contribution": contributions_are_right,
    "described": is_described,
}
