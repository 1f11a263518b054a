"""The wording of a quiz: what a question says, the numbers it gives, and what is said to an answer.

Numbers are given with as many digits as the answer needs. Must not know how it is laid out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_explain.core.formula import Formula, filled, value_when_printed, written
from autograd_explain.core.notation import LANGUAGE, Style, style_for, write_array
from autograd_explain.core.registry import OPERATIONS
from autograd_explain.core.shapes import shape_of, show_shape
from autograd_explain.core.var import Var
from autograd_explain.explanation.quiz import RELATIVE, Question
from autograd_explain.explanation.quiz_faults import misconception, reached_by
from autograd_explain.explanation.quiz_grading import Verdict
from autograd_explain.explanation.quiz_places import MATRIX
from autograd_explain.modes.faulty import consumers_of
from autograd_explain.modes.reverse import local_derivative

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

_MOST_DIGITS = 17
_SAFETY = 10  # given numbers are this much finer than the answer has to be


@dataclass(frozen=True, slots=True)
class Fact:
    """A number that a question gives; `is_shape` where only the shape is told."""

    label: str
    value: Any
    is_shape: bool = False


class Told:
    """One question of one run in words, for a number of digits, with symbols or in plain ASCII."""

    def __init__(self, run: Explanation, question: Question, digits: int = 6, *, ascii_only: bool = False) -> None:
        self.run = run
        self.question = question
        self._least = digits
        self._ascii = ascii_only
        self.node: Var = run.tape.nodes[question.node]

    @cached_property
    def digits(self) -> int:
        """As many digits as the given numbers need for the answer to follow from them."""
        for digits in range(self._least, _MOST_DIGITS):
            style = style_for(digits, ascii_only=True)
            if all(_holds(formula, style) for formula in self._formulas):
                return digits
        return _MOST_DIGITS

    @cached_property
    def style(self) -> Style:
        """How numbers and symbols are written here."""
        return style_for(self.digits, ascii_only=self._ascii)

    def text(self) -> str:
        """The whole question in one paragraph."""
        facts = "; ".join(self.fact_text(fact) for fact in self.facts)
        return " ".join(filter(None, [self.lead, f"Given: {facts}." if facts else "", self.ask, self.how]))

    def fact_text(self, fact: Fact) -> str:
        """A given number as `label = value`, a shape as `label has shape (2,3)`."""
        if fact.is_shape:
            return f"{fact.label} has shape {show_shape(shape_of(fact.value))}"
        return f"{fact.label} = {write_array(fact.value, self.style)}"

    def value_text(self, value: Any) -> str:
        """An expected or wrong value as one would type it."""
        if isinstance(value, str):
            return value
        if isinstance(value, tuple):
            return show_shape(value)
        return write_array(value, style_for(self._least, ascii_only=True))

    @property
    def name(self) -> str:
        """What the operation's value is called."""
        return self.run.words.label(self.node)

    @property
    def made(self) -> str:
        """How the operation is written: `v2 = v1 + b`."""
        return self._made(self.node)

    def _made(self, node: Var) -> str:
        return f"{self.run.words.label(node)} = {written(self.run.words.formula(node), self.style).text}"

    def spelled(self, formula: Formula) -> str:
        """A formula as it is written here."""
        return written(formula, self.style).text

    def used_in(self, user: Var) -> str:
        """An operation that uses the value, and how often where it is more than once."""
        times = sum(argument is self.node for argument in user.inputs)
        return self._made(user) + (f" ({times} times)" if times > 2 else " (twice)" if times == 2 else "")

    @property
    def target(self) -> str:
        """The argument that is asked about, with its side where one value stands on both."""
        place = self.question.argument or 0
        inputs = self.node.inputs
        label = self.run.words.label(inputs[place])
        if sum(argument is inputs[place] for argument in inputs) == 1:
            return label
        return f"{label} ({('left', 'right')[place] if len(inputs) == 2 else f'use {place + 1}'})"

    @property
    def lead(self) -> str:
        """Where the question stands."""
        return _LEADS[self.question.kind](self)

    @property
    def ask(self) -> str:
        """The question itself."""
        return _ASKED[self.question.kind](self)

    @property
    def how(self) -> str:
        """What counts as an answer."""
        told = _HOW[self.question.form](self)
        return told.replace("…", "...").replace("±", "+/-") if self._ascii else told

    @property
    def here(self) -> str:
        """Where the operation is met on the way back."""
        return f"Step {self.question.step} walks back through {self.made}."

    def at_entry(self, label: str) -> str:
        """A label with the entry that is asked for."""
        entry = self.question.entry
        return label if entry is None else f"{label}[{', '.join(map(str, entry))}]"

    @property
    def form_of_list(self) -> str:
        """A list in the shape of the answer, with places for the numbers."""
        return write_array(np.zeros(shape_of(self.question.expected)), LANGUAGE).replace("0", "…")

    @cached_property
    def users(self) -> list[Var]:
        """The operations that use the value, last recorded first."""
        found = dict.fromkeys(consumers_of(self.run.sweep).get(self.node.index, ()))
        return sorted(found, key=lambda node: -node.index)

    @cached_property
    def rule(self) -> Formula:
        """The rule that a question about one argument asks for."""
        return self._rule(self.node, self.question.argument or 0)

    def _rule(self, node: Var, position: int) -> Formula:
        upstream = self.run.sweep.gradients[node.index]
        options = self.run.tape.options.get(node.index, {})
        values = tuple(argument.value for argument in node.inputs)
        elementwise = node.op.elementwise
        local = local_derivative(node.op.partials[position], node.value, values, options) if elementwise else None
        return self.run.words.rule(node, position, upstream, local)

    def share(self, node: Var, position: int) -> Formula:
        """The contribution of one use as a formula of the given numbers."""
        rule = self._rule(node, position)
        if not node.op.elementwise:
            return rule
        upstream = Formula(self.run.sweep.gradients[node.index], "upstream")
        return Formula.trace_operation(OPERATIONS["mul"], (upstream, rule), {})

    @cached_property
    def _formulas(self) -> list[Formula]:
        """What the answer is worked out from."""
        return _WORKINGS[self.question.kind](self)

    @cached_property
    def facts(self) -> list[Fact]:
        """The numbers that are given."""
        if self.question.form == "formula" or self.question.kind == "target":
            return []
        if self.question.form == "shape":
            arguments = [Fact(self.run.words.label(argument), argument.value, True) for argument in self.node.inputs]
            return _once([*arguments, Fact("the upstream", self.run.sweep.gradients[self.node.index], True)])
        if self.question.kind == "value":
            return _once(self._values(self.node))
        if self.question.kind == "local":
            return _once([*self._values(self.node), Fact(self.name, self.node.value)])
        users = self.users if self.question.kind == "total" else [self.node]
        return _once(fact for user in users for fact in self._at(user))

    def _at(self, user: Var) -> Iterator[Fact]:
        label = self.run.words.label(user)
        yield Fact(f"upstream at {label}", self.run.sweep.gradients[user.index])
        if self.question.kind == "total" and all(type(rule) is float for rule in user.op.partials or (None,)):
            return  # a sum passes on what arrives, whatever its terms are
        yield from self._values(user)
        if self.question.kind == "contribution" or user.op.uses_output:
            yield Fact(label, user.value)

    def _values(self, node: Var) -> Iterator[Fact]:
        """The arguments that are more than a number written out."""
        for argument in node.inputs:
            label = self.run.words.label(argument)
            if label != write_array(argument.value, LANGUAGE):
                yield Fact(label, argument.value)

    def hints(self) -> tuple[str, str]:
        """What helps first, and what helps then."""
        return _FIRST[self.question.kind](self), _SECOND[self.question.kind](self)

    def feedback(self, verdict: Verdict, tries_used: int, tries: int) -> list[str]:
        """What is said to an answer: the misconception, then a hint, more of it each time."""
        if verdict.correct:
            return [_praise(verdict)]
        said = [f"Not so: {verdict.problem}." if verdict.problem else "Not so."]
        said += diagnosis(verdict.misconceptions)
        if tries_used < tries:
            first, second = self.hints()
            if tries_used == 1 and not verdict.misconceptions:
                said.append(first)
            elif tries_used > 1:
                said.append(second)
        return said


