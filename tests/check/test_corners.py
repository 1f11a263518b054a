"""Where a derivative is a choice, both checkers say so: neither calls it right, neither calls it wrong."""

from __future__ import annotations

from typing import Any

import pytest

CONVENTION = {"symbolic": "convention", "finite": "convention"}
OPEN = {"symbolic": "convention", "finite": "undecided"}  # there is no value on one side to take a difference with
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
        ("x**0.5", 0.0, OPEN),
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
