"""What the notes say at a corner or a jump: both sides, the choice, others' choice, and nothing false around it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.programs import Case, case


def told(program: Case, kind: str) -> list[str]:
    """The notes of a kind, in order."""
    return [note.text for note in program.run().notes if note.kind == kind]


@pytest.mark.parametrize(
    ("program", "parts"),
    [
        (case("floor(x)", x=2), ("floor jumps at x = 2: a little below it is 1, a little above 2", "TensorFlow: None")),
        (case("ceil(x)", x=2), ("a little below it is 2, a little above 3", "has no slope at the jump itself")),
        (case("round(x)", x=2.5), ("a little below it is 2, a little above 3", "0 is the choice here, as in PyTorch")),
        (case("sign(x)", x=0), ("a little below it is -1, a little above 1", "TensorFlow: 0")),
        (case("sum(floor(x))", x=[1.5, 2]), ("floor jumps at x[1] = 2 (1 of 2 places)",)),
        (case("x**0.5", x=0), ("x^0.5 ends at x = 0", "no slope from the left; from the right it is ∞", "JAX: ∞")),
        (case("x**1.5", x=0), ("from the right it is 0. 0 is the choice here", "JAX: 0; TensorFlow: 0")),
        (case("x**y", x=0, y=0), ("by x the slope is 0 from the left and from the right", "by y there is none")),
        (case("x**0", x=0), ("x^0 is 1 for every x", "JAX: nan by the base")),
        (case("x**x", x=0), ("left of x = 0 it has no real value", "falls to −∞", "0 is the choice here")),
        (case("0**y", y=0), ("by y there is none from the left, where 0^y is ∞",)),
        (case("x**y", x=0, y=-1), ("x^y is ∞ at a base of 0", "−∞ is the choice here, as in PyTorch")),
        (case("clip(x, lo, 1)", x=1, lo=1), ("clip has no room", "0 from the left and from the right", "JAX: ¼")),
        (case("atan2(y, x)", x=-2, y=0), ("from −π just below to π", "1/x on both sides")),
        (case("norm(x)", x=[0, 0]), ("along any one entry the slope from the left is −1, from the right 1",)),
        (case("std(x)", x=[2, 2, 2]), ("any one entry the slope from the left is −0.4714, from the right 0.4714",)),
        (case("std(x, ddof=1)", x=[2, 2]), ("the left is −0.7071, from the right 0.7071", "TensorFlow: nan")),
        (case("hypot(x, y)", x=0, y=0), ("along x or y alone the slope from the left is −1", "PyTorch: nan")),
    ],
    ids=str,
)
def test_a_kink_is_told_with_this_runs_own_slopes(program: Case, parts: tuple[str, ...]) -> None:
    [text] = told(program, "kink")
    assert [] == [part for part in parts if part not in text]


@pytest.mark.parametrize(
    "program",
    [case("clip(x, 2, 1)", x=1), case("x**1.0", x=0), case("0**y", y=1), case("atan2(y, x)", y=0, x=2),
     case("x**y", x=0.0, y=2.0), case("floor(x)", x=2.5), case("round(x)", x=2), case("std(x)", x=2)],
    ids=str,
)  # fmt: skip
def test_where_there_is_no_corner_none_is_told(program: Case) -> None:
    assert [] == told(program, "kink")


def test_at_a_jump_nobody_says_that_moving_changes_nothing() -> None:
    assert [] == told(case("floor(x)", x=2), "zero-slope")
    [text] = told(case("sum(floor(x))", x=[1.5, 2]), "zero-slope")
    assert "changes nothing (but at 1 of 2 entries, which stand at a jump)" in text


RATE, CHOICE = "is a rate", "rests on a choice"


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (case("relu(x)", x=0), CHOICE),
        (case("floor(x)", x=2), CHOICE),
        (case("floor(x)*y", x=2, y=3), RATE),  # by y the program is a straight line
        (case("x**x", x=0), CHOICE),
        (case("x**0", x=0), RATE),
        (case("norm(x, axis=1)", x=[[0, 0], [3, 4]]), RATE),  # its largest slope is of the row that is not 0
        (case("where(x > 0, x, 2*x)", x=0), CHOICE),
        (case("huber(x, 0)", x=1), RATE),  # two pieces that meet with the same slope
    ],
    ids=str,
)
def test_a_slope_is_called_a_rate_only_where_small_steps_follow_it(program: Any, said: str) -> None:
    [text] = told(program, "meaning")
    assert said in text


@pytest.mark.parametrize(
    ("text", "far", "near"),
    [("gelu(x)", -4, -0.7518), ("silu(x)", -9, -1.2785), ("mish(x)", -9, -1.1925)],
)
def test_the_flat_end_is_saturation_and_the_turning_point_is_not(text: str, far: float, near: float) -> None:
    [said] = told(case(text, x=far), "saturation")
    assert "saturated, almost flat" in said
    assert [] == told(case(text, x=near), "saturation")
    assert [] == told(case(text, x=3), "saturation")
