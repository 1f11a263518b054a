"""What a command line that does not work was most likely meant to be."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from autograd_explain.cli.quoting import command_line, with_places
from autograd_explain.errors import ExplainError, InputError
from autograd_explain.source import visible


def unknown_command(words: Sequence[str], commands: list[str]) -> InputError:
    """Return the error for a first word that is no command: a misspelt one, or a program without `run`."""
    first = words[0]
    close = difflib.get_close_matches(first.lower(), commands, 1)
    if close:
        return InputError(f"there is no command {visible(first)}", hint=command_line([close[0], *words[1:]]))
    if first == "help":
        return InputError("there is no command help", hint=command_line(["--help"]))
    return InputError(f"there is no command {visible(first)}", hint=f"to explain a program: {_as_run(words)}")


def _as_run(words: Sequence[str]) -> str:
    """Return the command with `run`, and places for the values that are still missing."""
    from autograd_explain.lang.names import free_names
    from autograd_explain.lang.parse import parse
    from autograd_explain.lang.program import gallery

    if words[0] in gallery():
        return command_line(["run", *words])
    given = {word[2:].partition("=")[0] for word in words if word.startswith("--")}
    try:
        missing = [name for name in free_names(parse(words[0])) if name not in given]
    except ExplainError:
        missing = []
    return with_places(["run", *words], missing)
