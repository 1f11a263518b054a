"""One run as the statements of a library: what each value is called, and the text that makes it.

Reads an explanation. Knows no layout of a script: who writes one puts the statements where they belong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from autograd_explain.code.library import Library, key_of
from autograd_explain.code.names import Names, as_comment
from autograd_explain.code.own import OwnOperations
from autograd_explain.code.writing import Place, write_formula
from autograd_explain.core.formula import Formula
from autograd_explain.core.var import CONSTANT, INPUT, Var

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation


class Line(NamedTuple):
    """A statement with what is said beside it; without a text, a comment that stands alone ("" is a gap)."""

    text: str
    comment: str = ""


class Recorded:
    """The statements of one run in one library."""

    def __init__(self, run: Explanation, library: Library) -> None:
        self.run = run
        self.library = library
        self.names = Names(library.helpers)
        self.nodes = run.tape.nodes
        self.given: dict[str, str] = {record.name: self.names.give(record.name) for record in run.inputs}
        self.called: dict[int, str] = {record.node: self.given[record.name] for record in run.inputs}
        self.own = OwnOperations(library, self.names)
        self.constants: list[Line] = []
        self._constants: dict[tuple[str, str], str] = {}
        self._texts = self._index_arrays()
        if library.name == "NumPy" and not self.needs_care:
            self._texts["plain numbers"] = "yes"
        self.place = Place(library, lambda: self.names.number("t"), self.own.name_of, self._texts)

    def _index_arrays(self) -> dict[str, str]:
        """Given arrays that index others, as whole numbers, by their entries."""
        whole = {"PyTorch": ".long()"}.get(self.library.name, ".astype(int)")
        return {
            key_of(record.value): f"{self.given[record.name]}{whole}"
            for record in self.run.inputs
            if record.node in self.run.tape.selectors and record.shape
        }

    @cached_property
    def needed(self) -> set[int]:
        """The values that the result is made from, itself among them."""
        found = {self.run.result.index}
        for node in reversed(self.nodes[: self.run.result.index + 1]):
            if node.index in found:
                found.update(argument.index for argument in node.inputs)
        return found

    @cached_property
    def _truths(self) -> set[int]:
        """Comparisons that nothing but the condition of a `where` reads."""
        found = {i for i in self.needed if self.nodes[i].op.family == "comparison"} - {self.run.result.index}
        for index in self.needed if found else ():
            node = self.nodes[index]
            for position, argument in enumerate(node.inputs):
                if argument.index in found and (node.op.name != "where" or position):
                    found.discard(argument.index)
        return found

    def statements(self) -> Iterator[Line]:
        """The forward pass, a statement for each value, with the calls and turns they were recorded in."""
        around = _Around(self.run)
        labels = self.run.words.labels
        for index in sorted(self.needed):
            node = self.nodes[index]
            if node.op is INPUT:
                continue
            if node.op is CONSTANT:
                self._constant(node, labels[index])
                continue
            yield from around.lines_before(node)
            yield from self._statement(node, labels[index])

    def _statement(self, node: Var, label: str) -> Iterator[Line]:
        formula = self.formula(node)
        before, text = write_formula(formula, self.place_for(node))
        self.called[node.index] = name = self.names.give(label)
        for other, inner in before:
            yield Line(f"{other} = {inner}")
        told = text.text
        if formula.op is not None and formula.op.family == "comparison" and node.index not in self._truths:
            told = f"1.0*({told})"
        yield Line(f"{name} = {told}", self._said(node))

    def place_for(self, node: Var) -> Place:
        """Where an operation's formulas are written: a `where` over a comparison needs not compare again."""
        if node.op.name == "where" and node.inputs[0].index in self._truths:
            return replace(self.place, texts={**self.place.texts, "condition": "yes"})
        return self.place

    def _said(self, node: Var) -> str:
        """What a value comes to, where that is a number; and what a number in its text stands for."""
        texts = {self._constant_text(argument) for argument in node.inputs if argument.op is CONSTANT}
        stands = [text for text in sorted(texts) if text]
        value = f"{node.value:.6g}" if type(node.value) is float else f"shape {tuple(node.shape)}"
        return "; ".join([value, *stands])

    def _constant_text(self, node: Var) -> str:
        label = self.run.words.labels[node.index]
        if node.index in self.called or not label or type(node.value) is not float:
            return ""
        return f"{self.library.number(node.value)} is {as_comment(label)}"

    def _constant(self, node: Var, label: str) -> None:
        """Give a constant a name where it has one in the program, or is an array."""
        plain = type(node.value) is float
        if plain and not label.isidentifier():
            return
        text = self.library.number(node.value) if plain else self.library.array_text(node.value)
        wanted = label if label.isidentifier() else ""
        if (wanted, text) not in self._constants:
            name = self.names.give(wanted) if wanted else self.names.number("c")
            self._constants[wanted, text] = name
            made = f"{self.library.scalar}({float(node.value)!r})" if plain and self.needs_care else text
            made = repr(float(node.value)) if plain and not self.needs_care and np.isfinite(node.value) else made
            self.constants.append(Line(f"{name} = {made}", "" if label.isidentifier() else as_comment(label)))
        self.called[node.index] = self._constants[wanted, text]

    @cached_property
    def needs_care(self) -> bool:
        """Whether plain Python numbers would not do: it raises where IEEE arithmetic has an answer."""
        floats = [node.value for node in self.nodes if type(node.value) is float]
        floats += [total for total in self.run.sweep.gradients if type(total) is float]
        sizes = np.abs(np.array(floats))
        return bool(np.any(~np.isfinite(sizes) | (sizes > _HUGE) | ((sizes > 0) & (sizes < 1 / _HUGE))))

    def leaf(self, node: Var) -> Formula:
        """A value by its name in the script; a bare number by itself."""
        return Formula(node.value, self.called.get(node.index, ""))

    def formula(self, node: Var) -> Formula:
        """How a value is made from those before it."""
        return Formula(
            node.value, "", node.op, tuple(map(self.leaf, node.inputs)), self.run.tape.options.get(node.index)
        )

    @property
    def result(self) -> str:
        """What the result is called; a bare number is written out."""
        node = self.run.result
        return self.called.get(node.index) or self.library.number(node.value)


_HUGE = 1e100


class _Around:
    """The comments for the calls, turns and conditions that a value was recorded in, each told once."""

    def __init__(self, run: Explanation) -> None:
        self.run = run
        self.open: list[int] = []
        self.branches = [b for b in run.tape.branches if b.kind != "while"]
        self.next = 0

    def lines_before(self, node: Var) -> Iterator[Line]:
        """What is to be said before this value."""
        chain: list[int] = []
        scope = self.run.scope_of(node)
        while scope is not None:
            chain.append(scope)
            scope = self.run.scopes[scope].parent
        chain.reverse()
        if chain != self.open:
            yield Line("")
        for depth, number in enumerate(chain):
            if number not in self.open:
                record = self.run.scopes[number]
                turn = f", turn {record.iteration}" if record.iteration is not None else ""
                yield Line("", f"{'  ' * depth}{as_comment(record.title)}{turn}")
        yield from self._asked(node, self.run.scopes[chain[-1]].start if chain else 0)
        self.open = chain

    def _asked(self, node: Var, start: int) -> Iterator[Line]:
        while self.next < len(self.branches) and self.branches[self.next].at <= node.index:
            branch = self.branches[self.next]
            self.next += 1
            text = as_comment(self.run.text_of(branch.site))
            if branch.at >= start and text:
                yield Line("", f"{text} is {'true' if branch.taken else 'false'}")
