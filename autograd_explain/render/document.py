"""A run as a document: headings, prose, programs, derivations and tables, in order. No format is known here.

A writer of documents prints these few kinds of block. Everything in them is plain text, a formula in its three
forms, or a value; nothing is escaped yet.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd_explain.errors import ExplainError
from autograd_explain.lang.header import read_header
from autograd_explain.render.arithmetic import shapes_of
from autograd_explain.render.derivations import Derivation, Writing, forward_derivation, share_rows, value_math
from autograd_explain.render.latex import Letters, Math, Names, math_of
from autograd_explain.render.numbers import style_of
from autograd_explain.render.outcome import rate_said
from autograd_explain.render.selection import MOST_SHOWN, Elision, Ledger, visible_operations, visible_steps
from autograd_explain.render.theme import Line, View
from autograd_explain.source import Source

if TYPE_CHECKING:
    from autograd_explain.core.var import Var
    from autograd_explain.explanation.build import Explanation
    from autograd_explain.explanation.model import Note

USUAL_TITLE = "A derivative, step by step"
_BARS = (
    "From the result to the inputs: upstream × local = contribution. A bar marks a gradient: over a value it is the "
    "upstream that arrives there, the sum of the contributions of all its uses."
)
_DOTS = "One sweep for each input: a dot marks how fast a value changes while that input alone moves."
_AFTER_FORWARD = frozenset({"records-only", "saved", "branch", "zero-slope", "detached", "non-finite"})
_WITH_GRADIENTS = frozenset({"meaning", "unused-input", "vanishing", "exploding"})
_MOST_OF_A_KIND = 2


class Heading(NamedTuple):
    """A section's heading."""

    text: str


class Prose(NamedTuple):
    """Running text; a note answers a question that arises here."""

    text: str
    note: bool = False


class Code(NamedTuple):
    """Lines that are shown as they are."""

    text: str


class Graph(NamedTuple):
    """Where a picture of the recorded graph belongs."""


class Table(NamedTuple):
    """Rows under titles. A row of one text spans the table; a cell is text, a formula, or a value."""

    titles: tuple[str, ...]
    shares: tuple[float, ...]
    """The width of each column as a share of the page."""
    rows: tuple[tuple[Any, ...], ...]


class Title(NamedTuple):
    """What the document is about; the first block, and the only one of its kind."""

    text: str


Block = Heading | Prose | Code | Graph | Table | Title | Derivation


def blocks(run: Explanation, view: View, letters: Letters) -> Iterator[Block]:
    """The whole document, block by block."""
    writing = Writing(run, view, style_of(view), Names(run.words.labels, letters))
    yield Title(title_of(run.source) or USUAL_TITLE)
    yield Code((run.source or "a Python function").strip("\n"))
    if run.inputs:
        rows = tuple((r.name, r.value, "" if r.tracked else "not tracked") for r in run.inputs)
        yield Table(("given", "value", ""), (0.2, 0.55, 0.2), rows)
    if not view.brief:
        yield Graph()
        yield from _forward(run, view, writing)
        yield from _back(run, view, writing)
    yield from _extras(run, view)
    yield from _gradients(run, view)
    yield from _checks(run)


def title_of(source: str | None) -> str:
    """What a program's own heading calls it; "" where it has none."""
    try:
        return read_header(Source(source or "")).title
    except ExplainError:
        return ""


def _notes(notes: list[Note], view: View) -> Iterator[Block]:
    if view.notes:
        yield from map(_told, notes[:2])


def _told(note: Note) -> Prose:
    """A note, with the minus signs that the formulas have."""
    return Prose(re.sub(r"(?<![\w.])-(?=[\d(])", "−", note.text), note=True)


def _forward(run: Explanation, view: View, writing: Writing) -> Iterator[Block]:
    yield Heading("Forward: every operation, computed and recorded")
    rows: list[tuple[Any, ...]] = []
    scope: int | None = None
    for item in visible_operations(run, view):
        if isinstance(item, Elision):
            rows.append((item.text,))
            continue
        record = run.node(item)
        if record.scope != scope:
            rows.append((_place(run, record.scope),))
            scope = record.scope
        rows.append(_operation(run, item, writing))
    if rows:
        yield Table(("", "operation", "with its numbers", "value"), (0.1, 0.28, 0.27, 0.32), tuple(rows))
    else:
        yield Prose("Nothing was computed: the result is a given value.")
    counts: Counter[str] = Counter()
    for note in run.notes if view.notes else ():
        if note.step is None and note.kind in _AFTER_FORWARD and (view.all or note.kind != "saved"):
            counts[note.kind] += 1
            if counts[note.kind] <= _MOST_OF_A_KIND or view.all:
                yield _told(note)


def _place(run: Explanation, scope: int | None) -> str:
    return " ".join(f"▸ {title}" for title in run.titles_of(scope)) or "▸ back outside"


