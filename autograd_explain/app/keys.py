"""The stepper's keys: one table, from which the bindings, the line of keys and the help are made."""

from __future__ import annotations

from typing import NamedTuple

from textual.binding import Binding


class Key(NamedTuple):
    """What one or more keys do."""

    keys: str
    """As textual names them, with commas between."""
    shown: str
    action: str
    short: str
    """For the line of keys; "" where it stands in the help alone."""
    told: str


KEYS = (
    Key("right,n,space", "→ n space", "next", "next", "the next step"),
    Key("left,p", "← p", "previous", "back", "the step before; going back is exact"),
    Key("home", "Home", "first", "", "the beginning"),
    Key("end", "End", "last", "", "the end: gradients, and checks if they were asked for"),
    Key("g", "g", "go", "go", "go to a step by its number (12), to an operation (forward 3), or to a value (w)"),
    Key("slash", "/", "search", "find", "search a name; / and Enter alone looks for the next place"),
    Key("f", "f", "only", "only", "only the steps of one value; f again shows all of them"),
    Key("a", "a", "play", "play", "walk on by itself, or stop"),
    Key("plus,equals_sign", "+", "faster", "", "walk faster"),
    Key("minus", "−", "slower", "", "walk slower"),
    Key("e", "e", "fold", "fold", "fold this call or loop turn into one step, or unfold it"),
    Key("E", "E", "fold_all", "", "fold all calls and loop turns, or unfold all"),
    Key("v", "v", "change", "value", "change the value of an input; the run starts again at the same step"),
    Key("N", "N", "next_trained", "", "the next step of a training (train … --step), at the same place"),
    Key("P", "P", "previous_trained", "", "the step of the training before"),
    Key("d", "d", "draw", "", "draw the whole graph, what is around this step, or list all values"),
    Key("z", "z", "zoom", "", "show the chosen pane alone, or all panes again"),
    Key("question_mark", "?", "help", "help", "these keys"),
    Key("q", "q", "leave", "quit", "quit"),
    Key("ctrl+c", "Ctrl-C", "interrupt", "", "quit at once"),
    Key("ctrl+z", "Ctrl-Z", "suspend_process", "", "put the program to sleep; fg wakes it"),
)

PANE_KEYS = (
    Key("up", "↑ ↓", "scroll_up", "", "scroll the chosen pane"),
    Key("down", "", "scroll_down", "", ""),
    Key("pageup", "PgUp PgDn", "page_up", "", "scroll by a page"),
    Key("pagedown", "", "page_down", "", ""),
    Key("shift+left", "Shift ← →", "scroll_left", "", "scroll sideways"),
    Key("shift+right", "", "scroll_right", "", ""),
)
OTHERS = (
    ("Tab", "choose the next pane; Shift-Tab the one before"),
    ("mouse", "the wheel scrolls, a click on a value goes to it, a click on the top line to that place"),
)
_FIRST = frozenset({"next", "previous", "help", "leave"})
_AT_ONCE = frozenset({"ctrl+c", "ctrl+z"})  # whatever has the focus


def bindings(rows: tuple[Key, ...]) -> list[Binding]:
    """The rows as textual takes them."""
    return [Binding(row.keys, row.action, show=False, priority=row.keys in _AT_ONCE) for row in rows]


def fitting(room: int) -> list[Key]:
    """The keys that a line of so many cells has room for: how to walk, get help and quit before all others."""
    shown = [row for row in KEYS if row.short]
    ranked = sorted(shown, key=lambda row: row.action not in _FIRST)
    taken: list[Key] = []
    for row in ranked:
        needed = len(row.shown.split()[0]) + len(row.short) + 3
        if needed <= room:
            taken.append(row)
            room -= needed
    return [row for row in shown if row in taken]


def help_rows() -> list[tuple[str, str]]:
    """Every key with what it does, for the help."""
    told = [(row.shown, row.told) for row in (*KEYS, *PANE_KEYS) if row.shown]
    return [*told, *OTHERS]
