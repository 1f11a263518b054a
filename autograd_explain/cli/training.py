"""What `train` does: gather a program, its values and data, walk step by step, show, save."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograd_explain.cli import console
from autograd_explain.cli.output import check_path, write_file
from autograd_explain.cli.running import Given, bound, check_tracked, listed, names_given, read_limits, read_pair
from autograd_explain.errors import InputError
from autograd_explain.explanation.build import Explanation
from autograd_explain.explanation.training import Course, diagnosis, update_note, zero_grad_note
from autograd_explain.lang.names import fold_name
from autograd_explain.lang.program import Program, resolve
from autograd_explain.lang.value_files import read_table
from autograd_explain.lang.values import read_values
from autograd_explain.limits import Limits
from autograd_explain.render import terminal
from autograd_explain.render import training as shown
from autograd_explain.render.as_json import number
from autograd_explain.render.theme import Line, View, note_line
from autograd_explain.train.fitting import clipping_of, schedules_of
from autograd_explain.train.loop import Plan, Stop, Taken, beginning, read_until, steps
from autograd_explain.train.objective import Data
from autograd_explain.train.optimizers import OPTIMIZERS
from autograd_explain.train.rules import choose
from autograd_explain.train.saved import Session, as_text, from_text, record_of

INTERRUPTED = 130
_STEPS = 100
_LARGEST_SAVED = 500_000_000
_FIXED = {
    "program": "PROGRAM", "values": "values", "wrt": "--wrt", "data": "--data", "optimizer": "--optimizer",
    "lr": "--lr", "schedules": "--schedule", "clip_norm": "--clip-norm", "clip_value": "--clip-value",
    "batch": "--batch", "holdout": "--holdout", "seed": "--seed", "limits": "--limit",
}  # fmt: skip
"""What a saved training has settled, so that --resume does not go with it."""


def train_program(options: dict[str, Any]) -> int:
    """Train as the options ask; 130 where it was interrupted, else 0."""
    save = _place(options)
    session = _resumed(options) if options["resume"] is not None else _begun(options)
    stop = _stop(options, session.plan)
    telling = _TELLING[options["format_name"]](session, options)
    losses, norms = list(session.losses), list(session.norms)
    last: Taken | None = None
    with interruption() as is_asked:
        for taken in steps(session.plan, session.state, stop):
            telling.step(taken)
            losses.append(taken.loss)
            norms.append(taken.norm)
            last = taken
            if is_asked():
                break
        interrupted = is_asked()
    if last is not None:
        telling.end(last)
        session = replace(session, state=last.after, losses=tuple(losses), norms=tuple(norms))
    if save is not None:
        write_file(save, lambda out: out.writelines([as_text(session)]), force=options["force"])
        console.complain(f"wrote {save}: {session.state.step:,} steps; --resume {save} goes on")
    return INTERRUPTED if interrupted else 0


@contextmanager
def interruption() -> Iterator[Callable[[], bool]]:
    """A function that says whether Ctrl-C was pressed meanwhile; it no longer interrupts by itself."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    before = signal.signal(signal.SIGINT, lambda *_: asked.set())
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def _place(options: dict[str, Any]) -> Path | None:
    if options["save"] is None:
        return None
    path = Path(options["save"])
    check_path(path, force=options["force"])
    return path


def _resumed(options: dict[str, Any]) -> Session:
    name = options["resume"]
    for key, said in _FIXED.items():
        if options[key] not in {None, ()}:
            message = f"--resume goes on as it was saved, so {said} cannot be given"
            raise InputError(message, hint=f"train --resume {name}")
    try:
        with Path(name).open("rb") as file:
            text = file.read(_LARGEST_SAVED).decode("utf-8")
    except FileNotFoundError:
        raise InputError(f"there is no file {name}") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    return from_text(text, name)


def _begun(options: dict[str, Any]) -> Session:
    if options["program"] is None:
        raise InputError("there is no program to train", hint='autograd-explain train "(x - 2)**2" --x 0 --lr 0.1')
    limits = read_limits(options["limits"])
    table = read_table(options["data"], limits) if options["data"] is not None else None
    pairs = tuple(read_pair(text) for text in options["values"])
    wrt = None if options["wrt"] is None else tuple(map(fold_name, listed(options["wrt"], "--wrt", "--wrt w,b")))
    given = Given(options["program"], pairs, wrt, table, (), None, options["seed"] or 0, limits)
    program = resolve(given.program, names_given(given.values), limits)
    texts, columns = bound(program, given)
    values = read_values(texts, given.seed, limits)
    parameters = _trained(program, given, values, columns, limits)
    data = Data(columns, options["batch"], options["holdout"] or 0.0, given.seed)
    rate = {} if options["lr"] is None else {"lr": options["lr"]}
    plan = Plan(
        record_of(program, parameters, limits),
        choose(options["optimizer"] or "sgd", OPTIMIZERS, "optimizer", **rate),
        schedules_of(options["schedules"], _count(options, data)),
        clipping_of(options["clip_norm"], options["clip_value"]),
        {name: value for name, value in values.items() if name not in parameters},
        data,
        given.seed,
    )
    return Session(program, plan, beginning(plan, parameters), limits=limits)


