"""A wrong rule in any operation is found by both checkers; the right rule never is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import autograd_explain.ops  # noqa: F401 - fills the table
from autograd_explain.check.run import check
from autograd_explain.core.registry import OPERATIONS
from autograd_explain.modes.reverse import reverse

ARGUMENTS = {
    "matmul": ([[1.0, 2.0], [0.5, -1.0]], [[0.3, 1.0], [2.0, 0.7]]),
    "dot": ([1.0, 2.0], [0.3, -0.7]),
    "outer": ([1.0, 2.0], [0.3, -0.7, 0.5]),
    "cross_entropy": ([[0.3, 1.0, -0.5], [0.1, 0.2, 2.0]], [[0.2, 0.5, 0.3], [1.0, 0.0, 0.0]]),
    "bce": ([0.2, 0.9], [0.3, 1.0]),
    "acosh": (1.7,),
    "where": (1.0, 1.3, 0.4),
    "clip": (0.6, 0.2, 0.9),
    "transpose": ([[1.0, 2.0], [0.5, -1.0]],),
    "squeeze": ([[1.0, 2.0]],),
}
OPTIONS = {
    "reshape": {"shape": (2, 1)},
    "expand_dims": {"axis": 0},
    "broadcast_to": {"shape": (3, 2)},
    "index": {"key": (np.array([1, 0, 1]),)},
    "scatter_add": {"key": (np.array([2, 0]),), "shape": (4,)},
    "sum_to": {"shape": (1,)},
}
ROWS = [op for op in OPERATIONS.values() if op.differentiable and (op.elementwise or any(op.vjp))]


def _arguments(op: Any) -> Any:
    if op.name in ARGUMENTS:
        return ARGUMENTS[op.name]
    if op.elementwise:
        return (0.45, 0.8, 0.3)[: len(op.arguments)]
    return tuple(np.array([0.4, 1.3]) + i for i in range(len(op.arguments)))


def _program(call: Any, op: Any) -> Any:
    """Σ of the operation with unequal weights, so that a contribution can only be right entry by entry."""
    options = OPTIONS.get(op.name, {})
    names = [f"x{i}" for i in range(len(op.arguments))]

    def program(**values: Any) -> Any:
        out = call(op, *(values[name] for name in names), **options)
        weights = np.linspace(0.7, 1.9, int(np.prod(out.shape))).reshape(out.shape)
        return call("sum", out * weights, axis=None, keepdims=False) if out.shape else out * 0.7

    given = {
        name: value if isinstance(value, float) else np.array(value, float)
        for name, value in zip(names, _arguments(op), strict=True)
    }
    return program, given


def _wrong(rule: Any) -> Any:
    if rule is None:
        return None
    if isinstance(rule, float):
        return rule * 0.9 + 0.05
    return lambda *args, **options: rule(*args, **options) * 0.9 + 0.05


def _tracked(op: Any, given: Any) -> Any:
    rules = op.partials or (op.vjp * len(given) if op.variadic else op.vjp)
    return [name for name, rule in zip(given, rules, strict=True) if rule is not None]


@pytest.mark.parametrize("checker", ["symbolic", "finite"])
@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_the_right_rule_agrees(recorded: Any, call: Any, op: Any, checker: Any) -> None:
    program, given = _program(call, op)
    wrt = _tracked(op, given)
    assert dict.fromkeys(wrt, "agrees") == recorded(program, wrt=wrt, **given).status(checker)


@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_a_wrong_rule_differs(recorded: Any, call: Any, op: Any) -> None:
    wrong = replace(op, partials=tuple(map(_wrong, op.partials)), vjp=tuple(map(_wrong, op.vjp)))
    program, given = _program(call, wrong)
    wrt = _tracked(op, given)
    run = recorded(program, wrt=wrt, **given)
    verdicts = run.by("symbolic")
    assert dict.fromkeys(wrt, "differs") == {name: verdict.status for name, verdict in verdicts.items()}
    assert all("by SymPy" in verdict.why and "was recorded" in verdict.why for verdict in verdicts.values())
    assert dict.fromkeys(wrt, "differs") == run.status("finite")


def test_a_choice_outside_the_two_sides_of_a_kink_differs(recorded: Any, call: Any) -> None:
    wrong = replace(OPERATIONS["relu"], partials=(lambda out, x: (x > 0) + 1.5 * (x == 0),))
    verdict = recorded(lambda x: call(wrong, x), x=0.0).by("symbolic")["x"]
    assert verdict.status == "differs"
    assert "not between the one-sided derivatives" in verdict.why


def test_another_choice_between_the_two_sides_of_a_kink_is_a_convention(recorded: Any, call: Any) -> None:
    other = replace(OPERATIONS["relu"], partials=(lambda out, x: (x > 0) + 0.5 * (x == 0),))
    assert recorded(lambda x: call(other, x), x=0.0).status("symbolic") == {"x": "convention"}


@pytest.mark.parametrize("name", ["norm", "std", "max", "min"])
def test_a_wrong_rule_differs_beside_a_slice_at_its_kink(written: Any, name: str) -> None:
    at_kink = 0.0 if name == "norm" else 2.0
    run = written(f"sum({name}(x, axis=1)*[3, 5])", x=[[at_kink] * 3, [1.0, 2.0, 4.0]])
    assert {"x": "convention"} == run.status("symbolic")
    node = next(node for node in run.recording.tape.nodes if node.op.name == name)
    node.op = replace(node.op, vjp=tuple(map(_wrong, node.op.vjp)))
    wrong = reverse(run.recording.tape, run.recording.result)
    assert {"differs"} == {verdict.status for verdict in check(run.recording, wrong, ("symbolic",))}


def test_a_textbook_form_that_has_lost_its_digits_differs(recorded: Any, call: Any) -> None:
    textbook = replace(OPERATIONS["sigmoid"], partials=(lambda out, x: out * (1 - out),))
    assert recorded(lambda x: call(textbook, x), x=0.3).status("symbolic") == {"x": "agrees"}
    assert recorded(lambda x: call(textbook, x), x=40.0).status("symbolic") == {"x": "differs"}


RULES = """def f(a, b):
  return sum(a*exp(b) + relu(a))
@backward_of(f)
def f_backward(upstream, out, a, b):
  return upstream*(exp(b) + where(a > 0, 1, 0)), upstream*{slope}
f(x, y)*2"""


@pytest.mark.parametrize("checker", ["symbolic", "finite"])
@pytest.mark.parametrize(("slope", "status"), [("a*exp(b)", "agrees"), ("exp(b)", "differs")])
def test_a_users_own_rule_is_checked_against_the_derivative_of_its_body(
    written: Any, checker: Any, slope: Any, status: Any
) -> None:
    run = written(RULES.format(slope=slope), x=[1.0, -2.0], y=[0.5, 1.0])
    verdicts = run.by(checker)
    assert {"x": "agrees", "y": status} == {name: verdict.status for name, verdict in verdicts.items()}
    if (checker, status) == ("symbolic", "differs"):
        assert "f(x, y): the contribution by its argument b (y[1])" in verdicts["y"].why
