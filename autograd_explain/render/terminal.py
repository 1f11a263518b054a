"""The run told in lines of text: program, forward pass, backward pass, gradients, checks.

Symbols, then numbers, then the result; one idea a line. Columns are laid out here, because a table library
spends 300 times as long on a long run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from autograd_explain.core.formula import Formula, written
from autograd_explain.core.notation import Call
from autograd_explain.core.var import Var
from autograd_explain.render.arithmetic import backward_block, forward_lines, is_inline, labelled, rows
from autograd_explain.render.numbers import show, style_of
from autograd_explain.render.outcome import check_lines, gradient_lines
from autograd_explain.render.selection import Elision, Ledger, visible_operations, visible_steps
from autograd_explain.render.theme import Line, View, heading, note_line, sentence, spelled, wrapped
from autograd_explain.render.unrecorded import constants_of, not_recorded
from autograd_explain.source import cell_width

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation
    from autograd_explain.explanation.model import Note

__all__ = ["View", "as_text", "write"]

_SHORT = 6  # a part of the chain longer than this is written …
_MOST_LINKS = 7


def as_text(run: Explanation, view: View | None = None) -> str:
    """The whole text, for `print`."""
    chosen = view or View()
    return "\n".join(line.render(chosen) for line in lines(run, chosen))


def write(run: Explanation, view: View, out: TextIO) -> None:
    """Write the text line by line."""
    out.writelines(line.render(view) + "\n" for line in lines(run, view))


def lines(run: Explanation, view: View) -> Iterator[Line]:
    """Every line of the view, in order."""
    yield from header(run, view)
    if (run.mode == "reverse" or run.fault is not None) and not view.brief:
        yield from forward(run, view)
    if run.fault is not None:
        from autograd_explain.render.faults import fault_lines

        yield from fault_lines(run, run.fault, view)
    else:
        yield from _backward_and_gradients(run, view)
    if run.second is not None:
        from autograd_explain.render.second import second_lines

        yield from second_lines(run.second, view)
    yield from check_lines(run, view)
    if view.notes and not view.brief and run.result.tracked:
        yield from _words_explained(run, view)


_COMMON = frozenset({"value", "array", "result", "operation", "function", "input", "output", "argument", "constant"})
_MOST_WORDS = 8


def _words_explained(run: Explanation, view: View) -> Iterator[Line]:
    """The words of the notes that the glossary explains."""
    from autograd_explain.explanation.glossary import words_in

    told = "upstream contribution " + " ".join(note.text for note in run.notes if not note.short)
    words = [word for word in words_in(told) if word not in _COMMON][:_MOST_WORDS]
    yield Line()
    for text in wrapped(f"What the words mean ({', '.join(words)}): autograd-explain ops --glossary", view.width - 4):
        yield Line("  ").add(text, "dim")


def _backward_and_gradients(run: Explanation, view: View) -> Iterator[Line]:
    if not view.brief:
        yield from _MODES[run.mode](run, view)
    if run.paths is not None:
        from autograd_explain.render.paths import path_lines

        yield from path_lines(run, run.paths, view)
    yield from gradient_lines(run, view)


def _forward_mode(run: Explanation, view: View) -> Iterator[Line]:
    from autograd_explain.render.sweeps import forward_mode

    return forward_mode(run, view)


def _both_modes(run: Explanation, view: View) -> Iterator[Line]:
    from autograd_explain.render.tables import both_modes

    return both_modes(run, view)


def header(run: Explanation, view: View) -> Iterator[Line]:
    """The program as typed, the given values, and the chain from the inputs to the result."""
    source = [text for text in (run.source or "a Python function").splitlines() if not text.lstrip().startswith("#")]
    while source and not source[0].strip():
        source.pop(0)
    shown = [record for record in run.inputs if not _is_table(record.value)]
    values = [labelled(record.name, record.value, view) for record in shown]
    flat = "   ".join(values)
    yield Line()
    if len(source) == 1 and cell_width(source[0]) + cell_width(flat) + 6 <= view.width:
        yield Line("  ").add(source[0], "head").to(view.width - cell_width(flat) - 2).add(flat)
    else:
        for text in source:
            yield from _program_line(text, view)
        yield from (Line("  ").add(text) for text in _filled_rows(values, view.width - 4))
    for record in run.inputs:
        if _is_table(record.value):
            yield Line("  ").add(labelled(record.name, record.value, view))
            yield from rows(record.value, view)
    chain = _chain(run, view)
    if chain:
        yield Line("  ").add(chain, "dim")


def _program_line(text: str, view: View) -> Iterator[Line]:
    """A line as typed; one that is too wide goes on below at a blank, further in."""
    if cell_width(text) <= view.width - 2:
        yield Line("  ").add(text, "head")
        return
    indent = 2 + len(text) - len(text.lstrip())
    for i, part in enumerate(wrapped(text, view.width - indent - 4)):
        yield Line(" " * (indent + 4 * (i > 0))).add(part, "head")


def _filled_rows(values: list[str], room: int) -> Iterator[str]:
    row = ""
    for value in values:
        if row and cell_width(row) + 3 + cell_width(value) > room:
            yield row
            row = value
        else:
            row = f"{row}   {value}" if row else value
    if row:
        yield row


def _is_table(value: Any) -> bool:
    return not is_inline(value)


def _chain(run: Explanation, view: View) -> str:
    """The way from the inputs to the result in one line: each operation around the one before."""
    spine = _spine(run.result)
    if not spine or len(spine) > _MOST_LINKS or run.tape.scopes:
        return ""
    style = style_of(view)
    links = []
    inner: Var | None = None
    text = ""
    for node in spine:
        formula = run.words.formula(node)
        if inner is not None:
            text = text if len(text) <= _SHORT else "…"
            for position, argument in enumerate(node.inputs):
                if argument is inner:
                    strong = text if isinstance(node.op.layout, Call) else _guarded(text)
                    formula.args = (*formula.args[:position], Formula(0.0, strong), *formula.args[position + 1 :])
        text = written(formula, style).text
        links.append(text)
        inner = node
    first = [a for a in spine[0].inputs if run.words.labels[a.index] and run.words.is_named(a)]
    names = ", ".join(dict.fromkeys(map(run.words.label, first)))
    chain = " → ".join([*([names] if names else []), *links]) + " = result"
    return chain if cell_width(spelled(chain, view)) <= view.width - 4 else ""


def _guarded(text: str) -> str:
    return f"({text})" if " " in text or text == "…" else text


def _spine(result: Var) -> list[Var]:
    """From the result back along the argument that was recorded last, as long as that is an operation."""
    spine: list[Var] = []
    node: Var | None = result
    while node is not None and node.inputs and len(spine) <= _MOST_LINKS:
        spine.append(node)
        made = [argument for argument in node.inputs if argument.inputs]
        node = max(made, key=lambda argument: argument.index) if made else None
    return spine[::-1]


def note_lines(notes: list[Note], view: View) -> Iterator[Line]:
    """Notes under the step where they arise: at most two, the first told first."""
    if not view.notes:
        return
    for note in notes[:2]:
        yield from note_line(note.text, view)


def elided(elision: Elision, view: View) -> Iterator[Line]:
    """What stands for the steps that a long run leaves out."""
    for text in wrapped(elision.text, view.width - 8):
        yield Line("    ").add(text, "dim")


def forward(run: Explanation, view: View) -> Iterator[Line]:
    """One line for each recorded operation: label, formula, the same with numbers, value."""
    yield from heading("FORWARD", "compute each operation and record it; no gradient yet", view)
    open_scope: int | None = None
    arrays: set[tuple[str, bytes]] = set()
    for item in visible_operations(run, view):
        if isinstance(item, Elision):
            yield from elided(item, view)
            continue
        record = run.node(item)
        if record.scope != open_scope:
            yield scope_line(run, record.scope, view, item)
            open_scope = record.scope
        yield from constants_of(run, item, arrays, view)
        yield from forward_lines(run, record, view, is_result=item is run.result)
    if not run.result.inputs:
        said = labelled(run.words.labels[run.result.index] or "the result", run.value, view)
        why = "no recorded operation leads to it" if run.operations else "nothing was computed"
        yield from sentence(f"{said}: {why}", view)
    yield from not_recorded(run, view)
    counts: Counter[str] = Counter()
    for note in run.notes if view.notes else ():
        if note.step is None and note.kind in _AFTER_FORWARD and (view.all or note.kind != "saved"):
            counts[note.kind] += 1
            if counts[note.kind] > _MOST_OF_A_KIND and not view.all:
                continue
            yield from note_line(note.text, view)
            yield from excerpt(run, note, view)


_MOST_OF_A_KIND = 2
_AFTER_FORWARD = frozenset({"records-only", "saved", "branch", "zero-slope", "detached", "non-finite"})


def excerpt(run: Explanation, note: Note, view: View) -> Iterator[Line]:
    """The program's own text under the note that says where nan or infinity began."""
    if note.kind != "non-finite" or note.node is None:
        return
    for text in run.excerpt(run.tape.nodes[note.node].site, view.width - 10):
        yield Line("      ").add("│ ", "note").add(text)


