"""The faults: for each a program that shows its damage, worked out by hand, and one that does not, with the reason."""

from __future__ import annotations

import json
import math
from importlib.resources import files
from typing import Any

import jsonschema
import numpy as np
import pytest

from autograd_explain import explain
from autograd_explain.errors import NameProblem
from autograd_explain.explanation.faults import FAULTS, FAULTS_OF_ONE_SWEEP, Comparison, find_fault
from autograd_explain.lang.program import read_expression
from autograd_explain.lang.values import read_values
from autograd_explain.pipeline import explain_program, with_fault
from autograd_explain.render import as_json
from tests.programs import EVERY, Case, case, run_example, sound_examples

SCHEMA = json.loads(files("autograd_explain").joinpath("schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator({"$ref": "#/$defs/fault", "$defs": SCHEMA["$defs"]})
P = [math.exp(x) / sum(map(math.exp, (1, 2, 3))) for x in (1, 2, 3)]


def beside(program: Case, name: str) -> Comparison:
    """The program's run with the fault beside it."""
    run = with_fault(program.run(), name)
    assert run.fault is not None
    return run.fault


DAMAGE: list[tuple[str, Case, dict[str, Any]]] = [
    ("overwrite", case("x*x + x", x=3), {"x": 3.0}),
    ("overwrite", case("x[0]*x[1]", x=[2, 5]), {"x": [5.0, 0.0]}),
    ("depth-first", case("h = x*x\nh*y + h", x=3, y=2), {"x": 12.0, "y": 9.0}),
    ("depth-first", case("h = x*x\nh + h*y", x=3, y=2), {"x": 6.0, "y": 9.0}),
    ("no-unbroadcast", case("sum(X + b)", X=[[1, 2], [3, 4]], b=[5, 6]), {"b": [[1, 1], [1, 1]]}),
    ("no-unbroadcast", case("sum(X * w)", X=[1, 2], w=3), {"w": [1, 2]}),
    ("no-chain", case("(3*x + 1)**2", x=2), {"x": 3.0}),
    ("no-chain", case("sum(X @ W)**2", X=[[1, 2]], W=[[1], [1]]), {"X": [[1, 1]], "W": [[1], [2]]}),
    ("wrong-operand", case("w*x", w=3, x=2), {"w": 3.0, "x": 2.0}),
    ("wrong-operand", case("a @ b", a=[1, 2], b=[3, 4]), {"a": [1, 2], "b": [3, 4]}),
    ("missing-minus", case("1 - w*x", w=3, x=2), {"w": 2.0, "x": 3.0}),
    ("missing-minus", case("a/b - cos(a)", a=1, b=2), {"b": 0.25, "a": 0.5 + math.sin(1.0)}),
    ("stale-value", case("sigmoid(x)", x=2), {"x": -2.0}),
    ("stale-value", case("exp(x) + sqrt(y)", x=2, y=4), {"x": 2.0, "y": 0.125}),
    ("no-transpose", case("sum(X @ W)", X=[[1, 2], [3, 4]], W=[[1, 2], [0, 1]]),
     {"X": [[1, 3], [1, 3]], "W": [[3, 3], [7, 7]]}),
    ("no-transpose", case("sum(X @ W)", X=[[1, 2]], W=[[1], [1]]), {"X": None, "W": None}),
    ("forgot-inner", case("sin(x**2)", x=2), {"x": math.cos(2.0)}),
    ("forgot-inner", case("exp(sin(2*x))", x=1), {"x": math.e}),
    ("power-off-by-one", case("x**3 + square(y)", x=2, y=3), {"x": 24.0, "y": 18.0}),
    ("sum-for-mean", case("mean(x**2)", x=[1, 2, 3]), {"x": [2, 4, 6]}),
    ("sum-for-mean", case("var(x)", x=[1, 3]), {"x": [-2, 2]}),
    ("diagonal-softmax", case("softmax(x)[0]", x=[1, 2, 3]), {"x": [P[0] * (1 - P[0]), 0, 0]}),
    ("diagonal-softmax", case("cross_entropy(x, t)", x=[1, 2, 3], t=0), {"x": [P[0] - 1, 0, 0]}),
    ("relu-at-zero-one", case("relu(x)*3", x=0), {"x": 3.0}),
]  # fmt: skip

CALM: list[tuple[str, Case, str]] = [
    ("overwrite", case("w*x", w=3, x=2), "every value is used once"),
    ("overwrite", case("(x + 1)*x", x=-1), "what had arrived before is 0"),
    ("depth-first", case("x*x + x", x=3), "no value in between is used twice"),
    ("depth-first", case("h = x*x\nh + 0*h", x=3), "arrives too late is 0"),
    ("no-unbroadcast", case("sum(x*y)", x=[1, 2], y=[3, 4]), "no tracked value is stretched"),
    ("no-chain", case("x*y", x=3, y=2), "every upstream here is 1"),
    ("wrong-operand", case("x + y", x=3, y=2), "nothing is multiplied entry by entry"),
    ("wrong-operand", case("x*x", x=3), "the factors are equal"),
    ("missing-minus", case("x + y", x=3, y=2), "nothing tracked is subtracted"),
    ("missing-minus", case("cos(x)", x=0), "slopes that lose their sign are 0"),
    ("stale-value", case("x*y", x=3, y=2), "no rule used here needs an output"),
    ("stale-value", case("sqrt(x)", x=1), "input and output lead to the same slope"),
    ("no-transpose", case("x*y", x=3, y=2), "no matrix has to be transposed"),
    ("no-transpose", case("sum(A @ A)", A=[[1, 2], [2, 1]]), "as with symmetric matrices"),
    ("forgot-inner", case("sin(x)", x=2), "no function of one tracked value stands inside another"),
    ("forgot-inner", case("1 + (2 + x)", x=2), "come to the same number"),
    ("power-off-by-one", case("x*y", x=3, y=2), "no tracked value is raised to a power"),
    ("power-off-by-one", case("x**3", x=1), "the base is 1 or 0"),
    ("sum-for-mean", case("sum(x)", x=[1, 2]), "nothing is averaged"),
    ("sum-for-mean", case("mean(x)", x=[2]), "over a single entry"),
    ("diagonal-softmax", case("exp(x)", x=1), "no softmax is taken"),
    ("diagonal-softmax", case("softmax(x)[0]", x=[2]), "nothing comes back from the other shares"),
    ("relu-at-zero-one", case("abs(x)", x=0), "no relu is used"),
    ("relu-at-zero-one", case("relu(x)", x=1), "no input of a relu is exactly 0"),
    ("relu-at-zero-one", case("0*relu(x)", x=0), "only 0 arrives"),
    ("missing-minus", case("0*(1 - x)", x=3), "only 0 arrives"),
    ("missing-minus", case("1 - floor(x)", x=3), "does not reach a tracked input"),
    ("overwrite", case("x", x=3), "nothing is passed back at all"),
]


@pytest.mark.parametrize(("name", "program", "expected"), DAMAGE, ids=lambda value: str(value)[:40])
def test_damage(name: str, program: Case, expected: dict[str, Any]) -> None:
    comparison = beside(program, name)
    assert "" == comparison.reason
    assert set() == set(comparison.damaged) - set(expected)
    assert comparison.parting is not None
    for known, gradient in expected.items():
        if gradient is None:
            assert comparison.gradients[known] is None
        else:
            np.testing.assert_allclose(comparison.gradients[known], np.asarray(gradient, dtype=float), rtol=1e-12)


@pytest.mark.parametrize(("name", "program", "reason"), CALM, ids=lambda value: str(value)[:40])
def test_no_damage_and_why(name: str, program: Case, reason: str) -> None:
    comparison = beside(program, name)
    assert [] == comparison.damaged
    assert reason in comparison.reason
    for known, right in program.run().gradients.items():
        np.testing.assert_array_equal(comparison.gradients[known], right)


def test_every_fault_has_damage_and_a_program_without_its_place() -> None:
    assert set(FAULTS_OF_ONE_SWEEP) == {name for name, _, _ in DAMAGE} == {name for name, _, _ in CALM}
    for row in FAULTS_OF_ONE_SWEEP.values():
        assert any(reason in row.absent for name, _, reason in CALM if name == row.name), row.name


@pytest.mark.parametrize("row", FAULTS_OF_ONE_SWEEP.values(), ids=lambda row: row.name)
def test_a_faults_own_example_shows_it(row: Any) -> None:
    run = explain_program(read_expression(row.example), read_values(row.values), fault=row.name)
    assert run.fault is not None
    assert run.fault.damaged
    assert all((row.says, row.broken, row.hint, row.absent, row.harmless))


@pytest.mark.parametrize("name", sound_examples())
def test_no_fault_fails_on_the_gallery(name: str) -> None:
    run = run_example(name)
    for fault in FAULTS:
        holds_its_promises(with_fault(run, fault))


@pytest.mark.parametrize("program", EVERY, ids=str)
def test_no_fault_fails_on_any_program(program: Case) -> None:
    run = program.run()
    for fault in FAULTS:
        holds_its_promises(with_fault(run, fault))


def holds_its_promises(run: Any) -> None:
    """Damage exactly where there is no reason, a parting where there is damage, and JSON that the schema takes."""
    comparison = run.fault
    assert bool(comparison.damaged) == (not comparison.reason)
    assert comparison.parting is not None or not comparison.damaged
    made = as_json.fault(run)
    assert made is not None
    VALIDATOR.validate(made)
    assert bool(made["parts_at_step"]) == (comparison.parting is not None)


def test_the_first_step_where_they_part_is_the_first() -> None:
    comparison = beside(case("sin(cos(x)) + 1", x=1), "missing-minus")
    assert comparison.parting is not None
    right, other = comparison.parting
    assert ("cos", "cos") == (right.node.op.name, other.node.op.name)
    assert 3 == other.number
    assert -right.parts[0].contribution == other.parts[0].contribution


def test_the_faulty_rule_is_told_as_a_formula() -> None:
    run = with_fault(explain("sin(x**2)", x=2), "forgot-inner")
    [part] = run.to_dict()["fault"]["parts_at_step"]
    assert ("cos(x)", "cos(2)") == (part["rule"], part["filled"])
    run = with_fault(explain("sum(X @ W)", X=[[1, 2]], W=[[1], [1]]), "no-transpose")
    [left, right] = run.to_dict()["fault"]["parts_at_step"]
    assert ("upstream @ W", None) == (left["rule"], left["contribution"])
    assert "X @ upstream" == right["rule"]


def test_a_rule_of_the_programs_own_is_left_alone_whatever_its_name() -> None:
    rule = "@backward_of(softmax)\ndef back(upstream, out, t): return upstream*2*t"
    text = f"def softmax(t): return t*t\n{rule}\nsoftmax(x)"
    comparison = beside(case(text, x=3), "diagonal-softmax")
    assert [] == comparison.damaged


def test_an_unknown_fault_is_refused_with_the_nearest() -> None:
    with pytest.raises(NameProblem, match="overwritten") as refused:
        find_fault("overwritten")
    assert "did you mean overwrite?" in refused.value.hint
