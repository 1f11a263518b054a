"""What somebody with a misconception would answer: each fault's engine asked the same question.

A fault is tried in two ways: at this place alone, with the right upstream (which the question states), and in a
whole run walked back by the faulty engine. Must not know how answers are typed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd_explain.core.formula import written
from autograd_explain.core.notation import LANGUAGE
from autograd_explain.core.shapes import as_value, shape_of
from autograd_explain.core.var import INPUT, Var
from autograd_explain.explanation.faults import FAULTS, FAULTS_OF_ONE_SWEEP, Comparison, Fault
from autograd_explain.explanation.quiz import Question
from autograd_explain.modes.faulty import Edge, consumers_of, share
from autograd_explain.modes.records import Part, Step

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation


class Misconception(NamedTuple):
    """A fault as the quiz speaks of it: its name, the thought behind it, and a hint."""

    name: str
    says: str
    hint: str


_KEPT = "keep-gradients"  # between two sweeps: what it leads to is told here, without a faulty engine
_LONGEST_RUN = 5_000  # operations; a longer run is not walked back anew for every fault


def misconception(name: str) -> Misconception:
    """The fault of that name, as the quiz speaks of it."""
    return Misconception(name, FAULTS[name].says, FAULTS[name].hint)


def every_misconception() -> tuple[str, ...]:
    """The names of all that can be recognised."""
    return tuple(FAULTS)


class Wrong:
    """What each fault would answer, in one run. Worked out when it is asked for, and kept."""

    def __init__(self, run: Explanation) -> None:
        self._run = run
        self._comparisons: dict[str, Comparison] = {}

    def answers(self, question: Question) -> list[tuple[str, Any]]:
        """Pairs of a fault and an answer it leads to: of the question's form, for a formula its text.

        A fault may lead to several answers, or to none; the right answer may be among them.
        """
        return list(_ANSWERS[question.kind](self, question))

    @cached_property
    def _consumers(self) -> dict[int, list[Var]]:
        return consumers_of(self._run.sweep)

    def _edge(self, node: Var, position: int) -> Edge:
        return Edge(node, position, self._run.sweep.gradients[node.index], self._consumers)

    def _runs(self) -> Iterator[Comparison]:
        """The run walked back anew with each fault, as far as it is short enough for that."""
        if len(self._run.operations) > _LONGEST_RUN:
            return
        for fault in FAULTS_OF_ONE_SWEEP.values():
            if fault.name not in self._comparisons:
                self._comparisons[fault.name] = Comparison(self._run, fault)
            yield self._comparisons[fault.name]

    def of_a_part(self, question: Question) -> Iterator[tuple[str, Any]]:
        """Of a local derivative, a contribution, or the shape of one."""
        node, position = self._run.tape.nodes[question.node], question.argument or 0
        for fault in FAULTS_OF_ONE_SWEEP.values():
            made = share(self._edge(node, position), fault.change)
            if made is not None:
                yield from _taken(fault.name, question, *made)
        for comparison in self._runs() if question.kind != "shape" else ():
            for part in _parts(comparison, node, position):
                yield from _taken(comparison.fault.name, question, part.local, part.contribution)
        if question.kind == "shape" and len(question.expected) >= 2:
            *others, rows, columns = question.expected
            yield "no-transpose", (*others, columns, rows)

    def of_a_total(self, question: Question) -> Iterator[tuple[str, Any]]:
        """Of a value's gradient: added up at this place by a broken rule, or reached by the faulty engine."""
        target = self._run.tape.nodes[question.node]
        right = self._amounts(target, None)
        for amount in right:
            yield from _entry("overwrite", question, amount)
        for fault in FAULTS_OF_ONE_SWEEP.values():
            amounts = self._amounts(target, fault)
            if all(amount is not None for amount in amounts):
                yield from _entry(fault.name, question, _added_up(amounts))
        for comparison in self._runs():
            yield from _entry(comparison.fault.name, question, comparison.faulty.gradients[target.index])
        if target.op is INPUT:
            yield from _entry(_KEPT, question, 2 * _added_up(right))

    def _amounts(self, target: Var, fault: Fault | None) -> list[Any]:
        """The contributions that reach a value, each with its right upstream."""
        amounts = []
        users = dict.fromkeys(sorted(self._consumers.get(target.index, ()), key=lambda node: -node.index))
        for user in users:
            for position, argument in enumerate(user.inputs):
                if argument is target:
                    change = fault.change if fault is not None else type(FAULTS["overwrite"].change)()
                    made = share(self._edge(user, position), change)
                    amounts.append(None if made is None else made[1])
        return amounts

    def of_an_order(self, question: Question) -> Iterator[tuple[str, Any]]:
        """Of the next value: naive recursion takes one that has been reached, whether or not it is complete."""
        label = self._run.words.label
        for name in reached_by(self._run, question):
            if name not in question.accepted:
                yield "depth-first", name
        for comparison in self._runs():
            walked = [step.node.index for step in comparison.faulty.steps]
            if question.node in walked[:-1]:
                following = comparison.faulty.steps[walked.index(question.node) + 1]
                yield comparison.fault.name, label(following.node)

    def of_a_formula(self, question: Question) -> Iterator[tuple[str, Any]]:
        """Of a rule: the text of the rule that each fault puts in its place."""
        node, position = self._run.tape.nodes[question.node], question.argument or 0
        upstream = self._run.sweep.gradients[node.index]
        for fault in FAULTS_OF_ONE_SWEEP.values():
            made = share(self._edge(node, position), fault.change)
            local, amount = made if made is not None else (None, None)
            part = Part(position, node.inputs[position], local, amount, None, None)
            comparison = self._comparisons.get(fault.name) or Comparison(self._run, fault)
            self._comparisons[fault.name] = comparison
            rule = comparison.rule(Step(question.step or 0, node, upstream, (part,)), part)
            yield fault.name, written(rule, LANGUAGE).text


