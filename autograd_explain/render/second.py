"""Second derivatives in lines: the recorded backward pass, the walk back over it, and the table.

The recorded operations and the steps are told as those of any run; nothing here knows what they mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_explain.core.var import Var
from autograd_explain.explanation.build import Explanation
from autograd_explain.explanation.second import Row, SecondOrder
from autograd_explain.render.arithmetic import backward_block, forward_lines, is_inline, labelled, rows, text_of
from autograd_explain.render.numbers import show
from autograd_explain.render.selection import Elision, Ledger, visible_steps
from autograd_explain.render.theme import Line, View, note_line, wrapped
from autograd_explain.source import cell_width

_WALKS = 3  # rows walked back in full; --all walks them all
_RECORDED = 40  # recorded operations told one by one
_ENDS = 12
_SMALL = 6  # entries up to which the Hessian is one table
_ABOUT = "the backward pass as a recording: its own operations, in the order they ran"
_WALK = "a result like any other, walked back: upstream × local = contribution"


def second_lines(second: SecondOrder, view: View) -> Iterator[Line]:
    """The whole section: what was recorded, each walk back, the table; only the table in a brief view."""
    if not view.brief:
        yield from _recording(second, view)
        yield from _walks(second, view)
    yield from _table(second, view) if second.along is None else _product(second, view)
    if view.notes:
        yield from _told(second, view)


def _recording(second: SecondOrder, view: View) -> Iterator[Line]:
    yield from _head("BACKWARD, RECORDED", _ABOUT, view)
    nodes = second.recorded
    hidden = [] if view.all or len(nodes) <= _RECORDED else nodes[_ENDS:-_ENDS]
    for node in nodes:
        if hidden and node is hidden[0]:
            yield Line("    ").add(f"… {len(hidden):,} more operations; --all prints them", "dim")
        if hidden and hidden[0].index <= node.index <= hidden[-1].index:
            continue
        yield from forward_lines(second.whole, second.whole.node(node), view, is_result=False)
    if not nodes:
        yield Line("    no operation: every gradient is a value that was there already, or a constant")
    for name, gradient in second.gradients.items():
        yield from _named(second, name, gradient, view)


def _named(second: SecondOrder, name: str, gradient: Any, view: View) -> Iterator[Line]:
    """Which of the recorded values a gradient is."""
    line = Line("    ").add(f"∂{name}", "head").add(" is ")
    if isinstance(gradient, Var):
        yield line.add(second.whole.words.label(gradient))
    elif is_inline(gradient):
        yield line.add(f"{text_of(gradient, view)}, whatever the inputs are")
    else:
        yield line.add("constant, whatever the inputs are")
        yield from rows(gradient, view)


def _walks(second: SecondOrder, view: View) -> Iterator[Line]:
    walked = [(row, row.walk) for row in second.rows if row.walk is not None]
    shown = walked if view.all else walked[:_WALKS]
    for row, walk in shown:
        yield from _walk(second, row, walk, view)
    if len(walked) > len(shown):
        yield Line()
        left = len(walked) - len(shown)
        text = f"… {left:,} more entries are walked back in the same way; --all prints them"
        yield from (Line("    ").add(part, "dim") for part in wrapped(text, view.width - 4))


def _walk(second: SecondOrder, row: Row, walk: Explanation, view: View) -> Iterator[Line]:
    title = f"BACK FROM ∂{row.label}" if second.along is None else "BACK FROM gradient · vector"
    yield from _head(title, _WALK, view)
    seed = labelled(f"seed of {walk.words.label(walk.result)}", walk.sweep.seed, view)
    yield Line("    ").add(seed, "dim")
    if not is_inline(walk.sweep.seed):
        yield from rows(walk.sweep.seed, view)
    ledger = Ledger()
    for item in visible_steps(walk, view, ledger):
        yield Line()
        if isinstance(item, Elision):
            yield from (Line("    ").add(part, "dim") for part in wrapped(item.text, view.width - 8))
            continue
        for line in backward_block(walk, walk.step(item), view, ledger):
            yield _marked(line, row, second)


def _head(title: str, text: str, view: View) -> Iterator[Line]:
    yield Line()
    yield Line("  ").add(title, "head")
    for part in wrapped(text, view.width - 4):
        yield Line("    ").add(part, "dim")


def _marked(line: Line, row: Row, second: SecondOrder) -> Line:
    """A finished total is a second derivative here: `∂x∂y`, not `∂y`."""
    text, style = line.pieces[-1] if line.pieces else ("", "")
    if style == "head" and text.removeprefix("∂") in second.names and text.startswith("∂") and second.along is None:
        line.pieces[-1] = (f"∂{row.label}{text}", style)
    return line


def _table(second: SecondOrder, view: View) -> Iterator[Line]:
    yield Line()
    yield Line("  ").add("HESSIAN   ", "head").add("row: the gradient by it; column: that, by it", "dim")
    labels = [f"∂{name}" + (f"[{', '.join(map(str, place))}]" if place else "") for name, place in second.entries()]
    lines = list(_square(labels, second.matrix, view)) if len(labels) <= _SMALL else []
    if lines and all(line.width <= view.width for line in lines):
        yield from lines
        return
    for a, own in second.table.items():
        for b, block in own.items():
            yield Line("    ").add(f"∂{a}∂{b}", "head").add(f"  {labelled('', block, view).strip(' =')}")
            if not is_inline(block):
                yield from rows(block, view)


def _square(labels: list[str], matrix: Any, view: View) -> Iterator[Line]:
    cells = [[show(float(entry), view) for entry in row] for row in matrix]
    lead = max(map(cell_width, labels), default=0)
    widths = [max(cell_width(labels[j]), *(cell_width(row[j]) for row in cells)) for j in range(len(labels))]
    head = Line("    " + " " * lead)
    for label, width in zip(labels, widths, strict=True):
        head.add("   " + " " * (width - cell_width(label))).add(label, "head")
    yield head
    for label, row in zip(labels, cells, strict=True):
        line = Line("    ").add(label, "head").add(" " * (lead - cell_width(label)))
        for text, width in zip(row, widths, strict=True):
            line.add("   " + " " * (width - cell_width(text))).add(text, "accent")
        yield line


def _product(second: SecondOrder, view: View) -> Iterator[Line]:
    yield Line()
    yield Line("  ").add("HESSIAN × VECTOR   ", "head").add("how the gradient changes along the vector", "dim")
    for name, row in (second.along or {}).items():
        yield Line("    ").add(labelled(f"v by {name}", row, view))
        if not is_inline(row):
            yield from rows(row, view)
    for name, value in second.product.items():
        yield Line("    ").add(labelled(f"∂{name}", value, view), "head")
        if not is_inline(value):
            yield from rows(value, view)


def _told(second: SecondOrder, view: View) -> Iterator[Line]:
    """What the numbers mean, in a sentence."""
    if second.along is not None:
        yield from note_line("One sweep over the recorded backward pass, however many entries there are.", view)
        return
    matrix = second.matrix
    if any(note.kind in {"kink", "tie"} for note in second.first.notes):
        yield from note_line("The run stands at a corner: the choice made there goes into these numbers.", view)
        return
    if matrix.size and not np.any(matrix):
        text = "Every second derivative is 0: when the inputs move a little, the gradient stays what it is."
        yield from note_line(text, view)
        return
    with np.errstate(all="ignore"):
        symmetric = bool(np.allclose(matrix, matrix.T, rtol=1e-9, atol=0.0, equal_nan=True))
    if not symmetric or not np.all(np.isfinite(matrix)) or not matrix.size:
        return
    yield from note_line(_shape_said(np.linalg.eigvalsh(matrix)), view)


def _shape_said(curvatures: Any) -> str:
    size = 1e-12 * float(np.max(np.abs(curvatures)))
    if np.all(curvatures > size):
        return "Every curvature is positive: the result bends upwards in every direction."
    if np.all(curvatures < -size):
        return "Every curvature is negative: the result bends downwards in every direction."
    if np.any(curvatures > size) and np.any(curvatures < -size):
        return "The result bends upwards in one direction and downwards in another: at a flat point it is a saddle."
    return "In some direction the result does not bend at all: Newton's step has no unique answer here."


