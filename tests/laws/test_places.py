"""What a row says besides its rules: its corners, its domain, how steep it gets, its defaults, how much it makes."""

from __future__ import annotations

import dis
import inspect
import itertools
import math
from typing import Any

import mpmath
import numpy as np
import pytest

from autograd_explain import grad, hessian
from autograd_explain.check.algebra import PreciseAlgebra
from autograd_explain.core.op import REALS, REQUIRED
from autograd_explain.core.registry import OPERATIONS
from autograd_explain.errors import DomainError
from autograd_explain.modes.reverse import local_derivative, pass_back
from autograd_explain.ops.losses import COMPOSITES

HALVES = (-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0)
GRIDS = {1: [(x,) for x in (*HALVES, 0.25, math.inf, -math.inf, math.nan)], 2: [*itertools.product(HALVES, HALVES)],
         3: [*itertools.product((0.0, 1.0, 2.0), repeat=3)]}  # fmt: skip
ZERO, WHOLE, ORIGIN, EQUAL = {(0.0,)}, {(x,) for x in HALVES[::2]}, {(0.0, 0.0)}, {(x, x) for x in HALVES}
CORNERS = {
    "sqrt": [ZERO], "cbrt": [ZERO], "sign": [ZERO], "abs": [ZERO], "relu": [ZERO], "leaky_relu": [ZERO], "elu": [ZERO],
    "selu": [ZERO], "hardtanh": [{(-1.0,), (1.0,)}], "floor": [WHOLE], "ceil": [WHOLE],
    "round": [{(x,) for x in HALVES[1::2]}], "hypot": [ORIGIN], "maximum": [EQUAL], "minimum": [EQUAL],
    "asin": [{(1.0,)}, {(-1.0,)}], "acos": [{(1.0,)}, {(-1.0,)}], "acosh": [{(1.0,)}],
    "atan2": [ORIGIN, {(0.0, x) for x in HALVES[:4]}],
    "pow": [{(0.0, 0.5), (0.0, 1.5)}, ORIGIN, {(0.0, y) for y in HALVES[:4]}],
    "clip": [{(0, 0, 1), (0, 0, 2), (1, 1, 2), (1, 0, 1), (2, 0, 2), (2, 1, 2)}, {(0, 0, 0), (1, 1, 1), (2, 2, 2)},
             {(0, 1, 1), (0, 2, 2), (1, 2, 2)}],
}  # fmt: skip
"""For each corner of an operation the points of the grid that lie on it."""
ABOUT = {"pow": [(0,), (1,), (0, 1)], "atan2": [(0, 1), (0,)], "clip": [(0, 1, 2), (0, 1, 2), (1, 2)]}


@pytest.mark.parametrize("name", CORNERS)
def test_corners_are_where_they_are_and_nowhere_else(name: Any) -> None:
    op = OPERATIONS[name]
    grid = GRIDS[len(op.arguments)]
    columns = np.array(grid).T
    options = {option.name: option.default for option in op.options}
    with np.errstate(invalid="ignore"):
        masks = [np.asarray(kink.at(*columns, **options)) for kink in op.kinks]
    assert CORNERS[name] == [{point for point, there in zip(grid, mask, strict=True) if there} for mask in masks]
    positions = range(len(op.arguments))
    choices = [tuple(position for position in positions if kink.concerns(position)) for kink in op.kinks]
    assert ABOUT.get(name, [tuple(positions)] * len(op.kinks)) == choices


@pytest.mark.parametrize("name", [name for name in CORNERS if any(OPERATIONS[name].shown)])
def test_a_shown_form_that_has_a_number_at_a_corner_has_the_rules(name: Any) -> None:
    op = OPERATIONS[name]
    columns = np.array([point for corner in CORNERS[name] for point in corner]).T
    options = {option.name: option.default for option in op.options}
    with np.errstate(all="ignore"):
        out = op.forward(*columns, **options)
    for rule, shown in zip(op.partials, op.shown, strict=True):
        if shown:
            used, read = (local_derivative(form, out, (*columns,), options) for form in (rule, shown))
            assert np.all((used == read) | ~np.isfinite(read)), (used, read)


