"""What came out: the gradients with what they mean, and what the checkers say of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from autograd_explain.core.shapes import show_shape
from autograd_explain.explanation.notes_run import leads_to
from autograd_explain.render.arithmetic import is_inline, labelled, rows, text_of
from autograd_explain.render.theme import Line, View, note_line, sentence, wrapped
from autograd_explain.source import cell_width

if TYPE_CHECKING:
    from autograd_explain.check.result import CheckResult
    from autograd_explain.explanation.build import Explanation

_MARKS = {"agrees": ("✓", "good"), "differs": ("✗", "bad"), "convention": ("~", "note"), "undecided": ("?", "note")}
_SOURCES = {"symbolic": "SymPy, 40 digits", "finite": "differences"}


def gradient_lines(run: Explanation, view: View) -> Iterator[Line]:
    """The table of gradients, and in words what one of them says."""
    yield Line()
    result = labelled("result", run.value, view)
    yield Line("  ").add("GRADIENTS ", "head").add(f"of the {result}", "dim")
    if run.value is not None and type(run.value) is not float and not is_inline(run.value) and view.brief:
        yield from rows(run.value, view)
    if not run.gradients:
        yield from sentence("no input is tracked: there is nothing to differentiate by", view)
    labels = max((cell_width(name) for name in run.gradients), default=0)
    for name, gradient in run.gradients.items():
        yield from _gradient(run, name, gradient, labels, view)
    for note in run.notes if view.notes else ():
        if note.kind in ("meaning", "unused-input", "vanishing", "exploding"):
            yield from note_line(note.text, view)


def _gradient(run: Explanation, name: str, gradient: Any, labels: int, view: View) -> Iterator[Line]:
    line = Line("    ").add(f"∂{name}", "head").to(7 + labels)
    if not is_inline(gradient):
        yield line.add(show_shape(gradient.shape))
        yield from rows(gradient, view)
        return
    text = text_of(gradient, view)
    line.add(text if text[0] in "-−[" else " " + text, "accent")
    if type(gradient) is float and not run.result.shape:
        said = rate_said(run, name, gradient)
        line.to(30 if cell_width(said) + 30 <= view.width else labels + view.digits + 14)
        line.add(said if line.width + cell_width(said) <= view.width else "", "dim")
    yield line


def rate_said(run: Explanation, name: str, gradient: float) -> str:
    """What one gradient says, in words: which way the result goes, or why that cannot be said."""
    if not math.isfinite(run.result.value):
        return "the result is not a finite number"
    if gradient != gradient:
        return "not a number: see the note where it began"
    corners = {note.node for note in run.notes if note.kind in ("kink", "tie") and note.node is not None}
    if leads_to(run, run.recording.inputs[name].index, corners):
        return "a choice at a corner: see its note"
    if name in run.recording.cut_inputs():
        return "used as a plain number as well: see its note"
    if gradient == 0.0:
        return f"to first order, raising {name} changes nothing"
    return f"raising {name} a little {'raises' if gradient > 0 else 'lowers'} the result"


def check_lines(run: Explanation, view: View) -> Iterator[Line]:
    """The verdict of every checker on every gradient."""
    if not run.checks:
        return
    for checker in dict.fromkeys(result.checker for result in run.checks):
        yield Line()
        yield Line("  ").add("CHECK     ", "head").add(f"against {_SOURCES.get(checker, checker)}", "dim")
        own = [result for result in run.checks if result.checker == checker]
        labels = max(cell_width(result.target) for result in own)
        for result in own:
            yield from _verdict(result, labels, view)
        formulas = [r for r in own if r.formula]
        for result in formulas:
            text = f"∂{result.target} = {result.formula}"
            for i, part in enumerate(wrapped(text, view.width - 12)):
                yield Line("      " if i == 0 else "        ").add(part, "dim")


def _verdict(result: CheckResult, labels: int, view: View) -> Iterator[Line]:
    mark, style = _MARKS[result.status]
    line = Line("    ").add(mark, style).add(f" ∂{result.target}", "head").to(column := 9 + labels)
    for value in (result.ours, result.theirs):
        if type(value) is float:
            text = text_of(value, view)
            line.add(text if text[0] in "-−" else " " + text).to(column := column + view.digits + 10, 3)
    said = f"agree to {result.digits} digits" if result.status == "agrees" and result.digits else result.status
    if line.width + cell_width(said) > view.width:
        yield line
        line = Line("        ")
    yield line.add(said, style)
    if result.why:
        for text in wrapped(result.why, view.width - 10):
            yield Line("        ").add(text, "dim")
