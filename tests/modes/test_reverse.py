"""The reverse sweep: totals, contributions, and what happens on long, mixed and non-finite tapes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_explain import functions as F  # noqa: N812 - as users write it
from autograd_explain.core.op import Op
from autograd_explain.core.registry import OPERATIONS
from autograd_explain.core.tape import Tape
from autograd_explain.core.var import leaf
from autograd_explain.errors import ShapeError
from autograd_explain.modes.records import Sweep
from autograd_explain.modes.reverse import local_derivative, pass_back, reverse, steps

SIZES = [(), (1,), (3,), (1, 1), (1, 3), (2, 1), (2, 3), (4, 1, 3), (4, 2, 1), (1, 2, 3)]


def fits(left: tuple[int, ...], right: tuple[int, ...]) -> bool:
    try:
        np.broadcast_shapes(left, right)
    except ValueError:
        return False
    return True


PAIRS = [(left, right) for left, right in itertools.product(SIZES, SIZES) if fits(left, right)]


def swept(function: Callable[..., Any], *values: Any, tracked: tuple[bool, ...] = (), upstream: Any = None) -> Sweep:
    tape = Tape()
    flags = tracked or (True,) * len(values)
    inputs = [leaf(tape, f"x{i}", v, tracked=t) for i, (v, t) in enumerate(zip(values, flags, strict=True))]
    return reverse(tape, function(*inputs), upstream)


def sample(shape: tuple[int, ...], seed: int) -> Any:
    numbers = np.random.default_rng(seed).uniform(0.5, 2.0, shape)
    return float(numbers) if shape == () else numbers


def test_the_example_by_hand() -> None:
    sweep = swept(lambda w, x, b: (1 - F.sigmoid(w * x + b)) ** 2, 3.0, 2.0, 1.0)
    s = 1 / (1 + math.exp(-7))
    slope = -2 * (1 - s) * s * (1 - s)
    assert sweep.gradients[:3] == pytest.approx([2 * slope, 3 * slope, slope], rel=1e-12)


def test_every_use_of_a_value_adds_to_its_total() -> None:
    sweep = swept(lambda x: x * x + x, 3.0)
    parts = [part for step in steps(sweep) for part in step.parts if part.target.index == 0]
    assert [1.0, 3.0, 3.0] == [part.contribution for part in parts]
    assert [0.0, 1.0, 4.0] == [part.before for part in parts]
    assert [1.0, 4.0, 7.0] == [part.after for part in parts]
    assert 7.0 == sweep.gradients[0]


def tangle(a: Any, b: Any) -> Any:
    """Every value is used several times, by rules of every kind."""
    c = F.tanh(a * b) + a / b - F.exp(-a) * b
    d = F.leaky_relu(c - a, 0.2) + F.where(c > b, c, b * b) + F.maximum(a, c)
    return F.log(d * d + 1) * c + F.logsumexp(F.stack([c + 0 * a, d, a + 0 * d]))


@pytest.mark.parametrize("shape", SIZES)
def test_totals_are_exactly_the_sums_of_the_parts(shape: tuple[int, ...]) -> None:
    sweep = swept(tangle, sample(shape, 1), sample((), 2))
    last: dict[int, Any] = {}
    for step in steps(sweep):
        np.testing.assert_array_equal(sweep.gradients[step.node.index], step.upstream)
        for part in step.parts:
            np.testing.assert_array_equal(part.before + part.contribution, part.after)
            np.testing.assert_array_equal(last.get(part.target.index, 0.0 * part.target.value), part.before)
            assert part.target.shape == np.shape(part.contribution) == np.shape(part.after)
            last[part.target.index] = part.after
    for index, total in last.items():
        np.testing.assert_array_equal(total, sweep.gradients[index])


def test_steps_read_every_contribution_once() -> None:
    sweep = swept(tangle, 1.25, 0.75)
    read = [part.contribution for step in steps(sweep) for part in step.parts]
    assert sweep.contributions == read
    numbers = [step.number for step in steps(sweep)]
    assert list(range(1, len(numbers) + 1)) == numbers


@pytest.mark.parametrize(("left", "right"), PAIRS, ids=str)
@pytest.mark.parametrize("operation", [lambda a, b: a * b, lambda a, b: a / b, lambda a, b: a**b], ids=["*", "/", "**"])
def test_stretched_axes_are_summed(operation: Any, left: tuple[int, ...], right: tuple[int, ...]) -> None:
    a, b = sample(left, 1), sample(right, 2)
    upstream = sample(np.broadcast_shapes(left, right), 3)
    sweep = swept(operation, a, b, upstream=upstream)
    for place, value in enumerate((a, b)):
        assert np.shape(value) == np.shape(sweep.gradients[place])
        expected = differences(operation, (a, b), place, upstream)
        np.testing.assert_allclose(sweep.gradients[place], expected, rtol=1e-6, atol=1e-7)


def differences(operation: Any, values: tuple[Any, Any], place: int, upstream: Any) -> Any:
    """The gradient of sum(upstream * operation) by central differences."""
    step = 1e-6
    out = np.zeros(np.shape(values[place]))
    for index in np.ndindex(out.shape):
        moved = [np.array(value, dtype=float) for value in values]
        moved[place][index] += step
        above = np.sum(upstream * operation(*moved))
        moved[place][index] -= 2 * step
        out[index] = (above - np.sum(upstream * operation(*moved))) / (2 * step)
    return out


def test_untracked_parts_are_not_differentiated() -> None:
    sweep = swept(lambda x, n: x**n, -2.0, 2.0, tracked=(True, False))
    assert [-4.0, None] == sweep.gradients[:2]
    assert [-4.0] == sweep.contributions


def test_a_value_that_does_not_reach_the_result_has_no_gradient() -> None:
    sweep = swept(lambda x, y: (y * y, x * 2)[1], 3.0, 4.0)
    assert [2.0, None] == sweep.gradients[:2]
    assert len(sweep.tape.nodes) == len(sweep.gradients)


def test_what_was_recorded_after_the_result_is_left_out() -> None:
    tape = Tape()
    x = leaf(tape, "x", 3.0, tracked=True)
    result = x * x
    later = result * x
    sweep = reverse(tape, result)
    assert 6.0 == sweep.gradients[0]
    assert None is sweep.gradients[later.index]


def test_a_result_that_is_an_input_gets_the_seed() -> None:
    assert [1.0] == swept(lambda x: x, 3.0).gradients
    assert [] == list(steps(swept(lambda x: x, 3.0)))


def test_an_untracked_result_has_no_gradients() -> None:
    assert {None} == set(swept(lambda x: x * x, 3.0, tracked=(False,)).gradients)


def test_the_seed_is_ones_or_what_was_given() -> None:
    x = np.array([1.0, 2.0])
    assert [2.0, 4.0] == swept(lambda x: x * x, x).gradients[0].tolist()
    assert [20.0, -4.0] == swept(lambda x: x * x, x, upstream=[10, -1]).gradients[0].tolist()
    with pytest.raises(ShapeError, match="shape"):
        swept(lambda x: x * x, x, upstream=[1, 2, 3])


def test_a_chain_of_100_000_is_swept_without_recursion() -> None:
    def chain(x: Any, w: Any) -> Any:
        for _ in range(50_000):
            x = x * w + 1e-6
        return x

    sweep = swept(chain, 1.0, 0.99999)
    assert 100_000 < len(sweep.tape.nodes)
    assert sweep.gradients[0] == pytest.approx(0.99999**50_000, rel=1e-9)
    assert 100_000 == sum(1 for _ in steps(sweep))


@pytest.mark.parametrize(
    ("function", "x", "expected"),
    [
        (F.exp, 1000.0, math.inf),
        (F.log, 0.0, math.inf),
        (lambda x: 1 / x, 0.0, -math.inf),
        (lambda x: x ** (1 / 3), -8.0, math.nan),
        (lambda x: x**-1, 0.0, -math.inf),
        (F.sqrt, 0.0, math.inf),
        (lambda x: x**0, 0.0, 0.0),
        (F.cosh, 1000.0, math.inf),
        (F.tanh, 1000.0, 0.0),
        (F.sigmoid, -1000.0, 0.0),
    ],
    ids=["exp", "log", "1/x", "root", "x**-1", "sqrt", "x**0", "cosh", "tanh", "sigmoid"],
)
def test_scalars_have_the_ieee_gradients_that_arrays_have(function: Any, x: float, expected: float) -> None:
    scalar = swept(function, x).gradients[0]
    array = swept(function, np.array([x])).gradients[0]
    assert float is type(scalar)
    np.testing.assert_equal(scalar, expected)
    np.testing.assert_equal(array, [expected])


@pytest.mark.parametrize(
    "function", [F.relu, F.sigmoid, lambda x: x * x, lambda x: x**3, lambda x: F.where(x > 0, x, 2)]
)
def test_gradients_of_numbers_are_floats(function: Any) -> None:
    sweep = swept(function, 1.5)
    assert {float} == {type(g) for g in sweep.gradients if g is not None} == {type(c) for c in sweep.contributions}


@pytest.mark.parametrize(
    ("rule", "out", "value", "expected"),
    [
        (None, 1.0, 0.0, 0.0),
        (lambda out, x: 1 / x, math.inf, 0.0, math.inf),
        (lambda out, x: x > 1, 2.0, 2.0, 1.0),
        (lambda out, x: 1 / x, np.ones(2), np.array([0.0, 2.0]), [math.inf, 0.5]),
        (lambda out, x: 2, np.ones(2), np.ones(2), 2.0),
    ],
)
def test_a_local_derivative_is_a_float_or_an_array(rule: Any, out: Any, value: Any, expected: Any) -> None:
    local = local_derivative(rule, out, (value,), {})
    assert type(local) in {float, np.ndarray}
    assert expected == (local if type(local) is float else local.tolist())


def test_totals_that_are_no_numbers_are_told_without_a_warning() -> None:
    tape = Tape()
    x = leaf(tape, "x", np.array([0.0, 1.0]), tracked=True)
    sweep = reverse(tape, F.sum(1 / x - 1 / x))
    assert [math.nan, 0.0] == pytest.approx(sweep.gradients[x.index].tolist(), nan_ok=True)
    assert [1, 2, 3, 4] == [step.number for step in steps(sweep)]


def test_neither_inputs_nor_upstream_are_modified() -> None:
    a, b, upstream = np.array([1.0, 2.0]), np.array([[3.0], [4.0]]), np.ones((2, 2))
    before = [v.copy() for v in (a, b, upstream)]
    sweep = swept(lambda a, b: a * b + a - b, a, b, upstream=upstream)
    sweep.gradients[0] += 100.0
    for kept, value in zip(before, (a, b, upstream), strict=True):
        np.testing.assert_array_equal(kept, value)


def test_totals_of_different_values_do_not_share_memory() -> None:
    sweep = swept(lambda a, b: a + b, np.array([1.0]), np.array([2.0]))
    totals = [total for total in sweep.gradients if total is not None]
    assert not any(np.shares_memory(a, b) for a, b in itertools.combinations(totals, 2))


def test_a_sweep_records_nothing() -> None:
    tape = Tape()
    x = leaf(tape, "x", 2.0, tracked=True)
    out = F.tanh(x * x) ** x
    before = (len(tape.nodes), list(tape.branches))
    list(steps(reverse(tape, out)))
    assert before == (len(tape.nodes), tape.branches)


@pytest.mark.parametrize("call", ["std(x)", "norm(x)"])
def test_a_reduction_of_one_number_at_its_corner_passes_zero(call: str) -> None:
    from autograd_explain import explain

    assert {"x": 0.0} == explain(call, x=0.0).gradients


def test_an_argument_that_a_rule_hands_nothing_gets_zeros() -> None:
    op, x = OPERATIONS["at_largest"], np.array([1.0, 2.0])
    local, share = pass_back(op, 1, np.ones(1), np.array([2.0]), (x, x), {"axis": -1})
    assert local is None
    assert [0.0, 0.0] == share.tolist()


def test_a_rule_of_arrays_that_python_refuses_on_numbers_has_the_ieee_answer() -> None:
    op = Op("halved", ("x",), lambda x: x / 2, vjp=(lambda upstream, out, x: upstream / x,))
    assert (None, math.inf) == pass_back(op, 0, 1.0, 0.0, (0.0,), {})


def test_a_rule_that_leaves_the_real_numbers_leaves_unreached_values_alone() -> None:
    sweep = swept(lambda x: (F.sin(x), (x * 1.0) ** (1 / 3))[1], -8.0)
    assert math.isnan(sweep.gradients[0])


def test_of_minus_zero_alone_a_total_is_zero() -> None:
    sweep = swept(lambda x: x * 3.0, 2.0, upstream=-0.0)
    (step,) = steps(sweep)
    assert [1.0, 1.0] == [math.copysign(1.0, number) for number in (step.upstream, step.parts[0].after)]
