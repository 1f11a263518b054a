"""Notes about single operations: what is counted, what is summed, where on a curve, which unit is off."""

from __future__ import annotations

import pytest

from tests.explanation.told import only, told
from tests.programs import Case, case


def test_accumulation_is_told_where_the_second_contribution_arrives() -> None:
    [note] = told(case("x*y + x", x=3, y=2), "accumulation")
    assert 2 == note.step


@pytest.mark.parametrize(
    ("program", "part"),
    [
        (case("x + x*x", x=3), "(1 + 3 = 4 so far)"),
        (case("(1 - x)**2 + (x - 3)**2", x=0.5), "(-5 − 1 = -6 so far)"),
        (case("y = x*1\n3*y - 2.999999*y", x=1), "(-2.999999 + 3 = 1e-06 so far)"),
    ],
    ids=str,
)
def test_the_sum_so_far_is_true_as_printed(program: Case, part: str) -> None:
    first, *_ = told(program, "accumulation")
    assert part in first.text


def test_terms_of_an_array_are_those_of_its_largest_entry() -> None:
    assert "(at [1]: 2 + 4 = 6 so far)" in only(case("sum(x**2 + 2*x)", x=[1, 2]), "accumulation")


_USES = "was looked up 2 times: each look-up is a use of it, and their gradients add up."


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        ("[1, 1]", [f"Row 1 of x {_USES} Rows that were not looked up get 0."]),
        ("[0, -2, 1]", [f"Row 0 of x {_USES}"]),
        ("0, [1, 1]", [f"x[0,1] {_USES} Entries that were not looked up get 0."]),
        ("[0, 1, 1], [0, 1, 1]", [f"x[1,1] {_USES} Entries that were not looked up get 0."]),
        ("[0, 1], [0, 0]", []),  # a column twice, but no entry
        ("[0, 1]", []),
        ("[]", []),
    ],
)
def test_what_is_looked_up_twice_is_named(index: str, expected: list[str]) -> None:
    assert expected == [note.text for note in told(case(f"sum(x[{index}])", x=[[1, 2], [3, 4]]), "accumulation")]


def test_a_slope_by_an_exponent_that_is_nan_says_what_it_needs() -> None:
    [note] = told(case("x**y", x=-2, y=3), "non-finite")
    assert note.text.endswith("needs a base above 0: guard it with maximum(x, 1e-12), or do not track it.")


def test_what_naive_order_would_hand_on() -> None:
    assert only(case("y = 2*x\ny*y + y", x=3), "order").endswith(
        "Plain recursion would pass on at each arrival and walk everything below y 3 times over. "
        "Passing on at the first arrival and never again would hand on only 1."
    )


@pytest.mark.parametrize(
    ("base", "part"),
    [
        (2, "For a base of 0 it would be taken as 0, and below 0 there is no real log."),
        (0, "at a base of 0 the slope is taken as 0 for an exponent from 0 on."),
        (-2, "at a base of -2, log has no real value, so it is nan."),
    ],
)
def test_an_exponent_says_what_becomes_of_every_base(base: float, part: str) -> None:
    assert part in only(case("x**y", x=base, y=2), "exponent")


def test_dead_units_of_an_array_are_counted() -> None:
    [note] = told(case("sum(relu(x))", x=[-1, 2, -3, 4]), "dead-relu")
    assert "off at 2 of 4 entries of x (50 %)" in note.text


@pytest.mark.parametrize(
    ("program", "part"),
    [
        (case("maximum(x, 0)", x=-2), "maximum is off here: x = -2 is below 0"),
        (case("maximum(1, x)", x=-2), "maximum is off here: x = -2 is below 1"),
        (case("clip(x, 0, 1)", x=4), "clip is off here: x = 4 is outside 0 to 1"),
        (case("hinge(s, 1)", s=3), "clip is off here: v2 = -2 is below 0"),
        (case("sum(relu(x))", x=[1, -2]), "at 1 of 2 entries of x (50 %), first at [1]"),
    ],
    ids=str,
)
def test_what_works_like_a_relu_can_be_off(program: Case, part: str) -> None:
    assert part in only(program, "dead-relu")


def test_a_maximum_of_two_values_is_no_unit_that_is_off() -> None:
    assert [] == told(case("maximum(x, y)", x=-2, y=0), "dead-relu")


def test_saturation_of_an_array_is_counted() -> None:
    [note] = told(case("sum(tanh(x))", x=[0, 10, 1]), "saturation")
    assert "at 1 of 3 entries of x" in note.text


@pytest.mark.parametrize("text", ["sigmoid(x)", "tanh(x)"])
def test_saturation_is_for_flat_places_only(text: str) -> None:
    assert [] == told(case(text, x=0), "saturation")
    assert told(case(text, x=-30), "saturation")


@pytest.mark.parametrize(
    ("text", "x", "part"),
    [("softplus(x)", -9, "elsewhere it passes up to 100 %"), ("atan(x)", 100, "at 0 it would pass 100 %"),
     ("elu(x)", -9, "it passes 0.012 %"), ("selu(x)", -9, "elsewhere it passes up to 176 %")],
)  # fmt: skip
def test_other_curves_flatten_too(text: str, x: float, part: str) -> None:
    assert part in only(case(text, x=x), "saturation")
    assert [] == told(case(text, x=0.5), "saturation")
