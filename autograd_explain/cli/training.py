"""What `train` does: gather a program, its values and data, walk step by step, show, save."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograd_explain.cli import console
from autograd_explain.cli.breaking import read_training_fault
from autograd_explain.cli.output import writable, write_file
from autograd_explain.cli.progress import Progress
from autograd_explain.cli.running import Given, bound, check_tracked, listed, names_given, read_limits, read_pair
from autograd_explain.cli.training_beside import beside_telling, compared_plans
from autograd_explain.cli.training_output import Sink
from autograd_explain.cli.training_screen import refuse_with_screen, show_step
from autograd_explain.cli.training_telling import TELLING as _TELLING
from autograd_explain.errors import InputError
from autograd_explain.lang.names import fold_name
from autograd_explain.lang.program import Program, resolve
from autograd_explain.lang.value_files import read_table
from autograd_explain.lang.values import read_values
from autograd_explain.limits import Limits
from autograd_explain.train.beside import Pair, abreast, keeping_gradients
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
    "batch": "--batch", "holdout": "--holdout", "seed": "--seed", "limits": "--limit", "fault": "--fault",
    "compare": "--compare",
}  # fmt: skip
"""What a saved training has settled, so that --resume does not go with it."""


def train_program(options: dict[str, Any]) -> int:
    """Train as the options ask; 130 where it was interrupted, else 0."""
    _refuse_together(options)
    save = writable(options["save"], force=options["force"], example="run.json", option="--save")
    sink = Sink(options)
    session = _resumed(options) if options["resume"] is not None else _begun(options)
    stop = _stop(options, session.plan)
    _refuse_explained(options, session, sink)
    if options["screen"]:
        return show_step(session, stop, sink, options)
    mode = "fault" if options["fault"] is not None else "compare" if options["compare"] is not None else "single"
    rounds, telling = _MODES[mode](session, stop, sink, options)
    sink.progress = Progress(session.state.step + (stop.steps or 0), done=session.state.step)
    last: Any = None
    with interruption() as is_asked:
        for each in rounds:
            telling.step(each)
            last = each
            leader = leading(each)
            sink.progress.step(leader.number, f"loss {leader.loss:.4g}")
            if is_asked():
                break
        interrupted = is_asked()
    sink.progress.clear()
    sink.finish(telling.end(last) if last is not None else None)
    if last is not None and max(options["explained"], default=0) > leading(last).number:
        console.complain(f"note: step {max(options['explained']):,} was not reached, so it is not shown")
    if save is not None:
        _save(save, session, telling, last, force=options["force"])
    return INTERRUPTED if interrupted else 0


def _refuse_together(options: dict[str, Any]) -> None:
    """Raise InputError for options that exclude one another."""
    if options["screen"]:
        refuse_with_screen(options)
    for lesson in ("fault", "compare"):
        for other in ("save", "resume"):
            if options[lesson] is not None and options[other] is not None:
                message = f"--{lesson} trains several times over, so it does not go with --{other}"
                raise InputError(message, hint=f"leave out --{other}")
        if options[lesson] is not None and options["explained"]:
            message = f"--{lesson} shows no step in full, so it does not go with --explain"
            raise InputError(message, hint="leave out --explain")
    if options["fault"] is not None and options["compare"] is not None:
        raise InputError("--fault and --compare both put trainings side by side", hint="give one of them")
    if options["compare"] is not None and options["optimizer"] is not None:
        raise InputError("--compare names the optimizers, so --optimizer cannot be given", hint="--compare sgd,adam")


def _refuse_explained(options: dict[str, Any], session: Session, sink: Sink) -> None:
    """Raise InputError for steps to explain that lie behind, or that the format has no room for."""
    if not options["explained"]:
        return
    if sink.format not in _IN_FULL:
        message = f"--format {sink.format} shows no step in full, so it does not go with --explain"
        raise InputError(message, hint=f"leave out --explain, or --format {', '.join(_IN_FULL)}")
    first = min(options["explained"])
    if first <= session.state.step:
        message = f"step {first:,} lies before the {session.state.step:,} steps that were saved"
        raise InputError(message, hint=f"the next is step {session.state.step + 1}")


_IN_FULL = ("text", "html")


def _save(path: Path, session: Session, telling: Any, last: Taken | None, *, force: bool) -> None:
    if last is not None:
        course = telling.course
        session = replace(session, state=last.after, losses=tuple(course.losses), norms=tuple(course.norms))
    write_file(path, lambda out: out.writelines([as_text(session)]), force=force)
    console.complain(f"wrote {path}: {session.state.step:,} steps; --resume {path} goes on")


def leading(each: Any) -> Taken:
    """The step that speaks for a round: the right one, or the first of those compared."""
    if isinstance(each, Taken):
        return each
    if isinstance(each, Pair):
        return each.right
    first: Taken = next(taken for taken in each if taken is not None)
    return first


def _single(session: Session, stop: Stop, sink: Sink, options: dict[str, Any]) -> tuple[Iterator[Any], Any]:
    telling = _TELLING[sink.format](session, sink, options, stop)
    return steps(session.plan, session.state, stop), telling


def _with_fault(session: Session, stop: Stop, sink: Sink, options: dict[str, Any]) -> tuple[Iterator[Any], Any]:
    fault = read_training_fault(options["fault"])
    telling = beside_telling("fault", sink)(session, sink, options, stop, fault)
    return keeping_gradients(session.plan, session.state, stop), telling


def _compared(session: Session, stop: Stop, sink: Sink, options: dict[str, Any]) -> tuple[Iterator[Any], Any]:
    plans = compared_plans(session.plan, options["compare"], options["lr"])
    telling = beside_telling("compare", sink)(session, sink, options, stop, plans)
    return abreast(list(plans.values()), session.state.parameters, stop), telling


_MODES: dict[str, Callable[..., tuple[Iterator[Any], Any]]] = {
    "single": _single, "fault": _with_fault, "compare": _compared,
}  # fmt: skip


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
        raise InputError(f"there is no file {name}", hint="train … --save FILE writes such a file") from None
    except (OSError, ValueError) as error:
        message = f"{name} cannot be read: {getattr(error, 'strerror', None) or error}"
        raise InputError(message, hint="train … --save FILE writes such a file") from None
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
            message = f"--wrt {column}: it is a column of the data, which is never trained"
            raise InputError(message, hint="train values that are given by name, such as --w 0")
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