def diagnosis(names: Sequence[str]) -> list[str]:
    """The misconceptions that lead to an answer, with the thought behind each and a hint."""
    if not names:
        return []
    said = [f"This is what {' or '.join(names)} gives{_EITHER.get(len(names), ', any of them')}."]
    for name in names[:2]:
        row = misconception(name)
        said.append(f"{name}: the thought “{row.says}” {row.hint}")
    return said


_EITHER = {1: "", 2: ", either of them"}


def _praise(verdict: Verdict) -> str:
    if verdict.proof is None:
        return "Right."
    sure = "the two are the same, symbol for symbol" if verdict.proof == "symbolic" else "the same at every point tried"
    return f"Right: {sure}."


def _once(facts: Sequence[Fact] | Iterator[Fact]) -> list[Fact]:
    return list({fact.label: fact for fact in facts}.values())


def _holds(formula: Formula, style: Style) -> bool:
    with np.errstate(all="ignore"):
        found = value_when_printed(formula, style)
    return bool(np.allclose(found, formula.value, rtol=RELATIVE / _SAFETY, atol=0.0, equal_nan=True))


def _uses(told: Told) -> str:
    count = told.run.uses[told.node.index]
    users = ", ".join(told.used_in(user) for user in told.users)
    return f"{told.name} is used {count} times: in {users}."


def _reached(told: Told) -> str:
    names = reached_by(told.run, told.question)
    return f"Step {told.question.step} has just walked back through {told.made}. Reached so far: {', '.join(names)}."