_TIED, _SPREAD, _ZEROS = np.array([[1.0, 3, 3], [1, 2, 3]]), np.array([[2.0, 2], [1, 3]]), np.array([[0.0, 0], [0, 1]])


@pytest.mark.parametrize(
    ("name", "x", "axis", "expected"),
    [
        ("max", _TIED, None, True), ("max", _TIED, 0, [True, False, True]), ("max", _TIED, 1, [True, False]),
        ("max", _TIED[1], None, False),
        ("min", -_TIED, None, True), ("min", -_TIED, 0, [True, False, True]), ("min", -_TIED, 1, [True, False]),
        ("min", -_TIED[1], None, False),
        ("std", _SPREAD, None, False), ("std", _SPREAD, 0, [False, False]), ("std", _SPREAD, 1, [True, False]),
        ("std", _SPREAD[:1], None, True), ("std", _SPREAD[:, :1], 1, False),
        ("norm", _ZEROS, None, False), ("norm", _ZEROS, 0, [True, False]), ("norm", _ZEROS, 1, [True, False]),
        ("norm", _ZEROS[0], None, True), ("norm", _ZEROS[0, :1], None, True),
        ("norm", np.zeros((2, 0)), 1, [False, False]),
    ],
)  # fmt: skip
def test_corners_of_reductions(name: Any, x: Any, axis: Any, expected: Any) -> None:
    (kink,) = OPERATIONS[name].kinks
    options = {option.name: option.default for option in OPERATIONS[name].options}
    assert expected == np.asarray(kink.at(x, **{**options, "axis": axis})).tolist()


def test_every_corner_is_in_a_table() -> None:
    assert {op.name for op in OPERATIONS.values() if op.kinks} == {*CORNERS, "max", "min", "std", "norm"}


def _is_power(x: Any, y: Any) -> Any:
    """Every power above 0, the whole ones of the rest: also 0**-1, whose value is infinite."""
    return (x > 0) | (y % 1 == 0)


@pytest.mark.parametrize("op", [op for op in OPERATIONS.values() if op.elementwise], ids=lambda op: op.name)
def test_an_operation_is_defined_where_it_has_a_value(op: Any) -> None:
    columns = np.array([point for point in GRIDS[len(op.arguments)] if np.all(np.isfinite(point))]).T
    options = {option.name: option.default for option in op.options}
    with np.errstate(all="ignore"):
        values = op.forward(*columns, **options)
    has_value = _is_power(*columns) if op.name == "pow" else np.isfinite(values)
    inside = op.domain.contains(*columns) if op.domain is not REALS else np.ones(values.shape, dtype=bool)
    assert has_value.tolist() == inside.tolist()


def test_a_probability_is_from_0_to_1() -> None:
    p = np.array([-0.1, 0.0, 0.5, 1.0, 1.1])
    assert [False, True, True, True, False] == OPERATIONS["bce"].domain.contains(p, 1.0).tolist()


def test_one_wrong_class_number_is_enough_and_a_share_of_0_costs_nothing() -> None:
    op = OPERATIONS["cross_entropy"]
    with pytest.raises(DomainError, match="from 0 to 1"):
        op(np.zeros((2, 2)), np.array([0.0, 2.0]))
    assert 0.0 == op(np.array([0.0, -math.inf]), np.array([1.0, 0.0]))


@pytest.mark.parametrize(
    "op", [op for op in OPERATIONS.values() if op.steepest and op.elementwise], ids=lambda op: op.name
)
def test_the_steepest_slope_is_the_steepest(op: Any) -> None:
    x = np.array([*range(-8_000, 8_001), -40_000, 40_000]) / 1000
    options = {option.name: option.default for option in op.options}
    with np.errstate(all="ignore"):
        slopes = local_derivative(op.partials[0], op.forward(x, **options), (x,), options)
    assert pytest.approx(op.steepest, rel=1e-6) == np.max(np.abs(slopes))


