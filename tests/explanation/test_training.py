"""Updates as formulas: what they say is what was done."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_explain.core.formula import filled, value_when_printed, written
from autograd_explain.core.notation import LANGUAGE, style_for
from autograd_explain.explanation.training import Course, curvature, diagnosis, rate_lines, updates, zero_grad_note
from autograd_explain.functions import mse
from autograd_explain.modes.functions import recorder_of
from autograd_explain.render.numbers import equation, is_true
from autograd_explain.render.theme import View
from autograd_explain.train.fitting import clipping_of, schedules_of
from autograd_explain.train.loop import Plan, Stop, Taken, beginning, steps
from autograd_explain.train.objective import Data
from autograd_explain.train.optimizers import OPTIMIZERS
from autograd_explain.train.rules import choose

OPTIONS = [*OPTIMIZERS, "sgd(momentum=0.9, nesterov=True, weight_decay=0.1)", "rmsprop(momentum=0.5, centered=True)"]
START = {"w": np.array([[0.3, -0.7], [1.1, 0.2]]), "b": 0.4}


def walk(optimizer: str) -> tuple[Plan, list[Taken]]:
    record = recorder_of(lambda w, b: b * b * w[0, 1] + w[1, 0] ** 3, frozenset(START))
    plan = Plan(
        record, choose(optimizer, OPTIMIZERS, "optimizer", lr=0.05),
        schedules_of(("warm-up(steps=3)", "cosine"), 20), clipping_of(1.5, None),
    )  # fmt: skip
    return plan, list(steps(plan, beginning(plan, START), Stop(4)))


@pytest.mark.parametrize("optimizer", OPTIONS)
def test_the_last_line_is_the_parameter_after_the_update(optimizer: str) -> None:
    plan, taken = walk(optimizer)
    for step in taken:
        for update in updates(plan, step):
            after = step.parameters[update.name]
            assert float(after[update.entry] if update.entry else after) == update.lines[-1].formula.value
        *_, rate = rate_lines(plan, step)
        assert step.learning_rate == rate.formula.value


@pytest.mark.parametrize("optimizer", OPTIONS)
def test_printed_updates_are_true(optimizer: str) -> None:
    plan, taken = walk(optimizer)
    held = 0
    for step in taken:
        for update in updates(plan, step):
            for line in update.lines:
                made = equation(filled(line.formula), line.formula.value, View())
                shown = [value_when_printed(filled(line.formula), style_for(d, ascii_only=False)) for d in range(6, 18)]
                true = [is_true(found, line.formula.value, 6) for found in shown]
                assert (made.relation == "=") == any(true)
                held += any(true)
    assert held > 0


def test_the_entry_told_of_an_array_has_the_largest_gradient() -> None:
    plan, taken = walk("sgd")
    first = next(iter(updates(plan, taken[0])))
    assert (1, 0) == first.entry
    assert "w[1, 0]" == first.lines[-1].target
    texts = [written(line.formula, LANGUAGE).text for line in first.lines]
    assert ["∂w[1, 0]*(limit/(norm + 1e-06))", "w[1, 0] - lr*g"] == texts


def test_curvature_is_that_of_a_parabola() -> None:
    bend = curvature({"x": 1.0}, {"x": 6.0}, {"x": 0.5}, {"x": 3.0})
    assert 6.0 == bend
    assert curvature({"x": 1.0}, {"x": 0.0}, {"x": 1.0}, {"x": 0.0}) is None


def told_of(columns: dict[str, list[float]], count: int, lr: float, batch: int | None) -> str:
    """What is said of a training of `w*x` towards `y`."""
    data = Data({name: np.array(column) for name, column in columns.items()}, batch)
    record = recorder_of(lambda w, x, y: mse(w * x, y), frozenset({"w"}))
    plan = Plan(record, choose("sgd", OPTIMIZERS, "optimizer", lr=lr), data=data)
    course = Course()
    for taken in steps(plan, beginning(plan, {"w": 1.0}), Stop(count)):
        course.add(taken)
    return " ".join(diagnosis(plan, course))


OUT, LINE = {"x": [1.0, 2.0, 3.0], "y": [1.01, 2.01, 50.0]}, {"x": [1.0, 2, 3, 4, 5], "y": [2.1, 4.0, 6.2, 8.0, 9.9]}


@pytest.mark.parametrize(
    ("columns", "count", "lr", "batch", "said"),
    [
        (OUT, 3, 0.0, 1, "One epoch says nothing yet"),
        (LINE, 8, 0.0, 2, "Plateau: over the last epoch the loss changed by 0 %"),
        (LINE, 9, 1e-9, 2, "Plateau: over the last epoch"),
        (LINE, 15, 0.02, 2, "Still falling: the last epoch lowered the loss"),
        (LINE, 12, 0.3, 2, "Diverged: the loss grew"),
        (LINE, 6, 0.01, None, "Still falling: the last step lowered the loss"),
    ],
)
def test_losses_of_other_rows_are_not_compared(columns: Any, count: int, lr: float, batch: Any, said: str) -> None:
    assert told_of(columns, count, lr, batch).startswith(said)


def test_what_would_have_been_added_is_told_apart_from_what_is_there() -> None:
    record = recorder_of(lambda x: x**4, frozenset({"x"}))
    plan = Plan(record, choose("sgd", OPTIMIZERS, "optimizer", lr=1.0))
    first, second = steps(plan, beginning(plan, {"x": 3.0}), Stop(2))
    text = zero_grad_note(first.gradients, second).text
    assert "108 + (-4.6305e+06) = -4.6304e+06 here instead of -4.6305e+06" in text
