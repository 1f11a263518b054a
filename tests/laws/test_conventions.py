"""Where a derivative is a matter of convention, and outside the domain: the stated outcome, as a table."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import autograd_explain.ops  # noqa: F401 - fills the table
from autograd_explain.core.op import apply
from autograd_explain.core.registry import OPERATIONS
from autograd_explain.core.tape import Tape
from autograd_explain.core.var import leaf
from autograd_explain.modes.reverse import reverse
from autograd_explain.ops.losses import COMPOSITES

INF, NAN = math.inf, math.nan


def _gradients(function: Any, *values: Any) -> Any:
    tape = Tape()
    given = [
        leaf(tape, f"x{i}", v if isinstance(v, float) else np.array(v), tracked=True) for i, v in enumerate(values)
    ]
    result = function(*given)
    sweep = reverse(tape, result)
    return result.value, [sweep.gradients[node.index] for node in given]


def _of(name: Any, *values: Any, **options: Any) -> Any:
    row = OPERATIONS[name]
    settings = {**{o.name: o.default for o in row.options}, **options}
    return _gradients(lambda *args: apply(row, *args, **settings), *values)


@pytest.mark.parametrize(
    ("name", "values", "options", "expected"),
    [
        ("relu", (0.0,), {}, [0.0]),
        ("leaky_relu", (0.0,), {"slope": 0.2}, [0.2]),
        ("elu", (0.0,), {"alpha": 0.7}, [0.7]),
        ("selu", (0.0,), {}, [1.7580993408473766]),
        ("abs", (0.0,), {}, [0.0]),
        ("sign", (0.0,), {}, [0.0]),
        ("floor", (2.0,), {}, [0.0]),
        ("clip", (1.0, 0.0, 1.0), {}, [1.0, 0.0, 0.0]),
        ("clip", (0.0, 0.0, 1.0), {}, [1.0, 0.0, 0.0]),
        ("hardtanh", (1.0,), {}, [0.0]),
        ("hardtanh", (-1.0,), {}, [0.0]),
        ("maximum", (2.0, 2.0), {}, [0.5, 0.5]),
        ("minimum", (2.0, 2.0), {}, [0.5, 0.5]),
        ("max", ([1.0, 3.0, 3.0],), {}, [[0.0, 0.5, 0.5]]),
        ("min", ([1.0, 1.0, 3.0],), {}, [[0.5, 0.5, 0.0]]),
        ("sqrt", (0.0,), {}, [INF]),
        ("norm", ([0.0, 0.0],), {}, [[0.0, 0.0]]),
        ("std", ([2.0, 2.0],), {}, [[0.0, 0.0]]),
        ("hypot", (0.0, 0.0), {}, [0.0, 0.0]),
        ("atan2", (0.0, 0.0), {}, [0.0, 0.0]),
        ("pow", (0.0, 2.0), {}, [0.0, 0.0]),
        ("pow", (0.0, 0.0), {}, [0.0, 0.0]),
        ("where", (0.0, 1.0, 2.0), {}, [0.0, 0.0, 1.0]),
        ("prod", ([0.0, 2.0, 3.0],), {}, [[6.0, 0.0, 0.0]]),
        # outside the domain, and at its edge
        ("log", (0.0,), {}, [INF]),
        ("log", (-1.0,), {}, [-1.0]),
        ("reciprocal", (0.0,), {}, [-INF]),
        ("div", (1.0, 0.0), {}, [INF, -INF]),
        ("asin", (1.0,), {}, [INF]),
        ("acos", (-1.0,), {}, [-INF]),
        ("acosh", (1.0,), {}, [INF]),
        ("atanh", (1.0,), {}, [INF]),
        ("asin", (2.0,), {}, [NAN]),
        ("sqrt", (-1.0,), {}, [NAN]),
        ("pow", (-8.0, 1.0 / 3.0), {}, [NAN, NAN]),
        ("exp", (1000.0,), {}, [INF]),
    ],
)
def test_the_stated_outcome(name: Any, values: Any, options: Any, expected: Any) -> None:
    _, gradients = _of(name, *values, **options)
    for wanted, gradient in zip(expected, gradients, strict=True):
        got = 0.0 if gradient is None else gradient
        np.testing.assert_allclose(got, wanted, rtol=1e-15, atol=0.0, equal_nan=True)


@pytest.mark.parametrize(("t", "slope"), [(1.0, -1.0), (-1.0, 1.0)])
def test_hinge_at_the_margin_is_minus_t(t: Any, slope: Any) -> None:
    _, (by_score, _) = _gradients(COMPOSITES["hinge"], 1.0 / t, t)
    assert slope == by_score


@pytest.mark.parametrize(
    "name", ["sigmoid", "softplus", "logsigmoid", "tanh", "silu", "gelu", "mish", "elu", "selu", "erf"]
)
@pytest.mark.parametrize("x", [-1000.0, -40.0, 40.0, 1000.0])
def test_far_out_values_and_slopes_stay_finite(name: Any, x: Any) -> None:
    value, (slope,) = _of(name, x)
    assert math.isfinite(value)
    assert math.isfinite(slope)


@pytest.mark.parametrize("op", [op for op in OPERATIONS.values() if op.kinks], ids=lambda op: op.name)
def test_every_kink_says_what_is_left_right_chosen_and_chosen_by_others(op: Any) -> None:
    for kink in op.kinks:
        assert kink.kind in {"kink", "tie"}
        assert all((kink.place, kink.left, kink.right, kink.chosen, kink.others))
