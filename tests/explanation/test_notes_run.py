"""Notes about the run: branches, cuts, what is kept, what the numbers mean."""

from __future__ import annotations

from typing import Any

import pytest

from autograd_explain import explain
from tests.explanation.told import only, told
from tests.programs import EXAMPLE, Case, case

UNTRACKED = case("w*exp(x)", w=1, x=2)


def test_the_first_branch_says_which_side_ran() -> None:
    note, second = told(case("if x > 5:\n    x = 2*x\nelif x > 1:\n    x = 3*x\nx", x=3), "branch")
    assert "The condition x > 5 was false (3 > 5)" in note.text
    assert "The condition x > 1 was true (3 > 1) (as told above)" == second.text
    assert second.short


def test_a_while_loop_tells_of_turns_not_of_sides() -> None:
    loop = "while x < 4:\n    x = 2*x\nx"
    [note] = told(case(loop, x=1), "branch")
    assert "was true (1 < 4), so the loop took a turn." in note.text
    [note] = told(case(loop, x=5), "branch")
    assert "was false (5 < 4), so the loop took no turn" in note.text


@pytest.mark.parametrize(
    ("program", "part"),
    [
        (case("n = 2*x\ns = 0\nfor i in range(n):\n    s = s + x\ns", x=2), "for i in range(n) took 4 turns"),
        (case("s = 0\nfor v in x:\n    s = s + v\ns", x=[1, 2]), "for v in x took 2 turns"),
    ],
    ids=str,
)
def test_a_loop_whose_turns_a_value_decides_is_a_branch(program: Case, part: str) -> None:
    assert part in only(program, "branch")


def test_a_loop_of_a_fixed_length_is_none() -> None:
    assert [] == told(case("s = 0\nfor i in range(3):\n    s = s + x\ns", x=2), "branch")


def test_the_seed_that_was_given_is_told_as_such() -> None:
    [note] = told(EXAMPLE, "seed", upstream=2)
    assert "given instead of 1" in note.text


def test_nothing_is_promised_where_nothing_is_differentiated() -> None:
    assert [] == explain("x*2", x=1, wrt=[]).notes


def test_an_untracked_input_says_what_would_have_arrived() -> None:
    [note] = told(UNTRACKED, "detached", wrt=["x"])
    assert "w is not tracked: no gradient goes there. Tracked, it would have got 7.389." == note.text
    assert [] == told(UNTRACKED, "detached")


def test_what_would_have_come_through_a_cut_in_several_steps() -> None:
    assert "detach cuts the path from v1 to x: without it, 12 would have come through." == only(
        case("w*detach(x)**2", w=2, x=3), "detached"
    )
    assert "1 would have come through" in only(case("detach(x)", x=3), "detached")
    assert "[3, 4] would have come through" in only(case("sum(w*detach(x))", w=[3, 4], x=[1, 2]), "detached")


def test_a_second_cut_is_told_briefly() -> None:
    first, second = told(case("w*x + b", w=1, x=2, b=3), "detached", wrt=["w"])
    assert "x is not tracked: no gradient goes there. Tracked, it would have got 1." == first.text
    assert (True, "b is not tracked either: it would have got 1 (as told above)") == (second.short, second.text)


def test_each_rule_says_what_it_needs_and_what_could_be_made_again() -> None:
    assert only(EXAMPLE, "saved") == (
        "The rules will need 5 values, 40 bytes, kept from the forward pass: mul (v1) needs w, x; sigmoid (v3) needs "
        "its output, v2; pow (v5) needs v4. The rules of v2, v4 need none. v3, v2, v4 could be worked out again from "
        "the inputs instead: less memory, more time."
    )


def test_the_meaning_prefers_a_number_that_is_not_zero() -> None:
    [note] = told(case("0*x + 3*y", x=1, y=1), "meaning")
    assert "∂y = 3" in note.text


def test_a_slope_chosen_at_a_corner_is_not_sold_as_a_rate_of_change() -> None:
    [note] = told(case("relu(x)", x=0), "meaning")
    assert "rests on a choice at a corner" in note.text


def test_zero_slope_says_so() -> None:
    [note] = told(case("x**2", x=0), "meaning")
    assert "to first order, a small change of x does not change the result" in note.text


def test_the_step_that_is_imagined_is_small_for_a_steep_slope() -> None:
    [note] = told(case("1e6*x", x=0), "meaning")
    assert "raise x by 1e-06 and the result changes by about 1. " in note.text


@pytest.mark.parametrize(
    ("program", "options", "part"),
    [
        (
            case("sum(w*x)", w=[1, 2], x=[3, 4]),
            {"wrt": ["w"]},
            "∂w[1] = 4 is a rate: raise w[1] by 0.01 and the result",
        ),
        (case("2*x", x=[1, 2]), {}, "the sum of the result's entries changes by about 0.02"),
        (case("2*x", x=1), {"upstream": 3}, "the result weighted by the upstream changes by about 0.06"),
    ],
    ids=str,
)
def test_the_meaning_of_arrays_and_of_a_given_upstream(program: Case, options: dict[str, Any], part: str) -> None:
    assert part in only(program, "meaning", **options)


def test_a_value_that_is_not_finite_has_no_rate() -> None:
    assert [] == told(case("x/y", x=1, y=0), "meaning")


def test_what_is_used_as_a_plain_number_is_told_and_not_called_unused() -> None:
    program = case("leaky_relu(x, slope=y)", x=-2, y=3)
    assert "y is used as a plain number" in only(program, "detached")
    assert [] == told(program, "unused-input")
    assert "∂x = 3" in only(program, "meaning")


def test_a_result_of_one_entry_needs_no_word_about_its_sum() -> None:
    assert [] == told(case("x*2", x=[1]), "non-scalar")
    assert [] != told(case("x*2", x=[1, 2]), "non-scalar")