def test_the_steepest_slope_of_a_share_is_a_quarter() -> None:
    op, even = OPERATIONS["softmax"], np.zeros(2)
    _, slope = pass_back(op, 0, np.array([1.0, 0.0]), np.full(2, 0.5), (even,), {"axis": -1})
    assert op.steepest == slope[0]


REDUCED = {"axis": None, "keepdims": False}
DEFAULTS = {
    "leaky_relu": {"slope": 0.01}, "elu": {"alpha": 1.0}, "transpose": {"axes": None}, "squeeze": {"axis": None},
    "concat": {"axis": 0}, "stack": {"axis": 0}, "cumsum": {"axis": None}, "product_of_others": {"axis": None},
    "softmax": {"axis": -1}, "log_softmax": {"axis": -1}, "at_largest": {"axis": -1},
    "sum": REDUCED, "mean": REDUCED, "prod": REDUCED, "max": REDUCED, "min": REDUCED, "norm": REDUCED,
    "logsumexp": REDUCED, "var": {**REDUCED, "ddof": 0}, "std": {**REDUCED, "ddof": 0},
}  # fmt: skip


def test_defaults_are_those_that_are_promised() -> None:
    rows = OPERATIONS.values()
    given = {op.name: {o.name: o.default for o in op.options if o.default is not REQUIRED} for op in rows}
    assert DEFAULTS == {name: defaults for name, defaults in given.items() if defaults}
    assert all([*DEFAULTS[name]] == [*defaults] for name, defaults in given.items() if defaults)  # in this order


def test_the_defaults_of_losses_that_are_told_are_those_that_are_taken() -> None:
    assert {"huber"} == {loss.name for loss in COMPOSITES.values() if loss.options}
    for loss in COMPOSITES.values():
        given = inspect.signature(loss.body).parameters.values()
        assert loss.options == tuple((p.name, p.default) for p in given if p.default is not p.empty)


@pytest.mark.parametrize(("delta", "value", "slopes"), [(0.5, 0.875, [0.25, -0.25]), (2.0, 2.25, [0.5, -1.0])])
def test_huber_is_straight_beyond_its_limit(delta: Any, value: Any, slopes: Any) -> None:
    p = np.array([1.0, -3.0])
    assert value == COMPOSITES["huber"](p, 0.0, delta=delta)
    assert slopes == grad(lambda p: COMPOSITES["huber"](p, 0.0, delta=delta))(p).tolist()


BY_OUTPUT = {"exp", "sqrt", "cbrt", "tan", "tanh", "reciprocal", "hypot", "sigmoid", "std", "norm", "logsumexp",
             "softmax", "log_softmax"}  # fmt: skip


def test_what_is_said_to_use_its_output_does() -> None:
    assert BY_OUTPUT == {op.name for op in OPERATIONS.values() if op.uses_output}
    for name in BY_OUTPUT:
        op = OPERATIONS[name]
        rules = [rule for rule in (*op.partials, *op.vjp, *op.shown) if callable(rule)]
        read = [step.argval for rule in rules for step in dis.get_instructions(rule)]  # Python 3.13 reads two at once
        assert any("out" in (each if isinstance(each, tuple) else (each,)) for each in read), name


@pytest.mark.parametrize(("c", "slopes"), [(0.0, [0.0, 1.0]), (2.0, [1.0, 0.0])])
def test_the_shown_form_of_a_choice_is_1_on_the_side_that_is_taken(c: Any, slopes: Any) -> None:
    assert slopes == [form(3.0, c, 3.0, 4.0) for form in OPERATIONS["where"].shown if form]


def test_a_value_that_is_cut_off_is_the_same_to_the_sign_of_zero() -> None:
    x = np.array([0.0, -0.0, 3.0])
    value = OPERATIONS["detach"](x)
    assert x.tobytes() == value.tobytes()
    assert not np.shares_memory(x, value)


EXTREMES = np.array([[0.0, -50.0], [-math.inf, -math.inf], [math.inf, 1.0], [math.inf, math.inf], [-math.inf, 3.0]])


