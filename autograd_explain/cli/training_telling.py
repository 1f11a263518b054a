"""How one training is told: step by step in text, as one JSON object a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from autograd_explain.cli.training_output import Sink
from autograd_explain.errors import InputError
from autograd_explain.explanation.build import Explanation
from autograd_explain.explanation.trail import trail_from
from autograd_explain.explanation.training import Course, Learned, diagnosis, update_note, zero_grad_note
from autograd_explain.render import terminal
from autograd_explain.render import training as shown
from autograd_explain.render.theme import Line, note_line
from autograd_explain.render.training_json import row_of, text_of_row
from autograd_explain.render.training_map import training_map
from autograd_explain.train.loop import Stop, Taken, is_finite
from autograd_explain.train.saved import Session


def explained_step(session: Session, taken: Taken) -> Explanation:
    """The explanation of one step; that data is not tracked goes without saying."""
    run = Explanation(taken.recording, taken.sweep, session.program.parsed)
    trained = {taken.recording.inputs[name].index for name in taken.gradients}
    others = {node.index for node in taken.recording.inputs.values()} - trained
    run.notes = [note for note in run.notes if note.kind != "detached" or note.node not in others]
    return run


class Lines:
    """One JSON object for each step."""

    def __init__(self, session: Session, sink: Sink, _options: dict[str, Any], _stop: Stop) -> None:
        """Tell to a sink."""
        self.sink = sink
        self.course = Course(list(session.losses), list(session.norms))

    def step(self, taken: Taken) -> None:
        """Write one step."""
        self.course.add(taken)
        self.sink.text(text_of_row(row_of(taken)))

    def end(self, taken: Taken) -> None:
        """Write nothing more: the last object is the end."""


class Text:
    """Steps in full where asked for, and a table of the others as they are made."""

    def __init__(self, session: Session, sink: Sink, options: dict[str, Any], stop: Stop) -> None:
        """Read from the options how much is shown."""
        self.session = session
        self.sink = sink
        self.view = sink.view
        self.count = stop.steps or 0
        self.course = Course(list(session.losses), list(session.norms))
        self.begun = session.state.step
        first = session.state.step + 1
        self.explained = set(options["explained"]) or (set() if options["brief"] or options["resume"] else {first})
        self.table = shown.Table(session.plan, self.view)
        self.trail = trail_from(session.state)
        self.needs_head = True
        self.written = 0
        self.gradients: dict[str, Any] | None = None

    def _write(self, lines: Iterator[Line]) -> None:
        self.sink.lines(lines)

    def step(self, taken: Taken) -> None:
        """Write what one step asks for, and note it."""
        self.course.add(taken)
        self.trail.add(taken)
        if taken.number == self.begun + 1:
            self._write(self._opening(taken))
        if taken.number in self.explained:
            self._explain(taken)
        if self.needs_head:
            self._write(self.table.head(taken.parameters))
            self.needs_head = False
        wanted = taken.number in self.explained or taken.number == self.begun + 1
        if self.view.all or wanted or shown.is_shown(taken.number):
            self._row(taken)
        if taken.number == 2 and self.gradients is not None and self.view.notes and is_finite(taken):
            self._write(note_line(zero_grad_note(self.gradients, taken).text, self.view))
        self.gradients = taken.gradients if taken.number == 1 else None

    def _row(self, taken: Taken) -> None:
        self._write(iter([self.table.row(taken)]))
        self.written = taken.number

    def _opening(self, taken: Taken) -> Iterator[Line]:
        run = explained_step(self.session, taken)
        if taken.number not in self.explained:
            yield from terminal.header(run, self.view)
        wanted = f"{self.count:,} steps" if not self.begun else f"{self.count:,} steps more, after {self.begun:,}"
        yield from shown.opening(self.session.plan, wanted, self.view)

    def _explain(self, taken: Taken) -> None:
        run = explained_step(self.session, taken)
        plan = self.session.plan
        notes = [update_note(plan, taken)] if taken.number == self.begun + 1 else []
        self._write(shown.step_heading(taken, self.view))
        self._write(terminal.lines(run, self.view))
        if taken.after.step == taken.number:
            self._write(shown.update_lines(plan, taken, notes, self.view))
        self.needs_head = True

    def end(self, taken: Taken) -> None:
        """Write the last step, the curve, the parameters, and what became of it."""
        if self.written != taken.number:
            self._row(taken)
        told = list(diagnosis(self.session.plan, self.course, self.session.program.parsed))
        self._write(shown.curve(self.course.losses, taken.number - len(self.course.losses) + 1, self.view))
        self._write(training_map(self.session.plan, {"": self.trail}, self.view))
        self._write(shown.closing(taken, told, self.view))


class Picture:
    """The loss as a curve, and for two numbers the map with the path, as a picture file."""

    def __init__(self, session: Session, sink: Sink, _options: dict[str, Any], _stop: Stop) -> None:
        """Collect for a sink. Raises InputError where the library for pictures is missing."""
        from autograd_explain.render.plots_figure import require_library

        require_library()
        self.session, self.sink = session, sink
        self.course = Course(list(session.losses), list(session.norms))
        self.trail = trail_from(session.state)

    def step(self, taken: Taken) -> None:
        """Note one step."""
        self.course.add(taken)
        self.trail.add(taken)

    def end(self, _taken: Taken) -> bytes:
        """The picture."""
        from autograd_explain.render.training_figure import picture_of

        label = str(self.session.plan.optimizer)
        losses, trails = {label: self.course.losses}, {label: self.trail}
        return picture_of(self.session.plan, losses, trails, self.session.program, self.sink.view, self.sink.format)


class Page:
    """One step explained as a page of HTML; the updates of it and of others, the table, and what became of it all."""

    def __init__(self, session: Session, sink: Sink, options: dict[str, Any], _stop: Stop) -> None:
        """Read from the options which step is explained: the first, unless another one is asked for.

        Raises InputError where several are.
        """
        if len(set(options["explained"])) > 1:
            message = f"a page shows one step in full, not {len(set(options['explained']))}"
            raise InputError(message, hint="a page for each: --explain 5 -o step5.html")
        self.session, self.sink = session, sink
        self.course = Course(list(session.losses), list(session.norms))
        self.wanted = min(options["explained"], default=session.state.step + 1)
        self.explained: Taken | None = None
        self.shown: list[Taken] = []

    def step(self, taken: Taken) -> None:
        """Note one step."""
        self.course.add(taken)
        if taken.number == self.wanted or self.explained is None:
            self.explained = taken
        if self.sink.view.all or taken.stop or taken.number == self.wanted or shown.is_shown(taken.number):
            self.shown.append(taken)

    def end(self, taken: Taken) -> None:
        """Write the page."""
        from autograd_explain.render.as_html import page

        if self.shown[-1].number != taken.number:
            self.shown.append(taken)
        self.sink.text(page(self.run(taken), self.sink.view))

    def run(self, last: Taken) -> Explanation:
        """The explanation of the step that was asked for, else of the last one."""
        told = self.explained if self.explained is not None and self.explained.number == self.wanted else last
        plan = self.session.plan
        notes = (update_note(plan, told),) if told.number == 1 else ()
        run = explained_step(self.session, told)
        run.learned = Learned(plan, told, notes, tuple(self.shown), self.course)
        return run


TELLING: dict[str, Callable[[Session, Sink, dict[str, Any], Stop], Any]] = {
    "text": Text, "jsonl": Lines, "svg": Picture, "png": Picture, "html": Page,
}  # fmt: skip
"""What tells a training, by the format."""
