"""A wrong rule in any operation is found by both checkers; the right rule never is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import autograd_explain.ops  # noqa: F401 - fills the table
from autograd_explain.core.registry import OPERATIONS

ARGUMENTS = {
    "matmul": ([[1.0, 2.0], [0.5, -1.0]], [[0.3, 1.0], [2.0, 0.7]]),
    "dot": ([1.0, 2.0], [0.3, -0.7]),
    "outer": ([1.0, 2.0], [0.3, -0.7, 0.5]),
    "cross_entropy": ([[0.3, 1.0, -0.5], [0.1, 0.2, 2.0]], [[0.2, 0.5, 0.3], [1.0, 0.0, 0.0]]),
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


def _arguments(op):
    if op.name in ARGUMENTS:
        return ARGUMENTS[op.name]
    if op.elementwise:
        return (0.45, 0.8, 0.3)[: len(op.arguments)]
    return tuple(np.array([0.4, 1.3]) + i for i in range(len(op.arguments)))


def _program(call, op):
    """Σ of the operation with unequal weights, so that a contribution can only be right entry by entry."""
    options = OPTIONS.get(op.name, {})
    names = [f"x{i}" for i in range(len(op.arguments))]

    def program(**values):
        out = call(op, *(values[name] for name in names), **options)
        weights = np.linspace(0.7, 1.9, int(np.prod(out.shape))).reshape(out.shape)
        return call("sum", out * weights, axis=None, keepdims=False) if out.shape else out * 0.7

    given = {
        name: value if isinstance(value, float) else np.array(value, float)
        for name, value in zip(names, _arguments(op), strict=True)
    }
    return program, given


def _wrong(rule):
    if rule is None:
        return None
    if isinstance(rule, float):
        return rule * 0.9 + 0.05
    return lambda *args, **options: rule(*args, **options) * 0.9 + 0.05


def _tracked(op, given):
    rules = op.partials or (op.vjp * len(given) if op.variadic else op.vjp)
    return [name for name, rule in zip(given, rules, strict=True) if rule is not None]


@pytest.mark.parametrize("checker", ["symbolic", "finite"])
@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_the_right_rule_agrees(recorded, call, op, checker):
    program, given = _program(call, op)
    wrt = _tracked(op, given)
    assert dict.fromkeys(wrt, "agrees") == recorded(program, wrt=wrt, **given).status(checker)


@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_a_wrong_rule_differs(recorded, call, op):
    wrong = replace(op, partials=tuple(map(_wrong, op.partials)), vjp=tuple(map(_wrong, op.vjp)))
    program, given = _program(call, wrong)
    wrt = _tracked(op, given)
    run = recorded(program, wrt=wrt, **given)
    verdicts = run.by("symbolic")
    assert dict.fromkeys(wrt, "differs") == {name: verdict.status for name, verdict in verdicts.items()}
    assert all("by SymPy" in verdict.why and "was recorded" in verdict.why for verdict in verdicts.values())
    assert dict.fromkeys(wrt, "differs") == run.status("finite")


def test_a_choice_outside_the_two_sides_of_a_kink_differs(recorded, call):
    wrong = replace(OPERATIONS["relu"], partials=(lambda out, x: (x > 0) + 1.5 * (x == 0),))
    verdict = recorded(lambda x: call(wrong, x), x=0.0).by("symbolic")["x"]
    assert verdict.status == "differs"
    assert "not between the one-sided derivatives" in verdict.why


def test_another_choice_between_the_two_sides_of_a_kink_is_a_convention(recorded, call):
    other = replace(OPERATIONS["relu"], partials=(lambda out, x: (x > 0) + 0.5 * (x == 0),))
    assert recorded(lambda x: call(other, x), x=0.0).status("symbolic") == {"x": "convention"}


def test_a_textbook_form_that_has_lost_its_digits_differs(recorded, call):
    textbook = replace(OPERATIONS["sigmoid"], partials=(lambda out, x: out * (1 - out),))
    assert recorded(lambda x: call(textbook, x), x=0.3).status("symbolic") == {"x": "agrees"}
    assert recorded(lambda x: call(textbook, x), x=40.0).status("symbolic") == {"x": "differs"}
