"""Notes about the run as a whole: what was recorded, what is kept, what is cut, what the numbers mean."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_explain.core.formula import Formula, filled, written
from autograd_explain.core.notation import style_for
from autograd_explain.core.shapes import show_shape
from autograd_explain.core.tape import Turns
from autograd_explain.core.var import INPUT, Var
from autograd_explain.explanation.beside import is_smooth
from autograd_explain.explanation.model import Note
from autograd_explain.explanation.telling import all_finite, entry, number, plural, vector
from autograd_explain.modes.reverse import pass_back

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

_MOST_LISTED = 12
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
        if np.size(run.value) != 1:
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
    """Each condition the first time it was asked: which way it went, and what became of the other side."""
    first = {branch.site: branch for branch in reversed(run.tape.branches)}
    for told, branch in enumerate(reversed(first.values())):
        condition = f"The condition {run.text_of(branch.site)}" if branch.site is not None else "A condition"
        held = f"{condition} was {'true' if branch.taken else 'false'}{_with_numbers(run, branch.node)}"
        full = f"{held}, {_TURNS[branch.taken] if branch.kind == 'while' else _SIDE}"
        yield Note("branch", branch.node, None, f"{held} (as told above)" if told else full, short=told > 0)
    yield from _loops_by_value(run, told=bool(first))


def _loops_by_value(run: Explanation, *, told: bool) -> Iterator[Note]:
    """Each `for` whose number of turns came from a value, the first time it ran."""
    seen: set[Any] = set()
    for scope in run.tape.scopes:
        if not isinstance(scope, Turns) or not isinstance(scope.site, ast.For) or scope.site in seen:
            continue
        names = {part.id for part in ast.walk(scope.site.iter) if isinstance(part, ast.Name)} - {"range", "len"}
        if names:
            made = f"The loop {scope.title} took {plural(len(scope.starts), 'turn')}"
            full = f"{made}: the values decided that. Only the turns that were taken exist in this graph."
            yield Note("branch", None, None, f"{made} (as told above)" if told else full, short=told)
            told = True
            seen.add(scope.site)


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
    """Which values each rule will need, what they weigh, and which of them could be made again."""
    operations = [node for node in run.operations if node.tracked]
    if len(operations) > _MOST_PROBED:
        return
    needs = [(node, needed_by(node)) for node in operations]
    kept = {value.index: value for _, values in needs for value in values}
    size = sum(int(np.size(value.value)) * _BYTES for value in kept.values())
    text = f"The rules will need {plural(len(kept), 'value')}, {plural(size, 'byte')}, kept from the forward pass"
    text += f": {_listed([_need(run, *need) for need in needs if need[1]], '; ')}." if kept else "."
    free = [run.words.label(node) for node, values in needs if not values]
    if free:
        text += f" The rules of {_listed(free, ', ')} need none."
    made = [run.words.label(value) for value in kept.values() if value.inputs]
    if made:
        text += f" {_listed(made, ', ')} could be worked out again from the inputs instead: less memory, more time."
    yield Note("saved", None, None, text)


def _need(run: Explanation, node: Var, values: list[Var]) -> str:
    names = ", ".join(dict.fromkeys("its output" if v is node else run.words.label(v) for v in values))
    return f"{node.op.name} ({run.words.label(node)}) needs {names}"


_MOST_PROBED = 500


def _listed(texts: list[str], between: str) -> str:
    return between.join(texts[:_MOST_LISTED]) + (f"{between}…" if len(texts) > _MOST_LISTED else "")


def needed_by(node: Var) -> list[Var]:
    """The values that an operation's rules look at, found by running the rules on marked formulas."""
    marked = {f"#{i}": value for i, value in enumerate((node, *node.inputs)) if value.op.name != "constant"}
    out, *args = (
        Formula(v.value, f"#{i}") if v.op.name != "constant" else Formula(v.value)
        for i, v in enumerate((node, *node.inputs))
    )
    options = node.tape.options.get(node.index, {})
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
    read = [node for node in map(run.tape.nodes.__getitem__, sorted(run.tape.cuts)) if node.tracked]
    for told, node in enumerate(read):
        name = run.words.label(node)
        full = (
            f"{name} is used as a plain number, as PyTorch's .item() gives one: no gradient passes there, and what "
            f"{name} does there is left out."
        )
        short = f"{name} is used as a plain number as well (as told above)"
        yield Note("detached", node.index, None, short if told else full, short=told > 0)
    if not cut and not run.result.tracked:
        return
    arrived = _arrived(run, {node.index for node in (*cut, *untracked)})
    told = False
    for node in (*cut, *untracked):
        lost = arrived.get(node.index)
        if lost is None:
            continue
        name, amount = run.words.label(node), _amount(lost)
        if node.op is INPUT:
            full = f"{name} is not tracked: no gradient goes there. Tracked, it would have got {amount}."
            short = f"{name} is not tracked either: it would have got {amount}"
        else:
            short = f"detach cuts the path from {name} to {run.words.label(node.inputs[0])}: without it, {amount} would"
            short += " have come through"
            full = f"{short}."
        yield Note("detached", node.index, None, f"{short} (as told above)" if told else full, short=told)
        told = True


