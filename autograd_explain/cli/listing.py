"""What `examples` and `ops` list: the gallery, and the functions by family."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterable
from itertools import groupby

from autograd_explain.cli import console
from autograd_explain.cli.catalogue import Entry, entries
from autograd_explain.cli.quoting import command_line
from autograd_explain.lang.program import Program, example, gallery

_INDENT = "  "


def show_examples() -> None:
    """Write the name, the title and the first sentence of every example."""
    programs = {name: example(name) for name in gallery()}
    room = max(map(len, programs), default=0) + 2
    lines = [line for name, program in programs.items() for line in _summary(name, program, room)]
    console.write_lines([*lines, "", f"To see one: {command_line(['examples', 'NAME'])}"])


def _summary(name: str, program: Program, room: int) -> list[str]:
    columns = console.width()
    about = textwrap.wrap(first_sentence(program.teaches), columns - room) or [""]
    return [f"{name:<{room}}{cut(program.title, columns - room)}", *(" " * room + line for line in about)]


def first_sentence(text: str) -> str:
    """Return a text up to the end of its first sentence."""
    sentence, stop, _ = text.partition(". ")
    return sentence + stop.strip()


def cut(text: str, room: int) -> str:
    """Return a text that fits into `room` columns, ending in … where something is missing."""
    return text if len(text) <= room else text[: max(room - 1, 0)].rstrip() + "…"


def show_example(name: str) -> None:
    """Write an example's program, heading included, and the commands to run it."""
    program = example(name)
    commands = [command_line([command, name]) for command in ("run", "check")]
    if program.train:
        commands.append(command_line(["train", name, *shlex.split(program.train)]))
    console.write_lines([*program.text.rstrip().splitlines(), "", *commands])


def show_functions() -> None:
    """Write every function with its signature and the beginning of its note, family by family."""
    console.write_lines([*_families(entries()), "", f"To see one: {command_line(['ops', 'NAME'])}"])


def show_found(found: Iterable[Entry]) -> None:
    """Write the functions that a search found."""
    console.write_lines(_families(found))


def _families(listed: Iterable[Entry]) -> list[str]:
    columns = console.width()
    lines: list[str] = []
    for family, members in groupby(listed, key=lambda entry: entry.family):
        lines.extend(["", family.upper()] if lines else [family.upper()])
        lines.extend(line for entry in members for line in _line(entry, columns))
    return lines


def _line(entry: Entry, columns: int) -> list[str]:
    """Return an entry on one line, or its note on the next where the signature is long."""
    about = first_sentence(entry.note)
    if len(entry.signature) <= _SIGNATURE:
        room = columns - len(_INDENT) - _SIGNATURE - 2
        return [f"{_INDENT}{entry.signature:<{_SIGNATURE}}  {cut(about, room)}"]
    rest = " " * (len(_INDENT) + _SIGNATURE + 2)
    return [f"{_INDENT}{entry.signature}", rest + cut(about, columns - len(rest))]


_SIGNATURE = 28
