"""The Python interface: `explain`, `grad`, the public names, and what they leave alone."""

from __future__ import annotations

import doctest
import math
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from importlib import import_module
from typing import Any

import numpy as np
import pytest

import autograd_explain
from autograd_explain import ExplainError, Explanation, Op, Var, define, explain, functions, grad
from autograd_explain.core.notation import Call
from autograd_explain.errors import InputError, NameProblem
from autograd_explain.lang.defining import withdraw

TEXT = "(1 - sigmoid(w*x + b))**2"


def test_a_text_with_values_by_keyword() -> None:
    run = explain(TEXT, x=2, w=3, b=1)
    assert isinstance(run, Explanation)
    assert pytest.approx(8.30014e-07, rel=1e-5) == run.value
    assert {"w", "x", "b"} == run.gradients.keys()


def test_a_text_with_values_in_a_mapping() -> None:
    by_keyword = explain(TEXT, x=2, w=3, b=1)
    assert by_keyword.to_dict() == explain(TEXT, {"x": 2, "w": 3, "b": 1}).to_dict()
    assert by_keyword.to_dict() == explain(TEXT, {"x": 2, "w": 3}, b=1).to_dict()


def test_names_that_are_also_options_go_into_the_mapping() -> None:
    assert {"seed": 3.0, "check": 2.0} == explain("seed*check", {"seed": 2, "check": 3}).gradients


def test_an_ordinary_python_function_is_recorded_on_the_same_tape() -> None:
    run = explain(lambda w, x: functions.sum(functions.relu(w @ x)), w=[[1, 2], [3, -4]], x=[1, 1])
    text = explain("sum(relu(w @ x))", w=[[1, 2], [3, -4]], x=[1, 1])
    assert text.value == run.value
    for name, gradient in text.gradients.items():
        np.testing.assert_array_equal(gradient, run.gradients[name])
    assert [entry["op"] for entry in text.to_dict()["nodes"]] == [entry["op"] for entry in run.to_dict()["nodes"]]


def test_a_function_with_a_constant_result() -> None:
    assert (3.0, {"x": 0.0}) == (explain(lambda x: 3, x=1).value, explain(lambda x: 3, x=1).gradients)


def test_wrt_tracks_only_the_named() -> None:
    assert {"w": 2.0} == explain("w*x + b", x=2, w=3, b=1, wrt=["w"]).gradients
    assert {"w": 2.0} == explain(lambda w, x: w * x, x=2, w=3, wrt=["w"]).gradients


def test_wrt_of_an_unknown_name() -> None:
    with pytest.raises(ExplainError, match="wrt names 'z'") as caught:
        explain("w*x", x=2, w=3, wrt=["z"])
    assert "w" in caught.value.hint


def test_class_numbers_are_not_tracked_by_themselves() -> None:
    assert ["Z"] == list(explain("cross_entropy(Z, t)", Z=[[1, 2], [3, 4]], t=[0, 1]).gradients)
    assert ["E"] == list(explain("sum(E[t])", E=[[1, 2], [3, 4]], t=[0, 1, 1]).gradients)
    assert ["E", "t"] == list(explain("sum(E[t])*sum(t)", E=[[1, 2], [3, 4]], t=[0, 1, 1]).gradients)


def test_upstream_seeds_the_result() -> None:
    np.testing.assert_array_equal([2.0, 20.0], explain("2*x", x=[1, 2], upstream=[1, 10]).gradients["x"])
    with pytest.raises(ExplainError, match="upstream has shape"):
        explain("2*x", x=[1, 2], upstream=[1, 2, 3])


def test_check_is_off_unless_asked_for() -> None:
    assert [] == explain("x*x", x=2).checks


def test_check_by_both_sources_or_by_one() -> None:
    assert [("symbolic", "agrees"), ("finite", "agrees")] == [
        (result.checker, result.status) for result in explain("x*x", x=2, check=True).checks
    ]
    assert ["finite"] == [result.checker for result in explain("x*x", x=2, check=["finite"]).checks]


def test_inputs_are_not_modified_and_not_shared() -> None:
    given = np.array([1.0, 2.0, 3.0])
    run = explain("x *= 2\nsum(x*x)", x=given)
    np.testing.assert_array_equal([1.0, 2.0, 3.0], given)
    before = str(run)
    given[0] = 99.0
    assert before == str(run)


def test_gradients_may_be_changed_without_changing_the_run() -> None:
    run = explain("sum(x)", x=[1.0, 2.0])
    before = run.to_dict()
    np.add(run.gradients["x"], 1.0)
    assert before == run.to_dict()


