"""The stages of the page: what is given, each operation forward, the seed, each step back, what came out.

A stage is markup that stands by itself, and the few facts by which a script lights the program and the graph. Reads
an explanation alone; which stage a reader looks at is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from autograd_explain.core.formula import filled, written
from autograd_explain.core.var import Var
from autograd_explain.explanation.model import Note, StepRecord
from autograd_explain.modes.forward import ForwardStep
from autograd_explain.modes.records import Step
from autograd_explain.render.arithmetic import is_inline, shapes_of
from autograd_explain.render.html_parts import brief, checks, figure, gradients, inputs, lines_of, notes
from autograd_explain.render.html_shares import back_share, tangent_share
from autograd_explain.render.markup import Markup, joined, tag
from autograd_explain.render.mathml import formula_markup, label, math, name, sign
from autograd_explain.render.numbers import fitting_style, style_of
from autograd_explain.render.selection import MOST_TERMS, Ledger
from autograd_explain.render.theme import View

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation
    from autograd_explain.explanation.training import Learned

START, FORWARD, SEED, BACKWARD, TANGENT, END, UPDATE = range(7)
"""What a stage shows; the page's script knows these numbers."""

AT_THE_END = frozenset({"meaning", "unused-input", "vanishing", "exploding"})
_ONLY_WITH_ALL = "saved"
_LINES = 66  # the width of what stands as lines of the text view
_NARROW = 64  # of a training's lines, most of which are as wide as they may be

Item = TypeVar("Item")


class Stage(NamedTuple):
    """One thing to look at.

    `key` is its place in the page's address: a step's number. `shares` are the values that it hands something to, as
    (value, argument, what that value has so far, and of how many). A stage with `key` "" is a gap.
    """

    key: str
    phase: int
    markup: Markup
    node: int | None = None
    shares: tuple[tuple[Any, ...], ...] = ()


def stages(run: Explanation, view: View, most: int) -> Iterator[Stage]:
    """Every stage in order; a run longer than `most` operations shows its two ends."""
    yield Stage("start", START, joined(_head("Given"), inputs(run, view)))
    if not view.brief:
        yield from _forward(run, view, most)
        if run.result.tracked:
            yield from _sweeps(run, view, most)
    yield Stage("gradients", END, _outcome(run, view))
    if run.learned is not None:
        yield from _training(run.learned, run.parsed, replace(view, width=_NARROW))


def _training(learned: Learned, parsed: Any, view: View) -> Iterator[Stage]:
    """The update of the explained step, those of the steps in the table, and how all steps went."""
    from autograd_explain.render.training import changes, how_it_went, standing

    others = (taken for taken in learned.shown if taken.number != learned.taken.number)
    for taken in (learned.taken, *others):
        if taken.after.step == taken.number:
            notes_of = learned.notes if taken is learned.taken else ()
            told = lines_of((*standing(taken, view), *changes(learned.plan, taken, notes_of, view)))
            yield Stage(f"update-{taken.number}", UPDATE, joined(_head(f"Update at step {taken.number:,}"), told))
    if learned.shown:
        told = lines_of(how_it_went(learned, parsed, view))
        yield Stage("training", UPDATE, joined(_head("How the training went"), told))


def _sweeps(run: Explanation, view: View, most: int) -> Iterator[Stage]:
    if run.mode != "forward":
        yield _seed(run, view)
        yield from _backward(run, view, most)
    else:
        told = [note for note in _notes_at(run, None, view) if note.kind not in AT_THE_END]
        if told:
            yield Stage("", TANGENT, notes(told))
    if run.mode != "reverse":
        yield from _tangents(run, view, most)


def ends_of(items: Sequence[Item], most: int) -> Iterator[Item | int]:
    """The items, or of more than `most` the first and last, and between them how many are left out."""
    if len(items) <= most:
        yield from items
        return
    half = most // 2
    yield from items[:half]
    yield len(items) - 2 * half
    yield from items[-half:]


def gap(count: int, what: str) -> Stage:
    """What stands for stages that are left out."""
    return Stage("", FORWARD, tag("p", f"… {count:,} more {what}; --all writes them all", class_="gap"))


def _head(text: str, count: str = "") -> Markup:
    return tag("h3", tag("b", count), text) if count else tag("h3", text)


def _place(run: Explanation, scope: int | None) -> Markup:
    """The calls and loop turns around an operation, outermost first."""
    titles = run.titles_of(scope)
    return tag("p", "in ", tag("code", " ▸ ".join(titles)), class_="place") if titles else Markup()


def _made(run: Explanation, node: Var, view: View) -> Markup:
    """`v3 = σ(v2)`."""
    return math(label(run.words.label(node)), sign("="), formula_markup(run.words.formula(node), style_of(view)))


def _forward(run: Explanation, view: View, most: int) -> Iterator[Stage]:
    operations = run.operations
    for place, node in enumerate(ends_of(operations, most), 1):
        if isinstance(node, int):
            yield gap(node, "operations")
            continue
        counted = place if place <= most // 2 or len(operations) <= most else place - 1 + len(operations) - most
        yield Stage(f"f{counted}", FORWARD, _operation(run, node, view, counted), node.index)


