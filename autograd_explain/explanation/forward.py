"""The forward sweeps of a run as records and formulas, and what both modes cost. See `modes.forward` for the sweep.

Nothing is kept: a sweep is walked again by whoever reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd_explain.core.formula import Formula, as_formula, formula_of, is_written_out
from autograd_explain.core.op import Op, Rule
from autograd_explain.core.shapes import as_value, shape_of, zeros_of
from autograd_explain.core.tape import Tape
from autograd_explain.core.var import CONSTANT, Var, leaf
from autograd_explain.explanation.model import ForwardStepRecord, Note, PartRecord
from autograd_explain.modes.forward import Direction, ForwardPart, ForwardStep, directions, forward_steps, tangent_of
from autograd_explain.ops.reductions import sum_
from autograd_explain.ops.shaping import sum_to

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

_CLOSE = 1e-9  # a short form is shown where it comes to the recorded number to this


class Cost(NamedTuple):
    """What a sweep multiplies: numbers, and whole operations that are more than a product of numbers."""

    products: int
    structured: int


class ForwardPass:
    """The forward sweeps of a run, one for each entry of its tracked inputs.

    Raises LimitError where there are more entries than forward mode takes.
    """

    def __init__(self, run: Explanation) -> None:
        self._run = run
        given = ((record.name, run.tape.nodes[record.node]) for record in run.inputs)
        self.directions: list[Direction] = directions(given)

    def sweep(self, direction: Direction, first: int = 1) -> Iterator[ForwardStep]:
        """The steps of one sweep as numbers, counted from `first`."""
        return forward_steps(self._run.tape, self._run.result, direction, first)

    def walk(self) -> Iterator[ForwardStep]:
        """The steps of all sweeps as numbers, counted through."""
        number = 0
        for direction in self.directions:
            for step in self.sweep(direction, number + 1):
                number = step.number
                yield step

    @property
    def steps(self) -> Iterator[ForwardStepRecord]:
        """The steps of all sweeps with their rules."""
        return map(self.step, self.walk())

    def step(self, step: ForwardStep) -> ForwardStepRecord:
        """One step with its rules as formulas."""
        label = self._run.words.label
        parts = tuple(
            PartRecord(
                part.position, part.target.index, label(part.target), self._rule(step, part),
                part.local, part.contribution, part.before, part.after,
            )
            for part in step.parts
        )  # fmt: skip
        return ForwardStepRecord(step.number, step.node.index, step.direction.label, step.tangent, parts)

    def _rule(self, step: ForwardStep, part: ForwardPart) -> Formula:
        words = self._run.words
        if part.local is not None:
            return words.rule(step.node, part.position, None, part.local)
        tangent = Formula(part.tangent, words.free("tangent"))
        args = tuple(map(words.leaf, step.node.inputs))
        options = self._run.tape.options.get(step.node.index, {})
        return pushed_formula(step.node.op, part, tangent, words.leaf(step.node), args, options)

    def slope(self, direction: Direction) -> float:
        """How fast the result changes in one direction; one with several entries as its weighted sum does."""
        gradient = self.gradients[direction.name]
        return float(gradient[direction.place]) if direction.place else float(gradient)

    def _swept(self, direction: Direction) -> float:
        tangent = tangent_of(self._run.tape, self._run.result, direction)
        with np.errstate(all="ignore"):
            return 0.0 if tangent is None else float(np.sum(self._run.sweep.seed * tangent))

    @cached_property
    def gradients(self) -> dict[str, Any]:
        """The gradient of the result by each tracked input, put together from the sweeps."""
        found: dict[str, Any] = {}
        for record in self._run.inputs:
            if record.tracked:
                found[record.name] = zeros_of(record.value)
        for direction in self.directions:
            if direction.place:
                found[direction.name][direction.place] = self._swept(direction)
            else:
                found[direction.name] = self._swept(direction)
        return found

    def cost(self, direction: Direction) -> Cost:
        """What one sweep multiplies."""
        parts = [part for step in self.sweep(direction) for part in step.parts]
        return _cost((part.local, part.contribution) for part in parts)


def reverse_cost(run: Explanation) -> Cost:
    """What the reverse sweep multiplies."""
    return _cost((part.local, step.node.value) for step in run.walk() for part in step.parts)


def _cost(shares: Iterator[tuple[Any, Any]]) -> Cost:
    products = structured = 0
    for local, entries in shares:
        if local is None:
            structured += 1
        else:
            products += int(np.size(entries))
    return Cost(products, structured)


def pushed_formula(
    op: Op, part: ForwardPart, tangent: Formula, out: Formula, args: tuple[Formula, ...], options: dict[str, Any]
) -> Formula:
    """A structured operation's share of a tangent as a formula: the first short one that comes to the numbers."""
    with np.errstate(all="ignore"):
        if op.jvp:
            rules = (*op.jvp_shown[part.position : part.position + 1], op.jvp[part.position])
            forms = [as_formula(rule(tangent, out, *args, **options)) for rule in rules]
        else:
            textbook = op.shown[part.position] if op.shown else None
            rules = tuple(rule for rule in (textbook, op.vjp_for(part.position)) if rule)
            forms = list(_turned(op, rules, part, (tangent, out, *args), options))
        return next((form for form in forms if _comes_to(form, part.contribution)), forms[-1])


