"""Forward mode: every operation's tangent meets its reverse rule, and a run's sweeps give the reverse gradients."""

from __future__ import annotations

import ast
import json
from typing import Any

import numpy as np
import pytest

import autograd_explain.ops  # noqa: F401 - fills the table
from autograd_explain import explain
from autograd_explain.check.carried import carried_over
from autograd_explain.check.laws import own_samples
from autograd_explain.check.result import CheckResult
from autograd_explain.core.formula import written
from autograd_explain.core.notation import LANGUAGE
from autograd_explain.core.op import compute
from autograd_explain.core.registry import OPERATIONS
from autograd_explain.core.shapes import as_value
from autograd_explain.errors import InputError, LimitError
from autograd_explain.explanation.forward import Cost, reverse_cost
from autograd_explain.modes.forward import MOST_SWEEPS, directions, forward_steps, pass_on, tangent_of
from autograd_explain.modes.reverse import pass_back
from autograd_explain.render.as_json import pieces
from autograd_explain.source import cell_width
from tests.golden.views import text_of
from tests.laws.test_laws import SAMPLES
from tests.programs import ARRAYS, EVERY, SCALAR, case
from tests.render.printed import equations, is_true

_CLOSE = 1e-10


def _random_like(value: Any, seed: int) -> Any:
    return as_value(np.random.default_rng(seed).uniform(-1.0, 1.0, np.shape(value)))


@pytest.mark.parametrize("op", [op for op in OPERATIONS.values() if op.differentiable], ids=lambda op: op.name)
def test_forward_times_v_is_reverse_times_u(op: Any) -> None:
    """u·(J t) = (Jᵀ u)·t for every argument of every operation, on every shape that the laws try."""
    for raw, options in SAMPLES.get(op.name) or own_samples(op):
        args = tuple(map(as_value, raw))
        out = compute(op, args, options)
        upstream = _random_like(out, 1)
        for position, arg in enumerate(args):
            tangent = _random_like(arg, 2 + position)
            _, back = pass_back(op, position, upstream, out, args, options)
            _, on = pass_on(op, position, tangent, out, args, options)
            assert np.shape(out) == np.shape(on)
            terms = np.abs(back * tangent)
            if np.all(np.isfinite(terms)) and np.all(np.isfinite(on)):
                room = _CLOSE * (float(np.sum(terms)) + float(np.sum(np.abs(upstream * on))))
                assert abs(float(np.sum(back * tangent)) - float(np.sum(upstream * on))) <= room, (args, options)


def test_the_law_can_be_broken() -> None:
    """A tangent of another rule does not pass: the reverse rule of sum is not that of mean."""
    x, options = np.array([1.0, 2.0]), {"axis": None, "keepdims": False}
    _, back = pass_back(OPERATIONS["sum"], 0, 1.0, 3.0, (x,), options)
    _, on = pass_on(OPERATIONS["mean"], 0, np.ones(2), 1.5, (x,), options)
    assert float(np.sum(back)) != float(np.sum(on))


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [(((3,), ()), (3,)), (((2, 1), (3,)), (2, 3)), (((1,), (2, 3)), (2, 3)), (((), (1, 1)), (1, 1))],
)
def test_a_tangent_is_stretched_as_its_value_is(shapes: Any, expected: Any) -> None:
    args = tuple(np.ones(shape) if shape else 1.0 for shape in shapes)
    out = compute(OPERATIONS["add"], args, {})
    for position, arg in enumerate(args):
        _, on = pass_on(OPERATIONS["add"], position, 2.0 * arg, out, args, {})
        np.testing.assert_array_equal(np.full(expected, 2.0), on)


def _moving(program: Any) -> Any:
    """A program's run, and whether forward mode takes all its inputs."""
    run = program.run()
    return run, sum(int(np.size(record.value)) for record in run.inputs if record.tracked) <= MOST_SWEEPS