def test_the_logarithm_of_a_sum_is_right_where_entries_are_infinite() -> None:
    op = OPERATIONS["logsumexp"]
    every = op(EXTREMES, axis=1)
    assert [math.log1p(math.exp(-50)), -math.inf, math.inf, math.inf, 3.0] == every.tolist()
    assert every.tolist() == [op(row) for row in EXTREMES]
    assert [1.0, 3.0] == op(np.array([1.0, 3.0]), axis=()).tolist()
    assert (2, 0) == op(_zeros(2, 0, 3)[:, :, :0], axis=()).shape[:2]
    assert [-math.inf] * 2 == op(_zeros(2, 0), axis=1).tolist()


@pytest.mark.parametrize(("shape", "axis"), [((0, 3), 1), ((3, 0), 1), ((3, 0), None), ((2,), ())])
def test_without_other_factors_each_gets_its_upstream(shape: Any, axis: Any) -> None:
    op, x = OPERATIONS["product_of_others"], np.full(shape, math.inf)
    assert np.ones(shape).tolist() == op(x, axis=axis).tolist()
    out = OPERATIONS["prod"](x, axis=axis)
    given = np.cos(1.0 + np.arange(np.size(out))).reshape(np.shape(out))
    _, share = pass_back(OPERATIONS["prod"], 0, given, out, (x,), {"axis": axis, "keepdims": False})
    assert np.broadcast_to(given if axis == () else 0.0, shape).tolist() == share.tolist()
    _, share = pass_back(op, 0, x, x, (x,), {"axis": axis})
    assert np.zeros(shape).tolist() == share.tolist()


def test_a_spread_of_fewer_numbers_than_are_taken_off_is_infinite() -> None:
    assert [math.inf] * 4 == [OPERATIONS[n](np.array([1.0, 3.0]), ddof=d) for n in ("var", "std") for d in (2, 3)]


@pytest.mark.parametrize(("name", "expected"), [("mean", 1.0), ("var", 96.0), ("std", math.sqrt(96.0))])
def test_what_is_divided_by_is_counted_to_the_last(name: Any, expected: Any) -> None:
    x = np.broadcast_to(np.array([97.0, *[0.0] * 96])[:, None], (97, 172_961))  # 2**24 + 1: no number of 32 bits
    assert expected == OPERATIONS[name](x)


def _zeros(*shape: int) -> Any:
    return np.zeros(shape)


TWICE, BOX = np.array([1, 1, 0]), _zeros(2, 3, 4, 5)
MAKES = [
    ("outer", (_zeros(3), _zeros(2)), {}, 6),
    ("broadcast_to", (_zeros(2, 1),), {"shape": (3, 2, 4)}, 24),
    ("concat", (_zeros(2, 3), _zeros(1, 3)), {"axis": 0}, 9),
    ("stack", (_zeros(2, 3), _zeros(2, 3)), {"axis": 0}, 12),
    *(("matmul", (_zeros(*a), _zeros(*b)), {}, size) for a, b, size in (
        ((3,), (3,), 1), ((3,), (3, 4), 4), ((2, 3), (3,), 2), ((2, 3), (3, 4), 8), ((2, 0), (0, 4), 8),
        ((5, 2, 3), (3, 4), 40), ((2, 3), (5, 3, 4), 40), ((5, 1, 2, 3), (6, 3, 4), 240))),
    *(("index", (BOX,), {"key": key}, size) for key, size in (
        ((TWICE,), 180), ((TWICE, ..., slice(None)), 180),
        ((slice(None), TWICE), 120), ((..., TWICE), 72), ((None, TWICE, slice(None)), 180),
        ((TWICE, TWICE[:, None]), 180), ((slice(None), TWICE, TWICE), 30), ((TWICE, ..., TWICE), 36),
        ((slice(None), TWICE, ..., 0), 24))),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "options", "size"), MAKES)
