"""What `step` does: the run on the full screen; printed where there is no terminal; or one step of it alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click
from click.core import ParameterSource

from autograd_explain.cli import console
from autograd_explain.cli.comparing import with_others
from autograd_explain.cli.options import SCREEN
from autograd_explain.cli.output import Target, open_target, write_explanation, write_text
from autograd_explain.cli.running import Given, explained, names_given, read_given, verdict
from autograd_explain.errors import InputError
from autograd_explain.lang.program import Program, is_file, resolve
from autograd_explain.source import visible

_LONGEST = 12  # digits of a step's number


def step_program(options: dict[str, Any]) -> int:
    """Show a program step by step; 1 where a check differs, 130 where it was left by Ctrl-C, else 0."""
    target = open_target(options)
    number = _number(options["step"])
    _refuse(options, target, number)
    given = read_given(options)
    program = resolve(given.program, names_given(given.values), given.limits)
    explanation = explained(program, given)
    if number is not None:
        _write_step(explanation, number, target)
        return verdict(explanation, told=False)
    lacking = missing_terminal()
    if lacking:
        write_explanation(explanation, target)
        console.complain(f"note: {lacking}, so the steps are printed")
        return verdict(explanation)
    from autograd_explain.app.stepper import Stepper

    if not target.view.color:
        os.environ["NO_COLOR"] = "1"  # as the screen's library is told
    code = Stepper(explanation, target.view, _rerun(program, given)).run(mouse=True)
    return verdict(explanation) if code == 0 else code or 0


def as_saved_training(context: click.Context) -> dict[str, Any] | None:
    """Return the options of `train` by which a saved training goes on; None where PROGRAM is not one.

    Raises InputError for options that say how a program is run.
    """
    name = context.params["program"]
    if not name or not name.endswith(".json"):
        return None
    if not is_file(name):
        raise InputError(f"there is no file {visible(name)}", hint="train … --save run.json writes such a file")
    for parameter in context.command.params:
        given = context.get_parameter_source(str(parameter.name)) is not ParameterSource.DEFAULT
        if given and parameter.name not in {"program", "step", "ops_files", *_VIEWS}:
            said = "a value" if parameter.name == "values" else parameter.opts[-1]
            message = f"{name} goes on as it was saved, so {said} cannot be given"
            raise InputError(message, hint=f"step {name}")
    step = _number(context.params["step"] or SCREEN)
    views = {option: context.params[option] for option in _VIEWS}
    return {"resume": name, "screen": True, "explained": () if step is None else (step,), **views}


_VIEWS = ("no_notes", "digits", "plain", "debug")
"""The options of `step` that go with a saved training as well: how things are shown."""


def missing_terminal() -> str:
    """Return why the full screen cannot be used, or ""."""
    names = {"standard input": sys.stdin, "standard output": sys.stdout, "standard error": sys.stderr}
    for name, stream in names.items():
        if stream is None or not stream.isatty():
            return f"{name} is not a terminal"
    return "the terminal is a dumb one" if os.environ.get("TERM") == "dumb" else ""


def _number(text: str) -> int | None:
    """Return the number in `--step=12`; None for the whole screen."""
    if text == SCREEN:
        return None
    if text.isascii() and text.isdigit() and len(text) <= _LONGEST:
        return int(text)
    raise InputError(f"--step takes the number of a step back, not '{text}'", hint="--step=1, or --step alone")


def _refuse(options: dict[str, Any], target: Target, number: int | None) -> None:
    """Raise InputError for options that are a view of their own."""
    asked = "--step" if number is None else f"--step={number}"
    if target.format.name != "text":
        raise InputError(f"{asked} is for the terminal; it does not go with {target.format.name}", hint="--format text")
    if number is None and target.path is not None:
        raise InputError("--step is a full screen, not a file", hint=f"leave out --step, or -o {target.path}")
    views = {
        "--versus": options["versus"] is not None,
        "--fault": options["fault"] is not None,
        "--paths": options["paths"],
        "--hessian": options["hessian"],
        "--hvp": options["hvp"] is not None,
        f"--mode {options['mode']}": options["mode"] != "reverse",
    }
    for name, is_asked in views.items():
        if is_asked:
            raise InputError(f"{asked} walks one reverse sweep and does not go with {name}", hint=f"leave out {name}")


def _write_step(explanation: Any, number: int, target: Target) -> None:
    """Write one step back; raises InputError where there is no such step."""
    from autograd_explain.app.pages import write_step
    from autograd_explain.explanation.frames import BACKWARD, Frames

    frames = Frames(explanation)
    frame = frames.of_step(number)
    if frame is None:
        count = frames.count(BACKWARD)
        known = _COUNTED.get(count, f"the steps back are 1 to {count}")
        raise InputError(f"there is no step {number}: {known}", hint="--step=1" if count else "--step alone")
    write_text(lambda out: write_step(frames, frame, target.view, out), target)


_COUNTED = {0: "there are no steps back", 1: "there is only step 1"}


def _rerun(program: Program, given: Given) -> Callable[[str, str], Any]:
    """Return what runs the program again with another value; later changes keep the earlier ones."""
    context = click.get_current_context()
    changed: dict[str, str] = {}

    def rerun(name: str, value: str) -> Any:
        others = tuple({**changed, name: value}.items())
        with context.scope(cleanup=False):  # the screen asks from a thread of its own
            explanation = explained(program, replace(given, values=with_others(given.values, others)))
        changed[name] = value
        return explanation

    return rerun
