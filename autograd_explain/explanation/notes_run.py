"""Notes about the run as a whole: what was recorded, what is kept, what is cut, what the numbers mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_explain.core.formula import Formula, filled, written
from autograd_explain.core.notation import style_for
from autograd_explain.core.shapes import show_shape
from autograd_explain.core.var import INPUT, Var
from autograd_explain.explanation.model import Note
from autograd_explain.explanation.telling import all_finite, number, plural
from autograd_explain.modes.reverse import pass_back

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

_MOST_LISTED = 4
_BYTES = 8  # of a float64


def at_end_of_forward(run: Explanation) -> Iterator[Note]:
    """What the learner asks before the walk back begins."""
    count = len(run.operations)
    if count and run.result.tracked:
        yield Note("records-only", None, None, (
            f"No gradient has been computed yet: the forward pass only worked out and recorded "
            f"{plural(count, 'operation')}. The gradients come now, walking that record back."
        ))  # fmt: skip
        yield from _saved(run)
        yield _seed(run)
        if run.result.shape:
            yield _non_scalar(run)
    yield from _branch(run)
    yield from _flat_comparison(run)
    yield from _detached(run)


def _seed(run: Explanation) -> Note:
    ones = bool(np.all(np.asarray(run.sweep.seed) == 1.0))
    text = "The walk starts with 1: the result changes by exactly its own change."
    given = "The walk starts with the upstream that was given instead of 1."
    return Note("seed", run.result.index, 1 if run.result.inputs else None, text if ones else given)


def _non_scalar(run: Explanation) -> Note:
    entries = plural(int(np.size(run.value)), "entry", "entries")
    return Note("non-scalar", run.result.index, None, (
        f"The result has {entries}, shape {show_shape(run.result.shape)}: these are gradients of the sum of its "
        "entries, each weighted by the upstream (ones unless --upstream says otherwise). PyTorch would ask for "
        "gradient=."
    ))  # fmt: skip


def _branch(run: Explanation) -> Iterator[Note]:
    """The first condition that was asked: which way it went, and what became of the other side."""
    for branch in run.tape.branches[:1]:
        condition = f"The condition {run.text_of(branch.site)}" if branch.site is not None else "A condition"
        held = "true" if branch.taken else "false"
        became = _TURNS[branch.taken] if branch.kind == "while" else _SIDE
        yield Note("branch", branch.node, None, f"{condition} was {held}{_with_numbers(run, branch.node)}, {became}")


_SIDE = "so this side was recorded. The other side was not run and does not exist in this graph."
_TURNS = {
    True: "so the loop took a turn. Only the turns that were taken exist in this graph.",
    False: "so the loop took no turn, and nothing in it exists in this graph.",
}


def _with_numbers(run: Explanation, place: int) -> str:
    """The condition with its numbers, where it is an operation on numbers."""
    node = run.tape.nodes[place]
    if not node.inputs or any(type(argument.value) is not float for argument in node.inputs):
        return ""
    return f" ({written(filled(run.words.formula(node)), style_for(6, ascii_only=True)).text})"


def _flat_comparison(run: Explanation) -> Iterator[Note]:
    """The first comparison of a tracked value: it is never tracked itself."""
    for node in run.operations:
        if node.op.family == "comparison" and any(argument.tracked for argument in node.inputs):
            text = written(run.words.formula(node), style_for(6, ascii_only=True)).text
            yield Note("zero-slope", node.index, None, (
                f"{text} is 1 or 0 and flat between its jumps, so no gradient passes through it."
            ))  # fmt: skip
            return


def _saved(run: Explanation) -> Iterator[Note]:
    """Which values the rules will need, and what they weigh: PyTorch's saved tensors."""
    kept: dict[int, Var] = {}
    free: list[str] = []
    operations = [node for node in run.operations if node.tracked]
    if len(operations) > _MOST_PROBED:
        return
    for node in operations:
        needed = _needed_by(run, node)
        kept.update({value.index: value for value in needed})
        if not needed:
            free.append(run.words.label(node))
    size = sum(int(np.size(value.value)) * _BYTES for value in kept.values())
    needs = f"The rules will need {plural(len(kept), 'value')}, {plural(size, 'byte')}"
    text = f"{needs}, so these are kept: {_listed(run, kept)}."
    if free:
        text += (
            f" For {', '.join(free[:_MOST_LISTED])}{', …' if len(free) > _MOST_LISTED else ''} nothing has to be kept."
        )
    inner = [value for value in kept.values() if value.inputs]
    if inner:
        text += (
            f" {run.words.label(inner[0])} could be worked out again from the inputs instead: less memory, more time."
        )
    yield Note("saved", None, None, text)


