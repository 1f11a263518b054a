"""What a sweep leaves behind: for every recorded value its gradient, for every edge its contribution."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from autograd_explain.core.tape import Tape
from autograd_explain.core.var import Var


class Part(NamedTuple):
    """One edge walked backwards: what one use of a value contributes to its gradient.

    `local` is the elementwise local derivative, None for structured operations. `after` = `before` +
    `contribution`, exactly.
    """

    position: int
    target: Var
    local: Any
    contribution: Any
    before: Any
    after: Any


class Step(NamedTuple):
    """One recorded operation walked backwards: its upstream handed on to each tracked argument."""

    number: int
    node: Var
    upstream: Any
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Sweep:
    """A finished reverse sweep over a tape.

    `gradients[i]` is the total that reached value i (None where no path led); `contributions` holds one entry
    per edge in the order of the walk, so that steps can be read off again without differentiating anew.
    """

    tape: Tape
    result: Var
    seed: Any
    gradients: list[Any]
    contributions: list[Any]


@dataclass(frozen=True, slots=True)
class Recording:
    """One forward pass, and the way to run the same program again.

    `rerun(values)` runs it on other values by name: floats, arrays, or any `Traced` numbers, and returns what
    the program returns for them. Nothing it does reaches this tape.
    """

    tape: Tape
    result: Var
    inputs: dict[str, Var]
    rerun: Callable[[Mapping[str, Any]], Any]

    def cut_inputs(self) -> frozenset[str]:
        """The tracked inputs whose numbers went on somewhere without their gradient: see `Tape.cuts`."""
        cut = {place for place in self.tape.cuts if self.tape.nodes[place].tracked}
        for node in reversed(self.tape.nodes if cut else ()):
            if node.index in cut:
                cut.update(argument.index for argument in node.inputs if argument.tracked)
        return frozenset(name for name, node in self.inputs.items() if node.index in cut)

    def class_numbers(self) -> frozenset[str]:
        """The inputs that were used for nothing but selecting entries: class numbers and index arrays."""
        selectors = set(self.tape.selectors)
        choosers = [node for node in self.tape.nodes if node.op.selects is not None]
        if not selectors and not choosers:
            return frozenset()
        chosen = {id(node): node.op.selects(*(a.value for a in node.inputs)) for node in choosers if node.op.selects}
        others: set[int] = set()
        for node in self.tape.nodes:
            positions = chosen.get(id(node), ())
            for position, argument in enumerate(node.inputs):
                (selectors if position in positions else others).add(argument.index)
        return frozenset(n for n, node in self.inputs.items() if node.index in selectors and node.index not in others)
