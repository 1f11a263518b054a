"""How tests drive the stepper: keys, the prompt, and what then stands in a pane."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from autograd_explain.app.stepper import Stepper
from autograd_explain.app.widgets import Pane
from autograd_explain.render.theme import View
from tests.programs import Case

Drive = Callable[[Any, Pilot[Any]], Awaitable[None]]
NORMAL = (80, 24)


def driven(program: Case, drive: Drive, size: tuple[int, int] = NORMAL, rerun: Any = None, **options: Any) -> Stepper:
    """The stepper after a drive."""
    app = Stepper(program.run(**options), View(), rerun)

    async def main() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await drive(app, pilot)

    asyncio.run(main())
    return app


def pressed(program: Case, *keys: str, size: tuple[int, int] = NORMAL) -> tuple[int, Stepper]:
    """Where the keys lead."""

    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        await pilot.press(*keys)
        await pilot.pause()

    app = driven(program, drive, size)
    return app.index, app


def text_in(app: Stepper, name: str) -> str:
    """All that a pane has to show."""
    page = app.screen_stack[0].query_one(f"#{name}", Pane).page
    return "\n".join(page.line(number).plain for number in range(page.height))


async def until(pilot: Pilot[Any], holds: Callable[[], bool]) -> None:
    """Wait until something holds, however slow the machine is."""
    for _ in range(600):
        if holds():
            return
        await pilot.pause(0.05)
    pytest.fail("it never came to hold")


async def typed(pilot: Pilot[Any], key: str, text: str) -> None:
    """Open the prompt with a key, answer, and confirm."""
    await pilot.press(key)
    field = pilot.app.query_one("#field")
    field.value = text  # type: ignore[attr-defined]
    await pilot.press("enter")
    await pilot.pause()