def _amount(value: Any) -> str:
    if type(value) is float:
        return number(value)
    if np.size(value) <= _MOST_ENTRIES and np.ndim(value) == 1:
        return vector(value)
    finite = np.ravel(value)[np.isfinite(np.ravel(value))]
    if not finite.size:
        return f"an array {show_shape(np.shape(value))} without a finite number"
    low, high = number(finite.min()), number(finite.max())
    entries = f"all {low}" if low == high else f"from {low} to {high}"
    return f"an array {show_shape(np.shape(value))}, {entries}"


_MOST_ENTRIES = 4


def _arrived(run: Explanation, wanted: set[int]) -> dict[int, Any]:
    """What would have arrived at values that get no gradient, had everything made from them been tracked."""
    after = set(wanted)
    for node in run.operations:
        if not node.tracked and any(argument.index in after for argument in node.inputs):
            after.add(node.index)
    totals: dict[int, Any] = {run.result.index: run.sweep.seed} if run.result.index in after else {}
    for user in reversed(run.operations):
        upstream = run.sweep.gradients[user.index] if user.tracked else totals.get(user.index)
        if upstream is None or user.op.selects is not None:
            continue
        values = tuple(value.value for value in user.inputs)
        options = run.tape.options.get(user.index, {})
        for position, argument in enumerate(user.inputs):
            if argument.index in after and not argument.tracked:
                _, share = pass_back(user.op, position, upstream, user.value, values, options)
                known = totals.get(argument.index)
                totals[argument.index] = share if known is None else known + share
    return totals


def unused(run: Explanation) -> Iterator[Note]:
    """Inputs from which no path leads to the result."""
    cut = run.recording.cut_inputs()
    names = [record for record in run.inputs if record.tracked and not run.is_used(record) and record.name not in cut]
    for told, record in enumerate(names):
        full = f"{record.name} gets 0: no path leads from it to the result in this graph. PyTorch would say None."
        short = f"{record.name} gets 0: no path leads from it either"
        yield Note("unused-input", record.node, None, short if told else full, short=told > 0)


def meaning(run: Explanation, corners: set[int]) -> Iterator[Note]:
    """What one number of the table says: one that is not 0, if there is one, and of a single number rather.

    `corners` are the operations whose derivative is a choice: what is known by way of them is no rate.
    """
    if not all_finite(run.value):
        return
    cut = {run.recording.inputs[name].index for name in run.recording.cut_inputs()}
    slopes = [told for told in _slopes(run) if run.is_used_at(told[0]) and told[0] not in cut]
    for node, name, at, slope in sorted(slopes, key=lambda told: told[3] == 0.0)[:1]:
        what, value = _seeded(run)
        if leads_to(run, node, corners | _at_their_limit(run)) and not is_smooth(run, node, at, slope):
            tail = "rests on a choice at a corner: a small step may do otherwise."
        elif slope == 0.0:
            tail = f"is a rate: to first order, a small change of {name} does not change {what}."
        else:
            step = _small_step(value, slope)
            tail = (
                f"is a rate: raise {name} by {number(step)} and {what} changes by about {number(step * slope)}. "
                "Training steps against it."
            )
        yield Note("meaning", node, None, f"∂{name} = {number(slope)} {tail}")


def leads_to(run: Explanation, start: int, places: set[int]) -> bool:
    """Whether a path leads from a value to one of these places on the tape."""
    after = {start}
    for node in run.operations if places else ():
        if any(argument.index in after for argument in node.inputs):
            if node.index in places:
                return True
            after.add(node.index)
    return False


def _at_their_limit(run: Explanation) -> set[int]:
    """The comparisons of equal numbers: a small step may turn them, and with them what is taken."""
    compared = (n for n in run.operations if n.op.family == "comparison" and any(a.tracked for a in n.inputs))
    return {n.index for n in compared if np.any(np.equal(*(argument.value for argument in n.inputs)))}


def _slopes(run: Explanation) -> list[tuple[int, str, tuple[Any, ...], float]]:
    """A finite slope by each tracked input, single numbers first; of an array that of its largest entry."""
    slopes = []
    for record in sorted((r for r in run.inputs if r.tracked), key=lambda record: bool(record.shape)):
        gradient = run.gradients[record.name]
        if not np.size(gradient) or not all_finite(gradient):
            continue
        at = np.unravel_index(int(np.argmax(np.abs(gradient))), record.shape) if record.shape else ()
        name = f"{record.name}{entry(at)}" if record.shape else record.name
        slopes.append((record.node, name, tuple(at), float(np.asarray(gradient)[at])))
    return slopes


def _seeded(run: Explanation) -> tuple[str, float]:
    """What the gradients are gradients of, in words, and its value: the result, or its entries weighted and summed."""
    if not run.result.tracked:
        return "the result", 0.0
    seed = np.asarray(run.sweep.seed)
    with np.errstate(all="ignore"):
        total = float(np.sum(seed * run.value))
    if not np.all(seed == 1.0):
        return "the result weighted by the upstream" + (", summed up," if run.result.shape else ""), total
    return "the sum of the result's entries" if np.size(run.value) > 1 else "the result", total


def _small_step(value: float, slope: float) -> float:
    """0.01, or less where even that would change the result by more than its own size: a slope holds nearby only."""
    steps = (10.0**-digits for digits in range(2, 300))
    return next((step for step in steps if abs(step * slope) <= max(1.0, abs(value))), 0.01)
