"""Command lines to copy: words quoted so that common shells hand them over as they stand."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterable

COMMAND = "autograd-explain"
_BARE = re.compile(r"[\w@%+=:,./-]+", re.ASCII)
_UNSAFE_IN_DOUBLE_QUOTES = re.compile(r'["$`\\]')


def quoted(word: str) -> str:
    """Return a word as a shell takes it: bare, in double quotes (which every shell knows), or escaped."""
    if _BARE.fullmatch(word):
        return word
    return shlex.quote(word) if _UNSAFE_IN_DOUBLE_QUOTES.search(word) else f'"{word}"'


def command_line(words: Iterable[str]) -> str:
    """Return `autograd-explain` with these words."""
    return " ".join([COMMAND, *map(quoted, words)])


def with_places(words: Iterable[str], names: Iterable[str], options: Collection[str] = ()) -> str:
    """Return the command line with a place to fill for each name; `options` are the command's own."""
    return " ".join([command_line(words), *(_place(name, options) for name in names)])


def _place(name: str, options: Collection[str]) -> str:
    option = f"--{name}"
    return f"--set {name}=..." if option in options else f"{option} ..."
