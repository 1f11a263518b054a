"""Values that were worked out and not recorded, in lines: arrays of the program's own, and names with plain numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from autograd_explain.core.var import Var
from autograd_explain.explanation.untracked import last_values, named_arrays
from autograd_explain.render.arithmetic import FORMULA_COLUMN, is_inline, labelled, rows, text_of
from autograd_explain.render.theme import Line, View, sentence
from autograd_explain.source import cell_width

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

_MOST_NAMES = 12
_ABOUT = "nothing tracked in it, so not recorded"


def constants_of(run: Explanation, node: Var, shown: set[tuple[str, bytes]], view: View) -> Iterator[Line]:
    """The program's own arrays that an operation uses, each the first time; `shown` holds those told before."""
    for constant in named_arrays(run, node):
        told = run.words.label(constant), constant.value.tobytes()  # each use has a constant of its own
        if told not in shown:
            shown.add(told)
            yield from _array_lines(run, constant, view)


def _array_lines(run: Explanation, constant: Var, view: View) -> Iterator[Line]:
    line = Line("    ").add(run.words.label(constant)).to(FORMULA_COLUMN)
    if not is_inline(constant.value):
        yield line.add(_ABOUT, "dim")
        yield from rows(constant.value, view)
        return
    value = f"= {text_of(constant.value, view)}"
    about = _ABOUT if line.width + cell_width(_ABOUT) + 1 < view.width - 25 else "nothing tracked in it"
    line.add(about, "dim")
    if line.width + 1 + cell_width(value) > view.width:
        yield line
        line = Line()
    yield line.to(max(min(view.width - 25, view.width - cell_width(value)), 0), 1).add(value, "dim")


def not_recorded(run: Explanation, view: View) -> Iterator[Line]:
    """The other names of the program with what they hold in the end: plain numbers."""
    used = {run.words.label(constant) for node in run.operations for constant in named_arrays(run, node)}
    told = [labelled(name, value, view) for name, value in last_values(run) if name not in used]
    if not told:
        return
    more = [f"and {len(told) - _MOST_NAMES} more"] if len(told) > _MOST_NAMES else []
    which = "them" if len(told) > 1 else "it"
    yield from sentence(f"not recorded, for nothing tracked is in {which}; at the end:", view, "dim")
    line = Line("      ")
    for text in [*told[:_MOST_NAMES], *more]:
        if line.width > 6 and line.width + 3 + cell_width(text) > view.width:
            yield line
            line = Line("      ")
        line.add("   " if line.width > 6 else "").add(text, "dim")
    yield line
