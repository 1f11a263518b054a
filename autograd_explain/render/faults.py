"""A fault beside the right engine: every step of both, where they part, and what becomes of the gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd_explain.core.formula import Formula, formula_of, written
from autograd_explain.core.registry import OPERATIONS
from autograd_explain.core.shapes import shape_of, show_shape
from autograd_explain.explanation.faults import Comparison, Parting, same
from autograd_explain.explanation.model import PartRecord, StepRecord
from autograd_explain.explanation.wrong_rules import local_alone
from autograd_explain.modes.faulty import at_once
from autograd_explain.modes.records import Part, Step
from autograd_explain.render.arithmetic import (
    FORMULA_COLUMN,
    TARGET_COLUMN,
    backward_block,
    fitting_view,
    is_inline,
    rows,
    rule_lines,
    rule_text,
    shapes_of,
    sides_of,
    summed_axes,
    text_of,
    times,
)
from autograd_explain.render.numbers import equation, show, style_of, terms
from autograd_explain.render.selection import Ledger, left_out
from autograd_explain.render.theme import Line, View, heading, note_line, wrapped
from autograd_explain.source import cell_width

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

_FEW_STEPS = 8
_STEP_COLUMN = 8
_BETWEEN = "  ≠  "
_DOWN_FIRST = (
    "Recursion goes down first: the second argument of a step is reached only when everything below its first one"
    " has been passed on."
)


def fault_lines(run: Explanation, comparison: Comparison, view: View) -> Iterator[Line]:
    """What is broken, both engines side by side, where they part, the damage, and a hint."""
    fault = comparison.fault
    yield from heading("FAULT", f"{fault.name}: {fault.broken}", view)
    yield from _indented(f"The thought behind it: “{fault.says}”", view)
    if not view.brief and comparison.faulty.steps:
        yield from _side_by_side(run, comparison, view)
        if comparison.parting is not None:
            yield from _parting(run, comparison, comparison.parting, view)
    yield from _damage(run, comparison, view)
    if view.notes:
        yield from note_line(fault.hint, view)


def _indented(text: str, view: View, style: str = "") -> Iterator[Line]:
    for part in wrapped(text, view.width - 6):
        yield Line("    ").add(part, style)


class _Cell(NamedTuple):
    """One line of one engine's column; `value` is what it says, for comparing."""

    text: str
    value: Any = None


def _side_by_side(run: Explanation, comparison: Comparison, view: View) -> Iterator[Line]:
    """Two columns: each step, and below it the totals that it added to."""
    yield from heading("BOTH", "side by side: each step, and the totals it adds to", view)
    if comparison.fault.change.order is at_once:
        yield from _indented(_DOWN_FIRST, view)
    room = (view.width - _STEP_COLUMN - cell_width(_BETWEEN)) // 2
    yield _pair("", "the right engine", "", f"with {comparison.fault.name}", room)
    right, other = comparison.right_steps, comparison.faulty.steps
    shown = _chosen(comparison, view)
    last = -1
    for place in shown:
        if place > last + 1:
            yield Line("    ").add(left_out(place - last - 1, "step"), "dim")
        last = place
        cells = [_cells(run, steps[place : place + 1], room, view) for steps in (right, other)]
        for i in range(max(map(len, cells))):
            left, beside = (own[i] if i < len(own) else _Cell("" if i or own else "  not reached") for own in cells)
            mark = _BETWEEN if _parts_company(left, beside) else ""
            yield _pair(str(place + 1) if i == 0 else "", left.text, mark, beside.text, room)


def _chosen(comparison: Comparison, view: View) -> list[int]:
    """Which steps are shown: all of a short run, else the first, the last, and those around the parting."""
    count = max(len(comparison.right_steps), len(comparison.faulty.steps))
    if view.all or count <= _FEW_STEPS:
        return list(range(count))
    at = comparison.parting.faulty.number - 1 if comparison.parting else 0
    near = {0, 1, at - 1, at, at + 1, count - 1}
    alone = {place for place in range(count) if {place - 1, place + 1} <= near}  # no gap of a single step
    return sorted(place for place in near | alone if 0 <= place < count)


def _pair(number: str, left: str, mark: str, right: str, room: int) -> Line:
    line = Line("   ").add(f"{number:>3}", "dim").to(_STEP_COLUMN).add(left)
    line.to(_STEP_COLUMN + room, 0).add(mark or " " * cell_width(_BETWEEN), "bad")
    return line.add(right, "bad" if mark else "")


def _parts_company(left: _Cell, right: _Cell) -> bool:
    if left.value is None or right.value is None:
        return left.text != right.text
    return left.text != right.text or not same(left.value, right.value)


