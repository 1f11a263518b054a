"""The quiz on the full screen, driven key by key without a terminal: every key, small sizes, hostile answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.widgets import Input, Static

from autograd_explain.app.quiz import WIDE, Quiz
from autograd_explain.explanation.quiz import ask
from autograd_explain.explanation.quiz_grading import Course, Grader
from autograd_explain.render.theme import View
from tests.programs import DEF_AND_FOR, FAN_OUT, TWO_LAYERS, Case

Script = Callable[[Quiz, Any], Awaitable[None]]


def driven(script: Script, program: Case = FAN_OUT, questions: int = 2, size: tuple[int, int] = (80, 24)) -> Quiz:
    """The application after a script has driven it."""
    run = program.run()
    app = Quiz(run, Course(ask(run, questions), Grader(run)), View())

    async def go() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await script(app, pilot)

    asyncio.run(go())
    return app


def shown(app: Quiz, pane: str) -> str:
    """What stands in a pane."""
    return str(app.query_one(f"#{pane}", Static).content)


async def give(app: Quiz, pilot: Any, text: str) -> None:
    """Put text on the answer's line and press Enter."""
    app.query_one("#answer", Input).value = text
    await pilot.press("enter")
    await pilot.pause()


def test_a_right_answer_and_on() -> None:
    async def script(app: Quiz, pilot: Any) -> None:
        assert "question 1 of 2" in shown(app, "status")
        assert "x*x + x" in shown(app, "program-text")
        await pilot.press("9", "enter")
        await pilot.pause()
        assert "✓ Right" in shown(app, "question-text")
        assert "answered · 1 right so far" in shown(app, "status")
        assert "Enter for the next" in app.query_one("#answer", Input).placeholder
        await pilot.press("enter")
        await pilot.pause()
        assert "question 2 of 2" in shown(app, "status")
        assert "" == app.query_one("#answer", Input).value

    driven(script)


def test_three_tries_then_the_worked_step_then_the_score() -> None:
    async def script(app: Quiz, pilot: Any) -> None:
        for text in ("1", "2", "3"):
            assert "answer: " not in shown(app, "question-text")
            await give(app, pilot, text)
        assert "answer: 9" in shown(app, "question-text")
        await pilot.press("enter")
        await pilot.pause()
        assert "SCORE" in shown(app, "question-text")
        assert "over · 0 of 1 right" in shown(app, "status")
        await pilot.press("enter")

    app = driven(script, questions=1)
    assert app.return_value is False


def test_ctrl_s_passes_over() -> None:
    async def script(app: Quiz, pilot: Any) -> None:
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert "answer: 9" in shown(app, "question-text")
        await pilot.press("ctrl+s")
        await pilot.press("enter")
        await pilot.pause()
        assert "question 2 of 2" in shown(app, "status")

    driven(script)


def test_an_empty_line_changes_nothing() -> None:
    async def script(app: Quiz, pilot: Any) -> None:
        await pilot.press("enter", "space", "enter")
        await pilot.pause()
        assert "try 1 of 3" in shown(app, "status")

    driven(script)


@pytest.mark.parametrize("keys", [("f1",), ("question_mark", "enter")])
def test_help_and_back(keys: tuple[str, ...]) -> None:
    async def script(app: Quiz, pilot: Any) -> None:
        await pilot.press(*keys)
        await pilot.pause()
        text = shown(app, "question-text")
        assert all(word in text for word in ("KEYS", "Ctrl-S", "Ctrl-Z", "Esc", "F1", "ANSWERS"))
        await pilot.press("f1")
        await pilot.pause()
        assert "What is v1?" in shown(app, "question-text")
        assert "try 1 of 3" in shown(app, "status")

    driven(script)


@pytest.mark.parametrize(("key", "left_at_once"), [("escape", False), ("ctrl+c", True), ("ctrl+q", True)])
def test_leaving(key: str, *, left_at_once: bool) -> None:
    async def script(app: Quiz, pilot: Any) -> None:
        await give(app, pilot, "9")
        await pilot.press(key)

    assert driven(script).return_value is left_at_once


def test_tab_goes_round_the_panes_and_pages_scroll() -> None:
    async def script(app: Quiz, pilot: Any) -> None:
        places = []
        for _ in range(3):
            await pilot.press("tab")
            places.append(app.focused.id if app.focused else None)
        assert ["program", "question", "answer"] == places
        for text in ("[1]", "[2]", "[3]"):
            await give(app, pilot, text)
        await pilot.pause()
        pane = app.query_one("#question")
        low = pane.scroll_y
        assert low > 0
        await pilot.press("pageup")
        await pilot.pause()
        assert pane.scroll_y < low
        await pilot.press("pagedown")
        await pilot.pause()
        assert low == pane.scroll_y

    driven(script, TWO_LAYERS, size=(60, 20))


@pytest.mark.parametrize("size", [(40, 12), (60, 20), (80, 24), (160, 50)])
@pytest.mark.parametrize("program", [FAN_OUT, TWO_LAYERS, DEF_AND_FOR], ids=str)
def test_every_size_shows_question_and_answer_line(program: Case, size: tuple[int, int]) -> None:
    async def script(app: Quiz, pilot: Any) -> None:
        await give(app, pilot, "0.5")
        line, question = app.query_one("#answer"), app.query_one("#question")
        assert size[1] - 2 == line.region.y
        assert question.region.height >= 3
        assert line.region.width > 10
        widths = {len(text) for text in shown(app, "question-text").splitlines()}
        assert max(widths) <= max(question.size.width, 30)
        assert (size[0] >= WIDE) == (app.query_one("#program").region.x < question.region.x)

    driven(script, program, size=size)


def test_resizing_keeps_the_place() -> None:
    async def script(app: Quiz, pilot: Any) -> None:
        await give(app, pilot, "1")
        await pilot.resize_terminal(160, 50)
        await pilot.pause()
        assert "try 2 of 3" in shown(app, "status")
        assert "> 1" in shown(app, "question-text")
        await pilot.resize_terminal(60, 20)
        await pilot.pause()
        assert "> 1" in shown(app, "question-text")
        assert 60 == app.query_one("#question").region.width

    driven(script)


def test_resizing_keeps_the_last_word_in_sight() -> None:
    async def script(app: Quiz, pilot: Any) -> None:
        await give(app, pilot, "[1]")
        await give(app, pilot, "[2]")
        for size in ((160, 50), (60, 20)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        pane = app.query_one("#question")
        assert 0 < pane.max_scroll_y == pane.scroll_y

    driven(script, TWO_LAYERS, size=(60, 20))


@pytest.mark.parametrize("text", ["[bold]x[/]", "[/]", "\x1b[31mx", "9**9**9", "__import__('os')", "\x00", "x" * 600])
def test_hostile_text_is_shown_as_it_is(text: str) -> None:
    async def script(app: Quiz, pilot: Any) -> None:
        app.query_one("#answer", Input).value = text
        await pilot.press("enter")
        await pilot.pause()
        page = shown(app, "question-text")
        assert "✗ Not so" in page
        assert "\x1b" not in page
        assert "\x00" not in page
        if text.startswith("["):
            assert f"> {text}" in page

    driven(script)
