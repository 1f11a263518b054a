"""`define` as its user meets it: what is refused, what is watched, and that a row is usable everywhere."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from autograd_explain import ExplainError, Op, define, explain
from autograd_explain import functions as F  # noqa: N812 - as the README calls it
from autograd_explain.core import registry
from autograd_explain.core.op import Option
from autograd_explain.errors import NameProblem, OperationProblem
from autograd_explain.lang.defining import withdraw

CUBE: dict[str, Any] = {
    "name": "cube", "arguments": ("x",), "forward": lambda x: x**3, "partials": (lambda out, x: 3 * x**2,),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _nothing_stays() -> Iterator[None]:
    yield
    for name in set(registry.OWN):
        withdraw(name)


def row(**changes: Any) -> Op:
    """The row of `cube` with parts changed."""
    return Op(**{**CUBE, **changes})


def test_an_operation_works_in_programs_and_in_python() -> None:
    cube = define(row())
    assert 14.0 == explain("cube(x) + 2*x", x=2, wrt="x").gradients["x"]
    assert [3.0, 12.0] == explain("cube(x)", x=[1, 2]).gradients["x"].tolist()
    assert 27.0 == cube(3.0) == F.cube(3.0)
    assert 12.0 == explain(lambda x: F.cube(x) + 0, x=2).gradients["x"]


def test_without_a_layout_it_is_written_as_a_call_and_its_rule_with_names_and_numbers() -> None:
    define(row())
    text = str(explain("cube(x)", x=2))
    assert "v1 = cube(x)" in text
    assert "3·x² = 3·2² = 12" in text


def test_without_a_symbolic_form_the_symbolic_check_says_so_and_differences_decide() -> None:
    define(row())
    symbolic, finite = explain("cube(x) + x", x=2, check=True).checks
    assert ("undecided", "cube has no symbolic form, so SymPy has nothing to differentiate") == (
        symbolic.status, symbolic.why,
    )  # fmt: skip
    assert "agrees" == finite.status


def test_with_a_symbolic_form_it_is_checked() -> None:
    define(row(symbolic=lambda sp, x: x**3))
    assert ["agrees", "agrees"] == [result.status for result in explain("cube(x)", x=2, check=True).checks]


def test_a_symbolic_form_that_fails_leaves_the_check_undecided() -> None:
    define(row(vjp=(lambda upstream, out, x: upstream * 3 * x**2,), partials=(), symbolic=lambda sp, x: sp.nowhere(x)))
    assert "undecided" == explain("cube(x)", x=2, check="symbolic").checks[0].status


def test_a_wrong_rule_is_found_and_its_factor_named() -> None:
    define(row(symbolic=lambda sp, x: x**3, partials=(lambda out, x: 6 * x**2,)))
    (result,) = explain("cube(x)", x=2, check="symbolic").checks
    assert "differs" == result.status
    assert result.why.endswith("is 12 by SymPy, 24 was recorded: 2 times what is right")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "an operation needs a name"),
        ({"arguments": "x"}, "needs its arguments as a tuple of names"),
        ({"arguments": ()}, "has no arguments"),
        ({"arguments": ("x", "x")}, "two arguments of one name"),
        ({"forward": 3}, "needs its forward as a function, not int"),
        ({"forward": lambda x, y: x}, "has a forward that does not take (x)"),
        ({"forward": np.hypot}, "has a forward that does not take (x)"),
        ({"partials": ()}, "has no rule"),
        ({"partials": lambda out, x: x}, "needs its partials as a tuple"),
        ({"partials": ("3*x",)}, "needs functions among its partials, not str"),
        ({"partials": (1, 2)}, "has 1 argument and 2 partials"),
        ({"arguments": ("x", "y"), "forward": lambda x, y: x}, "has 2 arguments and 1 partial"),
        ({"partials": (lambda x: x,)}, "has a partial by x that does not take (out, x)"),
        ({"vjp": (lambda upstream, out, x: upstream,)}, "gives partials and vjp"),
        ({"partials": (), "vjp": (lambda out, x: x,)}, "does not take (upstream, out, x)"),
        ({"shown": (lambda x: x,)}, "has a shown form by x that does not take (out, x)"),
        ({"symbolic": lambda x: x}, "has a symbolic that does not take (sp, x)"),
        ({"options": ("scale",)}, "needs its options as a tuple of Option rows"),
        ({"options": (Option("scale", "real", 1.0),)}, "has an option of no known kind, 'real'"),
        ({"options": (Option("scale", "number", 1.0),)}, "by name scale"),
        ({"domain": "x > 0"}, "needs its domain as a Domain"),
        ({"layout": "cube"}, "needs its layout as a notation"),
        ({"note": None}, "needs its note as text"),
        ({"aliases": "kubus"}, "the aliases of cube are a tuple of names"),
        ({"partials": (lambda out, x: np.heaviside(x, 0.5),)}, "a rule of cube does not run on formulas: np.heaviside"),
        ({"partials": (lambda out, x: math.cos(x),)}, "the partial of cube by x failed"),
    ],
)
def test_what_is_wrong_with_a_row_is_said_when_it_is_defined(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(OperationProblem) as caught:
        define(row(**changes))
    assert message in caught.value.message
    assert "cube" not in registry.OPERATIONS


def test_a_row_without_a_forward_or_a_row_that_is_none() -> None:
    with pytest.raises(OperationProblem, match="cube has no forward"):
        define(Op("cube", ("x",), partials=(1.0,)))
    with pytest.raises(OperationProblem, match="define takes an Op, not str"):
        define("cube")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["exp", "ln", "mse", "zeros", "len", "add"])
def test_a_name_that_is_taken(name: str) -> None:
    with pytest.raises(NameProblem, match="is taken"):
        define(row(name=name))
    with pytest.raises(NameProblem, match="is taken"):
        define(row(aliases=(name,)))


@pytest.mark.parametrize("name", ["two words", "lambda", "3d", "x₁"])
def test_a_name_that_programs_cannot_use(name: str) -> None:
    with pytest.raises(NameProblem):
        define(row(name=name))


def test_an_operation_is_replaced_only_when_asked() -> None:
    define(row())
    assert 8.0 == F.cube(2.0)
    with pytest.raises(NameProblem, match="'cube' is already defined") as caught:
        define(row())
    assert "replace=True" in caught.value.hint
    define(row(forward=lambda x: x**3 + 1), replace=True)
    assert (9.0, 9.0) == (F.cube(2.0), explain("cube(x)", x=2).value)
    with pytest.raises(NameProblem, match="is taken"):
        define(row(name="exp"), replace=True)


def _in_place(x: Any) -> Any:
    x *= 2
    return x


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"forward": lambda x: np.nowhere(x) + x}, "the forward of cube failed (test_defining.py, line"),
        ({"forward": lambda x: x[:1]}, "the forward of cube gave shape (1); entry by entry it is (2)"),
        ({"forward": lambda x: 1j * x}, "the forward of cube gave complex numbers"),
        ({"forward": _in_place}, "the forward of cube writes into its arguments (test_defining.py, line"),
        ({"partials": (lambda out, x: np.ones(7),)}, "the partial of cube by x gave shape (7); the value has (2)"),
        ({"partials": (), "vjp": (lambda upstream, out, x: F.sum(x),)}, "gave shape (); the argument has (2)"),
        ({"partials": (), "vjp": (lambda upstream, out, x: None,)}, "gave NoneType, not real numbers"),
    ],
)
def test_what_a_rule_does_wrong_is_said_when_it_runs(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ExplainError) as caught:
        explain("cube(x)", x=np.array([1.0, 2.0])) if define(row(**changes)) else None
    assert message in caught.value.message


def test_whole_numbers_as_partials() -> None:
    define(row(forward=lambda x: 3 * x, partials=(3,)))
    assert 3.0 == explain("cube(x)", x=2).gradients["x"]
