"""The check by differences: what it sees without knowing the graph."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autograd_explain import explain
from autograd_explain.check.finite import finite
from autograd_explain.check.steps import Unsettled, swept


def test_a_small_program_is_differenced_with_many_digits(written: Any) -> None:
    verdict = written("(1 - sigmoid(w*x + b))**2", x=2.0, w=3.0, b=1.0).by("finite")["w"]
    assert verdict.status == "agrees"
    assert verdict.theirs == pytest.approx(-3.3170323732750200e-06, rel=1e-15)


@pytest.mark.parametrize("text", ["((1e16 + x) - 1e16)**2", "((1e100 + x) - 1e100)**2"])
def test_cancellation_is_undecided(written: Any, text: Any) -> None:
    assert written(text, x=3.0).status("finite") == {"x": "undecided"}


def test_a_gradient_that_is_truly_zero_agrees(written: Any) -> None:
    assert written("sum(softmax(x))", x=[0.3, 1.1, -0.4]).status("finite") == {"x": "agrees"}


def test_a_wrong_graph_differs_though_every_step_is_right(recorded: Any) -> None:
    run = recorded(lambda x, y: x * y, x=2.0, y=3.0)
    other = replace(run.recording, rerun=lambda values: values["x"] * values["y"] * values["y"])
    assert {"x": "differs", "y": "differs"} == {r.target: r.status for r in finite(other, run.sweep)}


@pytest.mark.parametrize(
    ("text", "x", "told"),
    [
        ("relu(x - 2)*3", 2.0, "0 from the left and 3 from the right; 0 is taken"),
        ("where(x > 0, x, 0)", 0.0, "0 from the left and 1 from the right"),
        ("if x < 2:\n  x = x*x\nelse:\n  x = 2*x\nx", 2.0, "4 from the left and 2 from the right"),
        ("floor(x)*x", 3.0, "take different branches"),
        ("sign(x)", 0.0, "the program jumps here"),  # as far up on the left as on the right
        ("atan2(x, 0)", 0.0, "the program jumps here"),
        ("if x > 2:\n  x = 5*x\nelse:\n  x = x\nx", 2.0, "take different branches"),
    ],
)
def test_corners_and_jumps_are_conventions(written: Any, text: Any, x: Any, told: Any) -> None:
    verdict = written(text, x=x).by("finite")["x"]
    assert verdict.status == "convention"
    assert told in verdict.why


def test_a_choice_with_equal_slopes_on_both_sides_is_no_corner(written: Any) -> None:
    assert written("huber(x, 0)", x=1.0).status("finite") == {"x": "agrees"}
    assert written("relu(x)**2", x=0.0).status("finite") == {"x": "agrees"}
    assert written("1e-12*relu(x)", x=0.0).status("finite") == {"x": "convention"}
    assert written("1e-40*x**2", x=0.5).status("finite") == {"x": "agrees"}


def test_detached_values_stay_as_they_were(written: Any) -> None:
    assert written("x*detach(x) + detach(x**2)", x=3.0).status("finite") == {"x": "agrees"}


def test_random_numbers_come_again(written: Any) -> None:
    run = written("w = randn(3, 4)*x\nsum(tanh(w @ w.T))", x=0.5, seed=7)
    assert run.status("finite") == {"x": "agrees"}


def test_constants_on_the_left_do_not_swallow_digits(written: Any) -> None:
    run = written("where(1, maximum(0.5, x), x) + bce_with_logits(x, 1) - hinge(x, 1)", x=0.7)
    assert run.status("finite") == {"x": "agrees"}


def test_class_numbers_and_loops_run_on_many_digits(written: Any) -> None:
    run = written(
        "s = 0\nfor row in x:\n  s += row[0]*exp(row[1])\ns + cross_entropy(x, c)",
        x=[[1.0, 2.0], [0.3, 0.1]],
        c=[0, 1],
        wrt=["x"],
    )
    assert run.status("finite") == {"x": "agrees"}


def test_no_value_beside_the_point_is_undecided(written: Any) -> None:
    assert written("x**1.5", x=0.0).status("finite") == {"x": "undecided"}
    assert written("log(x)", x=-1.0).status("finite") == {"x": "undecided"}


def test_large_programs_are_differenced_in_float64(written: Any) -> None:
    random = np.random.default_rng(0)
    run = written("sum(tanh(x @ w))", x=random.standard_normal((40, 50)) / 9, w=random.standard_normal((50, 40)))
    verdict = run.by("finite")["w"]
    assert verdict.status == "agrees"
    assert "float64 differences" in verdict.why
    assert "random directions" in verdict.why


def test_large_programs_with_a_wrong_gradient_differ(written: Any) -> None:
    random = np.random.default_rng(0)
    run = written("sum(tanh(x @ w))", x=random.standard_normal((40, 50)) / 9, w=random.standard_normal((50, 40)))
    gradients = list(run.sweep.gradients)
    place = run.recording.inputs["w"].index
    gradients[place] = 1.01 * gradients[place]
    statuses = {r.target: r.status for r in finite(run.recording, replace(run.sweep, gradients=gradients))}
    assert statuses == {"x": "agrees", "w": "differs"}


def test_long_detaching_programs_are_left_open(written: Any) -> None:
    run = written("sum(x*detach(x))", x=np.linspace(0.1, 2.0, 60_000))
    verdict = run.by("finite")["x"]
    assert verdict.status == "undecided"
    assert "detach" in verdict.why


def test_a_sweep_of_steps_finds_the_slope_and_its_error() -> None:
    estimate = swept(lambda h: float(np.exp(3.0 * (0.2 + h))), 0.2, 36)
    assert abs(estimate.slope - 3.0 * np.exp(0.6)) <= estimate.error <= 1e-6
    assert not estimate.kinked


def test_a_sweep_of_steps_sees_a_corner() -> None:
    estimate = swept(lambda h: abs(h) + 2.0 * h, 1.0, 36)
    assert estimate.kinked
    assert (estimate.left, estimate.right) == (pytest.approx(1.0), pytest.approx(3.0))


def test_a_sweep_of_steps_does_not_guess() -> None:
    random = np.random.default_rng(0)
    with pytest.raises(Unsettled):
        swept(lambda h: h + float(random.standard_normal()), 1.0, 36)


@pytest.mark.parametrize("program", ["sum(x*x)", "prod(x)", "sum(prod(x, axis=1)**2)"])
def test_an_array_without_entries_is_nowhere_to_be_moved(program: str) -> None:
    run = explain(program, x=np.zeros((0, 3)), hessian=True, check=("finite",))
    assert {"agrees"} == {check.status for check in run.checks}
    assert (0, 3) == run.gradients["x"].shape


@pytest.mark.parametrize("text", ["w*mse(x, y)", "mse(x, y)*w", "w*mae(x, y)", "w*huber(x, y)", "w*hinge(x, y)",
                                  "w*bce_with_logits(x, y)", "w*mse(detach(x), y)", "w + mse(1, 2)"])  # fmt: skip
def test_a_loss_of_what_is_not_tracked_is_a_number_among_others(written: Any, text: Any) -> None:
    values = {name: value for name, value in (("w", 2.0), ("x", 1.0), ("y", 3.0)) if name in text}
    assert {"w": "agrees"} == written(text, wrt=["w"], **values).status("finite")


@pytest.mark.parametrize(
    ("text", "x"),
    [("sigmoid(x)", 300.0), ("sigmoid(x)", 680.0), ("tanh(x)", 150.0), ("erf(x)", 18.0), ("expm1(x)", -300.0),
     ("cos(x)", 1e-140), ("hypot(1, x)", 1e-140), ("x**5", 1e-60)],
)  # fmt: skip
def test_slopes_far_smaller_than_the_value_are_seen(written: Any, text: Any, x: Any) -> None:
    verdict = written(text, x=x).by("finite")["x"]
    assert "agrees" == verdict.status
    assert 0.0 != verdict.theirs


@pytest.mark.parametrize("text", ["leaky_relu(x, slope=y)", "y*elu(x, alpha=2*y)", "huber(x, 0, delta=y)"])
def test_what_is_used_as_a_plain_number_is_undecided(written: Any, text: Any) -> None:
    found = written(text, x=-2.0, y=1.5)
    for checker in ("symbolic", "finite"):
        assert {"x": "agrees", "y": "undecided"} == found.status(checker)
        assert "plain number" in found.by(checker)["y"].why


def test_an_upstream_that_is_not_finite_is_undecided() -> None:
    run = explain("x > 1", x=2.0, upstream=np.nan, check="finite")
    assert ["undecided"] == [result.status for result in run.checks]
