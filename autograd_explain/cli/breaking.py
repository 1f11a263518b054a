"""What `faults` shows, and how `--fault` and `--at-kink` are read."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from autograd_explain.cli import console
from autograd_explain.cli.quoting import command_line
from autograd_explain.errors import InputError
from autograd_explain.lang.values import read_values
from autograd_explain.modes.corners import checked

if TYPE_CHECKING:  # the faults are loaded where one is asked for: most runs have none
    from autograd_explain.explanation.faults import Fault

_KEYS = 13


def read_fault(name: str | None) -> str | None:
    """Return the name as it was given.

    Raises NameProblem where there is no such fault, InputError for one that only a training shows.
    """
    if name is None:
        return None
    from autograd_explain.explanation.faults import find_fault

    fault = find_fault(name)
    if fault.command != "run":
        message = f"the fault {name} lies between two backward passes, and run makes one: it needs a training"
        raise InputError(message, hint=_command(fault))
    return fault.name


def read_training_fault(name: str | None) -> Fault | None:
    """Return the fault that a training can show. Raises InputError for one that lies within a backward pass."""
    if name is None:
        return None
    from autograd_explain.explanation.faults import find_fault

    fault = find_fault(name)
    if fault.command != "train":
        message = f"the fault {name} lies within a backward pass: run shows it beside the right engine"
        raise InputError(message, hint=_command(fault))
    return fault


def read_choices(text: str | None) -> dict[str, float]:
    """Return the derivatives that `relu=1,abs=0.5` chooses at kinks, by the operations' names.

    Raises InputError for what is not a name with a number, NameProblem for a function without a kink.
    """
    if text is None:
        return {}
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(name.strip() and number.strip() for name, _, number in pairs):
        raise InputError(f"--at-kink takes FUNCTION=NUMBER, not '{text}'", hint="--at-kink relu=1,abs=0.5")
    choices = read_values({name.strip(): number for name, _, number in pairs})
    for name, choice in choices.items():
        if type(choice) is not float:
            raise InputError(f"--at-kink {name} takes one number, not an array", hint=f"--at-kink {name}=1")
    return checked(choices)


def show_faults() -> None:
    """Write every fault's name and the thought behind it."""
    from autograd_explain.explanation.faults import FAULTS

    room = max(map(len, FAULTS)) + 2
    lines = [line for row in FAULTS.values() for line in _folded(row.name, row.says, room)]
    beside = "Beside a run: run PROGRAM … --fault NAME   (keep-gradients: train …)"
    tail = ["To see one:   " + command_line(["faults", "NAME"]), beside]
    console.write_lines([*_paragraph(_ABOUT), "", *lines, "", *tail])


_ABOUT = (
    "A fault is the right engine with one rule broken: a mistake that people make when they work gradients out, or"
    " build an engine of their own."
)


def _paragraph(text: str) -> list[str]:
    return textwrap.wrap(text, console.width())


def _folded(key: str, text: str, room: int) -> list[str]:
    lines = textwrap.wrap(text, max(console.width() - room, console.NARROWEST)) or [""]
    return [f"{key:<{room}}{lines[0]}", *(" " * room + line for line in lines[1:])]


def show_fault(name: str) -> None:
    """Write one fault: the thought, what is broken, the hint, and a command that shows the damage."""
    from autograd_explain.explanation.faults import find_fault

    row = find_fault(name)
    texts = {
        "the thought": f"“{row.says}”",
        "broken": row.broken,
        "hint": row.hint,
        "no damage": f"where {row.absent}",
    }
    lines = [line for key, text in texts.items() for line in _folded(key, text, _KEYS)]
    console.write_lines([row.name, "", *lines, f"{'try':<{_KEYS}}{_command(row)}"])


def _command(row: Fault) -> str:
    program = "; ".join(row.example.splitlines())
    values = [word for name, text in row.values.items() for word in (f"--{name}", text)]
    return command_line([row.command, program, *values, *row.options, "--fault", row.name])
