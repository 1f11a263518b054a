"""The stepper driven by a pilot: every key, another value in place, leaving, hostile text."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from autograd_explain.app import showing
from autograd_explain.app.graph import GraphPages
from autograd_explain.app.keys import KEYS, PANE_KEYS, help_rows
from autograd_explain.app.showing import INTERRUPTED, PACES
from autograd_explain.app.stepper import Stepper
from autograd_explain.app.widgets import KeyLine, Pane, Place, Prompt
from autograd_explain.errors import InputError
from autograd_explain.explanation.frames import Frames, Stops
from autograd_explain.pipeline import explain
from autograd_explain.render.theme import View
from tests.app.driving import NORMAL, driven, pressed, text_in, typed, until
from tests.programs import DEF_AND_FOR, EXAMPLE, FAN_OUT, Case, case

if TYPE_CHECKING:
    from textual.pilot import Pilot

# Walking


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("", 0),
        ("right", 1),
        ("n", 1),
        ("space", 1),
        ("right n space", 3),
        ("right right left", 1),
        ("right right p", 1),
        ("left", 0),
        ("end", 6),
        ("end right", 6),
        ("end home", 0),
    ],
)
def test_keys_walk(keys: str, expected: int) -> None:
    assert expected == pressed(FAN_OUT, *keys.split())[0]


def test_going_back_shows_exactly_what_was_shown() -> None:
    shown: list[list[str]] = []

    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        for key in ["right"] * 12 + ["left"] * 12:
            shown.append([text_in(app, name) for name in ("program", "graph", "step", "gradients")])
            await pilot.press(key)
        shown.append([text_in(app, name) for name in ("program", "graph", "step", "gradients")])

    driven(EXAMPLE, drive)
    assert shown[:13] == shown[12:][::-1]
    assert 13 == len({str(each) for each in shown})


def test_the_bindings_are_the_table() -> None:
    bound = {binding.action for binding in Stepper.BINDINGS} | {binding.action for binding in Pane.BINDINGS}  # type: ignore[union-attr]
    assert {row.action for row in (*KEYS, *PANE_KEYS)} <= bound
    for row in KEYS:
        assert hasattr(Stepper, f"action_{row.action}"), row.action
    assert all(told for _, told in help_rows())


def test_playing_walks_to_the_end_and_stops() -> None:
    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        await pilot.press("plus", "plus", "plus", "plus", "a")
        assert app.is_playing
        await until(pilot, lambda: app.index == 6 and not app.is_playing)
        await pilot.press("a")
        assert app.index < 6
        await pilot.press("a")
        assert not app.is_playing

    driven(FAN_OUT, drive)


def test_speed_has_ends() -> None:
    assert len(PACES) - 1 == pressed(FAN_OUT, *["plus"] * 9)[1].pace
    assert 0 == pressed(FAN_OUT, *["minus"] * 9)[1].pace


# Finding


@pytest.mark.parametrize(("text", "expected"), [("2", 5), ("x", 1), ("v2", 2), ("forward 1", 1), ("end", 6), ("", 0)])
def test_go(text: str, expected: int) -> None:
    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        await typed(pilot, "g", text)
        assert expected == app.index
        assert not app.query_one(Prompt).display

    driven(FAN_OUT, drive)


@pytest.mark.parametrize(("text", "told"), [("3", "1 to 2"), ("y", "no value is called y"), ("forward 9", "forward 2")])
def test_go_nowhere_says_why_and_stays_open(text: str, told: str) -> None:
    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        await typed(pilot, "g", text)
        assert told in str(app.query_one("#complaint").render())
        assert app.query_one(Prompt).display
        await pilot.press("escape", "right")
        assert 1 == app.index

    driven(FAN_OUT, drive)


def test_search_and_search_again() -> None:
    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        await typed(pilot, "slash", "h2")
        first = app.index
        await typed(pilot, "slash", "")
        assert 0 < first < app.index
        await typed(pilot, "slash", "nothing")
        assert "no value" in str(app.query_one("#complaint").render())

    driven(DEF_AND_FOR, drive)


def test_only_one_value_and_all_again() -> None:
    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        await typed(pilot, "f", "v3")
        assert 3 == app.index
        await pilot.press("right", "right", "right", "right")
        assert 9 == app.index
        await pilot.press("f", "right")
        assert 10 == app.index

    driven(EXAMPLE, drive)


# Folding


def test_what_is_typed_replaces_the_value_that_only_offers() -> None:
    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        await pilot.press("right", "f", "x", "enter")
        await pilot.pause()
        assert "x" == app.frames.run.words.labels[app.stops.only or 0]

    driven(EXAMPLE, drive)


def test_folding_ten_thousand_operations_is_quick() -> None:
    run = case("h = x\nfor i in range(5000):\n    h = h*w + x\nh", w=0.99, x=0.3).run()
    frames = Frames(run)
    before = time.process_time()
    stops = Stops(frames, range(len(run.scopes)))
    page = GraphPages(frames).page(frames[len(frames) - 2], View(), 5, stops)
    assert 5_002 == page.height
    assert 2.0 > time.process_time() - before


def test_fold_and_unfold() -> None:
    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        await pilot.press("right", "e")
        folded = len(app.stops.indexes)
        assert folded < len(app.frames)
        assert "folded" in text_in(app, "step")
        await pilot.press("e")
        assert len(app.frames) == len(app.stops.indexes)
        await pilot.press("E")
        assert len(app.stops.indexes) < folded
        await pilot.press("E")
        assert len(app.frames) == len(app.stops.indexes)

    driven(DEF_AND_FOR, drive)


def test_where_nothing_folds_it_says_so() -> None:
    assert 0 == pressed(FAN_OUT, "e", "E")[0]


# Another value


def rerun_of(program: Case) -> Callable[[str, str], Any]:
    def rerun(name: str, value: str) -> Any:
        if value == "?":
            raise InputError("no [b]value[/]", hint="give a number")
        return explain(program.text, {**program.values, name: float(value)})

    return rerun


def test_another_value_shows_the_same_step_of_another_run() -> None:
    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        await pilot.press(*["right"] * 5)
        await typed(pilot, "v", "x = 5")
        await until(pilot, lambda: not app.query_one(Prompt).display)
        assert (5, 30.0) == (app.index, app.frames.run.value)
        assert "5 + 1" in text_in(app, "step") or "1 × 5" in text_in(app, "step")

    driven(FAN_OUT, drive, rerun=rerun_of(FAN_OUT))


@pytest.mark.parametrize(
    ("text", "told"),
    [("x", "NAME = VALUE"), ("x =", "has no value"), ("y = 2", "under the name y"), ("x = ?", "no [b]value[/]")],
)
def test_a_wrong_value_is_told_in_place(text: str, told: str) -> None:
    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        await pilot.press("right")
        await typed(pilot, "v", text)
        await until(pilot, lambda: told in str(app.query_one("#complaint").render()))
        assert (1, 12.0) == (app.index, app.frames.run.value)
        await pilot.press("escape", "right")
        assert 2 == app.index

    driven(FAN_OUT, drive, rerun=rerun_of(FAN_OUT))


# Leaving, and text that looks like markup


@pytest.mark.parametrize(("key", "code"), [("q", 0), ("ctrl+c", INTERRUPTED)])
def test_leaving(key: str, code: int) -> None:
    assert code == pressed(FAN_OUT, key)[1].return_value


def test_ctrl_c_leaves_from_everywhere() -> None:
    for keys in (("g", "ctrl+c"), ("question_mark", "ctrl+c"), ("a", "ctrl+c")):
        assert INTERRUPTED == pressed(FAN_OUT, *keys)[1].return_value


def test_a_fault_on_the_screen_is_raised_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_given: object) -> None:
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr(showing, "step_page", broken)
    with pytest.raises(ZeroDivisionError, match="a fault"):
        Stepper(EXAMPLE.run(), View()).run(headless=True, size=NORMAL)
    written = capsys.readouterr()
    assert "Traceback" not in written.out + written.err


def test_markup_in_a_program_is_text() -> None:
    program = case("[w][0]*x[0] + 1 # [/] [bold]", w=2, x=[3])

    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        await pilot.press(*["right"] * 4)
        shown = text_in(app, "program")
        assert "[w][0]*x[0] + 1 # [/] [bold]" in shown

    driven(program, drive)


def test_plain_is_ascii_everywhere() -> None:
    app = Stepper(DEF_AND_FOR.run(), View(ascii=True))

    async def main() -> None:
        async with app.run_test(size=NORMAL) as pilot:
            for key in ("right", "E", "end", "left", "E", "d"):
                await pilot.press(key)
                await pilot.pause()
                assert all(text_in(app, name).isascii() for name in ("program", "graph", "step", "gradients"))
                assert all(app.query_one(kind).render().plain.isascii() for kind in (Place, KeyLine))

    asyncio.run(main())


def test_ten_thousand_steps_open_in_under_a_second() -> None:
    run = case("h = x\nfor i in range(5000):\n    h = h*w + x\nh", w=0.99, x=0.3).run()
    spent: list[float] = []

    async def main() -> None:
        before = time.process_time()  # of this process alone, so that a busy machine does not count
        app = Stepper(run, View())
        async with app.run_test(size=NORMAL) as pilot:
            await until(pilot, lambda: bool(app.query_one("#step", Pane).page.height))
            spent.append(time.process_time() - before)
        assert 10_000 == app.frames.count("backward")

    asyncio.run(main())
    assert 1.0 > spent[0]


def test_a_long_run_opens_and_lists_its_values() -> None:
    program = case("h = x\nfor i in range(2000):\n    h = h*w + x\nh", w=0.5, x=1)

    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        await pilot.press("end", "left")
        assert len(app.frames) - 2 == app.index
        pane = app.query_one("#graph", Pane)
        assert 5 == pane.page.height
        await pilot.press("d")
        assert 4_000 < pane.page.height
        await pilot.press("d")
        assert 5 == pane.page.height
        await until(pilot, lambda: app.has_notes)
        await pilot.press("E", "left")
        assert "folded" in text_in(app, "step")

    driven(program, drive)
