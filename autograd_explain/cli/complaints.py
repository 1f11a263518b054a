"""What click refuses, in the words of our own messages: what an option takes, and what it was given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import click

from autograd_explain.cli.quoting import COMMAND
from autograd_explain.source import visible


def told(error: click.ClickException) -> str:
    """The message and its hint, on lines of their own."""
    path = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else COMMAND
    hint = f"{path} --help"
    if isinstance(error, click.BadParameter) and error.param is not None:
        given, separator, _ = error.message.rpartition(" is not ")
        wanted = next((say(error.param.type) for kind, say in _WANTED if isinstance(error.param.type, kind)), "")
        if separator and wanted:
            text = visible(given.strip("'"))
            near = closest(text, error.param.type.choices) if isinstance(error.param.type, click.Choice) else ""
            hint = f"did you mean {near}?" if near else hint
            return f"{error.param.opts[-1]} takes {wanted}, not '{text}'\nhint: {hint}"
    message = visible(error.format_message(), keep="\n").rstrip(".")
    return f"{message[:1].lower()}{message[1:]}\nhint: {hint}"


def _whole(kind: Any) -> str:
    if kind.max is not None:
        return f"a whole number from {kind.min} to {kind.max}"
    return f"a whole number, at least {kind.min}"


_WANTED: tuple[tuple[type[Any], Callable[[Any], str]], ...] = (
    (click.IntRange, _whole),
    (type(click.FLOAT), lambda kind: "a number"),
    (click.Choice, lambda kind: f"one of {', '.join(kind.choices)}"),
)


def closest(text: str, known: Iterable[str]) -> str:
    """The nearest of the words that are known; "" where none is near."""
    import difflib  # loaded for a mistake alone, as start-up counts

    return next(iter(difflib.get_close_matches(text, list(known), 1)), "")