@pytest.mark.parametrize("value", [3, 3.0, np.float32(3), np.int64(3), np.array(3.0), True])
def test_numbers_of_any_kind_become_floats(value: Any) -> None:
    run = explain("x*x", x=value)
    assert type(run.value) is float
    assert type(run.gradients["x"]) is float


@pytest.mark.parametrize("value", [[1, 2], (1, 2), np.array([1, 2]), np.array([1, 2], np.float32)])
def test_lists_and_arrays_become_float64(value: Any) -> None:
    run = explain("x*x", x=value)
    assert np.float64 == run.value.dtype
    np.testing.assert_array_equal([2.0, 4.0], run.gradients["x"])


@pytest.mark.parametrize("value", ["2", None, [[1], [2, 3]], 1j, {"a": 1}, [None]])
def test_what_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(ExplainError, match=r"^the value of x is not a number"):
        explain("x*x", x=value)


@pytest.mark.parametrize("text", ["z = x*1\ny*2", "x[3]*y", "sum(x*y)", "max(x)*y", "mean(relu(x)) + y"])
def test_what_is_not_finite_is_told_without_a_warning(text: str) -> None:
    run = explain(text, {"x": [np.inf, -np.inf, np.nan, 1.0], "y": 1.0}, check=True)
    assert {"agrees", "undecided"} >= {result.status for result in run.checks}
    assert str(run)


def test_errors_have_message_span_and_hint() -> None:
    with pytest.raises(ExplainError) as caught:
        explain("2*sigmod(x)", x=1)
    error = caught.value
    assert "unknown function 'sigmod'" == error.message
    assert "sigmod" == "2*sigmod(x)"[slice(*error.span or (0, 0))]
    assert "sigmoid" in error.hint


@pytest.mark.parametrize(
    ("function", "place", "message"),
    [
        (lambda x, w: functions.sum(w @ x), "w @ x", "fit together\n  w  (3)\n  x  (2)"),
        (lambda x, w: functions.sum(x + w), "x + w", "fit together\n  x  (2)\n  w  (3)"),
        (lambda x, w: functions.reshape(x*w, (3,)), "x*w", "fit together"),
        (lambda x, w: x @ functions.reshape(w, (2, 2)), "functions.reshape(w, (2, 2))", "reshape cannot take"),
        (lambda x, w: functions.concat([x, w[0]]), "functions.concat([x, w[0]])", "  x       (2)\n  part 2   ()"),
        (lambda x, w: functions.sum(x, axis=4)*w[0], "functions.sum(x, axis=4)", "axis 4 is out of bounds"),
        (lambda x, w: x[5]*w[0], "x[5]", "this index does not fit shape (2)"),
    ],
)  # fmt: skip
def test_shapes_that_do_not_fit_in_a_python_function_are_errors(function: Any, place: str, message: str) -> None:
    with pytest.raises(ExplainError) as caught:
        explain(function, x=[1, 2], w=[1, 2, 3])
    error = caught.value
    assert message in error.message
    assert error.source is not None
    assert place == error.source.text[slice(*error.span or (0, 0))]
    assert error.hint


@pytest.mark.parametrize(
    ("call", "message", "hint"),
    [
        (lambda: explain(lambda x, y: x*y, x=1), "missing a required argument: 'y'", "arguments: x, y"),
        (lambda: explain(lambda: 3, x=1), "an unexpected keyword argument 'x'", "has no arguments"),
        (lambda: explain("x", {1: 1}), "values are given by name, not as a mapping of other keys", '{"x": 2}'),
        (lambda: explain("x", x=1, wrt=3), "3 is no list of names", "w, b"),  # type: ignore[arg-type]
        (lambda: explain("x", x=1, check=1), "1 is no list of names", "w, b"),  # type: ignore[arg-type]
        (lambda: grad(3)(2.0), "a gradient is taken of a function", "lambda"),  # type: ignore[arg-type]
        (lambda: explain("x", 5), "values are given by name, not as int", '{"x": 2}'),  # type: ignore[arg-type]
        (lambda: explain("x", x=1, seed="a"), "whole number, at least 0, not 'a'", "seed=0"),  # type: ignore[arg-type]
        (lambda: explain("x", x=1, seed=-1), "whole number, at least 0, not -1", "seed=0"),
        (lambda: explain("x", x=1, wrt=["z"]), "wrt names 'z'", "the values: x"),
    ],
)
def test_arguments_at_fault_are_errors(call: Any, message: str, hint: str) -> None:
    with pytest.raises(ExplainError) as caught:
        call()
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_missing_and_superfluous_values_are_errors() -> None:
    with pytest.raises(ExplainError, match="no value for w"):
        explain("w*x", x=1)
    with pytest.raises(ExplainError, match="no name z"):
        explain("w*x", x=1, w=2, z=3)


