"""The symbolic check: what it says of right gradients, of cancellation, of kinks, and of numbers tampered with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autograd_explain.check.symbolic import symbolic


def _example(written: Any, **values: Any) -> Any:
    return written("(1 - sigmoid(w*x + b))**2", **({"x": 2.0, "w": 3.0, "b": 1.0} | values))


def test_right_gradients_agree_to_as_many_digits_as_the_run_leaves(written: Any) -> None:
    verdict = _example(written).by("symbolic")["w"]
    assert verdict.status == "agrees"
    assert verdict.theirs == pytest.approx(-3.3170323732750200e-06, rel=1e-15)
    assert 12 <= verdict.digits <= 14  # 1 − σ(7) has lost three


def test_the_closed_form_is_shown_with_shared_parts(written: Any) -> None:
    verdict = _example(written).by("symbolic")["x"]
    assert verdict.formula == "-2*s*w*(1 - 1/p)/p**2 with s = exp(-b - w*x), p = s + 1"


@pytest.mark.parametrize(
    ("text", "x", "status"),
    [
        ("((1e16 + x) - 1e16)**2", 3.0, "undecided"),
        ("((1e100 + x) - 1e100)**2", 3.0, "undecided"),
        ("((1e16 + x) - 1e16)**2", 4.0, "agrees"),  # 1e16 + 4 is exact
        ("((1e8 + x) - 1e8)**2", 3.3, "agrees"),
        ("sqrt(x + 1) - sqrt(x)", 1e12, "agrees"),
        ("(1 - cos(x))/x**2", 1e-9, "undecided"),
        ("exp(x) - 1 - x", 1e-9, "agrees"),
    ],
)
def test_cancellation_never_differs_and_is_never_called_agreement_without_digits(
    written: Any, text: Any, x: Any, status: Any
) -> None:
    verdict = written(text, x=x).by("symbolic")["x"]
    assert verdict.status == status
    if status == "agrees":
        assert abs(verdict.ours - verdict.theirs) <= 10.0 ** (1 - verdict.digits) * abs(verdict.theirs)
    else:
        assert "rounding" in verdict.why


def test_where_the_digits_went_is_told(written: Any) -> None:
    assert "is 3 exactly, 4 was computed" in written("((1e16 + x) - 1e16)**2", x=3.0).by("symbolic")["x"].why


def test_a_gradient_that_is_truly_zero_agrees(written: Any) -> None:
    run = written("sum(softmax(x))", x=[0.3, 1.1, -0.4])
    assert run.status("symbolic") == {"x": "agrees"}


def test_floats_are_taken_exactly_not_as_the_decimals_they_are_written_as(written: Any) -> None:
    verdict = written("1e17*x*(0.1 + 0.2 - 0.3)", x=1.0, wrt=["x"]).by("symbolic")["x"]
    assert verdict.status == "agrees"
    assert verdict.theirs == pytest.approx(1e17 * (0.1 + 0.2 - 0.3), rel=1e-15)


def test_whole_exponents_stay_whole(written: Any) -> None:
    assert written("x**2", x=0.0).by("symbolic")["x"].formula == "2*x"
    assert written("x**2", x=-3.0).status("symbolic") == {"x": "agrees"}
    assert written("x**y", x=0.0, y=2.0).status("symbolic") == {"x": "agrees", "y": "agrees"}


def test_names_that_mean_something_to_sympy_are_plain_variables(written: Any) -> None:
    run = written(
        "E*I + S*N + beta*gamma + Q*O*zeta", E=1.5, I=2.0, S=3.0, N=4.0, beta=5.0, gamma=6.0, Q=1.0, O=2.0, zeta=3.0
    )
    assert set(run.status("symbolic").values()) == {"agrees"}
    assert run.by("symbolic")["E"].formula == "I"


@pytest.mark.parametrize(
    ("text", "values", "left", "right", "taken"),
    [
        ("relu(x - 2)*3", {"x": 2.0}, "0", "1", "0"),
        ("abs(x)", {"x": 0.0}, "-1", "1", "0"),
        ("maximum(x, y)", {"x": 1.0, "y": 1.0}, "0", "1", "0.5"),
        ("max(x)", {"x": [1.0, 2.0, 2.0]}, "0", "1", "0.5"),
        ("norm(x)", {"x": [0.0, 0.0]}, "-1", "1", "0"),
        ("std(x)", {"x": [1.0, 1.0]}, "-0.5", "0.5", "0"),
        ("sqrt(x)", {"x": 0.0}, "none (no real value)", "inf", "inf"),
        ("leaky_relu(x, 0.1)", {"x": 0.0}, "0.1", "1", "0.1"),
        ("sum(relu(x))", {"x": [1.0, 0.0]}, "0", "1", "0"),
        ("clip(x, 0, 1)", {"x": 1.0}, "1", "0", "1"),
    ],
)
def test_a_kink_is_a_convention_with_both_one_sided_derivatives(
    written: Any, text: Any, values: Any, left: Any, right: Any, taken: Any
) -> None:
    verdict = written(text, wrt=["x"], **values).by("symbolic")["x"]
    assert verdict.status == "convention"
    assert f"{left} from the left and {right} from the right; {taken} is taken" in verdict.why


@pytest.mark.parametrize(
    ("text", "values", "told"),
    [
        ("atan2(x, 0)", {"x": 0.0}, "none at the point itself"),
        ("cbrt(x)", {"x": 0.0}, "inf from the left and inf from the right"),
        ("sum(norm(x, axis=1))", {"x": [[1.0, 2.0], [0.0, 0.0]]}, "by x[1, 0] its derivative is -1 from the left"),
    ],
)
def test_a_kink_without_two_slopes_that_differ_is_a_convention(written: Any, text: Any, values: Any, told: Any) -> None:
    verdict = written(text, **values).by("symbolic")["x"]
    assert verdict.status == "convention"
    assert told in verdict.why


def test_a_kink_that_nothing_flows_through_is_none(written: Any) -> None:
    assert written("relu(x)**2", x=0.0).status("symbolic") == {"x": "agrees"}
    assert written("elu(x)", x=0.0).status("symbolic") == {"x": "agrees"}  # both sides have slope 1


def test_a_kink_says_nothing_of_inputs_it_does_not_reach(written: Any) -> None:
    assert written("relu(x) + y**2", x=0.0, y=3.0).status("symbolic") == {"x": "convention", "y": "agrees"}


def test_detached_and_untracked_values_are_constants(written: Any) -> None:
    verdict = written("x*detach(x)", x=3.0).by("symbolic")["x"]
    assert (verdict.status, verdict.theirs, verdict.formula) == ("agrees", 3.0, "detach(x)")
    assert set(written("x*y", x=3.0, y=2.0, wrt=["x"]).status("symbolic")) == {"x"}


@pytest.mark.parametrize(
    ("text", "x", "told"),
    [
        ("exp(exp(exp(exp(x))))", 1.2, "not finite"),
        ("where(x > 0, log(x), 0)", -1.0, "v2 = log(x) is not finite"),
        ("1/x", 0.0, "not finite"),
    ],
)
def test_what_is_not_finite_is_undecided_and_located(written: Any, text: Any, x: Any, told: Any) -> None:
    verdict = written(text, x=x).by("symbolic")["x"]
    assert verdict.status == "undecided"
    assert told in verdict.why


def _tampered(run: Any, **parts: Any) -> Any:
    return {r.target: r for r in symbolic(run.recording, replace(run.sweep, **parts))}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("hinge(x, 1)", {"x": 0.3}),
        ("hinge(x, [1, -1, 1])", {"x": [0.3, 2.0, 1.5]}),
        ("maximum(x, k)", {"x": 0.5, "k": -np.inf}),
        ("x/k", {"x": [0.5, 2.0], "k": np.inf}),
    ],
)
def test_a_bound_that_is_infinite_and_stands_still_leaves_nothing_open(written: Any, text: Any, values: Any) -> None:
    assert {"x": "agrees"} == {n: c.status for n, c in written(text, wrt=["x"], **values).by("symbolic").items()}


def test_a_wrong_contribution_differs_and_is_named(written: Any) -> None:
    run = _example(written)
    contributions = list(run.sweep.contributions)
    contributions[3] *= 1.0001
    verdict = _tampered(run, contributions=contributions)["x"]
    assert verdict.status == "differs"
    assert "v2 = v1 + b: the contribution by its argument a (v1)" in verdict.why


def test_a_wrong_sum_differs_and_is_named(written: Any) -> None:
    run = written("x*x + x", x=3.0)
    gradients = list(run.sweep.gradients)
    gradients[0] = 3.0  # overwritten in place of added
    verdict = _tampered(run, gradients=gradients)["x"]
    assert verdict.status == "differs"
    assert "the gradient of x is not the sum of its contributions" in verdict.why


def test_a_missing_contribution_differs(written: Any) -> None:
    run = written("x*x + x", x=3.0)
    assert _tampered(run, contributions=run.sweep.contributions[:-1])["x"].status == "differs"


def test_only_what_lies_behind_a_wrong_step_differs(written: Any) -> None:
    run = written("sin(x)*exp(y)", x=1.0, y=2.0)
    node = next(node for node in run.recording.tape.nodes if node.op.name == "sin")
    node.op = replace(node.op, partials=(lambda out, x: 2.0 * x,))
    assert {"x": "differs", "y": "agrees"} == run.status("symbolic")


def test_small_arrays_are_compared_entry_by_entry(written: Any) -> None:
    run = written(
        "cross_entropy(tanh(x @ w), c)", x=np.eye(3), w=np.arange(12.0).reshape(3, 4) / 5, c=[0, 3, 1], wrt=["x", "w"]
    )
    verdicts = run.by("symbolic")
    assert {"x": "agrees", "w": "agrees"} == {name: verdict.status for name, verdict in verdicts.items()}
    assert verdicts["w"].theirs.shape == (3, 4)
    assert "sampled" not in verdicts["w"].why


def test_large_arrays_are_sampled_and_it_is_said(written: Any) -> None:
    random = np.random.default_rng(0)
    run = written("sum(tanh(x @ w))", x=random.standard_normal((60, 80)) / 9, w=random.standard_normal((80, 50)))
    verdict = run.by("symbolic")["w"]
    assert verdict.status == "agrees"
    assert "random directions" in verdict.why
    assert verdict.ours.shape == verdict.theirs.shape == (12,)


def test_one_wrong_structured_rule_among_large_arrays_differs(written: Any) -> None:
    random = np.random.default_rng(0)
    run = written("sum(tanh(x @ w))", x=random.standard_normal((60, 80)) / 9, w=random.standard_normal((80, 50)))
    place = next(i for i, amount in enumerate(run.sweep.contributions) if np.shape(amount) == (80, 50))
    contributions, gradients = list(run.sweep.contributions), list(run.sweep.gradients)
    contributions[place] = contributions[place][::-1]
    gradients[run.recording.inputs["w"].index] = contributions[place]
    assert {"x": "agrees", "w": "differs"} == {
        n: v.status for n, v in _tampered(run, contributions=contributions, gradients=gradients).items()
    }


def test_a_seeded_result_is_checked_against_its_seed(recorded: Any) -> None:
    run = recorded(lambda x: x * x, upstream=[0.0, 2.0, -1.0], x=[1.0, 2.0, 3.0])
    verdict = run.by("symbolic")["x"]
    assert verdict.status == "agrees"
    assert [0.0, 8.0, -6.0] == list(verdict.theirs)
