"""Recording: what operators leave on the tape, in which order, and on which tape."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from autograd_explain import explain
from autograd_explain import functions as F  # noqa: N812 - as users write it
from autograd_explain.core.notation import Call
from autograd_explain.core.op import Op, silenced
from autograd_explain.core.tape import Tape
from autograd_explain.core.var import CONSTANT, INPUT, Var, constant, leaf
from autograd_explain.errors import ExplainError

INF = math.inf


def names(tape: Tape) -> list[str]:
    return [node.op.name for node in tape.nodes]


def test_operations_are_recorded_in_the_order_they_run() -> None:
    tape = Tape()
    w, x, b = (leaf(tape, name, value, tracked=True) for name, value in (("w", 3.0), ("x", 2.0), ("b", 1.0)))
    out = F.sigmoid(w * x + b)
    assert ["input", "input", "input", "mul", "add", "sigmoid"] == names(tape)
    assert list(range(6)) == [node.index for node in tape.nodes]
    assert (6.0, 7.0) == (tape.nodes[3].value, tape.nodes[4].value)
    assert out is tape.nodes[-1]
    assert {0: "w", 1: "x", 2: "b"} == tape.names


def test_an_operation_follows_its_inputs_on_the_tape() -> None:
    tape = Tape()
    x = leaf(tape, "x", np.array([1.0, 2.0]), tracked=True)
    F.sum(F.where(x > 1.5, 2 * x, -x) / F.norm(x))
    assert all(argument.index < node.index for node in tape.nodes for argument in node.inputs)
    assert all(node.tape is tape and tape.nodes[node.index] is node for node in tape.nodes)


@pytest.mark.parametrize("value", [1.5, np.array([1.5, 2.5])], ids=["number", "array"])
def test_inputs_tells_the_arguments_in_order_whatever_their_number(value: Any) -> None:
    tape = Tape()
    x = leaf(tape, "x", value, tracked=True)
    y = leaf(tape, "y", value, tracked=True)
    assert () == x.inputs
    assert (x,) == F.exp(x).inputs
    assert (x,) == F.leaky_relu(x, 0.1).inputs
    assert (x,) == F.sum(x).inputs
    assert (x, y) == (x - y).inputs
    assert (y, x) == F.maximum(y, x).inputs
    assert (y, x, y) == F.where(y, x, y).inputs
    assert (x, y, x) == F.stack([x, y, x]).inputs


def test_a_number_on_either_side_becomes_a_constant() -> None:
    tape = Tape()
    x = leaf(tape, "x", 4.0, tracked=True)
    results = [x - 1, 1 - x, x / 2, 2 / x, x**2, 2**x]
    assert [3.0, -3.0, 2.0, 0.5, 16.0, 16.0] == [node.value for node in results]
    assert {INPUT.name, CONSTANT.name, "sub", "div", "pow"} == set(names(tape))
    assert all(not node.tracked for node in tape.nodes if node.op is CONSTANT)


def test_a_constant_written_once_is_recorded_once() -> None:
    tape = Tape()
    assert constant(tape, 2.0, "here") is constant(tape, 2.0, "here")
    assert constant(tape, 2.0, "here") is not constant(tape, 2.0, "there")
    assert constant(tape, 2.0, "here") is not constant(tape, 3.0, "here")


def test_zero_keeps_its_sign() -> None:
    tape = Tape()
    signs = [math.copysign(1.0, constant(tape, value).value) for value in (0.0, -0.0, 0.0)]
    assert [1.0, -1.0, 1.0] == signs


def test_the_place_in_the_program_is_kept() -> None:
    tape = Tape()
    x = leaf(tape, "x", 2.0, tracked=True)
    sites = []
    for tape.site in ("first", "second"):
        sites += [(x * x).site, F.exp(x).site, F.sum(x).site]
    assert ["first"] * 3 + ["second"] * 3 == sites


def test_tracking_follows_the_inputs() -> None:
    tape = Tape()
    x = leaf(tape, "x", 2.0, tracked=True)
    c = leaf(tape, "c", 2.0, tracked=False)
    assert [True, True, False] == [(x * c).tracked, (c * x).tracked, (c * c).tracked]
    assert [True, False] == [F.exp(x).tracked, F.exp(c).tracked]
    assert [False, False] == [(x > 1).tracked, F.detach(x).tracked]


def test_options_are_kept_beside_the_tape() -> None:
    tape = Tape()
    x = leaf(tape, "x", np.ones((2, 3)), tracked=True)
    out = F.sum(x, axis=0)
    assert {out.index: {"axis": 0, "keepdims": False}} == tape.options


@pytest.mark.parametrize(
    "mix",
    [lambda x, y: x + y, lambda x, y: y * x, F.maximum, lambda x, y: F.stack([x, y])],
    ids=["add", "mul", "maximum", "stack"],
)
def test_values_of_two_runs_do_not_mix(mix: Any) -> None:
    x = leaf(Tape(), "x", 1.0, tracked=True)
    y = leaf(Tape(), "y", 1.0, tracked=True)
    with pytest.raises(ExplainError, match="different runs") as caught:
        mix(x, y)
    assert ".value" in caught.value.hint
    assert 1 == len(x.tape.nodes) == len(y.tape.nodes)


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (lambda x: F.exp(x * 1000), INF),
        (lambda x: F.log(x * 0), -INF),
        (lambda x: F.log(-x), math.nan),
        (lambda x: x / (x - x), INF),
        (lambda x: (x - x) / (x - x), math.nan),
        (lambda x: (-8 * x) ** (1 / 3), math.nan),
        (lambda x: (10 * x) ** 400, INF),
        (lambda x: (x - x) ** -1, INF),
        (lambda x: F.sqrt(-x), math.nan),
        (lambda x: F.cosh(x * 1000), INF),
        (lambda x: F.sigmoid(x * -1000), 0.0),
    ],
    ids=["exp", "log 0", "log -1", "1/0", "0/0", "root of -8", "power", "0**-1", "sqrt", "cosh", "sigmoid"],
)
def test_scalars_have_the_ieee_results_that_arrays_have(run: Any, expected: float) -> None:
    scalar = run(leaf(Tape(), "x", 1.0, tracked=True)).value
    array = run(leaf(Tape(), "x", np.array([1.0]), tracked=True)).value
    assert float is type(scalar)
    np.testing.assert_equal(scalar, expected)
    np.testing.assert_equal(array, [expected])


def test_numbers_stay_floats_and_arrays_stay_arrays() -> None:
    tape = Tape()
    number = leaf(tape, "x", 2.0, tracked=True)
    array = leaf(tape, "a", np.array([1, 2]), tracked=True)
    assert {float} == {type(v.value) for v in (number + 1, number * number, F.relu(number), F.sum(array), -number)}
    assert {np.dtype(np.float64)} == {v.value.dtype for v in (array, array + 1, array * number, F.relu(array), -array)}


def test_an_operation_without_a_form_for_floats_records_them_all_the_same() -> None:
    def symbolic(sp: Any, *args: Any) -> Any:
        return args

    one = Op("one", ("x",), np.sinc, symbolic, Call("one"), "test", "", partials=(1.0,))
    x = leaf(Tape(), "x", 0.0, tracked=True)
    assert 1.0 == one(x).value
    assert float is type(one(x).value)


def test_inputs_are_copied() -> None:
    given = np.array([1.0, 2.0])
    x = leaf(Tape(), "x", given, tracked=True)
    given[0] = 100.0
    assert [1.0, 2.0] == x.value.tolist()


def test_asking_a_value_for_its_truth_records_a_branch() -> None:
    tape = Tape()
    x = leaf(tape, "x", 2.0, tracked=True)
    condition = x > 1
    assert condition
    assert [(condition.index, True)] == [(branch.node, branch.taken) for branch in tape.branches]


def test_only_asking_records_a_branch() -> None:
    tape = Tape()
    x = leaf(tape, "x", 2.0, tracked=True)
    F.relu(x * x + 1) - F.where(x, x, 0)
    assert [] == tape.branches


def test_equality_is_an_operation_and_identity_still_hashes() -> None:
    tape = Tape()
    x = leaf(tape, "x", 2.0, tracked=True)
    assert isinstance(x == 2.0, Var)
    assert {x: "kept"}[x] == "kept"


def test_arithmetic_is_silent_with_a_run_around_it_and_without() -> None:
    x = np.array([1000.0, -1.0])
    assert [math.inf, math.exp(-1.0)] == list(F.exp(x))  # a warning would be an error here
    assert [math.inf, math.exp(-1.0)] == list(explain("exp(x)", x=x).value)
    assert [math.inf, math.exp(-1.0)] == list(F.exp(leaf(Tape(), "x", x, tracked=True)).value)
    with pytest.warns(RuntimeWarning, match="overflow"):
        np.exp(x)  # what is done outside is not touched
    with silenced():
        assert math.isinf(np.exp(x)[0])


def test_abs_is_an_operation_of_recorded_values() -> None:
    x = leaf(Tape(), "x", -3.0, tracked=True)
    made = abs(x)
    assert (3.0, "abs", (x,)) == (made.value, made.op.name, made.inputs)


def test_a_list_times_a_matrix_is_the_product_in_that_order() -> None:
    x = leaf(Tape(), "x", np.array([1.0, 2.0]), tracked=True)
    assert [5.0, 11.0] == ([[1.0, 2.0], [3.0, 4.0]] @ x).value.tolist()


def test_a_recorded_value_in_an_index_is_noted_as_read() -> None:
    tape = Tape()
    v, k = leaf(tape, "v", np.array([1.0, 2.0]), tracked=True), leaf(tape, "k", 1.0, tracked=False)
    assert 2.0 == v[k].value
    assert {k.index} == tape.reads


@pytest.mark.parametrize("key", [0.7, [0.0, 0.7], np.array([0.5]), math.nan, [math.nan, 1.0], math.inf])
def test_an_index_is_whole_in_every_entry(key: Any) -> None:
    x = leaf(Tape(), "x", np.array([1.0, 2.0]), tracked=True)
    with pytest.raises(ExplainError, match="an index is a whole number"):
        x[key]
    assert [2.0, 1.0] == x[[1.0, 0.0]].value.tolist()
