"""The limits that keep every run bounded, and the error for passing one.

Must not know who counts what: callers compare and raise `exceeded(...)`.
"""

from dataclasses import dataclass

from autograd_explain.errors import LimitError
from autograd_explain.source import Source, Span


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a program may ask for; the field names are those of `--limit NAME=N`."""

    nodes: int = 1_000_000
    """Recorded operations."""
    statements: int = 10_000_000
    """Executed statements; long ones, calls, and operations on arrays count as several, by the time they take.

    After 100,000 turns of `while`, 100,000 calls or 1,000,000 turns of `for` each further one counts eightfold, so
    that a program without end is stopped soon.
    """
    depth: int = 200
    """Calls of the user's functions inside one another."""
    elements: int = 10_000_000
    """Entries of one array; all the arrays that are recorded may have eight times as many."""
    text: int = 1_000_000
    """Characters of the program."""
    nesting: int = 180
    """Brackets, or operators, inside one another."""


DEFAULT_LIMITS = Limits()


def exceeded(
    name: str, limit: int, what: str, *, span: Span | None = None, source: Source | None = None
) -> LimitError:
    """Return the error `more than LIMIT WHAT`, with the option that raises the limit `name` as its hint."""
    return LimitError(
        f"more than {limit:,} {what}", span=span, source=source, hint=f"--limit {name}=N raises it"
    )
