"""A training on the full screen, one step of it at a time; the first one is printed where there is no terminal."""

from __future__ import annotations

import os
from collections import deque
from dataclasses import replace
from typing import Any

from autograd_explain.cli import console
from autograd_explain.cli.stepping import missing_terminal
from autograd_explain.cli.training_output import Sink
from autograd_explain.cli.training_telling import explained_step
from autograd_explain.errors import DomainError, InputError
from autograd_explain.explanation.build import Explanation
from autograd_explain.explanation.training import Course, Learned, update_note
from autograd_explain.render import terminal
from autograd_explain.render import training as shown
from autograd_explain.train.loop import State, Stop, Taken, steps
from autograd_explain.train.saved import Session


def refuse_with_screen(options: dict[str, Any]) -> None:
    """Raise InputError for options that a full screen does not go with."""
    others = {"--save": "save", "--compare": "compare", "--fault": "fault", "-o": "output", "--format": "format_name"}
    for name, key in others.items():
        if options[key] is not None:
            message = f"--step is a full screen of one step and does not go with {name}"
            raise InputError(message, hint=f"leave out --step, or {name}")


class StepByStep:
    """The steps of a training, each explained when it is gone to, with how those up to it went."""

    KEPT = 100  # states to go back to at once; further back is trained anew

    def __init__(self, session: Session, stop: Stop) -> None:
        """Stand before the first step."""
        self.session, self.stop = session, stop
        self.last = session.state.step + (stop.steps or 0)
        self.course = Course(list(session.losses), list(session.norms))
        self.before = len(session.losses) - session.state.step  # losses without a step, if any
        self.shown: list[Taken] = []
        self.states: deque[State] = deque(maxlen=self.KEPT)

    def to(self, number: int) -> Explanation:
        """The step of that number. Raises DomainError where the training has none."""
        begun = self.session.state
        if number <= begun.step:
            message = f"step {begun.step + 1:,} is the first of this training"
            raise DomainError(message, hint="N goes on to the next step")
        if number > self.last:
            raise DomainError(f"step {self.last:,} is the last of this training", hint=f"--steps {number}")
        state = max((s for s in (begun, *self.states) if s.step < number), key=lambda s: s.step)
        taken: Taken | None = None
        for taken in steps(self.session.plan, state, replace(self.stop, steps=number - state.step)):
            self._note(taken)
        if taken is None or taken.number < number:
            ended = state.step if taken is None else taken.number
            raise DomainError(f"this training ended at step {ended:,}", hint=f"--explain {ended}")
        return self._explained(taken)

    def _note(self, taken: Taken) -> None:
        """Keep what a step adds to how it went, the first time that it is taken."""
        if not self.states or taken.number > self.states[-1].step:
            self.states.append(taken.after)
        if taken.number > len(self.course.losses) - self.before:
            self.course.add(taken)
            if shown.is_shown(taken.number):
                self.shown.append(taken)

    def _explained(self, taken: Taken) -> Explanation:
        plan, count = self.session.plan, taken.number + self.before
        notes = (update_note(plan, taken),) if taken.number == 1 else ()
        rows = tuple(row for row in self.shown if row.number < taken.number)
        run = explained_step(self.session, taken)
        course = replace(
            self.course, losses=self.course.losses[:count], norms=self.course.norms[:count], last=taken,
            curvature=self.course.curvature if taken.number > 1 else None,
        )  # fmt: skip
        run.learned = Learned(plan, taken, notes, (*rows, taken) if rows else (), course)
        return run


def show_step(session: Session, stop: Stop, sink: Sink, options: dict[str, Any]) -> int:
    """Train up to the step that is asked for, and walk from there; 130 after Ctrl-C."""
    wanted = min(options["explained"], default=session.state.step + 1)
    walk = StepByStep(session, replace(stop, steps=max(stop.steps or 0, wanted - session.state.step)))
    run = walk.to(wanted)
    lacking = missing_terminal()
    if lacking and run.learned is not None:
        alone = run.learned._replace(shown=())
        sink.lines(shown.step_heading(alone.taken, sink.view))
        sink.lines(terminal.lines(run, sink.view))
        sink.lines(shown.story(alone, session.program.parsed, sink.view))
        console.complain(f"note: {lacking}, so the step is printed")
        return 0
    from autograd_explain.app.stepper import Stepper

    if not sink.view.color:
        os.environ["NO_COLOR"] = "1"  # as the screen's library is told
    return Stepper(run, sink.view, trained=walk.to).run(mouse=True) or 0