def _operation(run: Explanation, node: Var, writing: Writing) -> tuple[Any, ...]:
    formula = run.words.formula(node)
    label = run.words.label(node)
    scalar = type(node.value) is float and all(type(arg.value) is float for arg in formula.args)
    numbers: Math | str = writing.filled(formula, node.value)[1] if scalar else shapes_of(formula)
    named = Math(writing.names(label), writing.names(label), label)
    return named, math_of(formula, writing.style, writing.names), numbers, node.value


def _back(run: Explanation, view: View, writing: Writing) -> Iterator[Block]:
    if not run.result.tracked:
        yield Prose("There is nothing to differentiate: the result depends on no tracked input.")
        return
    if run.mode in ("reverse", "both"):
        yield from _backward(run, view, writing)
    if run.mode in ("forward", "both"):
        yield from _tangents(run, view, writing)


def _backward(run: Explanation, view: View, writing: Writing) -> Iterator[Block]:
    yield Heading("Backward: the chain rule, step by step")
    yield Prose(_BARS)
    ones = "Every entry of the result" if run.result.shape else "The result"
    told = "changes by exactly its own change" if np.all(run.sweep.seed == 1.0) else "is given this upstream"
    yield Prose(f"{ones} {told}; the walk back starts there.")
    bar = rf"\overline{{{writing.names(run.words.label(run.result))}}}"
    yield Derivation((), tuple(writing.rows_of(run.sweep.seed, Math(bar, bar, ""))))
    yield from _notes([note for note in run.notes if note.kind == "non-scalar"], view)
    by_step: dict[int, list[Note]] = {}
    for note in run.notes:
        if note.step is not None and note.kind != "seed":
            by_step.setdefault(note.step, []).append(note)
    ledger = Ledger()
    for item in visible_steps(run, view, ledger):
        if isinstance(item, Elision):
            yield Prose(item.text)
            continue
        yield share_rows(writing, run.step(item), ledger)
        yield from _notes(by_step.get(item.number, []), view)


def _tangents(run: Explanation, view: View, writing: Writing) -> Iterator[Block]:
    yield Heading("Forward mode: tangents beside the values")
    yield Prose(_DOTS)
    moving = ""
    total = 0
    for step in run.forward.walk():
        total = step.number
        if total > MOST_SHOWN and not view.all:
            continue
        if step.direction.label != moving:
            moving = step.direction.label
            yield Prose(f"While {moving} moves, at a rate of 1:")
        yield forward_derivation(writing, run.forward.step(step))
    if total > MOST_SHOWN and not view.all:
        yield Prose(f"… {total - MOST_SHOWN:,} more steps; --all prints them")


def _extras(run: Explanation, view: View) -> Iterator[Block]:
    """The paths and the comparison with a broken rule, as the terminal prints them."""
    plain = View(width=80, digits=view.digits, notes=view.notes, all=view.all)
    if run.paths is not None:
        from autograd_explain.render.paths import path_lines

        yield Heading("Paths")
        yield Code(_text(path_lines(run, run.paths, plain), plain))
    if run.fault is not None:
        from autograd_explain.render.faults import fault_lines

        yield Heading("A broken rule beside the right one")
        yield Code(_text(fault_lines(run, run.fault, plain), plain))


def _text(lines: Iterator[Line], view: View) -> str:
    return "\n".join(line.render(view) for line in lines).strip("\n")


def _gradients(run: Explanation, view: View) -> Iterator[Block]:
    yield Heading("Gradients of the result")
    yield Table(("", "value"), (0.2, 0.75), (("result", run.value),))
    rows = []
    for name, gradient in run.gradients.items():
        one = type(gradient) is float and not run.result.shape
        rows.append((f"∂{name}", gradient, rate_said(run, name, gradient) if one else ""))
    if rows:
        yield Table(("by", "gradient", "what it says"), (0.15, 0.4, 0.4), tuple(rows))
    else:
        yield Prose("No input is tracked: there is nothing to differentiate by.")
    for note in run.notes if view.notes else ():
        if note.kind in _WITH_GRADIENTS:
            yield _told(note)


_SOURCES = {"symbolic": "SymPy, at 40 digits", "finite": "differences", "torch": "PyTorch", "jax": "JAX"}


def _checks(run: Explanation) -> Iterator[Block]:
    for checker in dict.fromkeys(check.checker for check in run.checks):
        own = [check for check in run.checks if check.checker == checker]
        yield Heading(f"Checked against {_SOURCES.get(checker, checker)}")
        rows = []
        for check in own:
            counted = check.status == "agrees" and check.digits
            verdict = f"agree to {check.digits} digits" if counted else str(check.status)
            rows.append((f"∂{check.target}", check.ours, "" if check.theirs is None else check.theirs, verdict))
        yield Table(("by", "here", "there", "verdict"), (0.15, 0.27, 0.27, 0.26), tuple(rows))
        for check in own:
            if check.why:
                yield Prose(f"∂{check.target}: {check.why}")
        formulas = [f"∂{check.target} = {check.formula}" for check in own if check.formula]
        if formulas:
            yield Code("\n".join(formulas))


__all__ = ["Block", "Code", "Derivation", "Graph", "Heading", "Prose", "Table", "Title", "blocks", "value_math"]
