"""What `ops --glossary` shows."""

from __future__ import annotations

import textwrap

from autograd_explain.cli import console
from autograd_explain.explanation.glossary import GLOSSARY, RECIPE, Term

_ROOM = 18


def show_glossary() -> None:
    """Write autograd as a recipe, then every word with its meaning."""
    columns = console.width()
    recipe = [line for text in RECIPE for line in (*textwrap.wrap(text, columns), "")]
    console.write_lines([*recipe, *(line for term in GLOSSARY for line in _entry(term, columns))])


def _entry(term: Term, columns: int) -> list[str]:
    also = f" (Also: {', '.join(term.also)}.)" if term.also else ""
    lines = textwrap.wrap(term.meaning + also, max(columns - _ROOM, console.NARROWEST - _ROOM))
    return [f"{term.name:<{_ROOM}}{lines[0]}", *(" " * _ROOM + line for line in lines[1:])]