def _operation(run: Explanation, node: Var, view: View, count: int) -> Markup:
    record = run.node(node)
    head = tag("h3", tag("b", str(count)), _made(run, node, view))
    if type(record.value) is float and all(type(arg.value) is float for arg in record.formula.args):
        style, relation = fitting_style(filled(record.formula), record.value, view)
        how: str = written(filled(record.formula), style).text
    else:
        how, relation = tag("span", shapes_of(record.formula), class_="shapes"), "="
    mark = tag("em", "the result") if node is run.result else ""
    value = figure(record.value, view, "v")
    gap = " " if is_inline(record.value) else ""
    return joined(head, _place(run, record.scope), tag("p", how, f" {relation} " if gap else " ", value, " ", mark))


def _seed(run: Explanation, view: View) -> Stage:
    seed = run.sweep.seed
    why = "As it was given"
    if np.all(seed == 1.0):
        why = "One for each entry" if np.ndim(seed) else "The result changes by exactly its own change"
    said = tag("p", f"{why}: ", "∂", name(run.words.label(run.result)), " = ", figure(seed, view, "gradient"))
    told = [note for note in _notes_at(run, None, view) if note.kind not in AT_THE_END]
    shares = ((run.result.index, -1, brief(seed, view), ""),)
    return Stage("seed", SEED, joined(_head("The walk back begins"), said, notes(told)), run.result.index, shares)


def _notes_at(run: Explanation, step: int | None, view: View) -> list[Note]:
    if not view.notes:
        return []
    told = [note for note in run.notes if note.step == step and note.kind != "seed"]
    return [note for note in told if view.all or note.kind != _ONLY_WITH_ALL]


def _backward(run: Explanation, view: View, most: int) -> Iterator[Stage]:
    ledger = Ledger()
    by_step: dict[int, list[Note]] = {}
    for note in run.notes if view.notes else ():
        by_step.setdefault(note.step or 0, []).append(note)
    half, count = most // 2, run.step_count
    for step in run.walk():
        if count <= most or step.number <= half or step.number > count - half:
            told = [note for note in by_step.get(step.number, []) if note.kind != "seed"]
            yield _step(run, step, view, ledger, told)
        elif step.number == half + 1:
            yield gap(count - 2 * half, "steps back")
        for part in step.parts:
            ledger.add(part.target.index, part.contribution)


def _step(run: Explanation, step: Step, view: View, ledger: Ledger, told: list[Note]) -> Stage:
    record = run.step(step)
    head = tag("h3", tag("b", str(step.number)), _made(run, step.node, view))
    scope = run.node(step.node).scope
    arrives = Markup()
    if type(step.upstream) is not float:
        here = tag("p", "upstream, arriving at ", name(run.words.label(step.node)), ": ", class_="place")
        arrives = joined(here, figure(step.upstream, view, "gradient"))
    shares, facts = [], []
    before: dict[int, list[Any]] = {}
    for place, part in enumerate(record.parts):
        now = before.setdefault(part.target, [])
        earlier = [*ledger.firsts.get(part.target, []), *now][: MOST_TERMS + 1]
        count = ledger.counts.get(part.target, 0) + len(now) + 1
        shares.append(back_share(run, step, record, place, (count, earlier), view))
        now.append(part.contribution)
        facts.append(_fact(run, record, place, count, view))
    body = joined(head, _place(run, scope), arrives, *shares, notes(told))
    return Stage(str(step.number), BACKWARD, body, step.node.index, tuple(facts))


def _fact(run: Explanation, record: StepRecord, place: int, count: int, view: View) -> tuple[Any, ...]:
    part = record.parts[place]
    uses = run.uses[part.target]
    return part.target, part.argument, brief(part.total_after, view), f"{count} of {uses}" if uses > 1 else ""


def _tangents(run: Explanation, view: View, most: int) -> Iterator[Stage]:
    lead = "" if run.mode == "forward" else "t"
    walked = list(run.forward.walk()) if len(run.forward.directions) * len(run.operations) <= most else None
    if walked is None:
        yield gap(len(run.forward.directions), "sweeps forward, too long for a page")
        return
    for step in walked:
        told = _notes_at(run, step.number, view) if run.mode == "forward" else []
        yield _tangent(run, step, view, told, lead)


def _tangent(run: Explanation, step: ForwardStep, view: View, told: list[Note], lead: str) -> Stage:
    record = run.forward.step(step)
    head = tag("h3", tag("b", str(step.number)), _made(run, step.node, view))
    moves = tag("p", "while ", name(step.direction.label), " alone moves", class_="place")
    shares = [tangent_share(run, step, record, place, view) for place in range(len(record.parts))]
    made = name(run.words.label(step.node))
    total = tag("p", "tangent of ", made, " = ", figure(step.tangent, view, "gradient answer"), class_="total")
    facts = ((step.node.index, -1, brief(step.tangent, view), f"while {step.direction.label} moves"),)
    body = joined(head, moves, *shares, total, notes(told))
    return Stage(f"{lead}{step.number}", TANGENT, body, step.node.index, facts)


def _outcome(run: Explanation, view: View) -> Markup:
    value = tag("p", "result = ", figure(run.value, view, "value answer"))
    told = [note for note in run.notes if note.kind in AT_THE_END] if view.notes else []
    narrow = replace(view, width=_LINES)
    parts = [_head("Gradients of the result"), value, gradients(run, view), notes(told), checks(run, view)]
    if run.paths is not None:
        from autograd_explain.render.paths import path_lines

        parts.append(lines_of(path_lines(run, run.paths, narrow)))
    if run.fault is not None:
        from autograd_explain.render.faults import fault_lines

        parts.append(lines_of(fault_lines(run, run.fault, narrow)))
    return joined(*parts)
