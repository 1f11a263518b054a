"""Where a derivative is a choice, both checkers say so: neither calls it right, neither calls it wrong."""

from __future__ import annotations

from typing import Any

import pytest

from autograd_explain import explain

CONVENTION = {"symbolic": "convention", "finite": "convention"}
OPEN = {"symbolic": "convention", "finite": "undecided"}  # no value on one side, a plain slope on the other
AGREES = {"symbolic": "agrees", "finite": "agrees"}


def verdicts(run: Any, name: str) -> dict[str, str]:
    """What both checkers say of one input."""
    return {checker: run.status(checker)[name] for checker in ("symbolic", "finite")}


@pytest.mark.parametrize(
    ("text", "x", "expected"),
    [
        ("sign(x)", 0.0, CONVENTION),
        ("floor(x)", 2.0, CONVENTION),
        ("ceil(x)", -1.0, CONVENTION),
        ("round(x)", 2.5, CONVENTION),
        ("round(x)", 2.0, AGREES),
        ("floor(x)", 2.5, AGREES),
        ("x*floor(x)", 2.0, CONVENTION),
        ("sum(floor(x))", [1.5, 2.0], CONVENTION),
        ("clip(x, 1, 1)", 1.0, CONVENTION),
        ("clip(x, 2, 1)", 1.0, AGREES),
        ("clip(1, 1, x)", 1.0, CONVENTION),
        ("x**0.5", 0.0, CONVENTION),
        ("x**1.5", 0.0, OPEN),
        ("x**x", 0.0, OPEN),
        ("0**x", 0.0, OPEN),
        ("0**x", 1.0, AGREES),
        ("x**0", 0.0, AGREES),
        ("x**1", 0.0, AGREES),
        ("x**2", 0.0, AGREES),
        ("atan2(x, -1)", 0.0, CONVENTION),
        ("atan2(x, 1)", 0.0, AGREES),
        ("relu(x) - relu(-x)", 0.0, CONVENTION),
        ("where(x > 0, x, 2*x)", 0.0, CONVENTION),
        ("where(x > 0, 1, 2)", 0.0, CONVENTION),
        ("y = 3*x\nif y >= 0:\n  y = 2*y\ny", 0.0, CONVENTION),
        ("where(x > 0, x*x, -x*x)", 0.0, AGREES),
        ("abs(x)*x + x", 0.0, AGREES),  # 0 times a choice
        ("huber(x, 0)", 1.0, AGREES),
        ("std(x)", [0.1, 0.1, 0.1], CONVENTION),
    ],
)
def test_both_checkers_know_a_choice_from_a_derivative(written: Any, text: Any, x: Any, expected: Any) -> None:
    assert expected == verdicts(written(text, x=x), "x")


def test_the_other_input_is_not_held_for_a_choice(written: Any) -> None:
    assert AGREES == verdicts(written("floor(x)*y", x=2.0, y=3.0), "y")
    assert AGREES == verdicts(written("x**y", x=0.0, y=0.0), "x")


@pytest.mark.parametrize(
    ("text", "x", "said"),
    [
        ("x**0.5", 0.0, "none (no real value) from the left and inf from the right"),
        ("x**0.9", 0.0, "none (no real value) from the left and inf from the right"),
        ("x**1.01", 0.0, "none (no real value) from the left and 0 from the right"),
        ("floor(x)", 2.0, "0 from the left and 0 from the right, and the value jumps there"),
        ("clip(x, 0, 1)", 1.0, "1 from the left and 0 from the right"),
        ("where(x > 0, x, 2*x)", 0.0, "2 from the left and 1 from the right"),
        ("norm(x)", [0.0, 0.0], "-1 from the left and 1 from the right"),
        ("std(x)", [2.0, 2.0], "-0.5 from the left and 0.5 from the right"),
    ],
)
def test_both_slopes_are_stated(written: Any, text: str, x: Any, said: str) -> None:
    assert said in written(text, x=x).by("symbolic")["x"].why


def test_a_long_run_is_left_open_in_plain_words(written: Any) -> None:
    run = written("for i in range(60000):\n  x = 0.999*x + 0.001\nx", x=1.2)
    assert "the run is too long" in run.by("symbolic")["x"].why
    assert "too many to run it again and again" in run.by("finite")["x"].why


@pytest.mark.parametrize(
    ("text", "value", "said"),
    [
        ("asin(x)", 1.0, "inf from the left and none (no real value) from the right; inf is taken"),
        ("asin(x)", -1.0, "none (no real value) from the left and inf from the right; inf is taken"),
        ("acos(x)", 1.0, "-inf from the left and none (no real value) from the right; -inf is taken"),
        ("acosh(x)", 1.0, "none (no real value) from the left and inf from the right; inf is taken"),
        ("sqrt(x)", 0.0, "none (no real value) from the left and inf from the right; inf is taken"),
        ("2 - 3*cbrt(x)", 0.0, "-inf from the left and -inf from the right; -inf is taken"),
        ("sum(sqrt(x))", [4.0, 0.0], "none (no real value) from the left and inf from the right; inf is taken"),
    ],
)
def test_an_infinite_slope_at_an_edge_is_a_convention_to_both_checkers(text: str, value: Any, said: str) -> None:
    checks = explain(text, x=value, check=True).to_dict()["checks"]
    assert ["convention", "convention"] == [check["status"] for check in checks]
    assert checks[1]["why"].endswith(said)


@pytest.mark.parametrize("text", ["atanh(x)", "log(1 - x)", "reciprocal(x - 1)", "1e-200/(x - 1 + 1e-300)"])
def test_where_the_value_or_the_slope_leaves_the_floats_nothing_is_decided(text: str) -> None:
    checks = explain(text, x=1.0, check=True).to_dict()["checks"]
    assert {"undecided"} == {check["status"] for check in checks if check["checker"] == "finite"}


@pytest.mark.parametrize("text", ["std(x)", "std([x])", "sum(std([[x], [2]], axis=1))"])
def test_the_spread_of_one_number_is_0_whatever_the_number(text: str) -> None:
    checks = explain(text, x=0.3, check=True).to_dict()["checks"]
    assert [("agrees", 0.0)] * 2 == [(check["status"], check["ours"]) for check in checks]