def reached_by(run: Explanation, question: Question) -> list[str]:
    """The operations that a contribution has reached by the question's step and that are not passed on yet."""
    reached: dict[int, Var] = {}
    for step in run.walk():
        reached.pop(step.node.index, None)
        reached |= {part.target.index: part.target for part in step.parts if part.target.inputs}
        if step.number == question.step:
            break
    return [run.words.label(node) for _, node in sorted(reached.items())]


def _parts(comparison: Comparison, node: Var, position: int) -> Iterator[Part]:
    for step in comparison.faulty.steps:
        if step.node is node:
            yield from (part for part in step.parts if part.position == position)


def _taken(name: str, question: Question, local: Any, contribution: Any) -> Iterator[tuple[str, Any]]:
    """The part of a share that the question asks for."""
    if question.kind == "shape":
        if contribution is not None:
            yield name, shape_of(contribution)
        return
    yield from _entry(name, question, local if question.kind == "local" else contribution)


def _entry(name: str, question: Question, value: Any) -> Iterator[tuple[str, Any]]:
    """The value, or the entry of it that is asked for."""
    if value is None:
        return
    if question.entry is None:
        yield name, value
    elif np.ndim(value) == len(question.entry) and all(
        at < size for at, size in zip(question.entry, shape_of(value), strict=True)
    ):
        yield name, float(value[question.entry])


def _added_up(amounts: list[Any]) -> Any:
    total = amounts[0]
    with np.errstate(all="ignore"):
        for amount in amounts[1:]:
            try:
                total = as_value(total + amount)
            except ValueError:  # shapes that a broken rule has left unfit for each other
                return None
    return total


_ANSWERS: dict[str, Callable[[Wrong, Question], Iterator[tuple[str, Any]]]] = {
    "value": lambda wrong, question: iter(()),  # no fault touches the forward pass
    "local": Wrong.of_a_part,
    "contribution": Wrong.of_a_part,
    "shape": Wrong.of_a_part,
    "total": Wrong.of_a_total,
    "target": Wrong.of_an_order,
    "formula": Wrong.of_a_formula,
}