def _cells(run: Explanation, steps: list[Step], room: int, view: View) -> list[_Cell]:
    cells = []
    for step in steps:
        formula = written(run.words.formula(step.node), style_of(view)).text
        cells.append(_Cell(_cut(f"{run.words.label(step.node)} = {formula}", room)))
        cells.extend(_total_cell(run, part, room, view) for part in step.parts)
    return cells


def _cut(text: str, room: int) -> str:
    while cell_width(text) > room:
        text = text[:-2] + "…"
    return text


def _total_cell(run: Explanation, part: Part, room: int, view: View) -> _Cell:
    label = f"  {run.words.label(part.target)}: "
    if part.contribution is None:
        return _Cell(_cut(f"{label}the shapes do not fit", room))
    if not is_inline(part.after):
        return _Cell(_cut(f"{label}{show_shape(shape_of(part.after))}", room), part.after)
    text = text_of(part.after, view)
    if type(part.after) is float and type(part.contribution) is float and part.before != 0.0:
        adds = same(part.before + part.contribution, part.after)
        lost = f"{text}   ({show(part.before, view)} is lost)"
        made = str(terms([part.before, part.contribution], part.after, view)) if adds else lost
        text = made if cell_width(label + made) <= room else text
    return _Cell(_cut(label + text, room), part.after)


def _parting(run: Explanation, comparison: Comparison, parting: Parting, view: View) -> Iterator[Line]:
    """The first step that differs, in full, as each engine takes it."""
    yield from heading("PARTING", f"step {parting.faulty.number} is the first to differ", view)
    late = not same(parting.right.upstream, parting.faulty.upstream)
    yield from _engine("the right engine", run, parting.right, late, "every contribution has arrived", view)
    yield from backward_block(run, run.step(parting.right), view, _ledger(comparison, parting.right))
    yield Line()
    title, early = f"with {comparison.fault.name}", "passed on before the rest arrived"
    yield from _engine(title, run, parting.faulty, late, early, view)
    yield from _faulty_block(run, comparison, comparison.step(parting.faulty), view)


def _engine(title: str, run: Explanation, step: Step, late: bool, why: str, view: View) -> Iterator[Line]:
    yield Line("   ").add(f" {title}", "note")
    if late:
        upstream = text_of(step.upstream, view) if is_inline(step.upstream) else show_shape(shape_of(step.upstream))
        yield from _indented(f"upstream of {run.words.label(step.node)}: {upstream}, {why}", view)


def _ledger(comparison: Comparison, until: Step) -> Ledger:
    """What had reached each value before a step of the right engine."""
    ledger = Ledger()
    for step in comparison.right_steps[: until.number - 1]:
        for part in step.parts:
            ledger.add(part.target.index, part.contribution)
    return ledger


def _faulty_block(run: Explanation, comparison: Comparison, record: StepRecord, view: View) -> Iterator[Line]:
    node = run.tape.nodes[record.node]
    style = style_of(view)
    head = Line("    ").add(f"{run.words.label(node)} = {written(run.words.formula(node), style).text}", "head")
    chained = comparison.fault.change.combine is not local_alone or bool(np.all(np.asarray(record.upstream) == 1.0))
    sides = sides_of(run, node, record)
    if node.op.elementwise:
        pairs = zip(record.parts, sides, strict=True)
        rules = [rule_text(run, node, part, side, view) for part, side in pairs if part.local is not None]
        yield from rule_lines(head, rules, view)
    else:
        yield head.to(FORMULA_COLUMN).add(shapes_of(run.words.formula(node)), "dim")
    for part, side in zip(record.parts, sides, strict=True):
        line = Line("      → ").add(part.target_label, "head").add(f" {side}" if side else "", "dim")
        line.to(TARGET_COLUMN, 1)
        yield from _joined(line, _how(run, record, part, view, chained), _outcome(run, part, view), view)
        if part.contribution is not None and not is_inline(part.contribution):
            yield from rows(part.contribution, view)


def _joined(line: Line, how: str, outcome: str, view: View) -> Iterator[Line]:
    """Both texts behind the target where they fit, else on lines of their own."""
    whole = f"{how}   {outcome}" if outcome else how
    if line.width + cell_width(whole) <= view.width:
        yield line.add(whole)
        return
    yield line
    for text in filter(None, (how, outcome)):
        for part in wrapped(text, view.width - 12):
            yield Line("          ").add(part)


