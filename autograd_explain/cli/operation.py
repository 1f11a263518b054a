"""What `ops NAME` shows: one function with its formula, its rule, and where care is needed.

The rule is the row's own, run on symbols; nothing about a particular operation is written here.
"""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterator, Sequence
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np

from autograd_explain.cli import console
from autograd_explain.cli.catalogue import Entry, entries
from autograd_explain.cli.listing import show_found
from autograd_explain.cli.quoting import COMMAND, quoted
from autograd_explain.core.formula import Formula, as_formula, formula_of, written
from autograd_explain.core.notation import style_for
from autograd_explain.core.op import REQUIRED, Op, Option
from autograd_explain.core.registry import OPERATIONS, OWN
from autograd_explain.core.shapes import show_shape
from autograd_explain.errors import NameProblem
from autograd_explain.lang.names import free_names
from autograd_explain.lang.parse import parse
from autograd_explain.modes.corners import what_it_means
from autograd_explain.ops.compare import COMPARISONS

_DIGITS = 6
_SHORTEST_SEARCH = 2
Row = tuple[str, str]


def show_function(word: str) -> None:
    """Write the whole entry of a function, or the list of functions that have the word in their text.

    Raises NameProblem, with the nearest name, where nothing has it.
    """
    known = entries()
    exact = [entry for entry in known if word in {entry.name, entry.symbol, *entry.aliases}]
    if exact:
        console.write_lines(_entry(exact[0]))
        return
    found = [entry for entry in known if len(word) >= _SHORTEST_SEARCH and word.lower() in entry.words]
    if not found:
        names = [name for entry in known for name in (entry.name, *entry.aliases)]
        close = difflib.get_close_matches(word.lower(), names, 1)
        near = f"did you mean {close[0]}?   " if close else ""
        raise NameProblem(f"there is no function {word}", hint=f"{near}All functions: {COMMAND} ops")
    show_found(found)


def _entry(entry: Entry) -> list[str]:
    rows = [("", entry.signature), ("also", ", ".join(entry.aliases)), *details(entry), ("note", entry.note)]
    lines = [line for key, text in rows if text for line in _row(key, text)]
    return [*lines, *_pictures(entry), *(_row("try", example_command(entry)) if entry.example else ())]


def _pictures(entry: Entry) -> list[str]:
    """Return the function and its derivative drawn, where it is a curve."""
    from autograd_explain.render.plots import curves, drawable

    if not (isinstance(entry.row, Op) and drawable(entry.row)):
        return []
    return ["", *curves(entry.row, console.width(), ascii_only=console.is_ascii()), ""]


_KEYS = 10


def _row(key: str, text: str) -> list[str]:
    if not key:
        return [text, ""]
    room = max(console.width() - _KEYS, console.NARROWEST)
    # A command or a formula is not broken in two: it is there to be copied.
    lines = [text] if key in {"try", "formula"} else textwrap.wrap(text, room, break_long_words=False)
    return [f"{key:<{_KEYS}}{lines[0]}", *(" " * _KEYS + line for line in lines[1:])]


def details(entry: Entry) -> list[Row]:
    """Return what there is to say of an entry besides its note: formula, rules, domain and corners, each a row."""
    if isinstance(entry.row, Op):
        op = entry.row
        return [*_formula(op), *_rules(op), *_domain(op), *_kinks(op)]
    return [("formula", entry.row.formula)] if entry.row is not None else []


def _text(formula: Formula) -> str:
    return written(formula, style_for(_DIGITS, ascii_only=True)).text


def _algebra() -> SimpleNamespace:
    """Return the algebra an operation's own definition is written in, over formulas."""
    from autograd_explain.ops.compare import where

    def choose(condition: Any, a: Any, b: Any) -> Any:
        return where(condition, a, b)

    def compare(symbol: str, a: Any, b: Any) -> Any:
        return COMPARISONS[symbol](a, b)

    return SimpleNamespace(**OPERATIONS, choose=choose, compare=compare)


def _formula(op: Op) -> list[Row]:
    """Return what an elementwise operation comes to in simpler ones; nothing where it is one of the simplest."""
    if not op.elementwise:
        return []
    try:
        symbols = _symbols(op, next(_samples(op)))
        itself = formula_of(op, tuple(symbols), _options(op))
        text = _text(as_formula(op.symbolic(_algebra(), *symbols, **_named_options(op))))
    except Exception:  # noqa: BLE001 - a formula is a courtesy: an operation without one is still shown
        return []
    return [("formula", text)] if text != _text(itself) else []


def _rules(op: Op) -> list[Row]:
    """Return the rule for each argument, as the row itself gives it on symbols."""
    found = (_rules_for(op, sample) for sample in _samples(op))
    return next(filter(None, found), [])


