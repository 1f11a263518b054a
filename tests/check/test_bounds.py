"""Whatever the program, a verdict soon; and never a wrong one on random programs."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import autograd_explain.ops  # noqa: F401 - fills the table
from autograd_explain.check.run import check
from autograd_explain.core.registry import OPERATIONS
from autograd_explain.modes.reverse import reverse


def _nested(form: Any, depth: Any) -> Any:
    text = "x"
    for i in range(depth):
        text = form.format(text, i=i, j=i % 3)
    return text


@pytest.mark.parametrize(
    ("text", "values", "status"),
    [
        ("for i in range(25):\n  x = r*x*(1 - x)\nx", {"x": 0.3, "r": 3.7}, "agrees"),
        (_nested("maximum({0}, {i}*x + {j} - y)", 8), {"x": 0.3, "y": 0.1}, "agrees"),
        ("x**9**9", {"x": 1.0000001}, "agrees"),
        ("x**9**9", {"x": 2.0}, "undecided"),
        ("(2*x/x)**64**64", {"x": 2.0}, "undecided"),
        (_nested("({0})**64", 6).replace("x", "x/x*2", 1), {"x": 2.0}, "undecided"),
        (_nested("exp({0})", 3), {"x": 1.2}, "agrees"),
        (_nested("exp({0})", 9), {"x": 1.2}, "undecided"),
        (_nested("sqrt({0} + 1)", 9), {"x": 1.2}, "agrees"),
        (_nested("sqrt({0})", 9), {"x": 1.2}, "agrees"),
        ("for i in range(200):\n  x = x + 0.01*sin(x)\nx", {"x": 1.2}, "agrees"),
        ("+".join(f"sin({i}*x)*y" for i in range(1, 250)), {"x": 0.7, "y": 2.0}, "agrees"),
    ],
)
def test_every_program_gets_its_verdict_within_seconds(written: Any, text: Any, values: Any, status: Any) -> None:
    run = written(text, **values)
    started = time.process_time()
    verdicts = check(run.recording, run.sweep)
    assert time.process_time() - started < 10.0
    assert {status} == {verdict.status for verdict in verdicts}


def test_too_long_a_run_is_refused_by_its_length_not_by_the_clock(written: Any) -> None:
    run = written("for i in range(60000):\n  x = x*0.999 + 0.001\nx", x=1.2)
    started = time.process_time()
    verdicts = check(run.recording, run.sweep)
    assert time.process_time() - started < 5.0
    assert {"undecided"} == {verdict.status for verdict in verdicts}
    assert all("too many" in verdict.why for verdict in verdicts)


UNARY = [
    "exp",
    "expm1",
    "log1p",
    "sqrt",
    "sin",
    "cos",
    "tan",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "sigmoid",
    "logsigmoid",
    "softplus",
    "relu",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "silu",
    "mish",
    "hardtanh",
    "abs",
    "square",
    "reciprocal",
    "erf",
    "erfc",
    "cbrt",
    "log",
    "asin",
    "acos",
    "acosh",
    "atanh",
    "neg",
]
BINARY = ["add", "sub", "mul", "div", "pow", "hypot", "atan2", "maximum", "minimum"]


def _random_program(dice: Any, call: Any) -> Any:
    steps = [
        (dice.choice(UNARY), dice.random(), None)
        if dice.random() < 0.5
        else (dice.choice(BINARY), dice.random(), dice.random())
        for _ in range(dice.randint(3, 9))
    ]

    def program(**values: Any) -> Any:
        made = list(values.values())
        for name, first, second in steps:
            places = [int(share * len(made)) for share in (first, second) if share is not None]
            made.append(call(name, *(made[place] for place in places)))
        return made[-1]

    return program


def _well_conditioned(run: Any) -> Any:
    gradients = [gradient for gradient in run.sweep.gradients if gradient is not None]
    numbers = [*(node.value for node in run.recording.tape.nodes), *gradients]
    return run.recording.result.tracked and all(np.all(np.isfinite(n)) and np.max(np.abs(n)) < 1e6 for n in numbers)


def _random_runs(recorded: Any, call: Any, seed: Any, count: Any) -> Any:
    dice = random.Random(seed)  # noqa: S311 - random programs are no secret
    found = 0
    while found < count:
        program = _random_program(dice, call)
        shape = () if dice.random() < 0.7 else (3,)
        values = {name: np.array([dice.uniform(-2, 2) for _ in range(3)]) for name in "xyz"[: dice.randint(1, 3)]}
        run = recorded(program, **{n: v if shape else float(v[0]) for n, v in values.items()})
        if _well_conditioned(run):
            found += 1
            yield dice, run


@pytest.fixture
def without_worker(monkeypatch: Any) -> Any:
    """Closed forms are tested elsewhere; starting a process for each random program would take minutes."""
    monkeypatch.setattr("autograd_explain.check.closed.ELSEWHERE", 80)


@pytest.mark.usefixtures("without_worker")
def test_random_right_programs_never_differ_and_are_hardly_ever_left_open(recorded: Any, call: Any) -> None:
    statuses = [v.status for _, run in _random_runs(recorded, call, 1, 60) for v in check(run.recording, run.sweep)]
    assert "differs" not in statuses
    assert statuses.count("undecided") <= 0.05 * len(statuses)
    assert statuses.count("agrees") >= 0.85 * len(statuses)


@pytest.mark.usefixtures("without_worker")
def test_random_programs_with_one_wrong_rule_never_agree(recorded: Any, call: Any) -> None:
    for dice, run in _random_runs(recorded, call, 2, 60):
        used = [
            n for n in run.recording.tape.nodes if n.inputs and n.tracked and run.sweep.gradients[n.index] is not None
        ]
        node = dice.choice(used)
        position = dice.choice([i for i, argument in enumerate(node.inputs) if argument.tracked])
        factor = dice.choice([0.0, -1.0, 2.0, 1.01, 1.0 + 1e-6])
        node.op = replace(node.op, partials=_spoiled(node.op, position, factor))
        sweep = reverse(run.recording.tape, run.recording.result)
        for verdict in check(run.recording, sweep):
            place = run.recording.inputs[verdict.target].index
            before, after = (_total(s, place) for s in (run.sweep, sweep))
            if not np.allclose(before, after, rtol=1e-8, atol=1e-12 * (1.0 + np.max(np.abs(before)))):
                assert verdict.status in {"differs", "convention"}, (verdict, node.op.name, factor)


def _spoiled(op: Any, position: Any, factor: Any) -> Any:
    rule = OPERATIONS[op.name].partials[position]

    def wrong(*args: Any, **options: Any) -> Any:
        return (rule if isinstance(rule, float) else rule(*args, **options)) * factor

    return tuple(wrong if i == position else other for i, other in enumerate(op.partials))


def _total(sweep: Any, place: Any) -> Any:
    return 0.0 if sweep.gradients[place] is None else sweep.gradients[place]
