"""The backward pass as a recording: its numbers are the sweep's, and walking back over it gives second derivatives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import autograd_explain.ops  # noqa: F401 - fills the table
from autograd_explain import functions as F  # noqa: N812 - as users write it
from autograd_explain.check.laws import own_samples
from autograd_explain.core.op import Op
from autograd_explain.core.registry import OPERATIONS
from autograd_explain.core.tape import Tape
from autograd_explain.core.var import Var, leaf
from autograd_explain.errors import ShapeError
from autograd_explain.modes.higher import recorded_gradients
from autograd_explain.modes.reverse import reverse
from tests.laws.test_laws import SAMPLES

STEP = 1e-5
CLOSE = 2e-6
_FEW = 5
_NO_SLOPE = {"eq", "ge", "gt", "le", "lt", "ne", "detach"}


def _value(number: Any) -> Any:
    return float(number) if np.ndim(number) == 0 else np.asarray(number, dtype=float)


def _differentiable(op: Op) -> list[int]:
    rules = op.partials or (op.vjp if not op.variadic else ())
    return [i for i, rule in enumerate(rules) if rule is not None and not isinstance(rule, float)]


def _recorded(op: Op, args: Any, options: Any, at: list[int], weights: Any) -> tuple[Tape, list[Var], list[Any]]:
    """The inputs and the recorded gradient of Σ weights·op(args) by those at the given places."""
    tape = Tape()
    inputs = [leaf(tape, f"x{i}", _value(arg), tracked=i in at) for i, arg in enumerate(args)]
    out = op((inputs), **options) if op.variadic else op(*inputs, **options)
    result = F.sum(out * weights) if out.shape else out * float(weights)
    return tape, inputs, recorded_gradients(tape, result, [inputs[i] for i in at])


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Var) else value


def _paired(gradients: list[Any], along: list[Any]) -> Any:
    """Σ gradients·along: the slope of the result in one direction."""
    total: Any = 0.0
    for gradient, row in zip(gradients, along, strict=True):
        product = gradient * row
        total = total + (F.sum(product) if np.shape(_plain(product)) else product)
    return total


def _second(op: Op, args: Any, options: Any, at: list[int], weights: Any, along: list[Any]) -> list[Any]:
    tape, inputs, gradients = _recorded(op, args, options, at, weights)
    slope = _paired(gradients, along)
    if not isinstance(slope, Var):
        return [np.zeros(np.shape(args[i])) for i in at]
    found = reverse(tape, slope).gradients
    return [np.zeros(np.shape(args[i])) if found[inputs[i].index] is None else found[inputs[i].index] for i in at]


def _difference(op: Op, args: Any, options: Any, at: list[int], weights: Any, along: list[Any]) -> list[Any]:
    """The gradient's own change along the direction: by symmetry the same as the second derivative."""
    sides = []
    for step in (STEP, -STEP):
        moved = [_value(arg) for arg in args]
        for i, row in zip(at, along, strict=True):
            moved[i] = _value(moved[i] + step * row)
        sides.append([_plain(g) for g in _recorded(op, moved, options, at, weights)[2]])
    return [(a - b) / (2 * STEP) for a, b in zip(*sides, strict=True)]


def _near(args: Any) -> bool:
    return all(bool(np.all((np.abs(arg) < 10) & (np.abs(arg) > 1e-3))) for arg in args)


def _cases() -> list[Any]:
    cases = []
    for op in OPERATIONS.values():
        if not op.differentiable or not (_differentiable(op) or op.variadic):
            continue
        samples = SAMPLES.get(op.name) or list(own_samples(op))
        samples = [sample for sample in samples if _near(sample[0]) or op.name in SAMPLES]
        samples = [(a, o) for a, o in samples if not any(np.any(kink.at(*a, **o)) for kink in op.kinks)]
        samples = [(a, o) for a, o in samples if all(np.all(np.abs(part) < 10) for part in a)]
        cases += [pytest.param(op, *sample, id=f"{op.name}-{n}") for n, sample in enumerate(samples[-_FEW:])]
    return cases


