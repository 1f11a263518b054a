"""One step of a training on the full screen; printed where there is no terminal."""

from __future__ import annotations

import os
from typing import Any

from autograd_explain.cli import console
from autograd_explain.cli.stepping import missing_terminal
from autograd_explain.cli.training_output import Sink
from autograd_explain.cli.training_telling import explained_step
from autograd_explain.errors import InputError
from autograd_explain.explanation.training import Learned, update_note
from autograd_explain.render import terminal
from autograd_explain.render import training as shown
from autograd_explain.train.loop import Stop, Taken, steps
from autograd_explain.train.saved import Session


def refuse_with_screen(options: dict[str, Any]) -> None:
    """Raise InputError for options that a full screen does not go with."""
    others = {"--save": "save", "--compare": "compare", "--fault": "fault", "-o": "output", "--format": "format_name"}
    for name, key in others.items():
        if options[key] is not None:
            message = f"--step is a full screen of one step and does not go with {name}"
            raise InputError(message, hint=f"leave out --step, or {name}")


def show_step(session: Session, sink: Sink, options: dict[str, Any]) -> int:
    """Train up to the step that is asked for, and show it: forwards, backwards, and its update; 130 after Ctrl-C."""
    wanted = min(options["explained"], default=session.state.step + 1)
    if wanted <= session.state.step:
        raise InputError(f"step {wanted} lies before the {session.state.step:,} steps that were saved")
    last: Taken | None = None
    for taken in steps(session.plan, session.state, Stop(wanted - session.state.step)):
        last = taken
    if last is None:
        return 0
    notes = (update_note(session.plan, last),) if last.number == 1 else ()
    run = explained_step(session, last)
    lacking = missing_terminal()
    if lacking:
        sink.lines(shown.step_heading(last, sink.view))
        sink.lines(terminal.lines(run, sink.view))
        sink.lines(shown.story(Learned(session.plan, last, notes), session.program.parsed, sink.view))
        console.complain(f"note: {lacking}, so the step is printed")
        return 0
    from autograd_explain.app.stepper import Stepper

    run.learned = Learned(session.plan, last, notes)
    if not sink.view.color:
        os.environ["NO_COLOR"] = "1"  # as the screen's library is told
    return Stepper(run, sink.view).run(mouse=True) or 0