def _how(run: Explanation, record: StepRecord, part: PartRecord, view: View, chained: bool) -> str:
    """How the faulty contribution was made; `chained` says whether the upstream is in it."""
    target = run.tape.nodes[part.target]
    if part.contribution is None:
        shapes = shapes_of(part.rule).partition(" → ")[0]
        return f"{written(part.rule, style_of(view)).text}: {shapes} do not fit"
    if all(type(v) is float for v in (record.upstream, part.local, part.contribution)) and chained:
        product = formula_of(OPERATIONS["mul"], (Formula(record.upstream), Formula(part.local)), {})
        line = equation(product, part.contribution, view)
        return f"{times(line.text, view)} {line.relation} {line.result}"
    relation = "="
    if part.local is None:
        made = written(part.rule, style_of(view)).text
    else:
        fitting, relation = fitting_view(record.upstream, part, view) if chained else (view, "=")
        parts = [text_of(v, fitting) if is_inline(v) else show_shape(v.shape) for v in (record.upstream, part.local)]
        made = " × ".join(parts) if chained else f"{parts[1]}, without the upstream {parts[0]}"
        made += summed_axes(part.contribution, run.tape.nodes[record.node]) if chained else ""
        if not chained and same(part.local, part.contribution):
            return made
    if is_inline(part.contribution):
        return f"{made} {relation} {text_of(part.contribution, view)}"
    shape = shape_of(part.contribution)
    wrong = "" if shape == target.shape else f", but {part.target_label} has {show_shape(target.shape)}"
    return f"{made} → {show_shape(shape)}{wrong}"


def _outcome(run: Explanation, part: PartRecord, view: View) -> str:
    """The running total of a value with several uses, or what was lost of it."""
    if run.uses[part.target] == 1 or type(part.total_after) is not float or type(part.contribution) is not float:
        return ""
    if part.total_before == 0.0:
        return f"{part.target_label}: {show(part.total_after, view)}"
    if same(part.total_before + part.contribution, part.total_after):
        return f"{part.target_label}: {terms([part.total_before, part.contribution], part.total_after, view)}"
    return f"{part.target_label}: {show(part.total_after, view)}   ({show(part.total_before, view)} is lost)"


def _damage(run: Explanation, comparison: Comparison, view: View) -> Iterator[Line]:
    yield from heading("DAMAGE", f"to the gradients: right, and with {comparison.fault.name}", view)
    if comparison.reason:
        yield from _indented(f"No visible damage here, because {comparison.reason}.", view)
    labels = max((cell_width(name) for name in run.gradients), default=0)
    for name, right in run.gradients.items():
        yield from _damage_line(name, right, comparison.gradients[name], labels, view)
    if comparison.reason:
        yield from _indented(f"A program that shows it: autograd-explain faults {comparison.fault.name}", view, "dim")


def _damage_line(name: str, right: Any, other: Any, labels: int, view: View) -> Iterator[Line]:
    verdict = _verdict(name, right, other, view)
    style = "good" if verdict == "the same" else "bad"
    line = Line("    ").add(f"∂{name}", "head").to(7 + labels)
    both = [text_of(v, view) if v is not None and is_inline(v) else "" for v in (right, other)]
    column = 7 + labels + max((view.width - labels - 34) // 2, 14)
    second = column + max((view.width - labels - 34) // 2, 14)
    if all(both) and line.width + cell_width(both[0]) < column and column + cell_width(both[1]) < second:
        line.add(both[0]).to(column).add(both[1])
        if second + cell_width(verdict) > view.width:
            yield line
            yield Line(" " * (7 + labels)).add(verdict, style)
        else:
            yield line.to(second).add(verdict, style)
        return
    yield line.add(verdict, style)
    if verdict == "the same":
        return
    for title, value in (("right", right), ("with the fault", other)):
        if value is not None:
            yield Line("      ").add(f"{title}:", "dim")
            yield from [Line("          ").add(text_of(value, view))] if type(value) is float else rows(value, view)


def _verdict(name: str, right: Any, other: Any, view: View) -> str:
    """What is wrong with a gradient, in few words."""
    if same(right, other):
        return "the same"
    if other is None:
        return "none: the shapes do not fit on the way here"
    if shape_of(right) != shape_of(other):
        return f"has shape {show_shape(shape_of(other))}, but {name} has {show_shape(shape_of(right))}"
    if same(right, -other):
        return "the sign is wrong"
    if type(right) is float:
        return "lost" if other == 0.0 else f"off by {show(other - right, view)}"
    return _of_entries(right, other, view)


def _of_entries(right: Any, other: Any, view: View) -> str:
    """How many entries of an array are wrong, and by how much."""
    away = np.abs(other - right)
    wrong = int(np.sum(~np.isclose(other, right, rtol=1e-9, atol=0.0, equal_nan=True)))
    if away.size == 1:
        return f"off by {show(float((other - right).item()), view)}"
    most = f", by up to {show(float(np.max(away)), view)}" if np.all(np.isfinite(away)) else ""
    return f"{wrong} of {away.size} entries wrong{most}"
