"""Forward mode told step by step: each sweep with its values, slopes and tangents.

Reads the explanation's forward sweeps alone; how the arithmetic of one line is made true stands in `numbers`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from autograd_explain.core.formula import written
from autograd_explain.core.shapes import shape_of, show_shape, stretched_axes
from autograd_explain.core.var import Var
from autograd_explain.explanation.model import ForwardStepRecord, Note, PartRecord
from autograd_explain.modes.forward import Direction, ForwardStep
from autograd_explain.render.arithmetic import (
    FORMULA_COLUMN,
    TARGET_COLUMN,
    fitting_view,
    forward_lines,
    is_inline,
    rows,
    rule_lines,
    rule_text,
    shapes_of,
    sides_of,
    text_of,
)  # fmt: skip
from autograd_explain.render.numbers import product_sum, show, style_of, terms
from autograd_explain.render.selection import AT_EACH_END, MOST_SHOWN, left_out
from autograd_explain.render.theme import Line, View, heading, note_line, sentence, wrapped
from autograd_explain.source import cell_width

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

RESULT_ROOM = 25
_SWEEPS_SHOWN = 3
_ABOUT = (
    "one sweep for each input: beside every value its tangent, which is how fast it changes while that input alone "
    "moves"
)


def forward_mode(run: Explanation, view: View) -> Iterator[Line]:
    """Every sweep: values and rules in the first, tangents in all."""
    yield from heading("FORWARD", _ABOUT, view)
    if not run.result.tracked:
        yield from sentence("nothing to differentiate: the result depends on no tracked input", view)
        return
    shown = _shown_sweeps(run, view)
    walked = 0
    for number, direction in enumerate(run.forward.directions[:shown], 1):
        yield Line()
        yield from _seed(run, direction, number, view)
        steps = list(run.forward.sweep(direction, walked + 1))
        walked += len(steps)
        yield from _sweep(run, direction, steps, number == 1, view)
    hidden = run.forward.directions[shown:]
    if hidden:
        yield Line()
        some = f"{hidden[0].label} to {hidden[-1].label}" if len(hidden) > 1 else hidden[0].label
        for text in wrapped(left_out(len(hidden), "sweep", f", for {some}"), view.width - 4):
            yield Line("    ").add(text, "dim")
    for note in run.notes if view.notes and run.mode == "forward" else ():
        if note.step is None and note.kind not in ("meaning", "unused-input"):
            yield from note_line(note.text, view)


def _shown_sweeps(run: Explanation, view: View) -> int:
    """How many sweeps are told: all of a short run, else the first few."""
    count = len(run.forward.directions)
    return count if view.all or count * len(run.operations) <= MOST_SHOWN else min(count, _SWEEPS_SHOWN)


def _seed(run: Explanation, direction: Direction, number: int, view: View) -> Iterator[Line]:
    others = [other.label for other in run.forward.directions if other.label != direction.label]
    still = f", {others[0]} stands still" if len(others) == 1 else ", all else stands still" if others else ""
    total = len(run.forward.directions)
    line = Line("  ").add(f"SWEEP {number} of {total}".ljust(15), "head")
    indent = line.width
    for text in wrapped(f"{direction.label} moves at rate 1{still}", view.width - indent):
        yield line.add(text, "dim")
        line = Line(" " * indent)
    seed = Line("    ").add(direction.name, "head").to(FORMULA_COLUMN)
    if is_inline(direction.seed):
        yield from _ending(seed.add("seed: its own tangent"), f"= {text_of(direction.seed, view)}", view)
        return
    yield seed.add("seed: 1 at the entry that moves")
    yield from rows(direction.seed, view)


def _sweep(
    run: Explanation, direction: Direction, steps: list[ForwardStep], is_first: bool, view: View
) -> Iterator[Line]:
    operations = [node for node in run.operations if node.index <= run.result.index]
    is_long = len(operations) > MOST_SHOWN and not view.all
    cut = range(AT_EACH_END, len(operations) - AT_EACH_END) if is_long else range(0)
    moving = {step.node.index: step for step in steps}
    for place, node in enumerate(operations):
        if place in cut:
            if place == cut.start:
                yield Line("    ").add(left_out(len(cut), "operation"), "dim")
            continue
        if is_first:
            yield Line()
            yield from forward_lines(run, run.node(node), view, is_result=node is run.result)
        step = moving.get(node.index)
        if step is None:
            yield from _still(run, node, is_first, view)
        else:
            yield from _block(run, step, is_first, view)
    yield from _slope(run, direction, moving.get(run.result.index), view)


def _still(run: Explanation, node: Var, is_first: bool, view: View) -> Iterator[Line]:
    line = Line("      ") if is_first else Line("    ").add(run.words.label(node)).to(FORMULA_COLUMN)
    yield line.add("stands still: its tangent is 0", "dim")


def _block(run: Explanation, step: ForwardStep, is_first: bool, view: View) -> Iterator[Line]:
    record = run.forward.step(step)
    node = step.node
    sides = sides_of(run, node, record)
    formula = written(run.words.formula(node), style_of(view)).text
    head = Line("    ").add(f"{run.words.label(node)} = {formula}", "head")
    if not node.op.elementwise:
        if not is_first:
            yield head
    else:
        rules = [rule_text(run, node, part, sides[i], view) for i, part in enumerate(record.parts)]
        yield from rule_lines(Line("      ") if is_first else head, rules, view)
    for place, side in enumerate(sides):
        yield from _share(run, step, record, place, side, view)
    for note in _notes_at(run, record.step) if view.notes else ():
        yield from note_line(note.text, view)


def _notes_at(run: Explanation, number: int) -> list[Note]:
    return [note for note in run.notes if note.step == number][:2] if run.mode == "forward" else []


def _share(
    run: Explanation, step: ForwardStep, record: ForwardStepRecord, place: int, side: str, view: View
) -> Iterator[Line]:
    part, tangent = record.parts[place], step.parts[place].tangent
    line = Line("      from ").add(part.target_label, "head")
    line.add(f" {side}" if side else "", "dim").to(TARGET_COLUMN, 1)
    total = _total(run, record, place, view)
    if all(type(number) is float for number in (part.local, tangent, part.contribution)):
        made = product_sum([(part.local, tangent)], part.contribution, view)
        how, result = made.text, f"{made.relation} {made.result}"
    else:
        shown, relation = fitting_view(tangent, part, view)
        how = array_share(step.node, part, tangent, shown)
        result = f"{relation} {text_of(part.contribution, view)}" if is_inline(part.contribution) else ""
    if line.width + cell_width(how) > view.width:
        yield line
        *before, how = wrapped(how, view.width - 10)
        yield from (Line(" " * 10).add(text) for text in before)
        line = Line(" " * 10)
    line.add(how)
    if result:
        *before_result, line = _ending(line, result, view)
        yield from before_result
    yield line
    if not result:
        yield from rows(part.contribution, view)
    if total:
        indent = TARGET_COLUMN if TARGET_COLUMN + cell_width(total) <= view.width else 8
        yield Line(" " * indent).add(total, "dim")


def _total(run: Explanation, record: ForwardStepRecord, place: int, view: View) -> str:
    """The tangent so far, where several arguments move."""
    if len(record.parts) == 1:
        return ""
    label = run.words.label(run.tape.nodes[record.node])
    part = record.parts[place]
    if type(part.contribution) is not float:
        return f"{label}: {place + 1} of {len(record.parts)} added up"
    if place == 0:
        return f"{label}: {show(part.total_after, view)}"
    return f"{label}: {terms([part.total_before, part.contribution], part.total_after, view)}"


def array_share(node: Var, part: PartRecord, tangent: Any, view: View) -> str:
    """How an array's share of a tangent is made: shapes, and short vectors themselves."""
    if part.local is None:
        text = written(part.rule, style_of(view)).text
        return f"{text}   {shapes_of(part.rule)}" if part.rule.op and not is_inline(part.contribution) else text
    text = " × ".join(text_of(v, view) if is_inline(v) else show_shape(v.shape) for v in (part.local, tangent))
    if all(stretched_axes(shape_of(value), node.shape) for value in (tangent, part.local)):
        text += f" stretched to {show_shape(node.shape)}"
    return text


def _slope(run: Explanation, direction: Direction, last: ForwardStep | None, view: View) -> Iterator[Line]:
    """What the sweep was for: the slope of the result in this direction."""
    slope = show(run.forward.slope(direction), view)
    why = "the result's tangent" if last else "nothing of it reaches the result"
    seed = run.sweep.seed
    if last and type(last.tangent) is not float:
        why = "its entries × upstream, summed"
    elif last and seed != 1.0:
        why = f"upstream × the result's tangent: {show(seed, view)} × {show(last.tangent, view)}"
    line = Line("      ").add(f"∂{direction.label}", "head").to(TARGET_COLUMN, 1).add(why, "dim")
    yield from _ending(line, f"= {slope}", view)


def _ending(line: Line, result: str, view: View) -> Iterator[Line]:
    """A line with its result in the column of results, or below it where there is no room."""
    if line.width + 1 + cell_width(result) > view.width:
        yield line
        line = Line()
    column = min(view.width - RESULT_ROOM, view.width - cell_width(result))
    yield line.to(max(column, 0), 1).add(result, "accent")
