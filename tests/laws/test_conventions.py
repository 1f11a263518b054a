"""Where a derivative is a matter of convention, and outside the domain: the stated outcome, as a table.

conventions.json holds what PyTorch, JAX and mathematics answered; record_conventions.py, beside it, asked them.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
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
from autograd_explain.pipeline import explain
from tests.laws.one_sided import one_sided

INF, NAN = math.inf, math.nan
RECORDED = json.loads(Path(__file__).with_name("conventions.json").read_text(encoding="utf-8"))["rows"]


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
        ("clip", (1.0, 1.0, 1.0), {}, [1.0, 0.0, 0.0]),
        ("clip", (0.5, 1.0, 1.0), {}, [0.0, 0.0, 0.0]),
        ("ceil", (2.0,), {}, [0.0]),
        ("round", (2.5,), {}, [0.0]),
        ("hardtanh", (1.0,), {}, [0.0]),
        ("hardtanh", (-1.0,), {}, [0.0]),
        ("maximum", (2.0, 2.0), {}, [0.5, 0.5]),
        ("minimum", (2.0, 2.0), {}, [0.5, 0.5]),
        ("max", ([1.0, 3.0, 3.0],), {}, [[0.0, 0.5, 0.5]]),
        ("min", ([1.0, 1.0, 3.0],), {}, [[0.5, 0.5, 0.0]]),
        ("sqrt", (0.0,), {}, [INF]),
        ("norm", ([0.0, 0.0],), {}, [[0.0, 0.0]]),
        ("std", ([2.0, 2.0],), {}, [[0.0, 0.0]]),
        ("std", ([0.1, 0.1, 0.1],), {}, [[0.0, 0.0, 0.0]]),
        ("hypot", (0.0, 0.0), {}, [0.0, 0.0]),
        ("atan2", (0.0, 0.0), {}, [0.0, 0.0]),
        ("pow", (0.0, 2.0), {}, [0.0, 0.0]),
        ("pow", (0.0, 0.0), {}, [0.0, 0.0]),
        ("where", (0.0, 1.0, 2.0), {}, [0.0, 0.0, 1.0]),
        ("prod", ([0.0, 2.0, 3.0],), {}, [[6.0, 0.0, 0.0]]),
        ("cross_entropy", ([0.0, 0.0], 0.0), {}, [[-0.5, 0.5], 0.0]),
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


@pytest.mark.parametrize("size", [1e-250, 1.0, 1e250])
def test_a_length_neither_overflows_nor_vanishes(size: Any) -> None:
    value, (slope,) = _of("norm", [3.0 * size, 4.0 * size])
    assert pytest.approx(5.0 * size, rel=1e-15, abs=0.0) == value
    np.testing.assert_allclose(slope, [0.6, 0.8], rtol=1e-15)
    assert INF == _of("norm", [INF, 1.0])[0]


@pytest.mark.parametrize("op", [op for op in OPERATIONS.values() if op.kinks], ids=lambda op: op.name)
def test_every_kink_says_what_is_left_right_chosen_and_chosen_by_others(op: Any) -> None:
    for kink in op.kinks:
        assert kink.kind in {"kink", "tie"}
        assert all((kink.place, kink.left, kink.right, kink.chosen, kink.others))


def _numbers(value: Any) -> Any:
    """A recorded number or nested list, where what is not finite is a word."""
    return [_numbers(entry) for entry in value] if isinstance(value, list) else float(value)


def _of_row(row: Any) -> Any:
    explanation = explain(row["program"], row["values"])
    return {"value": explanation.value, "gradients": explanation.gradients}


def _same(expected: Any, actual: Any) -> bool:
    pairs = [(expected["value"], actual["value"])]
    pairs += [(expected["gradients"][name], actual["gradients"][name]) for name in expected["gradients"]]
    return all(
        np.shape(wanted) == np.shape(got)
        and np.allclose(np.asarray(_numbers(wanted)), np.asarray(got), rtol=1e-13, atol=1e-15, equal_nan=True)
        for wanted, got in pairs
    )


@pytest.mark.parametrize("row", RECORDED, ids=lambda row: row["case"])
def test_the_answer_is_pytorchs_or_the_row_says_why_not(row: Any) -> None:
    actual = _of_row(row)
    expected = row.get("ours") or row["pytorch"] or row["jax"]
    assert _same(expected, actual), (expected, actual)
    if "apart" in row:
        assert row["apart"]
        assert not _same(row["pytorch"], actual), "the row says why it differs from PyTorch, but it does not"


_ON_NEITHER_SIDE = {
    "sign at 0": "it jumps there: infinitely steep on both sides, flat beyond",
    "clip with equal edges, at them": "the limits leave x no room; PyTorch's choice",
    "where and the slope of the side not taken": "0 times an infinite slope is nan, as in PyTorch: the note says so",
    "x**y at x = 0, y = 0": "0**y jumps there; the slope of its flat part is taken",
    "0**y at y = 0": "the same",
    "atan2 at the origin": "it jumps there, whichever way one goes",
}


def _fits(ours: float, left: float | str | None, right: float | str | None) -> bool:
    """Whether a choice is the derivative where there is one, else between the one-sided ones that there are."""
    sides = [float(side) for side in (left, right) if side is not None]
    slack = 1e-13 * max([abs(side) for side in sides if math.isfinite(side)], default=0.0)
    return not sides or min(sides) - slack <= ours <= max(sides) + slack


@pytest.mark.parametrize("row", RECORDED, ids=lambda row: row["case"])
def test_the_answer_is_the_derivative_or_between_the_one_sided_ones(row: Any) -> None:
    gradients = _of_row(row)["gradients"]
    left, right = (_entries(row["mathematics"][side]) for side in ("left", "right"))
    fits = [_fits(*entry) for entry in zip(_entries(gradients), left, right, strict=True)]
    assert all(fits) == (row["case"] not in _ON_NEITHER_SIDE)


def _entries(gradients: Any) -> list[Any]:
    return [entry for gradient in gradients.values() for entry in np.ravel(np.array(gradient, dtype=object)).tolist()]


def test_the_mathematical_answers_are_those_of_today() -> None:
    for row in RECORDED[::4]:
        found = one_sided(row["program"], row["values"])
        for side, recorded in row["mathematics"].items():
            pairs = zip(_entries(found[side]), _entries(recorded), strict=True)
            assert [None if wanted is None else float(wanted) for _, wanted in pairs] == _entries(found[side])


def test_the_rows_are_told_apart_by_name() -> None:
    names = [row["case"] for row in RECORDED]
    assert sorted(set(names)) == sorted(names)


_SAID = {"0": 0.0, "½": 0.5, "½ each": 0.5, "1": 1.0, "∞": INF, "nan": NAN, "slope": 0.2, "alpha": 0.7,
         "1.7581": 1.7581, "1/(number of ties)": 0.5, "split evenly": 0.5, "¼": 0.25, "1/x": -0.5, "−∞": -INF,
         "∞ for y < 1, 0 for y > 1": INF, "nan by the base, 0 by the exponent": NAN,
         "−∞ by the base, nan by the exponent": -INF}  # fmt: skip
_KINKED = {
    "sign": "sign at 0",
    "floor": "floor at a whole number",
    "ceil": "ceil at a whole number",
    "round": "round goes to even",
    "relu": "relu at 0",
    "leaky_relu": "leaky_relu at 0",
    "elu": "elu at 0",
    "selu": "selu at 0",
    "hardtanh": "hardtanh at 1",
    "abs": "abs at 0",
    "clip, x = lo or x = hi": "clip at its upper edge",
    "clip, x = lo = hi": "clip with equal edges, at them",
    "clip, x < lo = hi, by lo and hi": "clip with equal edges, below them",
    "pow, x = 0 and y is a fraction above 0": "x**y at x = 0, y = 0.5",
    "pow, x = y = 0, by y": "x**y at x = 0, y = 0",
    "pow, x = 0 and y < 0": "x**y at x = 0, y = -1",
    "maximum": "maximum of equals",
    "minimum": "minimum of equals",
    "max": "max with a tie",
    "min": "min with a tie",
    "sqrt": "sqrt at 0",
    "cbrt": "cbrt at 0",
    "asin, x = 1": "asin at 1",
    "asin, x = −1": "asin at -1",
    "acos, x = 1": "acos at 1",
    "acos, x = −1": "acos at -1",
    "acosh": "acosh at 1",
    "norm": "norm of zeros",
    "std": "std of equal entries",
    "hypot": "hypot at the origin",
    "atan2, x = y = 0": "atan2 at the origin",
    "atan2, y = 0 and x < 0": "atan2 on its cut",
}
_KINKS = [(op, kink) for op in OPERATIONS.values() for kink in op.kinks]


def _recorded(op: Any, kink: Any) -> Any:
    """The row of conventions.json that a kink speaks of."""
    name = op.name if len(op.kinks) == 1 else f"{op.name}, {kink.place}"
    return next(row for row in RECORDED if row["case"] == _KINKED[name])


@pytest.mark.parametrize(("op", "kink"), _KINKS, ids=lambda value: getattr(value, "name", None))
def test_a_kink_tells_the_truth_about_other_libraries(op: Any, kink: Any) -> None:
    row = _recorded(op, kink)
    told = {"ours": kink.chosen, **dict(kink.others)}
    assert "JAX" in told, "a row of conventions.json has JAX's answer"
    for library, recorded in {"ours": _of_row(row), "PyTorch": row["pytorch"], "JAX": row["jax"]}.items():
        if library in told and recorded is not None:
            gradients = list(recorded["gradients"].values())
            at_corner = np.ravel(_numbers(_listed(gradients[1 if kink.about == (1, 2) else 0])))
            said = _SAID[told[library]]
            assert np.any(np.isclose(at_corner, said, rtol=1e-4, equal_nan=True)), (library, at_corner, said)


_SIDES_SAID = {"0": 0.0, "1": 1.0, "−1": -1.0, "∞": INF, "−∞": -INF, "slope": 0.2, "alpha": 0.7, "1.7581": 1.7581,
               "1.0507": 1.0507, "−√((1 − 1/n)/(n − ddof))": -0.5, "√((1 − 1/n)/(n − ddof))": 0.5,
               "none (no real value)": None}  # fmt: skip


@pytest.mark.parametrize(
    ("op", "kink"), [(op, kink) for op, kink in _KINKS if not kink.free], ids=lambda value: getattr(value, "name", None)
)
def test_a_kink_tells_the_truth_about_its_two_sides(op: Any, kink: Any) -> None:
    row = _recorded(op, kink)
    for side, said in (("left", kink.left), ("right", kink.right)):
        entries = _entries(row["mathematics"][side])
        told = _SIDES_SAID.get(said, said)
        if isinstance(told, str):
            assert any(word in said for word in ("or", "for", "none"))  # more than one number: which one is no entry
        elif told is None:
            assert None in entries
        else:
            assert any(np.isclose(float(entry), told, rtol=1e-4) for entry in entries if entry is not None)


def _listed(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value


@pytest.mark.parametrize(("op", "kink"), _KINKS, ids=lambda value: getattr(value, "name", None))
def test_a_kink_names_pytorch_where_its_choice_is_another(op: Any, kink: Any) -> None:
    row = _recorded(op, kink)
    differs = row["pytorch"] is None or not _same(row["pytorch"], _of_row(row))
    assert differs == (not kink.as_pytorch)


def test_the_exponents_slope_is_named_as_it_is_elsewhere() -> None:
    at_zero, below = (next(r for r in RECORDED if r["case"] == f"x**y at x = 0, y = {y}") for y in ("0", "-1"))
    assert ["nan", 0.0] == list(at_zero["jax"]["gradients"].values())
    assert ["-inf", "nan"] == list(below["jax"]["gradients"].values())
