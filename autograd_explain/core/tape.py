"""The tape: every value of one run in the order it was made, and where in the program it was made.

The order of recording is an order in which every value follows what it was made from, so a sweep is a walk over
a list: no sorting, no recursion. The tape knows nothing of derivatives or text; `site` is whatever the caller
uses to find the place in its program again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograd_explain.core.var import Var


@dataclass(slots=True)
class Scope:
    """A call or a loop turn: the stretch of the tape recorded inside it."""

    parent: int | None
    kind: str  # "call" or "loop"
    title: str
    iteration: int | None
    site: Any
    start: int
    stop: int = -1


@dataclass(frozen=True, slots=True)
class Branch:
    """A condition the program asked, and which way it went."""

    node: int
    site: Any
    taken: bool
    kind: str  # "if", "while", "and", …
    at: int  # how many values had been recorded when it was asked


class Tape:
    """What one run recorded, appended to and never rewritten."""

    __slots__ = ("branches", "constants", "names", "nodes", "open_scope", "options", "scopes", "selectors", "site")

    def __init__(self) -> None:
        self.nodes: list[Var] = []
        self.options: dict[int, dict[str, Any]] = {}
        self.names: dict[int, str] = {}
        self.scopes: list[Scope] = []
        self.branches: list[Branch] = []
        self.constants: dict[Any, Var] = {}
        self.selectors: set[int] = set()  # values that were used to index an array
        self.open_scope: int | None = None
        self.site: Any = None

    def enter(self, kind: str, title: str, iteration: int | None, site: Any) -> int | None:
        """Open a scope; returns the one to hand back to `leave`."""
        outer = self.open_scope
        self.scopes.append(Scope(outer, kind, title, iteration, site, len(self.nodes)))
        self.open_scope = len(self.scopes) - 1
        return outer

    def leave(self, outer: int | None) -> None:
        """Close the open scope and return to the one around it."""
        if self.open_scope is not None:
            self.scopes[self.open_scope].stop = len(self.nodes)
        self.open_scope = outer