_MOST_PROBED = 500


def _listed(run: Explanation, kept: dict[int, Var]) -> str:
    names = [run.words.label(value) for value in kept.values()]
    return ", ".join(names[:12]) + (", …" if len(names) > 12 else "") if names else "none"


def _needed_by(run: Explanation, node: Var) -> list[Var]:
    """The values that an operation's rules look at, found by running the rules on marked formulas."""
    marked = {f"#{i}": value for i, value in enumerate((node, *node.inputs)) if value.op.name != "constant"}
    out, *args = (
        Formula(v.value, f"#{i}") if v.op.name != "constant" else Formula(v.value)
        for i, v in enumerate((node, *node.inputs))
    )
    options = run.tape.options.get(node.index, {})
    found: set[str] = set()
    with np.errstate(all="ignore"):
        for position, argument in enumerate(node.inputs):
            if not argument.tracked:
                continue
            rule = node.op.partials[position] if node.op.elementwise else node.op.vjp_for(position)
            if callable(rule):
                given = (out, *args) if node.op.elementwise else (Formula(node.value, "upstream"), out, *args)
                found |= _labels(rule(*given, **options))
    return [value for mark, value in marked.items() if mark in found]


def _labels(formula: Any) -> set[str]:
    if not isinstance(formula, Formula):
        return set()
    return {formula.label}.union(*map(_labels, formula.args))


def _detached(run: Explanation) -> Iterator[Note]:
    """Where a path was cut, and what would have come through."""
    cut = [n for n in run.operations if n.op.name == "detach" and n.inputs[0].tracked]
    untracked = [n for n in run.tape.nodes if n.op is INPUT and not n.tracked and n.index not in run.tape.selectors]
    for node in [*cut, *untracked]:
        lost = _lost(run, node)
        if lost is None:
            continue
        amount = number(lost) if type(lost) is float else f"an array {show_shape(np.shape(lost))}"
        name = run.words.label(node)
        if node.op is INPUT:
            text = f"{name} is not tracked, so nothing flows to it; {amount} would have arrived there."
        else:
            origin = run.words.label(node.inputs[0])
            text = f"detach cuts the path from {name} to {origin}: {amount} would have come through."
        yield Note("detached", node.index, None, text)


def _lost(run: Explanation, node: Var) -> Any:
    """What the uses of an untracked value would have sent it; None where no use was reached."""
    total: Any = None
    for user in run.operations:
        upstream = run.sweep.gradients[user.index] if user.tracked else None
        if upstream is None or user.op.selects is not None:
            continue
        for position, argument in enumerate(user.inputs):
            if argument is node:
                values = tuple(value.value for value in user.inputs)
                options = run.tape.options.get(user.index, {})
                _, share = pass_back(user.op, position, upstream, user.value, values, options)
                total = share if total is None else total + share
    return total


def unused(run: Explanation) -> Iterator[Note]:
    """Inputs from which no path leads to the result."""
    for record in run.inputs:
        if record.tracked and not run.is_used(record):
            yield Note("unused-input", record.node, None, (
                f"{record.name} gets 0: no path leads from it to the result in this graph. PyTorch would say None."
            ))  # fmt: skip


def meaning(run: Explanation, *, cornered: bool) -> Iterator[Note]:
    """What the first number of the table says; one that is not 0, if there is one."""
    if run.result.shape:
        return
    slopes = {r.node: (r.name, run.gradients[r.name]) for r in run.inputs if r.tracked and not r.shape}
    finite = {node: told for node, told in slopes.items() if all_finite(told[1])}
    for node, (name, slope) in sorted(finite.items(), key=lambda item: item[1][1] == 0.0)[:1]:
        if cornered:
            tail = "rests on a choice at a corner: a small step may do otherwise."
        elif slope == 0.0:
            tail = f"is a rate: to first order, a small change of {name} does not change the result."
        else:
            step = _small_step(float(run.value), slope)
            tail = (
                f"is a rate: raise {name} by {number(step)} and the result changes by about {number(step * slope)}. "
                "Training steps against it."
            )
        yield Note("meaning", node, None, f"∂{name} = {number(slope)} {tail}")


def _small_step(value: float, slope: float) -> float:
    """0.01, or less where even that would change the result by more than its own size: a slope holds nearby only."""
    steps = (10.0**-digits for digits in range(2, 300))
    return next((step for step in steps if abs(step * slope) <= max(1.0, abs(value))), 0.01)
