"""How trainings beside one another are told: a fault beside the right one, optimizers against each other."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from autograd_explain.cli.training_output import Sink
from autograd_explain.errors import InputError
from autograd_explain.explanation.build import Explanation
from autograd_explain.explanation.faults import Fault
from autograd_explain.explanation.trail import trail_from
from autograd_explain.explanation.training import Course
from autograd_explain.render import terminal, training_compare, training_fault
from autograd_explain.render.theme import View
from autograd_explain.render.training import Table, is_shown, opening
from autograd_explain.render.training_json import row_of_one, row_of_pair, text_of_row
from autograd_explain.render.training_map import training_map
from autograd_explain.render.training_runs import MOST_RUNS
from autograd_explain.train.beside import Pair
from autograd_explain.train.loop import Plan, Stop, Taken, beginning
from autograd_explain.train.optimizers import OPTIMIZERS
from autograd_explain.train.rules import choose
from autograd_explain.train.saved import Session

_COMMA = re.compile(r",(?![^()]*\))")


def compared_plans(plan: Plan, text: str, rate: float | None) -> dict[str, Plan]:
    """The plan with each of the optimizers in `sgd,adam(beta1=0.8)`, by their names as they are chosen.

    A learning rate in parentheses goes before the common one. Raises InputError for fewer than two of them, too
    many, or one twice, and what `choose` raises.
    """
    parts = [part.strip() for part in _COMMA.split(text)]
    usual = "--compare sgd,adam"
    if len(parts) < 2 or not all(parts):
        raise InputError(f"--compare takes two optimizers or more with commas between them, not '{text}'", hint=usual)
    if len(parts) > MOST_RUNS:
        raise InputError(f"--compare draws at most {MOST_RUNS} trainings, not {len(parts)}", hint=usual)
    plans: dict[str, Plan] = {}
    for part in parts:
        common = {} if rate is None or re.search(r"\blr\s*=", part) else {"lr": rate}
        chosen = choose(part, OPTIMIZERS, "optimizer", **common)
        label = str(chosen)
        if label in plans:
            raise InputError(f"--compare names {label} twice", hint='--compare "sgd(lr=0.1),sgd(lr=0.5)"')
        plans[label] = replace(plan, optimizer=chosen)
    return plans


def _shows(taken: Taken, view: View) -> bool:
    return view.all or bool(taken.stop) or is_shown(taken.number)


class FaultText:
    """Both trainings in text: where they part, their steps, their losses, the damage."""

    def __init__(self, session: Session, sink: Sink, _options: dict[str, Any], stop: Stop, fault: Fault) -> None:
        """Tell to a sink."""
        self.session, self.sink, self.fault, self.count = session, sink, fault, stop.steps or 0
        self.courses = {"right": Course(), "kept": Course()}
        self.shown: list[Pair] = []

    def step(self, pair: Pair) -> None:
        """Note a step; what can be told of it already is."""
        view, plan = self.sink.view, self.session.plan
        if pair.right.number == 1:
            run = Explanation(pair.right.recording, pair.right.sweep, self.session.program.parsed)
            self.sink.lines(terminal.header(run, view))
            self.sink.lines(opening(plan, f"{self.count:,} steps", view))
            self.sink.lines(training_fault.fault_head(self.fault, view))
        if pair.right.number == 2:
            self.sink.lines(training_fault.parting(plan, pair, self.fault, view))
        self.courses["right"].add(pair.right)
        if pair.kept.number == pair.right.number:
            self.courses["kept"].add(pair.kept)
        if _shows(pair.right, view):
            self.shown.append(pair)

    def end(self, pair: Pair) -> None:
        """Write the table, the curves, and what became of both."""
        view, plan = self.sink.view, self.session.plan
        if self.shown[-1].right.number != pair.right.number:
            self.shown.append(pair)
        self.sink.lines(training_fault.both(Table(plan, view), self.shown, view))
        parsed = self.session.program.parsed
        self.sink.lines(training_fault.ending(plan, pair, self.courses, self.fault, parsed, view))


class FaultLines:
    """One JSON object a step, with both trainings."""

    def __init__(self, _session: Session, sink: Sink, _options: dict[str, Any], _stop: Stop, _fault: Fault) -> None:
        """Tell to a sink."""
        self.sink = sink

    def step(self, pair: Pair) -> None:
        """Write one step of both."""
        self.sink.text(text_of_row(row_of_pair(pair)))

    def end(self, _pair: Pair) -> None:
        """Write nothing more."""


class FaultPicture:
    """Both trainings as one picture file."""

    def __init__(self, session: Session, sink: Sink, _options: dict[str, Any], _stop: Stop, fault: Fault) -> None:
        """Collect for a sink. Raises InputError where the library for pictures is missing."""
        self.both = {training_fault.RIGHT: session.plan, f"with {fault.name}": session.plan}
        self.picture = ComparePicture(session, sink, _options, _stop, self.both)

    def step(self, pair: Pair) -> None:
        """Note one step of both."""
        self.picture.step([pair.right, pair.kept if pair.kept.number == pair.right.number else None])

    def end(self, pair: Pair) -> bytes:
        """The picture."""
        return self.picture.end([pair.right, pair.kept])


class CompareText:
    """Several optimizers in text: a column for each, one picture, what became of each."""

    def __init__(
        self, session: Session, sink: Sink, _options: dict[str, Any], stop: Stop, plans: Mapping[str, Plan]
    ) -> None:
        """Tell to a sink."""
        self.session, self.sink, self.plans, self.count = session, sink, plans, stop.steps or 0
        self.courses = {label: Course() for label in plans}
        state = next(beginning(plan, session.state.parameters) for plan in plans.values())
        self.trails = {label: trail_from(state) for label in plans}
        self.written = 0
        self.begun = False

    def step(self, row: Sequence[Taken | None]) -> None:
        """Write one step of all that still go on."""
        view = self.sink.view
        going = [taken for taken in row if taken is not None]
        if not self.begun:
            self.begun = True
            run = Explanation(going[0].recording, going[0].sweep, self.session.program.parsed)
            self.sink.lines(terminal.header(run, view))
            self.sink.lines(training_compare.compare_head(self.plans, self.count, view))
        for label, taken in zip(self.plans, row, strict=True):
            if taken is not None:
                self.courses[label].add(taken)
                self.trails[label].add(taken)
        if any(_shows(taken, view) for taken in going):
            self._row(row, going[0].number)

    def _row(self, row: Sequence[Taken | None], number: int) -> None:
        self.sink.lines([training_compare.compared_row(number, row, len(self.plans), self.sink.view)])
        self.written = number

    def end(self, row: Sequence[Taken | None]) -> None:
        """Write the curves, the map, and what became of each."""
        view = self.sink.view
        number = next(taken.number for taken in row if taken is not None)
        if self.written != number:
            self._row(row, number)
        self.sink.lines(training_compare.curves_of(self.courses, view))
        self.sink.lines(training_map(next(iter(self.plans.values())), self.trails, view))
        self.sink.lines(training_compare.outcomes(self.plans, self.courses, self.session.program.parsed, view))


class CompareLines:
    """One JSON object for each step of each optimizer."""

    def __init__(
        self, _session: Session, sink: Sink, _options: dict[str, Any], _stop: Stop, plans: Mapping[str, Plan]
    ) -> None:
        """Tell to a sink."""
        self.sink, self.plans = sink, plans

    def step(self, row: Sequence[Taken | None]) -> None:
        """Write one step of all that still go on."""
        pairs = zip(self.plans, row, strict=True)
        self.sink.text("".join(text_of_row(row_of_one(label, taken)) for label, taken in pairs if taken is not None))

    def end(self, _row: Sequence[Taken | None]) -> None:
        """Write nothing more."""


class ComparePicture:
    """Several optimizers as one picture file."""

    def __init__(
        self, session: Session, sink: Sink, _options: dict[str, Any], _stop: Stop, plans: Mapping[str, Plan]
    ) -> None:
        """Collect for a sink. Raises InputError where the library for pictures is missing."""
        from autograd_explain.render.plots_figure import require_library

        require_library()
        self.session, self.sink, self.plans = session, sink, plans
        self.losses: dict[str, list[float]] = {label: [] for label in plans}
        self.trails = {label: trail_from(session.state) for label in plans}

    def step(self, row: Sequence[Taken | None]) -> None:
        """Note one step of all that still go on."""
        for label, taken in zip(self.plans, row, strict=True):
            if taken is not None:
                self.losses[label].append(taken.loss)
                self.trails[label].add(taken)

    def end(self, _row: Sequence[Taken | None]) -> bytes:
        """The picture."""
        from autograd_explain.render.training_figure import picture_of

        plan = next(iter(self.plans.values()))
        return picture_of(plan, self.losses, self.trails, self.session.program, self.sink.view, self.sink.format)


_BESIDE: dict[str, dict[str, Callable[..., Any]]] = {
    "fault": {"text": FaultText, "jsonl": FaultLines, "svg": FaultPicture, "png": FaultPicture},
    "compare": {"text": CompareText, "jsonl": CompareLines, "svg": ComparePicture, "png": ComparePicture},
}


def beside_telling(lesson: str, sink: Sink) -> Callable[..., Any]:
    """What tells trainings side by side in the sink's format. Raises InputError for a format it does not have."""
    known = _BESIDE[lesson]
    if sink.format not in known:
        raise InputError(f"--{lesson} cannot be written as {sink.format}", hint=f"--format {', '.join(known)}")
    return known[sink.format]