@pytest.mark.parametrize(("op", "args", "options"), _cases())
def test_the_second_derivative_is_the_change_of_the_gradient(op: Op, args: Any, options: Any) -> None:
    random = np.random.default_rng(4)
    at = list(range(len(args))) if op.variadic else _differentiable(op)
    if op.name == "cross_entropy" and np.ndim(args[1]) < np.ndim(args[0]):
        at = [0]
    out = op.forward(*map(np.asarray, args), **options)
    weights = _value(random.uniform(0.5, 1.5, np.shape(out)))
    along = [_value(random.uniform(-1, 1, np.shape(args[i]))) for i in at]
    with np.errstate(all="ignore"):
        expected = _difference(op, args, options, at, weights, along)
        actual = _second(op, args, options, at, weights, along)
    for says, found in zip(expected, actual, strict=True):
        assert np.shape(says) == np.shape(found)
        np.testing.assert_allclose(found, says, rtol=CLOSE * 10, atol=CLOSE * max(1.0, float(np.max(np.abs(says)))))


@pytest.mark.parametrize("axis", [None, 0, 1, (0, 2), ()])
def test_the_second_derivative_of_a_product_along_an_axis(axis: Any) -> None:
    x = np.random.default_rng(5).uniform(0.5, 1.5, (2, 3, 2))
    test_the_second_derivative_is_the_change_of_the_gradient(
        OPERATIONS["prod"], (x,), {"axis": axis, "keepdims": False}
    )


def test_every_operation_with_a_slope_is_tried() -> None:
    tried = {case.values[0].name for case in _cases()}
    rows = OPERATIONS.values()
    silent = {op.name for op in rows if not op.differentiable or not (_differentiable(op) or op.variadic)}
    assert set(OPERATIONS) - tried - silent == set()
    assert silent >= _NO_SLOPE


def _run(function: Any, **values: Any) -> tuple[Tape, Var, dict[str, Var]]:
    tape = Tape()
    inputs = {name: leaf(tape, name, _value(value), tracked=True) for name, value in values.items()}
    return tape, function(**inputs), inputs


@pytest.mark.parametrize(
    ("program", "x", "b"),
    [
        (lambda w, x, b: F.sum(F.tanh(w @ x + b) ** 2) * F.sigmoid(b), [0.3, -0.7], 0.2),
        (lambda w, x, b: F.sum(F.tanh(w * x - b) ** 2 / (w * b)), [0.3, -0.7], [[0.2], [-0.4]]),
    ],
)
def test_the_recorded_gradients_are_the_sweeps(program: Any, x: Any, b: Any) -> None:
    tape, result, inputs = _run(program, w=[[1.0, -2.0], [0.5, 3.0]], x=x, b=b)
    sweep = reverse(tape, result).gradients
    for gradient, node in zip(recorded_gradients(tape, result, list(inputs.values())), inputs.values(), strict=True):
        np.testing.assert_allclose(gradient.value, sweep[node.index], rtol=1e-15)


def test_a_constant_gradient_stays_a_plain_number_and_leaves_no_row() -> None:
    tape, result, inputs = _run(lambda x: 3 * x + 1, x=2.0)
    before = len(tape.nodes)
    assert [3.0] == recorded_gradients(tape, result, [inputs["x"]])
    assert before == len(tape.nodes)


def test_without_a_path_the_gradient_is_zeros() -> None:
    tape, result, inputs = _run(lambda x, y: x * x, x=2.0, y=[1.0, 2.0])
    _, silent = recorded_gradients(tape, result, [inputs["x"], inputs["y"]])
    np.testing.assert_array_equal([0.0, 0.0], silent)


def test_a_seed_of_ones_leaves_no_multiplication() -> None:
    tape, result, inputs = _run(lambda x: F.sin(+x), x=0.5)
    before = len(tape.nodes)
    (slope,) = recorded_gradients(tape, result, [inputs["x"]])
    assert ["cos"] == [node.op.name for node in tape.nodes[before:]]
    assert math.cos(0.5) == slope.value


