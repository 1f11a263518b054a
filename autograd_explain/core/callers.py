"""Where in a Python function each recorded value comes from.

A tape that is asked for its place looks for the function's own frame among its callers. Only a function that is being
explained is recorded on such a tape; no other recording pays for it.
"""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any, NamedTuple

from autograd_explain.core.tape import Tape
from autograd_explain.source import Source, Span


class Place(NamedTuple):
    """An instruction of the function: its code and where in it."""

    code: CodeType
    instruction: int


class FollowedTape(Tape):
    """A tape that knows which instruction of a function each value was recorded by."""

    __slots__ = ("_codes",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self._codes = frozenset(_codes(getattr(function, "__code__", None)))
        super().__init__()

    @property
    def site(self) -> Place | None:
        """The function's instruction that is running now; None where the function has no code of its own."""
        frame = sys._getframe(1) if self._codes else None  # noqa: SLF001 - the one way to ask who is calling
        while frame is not None and frame.f_code not in self._codes:
            frame = frame.f_back
        return None if frame is None else Place(frame.f_code, frame.f_lasti)

    @site.setter
    def site(self, _place: Any) -> None:
        """Nothing: the callers say where the run is."""


def _codes(code: CodeType | None) -> Iterator[CodeType]:
    """The function's code and that of the functions written inside it."""
    if code is not None:
        yield code
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                yield from _codes(constant)


def _defines(text: str, code: CodeType | None) -> bool:
    """Whether the text has a function of this code's name: `exec` and a file that was edited lead Python to others."""
    if code is None:
        return True
    made = r"\blambda\b" if code.co_name == "<lambda>" else rf"\bdef\s+{re.escape(code.co_name)}\b"
    return re.search(made, text) is not None


class PythonSource:
    """The text of a Python function, and the place of each instruction in it. Raises OSError where there is no text."""

    tree = None

    def __init__(self, function: Callable[..., Any]) -> None:
        try:
            lines, first = inspect.getsourcelines(function)
        except TypeError as error:
            raise OSError(str(error)) from None
        text = textwrap.dedent("".join(lines)).rstrip("\n")
        if not _defines(text, getattr(inspect.unwrap(function), "__code__", None)):
            raise OSError("Python has another text under the name of the function's file")
        self.source = Source(text)
        self._first = first
        self._typed = lines
        self._starts = [0]
        for line in text.split("\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)

    def span(self, place: Place | None) -> Span | None:
        """The part of the text that the instruction was made from; its line where Python keeps no more."""
        if place is None:
            return None
        line, last, column, end = next(
            (where for n, where in enumerate(place.code.co_positions()) if 2 * n == place.instruction), (None,) * 4
        )
        if line is None or not 0 <= line - self._first < len(self._typed):
            return None
        if last is None or column is None or end is None or not last - self._first < len(self._typed):
            start = self._starts[line - self._first]
            return Span(start, self._starts[line - self._first + 1] - 1)
        return Span(self._at(line - self._first, column), self._at(last - self._first, end))

    def _at(self, row: int, column: int) -> int:
        """A column of a line as typed, which Python counts in bytes, in the text without the common indent."""
        typed = self._typed[row]
        points = len(typed.encode()[:column].decode(errors="ignore"))
        width = len(typed.rstrip("\n")) - (self._starts[row + 1] - 1 - self._starts[row])
        return self._starts[row] + max(points - width, 0)

    def text_of(self, place: Place | None) -> str:
        """The text of a place; nothing where it is not in this text."""
        span = self.span(place)
        return "" if span is None else self.source.text[span.start : span.end]


def place_of(error: BaseException, function: Callable[..., Any]) -> Place | None:
    """The instruction of the function that an error came up through; None where it came from elsewhere."""
    codes = frozenset(_codes(getattr(function, "__code__", None)))
    found = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code in codes:
            found = Place(trace.tb_frame.f_code, trace.tb_lasti)
        trace = trace.tb_next
    return found


def source_of(function: Callable[..., Any]) -> PythonSource | None:
    """The function's text, None where there is none: typed into a prompt, or made by a program."""
    try:
        return PythonSource(function)
    except (OSError, IndentationError, SyntaxError):
        return None
