"""Where nan and infinity begin, the guards against them, and digits that are lost."""

from __future__ import annotations

import re
from typing import Any

import mpmath
import numpy as np
import pytest

from autograd_explain import explain
from tests.explanation.told import only, told
from tests.programs import Case, case


def test_the_first_non_finite_number_of_the_backward_pass() -> None:
    [note] = told(case("sqrt(x)", x=0), "non-finite")
    assert 1 == note.step
    assert note.text.startswith(
        "The first inf of the backward pass is made here by sqrt, from x = 0, on the way to x: its slope 1/(2*0) is "
        "inf, and 1 × inf = inf."
    )


def test_a_nan_after_one_that_came_from_the_forward_pass_is_not_called_the_first() -> None:
    backward, forward = told(case("sqrt(x)*0 + where(x > 0, log(x), 0)", x=0), "non-finite")
    assert forward.text.startswith("The first inf of the forward pass is made by log in v4")
    assert backward.text.startswith("Another nan of the backward pass is made here by sqrt, from x = 0")


def test_a_non_finite_input_is_named_as_such() -> None:
    [note] = told(case("x + 1", x=float("nan")), "non-finite")
    assert "x itself is not a finite number" in note.text


@pytest.mark.parametrize(
    ("program", "part"),
    [
        (case("log(x)", x=0), "from x = 0: log(0) = -inf."),
        (case("x/y", x=0, y=0), "from x = 0, y = 0: 0/0 = nan."),
        (case("sum(log(x))", x=[1, 0]), "first at [1], from x with shape (2): log(0) = -inf."),
        (
            case("sqrt(x**2 + y**2)", x=1e200, y=1),
            "1e+200**2 = inf. Better: write hypot(x, y) for sqrt(x**2 + y**2), which is 1e+200 here.",
        ),
        (case("sum(sqrt(x))", x=[1, 0]), "first at [1]: 1 × inf = inf."),
        (case("1/(1 + exp(-x))", x=-800), "Better: write sigmoid(x) for 1/(1 + exp(-x)), which is 0 here."),
    ],
    ids=str,
)
def test_the_arithmetic_that_made_it(program: Case, part: str) -> None:
    assert part in only(program, "non-finite")


def test_an_infinite_limit_is_no_fault() -> None:
    assert [] == told(case("hinge(s, t)", s=3, t=1), "non-finite")

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


BETTER = [
    ("log(1 + x)", {"x": 1e-10}, "log1p(x)"), ("log(x + 1)", {"x": -3e-12}, "log1p(x)"),
    ("log(1 - x*y)", {"x": 1e-10, "y": 3e-7}, "log1p(-(x*y))"), ("exp(x) - 1", {"x": 1e-10}, "expm1(x)"),
    ("1 - exp(x)", {"x": 1e-11}, "-expm1(x)"), ("log(exp(a) + exp(b))", {"a": 1000, "b": 999}, "logsumexp([a, b])"),
    ("log(exp(a) + exp(b) + exp(c))", {"a": -1000, "b": -999, "c": -900}, "logsumexp([a, b, c])"),
    ("log(sum(exp(x)))", {"x": [1000, 1]}, "logsumexp(x)"), ("log(1 + exp(x))", {"x": 800}, "softplus(x)"),
    ("sqrt(a**2 + b**2)", {"a": 1e200, "b": 1e190}, "hypot(a, b)"), ("sqrt(sum(x**2))", {"x": [1e200, 3]}, "norm(x)"),
    ("sqrt(a*a + square(2*b))", {"a": 1e-200, "b": 1e-190}, "hypot(a, 2*b)"),
    ("log(softmax(x))[0]", {"x": [1, 1000]}, "log_softmax(x)"), ("log(sigmoid(x))", {"x": -800}, "logsigmoid(x)"),
    ("sum(log(exp(x)/sum(exp(x))))", {"x": [1, 1000]}, "log_softmax(x)"), ("1 - sigmoid(x)", {"x": 30}, "sigmoid(-x)"),
    ("sum(exp(z)/sum(exp(z))*[1, 2])", {"z": [1000, 1]}, "softmax(z)"), ("1 - cos(x)", {"x": 1e-6}, "2*sin(x/2)**2"),
    ("sqrt(x + 1) - sqrt(x)", {"x": 1e12}, "((x + 1) - x)/(sqrt(x + 1) + sqrt(x))"),
    ("1 - erf(x)", {"x": 5}, "erfc(x)"),
    ("1 - tanh(x)", {"x": 18}, "2*sigmoid(-2*x)"), ("1/(1 + exp(-x))", {"x": -800}, "sigmoid(x)"),
    ("sin(a)**2 - sin(b)**2", {"a": 1 + 1e-11, "b": 1}, "(sin(a) - sin(b))*(sin(a) + sin(b))"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "values", "form"), BETTER, ids=[row[0] for row in BETTER])
def test_the_better_form_is_named_and_works_when_pasted(text: str, values: dict[str, Any], form: str) -> None:
    before = explain(text, values)
    note = next(note for note in before.notes if note.kind in {"cancellation", "non-finite"})
    new, _, rest = note.text.partition("Better: write ")[2].partition(" for ")
    old, _, gives = rest.partition(", which is ")
    old = old.rstrip(".")
    assert form == new
    assert old in text
    after = explain(text.replace(old, new), values)
    assert np.all(np.isfinite(after.value))
    assert all(np.all(np.isfinite(gradient)) for gradient in after.gradients.values())
    assert [] == [note.text for note in after.notes if note.kind in {"cancellation", "non-finite"} and new in note.text]
    if gives and old == text:
        assert after.value == pytest.approx(float(gives.split(" here")[0]), rel=1e-5)


