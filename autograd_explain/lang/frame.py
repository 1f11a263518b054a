"""The state of one run of a program: the tape, the names in force, and what is left of the limits.

Knows nothing of syntax; compiled code reads and writes it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

import numpy as np

from autograd_explain.core.shapes import show_shape
from autograd_explain.core.tape import Branch, Tape
from autograd_explain.core.traced import Traced
from autograd_explain.core.var import Var, constant
from autograd_explain.errors import DomainError
from autograd_explain.limits import Limits, exceeded

_FRAMES = 30_000  # Python frames: 200 calls of functions whose bodies are nested as deep as the language allows
_WORDS = 140_000  # of that stack, of which Python then takes twice as much
_ALWAYS = 100_000  # turns of `while`, and calls, that count once
_KNOWN = 1_000_000  # turns of `for` that count once
_LATER = 8  # how often each later one counts, and what it does to arrays
_ARRAYS = 8  # how many of the largest arrays a run may record


@dataclass(slots=True)
class Run:
    """What all frames of one run share."""

    tape: Tape
    limits: Limits
    seed: int
    functions: dict[str, Any] = field(default_factory=dict)  # `lang.custom.Own` by name
    rules: dict[str, Any] = field(default_factory=dict)  # the `@backward_of` rule of a function, by its name
    statements: int = 0
    repeats: int = 0  # turns of `while`, and calls of the program's functions
    turns: int = 0  # turns of `for`
    entries: int = 0
    weighed: int = 0  # how many of the recorded values are counted in `entries`
    depth: int = 0
    last: Any = None
    settled: set[tuple[Any, bool]] = field(default_factory=set)
    literals: dict[Any, Var] = field(default_factory=dict)  # the constants that the program's own numbers became
    generator: Any = None

    def random(self) -> np.random.Generator:
        """The run's own random numbers, the same for one seed; made when first asked for, since it costs."""
        self.tape.once = True
        if self.generator is None:
            self.generator = np.random.default_rng(self.seed)
        return self.generator  # type: ignore[no-any-return]

    def spend(self, statements: int) -> None:
        """Count statements about to run; raises LimitError when a limit is passed."""
        self.statements += statements
        if self.statements > self.limits.statements:
            raise exceeded("statements", self.limits.statements, "statements were run")
        if len(self.tape.nodes) > self.limits.nodes:
            raise exceeded("nodes", self.limits.nodes, "operations were recorded")

    def again(self, statements: int) -> None:
        """Count a turn of a `while` or a call; after many of them each counts more, to find soon what has no end."""
        self.repeats += 1
        self.spend(statements if self.repeats <= _ALWAYS else _LATER * statements)

    def onward(self, statements: int) -> None:
        """Count a turn of a `for`, whose end is known: many more of them work at their own price."""
        self.turns += 1
        self.spend(statements if self.turns <= _KNOWN else _LATER * statements)

    def worked(self, statements: int) -> None:
        """Count an operation on arrays, and what the recorded arrays hold; raises LimitError as `spend` does."""
        early = self.repeats <= _ALWAYS and self.turns <= _ALWAYS
        self.spend(statements if early else _LATER * statements)
        recorded = self.tape.nodes[self.weighed :]
        self.weighed += len(recorded)
        for node in recorded:
            value = node.value
            if type(value) is not float:
                self.entries += value.size
        most = _ARRAYS * self.limits.elements
        if self.entries > most:
            raise exceeded("elements", most, "entries in all arrays together")


@contextmanager
def deep_calls() -> Iterator[None]:
    """Room on Python's stack for as many calls as the language allows, put back afterwards."""
    frames = sys.getrecursionlimit()
    sys.setrecursionlimit(max(frames, _FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(frames)


def _called(function: Callable[..., Any], *args: Any) -> Any:
    return function(*args)


on_one_stretch = FunctionType(_called.__code__.replace(co_stacksize=_WORDS), globals())
"""Call a function with so much of Python's stack in one piece that calls inside one another fit.

Python takes its stack from the system in small pieces. A recursion that goes to and fro over the end of one asks for
it and gives it back at each call, which takes as long as the program itself. One large frame brings a large piece.
"""


@dataclass(slots=True)
class Frame:
    """The names of one call, or of the program itself, and the run they belong to."""

    names: dict[str, Any]
    program_names: dict[str, Any]
    run: Run
    tape: Tape


def plain(value: Any) -> Any:
    """The number behind a value, recorded or not."""
    return value.value if isinstance(value, Traced) else value


def read(value: Any) -> Any:
    """The number behind a value that decides what happens next: where it is recorded, the tape notes that."""
    return value.read() if type(value) is Var else plain(value)


def cut(value: Any) -> Any:
    """The number behind a value that is calculated with as a plain one: the tape notes where no gradient passes."""
    return value.cut() if type(value) is Var else plain(value)


def named(frame: Frame, value: Any, site: Any) -> Any:
    """A plain number about to meet a recorded one: recorded as a constant, at its own place in the text."""
    return value if isinstance(value, (Traced, tuple)) else constant(frame.tape, value, site)


def decide(frame: Frame, value: Any, site: Any, kind: str) -> bool:
    """Which way a condition goes; the branch is noted on the tape.

    Raises DomainError unless the condition has exactly one entry.
    """
    number = value.value if type(value) is Var else plain(value)
    if type(number) is not float and np.size(number) != 1:
        raise DomainError(
            f"a condition needs one number, this one has shape {show_shape(np.shape(number))}",
            hint="to choose entry by entry write where(condition, a, b)",
        )
    taken = number != 0.0 if type(number) is float else bool(np.ravel(number)[0])
    if type(value) is Var:
        node = value
    elif (site, taken) in frame.run.settled:
        return taken  # a condition on plain numbers is told once for each way it went, not at every turn
    else:
        frame.run.settled.add((site, taken))
        node = constant(frame.tape, 1.0 if taken else 0.0, site)
    frame.tape.branches.append(Branch(node.index, site, taken, kind, len(frame.tape.nodes)))
    return taken


def whole(value: Any, what: str) -> int:
    """A value as a whole number, for indices and counts.

    Raises DomainError where it is not one.
    """
    number = read(value)
    if type(number) is float and number.is_integer():
        return int(number)
    if np.size(number) == 1 and (single := float(np.ravel(number)[0])).is_integer():
        return int(single)
    raise DomainError(f"{what} must be a whole number", hint="round(x) and floor(x) make one")
