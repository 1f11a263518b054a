"""The plain sweep: unbroken it is the engine's own, and each hook breaks what it says and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_explain import explain
from autograd_explain.core.registry import OPERATIONS
from autograd_explain.core.tape import Tape
from autograd_explain.core.var import leaf
from autograd_explain.modes.faulty import Break, Change, at_once, consumers_of, faulty
from autograd_explain.modes.reverse import reverse
from tests.programs import EVERY, Case, run_example, sound_examples


def gradients(run: Any, broken: Break) -> dict[str, Any]:
    """The broken sweep's totals by input."""
    done = faulty(run.sweep, broken)
    return {record.name: done.gradients[record.node] for record in run.inputs if record.tracked}


@pytest.mark.parametrize("program", EVERY, ids=str)
def test_unbroken_it_walks_as_the_engine_does(program: Case) -> None:
    run = program.run()
    done = faulty(run.sweep, Break())
    assert 0 == done.acted
    for ours, theirs in zip(run.walk(), done.steps, strict=True):
        assert (ours.number, ours.node) == (theirs.number, theirs.node)
        np.testing.assert_array_equal(ours.upstream, theirs.upstream)
        for mine, other in zip(ours.parts, theirs.parts, strict=True):
            np.testing.assert_array_equal(mine.contribution, other.contribution)
            np.testing.assert_array_equal(mine.after, other.after)


@pytest.mark.parametrize("name", sound_examples())
def test_unbroken_it_has_the_gradients_of_the_gallery(name: str) -> None:
    run = run_example(name)
    for known, total in gradients(run, Break()).items():
        np.testing.assert_array_equal(run.gradients[known], 0.0 * run.gradients[known] if total is None else total)


def test_an_argument_that_its_operation_hands_nothing_gets_zeros() -> None:
    tape = Tape()
    x, key = (leaf(tape, name, np.array([1.0, 2.0]), tracked=True) for name in ("x", "key"))
    done = faulty(reverse(tape, OPERATIONS["at_largest"](x, key)), Break())
    assert [[0.0, 1.0], [0.0, 0.0]] == [done.gradients[node.index].tolist() for node in (x, key)]


def test_accumulate_says_what_the_total_becomes() -> None:
    run = explain("x*x + x", x=3)
    assert {"x": 1.0} == gradients(run, Break(accumulate=lambda known, amount: known))
    assert {"x": 3.0} == gradients(run, Break(accumulate=lambda known, amount: amount))


def test_at_once_passes_on_what_came_first_and_only_once() -> None:
    run = explain("h = x*x\nh + h*y", x=3, y=2)
    done = faulty(run.sweep, Break(order=at_once))
    assert 6.0 == done.gradients[run.recording.inputs["x"].index]  # 1 of h's 3 times 2x
    assert 1 == sum(step.node.op.name == "mul" and step.upstream == 1.0 and step.number == 2 for step in done.steps)
    assert 1 == done.acted


def test_at_once_needs_no_recursion() -> None:
    run = explain("for i in range(5000): x = x + 1\nx", x=0.0)
    assert {"x": 1.0} == gradients(run, Break(order=at_once))


def test_a_rule_is_used_where_it_is_given_and_reads_the_inputs_it_names() -> None:
    run = explain("sin(y) + x*x", x=3, y=0.0)
    inputs = run.recording.inputs

    def hook(edge: Any) -> Change | None:
        return Change(lambda out, x: out + x, (inputs["x"],)) if edge.node.op.name == "sin" else None

    found = gradients(run, Break(rule=hook))
    assert 6.0 == found["x"]
    assert pytest.approx(np.sin(3.0) + 3.0) == found["y"]


def test_what_cannot_be_worked_out_stops_there_and_the_rest_goes_on() -> None:
    def hook(edge: Any) -> Change | None:
        return Change(lambda *args: np.ones(2) @ np.ones(3)) if edge.target.index == 0 else None

    run = explain("x*y", x=3, y=2)
    done = faulty(run.sweep, Break(rule=hook))
    [step] = done.steps
    assert [None, 3.0] == [part.contribution for part in step.parts]
    assert (0.0, 0.0) == (step.parts[0].before, step.parts[0].after)
    assert {"x": None, "y": 3.0} == gradients(run, Break(rule=hook))


def test_use_is_counted_and_whether_anything_arrived() -> None:
    run = explain("0*sin(x) + sin(y)", x=3, y=2)
    done = faulty(run.sweep, Break(rule=lambda edge: Change(1.0) if edge.node.op.name == "sin" else None))
    assert (2, 1) == (done.acted, done.with_upstream)


def test_a_broken_combination_is_counted_and_its_parts_are_the_local_and_the_share() -> None:
    run = explain("sum(v*v)", v=[0.0, 3.0], upstream=None)
    done = faulty(run.sweep, Break(combine=lambda edge, local: 7.0 * local))
    part = done.steps[-1].parts[0]
    assert (2, 2) == (done.acted, done.with_upstream)
    assert ([0.0, 3.0], [0.0, 21.0]) == (part.local.tolist(), part.contribution.tolist())


def test_an_upstream_counts_where_any_of_it_is_not_0() -> None:
    run = explain("v*v", v=[1.0, 3.0], upstream=[0.0, 1.0])
    done = faulty(run.sweep, Break(combine=lambda edge, local: local))
    assert (2, 2) == (done.acted, done.with_upstream)


def test_consumers_are_those_that_a_gradient_reaches() -> None:
    run = explain("unused = x*7\ny = floor(x)*2\nx*x + y", x=3.0)
    (by,) = [users for index, users in consumers_of(run.sweep).items() if index == run.recording.inputs["x"].index]
    assert ["floor", "mul", "mul"] == [node.op.name for node in by]
