"""Where an explanation goes: standard output, or a file that is written whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograd_explain.cli import console
from autograd_explain.errors import InputError
from autograd_explain.render.formats import BY_ENDING, BY_NAME, Format
from autograd_explain.render.theme import View

Writer = Callable[[Any], None]
"""Fills an open stream."""

@dataclass(frozen=True, slots=True)
class Target:
    """What is written and where to; `path` is None for standard output."""

    format: Format
    path: Path | None
    force: bool
    view: View


def open_target(options: dict[str, Any]) -> Target:
    """Return where the output goes; nothing is written yet.

    Raises InputError for a file that exists (without `--force`), a folder, and an ending that says no format.
    """
    path = writable(options["output"], force=options["force"])
    view = view_for(
        options,
        path,
        brief=options["brief"],
        all=options["everything"],
        notes=not options["no_notes"],
        fold=options["fold"] or "",
        labels=options["labels"] or "",
    )
    return Target(_format_of(options["format_name"], path), path, options["force"], view)


def view_for(options: dict[str, Any], path: Path | None, **more: Any) -> View:
    """How text is shown on standard output, or in a file at `path`, by what the options say of signs and digits.

    `more` are other fields of the view.
    """
    plain = options["plain"]
    return View(
        width=console.width() if path is None else console.file_width(),
        digits=options["digits"],
        ascii=plain or (path is None and console.is_ascii()),
        color=not plain and path is None and console.has_color(),
        **more,
    )


def writable(
    name: str | None, *, force: bool, example: str = "explanation.html", option: str = "-o"
) -> Path | None:
    """The file that `option` names, which can be written; None for no name. Raises InputError for any other file."""
    if name is None:
        return None
    if not name.strip():
        raise InputError("there is no name of a file to write to", hint=f"{option} {example}")
    path = Path(name)
    try:
        _check_path(path, force, example, option)
    except (OSError, ValueError) as error:
        message = f"{path} cannot be written: {getattr(error, 'strerror', None) or error}"
        raise InputError(message, hint=f"name a file in a folder of yours: {option} {example}") from None
    return path


def _check_path(path: Path, force: bool, example: str, option: str) -> None:
    """Raise InputError or OSError where a file cannot be written there, or, without `force`, exists already."""
    if not path.name or path.is_dir():
        raise InputError(f"{path} is a folder, not a file", hint=f"name a file in it: {option} {path / example}")
    if not path.parent.is_dir():
        hint = f"make it first, or write here: {option} {path.name}"
        raise InputError(f"there is no folder {path.parent}", hint=hint)
    if path.is_file() and not force:
        raise InputError(f"{path} exists already", hint="--force replaces it")
    if path.is_file() or not path.exists():
        _try_beside(path.resolve())


def _try_beside(path: Path) -> None:
    """Make a file beside `path` and take it away: whoever waits long for a result is told beforehand."""
    beside = _beside(path)
    beside.touch(exist_ok=False)
    beside.unlink()


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name[:100]}.{os.getpid()}.tmp")


def _format_of(name: str | None, path: Path | None) -> Format:
    if name is not None or path is None:
        chosen = BY_NAME[name or "text"]
    elif path.suffix.lower() in BY_ENDING:
        return BY_ENDING[path.suffix.lower()]
    else:
        raise InputError(f"the ending of {path} says no format", hint=f"use {', '.join(BY_ENDING)}, or --format text")
    if chosen.binary and path is None:
        raise InputError(f"{chosen.name} is no text: it is written to a file", hint=f"-o picture{chosen.ending}")
    return chosen


def write_explanation(explanation: Any, target: Target) -> None:
    """Write an explanation to its target, in its format."""
    short = len(explanation.tape.nodes) <= _HELD
    write_text(lambda out: target.format.write(explanation, target.view, out), target, whole=short)


_HELD = 20_000  # values; what a longer run prints is streamed, so that it needs no long string


def write_text(writer: Writer, target: Target, *, whole: bool = True) -> None:
    """Let `writer` fill the target; a file's name and size are told on standard error."""
    if target.path is None:
        if target.format.for_programs:
            console.use_utf8()
        console.write(writer, whole=whole)
    else:
        deliver(target.path, writer, force=target.force, binary=target.format.binary)


def deliver(path: Path, writer: Writer, *, force: bool, binary: bool = False) -> None:
    """Write a file as `write_file` does, and tell its name and size on standard error."""
    write_file(path, writer, force=force, binary=binary)
    console.complain(f"wrote {path} ({path.stat().st_size:,} bytes)")


def write_file(path: Path, writer: Writer, *, force: bool, binary: bool = False) -> None:
    """Write a file beside its place and move it there; raises InputError, with nothing left behind, on failure."""
    try:
        if path.exists() and not path.is_file():  # a device or a pipe cannot be replaced, only written to
            with path.open(**_opened("w", binary=binary)) as out:
                writer(out)
            return
        _write_and_move(path.resolve(), writer, force=force, binary=binary)
    except OSError as error:
        raise console.unwritten(error, str(path)) from None


def _opened(mode: str, *, binary: bool) -> dict[str, Any]:
    """Return what `Path.open` is to be told."""
    return {"mode": f"{mode}b"} if binary else {"mode": mode, "encoding": "utf-8", "newline": "\n"}


def _write_and_move(path: Path, writer: Writer, *, force: bool, binary: bool) -> None:
    beside = _beside(path)
    try:
        with beside.open(**_opened("x", binary=binary)) as out:
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