def test_what_an_operation_makes_is_known_before(name: Any, args: Any, options: Any, size: Any) -> None:
    op = OPERATIONS[name]
    assert size == np.size(op.forward(*args, **options))
    assert op.entries is not None
    assert size == op.entries(*args, **options)


def test_a_part_of_an_array_makes_nothing_larger() -> None:
    assert 0 == OPERATIONS["index"].entries(BOX, key=(0, slice(None)))


@pytest.mark.parametrize(
    ("name", "args", "steps"),
    [
        ("erf", (_zeros(7),), 140),
        ("softmax", (_zeros(7),), 3535),
        ("norm", (_zeros(7),), 4285),
        ("var", (_zeros(7),), 4535),
        ("std", (_zeros(7),), 4535),
        ("logsumexp", (_zeros(7),), 6035),
        ("log_softmax", (_zeros(7),), 6035),
        ("cross_entropy", (_zeros(7), 0.0), 8535),
        ("matmul", (_zeros(20, 30), _zeros(30, 40)), 240),
        ("matmul", (_zeros(20, 30), _zeros(30)), 6),
        ("matmul", (_zeros(20, 30), _zeros(2, 30, 40)), 240),
        ("dot", (_zeros(2000), _zeros(2000)), 20),
    ],
)
def test_work_is_counted_as_it_is(name: Any, args: Any, steps: Any) -> None:
    assert steps == OPERATIONS[name].steps(*args)


@pytest.mark.parametrize(("c", "taken"), [(0.0, 4.0), (1.0, 3.0), (2.0, 3.0)])
def test_a_condition_holds_where_it_is_not_0(c: float, taken: float) -> None:
    op = OPERATIONS["where"]
    assert taken == op(c, 3.0, 4.0)
    assert [taken] == op(np.array([c]), 3.0, 4.0).tolist()
    assert taken == float(op.symbolic(PreciseAlgebra(), *map(mpmath.mpf, (c, 3, 4))))


def test_huber_bends_where_there_is_no_distance_too() -> None:
    assert [1.0, 1.0, 0.0] == [hessian(lambda p: COMPOSITES["huber"](p, 0.0))(p) for p in (0.0, 0.5, 5.0)]


def test_huber_is_about_the_distance() -> None:
    assert [0.125, 1.5] == [COMPOSITES["huber"](p, 1.0) for p in (1.5, 3.0)]


def test_a_probability_of_0_costs_100_and_no_more() -> None:
    op = OPERATIONS["bce"]
    assert [100.0, 100.0] == [op(0.0, 1.0), op(1.0, 0.0)]
    assert (None, -1e12) == pass_back(op, 0, 1.0, 100.0, (0.0, 1.0), {})


def test_a_class_number_is_there_for_every_row() -> None:
    with pytest.raises(ValueError, match="one class number"):
        OPERATIONS["cross_entropy"].forward(np.zeros((2, 3)), np.zeros(1))


def test_with_one_class_there_is_nothing_to_lose_and_with_none_nothing_to_choose() -> None:
    assert 0.0 == OPERATIONS["cross_entropy"](np.zeros((3, 1)), np.zeros(3))
    with pytest.raises(DomainError, match="with 0 classes"):
        OPERATIONS["cross_entropy"](np.zeros((3, 0)), np.zeros(3))


@pytest.mark.parametrize(("a", "b"), [((2, 2), (2,)), ((2,), (2, 2))])
def test_outer_takes_two_vectors(a: Any, b: Any) -> None:
    with pytest.raises(ValueError, match="two vectors"):
        OPERATIONS["outer"].forward(_zeros(*a), _zeros(*b))


def test_numbers_are_stacked_along_the_one_axis_there_is() -> None:
    with pytest.raises(np.exceptions.AxisError):
        OPERATIONS["stack"].forward(1.0, 2.0, axis=1)


def test_a_part_that_is_joined_to_nothing_gets_all_of_its_gradient() -> None:
    assert [2.0, 2.0] == grad(lambda x: OPERATIONS["sum"](OPERATIONS["concat"]([x]) * 2.0))(np.ones(2)).tolist()
