"""Forward mode: every operation's tangent meets its reverse rule, and a run's sweeps give the reverse gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_explain.ops  # noqa: F401 - fills the table
from autograd_explain import explain
from autograd_explain.check.laws import own_samples
from autograd_explain.core.op import compute
from autograd_explain.core.registry import OPERATIONS
from autograd_explain.core.shapes import as_value
from autograd_explain.errors import LimitError
from autograd_explain.modes.forward import MOST_SWEEPS, directions, forward_steps, pass_on, tangent_of
from autograd_explain.modes.reverse import pass_back
from tests.laws.test_laws import SAMPLES
from tests.programs import EVERY, case

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
    text = "def cube(t): return t*t*t\n@backward_of(cube)\ndef back(upstream, out, t): return upstream * 3*t**2\ncube(x)*y"
    run = explain(text, x=2.0, y=5.0, mode="forward")
    assert {"x": 60.0, "y": 8.0} == run.gradients


def test_one_direction_for_each_entry() -> None:
    run = explain("sum(w)*x", w=[[1, 2], [3, 4]], x=2)
    labels = [direction.label for direction in directions(run.recording.inputs.items())]
    assert ["w[0, 0]", "w[0, 1]", "w[1, 0]", "w[1, 1]", "x"] == labels


def test_the_cap_says_what_to_do() -> None:
    with pytest.raises(LimitError, match=f"{MOST_SWEEPS} at most") as caught:
        explain("sum(w)*x", w=np.ones(MOST_SWEEPS), x=1.0, mode="forward")
    assert "--wrt x" in caught.value.hint
    assert {"x": 64.0} == explain("sum(w)*x", w=np.ones(64), x=1.0, wrt=["x"], mode="forward").gradients