def _rules_for(op: Op, sample: list[Any]) -> list[Row]:
    try:
        return list(_elementwise(op, sample) if op.elementwise else _structured(op, sample))
    except Exception:  # noqa: BLE001 - these shapes do not suit the operation: the next ones may
        return []


def _elementwise(op: Op, sample: list[Any]) -> Iterator[Row]:
    symbols = _symbols(op, sample)
    options = _named_options(op)
    out = Formula(formula_of(op, tuple(symbols), _options(op)).value, "out")
    for position, name in enumerate(op.arguments):
        own = op.shown[position] if op.shown and op.shown[position] is not None else op.partials[position]
        rule = own(out, *symbols, **options) if callable(own) else 0.0 if own is None else own
        yield "rule", f"d out/d {name} = {_text(as_formula(rule))}"


def _structured(op: Op, sample: list[Any]) -> Iterator[Row]:
    symbols = _symbols(op, sample)
    options = _options(op)
    out = Formula(formula_of(op, tuple(symbols), options).value, "out")
    upstream = Formula(np.ones(np.shape(out.value)) if np.ndim(out.value) else 1.0, "upstream")
    shapes = ", ".join(f"{symbol.label} {show_shape(symbol.shape)}" for symbol in symbols if symbol.shape)
    for position, name in enumerate(op.arguments):
        shown = op.shown[position] if op.shown else None
        rule = shown or op.vjp_for(position)
        text = "0" if rule is None else _text(as_formula(rule(upstream, out, *symbols, **options)))
        yield "rule", f"{name} gets {text}   (for {shapes})"


def _symbols(op: Op, sample: list[Any]) -> list[Formula]:
    return [Formula(value, name) for name, value in zip(op.arguments, sample, strict=True)]


def _options(op: Op) -> dict[str, Any]:
    return {option.name: _setting(option) for option in op.options}


def _named_options(op: Op) -> dict[str, Any]:
    """Return the options as symbols where they are numbers, so that a rule shows `slope` and not 0.01."""
    return {
        option.name: Formula(option.default, option.name) if option.kind == "number" else _setting(option)
        for option in op.options
    }


def _setting(option: Option) -> Any:
    return _SETTINGS[option.kind] if option.default is REQUIRED else option.default


_SETTINGS: dict[str, Any] = {"shape": (-1,), "axis": 0, "one axis": 0, "axes": (0, 1), "key": (0,), "number": 1.0}
_NUMBERS = (0.5, 1.5, 2.5)
_SHAPES = (((2, 3),) * 3, ((2, 3), (3, 4)), ((3,), (3,)), ((1, 3),))


def _samples(op: Op) -> Iterator[list[Any]]:
    """Return values an operation may be shown with: numbers inside its domain, then arrays of common shapes."""
    count = len(op.arguments)
    if op.elementwise:
        inside = (list(pick) for pick in product(_NUMBERS, repeat=count) if op.domain.contains(*pick))
        yield from inside
        return
    for shapes in _SHAPES:
        if len(shapes) >= count:
            yield [np.arange(1.0, np.prod(shape) + 1).reshape(shape) / 10 for shape in shapes[:count]]


def _domain(op: Op) -> list[Row]:
    return [("domain", op.domain.text)]


def _kinks(op: Op) -> list[Row]:
    rows: list[Row] = []
    for kink in op.kinks:
        link = "at" if kink.place.startswith("x =") else "where"
        why = f"; {kink.free}" if kink.free else ""
        rows.append((kink.kind, f"{link} {kink.place}: from the left {kink.left}, from the right {kink.right}{why}"))
        choices = [("PyTorch", kink.chosen)] if kink.as_pytorch else []
        table = [("taken here", kink.chosen), *choices, *kink.others]
        room = max(len(who) for who, _ in table) + 2
        rows.extend((" ", f"  {who:<{room}}{choice}") for who, choice in table)
    if op.kinks:
        rows.append(("choose", f"run … --at-kink {op.name}=NUMBER: {what_it_means(op)}"))
    return rows


def example_command(entry: Entry) -> str:
    """Return the command that runs an entry's example with a number for each of its names."""
    names = free_names(parse(entry.example))
    numbers: Sequence[Any] = _NUMBERS
    if isinstance(entry.row, Op) and entry.row.elementwise and len(names) == len(entry.row.arguments):
        samples = list(_samples(entry.row))  # equal numbers would show a tie
        numbers = next((some for some in samples if len({*some}) == len(some)), [*samples, list(_NUMBERS)][0])
    values = [f"--{name} {number:g}" for name, number in zip(names, numbers, strict=False)]
    own = ["--ops", "FILE.py"] if entry.name in OWN else []
    return " ".join([COMMAND, "run", quoted(entry.example), *values, *own])