def test_the_better_form_says_both_numbers_where_they_differ() -> None:
    assert only(case("log(1 + x)", x=1e-10), "cancellation") == (
        "v1 = 1 + 1e-10: beside the 1, about 9 of the 16 digits of the small number are lost. Better: write log1p(x) "
        "for log(1 + x), which is 1e-10 here and not 1.0000001e-10."
    )


def test_the_better_form_is_found_inside_a_function() -> None:
    program = case("def f(t): return log(1 + t)\nf(x/3)", x=1e-12)
    assert "write log1p(t) for log(1 + t)" in only(program, "cancellation")


@pytest.mark.parametrize(
    "program",
    [
        case("maximum(0, 1 - t*s)", t=1, s=1), case("sum(maximum(0, 1 - t*s))", t=[1, 2], s=[0.4, 0.5]),
        case("a*b + b**3", a=-4, b=2), case("exp(x) - 1", x=0), case("1 - cos(x)", x=0), case("sqrt(x) - 2", x=4),
        case("1 - 3*(x/3)", x=1), case("(x + 1e12) - 1e12", x=1), case("log(1 + x)", x=2.0**-40),
        case("log(1 + x)", x=0.5), case("x*y - 0.5", x=0.25, y=2), case("hinge(s, t)", s=1, t=1),
    ],
    ids=str,
)  # fmt: skip
def test_nothing_is_lost_where_no_term_was_rounded(program: Case) -> None:
    lost = program.run()
    if program.text == "log(1 + x)" and program.values["x"] < 0.1:
        assert lost.value == pytest.approx(np.log1p(program.values["x"]), rel=1e-8)
    assert [] == [note.text for note in lost.notes if note.kind == "cancellation"]


NESTED = [
    ("where(x > 0, log(sqrt(x)), 0)", {"x": 0}), ("where(x > 0, sqrt(x) + 1/x, 0)", {"x": 0}),
    ("sum(where(x > 0, where(y > 0, sqrt(x)/y, 0), 0))", {"x": [0, 1, 2, 0], "y": [1, 0, 2, 0]}),
    ("where(x > 0, where(y > 0, sqrt(x)/y, 0), 0)", {"x": 0, "y": 0}),
    ("sum(where(x > 0, sqrt(x), where(x < 0, log(-x), 0)))", {"x": [0, 1, -1]}),
    ("y = sqrt(x)\nc = x > 0\nwhere(c, log(y), 0)", {"x": 0}), ("where(x > 0, 1/sqrt(sin(x)), 0)", {"x": 0}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "values"), NESTED, ids=[row[0][:40] for row in NESTED])
def test_one_rewrite_is_the_whole_of_it(text: str, values: dict[str, Any]) -> None:
    before = explain(text, values)
    note = next(note for note in before.notes if note.kind == "where-nan")
    rewritten = text
    for pair in note.text.partition("write ")[2].rstrip(".").split(", and "):
        new, _, old = pair.rpartition(" for ")
        assert old in rewritten
        rewritten = rewritten.replace(old, new)
    after = explain(rewritten, values)
    assert any(np.any(np.isnan(gradient)) for gradient in before.gradients.values())
    assert all(np.all(np.isfinite(gradient)) for gradient in after.gradients.values())
    assert before.value == after.value


def test_beside_a_guard_no_other_safe_way_is_told() -> None:
    assert "A safe way" not in only(case("where(x > 0, sqrt(x), 0)", x=0), "non-finite")


def test_contributions_that_cancel_are_named_as_what_vanished() -> None:
    run = case("y = (x + a/x)/2\nz = (y + a/y)/2\nw = (z + a/z)/2\n(w + a/w)/2", x=1, a=2).run()
    [note] = [note for note in run.notes if note.kind == "vanishing"]
    assert "the contributions to w all but cancel, of 0.5 only 1.502e-06 is left" in note.text


@pytest.mark.parametrize(
    ("program", "kept"),
    [
        (case("exp(x) - 1", x=1e-12), mpmath.expm1),
        (case("exp(x) - 1", x=1e-10), mpmath.expm1),
        (case("log(1 + x)", x=1e-12), mpmath.log1p),
        (case("1 - cos(x)", x=1e-7), lambda x: 1 - mpmath.cos(x)),
        (case("sqrt(x + 1) - sqrt(x)", x=1e14), lambda x: mpmath.sqrt(x + 1) - mpmath.sqrt(x)),
        (case("1 - (1 - x)**3", x=1e-12), lambda x: 1 - (1 - x) ** 3),
        (case("(x + 1e12) - 1e12", x=0.1), lambda x: x),
    ],
    ids=lambda given: str(given) if isinstance(given, Case) else "",
)
def test_the_digits_said_to_be_lost_are_those_the_value_lacks(program: Case, kept: Any) -> None:
    note = only(program, "cancellation")
    said = re.search(r"about (\d+) of (?:the )?16 digits", note)
    assert said, note
    with mpmath.workdps(60):
        true = kept(mpmath.mpf(program.values["x"]))
        right = -mpmath.log10(abs((mpmath.mpf(program.run().value) - true) / true))
    assert abs(int(said[1]) - (16 - right)) < 0.6