def test_randomness_repeats() -> None:
    assert explain("sum(rand(3))*x", x=1).value == explain("sum(rand(3))*x", x=1).value


def test_str_is_the_text_of_the_terminal_without_colour() -> None:
    text = str(explain("x*x", x=2))
    assert "∂v1/∂x" in text
    assert "\x1b" not in text


def test_grad_of_a_function_of_numbers() -> None:
    assert 12.0 == grad(lambda x: x**3)(2)
    assert pytest.approx(math.cos(0.3)) == grad(functions.sin)(0.3)


def test_grad_by_other_arguments() -> None:
    def product(a: Any, b: Any) -> Any:
        return a * a * b

    assert 12.0 == grad(product)(2, 3)
    assert 4.0 == grad(product, argnums=1)(2, 3)
    assert (4.0, 12.0) == grad(product, argnums=(1, 0))(2, 3)


def test_grad_of_a_function_of_arrays() -> None:
    def loss(w: Any, x: Any) -> Any:
        return functions.mean((w @ x - 1) ** 2)

    w, x = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([0.5, -1.0])
    np.testing.assert_allclose(np.outer((w @ x - 1), x), grad(loss)(w, x))


def test_grad_without_a_path_is_zero_in_the_arguments_shape() -> None:
    assert 0.0 == grad(lambda x: 3)(2)
    np.testing.assert_array_equal([0.0, 0.0], grad(lambda x, y: y, argnums=0)([1.0, 2.0], 3))
    np.testing.assert_array_equal([0.0, 0.0], grad(lambda x, y: y, argnums=0)([np.inf, np.nan], 3))


def test_grad_needs_a_single_number() -> None:
    with pytest.raises(ExplainError, match="single number"):
        grad(lambda x: 2 * x)([1.0, 2.0])


def test_python_control_flow_is_recorded_as_it_ran() -> None:
    def absolute(x: Any) -> Any:
        return x if x > 0 else -x

    run = explain(absolute, x=-2)
    assert {"x": -1.0} == run.gradients
    assert [False] == [branch.taken for branch in run.branches]


def test_values_of_two_runs_do_not_mix() -> None:
    kept: list[Var] = []
    explain(lambda x: kept.append(x) or x * 2, x=1)
    with pytest.raises(ExplainError, match="different runs"):
        explain(lambda x: x + kept[0], x=1)


def test_functions_work_on_plain_numbers_too() -> None:
    assert pytest.approx(0.5) == functions.sigmoid(0.0)
    np.testing.assert_array_equal([0.0, 2.0], functions.relu(np.array([-1.0, 2.0])))


def test_functions_list_what_there_is() -> None:
    listed = dir(functions)
    assert {"sigmoid", "relu", "matmul", "mse", "softmax", "sum", "ln"} <= set(listed)
    assert all(callable(getattr(functions, name)) for name in listed)
    with pytest.raises(AttributeError, match="no operation named 'sigmod'"):
        functions.sigmod  # noqa: B018 - reading it is the test


def test_an_operation_of_ones_own() -> None:
    try:
        cube = define(Op(
            "cube_of_a_test", ("t",), lambda t: t**3, lambda sp, t: t**3, Call("cube_of_a_test"), "elementary", "t³.",
            partials=(lambda out, t: 3 * t**2,),
        ))  # fmt: skip
        assert {"x": 12.0} == explain(lambda x: cube(x) + 0, x=2).gradients
        assert {"x": 12.0} == explain("cube_of_a_test(x)", x=2).gradients
        with pytest.raises(NameProblem, match="already defined"):
            define(cube)
    finally:
        withdraw("cube_of_a_test")


def test_names_may_be_listed_in_a_text() -> None:
    run = explain("w*x*b", wrt="w, b", check="symbolic", w=2, x=3, b=5)
    assert {"w": 15.0, "b": 6.0} == run.gradients
    assert {"symbolic"} == {check.checker for check in run.checks}


def test_grad_by_the_last_argument_and_with_settings() -> None:
    product = grad(lambda x, y, power=1: x * y**power, argnums=-1)
    assert 2.0 == product(2.0, 3.0)
    assert 12.0 == product(2.0, 3.0, power=2)
    for wrong in (2, -3, "y"):
        with pytest.raises(InputError, match="there is no argument"):
            grad(lambda x, y: x * y, argnums=wrong)(2.0, 3.0)  # type: ignore[arg-type]


