"""Every kind of note: a program that raises its question, and one that does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_explain import explain
from tests.programs import EVERY, EXAMPLE, Case, case

CUBE = """def cube(t): return t*t*t
@backward_of(cube)
def cube_back(upstream, out, t): return upstream*3*t**2
cube(x)"""

RAISED = {
    "seed": (case("x*2", x=1), "changes by exactly its own change"),
    "records-only": (case("x*2", x=1), "recorded 1 operation."),
    "meaning": (case("5*x", x=1), "raise x by 0.01 and the result changes by about 0.05"),
    "accumulation": (case("x*x", x=3), "x is used 2 times: each use is a path to the result, and the paths add up (3"),
    "uses-output": (case("exp(x)", x=1), "v1 is already known"),
    "subtraction": (case("a - b", a=1, b=2), "Raising b lowers a − b one for one"),
    "saturation": (case("sigmoid(x)", x=7), "passes 0.091 % of its upstream (at 0 it would pass 25 %)"),
    "dead-relu": (case("relu(x)", x=-2), "off here: x = -2 is below 0"),
    "kink": (case("abs(x)", x=0), "from the left is −1, from the right 1"),
    "tie": (case("maximum(x, y)", x=2, y=2), "has a tie"),
    "broadcast": (
        case("sum(X + b)", X=[[1, 2], [3, 4], [5, 6]], b=[1, 2]),
        "from (2) to (3,2): each entry was used 3 times",
    ),
    "matmul": (case("sum(X @ W)", X=[[1, 2, 3], [4, 5, 6]], W=[[1], [2], [3]]), "upstream (2,1) @ Wᵀ (1,3) → (2,3)"),
    "non-scalar": (case("2*x", x=[1, 2]), "2 entries, shape (2)"),
    "unused-input": (case("y = 2*u\nx + 1", x=1, u=2), "u gets 0: no path leads"),
    "non-finite": (case("log(x)", x=0), "first inf of the forward pass is made by log in v1, from x = 0"),
    "order": (
        case("y = x*x\ny*y + y", x=2),
        "y is used 3 times, so it waited until every use had sent its share, 9 in all",
    ),
    "saved": (case("w*exp(x)", w=1, x=2), "The rules will need 2 values, 16 bytes"),
    "exponent": (case("x**y", x=2, y=3), "the slope of x^y by y is x^y·log(x)"),
    "zero-slope": (case("floor(x)*x", x=2.5), "floor is flat between its jumps"),
    "reduction": (case("mean(x)", x=[1, 2, 3]), "divides by the 3 entries"),
    "softmax-cross-entropy": (case("cross_entropy(Z, t)", Z=[[1, 2]], t=[0]), "[0.2689, 0.7311] − [1, 0]"),
    "where": (case("where(x > 0, x, 2*x)", x=1), "all of it goes to x. The condition itself gets no gradient"),
    "where-nan": (case("where(x > 0, sqrt(x), 0)", x=0), "the slope of sqrt there is inf, and 0 × inf = nan"),
    "detached": (case("x*detach(x)", x=3), "detach cuts the path from v1 to x: 3 would have come through"),
    "custom-rule": (case(CUBE, x=2), "cube has its own rule"),
    "vanishing": (case("exp(-20*x)*x", x=1), "2.554e+07 times smaller than its seed"),
    "exploding": (case("exp(20*x)", x=1), "9.703e+09 times larger than its seed"),
    "cancellation": (case("(x + 1e12) - 1e12", x=1), "about 12 of 16 digits are lost"),
    "branch": (case("if x > 1:\n    x = 2*x\nx", x=3), "The condition x > 1 was true (3 > 1)"),
}
NOT_RAISED = {
    "seed": case("2"),
    "records-only": case("x", x=1),
    "meaning": case("log(-x)", x=1),
    "accumulation": case("x*y", x=3, y=3),
    "uses-output": case("sin(x)", x=1),
    "subtraction": case("a - 1", a=1),
    "saturation": case("sigmoid(x)", x=1),
    "dead-relu": case("relu(x)", x=2),
    "kink": case("abs(x)", x=1e-300),
    "tie": case("maximum(x, y)", x=2, y=2.5),
    "broadcast": case("sum(X + b)", X=[[1, 2]], b=[[1, 2]]),
    "matmul": case("sum(X * W)", X=[[1, 2]], W=[[1, 2]]),
    "non-scalar": case("sum(2*x)", x=[1, 2]),
    "unused-input": case("x*u", x=1, u=0),
    "non-finite": case("log(x)", x=1e-300),
    "order": case("(2*x)*y", x=2, y=3),
    "saved": case("x", x=1),
    "exponent": case("x**2", x=2),
    "zero-slope": case("x*2.5", x=2.5),
    "reduction": case("sum(x)", x=[1, 2, 3]),
    "softmax-cross-entropy": case("softmax(x)[0]", x=[1, 2]),
    "where": case("x if x > 0 else 2*x", x=1),
    "where-nan": case("where(x > 0, sqrt(where(x > 0, x, 1)), 0)", x=0),
    "detached": case("x*x", x=3),
    "custom-rule": case("def cube(t): return t*t*t\ncube(x)", x=2),
    "vanishing": case("exp(-x)*x", x=1),
    "exploding": case("exp(2*x)", x=1),
    "cancellation": case("x - 1", x=3),
    "branch": case("where(x > 1, 2*x, x)", x=3),
}  # fmt: skip


UNTRACKED = case("w*exp(x)", w=1, x=2)


def told(program: Case, kind: str, **options: Any) -> list[Any]:
    return [note for note in program.run(**options).notes if note.kind == kind]


def test_every_kind_has_both_programs() -> None:
    assert RAISED.keys() == NOT_RAISED.keys()


@pytest.mark.parametrize("kind", RAISED)
def test_a_note_where_its_question_arises(kind: str) -> None:
    program, part = RAISED[kind]
    first, *_ = told(program, kind)
    assert part in first.text


@pytest.mark.parametrize("kind", NOT_RAISED)
def test_no_note_where_it_does_not(kind: str) -> None:
    assert [] == told(NOT_RAISED[kind], kind)


@pytest.mark.parametrize("program", EVERY, ids=str)
def test_a_kind_is_told_in_full_once_and_sentences_are_whole(program: Case) -> None:
    notes = program.run().notes
    at_steps = [note.kind for note in notes if note.step is not None and not note.short]
    assert sorted(set(at_steps)) == sorted(at_steps)
    assert not [note.text for note in notes if not note.short and not note.text.endswith(".")]
    assert not [note.text for note in notes if "  " in note.text or note.text != note.text.strip()]


def test_the_second_time_refers_back() -> None:
    first, second = told(case("x*x + y*y", x=1, y=2), "accumulation")
    assert not first.short
    assert second.short
    assert second.text.endswith(f"(as at step {first.step})")


def test_accumulation_is_told_where_the_second_contribution_arrives() -> None:
    [note] = told(case("x*y + x", x=3, y=2), "accumulation")
    assert 2 == note.step


def test_dead_units_of_an_array_are_counted() -> None:
    [note] = told(case("sum(relu(x))", x=[-1, 2, -3, 4]), "dead-relu")
    assert "off at 2 of 4 entries of x (50 %)" in note.text


def test_a_corner_of_an_array_is_counted() -> None:
    [note] = told(case("sum(relu(x))", x=[0, 2, 0]), "kink")
    assert "x = 0 (2 of 3 places)" in note.text


def test_saturation_of_an_array_is_counted() -> None:
    [note] = told(case("sum(tanh(x))", x=[0, 10, 1]), "saturation")
    assert "at 1 of 3 entries of x" in note.text


@pytest.mark.parametrize("text", ["sigmoid(x)", "tanh(x)"])
def test_saturation_is_for_flat_places_only(text: str) -> None:
    assert [] == told(case(text, x=0), "saturation")
    assert told(case(text, x=-30), "saturation")


def test_the_first_non_finite_number_of_the_backward_pass() -> None:
    [note] = told(case("sqrt(x)", x=0), "non-finite")
    assert 1 == note.step
    assert note.text.startswith(
        "The first inf of the backward pass is made here by sqrt, from x = 0, on the way to x: its slope 1/(2*0) is "
        "inf, and 1 × inf = inf."
    )


def test_a_non_finite_input_is_named_as_such() -> None:
    [note] = told(case("x + 1", x=float("nan")), "non-finite")
    assert "x itself is not a finite number" in note.text


def test_the_first_branch_says_which_side_ran() -> None:
    note, second = told(case("if x > 5:\n    x = 2*x\nelif x > 1:\n    x = 3*x\nx", x=3), "branch")
    assert "The condition x > 5 was false (3 > 5)" in note.text
    assert "The condition x > 1 was true (3 > 1) (as told above)" == second.text
    assert second.short


def test_the_seed_that_was_given_is_told_as_such() -> None:
    [note] = told(EXAMPLE, "seed", upstream=2)
    assert "given instead of 1" in note.text


def test_nothing_is_promised_where_nothing_is_differentiated() -> None:
    assert [] == explain("x*2", x=1, wrt=[]).notes


def test_an_untracked_input_says_what_would_have_arrived() -> None:
    [note] = told(UNTRACKED, "detached", wrt=["x"])
    assert "w is not tracked, so nothing flows to it; 7.389 would have arrived there." == note.text
    assert [] == told(UNTRACKED, "detached")


def test_the_meaning_prefers_a_number_that_is_not_zero() -> None:
    [note] = told(case("0*x + 3*y", x=1, y=1), "meaning")
    assert "∂y = 3" in note.text


def test_a_slope_chosen_at_a_corner_is_not_sold_as_a_rate_of_change() -> None:
    [note] = told(case("relu(x)", x=0), "meaning")
    assert "rests on a choice at a corner" in note.text


def test_zero_slope_says_so() -> None:
    [note] = told(case("x**2", x=0), "meaning")
    assert "to first order, a small change of x does not change the result" in note.text


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


def test_a_while_loop_tells_of_turns_not_of_sides() -> None:
    loop = "while x < 4:\n    x = 2*x\nx"
    [note] = told(case(loop, x=1), "branch")
    assert "was true (1 < 4), so the loop took a turn." in note.text
    [note] = told(case(loop, x=5), "branch")
    assert "was false (5 < 4), so the loop took no turn" in note.text


@pytest.mark.parametrize(
    "program",
    [case("relu(w*x + b)", w=2, x=3, b=-6), case("m = detach(max(z))\nlogsumexp(z - m)", z=[1, 2, 3])],
    ids=str,
)
def test_a_difference_without_rounding_loses_no_digits(program: Case) -> None:
    assert [] == told(program, "cancellation")


def test_a_difference_of_rounded_equals_has_lost_them_all() -> None:
    [note] = told(case("(x + 1) - x", x=1e17), "cancellation")
    assert "about 16 of 16 digits are lost" in note.text


def test_the_step_that_is_imagined_is_small_for_a_steep_slope() -> None:
    [note] = told(case("1e6*x", x=0), "meaning")
    assert "raise x by 1e-06 and the result changes by about 1. " in note.text


def only(program: Case, kind: str, **options: Any) -> str:
    [note] = told(program, kind, **options)
    return str(note.text)


def test_what_naive_order_would_hand_on() -> None:
    assert only(case("y = 2*x\ny*y + y", x=3), "order").endswith(
        "Plain recursion would pass on at each arrival and walk everything below y 3 times over. "
        "Passing on at the first arrival and never again would hand on only 1."
    )


def test_each_rule_says_what_it_needs_and_what_could_be_made_again() -> None:
    assert only(EXAMPLE, "saved") == (
        "The rules will need 5 values, 40 bytes, kept from the forward pass: mul (v1) needs w, x; sigmoid (v3) needs "
        "its output, v2; pow (v5) needs v4. The rules of v2, v4 need none. v3, v2, v4 could be worked out again from "
        "the inputs instead: less memory, more time."
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


def test_what_would_have_come_through_a_cut_in_several_steps() -> None:
    assert "detach cuts the path from v1 to x: 12 would have come through." == only(
        case("w*detach(x)**2", w=2, x=3), "detached"
    )
    assert "1 would have come through" in only(case("detach(x)", x=3), "detached")
    assert "[3, 4] would have come through" in only(case("sum(w*detach(x))", w=[3, 4], x=[1, 2]), "detached")


def test_a_second_cut_is_told_briefly() -> None:
    first, second = told(case("w*x + b", w=1, x=2, b=3), "detached", wrt=["w"])
    assert "x is not tracked, so nothing flows to it; 1 would have arrived there." == first.text
    assert (True, "b is not tracked either: 1 would have arrived (as told above)") == (second.short, second.text)


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


GUARDED = [
    ("where(x > 0, sqrt(x), 0)", {"x": 0}, "sqrt(x)"),
    ("where(x > 0, 1/x, 0)", {"x": 0}, "1/x"),
    ("where(x > 0, x**0.5, 0)", {"x": 0}, "x**0.5"),
    ("where(x != 0, sin(x)/x, 1)", {"x": 0}, "sin(x)/x"),
    ("where(x <= 0, 0, sqrt(x*y))", {"x": 0, "y": 2}, "sqrt(x*y)"),
    ("sum(where(x > 0, log(x), x))", {"x": [0, 1]}, "log(x)"),
    ("y = sqrt(x)\nc = x > 0\nwhere(c, y, 0)", {"x": 0}, "sqrt(x)"),
    ("where(x < 1, asin(x), 0)", {"x": 1}, "asin(x)"),
    ("where(x < 1, atanh(x), 0)", {"x": 1}, "atanh(x)"),
]


@pytest.mark.parametrize(("text", "values", "part"), GUARDED, ids=[row[0][:30] for row in GUARDED])
def test_the_guard_works_when_pasted(text: str, values: dict[str, Any], part: str) -> None:
    before = explain(text, values)
    note = next(note for note in before.notes if note.kind == "where-nan")
    new, _, old = note.text.partition("write ")[2].rstrip(".").rpartition(" for ")
    assert part == old
    after = explain(text.replace(old, new), values)
    assert np.any(np.isnan(before.gradients["x"]))
    assert all(np.all(np.isfinite(gradient)) for gradient in after.gradients.values())
    assert before.value == after.value


def test_a_where_elsewhere_is_not_blamed() -> None:
    assert [] == told(case("where(x > 0, 1, 2) + 0*sqrt(x)", x=0), "where-nan")


REWRITTEN = [
    ("sqrt(x)", "sqrt(maximum(x, 1e-12))", 0), ("sqrt(x)", "sqrt(maximum(x, 1e-12))", -4),
    ("log(x)", "log(maximum(x, 1e-12))", 0), ("log2(x)", "log2(maximum(x, 1e-12))", 0),
    ("log10(x)", "log10(maximum(x, 1e-12))", -1), ("log1p(x)", "log1p(maximum(x, -1 + 1e-12))", -1),
    ("asin(x)", "asin(clip(x, -1 + 1e-12, 1 - 1e-12))", 1), ("acos(x)", "acos(clip(x, -1 + 1e-12, 1 - 1e-12))", 2),
    ("atanh(x)", "atanh(clip(x, -1 + 1e-12, 1 - 1e-12))", 1), ("acosh(x)", "acosh(maximum(x, 1 + 1e-12))", 1),
    ("reciprocal(x)", "1/(x + 1e-12)", 0), ("cbrt(x)", "cbrt(maximum(x, 1e-12))", 0),
]  # fmt: skip


@pytest.mark.parametrize(("text", "rewrite", "x"), REWRITTEN)
def test_a_safe_way_is_safe(text: str, rewrite: str, x: float) -> None:
    assert rewrite in only(case(text, x=x), "non-finite")
    after = explain(rewrite, x=x)
    assert np.isfinite(after.value)
    assert np.isfinite(after.gradients["x"])


@pytest.mark.parametrize(
    ("program", "part"),
    [
        (case("log(x)", x=0), "from x = 0: log(0) = -inf."),
        (case("x/y", x=0, y=0), "from x = 0, y = 0: 0/0 = nan."),
        (case("sum(log(x))", x=[1, 0]), "first at [1], from x with shape (2): log(0) = -inf."),
        (case("sqrt(x**2 + y**2)", x=1e200, y=1), "1e+200**2 = inf. A safe way: no float is above 1.8e308"),
        (case("sum(sqrt(x))", x=[1, 0]), "first at [1]: 1 × inf = inf."),
        (case("1/(1 + exp(-x))", x=-800), "for 1/(1 + exp(-x)) sigmoid(x)"),
    ],
    ids=str,
)
def test_the_arithmetic_that_made_it(program: Case, part: str) -> None:
    assert part in only(program, "non-finite")


def test_an_infinite_limit_is_no_fault() -> None:
    assert [] == told(case("hinge(s, t)", s=3, t=1), "non-finite")


@pytest.mark.parametrize(
    ("program", "part"),
    [
        (case("clip(y, 0, 2)", y=2), "clip has a corner at y = 2: the slope from the left is 1, from the right 0."),
        (case("hardtanh(y)", y=-1), "hardtanh has a corner at y = −1: the slope from the left is 0, from the right 1."),
        (case("leaky_relu(y, 0.2)", y=0), "the slope from the left is 0.2, from the right 1."),
        (case("abs(2*y)", y=0), "abs has a corner at v1 = 0"),
        (case("norm(y)", y=[0, 0]), "norm has a corner where every entry is 0"),
        (case("hypot(y, y)", y=0), "hypot has a corner at y = 0"),
    ],
    ids=str,
)
def test_a_corner_speaks_of_this_run(program: Case, part: str) -> None:
    assert part in only(program, "kink")


def test_where_both_sides_agree_there_is_no_corner() -> None:
    assert [] == told(case("elu(x)", x=0), "kink")
    assert told(case("elu(x, 2)", x=0), "kink")


@pytest.mark.parametrize(
    ("program", "part"),
    [
        (case("maximum(p, q)", p=2, q=2), "maximum has a tie: p = q. Raise one of them and it alone counts"),
        (case("maximum(p, q)", p=2, q=2), "Who gets the gradient is a convention: they share it equally, ½ each"),
        (case("max(p)", p=[3, 1, 3, 3]), "they share it equally, 1/3 each"),
    ],
    ids=str,
)
def test_a_tie_says_that_sharing_is_a_convention(program: Case, part: str) -> None:
    assert part in only(program, "tie")


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


@pytest.mark.parametrize(
    ("text", "x", "part"),
    [("softplus(x)", -9, "elsewhere it passes up to 100 %"), ("atan(x)", 100, "at 0 it would pass 100 %"),
     ("elu(x)", -9, "it passes 0.012 %"), ("selu(x)", -9, "elsewhere it passes up to 176 %")],
)  # fmt: skip
def test_other_curves_flatten_too(text: str, x: float, part: str) -> None:
    assert part in only(case(text, x=x), "saturation")
    assert [] == told(case(text, x=0.5), "saturation")


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


@pytest.mark.parametrize(
    ("program", "parts"),
    [
        (case("sum(A @ v)", A=[[1, 2], [3, 4]], v=[1, 2]), ("v1[i] = Σₖ A[i,k]·v[k]", "Aᵀ (2,2) @ upstream (2) → (2)")),
        (case("sum(v @ A)", A=[[1, 2, 5], [3, 4, 6]], v=[1, 2]), ("v1[j] = Σₖ v[k]·A[k,j]", "(3) @ Aᵀ (3,2) → (2)")),
        (case("a @ b", a=[1, 2], b=[3, 4]), ("v1 = Σₖ a[k]·b[k]",)),
        (case("sum(A @ B)", A=[[[1, 2]], [[3, 4]]], B=[[1], [2]]), ("upstream @ Bᵀ", "Aᵀ @ upstream", "(2,1,2)")),
    ],
    ids=str,
)
def test_products_of_every_shape(program: Case, parts: tuple[str, ...]) -> None:
    assert all(part in only(program, "matmul") for part in parts)


@pytest.mark.parametrize(
    ("program", "part"),
    [
        (case("var(x)", x=[1, 2, 4]), "2/3 times its distance from the mean"),
        (case("std(x)", x=[1, 2, 4]), "its distance from the mean, divided by 3 and by v1"),
        (
            case("cross_entropy(z, t)", z=[[1, 2], [3, 4]], t=[0, 1]),
            "averages over its 2 rows, so each row gets 1/2 = 0.5",
        ),
        (case("mse(p, t)", p=[1, 2], t=[0, 0]), "1/2 = 0.5"),
    ],
    ids=str,
)
def test_each_share_of_an_average(program: Case, part: str) -> None:
    assert part in only(program, "reduction")


def test_the_share_of_a_variance_is_the_gradient() -> None:
    assert np.allclose(2 / 3 * (np.array([1, 2, 4]) - 7 / 3), explain("var(x)", x=[1, 2, 4]).gradients["x"])


def test_an_average_of_one_has_nothing_to_share() -> None:
    assert [] == told(case("mse(p, t)", p=1, t=0), "reduction")


def test_many_classes_show_the_one_that_was_wanted() -> None:
    run = case("cross_entropy(z, t)", z=[0.5, 0.2, 1, 2, 3], t=1)
    assert "for class 1, 0.03694 − 1 = -0.9631" in only(run, "softmax-cross-entropy")


def test_log_of_a_softmax_has_its_numbers() -> None:
    assert "1/p = 1/0.2689" in only(case("log(softmax(x))[1]", x=[1, 2]), "softmax-cross-entropy")


def test_terms_of_an_array_are_those_of_its_largest_entry() -> None:
    assert "(at [1]: 2 + 4 = 6 so far)" in only(case("sum(x**2 + 2*x)", x=[1, 2]), "accumulation")


def test_what_nobody_asks_a_third_time() -> None:
    notes = told(case("exp(x) + exp(2*x) + exp(3*x)", x=1), "uses-output")
    assert [False, True] == [note.short for note in notes]


def test_a_value_that_is_not_finite_has_no_rate() -> None:
    assert [] == told(case("x/y", x=1, y=0), "meaning")
