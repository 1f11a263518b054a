"""The places of a run where something can be asked: one generator for each kind of question.

Every number that an answer needs must be small enough to be shown, and finite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_explain.core.formula import Formula, written
from autograd_explain.core.notation import LANGUAGE
from autograd_explain.core.shapes import shape_of
from autograd_explain.core.var import Var
from autograd_explain.explanation.quiz import Question
from autograd_explain.modes.faulty import consumers_of
from autograd_explain.modes.records import Part, Step

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

LARGEST_SHOWN = 16
"""Entries of an array that a question may show."""
LARGEST_ASKED = 4
"""Entries that an answer may have; of a larger array one entry is asked."""
_MOST_OPERATIONS = 300
_MOST_USES = 4
_MOST_FORMULAS = 30
MATRIX = frozenset({"matmul", "dot", "outer"})
"""Operations whose backward step multiplies matrices again."""


@dataclass(slots=True)
class Places:
    """What the generators look at: the run, the drawn numbers, and how far the walk back has come."""

    run: Explanation
    random: np.random.Generator
    left: dict[int, int] = field(default_factory=dict)  # contributions that a value still waits for
    users: dict[int, list[Var]] = field(default_factory=dict)  # the operations that use a value, once for each use

    def label(self, node: Var) -> str:
        """What the views call a value."""
        return self.run.words.label(node)


def candidates(run: Explanation, random: np.random.Generator) -> Iterator[Question]:
    """Everything that can be asked about a run; of a long one, about operations that are drawn."""
    places = Places(run, random, dict(run.uses), consumers_of(run.sweep))
    drawn = _drawn(run.operations, random)
    for node in run.operations:
        if node.index in drawn:
            yield from _value(places, node)
    for step in run.walk():
        waiting = _passed_on(places, step)
        if step.node.index in drawn:
            for part in _unlike(step):
                for kind in _OF_A_PART:
                    yield from kind(places, step, part)
            yield from _target(places, step, waiting)
        yield from _totals(places, step)


def _unlike(step: Step) -> Iterator[Part]:
    """The parts of a step, without one that is just like an earlier one, as the second x of x*x is."""
    earlier: list[Part] = []
    for part in step.parts:
        if not any(part.target is other.target and np.array_equal(part.contribution, other.contribution)
                   for other in earlier):  # fmt: skip
            yield part
        earlier.append(part)


def _drawn(operations: list[Var], random: np.random.Generator) -> frozenset[int]:
    if len(operations) <= _MOST_OPERATIONS:
        return frozenset(node.index for node in operations)
    chosen = random.choice(len(operations), _MOST_OPERATIONS, replace=False)
    return frozenset(operations[int(place)].index for place in chosen)


def _is_shown(value: Any) -> bool:
    """Whether a value may stand in a question: finite, and not too large."""
    return bool(np.size(value) <= LARGEST_SHOWN and np.all(np.isfinite(value)))


def _all_shown(node: Var) -> bool:
    return all(_is_shown(argument.value) for argument in node.inputs)


def _asked(places: Places, value: Any) -> tuple[str, Any, tuple[int, ...] | None] | None:
    """The form, the expected value and the entry; None where it cannot be asked."""
    if type(value) is float:
        return ("number", value, None) if np.isfinite(value) else None
    if not _is_shown(value) or not value.size:
        return None
    if value.size <= LARGEST_ASKED:
        return "array", value, None
    flat = int(places.random.integers(value.size))
    entry = tuple(int(i) for i in np.unravel_index(flat, value.shape))
    return "number", float(value[entry]), entry


def _value(places: Places, node: Var) -> Iterator[Question]:
    asked = _asked(places, node.value) if _all_shown(node) and not node.op.internal else None
    if asked is not None:
        form, expected, entry = asked
        dull = node.op.name in {"index", "reshape", "stack", "concat", "detach", "neg"}
        yield Question("value", form, node.index, expected, entry=entry, dull=dull)


def _local(places: Places, step: Step, part: Part) -> Iterator[Question]:
    asked = _asked(places, part.local) if step.node.op.elementwise and _all_shown(step.node) else None
    if asked is not None:
        form, expected, entry = asked
        dull = bool(np.all(part.local == 1.0))
        yield Question("local", form, step.node.index, expected, step.number, part.position, entry, dull=dull)


def _contribution(places: Places, step: Step, part: Part) -> Iterator[Question]:
    shown = _all_shown(step.node) and _is_shown(step.upstream)
    asked = _asked(places, part.contribution) if shown else None
    if asked is not None:
        form, expected, entry = asked
        same = shape_of(part.contribution) == shape_of(step.upstream)
        dull = same and bool(np.all(part.contribution == step.upstream))
        yield Question("contribution", form, step.node.index, expected, step.number, part.position, entry, dull=dull)


def _shape(places: Places, step: Step, part: Part) -> Iterator[Question]:
    """Of a matrix product's backward step, and of a value that was stretched."""
    shape = shape_of(part.target.value)
    stretched = step.node.op.elementwise and shape != step.node.shape
    if step.node.op.name in MATRIX or stretched:
        yield Question("shape", "shape", step.node.index, shape, step.number, part.position)