def test_abs_and_the_transpose_are_written_as_for_arrays() -> None:
    run = explain(lambda x: functions.sum(abs(x.T @ x)), x=[[1.0, -2.0]])
    assert 9.0 == run.value
    assert {"abs", "transpose"} <= {node["op"] for node in run.to_dict()["nodes"]}


@pytest.mark.parametrize("given", [{"upstream": "a"}, {"upstream": [None]}])
def test_an_upstream_that_is_no_number(given: Any) -> None:
    with pytest.raises(InputError, match="the upstream is not a number"):
        explain("x*x", x=2, **given)


def test_a_program_that_is_no_text() -> None:
    with pytest.raises(InputError, match="not int"):
        explain(5)  # type: ignore[arg-type]


def test_public_names_are_there_and_survive_importing_everything() -> None:
    code = (
        "import autograd_explain as a, importlib, pkgutil\n"
        "for m in pkgutil.walk_packages(a.__path__, 'autograd_explain.'):\n"
        "    if '__main__' not in m.name and 'worker' not in m.name: importlib.import_module(m.name)\n"
        "assert callable(a.explain) and callable(a.grad) and a.functions.sin(0.0) == 0.0\n"
        "assert set(a.__all__) <= set(dir(a))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)


@pytest.mark.parametrize("name", autograd_explain.__all__)
def test_each_public_name_can_be_had(name: str) -> None:
    assert getattr(autograd_explain, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        autograd_explain.nonsense  # noqa: B018 - reading it is the test


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, autograd_explain\n"
        "print([m for m in ('numpy', 'sympy', 'mpmath', 'rich', 'click', 'textual') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "[]" == done.stdout.strip()


@pytest.mark.parametrize("module", ["pipeline", "lang.defining", "train.fitting"])
def test_the_examples_in_docstrings_hold(module: str) -> None:
    outcome = doctest.testmod(import_module(f"autograd_explain.{module}"))
    if module == "lang.defining":
        withdraw("fourth")
    assert (0, True) == (outcome.failed, outcome.attempted > 0)


@pytest.mark.parametrize(
    "made",
    [lambda x: x + None, lambda x: x * "2", lambda x: x * b"2", lambda x: x * [1, None], lambda x: x < None,
     lambda x: functions.maximum(x, None), lambda x: x + 1j, lambda x: x * [[1], [2, 3]], lambda x: x + {},
     lambda x: functions.exp("2"), lambda x: functions.exp(None)],
)  # fmt: skip
def test_what_is_no_number_meets_no_value(made: Any) -> None:
    with pytest.raises(InputError, match="is not a number or an array of numbers"):
        explain(made, x=1.5)


def test_numbers_of_other_kinds_meet_values() -> None:
    run = explain(lambda x: x * Fraction(1, 2) + Decimal("0.25") + 10**400, x=1.0)
    assert math.inf == run.value
    assert 0.5 == run.gradients["x"]


@pytest.mark.parametrize("key", [1.9, [0.7], np.array([0.5, 1.5]), math.nan])
def test_an_index_is_a_whole_number(key: Any) -> None:
    with pytest.raises(ExplainError, match="an index is a whole number"):
        explain(lambda x: x[key], x=[1.0, 2.0, 3.0])
    assert 2.0 == explain(lambda x: x[1.0], x=[1.0, 2.0, 3.0]).value


def test_a_condition_has_one_entry() -> None:
    with pytest.raises(ExplainError, match=r"a condition needs one number, .* shape \(2\)") as caught:
        explain(lambda x: x if x > 0 else -x, x=[1.0, 2.0])
    assert "where" in caught.value.hint


def test_a_number_that_leaves_the_record_is_told() -> None:
    run = explain(lambda x, y: math.sin(2 * x) * x + y * y, x=1.0, y=2.0, check=True)
    assert ["detached"] == [note.kind for note in run.notes if "plain number" in note.text]
    assert {("x", "undecided"), ("y", "agrees")} == {(result.target, result.status) for result in run.checks}


def test_argnums_of_any_whole_kind() -> None:
    def product(x: Any, y: Any) -> Any:
        return x * y

    assert 2.0 == grad(product, argnums=np.int64(1))(2.0, 3.0)  # type: ignore[arg-type]
    assert (3.0, 2.0) == grad(product, argnums=[0, 1])(2.0, 3.0)


@pytest.mark.parametrize("made", [lambda x: functions.sum(x) * 2, lambda x: functions.mean(x.T), lambda x: x @ x])
def test_gradients_are_the_callers_own(made: Any) -> None:
    gradient = grad(made)(np.ones(3))
    gradient *= 2
    assert (3,) == gradient.shape