def _comes_to(form: Formula, value: Any) -> bool:
    same_shape = shape_of(form) == shape_of(value)
    return same_shape and np.allclose(form.value, value, rtol=_CLOSE, atol=0.0, equal_nan=True)


def _turned(
    op: Op, rules: tuple[Rule, ...], part: ForwardPart, given: tuple[Formula, ...], options: dict[str, Any]
) -> Iterator[Formula]:
    """The operation on the tangent itself where it is linear, then its reverse rules turned around."""
    tangent, _, *args = given
    still = as_formula(as_value(np.zeros(shape_of(given[1]))))
    for number, rule in enumerate(rules):
        turned, is_linear = transposed(rule, part.position, given, options)
        if is_linear and number == 0:
            yield formula_of(op, (*args[: part.position], tangent, *args[part.position + 1 :]), options)
        yield still if turned is None else turned
    if not rules:
        yield still


def transposed(
    rule: Rule, position: int, given: tuple[Formula, ...], options: dict[str, Any]
) -> tuple[Formula | None, bool]:
    """A reverse rule turned around, over `given` (tangent, out and the arguments): a formula, None for zero.

    The rule is recorded and swept back in formulas. The second answer is whether the operation is linear in the
    argument: its rule then reads neither the output nor that argument.
    """
    tangent, out, *args = given
    scratch = Tape()
    upstream = leaf(scratch, "upstream", as_value(np.ones(shape_of(out))), tracked=True)
    leaves = [leaf(scratch, "", form.value, tracked=False) for form in (out, *args)]
    passed = rule(upstream, *leaves, **options)
    if not isinstance(passed, Var) or not passed.tracked:
        return None, False
    forms = _formulas(scratch, {node.index: form for node, form in zip(leaves, (out, *args), strict=True)})
    totals: dict[int, Formula] = {passed.index: tangent}
    read: set[int] = {passed.index}
    for node in reversed(scratch.nodes[: passed.index + 1]):
        if node.index in read:
            read.update(argument.index for argument in node.inputs)
        if node.index in totals and node.inputs:
            _send_back(node, totals, forms)
    return totals.get(upstream.index), not {leaves[0].index, leaves[1 + position].index} & read


def _formulas(tape: Tape, known: dict[int, Formula]) -> list[Formula]:
    """Every recorded value as a formula over the known ones."""
    forms: list[Formula] = []
    for node in tape.nodes:
        if not node.inputs:
            bare = Formula(node.value) if node.op is CONSTANT else Formula(node.value, "upstream")
            forms.append(known.get(node.index, bare))
            continue
        parts = tuple(forms[argument.index] for argument in node.inputs)
        forms.append(Formula(node.value, "", node.op, parts, tape.options.get(node.index)))
    return forms


def _send_back(node: Var, totals: dict[int, Formula], forms: list[Formula]) -> None:
    """One recorded operation of a rule swept back, in formulas."""
    total = totals[node.index]
    args = [forms[argument.index] for argument in node.inputs]
    options = node.tape.options.get(node.index, {})
    for position, argument in enumerate(node.inputs):
        if not argument.tracked:
            continue
        if node.op.elementwise:
            amount = _scaled(total, node.op.partials[position], (forms[node.index], *args), options)
        else:
            rule = node.op.vjp_for(position)
            amount = as_formula(rule(total, forms[node.index], *args, **options) if rule else 0.0)
        if amount.shape != argument.shape:
            amount = sum_to(amount, shape=argument.shape) if argument.shape else sum_(amount, axis=None, keepdims=False)
        known = totals.get(argument.index)
        totals[argument.index] = amount if known is None else known + amount


def _scaled(total: Formula, local: Any, given: tuple[Formula, ...], options: dict[str, Any]) -> Formula:
    """A total times a local derivative, without factors of 1 and −1."""
    slope = as_formula(local(*given, **options) if callable(local) else local or 0.0)
    plain = slope.value if is_written_out(slope) and type(slope.value) is float else 0.0
    if plain == 1.0:
        return total
    return as_formula(-total if plain == -1.0 else total * slope)


def told_forward(run: Explanation, notes: list[Note]) -> list[Note]:
    """The notes that hold for forward mode, each at the first forward step of its value."""
    kept = [note for note in notes if _holds_forward(note)]
    wanted = {note.node for note in kept if note.step is not None}
    first: dict[int, int] = {}
    for step in run.forward.walk() if wanted else ():
        if step.node.index in wanted:
            first.setdefault(step.node.index, step.number)
    return [note if note.step is None else note._replace(step=first.get(note.node or 0)) for note in kept]


def _holds_forward(note: Note) -> bool:
    if note.kind == "non-finite":
        return note.step is None
    return note.kind in _FORWARD_KINDS and not note.short


_FORWARD_KINDS = frozenset({
    "branch", "custom-rule", "dead-relu", "detached", "kink", "meaning", "non-scalar", "tie", "unused-input",
    "zero-slope",
})  # fmt: skip
