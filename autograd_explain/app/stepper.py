"""The stepper: one run on the whole screen, a frame at a time, forwards and backwards.

What each key does: walking, finding, folding, another value. `Stepper.run()` ends with the exit code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from autograd_explain.app.keys import KEYS, bindings
from autograd_explain.app.showing import INTERRUPTED, PACES, Showing, beside
from autograd_explain.app.widgets import Help, Pane, Place, Prompt
from autograd_explain.errors import ExplainError
from autograd_explain.explanation.frames import BACKWARD, FORWARD, Stops, find, labelled, same_place, search

if TYPE_CHECKING:
    from textual.binding import BindingType

    from autograd_explain.explanation.build import Explanation
    from autograd_explain.render.theme import View

Rerun = Callable[[str, str], "Explanation"]
"""Runs the program again with another value, given as text, under a name. Raises ExplainError."""
Trained = Callable[[int], "Explanation"]
"""Another step of a training, by its number. Raises ExplainError."""


class Stepper(Showing):
    """The screen of one run, and its keys."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(KEYS)]

    def __init__(
        self, run: Explanation, view: View, rerun: Rerun | None = None, trained: Trained | None = None
    ) -> None:
        super().__init__(run, view)
        self.rerun = rerun
        self.trained = trained
        self._sought = ""
        self._is_running = False

    # Walking

    def action_next(self) -> None:
        """The next stop."""
        self.to(self.stops.after(self.index))

    def action_previous(self) -> None:
        """The stop before."""
        self.to(self.stops.before(self.index))

    def action_first(self) -> None:
        """The first stop."""
        self.to(self.stops.at(0))

    def action_last(self) -> None:
        """The last stop."""
        self.to(self.stops.at(len(self.stops.indexes) - 1))

    def on_pane_clicked(self, event: Pane.Clicked) -> None:
        """Go to the value that was clicked."""
        label = self.frames.run.words.labels[event.value]
        found = find(self.frames, label, self.frame) if label else None
        if found is not None:
            self.to(self.stops.nearest(found.index))

    def on_place_sought(self, event: Place.Sought) -> None:
        """Go to the place on the bar that was clicked."""
        self.to(self.stops.at(round(event.share * (len(self.stops.indexes) - 1))))

    def action_play(self) -> None:
        """Walk on by itself, from the beginning if one is at the end; or stop."""
        if self.timer is not None:
            self._pause()
        else:
            if self.index >= self.stops.at(len(self.stops.indexes) - 1):
                self.action_first()
            self.timer = self.set_interval(PACES[self.pace], self._tick)
        self.show(moved=False)

    def _pause(self) -> None:
        if self.timer is not None:
            self.timer.stop()
            self.timer = None

    def _tick(self) -> None:
        before = self.index
        self.action_next()
        if self.index == before:
            self._pause()
            self.show(moved=False)

    def action_faster(self) -> None:
        """Less time a step."""
        self._set_pace(self.pace + 1)

    def action_slower(self) -> None:
        """More time a step."""
        self._set_pace(self.pace - 1)

    def _set_pace(self, pace: int) -> None:
        self.pace = max(0, min(pace, len(PACES) - 1))
        if self.timer is None:
            self.tell(f"{PACES[self.pace]:g} s a step; a plays")
            return
        self._pause()
        self.timer = self.set_interval(PACES[self.pace], self._tick)
        self.show(moved=False)

    # Finding

    def _ask(
        self, question: str, value: str, answer: Callable[[str], str | None], *, is_whole: bool = False
    ) -> None:  # fmt: skip
        self._pause()
        self.query_one(Prompt).ask(question, value, answer, is_whole=is_whole)

    def action_go(self) -> None:
        """Ask for a step or a name, and go there."""
        steps = self.frames.count(BACKWARD)
        self._ask(f"Go to a step back (1 to {steps:,}), forward 3, start, end, or a value", "", self._go)

    def _go(self, text: str) -> str | None:
        if not text:
            return None
        found = find(self.frames, text, self.frame)
        if found is None:
            return self._no_place(text)
        self.to(self.stops.nearest(found.index))
        return None

    def _no_place(self, text: str) -> str:
        steps, made = self.frames.count(BACKWARD), self.frames.count(FORWARD)
        if text.isdecimal():
            return f"there is no step {text}: the steps back are 1 to {steps:,}" if steps else "there are no steps back"
        if text.startswith(FORWARD):
            return f"the operations are forward 1 to forward {made:,}"
        return f"no value is called {text}; / searches for a part of a name"

    def action_search(self) -> None:
        """Ask for a part of a name, and go to the next place about it."""
        again = f" (Enter alone: {self._sought} again)" if self._sought else ""
        self._ask(f"Search a name{again}", "", self._search)

    def _search(self, text: str) -> str | None:
        self._sought = text or self._sought
        if not self._sought:
            return None
        found = search(self.frames, self._sought, self.index)
        if found is None:
            return f"no value's name has {self._sought} in it"
        self.to(self.stops.nearest(found.index))
        return None

    def action_only(self) -> None:
        """Ask for a value whose steps alone are shown; or show all again."""
        if self.stops.only is not None:
            self.stops = Stops(self.frames, self.stops.folded)
            self.show(moved=False)
            return
        node = self.frame.node
        label = self.frames.run.words.labels[node] if node is not None else ""
        self._ask("Only the steps of which value?", label, self._only, is_whole=True)

    def _only(self, text: str) -> str | None:
        if not text:
            return None
        node = labelled(self.frames, text)
        if node is None:
            return f"no value is called {text}"
        stops = Stops(self.frames, self.stops.folded, node)
        if not stops.indexes:
            return f"no step is about {text}"
        self.stops = stops
        self.to(stops.nearest(self.index))
        return None

    # Folding

    def action_fold(self) -> None:
        """Fold the innermost call or loop turn of the frame; or unfold the one that stands folded here."""
        folded = self.stops.folded_scope(self.frame.node)
        scope = self.frames.scope(self.frame.node) if folded is None else folded
        if scope is None:
            self.tell("this step is in no call and no loop; E folds all of them")
            return
        self._refold(self.stops.folded ^ {scope})

    def action_fold_all(self) -> None:
        """Fold every call and loop turn; or unfold all."""
        scopes = self.frames.run.scopes
        if not scopes:
            self.tell("this program has no calls and no loops")
            return
        self._refold(frozenset() if self.stops.folded else frozenset(range(len(scopes))))

    def _refold(self, folded: frozenset[int]) -> None:
        self.stops = Stops(self.frames, folded, self.stops.only)
        self.to(self.stops.nearest(self.index))

    # Changing

    def action_change(self) -> None:
        """Ask for another value of an input, and run again."""
        names = [record.name for record in self.frames.run.inputs]
        if self.rerun is None or not names:
            self.tell("this run has no values that can be changed")
            return
        self._ask(f"Another value, as {names[0]} = 2: {', '.join(names)}", f"{names[0]} = ", self._change)

    def _change(self, text: str) -> str | None:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals:
            return "write NAME = VALUE"
        if not value:
            return f"{name or 'the name'} has no value: a number, a list, or an expression such as pi/4"
        names = [record.name for record in self.frames.run.inputs]
        if name not in names:
            return f"no value is given under the name {name}: {', '.join(names)}"
        rerun = self.rerun
        if rerun is not None:
            self._run_beside(lambda: rerun(name, value), self.query_one(Prompt).complain)
        return "running"

    def action_next_trained(self) -> None:
        """The next step of the training, at the same place."""
        self._train(1)

    def action_previous_trained(self) -> None:
        """The training step before, at the same place."""
        self._train(-1)

    def _train(self, by: int) -> None:
        trained, learned = self.trained, self.frames.run.learned
        if trained is None or learned is None:
            self.tell("this is one run; train … --step walks through a training")
        elif not self._is_running:
            self._run_beside(lambda: trained(learned.taken.number + by), self.tell)

    def _run_beside(self, make: Callable[[], Explanation], complain: Callable[[str], None]) -> None:
        """Make another run in a thread of its own and show it; say what is wrong where there is none."""
        self._is_running = True

        def work() -> None:
            try:
                run = make()
            except ExplainError as error:
                self.from_beside(self._stay, complain, str(error))
            except Exception as error:  # noqa: BLE001 - the screen stays; the run that is shown is still right
                self.from_beside(self._stay, complain, f"this cannot be run: {type(error).__name__}: {error}")
            else:
                self.from_beside(self._take, run)

        beside(work)

    def _stay(self, complain: Callable[[str], None], told: str) -> None:
        self._is_running = False
        complain(told)

    def _take(self, run: Explanation) -> None:
        """Show another run of the same program at the same step."""
        self._is_running = False
        old, folded = self.frame, self.stops.folded
        self.begin(run)
        self.stops = Stops(self.frames, [scope for scope in folded if scope < len(run.scopes)])
        self.query_one(Prompt).action_close()
        self.index = self.stops.nearest(same_place(old, self.frames).index)
        self.settle()
        self.show()
        self.gather_notes()

    # The rest

    def action_zoom(self) -> None:
        """Show the pane that has the focus alone; or all again."""
        if self.screen.maximized is not None:
            self.screen.minimize()
        elif isinstance(self.focused, Pane):
            self.screen.maximize(self.focused)
        self.call_after_refresh(self.show)

    def action_draw(self) -> None:
        """Draw the graph, or list its values."""
        pane = self.query_one("#graph", Pane)
        wanted = self.graph.after(pane.page, pane.size.height)
        if wanted and not self.graph.can_draw(replace(self.view, width=pane.room), self.stops):
            self.tell("this graph is too large to be drawn as a whole")
            wanted = None
        self.graph.is_drawn = wanted
        self.show()

    def action_help(self) -> None:
        """Show the keys."""
        self._pause()
        self.push_screen(Help())

    def action_leave(self) -> None:
        """End."""
        self.exit(0)

    def action_interrupt(self) -> None:
        """End as interrupted."""
        self.exit(INTERRUPTED)