@pytest.mark.parametrize("program", EVERY, ids=str)
def test_forward_gradients_are_the_reverse_ones(program: Any) -> None:
    run, fits = _moving(program)
    assert fits
    forward = program.run(mode="forward")
    assert list(run.gradients) == list(forward.gradients)
    for name, gradient in run.gradients.items():
        assert np.shape(gradient) == np.shape(forward.gradients[name])
        scale = max(1.0, float(np.nanmax(np.abs(np.where(np.isfinite(gradient), gradient, 0.0)))))
        np.testing.assert_allclose(forward.gradients[name], gradient, rtol=1e-12, atol=1e-12 * scale)


def test_totals_add_up_exactly() -> None:
    run = explain("x*x + sin(x)*[1, 2]", x=0.3)
    for direction in directions(run.recording.inputs.items()):
        for step in forward_steps(run.tape, run.result, direction):
            np.testing.assert_array_equal(np.zeros(step.node.shape), step.parts[0].before)
            for part in step.parts:
                np.testing.assert_array_equal(part.before + part.contribution, part.after)
            np.testing.assert_array_equal(step.tangent, step.parts[-1].after)


def test_the_textbook_table() -> None:
    """Table 2 of the survey of Baydin and others (2018): x1 moves."""
    run = explain("log(x1) + x1*x2 - sin(x2)", x1=2, x2=5)
    x1, x2 = directions(run.recording.inputs.items())
    assert [0.5, 5.0, 5.5, 5.5] == [step.tangent for step in forward_steps(run.tape, run.result, x1)]
    assert 5.5 == tangent_of(run.tape, run.result, x1)
    assert run.gradients["x2"] == pytest.approx(tangent_of(run.tape, run.result, x2), rel=1e-15)


def test_an_entry_that_stands_still_meets_no_infinite_slope() -> None:
    for text in ("sum(sqrt(w))", "sqrt(w[0]) + w[1]", "sqrt(w[0]) + sqrt(w[1])"):
        run, forward = (explain(text, w=[0.0, 4.0], mode=mode) for mode in ("reverse", "forward"))
        np.testing.assert_array_equal(run.gradients["w"], forward.gradients["w"])


def test_the_nan_of_the_other_branch_is_the_same() -> None:
    program = case("sum(where(x > 0, sqrt(x), 0))", x=[0.0, 4.0])
    run, forward = program.run(), program.run(mode="forward")
    assert np.isnan(run.gradients["x"][0])
    np.testing.assert_array_equal(run.gradients["x"], forward.gradients["x"])


def test_an_upstream_weights_the_result() -> None:
    given = {"upstream": [1.0, -2.0], "x": 3.0}
    assert explain("[x*x, x]", **given).gradients == explain("[x*x, x]", mode="forward", **given).gradients


def test_an_own_rule_is_turned_around_too() -> None:
    own = "def cube(t): return t*t*t\n@backward_of(cube)\ndef back(upstream, out, t): return upstream * 3*t**2\n"
    run = explain(own + "cube(x)*y", x=2.0, y=5.0, mode="forward")
    assert {"x": 60.0, "y": 8.0} == run.gradients
    run = explain(own + "cube(x*y)", x=2.0, y=0.5, mode="both")  # two sweeps through the rule, and one back
    assert {"x": 1.5, "y": 6.0} == run.gradients == run.forward.gradients


def test_one_direction_for_each_entry() -> None:
    run = explain("sum(w)*x", w=[[1, 2], [3, 4]], x=2)
    labels = [direction.label for direction in directions(run.recording.inputs.items())]
    assert ["w[0, 0]", "w[0, 1]", "w[1, 0]", "w[1, 1]", "x"] == labels


def test_steps_are_numbered_and_what_is_cut_off_has_none() -> None:
    run = explain("x*detach(x) + x", x=2)
    (direction,) = directions(run.recording.inputs.items())
    steps = forward_steps(run.recording.tape, run.recording.result, direction)
    assert [(1, "mul"), (2, "add")] == [(step.number, step.node.op.name) for step in steps]


