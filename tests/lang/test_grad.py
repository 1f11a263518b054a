"""`grad(y, x)`: a gradient as a value of the program."""

from __future__ import annotations

import numpy as np
import pytest

from autograd_explain import explain
from autograd_explain.errors import DomainError, ExplainError, NameProblem
from autograd_explain.train.fitting import fit

PENALTY = "y = v*tanh(w*x); slope = grad(y, x); (y - 1)**2 + 0.5*(slope - 1)**2"


def test_the_value_is_the_gradient() -> None:
    run = explain("grad(x**3, x)", x=2)
    assert 12.0 == run.value
    assert {"x": 12.0} == run.gradients  # 6*x


def test_it_can_be_nested() -> None:
    run = explain("grad(grad(x**4, x), x)", x=2)
    assert (48.0, {"x": 48.0}) == (run.value, run.gradients)


def test_a_gradient_penalty_agrees_with_every_checker() -> None:
    run = explain(PENALTY, w=1.5, v=-0.8, x=0.6, wrt=["w", "v"], check=True)
    assert pytest.approx(0.5567414766407822, rel=1e-14) == run.gradients["w"]  # by torch.autograd.grad
    assert pytest.approx(-3.4106633341410113, rel=1e-14) == run.gradients["v"]
    assert {"agrees"} == {check.status for check in run.checks}


def test_of_an_array_it_is_the_gradient_of_the_sum() -> None:
    run = explain("grad(x**2, x)", x=[1, 2, 3])
    np.testing.assert_array_equal([2.0, 4.0, 6.0], run.value)
    np.testing.assert_array_equal([2.0, 2.0, 2.0], run.gradients["x"])
    matrix = explain("sum(grad(sum((W @ x)**2), W)**2)", W=[[1, 2], [3, 4]], x=[1, -1], check=True)
    assert {"agrees"} == {check.status for check in matrix.checks}


def test_by_a_value_that_was_made_and_by_a_rebound_name() -> None:
    assert 3.0 == explain("u = x*x; grad(3*u + x, u)", x=2).value
    assert 4.0 == explain("x = x*2; grad(x**2, x)", x=1).value


def test_by_a_name_that_is_not_tracked() -> None:
    run = explain("grad(w*x**2, x)", w=3, x=2, wrt=["w"])
    assert (12.0, {"w": 4.0}) == (run.value, run.gradients)


def test_a_constant_gradient_is_a_plain_number() -> None:
    run = explain("grad(3*x, x)*x", x=2)
    assert (6.0, {"x": 3.0}) == (run.value, run.gradients)


def test_what_it_records_stands_in_a_scope_of_its_own() -> None:
    run = explain("y = sin(w*x); grad(y, x)", w=2, x=0.5)
    assert ["grad(y, x)"] == [scope.title for scope in run.scopes]
    inside = [node.op.name for node in run.operations if run.scope_of(node) == 0]
    assert ["cos", "mul"] == inside
    assert run.source is not None
    span = run.span(run.operations[-1].site)
    assert span is not None
    assert "grad(y, x)" == run.source[span.start : span.end]


def test_inside_functions_and_loops() -> None:
    text = "def f(t): return t**3\ndef slope(t): return grad(f(t), t)\ns = 0\nfor i in range(3):\n    s += slope(x)\ns"
    assert (36.0, {"x": 36.0}) == (explain(text, x=2).value, explain(text, x=2).gradients)


def test_a_function_of_that_name_of_ones_own() -> None:
    assert 9.0 == explain("def grad(a, b): return a*b\ngrad(x, x)", x=3).value


def test_an_own_rule_is_differentiated_through() -> None:
    text = (
        "def cube(t): return t*t*t\n@backward_of(cube)\ndef back(upstream, out, t): return upstream*3*t**2\n"
        "grad(cube(x), x)"
    )
    assert (12.0, {"x": 12.0}) == (explain(text, x=2).value, explain(text, x=2).gradients)


def test_training_on_a_gradient() -> None:
    *_, last = fit("(grad(w*x**2, x) - 12)**2", {"w": 1.0}, {"x": 2.0}, lr=0.01, epochs=100)
    assert pytest.approx(3.0, abs=1e-6) == last.parameters["w"]


@pytest.mark.parametrize(
    ("text", "kind", "said", "hint"),
    [
        ("grad(x*x, 2)", NameProblem, "grad is by a name, not by 2", "u = 2"),
        ("grad(x*x, x*2)", NameProblem, "grad is by a name, not by x*2", "u = x*2"),
        ("grad(x*x)", DomainError, "grad takes 2 arguments, not 1", "grad(y, x)"),
        ("grad(x*x, x, x)", DomainError, "grad takes 2 arguments, not 3", "grad(y, x)"),
        ("y = x*x\nx = 2*x\ngrad(y, x)", DomainError, "no path leads from x to y", "of its own"),
        ("grad(3, x)", DomainError, "no path leads from x to 3", ""),
        ("z = 4\ngrad(x*z, z)", NameProblem, "z is a plain number here", "--z 2"),
        ("grad(detach(x)*2, x)", DomainError, "no path leads from x", ""),
        ("grad(x > 1, x)", DomainError, "no path leads from x", ""),
        ("grad(y, x)", ExplainError, "y", ""),
    ],
)
def test_what_is_refused(text: str, kind: type[ExplainError], said: str, hint: str) -> None:
    with pytest.raises(kind) as caught:
        explain(text, x=2)
    assert said in caught.value.message
    assert hint in caught.value.hint
    if kind is not ExplainError:
        assert caught.value.span is not None
