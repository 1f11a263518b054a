"""Both modes side by side, as textbooks print them: values with tangents, values with adjoints, and what each costs.

For programs on plain numbers; a run on arrays is told step by step in both modes instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from autograd_explain.core.formula import written
from autograd_explain.core.var import Var
from autograd_explain.explanation.forward import Cost, reverse_cost
from autograd_explain.modes.forward import Direction, pass_on
from autograd_explain.modes.reverse import pass_back
from autograd_explain.render.numbers import product_sum, show, style_of
from autograd_explain.render.selection import AT_EACH_END, MOST_SHOWN
from autograd_explain.render.theme import Line, View, heading, note_line, sentence, wrapped
from autograd_explain.source import cell_width

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

_FORMULA, _NAME, _VALUE, _CELL = 22, 8, 14, 24  # widths: a cell of arithmetic has at least so much
_WIDE = 76  # from here on there is room for formulas beside the labels
_NUMBER = 13
_GAP = Line("    …")

Factors = list[tuple[float, ...]]


class Column(NamedTuple):
    """A column of arithmetic: its heading, and for each value the products that are added up there."""

    title: str
    sums: dict[int, tuple[Factors, float]]
    marks: dict[int, str]


def both_modes(run: Explanation, view: View) -> Iterator[Line]:
    """Values and slopes, the tables of forward and of reverse mode, all numbers side by side, and the cost."""
    from autograd_explain.render import terminal
    from autograd_explain.render.sweeps import forward_mode

    yield from terminal.forward(run, view)
    if not run.result.tracked:
        yield Line()
        yield from sentence("nothing to differentiate: the result depends on no tracked input", view)
        return
    yield from terminal.backward(run, view)
    if all(type(node.value) is float for node in run.tape.nodes[: run.result.index + 1]):
        yield from _as_tables(run, view)
    else:
        yield from forward_mode(run, view)
    yield from cost_lines(run, view)


def _left(view: View) -> int:
    """Where the values stand: after the formulas, or where the view is narrow after the labels."""
    return 4 + (_FORMULA if view.width >= _WIDE else _NAME)


def _as_tables(run: Explanation, view: View) -> Iterator[Line]:
    shown = _rows(run, view)
    tangents = [_tangents(run, direction, view) for direction in run.forward.directions]
    adjoints = _adjoints(run)
    about = "each value beside its tangent, from the inputs down: local × tangent of what it is made from"
    yield from heading("TANGENTS", about, view)
    together = _fitting(run, shown, tangents, view)
    for start in range(0, len(tangents), together):
        yield Line()
        yield from _table(run, shown, tangents[start : start + together], view)
    about = "each value beside its adjoint, read from the result up: upstream × local, one product for each use"
    yield from heading("ADJOINTS", about, view)
    yield Line()
    yield from _table(run, shown, [adjoints], view)
    about = "the tangents end in the result's row, a sweep for each input; the adjoints in the inputs' rows, all in one"
    yield from heading("BESIDE", about, view)
    yield Line()
    yield from _grid(run, shown, [*tangents, adjoints], view)


def _rows(run: Explanation, view: View) -> list[Var | None]:
    """The values that stand in the tables, in order of recording; None for a gap."""
    inputs: list[Var | None] = [run.tape.nodes[record.node] for record in run.inputs]
    operations: list[Var | None] = [node for node in run.operations if node.index <= run.result.index]
    if view.all or len(operations) <= MOST_SHOWN:
        return [*inputs, *operations]
    return [*inputs, *operations[:AT_EACH_END], None, *operations[-AT_EACH_END:]]


def _tangents(run: Explanation, direction: Direction, view: View) -> Column:
    """The column of one forward sweep."""
    sums: dict[int, tuple[Factors, float]] = {direction.node.index: ([], 1.0)}
    for step in run.forward.sweep(direction):
        factors: Factors = []
        for part in step.parts:
            values = tuple(argument.value for argument in step.node.inputs)
            options = run.tape.options.get(step.node.index, {})
            slope = part.local
            if slope is None:
                slope = pass_on(step.node.op, part.position, 1.0, step.node.value, values, options)[1]
            factors.append((slope, part.tangent))
        sums[step.node.index] = (factors, step.tangent)
    given = "" if run.sweep.seed == 1.0 else f"× {show(run.sweep.seed, view)} = "  # the upstream, where one was given
    return Column(f"{direction.label} moves", sums, {run.result.index: f"{given}∂{direction.label}"})


def _adjoints(run: Explanation) -> Column:
    """The column of the reverse sweep."""
    sums: dict[int, tuple[Factors, float]] = {run.result.index: ([], float(run.sweep.seed))}
    for step in run.walk():
        values = tuple(argument.value for argument in step.node.inputs)
        options = run.tape.options.get(step.node.index, {})
        for part in step.parts:
            slope = part.local
            if slope is None:
                slope = pass_back(step.node.op, part.position, 1.0, step.node.value, values, options)[1]
            earlier = sums.get(part.target.index, ([], 0.0))[0]
            sums[part.target.index] = ([*earlier, (step.upstream, slope)], part.after)
    return Column("adjoint", sums, {record.node: f"∂{record.name}" for record in run.inputs if record.tracked})


def _fitting(run: Explanation, shown: Sequence[Var | None], columns: Sequence[Column], view: View) -> int:
    """How many columns of arithmetic stand beside each other with every cell on one line; one at least."""
    cells = [_cell(column, node, view) for column in columns for node in shown if node is not None]
    widest = max((cell_width(f"{text} {result}") for text, result in cells), default=0)
    return max((view.width - _left(view) - _VALUE) // max(widest + 2, _CELL), 1)


def _table(run: Explanation, shown: Sequence[Var | None], columns: Sequence[Column], view: View) -> Iterator[Line]:
    """Rows of a value and the arithmetic of each column."""
    first = _left(view) + _VALUE
    width = (view.width - first) // len(columns)
    line = Line(" " * _left(view)).add("value", "dim")
    for i, column in enumerate(columns):
        line.to(first + i * width, 1).add(column.title, "dim")
    yield line
    for node in shown:
        if node is None:
            yield _GAP
        elif len(columns) == 1:
            yield from _alone(_head(run, node, view), _cell(columns[0], node, view), view)
        else:
            line = _head(run, node, view)
            for i, column in enumerate(columns):
                text, result = _cell(column, node, view)
                line.to(first + i * width, 1).add(f"{text} " if text else "").add(result, "accent")
            yield line


def _alone(line: Line, cell: tuple[str, str], view: View) -> Iterator[Line]:
    """A row with one cell: its result goes below where there is no room, and the sum too where it is long."""
    text, result = cell
    column = _left(view) + _VALUE
    if max(line.width + 1, column) + cell_width(text) > view.width:
        yield line
        *before, text = wrapped(text, view.width - 12)
        indents = (" " * 10, *(" " * 12 for _ in before))
        yield from (Line(indent).add(part) for indent, part in zip(indents, before, strict=False))
        line, column = Line(), 12 if before else 10
    line.to(column, 0 if not line.width else 1).add(f"{text} " if text else "")
    if line.width + cell_width(result) > view.width:
        yield line
        line = Line(" " * column)
    yield line.add(result, "accent")


def _head(run: Explanation, node: Var, view: View) -> Line:
    label = run.words.label(node)
    full = f"{label} = {written(run.words.formula(node), style_of(view)).text}" if node.inputs else label
    text = full if cell_width(full) + 4 < _left(view) else label
    value = show(node.value, view)
    return Line("    ").add(text, "head").to(_left(view) - 1 + (value[0] not in "-−"), 1).add(value)


def _cell(column: Column, node: Var, view: View) -> tuple[str, str]:
    """The arithmetic at one place and what it comes to; 0 where nothing arrives."""
    if node.index not in column.sums:
        return "", "0"
    factors, total = column.sums[node.index]
    mark = f"   {column.marks[node.index]}" if node.index in column.marks else ""
    if not factors:
        return "", show(total, view) + mark
    made = product_sum(factors, total, view)
    return made.text, f"{made.relation} {made.result}{mark}"


def _grid(run: Explanation, shown: Sequence[Var | None], columns: Sequence[Column], view: View) -> Iterator[Line]:
    """The numbers alone, as many columns side by side as there is room for."""
    room = max((view.width - _left(view) - _VALUE) // _NUMBER, 1)
    for start in range(0, len(columns), room):
        some = columns[start : start + room]
        if start:
            yield Line()
        line = Line(" " * _left(view)).add("value", "dim")
        for i, column in enumerate(some):
            line.to(_left(view) + _VALUE + i * _NUMBER, 1).add(column.title, "dim")
        yield line
        for node in shown:
            yield _GAP if node is None else _numbers(run, node, some, view)


def _numbers(run: Explanation, node: Var, columns: Sequence[Column], view: View) -> Line:
    line = _head(run, node, view)
    for i, column in enumerate(columns):
        text = show(column.sums[node.index][1], view) if node.index in column.sums else "0"
        style = "accent" if node.index in column.marks else ""
        line.to(_left(view) + _VALUE - 1 + i * _NUMBER + (text[0] not in "-−"), 1).add(text, style)
    return line


def cost_lines(run: Explanation, view: View) -> Iterator[Line]:
    """How much each mode multiplies for the whole gradient, and which one wins for how many inputs and results."""
    costs = [run.forward.cost(direction) for direction in run.forward.directions]
    back = reverse_cost(run)
    inputs, results = len(costs), int(np.size(run.value))
    yield from heading("COST", "multiplications for the whole gradient, one for each slope used", view)
    each = [cost.products for cost in costs]
    parts = " + ".join(map(str, each)) + " = " if any(each) and 1 < len(each) <= _FEW else ""
    total = Cost(sum(each), sum(cost.structured for cost in costs))
    yield from _cost_line("forward", _plural(inputs, "sweep"), f"{parts}{_priced(total)}", view)
    yield from _cost_line("reverse", "1 sweep", _priced(back), view)
    yield from note_line(_verdict(inputs, results), view)


_FEW = 6


def _cost_line(mode: str, sweeps: str, price: str, view: View) -> Iterator[Line]:
    line = Line("    ").add(mode, "head").to(15).add(sweeps).to(27)
    indent = line.width
    for text in wrapped(price, view.width - indent):
        yield line.add(text, "accent")
        line = Line(" " * indent)


def _priced(cost: Cost) -> str:
    whole = f"{_plural(cost.structured, 'operation')} on whole arrays" if cost.structured else ""
    numbers = f"{cost.products:,}" if cost.products or not whole else ""
    return " and ".join(text for text in (numbers, whole) if text)


def _plural(count: int, one: str) -> str:
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def _verdict(inputs: int, results: int) -> str:
    here = f"Here n = {inputs:,} and m = {results:,}: "
    if inputs > results:
        here += "reverse mode wins, the more inputs the more clearly: a loss of a million weights needs one sweep back."
    elif inputs < results:
        here += "forward mode wins: one sweep moves one input and gives its slope for every result at once."
    else:
        here += "as many sweeps either way; forward mode then has the advantage that nothing need be recorded."
    if results > 1:
        here += " The one sweep back above is for the weighted sum of the results."
    return f"For n inputs and m results, all slopes take n sweeps forward or m sweeps in reverse. {here}"
