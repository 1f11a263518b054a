"""Command lines to copy: words quoted so that common shells hand them over as they stand."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

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


def with_places(words: Iterable[str], names: Iterable[str]) -> str:
    """Return the command line with a place to fill for each name."""
    return " ".join([command_line(words), *(f"{option_for(name)} ..." for name in names)])


def option_for(name: str) -> str:
    """Return the option that gives a name its value."""
    return f"--{name}"
