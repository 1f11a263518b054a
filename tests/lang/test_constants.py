"""What constants are made of, conditions as places, names with two spellings, arrays of many axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_explain import explain
from autograd_explain.errors import ExplainError


def test_random_numbers_repeat_with_the_seed() -> None:
    first, again, other = (explain("sum(randn(3)*x)", x=1, seed=seed).value for seed in (7, 7, 8))
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    ("text", "values", "gradients"),
    [
        ("sum(full((2, 2), x))*x", {"x": 3.0}, {"x": 24.0}),
        ("sum(full((2, 3), v)*w)", {"v": [1.0, 2.0, 3.0], "w": 2.0}, {"v": [4.0, 4.0, 4.0], "w": 12.0}),
        ("sum(linspace(0, x, 3))*x", {"x": 3.0}, {"x": 9.0}),
        ("sum(linspace(v, x, 3)*[[1], [2], [3]])", {"v": [1.0, 5.0], "x": 2.0}, {"v": [2.0, 2.0], "x": 8.0}),
        ("sum(arange(x, 5, y))", {"x": 1.0, "y": 0.5}, {"x": 8.0, "y": 28.0}),
        ("sum(arange(n)*x)", {"n": 3.0, "x": 2.0}, {"n": 0.0, "x": 3.0}),
    ],
)
def test_a_gradient_finds_its_way_through_what_constants_are_made_of(text: str, values: Any, gradients: Any) -> None:
    run = explain(text, values, check=True)
    assert gradients == {name: np.asarray(g).tolist() for name, g in run.gradients.items()}
    assert {"agrees"} == {result.status for result in run.checks}
    assert explain(text, values, wrt=[]).value == pytest.approx(float(run.value))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("x[x > 0]", [1.0, 3.0]), ("x[x == 5]", []), ("sum(A[A > 2])", 7.0), ("A[0][x[:2] > 0]", [1.0]),
     ("x[1 > 0]", -2.0)],
)  # fmt: skip
def test_a_comparison_in_brackets_picks_where_it_holds(text: str, expected: Any) -> None:
    values = {"x": [1.0, -2.0, 3.0], "A": [[1.0, -2.0], [3.0, 4.0]]}
    run = explain(text, {name: value for name, value in values.items() if name in text}, check=True)
    assert expected == np.asarray(run.value).tolist()
    assert {"agrees"} >= {result.status for result in run.checks if np.size(run.value)}


def test_a_comparison_under_a_name_is_no_index() -> None:
    with pytest.raises(ExplainError, match="picks entries where it is written"):
        explain("m = x > 0\nx[m]", x=[1.0, -2.0])


@pytest.mark.parametrize("name", ["max", "min"])
@pytest.mark.parametrize("others", ["x, 0", "0, x", "x, y"])
def test_the_larger_of_two_values_has_a_name_of_its_own(name: str, others: str) -> None:
    with pytest.raises(ExplainError, match="takes one value") as caught:
        explain(f"{name}({others})", {"x": [-2.0, 3.0], "y": 1.0} if "y" in others else {"x": [-2.0, 3.0]})
    assert f"{name}imum(a, b)" in caught.value.hint


@pytest.mark.parametrize("text", ["π = 3; pi*x", "pi = 3; π*x", "π = 3\ndef f(t): return pi*t\nf(x)"])
def test_pi_is_the_same_name_however_it_is_written(text: str) -> None:
    assert 6.0 == explain(text, x=2.0).value


@pytest.mark.parametrize("text", ["x" + "[None]" * 33, f"reshape(x, {(1,) * 40})", "[" * 40 + "x" + "]" * 40])
def test_more_axes_than_numpy_can_bear_are_refused(text: str) -> None:
    with pytest.raises(ExplainError, match=r"at most 32 axes|within \[0, 32\]|is 32, found"):  # NumPy 1 says it itself
        explain(text, x=1.0)


def test_as_many_axes_as_there_may_be_are_walked_back() -> None:
    assert 1.0 == explain("x" + "[None]" * 32, x=1.0).gradients["x"]
