"""The stepper's panes at small and large sizes: what stands in them, the graph's three looks, the mouse, the help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from autograd_explain.app.keys import fitting, help_rows
from autograd_explain.app.stepper import Stepper
from autograd_explain.app.widgets import Help, KeyLine, Pane, Place
from autograd_explain.render.theme import View
from tests.app.driving import NORMAL, driven, text_in, typed
from tests.programs import DEF_AND_FOR, EXAMPLE, FAN_OUT, TWO_LAYERS, Case, case

if TYPE_CHECKING:
    from textual.pilot import Pilot


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


@pytest.mark.parametrize("count", [1, 3, 4, 7])
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
        for step in ("1", "3", "5", "7"):
            await typed(pilot, "g", step)
            shown = text_in(app, "graph")
            assert "∂ " in shown
            assert "……" not in shown

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
