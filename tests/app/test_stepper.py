"""The stepper driven by a pilot: every key, the mouse, small sizes, another value in place, hostile text."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from autograd_explain.app import showing
from autograd_explain.app.graph import GraphPages
from autograd_explain.app.keys import KEYS, PANE_KEYS, fitting, help_rows
from autograd_explain.app.showing import INTERRUPTED, PACES
from autograd_explain.app.stepper import Stepper
from autograd_explain.app.widgets import Help, KeyLine, Pane, Place, Prompt
from autograd_explain.errors import InputError
from autograd_explain.explanation.frames import Frames, Stops
from autograd_explain.pipeline import explain
from autograd_explain.render.theme import View
from tests.programs import DEF_AND_FOR, EXAMPLE, FAN_OUT, TWO_LAYERS, Case, case

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


# The panes


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (160, 50), (30, 10), (200, 12)])
@pytest.mark.parametrize("program", [EXAMPLE, TWO_LAYERS, DEF_AND_FOR], ids=str)
def test_every_size_shows_every_pane(program: Case, size: tuple[int, int]) -> None:
    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        await pilot.press("end", "left", "left")
        await pilot.pause()
        for name in ("program", "graph", "step", "gradients"):
            pane = app.query_one(f"#{name}", Pane)
            assert pane.page.height
            if size >= (60, 20):
                assert pane.size.height >= 1, name
                assert pane.region.bottom <= size[1] - 1, name

    driven(program, drive, size)


def test_resizing_keeps_the_place() -> None:
    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        await pilot.press(*["right"] * 8)
        before = text_in(app, "step").split()
        await pilot.resize_terminal(160, 50)
        await pilot.pause()
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert (8, before) == (app.index, text_in(app, "step").split())

    driven(EXAMPLE, drive)


def test_a_step_reads_as_in_the_text_view() -> None:
    run = EXAMPLE.run()
    from autograd_explain.render.terminal import as_text

    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        width = app.query_one("#step", Pane).room
        text = as_text(run, View(width=width))
        for step in range(1, 6):
            await typed(pilot, "g", str(step))
            for line in text_in(app, "step").splitlines():
                assert line.rstrip() in text

    driven(EXAMPLE, drive)


def test_the_current_part_of_the_program_is_marked_with_and_without_colour() -> None:
    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        await pilot.press("right")
        page = app.query_one("#program", Pane).page
        assert ["(1 - sigmoid(w*x + b))**2", "             ^^^"] == [page.line(i).plain.rstrip() for i in range(2)]
        line = page.line(0)
        assert ["w*x"] == [line.plain[s.start : s.end] for s in line.spans if "reverse" in str(s.style)]

    driven(EXAMPLE, drive)


@pytest.mark.parametrize("number", range(1, 10))
def test_one_part_of_one_line_is_marked(number: int) -> None:
    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        await typed(pilot, "g", f"forward {number}")
        page = app.query_one("#program", Pane).page
        lines = [page.line(row) for row in range(page.height)]
        marked = [line.plain[s.start : s.end] for line in lines for s in line.spans if "reverse" in str(s.style)]
        run = app.frames.run
        assert [run.text_of(run.tape.nodes[app.frame.node or 0].site)] == marked
        assert 1 == sum(line.plain.startswith(">") for line in lines)

    driven(DEF_AND_FOR, drive)


def test_values_appear_one_by_one_in_the_list_and_in_the_drawing() -> None:
    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        for key in ("right", "d", "d"):
            await pilot.press(key)
            shown = text_in(app, "graph")
            assert "9" in shown
            assert "12" not in shown
        await pilot.press("right")
        assert "12" in text_in(app, "graph")

    driven(FAN_OUT, drive)


def test_a_low_pane_draws_what_is_around_the_step() -> None:
    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        await pilot.press("right", "right")
        shown = text_in(app, "graph")
        assert ("━▶┃ = 7", "▶ v3 = σ(v2)") == tuple(part for part in ("━▶┃ = 7", "▶ v3 = σ(v2)") if part in shown)
        await typed(pilot, "g", "4")
        shown = text_in(app, "graph")
        assert 2 == shown.count("◀━┓") + shown.count("◀━┛")
        assert "┣━━┃ = 7            ┃◀──── v3 = σ(v2)" in shown
        assert "┃ ∂ −1.65852e-06 ┃" in shown
        for name in ("v2 = v1 + b", "v1 = w·x", "b", "v3 = σ(v2)"):
            assert name in shown
        await pilot.click(app.query_one("#graph", Pane), offset=(4, 1))
        assert "v1" == app.frames.run.words.labels[app.frame.node or 0]

    driven(EXAMPLE, drive)


@pytest.mark.parametrize("count", range(1, 8))
def test_around_a_step_every_edge_has_its_end(count: int) -> None:
    values = {f"a{number}": float(number) for number in range(count)}
    program = case(f"stack([{', '.join(values)}])" if count > 1 else "exp(a0)", **values)

    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        await pilot.press("right")
        shown = text_in(app, "graph")
        assert f"a{min(count, 5) - 2 if count > 5 else count - 1}" in shown
        assert ("more" in shown) == (count > 5)
        assert 5 == app.query_one("#graph", Pane).page.height

    driven(program, drive)


def test_an_untracked_value_gets_no_gradient_along_its_edge() -> None:
    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        await typed(pilot, "g", "1")
        shown = text_in(app, "graph")
        assert "╳━┛" in shown
        assert "◀━┓" in shown
        assert "not tracked" in shown

    driven(case("w*x", w=2, x=3), drive, wrt=["w"])


@pytest.mark.parametrize("size", [NORMAL, (160, 50)])
def test_folding_folds_the_graph_too(size: tuple[int, int]) -> None:
    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        await pilot.press("right")
        open_lines = text_in(app, "graph")
        await pilot.press("E")
        folded = text_in(app, "graph")
        assert "v1 = " in open_lines
        assert "turn 3 of" not in open_lines
        assert 3 == sum(f"turn {turn}" in folded for turn in range(1, 9))
        assert "v2 = " not in folded
        await pilot.press("end", "left")
        assert "∂ ?" not in text_in(app, "graph")
        await pilot.press("E")
        assert "turn 3 of" not in text_in(app, "graph")

    driven(DEF_AND_FOR, drive, size)


def test_the_pane_grows_with_the_screen() -> None:
    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        await typed(pilot, "g", "3")
        for size in ((160, 50), (60, 20), (160, 50)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        graph, step = app.query_one("#graph", Pane), app.query_one("#step", Pane)
        assert 30 < graph.size.height
        assert "▼" in text_in(app, "graph")
        assert step.room - 20 < step.page.width <= step.room

    driven(EXAMPLE, drive, (60, 20))


def test_the_title_says_that_a_note_is_out_of_sight() -> None:
    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        step = app.query_one("#step", Pane)
        await typed(pilot, "g", "3")
        assert "below" not in str(step.border_title)
        await pilot.resize_terminal(60, 14)
        await pilot.pause()
        assert "the note is below" in str(step.border_title)

    driven(EXAMPLE, drive)


def test_gradients_of_arrays_are_ranges_where_rows_lack_room() -> None:
    shown: list[str] = []

    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        await pilot.press("end", "left")
        pane = app.query_one("#gradients", Pane)
        assert pane.page.height <= pane.size.height
        shown.append(text_in(app, "gradients"))

    for size in (NORMAL, (160, 50)):
        driven(case("sum((X @ W)**2)", X=[[1, 2], [3, 4]], W=[[1, 0], [0, 1]]), drive, size)
    assert "∂X (2,2) 2 … 8" in shown[0]
    assert "[[2  4]" in shown[1]


def test_a_total_in_the_drawing_is_never_cut() -> None:
    weights = [[0.31, -1.1, 2.3], [0.2, 1.3, -0.9]]
    program = case("H = tanh(X @ W)\nsum(H**2)/7 + sum(H*H*H)/3", X=[[0.123, -0.7]], W=weights)

    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        for _ in range(len(app.frames) - 1):
            await pilot.press("right")
            assert "……" not in text_in(app, "graph")
            assert "… …" not in text_in(app, "graph")

    driven(program, drive, (110, 50))


def test_tab_chooses_panes_and_keys_still_walk() -> None:
    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        seen = []
        for _ in range(4):
            seen.append(app.focused.id if app.focused else "")
            await pilot.press("tab", "right", "down", "pagedown", "shift+right", "shift+left", "up", "pageup")
        assert {"step", "gradients", "program", "graph"} == set(seen)
        assert 4 == app.index

    driven(EXAMPLE, drive)


def test_zoom_shows_one_pane_and_all_again() -> None:
    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        before = app.query_one("#step", Pane).size.height
        await pilot.press("z")
        await pilot.pause()
        assert before < app.query_one("#step", Pane).size.height
        await pilot.press("z", "right")
        await pilot.pause()
        assert (before, 1) == (app.query_one("#step", Pane).size.height, app.index)

    driven(EXAMPLE, drive)


def test_help_opens_and_closes() -> None:
    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        await pilot.press("question_mark")
        assert isinstance(app.screen, Help)
        shown = str(app.screen.query_one("#keys").render())
        assert all(keys in shown for keys, _ in help_rows())
        await pilot.press("escape")
        assert not isinstance(app.screen, Help)

    driven(EXAMPLE, drive, (60, 20))


@pytest.mark.parametrize("width", [30, 60, 80, 160])
def test_the_line_of_keys_fits(width: int) -> None:
    rows = fitting(width)
    assert width >= sum(len(row.shown.split()[0]) + len(row.short) + 3 for row in rows)
    assert {"next", "previous", "help"} <= {row.action for row in rows}


def test_the_mouse_walks_seeks_and_finds() -> None:
    async def drive(app: Stepper, pilot: Pilot[Any]) -> None:
        await pilot.click(KeyLine, offset=(3, 0))
        assert 1 == app.index
        await pilot.click(Place, offset=(78, 0))
        assert len(app.frames) - 1 == app.index
        await pilot.click(Place, offset=(12, 0))
        assert app.index < 3
        pane = app.query_one("#graph", Pane)
        await pilot.press("home")
        await pilot.click(pane, offset=(4, 4))  # the first three values are given; the border is a row
        assert "forward" == app.frame.kind

    driven(EXAMPLE, drive)


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