def _value_asked(told: Told) -> str:
    return f"What is {told.at_entry(told.name)}?"


def _local_asked(told: Told) -> str:
    entry = f" at the entry {told.at_entry('')}" if told.question.entry is not None else ""
    return f"What is the local derivative of {told.name} by {told.target}{entry}?"


def _contribution_asked(told: Told) -> str:
    if told.question.entry is not None:
        return f"What is the entry {told.at_entry('')} of what this step contributes to {told.target}?"
    return f"What does this step contribute to {told.target}?"


def _total_asked(told: Told) -> str:
    return f"What is the gradient of the result by {told.at_entry(told.name)}: the total of all its contributions?"


def _formula_asked(told: Told) -> str:
    if told.node.op.elementwise:
        return f"Write the local derivative of {told.name} by {told.target} as a formula."
    return f"Write what this step contributes to {told.target} as a formula of upstream and the values' names."


Sentence = Callable[[Told], str]
_BACK: Sentence = lambda told: told.here  # noqa: E731 - a row's entry
_LEADS: dict[str, Sentence] = {
    "value": lambda told: f"The forward pass records {told.made}.",
    "local": _BACK,
    "contribution": _BACK,
    "total": _uses,
    "target": _reached,
    "shape": _BACK,
    "formula": _BACK,
}
_ASKED: dict[str, Sentence] = {
    "value": _value_asked,
    "local": _local_asked,
    "contribution": _contribution_asked,
    "total": _total_asked,
    "target": lambda told: "Which value can be passed on next, because all its contributions have arrived?",
    "shape": lambda told: f"What shape has the contribution to {told.target}?",
    "formula": _formula_asked,
}
_HOW: dict[str, Sentence] = {
    "number": lambda told: "3 significant digits are enough: ±0.5 % counts.",
    "array": lambda told: f"A list such as {told.form_of_list}; 3 significant digits are enough: ±0.5 % counts.",
    "shape": lambda told: "A shape such as (2, 3); () for a single number.",
    "name": lambda told: "One name.",
    "formula": lambda told: "Any form counts that comes to the same.",
}
_STILL = "Hold everything else still, and raise {} a little: how many times as much does {} change?"
_ARRANGED = "Write the shapes down: only one arrangement fits."
_ONE_ENTRY = "Raise one entry of {} a little: how does each entry of {} change? Then write it for all entries at once."
_FIRST: dict[str, Sentence] = {
    "value": lambda told: f"Put the given numbers into {told.made}; nothing else is needed.",
    "local": lambda told: _STILL.format(told.target, told.name),
    "contribution": lambda told: "Multiply what arrives, the upstream, by the local derivative."
    if told.node.op.elementwise else f"The contribution has the shape of {told.target}: each entry gets what its"
    " uses send back.",
    "total": lambda told: f"Each use of {told.name} is a path of its own to the result: add up one contribution for"
    " each.",
    "target": lambda told: "Count the uses of each value that was reached: it waits until all of them have been"
    " walked back.",
    "shape": lambda told: f"A gradient has the shape of its value, and {told.target} is no exception.",
    "formula": lambda told: _STILL.format(told.target, told.name) if told.node.op.elementwise
    else _ARRANGED if told.node.op.name in MATRIX else _ONE_ENTRY.format(told.target, told.name),
}  # fmt: skip
_SECOND: dict[str, Sentence] = {
    "value": lambda told: f"With the numbers in it: {told.spelled(filled(told.run.words.formula(told.node)))}.",
    "local": lambda told: f"The rule is {told.spelled(told.rule)}.",
    "contribution": lambda told: f"The rule is {told.spelled(told.share(told.node, told.question.argument or 0))}.",
    "total": lambda told: "The contributions are " + " and ".join(
        write_array(told.share(user, position).value, told.style)
        for user in told.users for position, argument in enumerate(user.inputs) if argument is told.node) + ".",
    "target": lambda told: f"It is among {', '.join(reached_by(told.run, told.question))}, and it was recorded after"
    " all that it was made from.",
    "shape": lambda told: "What was stretched on the way there is summed up again on the way back."
    if told.node.op.elementwise else f"The rule is {told.spelled(told.rule)}.",
    "formula": lambda told: f"At this run's numbers it comes to {write_array(told.rule.value, told.style)}.",
}  # fmt: skip
_WORKINGS: dict[str, Callable[[Told], list[Formula]]] = {
    "value": lambda told: [told.run.words.formula(told.node)],
    "local": lambda told: [told.rule],
    "contribution": lambda told: [told.share(told.node, told.question.argument or 0)],
    "total": lambda told: [
        told.share(user, position)
        for user in told.users for position, argument in enumerate(user.inputs) if argument is told.node],
    "target": lambda told: [],
    "shape": lambda told: [],
    "formula": lambda told: [],
}  # fmt: skip