def test_a_sign_leaves_no_multiplication() -> None:
    tape, result, inputs = _run(lambda x, y: (x - y) * x, x=0.5, y=2.0)
    before = len(tape.nodes)
    (slope,) = recorded_gradients(tape, result, [inputs["y"]])
    assert (["neg"], -0.5) == ([node.op.name for node in tape.nodes[before:]], slope.value)


def test_by_an_inner_value_and_with_an_upstream() -> None:
    tape, result, inputs = _run(lambda x: (x * x) * 3, x=[1.0, 2.0])
    inner = tape.nodes[result.index].inputs[0]
    (by_inner,) = recorded_gradients(tape, result, [inner], upstream=[1.0, 10.0])
    np.testing.assert_array_equal([3.0, 30.0], _plain(by_inner))
    (by_x,) = recorded_gradients(tape, result, [inputs["x"]], upstream=inputs["x"])
    np.testing.assert_array_equal([6.0, 24.0], by_x.value)


def test_an_upstream_of_another_shape_is_refused() -> None:
    tape, result, inputs = _run(lambda x: x * x, x=[1.0, 2.0])
    with pytest.raises(ShapeError, match="upstream has shape"):
        recorded_gradients(tape, result, [inputs["x"]], upstream=1.0)


def test_infinite_slopes_of_plain_numbers_are_ieee() -> None:
    tape, result, inputs = _run(lambda x: x / 0.0, x=2.0)
    assert [math.inf] == recorded_gradients(tape, result, [inputs["x"]])


@pytest.mark.parametrize(
    "x", [[1.0, 2.0, 3.0], [0.0, 2.0, 3.0], [0.0, 0.0, 3.0], [0.0, 0.0, 0.0]], ids=["none", "one", "two", "three"]
)
def test_the_second_derivative_of_a_product_holds_where_factors_are_zero(x: list[float]) -> None:
    tape, result, inputs = _run(lambda x: F.prod(+x), x=x)
    (gradient,) = recorded_gradients(tape, result, [inputs["x"]])
    rows = []
    for i in range(3):
        found = reverse(tape, gradient[i]).gradients[inputs["x"].index]
        rows.append(found)
    third = {(0, 1): x[2], (0, 2): x[1], (1, 2): x[0]}
    expected = [[0.0 if i == j else third[min(i, j), max(i, j)] for j in range(3)] for i in range(3)]
    np.testing.assert_array_equal(expected, rows)


def test_a_recording_with_a_gradient_in_it_is_recorded_anew_for_other_values() -> None:
    tape = Tape()
    x = leaf(tape, "x", 2.0, tracked=True)
    recorded_gradients(tape, x * x, [x])
    assert tape.once


def test_what_is_recorded_right_after_the_value_gets_nothing() -> None:
    tape = Tape()
    x = leaf(tape, "x", 2.0, tracked=True)
    y = x * x
    z = -y
    assert [0.0, 4.0] == [_plain(found) for found in recorded_gradients(tape, y, [z, x])]


def test_a_condition_gets_0_and_not_nothing() -> None:
    tape = Tape()
    c, x = leaf(tape, "c", 1.0, tracked=True), leaf(tape, "x", 3.0, tracked=True)
    out = F.where(c * 1.0, x, 2.0 * x)
    assert [0.0, 1.0] == [_plain(found) for found in recorded_gradients(tape, out, [c, x])]


def test_an_upstream_of_which_some_is_1_is_still_a_factor() -> None:
    tape = Tape()
    v = leaf(tape, "v", np.array([0.5, 2.0]), tracked=True)
    (found,) = recorded_gradients(tape, F.sin(v), [v], np.array([1.0, 3.0]))
    assert [math.cos(0.5), 3.0 * math.cos(2.0)] == _plain(found).tolist()
