"""What `faults` shows, and how `--fault` and `--at-kink` are read."""

from __future__ import annotations

import textwrap

from autograd_explain.cli import console
from autograd_explain.cli.quoting import command_line
from autograd_explain.errors import InputError
from autograd_explain.explanation.faults import FAULTS, Fault, find_fault
from autograd_explain.lang.values import read_values
from autograd_explain.modes.corners import checked

_KEYS = 13


def read_fault(name: str | None) -> str | None:
    """Return the name as it was given. Raises NameProblem where there is no such fault."""
    return None if name is None else find_fault(name).name


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
    room = max(map(len, FAULTS)) + 2
    lines = [line for row in FAULTS.values() for line in _folded(row.name, row.says, room)]
    tail = ["To see one:   " + command_line(["faults", "NAME"]), "Beside a run: run PROGRAM … --fault NAME"]
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
    return command_line(["run", program, *values, "--fault", row.name])
