"""Every operation is right at every point of the table: value and each partial, against mpmath at many digits."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

import autograd_explain.ops  # noqa: F401 - fills the table
from autograd_explain.core.op import Domain, Op
from autograd_explain.core.registry import OPERATIONS
from autograd_explain.ops.elementary import exp
from autograd_explain.ops.losses import COMPOSITES
from autograd_explain.ops.reductions import sum_
from benchmarks.reference import families
from tests.laws.points import PLACES, points
from tests.laws.reference import LIMITS, LOSSES, all_judged, judged, known_limit, of_operation, samples_of, subject_of

FEWEST_POINTS = 20


def _wrong(op: Op) -> Iterator[str]:
    for sample in samples_of(op.name):
        for number in judged(of_operation(op, sample), sample):
            if not (number.right or known_limit(number)):
                yield str(number)


@pytest.mark.parametrize("op", OPERATIONS.values(), ids=lambda op: op.name)
def test_every_operation_is_right_at_every_point(op: Any) -> None:
    assert [] == list(_wrong(op))


@pytest.mark.parametrize("name", COMPOSITES)
def test_every_loss_is_right_at_every_point(name: Any) -> None:
    numbers = list(all_judged(name))
    assert FEWEST_POINTS <= len({number.place for number in numbers})
    assert [] == [str(number) for number in numbers if not (number.right or known_limit(number))]


def test_every_loss_has_a_form() -> None:
    assert sorted(COMPOSITES) == sorted(LOSSES)


@pytest.mark.parametrize("op", OPERATIONS.values(), ids=lambda op: op.name)
def test_every_operation_has_its_points(op: Any) -> None:
    assert FEWEST_POINTS <= len(list(samples_of(op.name)))


@pytest.mark.parametrize(
    "op", [op for op in OPERATIONS.values() if op.elementwise and op.kinks], ids=lambda op: op.name
)
def test_every_kink_is_met_and_has_points_beside_it(op: Any) -> None:
    tried = [args for args, _ in points(op, [])]
    options = {o.name: o.default for o in op.options}
    for kink in op.kinks:
        corners = [args for args in product(PLACES, repeat=len(op.arguments)) if np.any(kink.at(*args, **options))]
        inside = [args for args in corners if np.all(op.domain.contains(*args))]
        assert corners
        assert not inside or set(inside) & set(tried)


def test_an_operation_gets_its_points_by_being_defined() -> None:
    op = replace(exp, name="mine", domain=Domain("x ≥ 0.7", lambda x: x >= 0.7))
    tried = [args[0] for args, _ in points(op, [])]
    assert 0.7 == min(tried)
    assert {math.nextafter(0.7, 1.0), 0.7 + 0.7e-8} <= set(tried)


TANH, LOG1P, SIGMOID, SOFTMAX, STD, LOG10 = (
    OPERATIONS[name] for name in ("tanh", "log1p", "sigmoid", "softmax", "std", "log10")
)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (replace(TANH, partials=(lambda out, x: 1 - out**2,)), "tanh by x at -36"),
        (replace(TANH, partials=(lambda out, x: 1 / np.cosh(x) ** 2,)), "tanh by x at 360"),
        (replace(LOG1P, scalar=lambda x: math.log(1 + x)), "log1p value at 1e-08"),
        (replace(LOG1P, forward=lambda x: np.log(1 + x)), "log1p value of arrays at 1e-08"),
        (replace(SIGMOID, partials=(lambda out, x: out * (1 - out),)), "sigmoid by x at 36"),
        (replace(LOG10, partials=(lambda out, x: 1 / (x * math.log(10)),)), "log10 by x at 1.797"),
        (replace(SOFTMAX, vjp=SOFTMAX.shown), "softmax by x at [40, -40, 0.5]"),
        (replace(STD, forward=lambda x, axis, keepdims, ddof: np.std(x, axis=axis, ddof=ddof)), "std value at [1e+300"),
        (replace(exp, scalar=lambda x: math.exp(min(x, 700.0))), "exp value at 709"),
        (replace(sum_, vjp=(lambda upstream, out, x, axis, keepdims: 2.0 * np.ones_like(x),)), "sum by x at [0.3"),
    ],
)
def test_a_wrong_row_is_caught(row: Any, expected: Any) -> None:
    assert any(line.startswith(expected) for line in _wrong(row))


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: f"{limit.name}: {limit.place}")
def test_a_limit_is_one_still(limit: Any) -> None:
    tried = [sample for sample in samples_of(limit.name) if limit.holds(*sample[0])]
    numbers = [number for sample in tried for number in judged(subject_of(limit.name, sample), sample)]
    assert any(limit is known_limit(number) for number in numbers if not number.right)
    assert limit.why


def test_a_number_is_told_with_the_true_one() -> None:
    line = next(_wrong(replace(TANH, scalar=lambda x: 2.0)))
    assert line == f"tanh value at -2.3: {math.tanh(-2.3)!r} is right, ours is 2.0"


def test_the_benchmark_sums_up_what_was_judged() -> None:
    numbers = [*all_judged("neg"), *all_judged("sign"), *all_judged("tanh")]
    *parts, whole = families(numbers)
    assert ["activation", "arithmetic", "step"] == [part.name for part in parts]
    assert (3, len(numbers), 0, 0) == (whole.operations, whole.numbers, whole.misses, whole.known)
    assert 0.0 < max(whole.worst_value, whole.worst_partial) < 1e-13
    wrong = [replace(number, right=False) for number in all_judged("neg")]
    assert len(wrong) == next(families(wrong)).misses