def scope_line(run: Explanation, scope: int | None, view: View, node: Var | None = None) -> Line:
    """Where the following operations stand: the calls and loop turns around them, outermost first.

    Outside all of them it is the line of the program that goes on, that of the first `node` there.
    """
    if scope is None:
        return Line("    ").add(_cut(f"▸ {_place_of(run, node)}", view.width - 4), "dim")
    titles = [f"▸ {title}" for title in run.titles_of(scope)]
    while len(titles) > 1 and cell_width(" ".join(titles)) > view.width - 4:
        titles = ["▸ …", *titles[2 if titles[0] == "▸ …" else 1 :]]
    return Line("    ").add(_cut(" ".join(titles), view.width - 4), "dim")


def _place_of(run: Explanation, node: Var | None) -> str:
    text = run.line_at(node.site) if node is not None else ""
    return f"back in the program: {text}" if text else "back in the program"


def _cut(text: str, room: int) -> str:
    while cell_width(text) > max(room, 2):
        text = text[:-2] + "…"
    return text


def backward(run: Explanation, view: View) -> Iterator[Line]:
    """One block for each operation, last recorded first: rule, rule with numbers, each argument's contribution."""
    yield from heading("BACKWARD", "from the result to the inputs: upstream × local = contribution", view)
    if not run.result.tracked:
        yield from sentence("nothing to differentiate: the result depends on no tracked input", view)
        return
    by_step: dict[int, list[Note]] = {}
    for note in run.notes:
        if note.step is not None:
            by_step.setdefault(note.step, []).append(note)
    yield from seed_lines(run, view)
    yield from note_lines([n for n in run.notes if n.kind == "non-scalar"], view)
    ledger = Ledger()
    broken = frozenset(n.step for n in run.notes if n.step and n.kind in _BREAKS and not n.short)
    for item in visible_steps(run, view, ledger, broken):
        yield Line()
        if isinstance(item, Elision):
            yield from elided(item, view)
            continue
        yield from backward_block(run, run.step(item), view, ledger)
        told = [n for n in by_step.get(item.number, []) if n.kind != "seed"][:2]
        yield from note_lines(told, view)
        for note in told:
            yield from excerpt(run, note, view)


_BREAKS = frozenset({"non-finite", "where-nan"})  # a step that tells one is shown in a long run too
_MODES: dict[str, Callable[[Explanation, View], Iterator[Line]]] = {
    "reverse": backward,
    "forward": _forward_mode,
    "both": _both_modes,
}
_SEEDS = {True: "one for each entry", False: "the upstream that was given"}


def seed_lines(run: Explanation, view: View) -> Iterator[Line]:
    """What the result is seeded with, and why."""
    line = Line("    ").add(run.words.label(run.result), "head").to(23)
    seed = run.sweep.seed
    if type(seed) is float:
        why = "the result changes by exactly its own change" if seed == 1.0 else "the upstream that was given"
        value = show(seed, view)
        *before, last = wrapped(f"seed: {why}", view.width - line.width - cell_width(value) - 2)
        for text in before:
            yield line.add(text)
            line = Line(" " * 23)
        yield line.add(last).to(view.width - 8 if not before else 0).add(value)
        return
    ones = "one for each entry" if np.all(seed == 1.0) else "the upstream that was given"
    yield line.add(f"seed: {ones}")
    yield from rows(seed, view)
