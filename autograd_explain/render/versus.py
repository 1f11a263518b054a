"""Two runs of one program side by side: values, conditions, the graph that each recorded, gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from autograd_explain.core.shapes import show_shape
from autograd_explain.core.var import Var
from autograd_explain.explanation.versus import BranchPair, Comparison, Pair
from autograd_explain.render.arithmetic import is_inline, rows, text_of
from autograd_explain.render.selection import AT_EACH_END, MOST_SHOWN, left_out
from autograd_explain.render.theme import Line, View, heading, note_line, wrapped
from autograd_explain.source import cell_width

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

_ANSWERS = {True: "true", False: "false", None: "not asked"}


def write(comparison: Comparison, view: View, out: TextIO) -> None:
    """Write the text line by line."""
    out.writelines(line.render(view) + "\n" for line in lines(comparison, view))


def lines(comparison: Comparison, view: View) -> Iterator[Line]:
    """Every line of the view, in order."""
    first, second = comparison.first, comparison.second
    yield Line()
    source = [text for text in (first.source or "a Python function").splitlines() if not text.lstrip().startswith("#")]
    yield from (Line("  ").add(text, "head") for text in source if text.strip())
    yield from heading("VERSUS", "the same program at two sets of values", view)
    yield _row("", ("this run", "the other"), "", view, "dim")
    given = {record.name: record.value for record in second.inputs}
    for record in first.inputs:
        yield from _values(record.name, record.value, given[record.name], view)
    yield from _values("result", first.value, second.value, view)
    yield from _branches(comparison, view)
    if not view.brief:
        yield from _graph(comparison, view)
    yield from _gradients(first, second, view)


def _row(left: str, told: tuple[str, str], mark: str, view: View, style: str = "") -> Line:
    """A line in four columns."""
    start, width = _columns(view)
    shown = left if cell_width(left) < start - 4 else f"{left[: max(start - 7, 1)]}…"
    line = Line("    ").add(shown, style or "head").to(start, 1).add(told[0], style)
    return line.to(start + width, 1).add(told[1], style).to(start + 2 * width, 1).add(mark, "note")


def _columns(view: View) -> tuple[int, int]:
    width = min(max((view.width - 4) // 4, 12), 20)
    return max(view.width - 2 * width - 12, 12), width


def _values(name: str, first: Any, second: Any, view: View) -> Iterator[Line]:
    told = _brief(first, view), _brief(second, view)
    differs = "" if _is_same(first, second) else "differs"
    if max(map(cell_width, told)) < _columns(view)[1]:
        yield _row(name, told, differs, view)
        return
    for which, value, text in zip(("this run", "the other"), (first, second), told, strict=True):
        yield Line("    ").add(name, "head").add(f" in {which}  ", "dim").add(text if is_inline(value) else "")
        if not is_inline(value):
            yield from rows(value, view)


def _brief(value: Any, view: View) -> str:
    """A number or short vector; of another array all its numbers, which do not fit a column, are left to rows."""
    return text_of(value, view) if is_inline(value) else " " * 99


def _is_same(first: Any, second: Any) -> bool:
    return np.shape(first) == np.shape(second) and bool(np.array_equal(first, second, equal_nan=True))


def _branches(comparison: Comparison, view: View) -> Iterator[Line]:
    asked = comparison.branches
    if not asked:
        return
    yield from heading("BRANCHES", "the conditions the program asked, and the answers", view)
    differing = [branch for branch in asked if branch.first != branch.second]
    shown = asked if view.all or len(asked) <= AT_EACH_END else differing[:AT_EACH_END]
    for branch in shown:
        mark = "" if branch.first == branch.second else "differs"
        yield _row(branch.condition, (_ANSWERS[branch.first], _ANSWERS[branch.second]), mark, view)
    if len(shown) < len(asked):
        yield Line("    ").add(left_out(len(asked) - len(shown), "condition"), "dim")
    if view.notes and comparison.parting:
        yield from note_line(_parting(comparison.parting), view)


def _parting(branch: BranchPair) -> str:
    return (
        f"The runs part at {branch.condition}: {_ANSWERS[branch.first]} in this run, {_ANSWERS[branch.second]} in the "
        "other. Each run records only what it executes, so the two have different graphs and different derivatives."
    )


def _graph(comparison: Comparison, view: View) -> Iterator[Line]:
    """The operations of both runs, those that only one has marked."""
    about = "what each run recorded, by its place in the program"
    yield from heading("GRAPH", about, view)
    pairs = comparison.pairs
    short = view.all or len(pairs) <= MOST_SHOWN
    for place, pair in enumerate(pairs):
        if short or place < AT_EACH_END or place >= len(pairs) - AT_EACH_END:
            told = _told(pair.first, view), _told(pair.second, view)
            yield _row(" ".join(pair.text.split()), told, _mark(pair), view)
        elif place == AT_EACH_END:
            yield Line("    ").add(left_out(len(pairs) - 2 * AT_EACH_END, "operation"), "dim")
    counts = f"{len(comparison.first.operations):,}", f"{len(comparison.second.operations):,}"
    yield _row("operations", counts, "", view, "dim")
    if view.notes:
        yield from note_line(_summary(comparison), view)


def _told(node: Var | None, view: View) -> str:
    if node is None:
        return "–"
    value = node.value
    if node.op.family == "comparison" and type(value) is float:
        return _ANSWERS[bool(value)]
    text = text_of(value, view) if is_inline(value) else show_shape(value.shape)
    return text if cell_width(text) < _columns(view)[1] else show_shape(node.shape)


def _mark(pair: Pair) -> str:
    return "gone" if pair.second is None else "new" if pair.first is None else ""


def _summary(comparison: Comparison) -> str:
    gone, new = comparison.gone, comparison.new
    if not gone and not new:
        return "Both runs recorded the same operations: one graph, with other numbers on it."
    sides = ((gone, "this run"), (new, "the other"))
    told = [f"{count} operation{'' if count == 1 else 's'} only in {where}" for count, where in sides if count]
    return f"The graph differs from run to run: {' and '.join(told)}. It is recorded anew each time, as in PyTorch."


def _gradients(first: Explanation, second: Explanation, view: View) -> Iterator[Line]:
    yield from heading("GRADIENTS", "of the result, in each run", view)
    if not first.gradients:
        yield from (Line("    ").add(text) for text in wrapped("no input is tracked", view.width - 4))
    for name, gradient in first.gradients.items():
        if name in second.gradients:
            yield from _values(f"∂{name}", gradient, second.gradients[name], view)