def test_the_cap_says_what_to_do() -> None:
    assert MOST_SWEEPS == len(explain("sum(w)", w=np.ones(MOST_SWEEPS), mode="forward").gradients["w"])
    with pytest.raises(LimitError, match=f"{MOST_SWEEPS} at most") as caught:
        explain("sum(w)*x", w=np.ones(MOST_SWEEPS), x=1.0, mode="forward")
    assert "--wrt x" in caught.value.hint
    assert {"x": 64.0} == explain("sum(w)*x", w=np.ones(64), x=1.0, wrt=["x"], mode="forward").gradients


# What is shown of it


@pytest.mark.parametrize("mode", ["forward", "both"])
@pytest.mark.parametrize("program", EVERY, ids=str)
def test_printed_arithmetic_is_true_and_keeps_to_the_width(program: Any, mode: str) -> None:
    for width in (60, 80, 100):
        text = text_of(program.run(mode=mode), width=width)
        text = text[text.index("FORWARD") :]  # the text as typed is not broken
        assert [] == [pair for pair in equations(text) if not is_true(*pair)]
        assert [] == [line for line in text.splitlines() if cell_width(line) > width]


def test_the_three_tables() -> None:
    text = text_of(explain("log(x1) + x1*x2 - sin(x2)", x1=2, x2=5, mode="both"), width=80)
    rows = [" ".join(line.split()) for line in text.splitlines()]
    assert "v3 = v1 + v2 10.6931 1 × 0.5 + 1 × 5 = 5.5" in rows  # tangents
    assert "x1 2 1 × 5 + 1 × 0.5 = 5.5 ∂x1" in rows  # adjoints
    assert "v4 = sin(x2) −0.958924 0 0.283662 −1" in rows  # beside each other
    assert "forward 2 sweeps 5 + 5 = 10" in rows
    assert "reverse 1 sweep 8" in rows
    assert "n = 2 and m = 1: reverse mode wins" in text.replace("\n      │ ", " ")


@pytest.mark.parametrize(
    ("text", "x", "expected"),
    [
        ("[x, x*x, 2*x]", 2.0, "forward mode wins"),
        ("exp(x)", 2.0, "as many sweeps"),
        ("sum(x)", [1.0, 2.0], "reverse mode wins"),
    ],
)
def test_which_mode_wins(text: str, x: Any, expected: str) -> None:
    assert expected in text_of(explain(text, x=x, mode="both"), width=400)


def test_the_cost_is_what_was_multiplied() -> None:
    run = explain("sum(W @ x * x)", W=[[1, 2], [3, 4]], x=[1, 2], mode="both")
    assert Cost(1 * 2, 2) == run.forward.cost(run.forward.directions[0])  # W[0, 0]: a product of two, two operations
    assert Cost(2 * 2, 3) == reverse_cost(run)


def test_a_long_run_tells_its_first_sweeps() -> None:
    run = explain("sum(sin(w)**2 + cos(w)*w - exp(w/2))", w=np.linspace(0, 1, 30), mode="forward")
    text = text_of(run)
    assert "27 more sweeps, for w[3] to w[29]; --all prints them" in text
    assert "SWEEP 30 of 30" in text_of(run, all=True)


def test_notes_of_forward_mode_stand_at_its_steps() -> None:
    run = explain("relu(x)*y", x=0, y=2, mode="forward")
    steps = {step.number: step.node.op.name for step in run.forward.walk()}
    (kink,) = (note for note in run.notes if note.kind == "kink")
    assert "relu" == steps[kink.step]
    assert not {"seed", "records-only", "accumulation", "subtraction"} & {note.kind for note in run.notes}


def test_nothing_to_differentiate() -> None:
    for mode in ("forward", "both"):
        assert "nothing to differentiate" in text_of(explain("x*2", x=1, wrt=[], mode=mode))


