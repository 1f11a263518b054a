"""Markup as text that is known to be markup: everything else is escaped on its way in.

A plain `str` is data, whatever it looks like; only `Markup` is written as it stands. Knows nothing of explanations.
"""

from __future__ import annotations

import re
from html import escape

from autograd_explain.source import visible


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


def safe(part: str) -> Markup:
    """The part as markup: text with `<`, `&` and quotes escaped and hidden characters made visible."""
    return part if isinstance(part, Markup) else Markup(escape(visible(part, keep="\n")))


def joined(*parts: str) -> Markup:
    """The parts one after the other."""
    return Markup("".join(map(safe, parts)))


def tag(name: str, *parts: str, **attributes: str | int | None) -> Markup:
    """An element with its content; an attribute's trailing `_` is dropped, `_` within it is a hyphen.

    An attribute of None is left out, one of "" has no value.
    """
    return Markup(f"<{name}{_attributes(attributes)}>{joined(*parts)}</{name}>")


def _attributes(given: dict[str, str | int | None]) -> str:
    present = ((key.rstrip("_").replace("_", "-"), value) for key, value in given.items() if value is not None)
    return "".join(f" {key}{_quoted(safe(str(value)))}" for key, value in present)


def _quoted(value: Markup) -> str:
    """An attribute's value; without quotes where HTML wants none, since a page has thousands."""
    if not value:
        return ""
    return f"={value}" if _BARE.fullmatch(value) else f'="{value}"'


_BARE = re.compile(r"[\w.#-]+", re.ASCII)
