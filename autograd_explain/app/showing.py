"""What stands on the stepper's screen: its parts, their sizes, and the place that is shown.

Holds the frames and the place; every frame is read off the finished run. The keys are no matter of this module.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.containers import Container, Vertical
from textual.geometry import Size

from autograd_explain.app.graph import GraphPages
from autograd_explain.app.pages import gradients_height, gradients_page, program_page, step_page
from autograd_explain.app.screen import FullScreen
from autograd_explain.app.widgets import KeyLine, Pane, Place, Prompt
from autograd_explain.explanation.frames import Frame, Frames, Stops
from autograd_explain.render.theme import View

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.events import Resize
    from textual.timer import Timer

    from autograd_explain.explanation.build import Explanation

INTERRUPTED = 130
WIDE = 110  # columns from which the panes stand side by side
_LONG = 2_000  # operations from which the notes are worked out beside the screen
PACES = (4.0, 2.0, 1.0, 0.5, 0.25, 0.1)
_TITLES = {
    "given": "GIVEN", "forward": "FORWARD {} of {}", "seed": "SEED", "backward": "STEP {} of {}, backward",
    "outcome": "OUTCOME",
}  # fmt: skip


class Showing(FullScreen[int]):
    """The screen of one run, at one place of it."""

    CSS_PATH = "stepper.tcss"
    TITLE = "autograd-explain"
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    HORIZONTAL_BREAKPOINTS = [(0, "-stacked"), (WIDE, "-wide")]  # noqa: RUF012 - as textual declares it

    def __init__(self, run: Explanation, view: View) -> None:
        super().__init__(ansi_color=True)
        self.view = view
        self.pace = 2
        self.timer: Timer | None = None
        self.has_notes = True
        self.extent = Size(80, 24)
        self.begin(run)
        self.index = 0

    def begin(self, run: Explanation) -> None:
        """Take up a run: its frames, all of them open, none alone."""
        self.frames = Frames(run)
        self.stops = Stops(self.frames)
        self.graph = GraphPages(self.frames)
        self.has_notes = len(self.frames.operations) <= _LONG

    def gather_notes(self) -> None:
        """Work out a long run's notes beside the screen, and show them when they are there."""
        frames = self.frames

        def shown() -> None:
            if self.frames is frames:
                self.has_notes = True
                self.show(moved=False)

        def work() -> None:
            frames.notes(self.frame)
            self.from_beside(shown)

        if not self.has_notes:
            beside(work)

    @property
    def frame(self) -> Frame:
        """The frame that is shown."""
        return self.frames[self.index]

    @property
    def is_playing(self) -> bool:
        """Whether it walks by itself."""
        return self.timer is not None

    def compose(self) -> ComposeResult:
        """Place, panes, prompt, keys."""
        yield Place(ascii_only=self.view.ascii)
        with Container(id="panes"):
            with Vertical(id="left"):
                yield Pane("program")
                yield Pane("graph")
            with Vertical(id="right"):
                yield Pane("step")
                yield Pane("gradients")
        yield Prompt()
        yield KeyLine(ascii_only=self.view.ascii)

    def on_mount(self) -> None:
        """Settle the panes' heights and catch the signals that would leave the terminal as it is."""
        for pane, title in (("program", "PROGRAM"), ("graph", "GRAPH"), ("gradients", "GRADIENTS so far")):
            self.query_one(f"#{pane}", Pane).border_title = title
        self.query_one("#step", Pane).focus()
        self.screen.set_class(self.view.ascii, "-ascii")
        self.end_by_signals(INTERRUPTED)
        self.gather_notes()

    def settle(self) -> None:
        """Share out the height: the same at every frame, so that nothing jumps while one walks."""
        run, size = self.frames.run, self.extent
        is_wide = size.width >= WIDE
        rest = size.height - 2
        program = min(program_page(run, self.frame, self.view).height, 12 if is_wide else max(rest // 5, 2)) + 1
        across, most = size.width * 3 // 5 if is_wide else size.width, rest // 3 if is_wide else max(rest // 6, 1)
        needed = gradients_height(run, across)
        gradients = min(needed if needed <= most else gradients_height(run, across, is_short=True), most) + 1
        self.query_one("#program").styles.height = program
        self.query_one("#gradients").styles.height = gradients
        shared = rest - program - gradients
        self.query_one("#graph").styles.height = "1fr" if is_wide else max(shared * 2 // 5, 3)

    def on_resize(self, event: Resize) -> None:
        """Share the height out anew; the place stays. The event knows the size before the screen does."""
        self.extent = event.size
        self.settle()
        self.call_after_refresh(self.show)

    def on_pane_resized(self, _event: Pane.Resized) -> None:
        """Lay the lines out for the width that a pane has now."""
        self.show()

    # What is shown

    def show(self, *, moved: bool = True) -> None:
        """Fill every pane for the frame."""
        if not self.screen_stack:
            return
        main = self.screen_stack[0]
        frame, run = self.frame, self.frames.run
        panes = {name: main.query_one(f"#{name}", Pane) for name in ("program", "graph", "step", "gradients")}
        notes = self.view.notes and self.has_notes
        views = {name: replace(self.view, width=pane.room, notes=notes) for name, pane in panes.items()}
        rows = {name: pane.size.height for name, pane in panes.items()}
        panes["program"].show(program_page(run, frame, views["program"]), moved=moved)
        panes["graph"].show(self.graph.page(frame, views["graph"], rows["graph"], self.stops), moved=moved)
        panes["step"].show(step_page(self.frames, self.stops, frame, views["step"]), moved=moved)
        panes["gradients"].show(gradients_page(self.frames, frame, views["gradients"], rows["gradients"]), moved=moved)
        panes["step"].border_title = self._title(frame) + self._below(frame, panes["step"])
        if moved:
            panes["step"].scroll_to(0, 0, animate=False)
        main.query_one(Place).show(self._said(), self.stops.place(self.index) / max(len(self.stops.indexes) - 1, 1))

    def _below(self, frame: Frame, pane: Pane) -> str:
        """What the title says of lines that are out of sight."""
        if pane.page.height <= pane.size.height:
            return ""
        what = "the note is" if self.has_notes and self.view.notes and self.frames.notes(frame) else "more"
        return f" - {what} below" if self.view.ascii else f" · {what} below ↓"

    def _title(self, frame: Frame) -> str:
        return _TITLES[frame.kind].format(f"{frame.number:,}", f"{self.frames.count(frame.kind):,}")

    def _said(self) -> str:
        """Where one is in words: the place among the stops, and what narrows them or walks by itself."""
        said = [f"{self.stops.place(self.index) + 1:,} of {len(self.stops.indexes):,}"]
        if self.frames.run.learned is not None:
            said.append(f"training step {self.frames.run.learned.taken.number:,}")
        if self.stops.only is not None:
            said.append(f"only {self.frames.run.words.labels[self.stops.only]}")
        if self.stops.folded:
            said.append("folded")
        if self.timer is not None:
            said.append(f"playing, {PACES[self.pace]:g} s a step")
        return " · ".join(said)

    def to(self, index: int) -> None:
        """Go to a frame."""
        self.index = max(0, min(index, len(self.frames) - 1))
        self.show()

    def tell(self, text: str) -> None:
        """Say something in passing."""
        self.notify(text, markup=False, timeout=4)

    def from_beside(self, function: Callable[..., None], *given: object) -> None:
        """Call a function of the screen from another thread, unless the screen is gone by now."""
        with suppress(RuntimeError):
            self.call_later(function, *given)


def beside(work: Callable[[], None]) -> None:
    """Do something in a thread that does not keep the program from ending."""
    threading.Thread(target=work, daemon=True).start()