def _formula(places: Places, step: Step, part: Part) -> Iterator[Question]:
    """The rule as the run writes it, where that reads back and is more than a number."""
    from autograd_explain.explanation.quiz_formulas import Points

    op, many = step.node.op, len(places.run.operations)
    if many > _MOST_FORMULAS and places.random.random() * many > _MOST_FORMULAS:
        return  # reading a rule takes longer than all else here
    if op.internal or not all(np.size(value) <= LARGEST_SHOWN for value in (step.upstream, step.node.value)):
        return
    if not _all_shown(step.node) or (not op.elementwise and not _is_upstream_free(places)):
        return
    rule = places.run.words.rule(step.node, part.position, step.upstream, part.local)
    text = written(rule, LANGUAGE).text
    right = part.local if op.elementwise else part.contribution
    if _is_telling(rule) and Points(places.run, step.node, step.upstream, count=1).gives(text, right):
        dull = rule.op is None or rule.op.internal
        yield Question("formula", "formula", step.node.index, text, step.number, part.position, dull=dull)


def _is_upstream_free(places: Places) -> bool:
    return "upstream" not in places.run.words.labels


_SPREADING = frozenset({"broadcast_to", "sum_to"})  # which one need not write: a number stands for a whole array


def _is_telling(rule: Formula) -> bool:
    """Whether the rule is more than a number, and made of what a learner can write."""
    return bool(rule.label) or (rule.op is not None and _is_writable(rule))


def _is_writable(rule: Formula) -> bool:
    known = rule.op is None or not rule.op.internal or rule.op.name in _SPREADING
    return known and all(map(_is_writable, rule.args))


def _passed_on(places: Places, step: Step) -> list[Var]:
    """Count the step's contributions, and give the operations that have been reached and not passed on yet."""
    places.left.pop(step.node.index, None)
    for part in step.parts:
        places.left[part.target.index] -= 1
    uses, nodes = places.run.uses, places.run.tape.nodes
    if len(places.left) > _MOST_OPERATIONS:
        return []
    return [nodes[i] for i, left in places.left.items() if left < uses[i] and nodes[i].inputs]


def _target(places: Places, step: Step, waiting: list[Var]) -> Iterator[Question]:
    """Which value is passed on next: where more than one has been reached."""
    ready = [node for node in waiting if places.left[node.index] == 0]
    if len(waiting) < 2 or len(waiting) > 2 * _MOST_USES or not ready:
        return
    following = max(ready, key=lambda node: node.index)
    labels = tuple(places.label(node) for node in ready)
    yield Question(
        "target", "name", step.node.index, places.label(following), step.number, accepted=labels,
        dull=len(ready) == len(waiting),
    )  # fmt: skip


def _totals(places: Places, step: Step) -> Iterator[Question]:
    """The total of a value that is used more than once, asked at the step that completes it."""
    for target in {part.target.index: part.target for part in step.parts}.values():
        uses = places.run.uses[target.index]
        if places.left[target.index] or not 2 <= uses <= _MOST_USES:
            continue
        total = places.run.sweep.gradients[target.index]
        users = places.users[target.index]
        shown = all(_all_shown(user) and _is_shown(places.run.sweep.gradients[user.index]) for user in users)
        asked = _asked(places, total) if shown else None
        if asked is not None:
            form, expected, entry = asked
            yield Question("total", form, target.index, expected, step.number, entry=entry)


_OF_A_PART: tuple[Callable[[Places, Step, Part], Iterator[Question]], ...] = (_local, _contribution, _shape, _formula)
