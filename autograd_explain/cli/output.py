"""Where an explanation goes: standard output, or a file that is written whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from autograd_explain.cli import console
from autograd_explain.errors import InputError

_ENDINGS = {".txt": "text", ".json": "json"}


@dataclass(frozen=True, slots=True)
class Target:
    """What is written and where to; `path` is None for standard output."""

    format_name: str
    path: Path | None
    force: bool
    view: dict[str, Any]
    """The fields of `render.terminal.View`."""


def open_target(options: dict[str, Any]) -> Target:
    """Return where the output goes; nothing is written yet.

    Raises InputError for a file that exists (without `--force`), a folder, and an ending that says no format.
    """
    path = Path(options["output"]) if options["output"] is not None else None
    if path is not None:
        try:
            check_path(path, force=options["force"])
        except (OSError, ValueError) as error:
            raise InputError(f"{path} cannot be written: {getattr(error, 'strerror', None) or error}") from None
    plain = options["plain"]
    view = {
        "width": console.width() if path is None else console.file_width(),
        "digits": options["digits"],
        "ascii": plain or (path is None and console.is_ascii()),
        "color": not plain and path is None and console.has_color(),
        "brief": options["brief"],
        "all": options["everything"],
        "notes": not options["no_notes"],
    }
    return Target(options["format_name"] or _format_of(path), path, options["force"], view)


def check_path(path: Path, *, force: bool) -> None:
    """Raise InputError where a file cannot be written there, or, without `force`, exists already."""
    if not path.name or path.is_dir():
        raise InputError(f"{path} is a folder, not a file")
    if not path.parent.is_dir():
        raise InputError(f"there is no folder {path.parent}")
    if path.is_file() and not force:
        raise InputError(f"{path} exists already", hint="--force replaces it")


def _format_of(path: Path | None) -> str:
    if path is None:
        return "text"
    if path.suffix.lower() not in _ENDINGS:
        known = ", ".join(_ENDINGS)
        raise InputError(f"the ending of {path} says no format", hint=f"use {known}, or --format text")
    return _ENDINGS[path.suffix.lower()]


def write_explanation(explanation: Any, target: Target) -> None:
    """Write an explanation to its target, in its format."""
    short = len(explanation.tape.nodes) <= _HELD
    write_text(_WRITERS[target.format_name](explanation, target), target, whole=short)


_HELD = 20_000  # values; what a longer run prints is streamed, so that it needs no long string


def write_text(writer: Callable[[TextIO], None], target: Target, *, whole: bool = True) -> None:
    """Let `writer` fill the target; a file's name and size are told on standard error."""
    if target.path is None:
        if target.format_name != "text":
            console.use_utf8()
        console.write(writer, whole=whole)
    else:
        write_file(target.path, writer, force=target.force)
        console.complain(f"wrote {target.path} ({target.path.stat().st_size:,} bytes)")


def _text(explanation: Any, target: Target) -> Callable[[TextIO], None]:
    from autograd_explain.render import terminal

    return lambda out: terminal.write(explanation, terminal.View(**target.view), out)


def _json(explanation: Any, target: Target) -> Callable[[TextIO], None]:
    from autograd_explain.render import as_json

    return lambda out: as_json.write(explanation, out)


_WRITERS: dict[str, Callable[[Any, Target], Callable[[TextIO], None]]] = {"text": _text, "json": _json}


def write_file(path: Path, writer: Callable[[TextIO], None], *, force: bool) -> None:
    """Write a file beside its place and move it there; raises InputError, with nothing left behind, on failure."""
    try:
        if path.exists() and not path.is_file():  # a device or a pipe cannot be replaced, only written to
            with path.open("w", encoding="utf-8", newline="\n") as out:
                writer(out)
            return
        _write_and_move(path.resolve(), writer, force=force)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from None


def _write_and_move(path: Path, writer: Callable[[TextIO], None], *, force: bool) -> None:
    beside = path.with_name(f".{path.name[:100]}.{os.getpid()}.tmp")
    try:
        with beside.open("x", encoding="utf-8", newline="\n") as out:
            writer(out)
        if force:
            if path.exists():
                shutil.copymode(path, beside)
            beside.replace(path)
        else:
            _move_to_new(beside, path)
    finally:
        with suppress(OSError):
            beside.unlink()


def _move_to_new(beside: Path, path: Path) -> None:
    """Move a file to a name that must still be free: somebody else may have taken it meanwhile."""
    try:
        os.link(beside, path)
    except FileExistsError:
        raise InputError(f"{path} exists already", hint="--force replaces it") from None
    except OSError:  # a file system without links
        beside.replace(path)