def test_both_modes_on_arrays_tell_no_note_twice() -> None:
    text = text_of(explain("sum(W @ x)", W=[[1, 2], [3, 4]], x=[1, 2], mode="both"), width=200)
    assert 1 == text.count("No gradient has been computed yet")
    assert "SWEEP 1 of 6" in text


def test_json_of_each_mode() -> None:
    lists = {mode: explain("x*y + x", x=2, y=3, mode=mode).to_dict() for mode in ("reverse", "forward", "both")}
    assert [(True, False), (False, True), (True, True)] == [("backward" in d, "forward" in d) for d in lists.values()]
    assert ["reverse", "forward", "both"] == [d["mode"] for d in lists.values()]
    first = lists["both"]["forward"][0]
    part = {
        "argument": 0, "target": 0, "rule": "y", "filled": "3", "local": 3.0,
        "contribution": 3.0, "total_before": 0.0, "total_after": 3.0,
    }  # fmt: skip
    assert {"step": 1, "node": 2, "input": "x", "tangent": 3.0, "parts": [part]} == first
    assert [4.0, 2.0, None, None] == [node["gradient"] for node in lists["forward"]["nodes"]]
    assert lists["both"] == json.loads("".join(pieces(explain("x*y + x", x=2, y=3, mode="both"))))


@pytest.mark.parametrize("program", [*SCALAR, *ARRAYS], ids=str)
def test_rules_are_text_of_the_language_and_come_to_the_numbers(program: Any) -> None:
    """A structured rule, its labels filled in, is the contribution; every rule parses."""
    run = program.run(mode="forward")
    for step in run.forward.steps:
        for part in step.parts:
            ast.parse(written(part.rule, LANGUAGE).text, mode="eval")
            expected = part.contribution if part.local is None else part.local
            np.testing.assert_allclose(part.rule.value, expected, rtol=1e-9, atol=1e-12)


def test_a_linear_operation_is_told_as_itself() -> None:
    run = explain("sum((W @ x).T)", W=[[1, 2], [3, 4]], x=[1, 2], mode="forward", wrt=["x"])
    rules = [written(part.rule, LANGUAGE).text for step in run.forward.steps for part in step.parts]
    assert ["W @ tangent", "tangent.T", "sum(tangent)"] == rules[:3]


def test_checks_are_about_the_numbers_shown() -> None:
    run = explain("x*exp(y) + sin(x*y)", x=0.7, y=1.3, mode="forward", check=True)
    assert {"agrees"} == {result.status for result in run.checks}
    assert [run.gradients[result.target] for result in run.checks] == [result.ours for result in run.checks]


def test_a_forward_number_that_parts_from_the_checked_one_is_undecided() -> None:
    result = CheckResult("finite", "x", "agrees", 2.0, 2.0, digits=12)
    assert "undecided" == carried_over([result], {"x": 2.0}, {"x": 2.001})[0].status
    close = carried_over([result], {"x": 2.0}, {"x": 2.0 + 4e-11})[0]
    assert ("agrees", 10) == (close.status, close.digits)
    assert [result] == carried_over([result], {"x": 2.0}, {"x": 2.0})


def test_an_unknown_mode() -> None:
    with pytest.raises(InputError, match="there is no mode 'sideways'"):
        explain("x", x=1, mode="sideways")


def test_so_many_sweeps_and_no_more() -> None:
    assert 64 == MOST_SWEEPS
    assert (64,) == np.shape(explain("v*v", v=np.ones(64), mode="forward").gradients["v"])
    with pytest.raises(LimitError):
        explain("v*v", v=np.ones(65), mode="forward")


def test_tangents_that_overflow_say_nothing() -> None:
    run = explain("v*1e308 + v*1e308", v=[1.0, 2.0], mode="forward")
    assert [np.inf] * 2 == run.gradients["v"].tolist()
