"""A training walked step by step: what the full screen asks for, both ways, and where it ends."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from autograd_explain.app.stepper import Stepper
from autograd_explain.app.widgets import Place
from autograd_explain.cli.training_screen import StepByStep
from autograd_explain.errors import DomainError
from autograd_explain.lang.program import read_expression
from autograd_explain.limits import DEFAULT_LIMITS
from autograd_explain.pipeline import explain
from autograd_explain.render.theme import View
from autograd_explain.train.loop import Plan, Stop, beginning
from autograd_explain.train.optimizers import OPTIMIZERS
from autograd_explain.train.rules import choose
from autograd_explain.train.saved import Session, record_of
from tests.app.driving import NORMAL, text_in, until


def walked(stop: Stop, losses: tuple[float, ...] = ()) -> StepByStep:
    """The steps of (x - 3)**2 from 0 with a learning rate of 0.1, after some that were saved."""
    program = read_expression("(x - 3)**2")
    record = record_of(program, {"x": 0.0}, DEFAULT_LIMITS)
    plan = Plan(record, choose("sgd", OPTIMIZERS, "optimizer", lr=0.1))
    state = replace(beginning(plan, {"x": 0.0}), step=len(losses))
    return StepByStep(Session(program, plan, state, losses, losses), stop)


def test_the_steps_of_a_training_are_walked_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StepByStep, "KEPT", 3)
    walk = walked(Stop(20))
    there = [walk.to(number).learned for number in range(1, 21)]
    back = [walk.to(number).learned for number in range(20, 0, -1)][::-1]
    for number, (first, again) in enumerate(zip(there, back, strict=True), 1):
        assert first is not None
        assert again is not None
        assert number == first.taken.number == len(first.course.losses)  # type: ignore[union-attr]
        assert first.taken.parameters == again.taken.parameters
        assert first.course.losses == again.course.losses  # type: ignore[union-attr]
        assert [row.number for row in first.shown] == [row.number for row in again.shown]
    assert [1, 2, 5, 7] == [row.number for row in there[6].shown]  # type: ignore[union-attr]
    with pytest.raises(DomainError, match="step 1 is the first"):
        walk.to(0)
    with pytest.raises(DomainError, match="step 20 is the last"):
        walk.to(21)


def test_a_walk_ends_where_the_training_does_and_goes_on_where_it_was_saved() -> None:
    with pytest.raises(DomainError, match="ended at step 4"):
        walked(Stop(20, until=("loss", 3.0))).to(7)
    learned = walked(Stop(20), (9.5, 9.2)).to(4).learned
    assert learned is not None
    assert [9.5, 9.2, 9.0, 5.76] == pytest.approx(learned.course.losses)  # type: ignore[union-attr]


def telling(app: Stepper, monkeypatch: pytest.MonkeyPatch) -> tuple[Stepper, list[str]]:
    """The stepper, and what it says in passing."""
    told: list[str] = []
    monkeypatch.setattr(app, "tell", told.append)
    return app, told


def number_of(app: Stepper) -> int:
    learned = app.frames.run.learned
    return 0 if learned is None else learned.taken.number


def test_keys_walk_from_one_step_of_a_training_to_the_next_at_the_same_place(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = walked(Stop(3))
    app, told = telling(Stepper(walk.to(1), View(), trained=walk.to), monkeypatch)
    said: list[str] = []

    async def main() -> None:
        async with app.run_test(size=NORMAL) as pilot:
            await pilot.press("end")
            for number in (2, 3):
                await pilot.press("N")
                await until(pilot, lambda number=number: number_of(app) == number)  # type: ignore[misc]
            await pilot.pause()
            said.extend((app.query_one(Place).render().plain, text_in(app, "step")))
            await pilot.press("N")
            await until(pilot, lambda: bool(told))
            await pilot.press("P")
            await until(pilot, lambda: number_of(app) == 2)
            said.append(text_in(app, "step"))

    asyncio.run(main())
    assert said[0].startswith(" 7 of 7 · training step 3")
    assert "= 1.08 − 0.1·(−3.84) = 1.464" in said[1]
    assert "STEPS " in said[1]
    assert told[0].startswith("step 3 is the last of this training")
    assert "= 0.6 − 0.1·(−4.8) = 1.08" in said[2]


def test_without_a_training_the_keys_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    app, told = telling(Stepper(explain("x*x", x=2.0), View()), monkeypatch)

    async def main() -> None:
        async with app.run_test(size=NORMAL) as pilot:
            await pilot.press("N", "P")
            await until(pilot, lambda: len(told) == 2)

    asyncio.run(main())
    assert ["this is one run; train … --step walks through a training"] * 2 == told
