"""The tape: every value of one run in the order it was made, and where in the program it was made.

The order of recording is an order in which every value follows what it was made from, so a sweep is a walk over
a list: no sorting, no recursion. The tape knows nothing of derivatives or text; `site` is whatever the caller
uses to find the place in its program again.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from autograd_explain.core.var import Var


class Scope(NamedTuple):
    """A call or a loop turn: the stretch of the tape recorded inside it."""

    start: int
    stop: int
    kind: str  # "call" or "loop"
    title: str
    iteration: int | None
    site: Any


class Turns(NamedTuple):
    """A loop that ran: where on the tape each turn began, and where the last one ended."""

    starts: list[int]
    stop: int
    title: str
    site: Any

    def scopes(self) -> list[Scope]:
        """A scope for each turn that recorded something, counted from 1."""
        ends = [*self.starts[1:], self.stop]
        pairs = enumerate(zip(self.starts, ends, strict=True), 1)
        return [Scope(a, b, "loop", self.title, turn, self.site) for turn, (a, b) in pairs if b > a]


class Branch(NamedTuple):
    """A condition the program asked, and which way it went."""

    node: int
    site: Any
    taken: bool
    kind: str  # "if", "while", "and", …
    at: int  # how many values had been recorded when it was asked


class Tape:
    """What one run recorded, appended to and never rewritten."""

    __slots__ = (
        "branches", "constants", "cuts", "held", "left", "lent", "names", "nodes", "once", "options", "reads",
        "scopes", "selectors", "site",
    )  # fmt: skip

    def __init__(self) -> None:
        self.nodes: list[Var] = []
        self.options: dict[int, dict[str, Any]] = {}
        self.names: dict[int, str] = {}
        self.scopes: list[Scope | Turns] = []  # in the order of leaving: inner ones first
        self.branches: list[Branch] = []
        self.constants: dict[Any, Var] = {}
        self.selectors: set[int] = set()  # values that were used to index an array
        self.held = False  # whether values were worked out without a record: see `no_grad` in `transforms`
        self.lent: set[int] = set()  # values that count as tracked only while a gradient by them is taken
        self.reads: set[int] = set()  # values the program read as plain numbers: others may lead to another record
        self.cuts: set[int] = set()  # those that went on as plain numbers, where no gradient follows them
        self.once = False  # whether only running the program anew gives what other values would record
        self.left: dict[str, Any] = {}  # the program's names and their values when it had run
        self.site: Any = None

    def settle(self) -> None:
        """Take back what was tracked only while a gradient by it was taken, and what followed from it."""
        if not self.lent:
            return
        for node in self.nodes[min(self.lent) :]:
            if node.inputs:
                node.tracked = node.op.differentiable and any(argument.tracked for argument in node.inputs)
        self.lent.clear()

    def leave_call(self, start: int, title: str, site: Any) -> None:
        """Note that everything recorded since `start` belongs to a call."""
        stop = len(self.nodes)
        if stop > start:
            self.scopes.append(Scope(start, stop, "call", title, None, site))

    def leave_loop(self, starts: list[int], stop: int, title: str, site: Any) -> None:
        """Note where the turns of a loop began that has ended, and where the last one ended."""
        if starts:
            self.scopes.append(Turns(starts, stop, title, site))


OPEN: ContextVar[tuple[Tape, ...]] = ContextVar("OPEN", default=())
"""The tapes that Python code is being recorded on, the innermost last."""
QUIET: ContextVar[bool] = ContextVar("QUIET", default=False)
"""Whether the code that runs is inside `no_grad`."""


@contextmanager
def uncollected() -> Iterator[None]:
    """No search for garbage inside, as it was before afterwards.

    A tape grows without leaving anything behind: looking through it for garbage doubles the time of a long run.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@contextmanager
def opened(tape: Tape) -> Iterator[Tape]:
    """Python code inside records on this tape: a gradient asked for there becomes part of the recording."""
    token = OPEN.set((*OPEN.get(), tape))
    try:
        yield tape
    finally:
        OPEN.reset(token)