def _trained(
    program: Program, given: Given, values: dict[str, Any], columns: Mapping[str, Any], limits: Limits
) -> dict[str, Any]:
    """Return the values to train: those of --wrt, else of the file's own heading, else all but class numbers."""
    wrt = given.wrt if given.wrt is not None else program.wrt
    if wrt is not None:
        check_tracked(program, wrt, {**values, **columns})
        chosen = [name for name in wrt if name in values]
        if len(chosen) < len(wrt):
            column = next(name for name in wrt if name in columns)
            raise InputError(f"--wrt {column}: it is a column of the data, which is never trained")
    else:
        recording = record_of(program, values, limits)({**values, **columns}, given.seed)
        chosen = [name for name in values if name not in recording.class_numbers()]
    if not chosen:
        raise InputError("there is nothing to train", hint="a value to start from is given by name: --w 0")
    return {name: values[name] for name in chosen}


def _count(options: dict[str, Any], data: Data) -> int:
    if options["epochs"] is not None:
        if options["steps"] is not None:
            raise InputError("--steps and --epochs both say how long", hint="give one of them")
        return int(options["epochs"]) * data.batches
    return options["steps"] or _STEPS


def _stop(options: dict[str, Any], plan: Plan) -> Stop:
    until = read_until(options["until"]) if options["until"] is not None else None
    return Stop(_count(options, plan.data), until, options["patience"])


class Lines:
    """One JSON object for each step."""

    def __init__(self, _session: Session, _options: dict[str, Any]) -> None:
        """Make standard output ready for data."""
        console.use_utf8()

    def step(self, taken: Taken) -> None:
        """Write one step."""
        held_out = {} if taken.held_out is None else {"held_out": number(taken.held_out)}
        content = {
            "step": taken.number,
            "loss": number(taken.loss),
            "parameters": {name: number(value) for name, value in taken.parameters.items()},
            "gradients": {name: number(value) for name, value in taken.gradients.items()},
            "learning_rate": number(taken.learning_rate),
            **held_out,
        }
        text = json.dumps(content, ensure_ascii=False, allow_nan=False)
        console.write(lambda out: out.writelines([text, "\n"]))

    def end(self, taken: Taken) -> None:
        """Write nothing more: the last object is the end."""


class Text:
    """Steps in full where asked for, and a table of the others as they are made."""

    def __init__(self, session: Session, options: dict[str, Any]) -> None:
        """Read from the options how much is shown."""
        self.session = session
        self.options = options
        self.course = Course(list(session.losses), list(session.norms))
        self.begun = session.state.step
        first = session.state.step + 1
        self.explained = set(options["explained"]) or (set() if options["brief"] or options["resume"] else {first})
        plain = options["plain"]
        self.view = View(
            console.width(), options["digits"], plain or console.is_ascii(), not plain and console.has_color(),
            all=options["everything"], notes=not options["no_notes"],
        )  # fmt: skip
        self.table = shown.Table(session.plan, self.view)
        self.needs_head = True
        self.written = 0
        self.gradients: dict[str, Any] | None = None

    def _write(self, lines: Iterator[Line]) -> None:
        text = "".join(line.render(self.view) + "\n" for line in lines)
        console.write(lambda out: out.writelines([text]))

    def step(self, taken: Taken) -> None:
        """Write what one step asks for, and note it."""
        self.course.add(taken)
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
        if taken.number == 2 and self.gradients is not None and self.view.notes:
            self._write(note_line(zero_grad_note(self.gradients, taken).text, self.view))
        self.gradients = taken.gradients if taken.number == 1 else None

    def _row(self, taken: Taken) -> None:
        self._write(iter([self.table.row(taken)]))
        self.written = taken.number

    def _opening(self, taken: Taken) -> Iterator[Line]:
        run = self._explanation(taken)
        if taken.number not in self.explained:
            yield from terminal.header(run, self.view)
        count = _count(self.options, self.session.plan.data)
        wanted = f"{count:,} steps" if not self.begun else f"{count:,} steps more, after {self.begun:,}"
        yield from shown.opening(self.session.plan, wanted, self.view)

    def _explanation(self, taken: Taken) -> Explanation:
        run = Explanation(taken.recording, taken.sweep, self.session.program.parsed)
        trained = {taken.recording.inputs[name].index for name in taken.gradients}
        others = {node.index for node in taken.recording.inputs.values()} - trained
        run.notes = [note for note in run.notes if note.kind != "detached" or note.node not in others]
        return run

    def _explain(self, taken: Taken) -> None:
        run = self._explanation(taken)
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
        self._write(shown.closing(taken, told, self.view))


_TELLING: dict[str, Callable[[Session, dict[str, Any]], Any]] = {"text": Text, "jsonl": Lines}
