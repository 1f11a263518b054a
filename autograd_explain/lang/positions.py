"""The normalised text, and the way back from its places to the text as typed.

Must not know the grammar: it joins tokens and counts.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from os.path import commonprefix
from typing import NamedTuple

from autograd_explain.lang.tokens import Token
from autograd_explain.source import Span

_WIDE = re.compile(r"[^\x00-\x7f]")


class _Run(NamedTuple):
    """A stretch of normalised text from `at` on, and the typed code points it stands for."""

    at: int
    start: int
    end: int
    verbatim: bool


@dataclass(frozen=True, slots=True)
class Positions:
    """A normalised text with the place every part of it was typed at."""

    text: str
    runs: Sequence[_Run]
    run_starts: Sequence[int]
    line_starts: Sequence[int]
    line_bytes: Sequence[int]
    wide_bytes: Sequence[int]
    """Byte offset of every non-ASCII character, for `ast` counts bytes of UTF-8."""
    surplus: Sequence[int]
    """How many bytes more than characters stand before the n-th non-ASCII character."""

    def of_byte(self, line: int, column: int) -> int:
        """Return the offset in the normalised text of an `ast` place: line from 1, column in UTF-8 bytes."""
        byte = self.line_bytes[line - 1] + column
        return byte - self.surplus[bisect_left(self.wide_bytes, byte)]

    def of_column(self, line: int, column: int) -> int:
        """Return the offset in the normalised text of a line from 1 and a column from 0, in characters."""
        line = min(max(line, 1), len(self.line_starts))
        end = self.line_starts[line] - 1 if line < len(self.line_starts) else len(self.text)
        return min(max(self.line_starts[line - 1] + column, self.line_starts[line - 1]), end)

    def typed(self, start: int, end: int) -> Span:
        """Return the span, in the text as typed, of the normalised range `[start, end)`."""
        if not self.runs:
            return Span(0, 0)
        first, last = self._run(start), self._run(max(end - 1, start))
        typed_start = first.start + (start - first.at if first.verbatim else 0)
        typed_end = last.start + (end - last.at) if last.verbatim else last.end
        return Span(min(typed_start, first.end), max(typed_start, min(typed_end, last.end)))

    def _run(self, offset: int) -> _Run:
        return self.runs[max(bisect_right(self.run_starts, offset) - 1, 0)]


def normalise(typed: str, tokens: Iterable[Token]) -> Positions:
    """Return the text that Python's parser reads, without comments and common indentation."""
    pieces = [token for token in _dedented(list(tokens)) if token.text]
    text = "".join([token.text for token in pieces])
    runs = _runs(typed, pieces)
    lines = text.split("\n")
    wide = [match.start() for match in _WIDE.finditer(text)]
    surplus = [0, *accumulate(len(text[position].encode()) - 1 for position in wide)]
    return Positions(
        text=text,
        runs=runs,
        run_starts=[run.at for run in runs],
        line_starts=[0, *accumulate(len(line) + 1 for line in lines[:-1])],
        line_bytes=[0, *accumulate(len(line.encode()) + 1 for line in lines[:-1])],
        wide_bytes=[position + before for position, before in zip(wide, surplus, strict=False)],
        surplus=surplus,
    )


def _runs(typed: str, pieces: Iterable[Token]) -> list[_Run]:
    """Return one run per piece, neighbours that were typed just so joined into one."""
    runs: list[_Run] = []
    at, run = 0, _Run(0, 0, 0, verbatim=False)
    reached = 0
    for _, text, start, end in pieces:
        verbatim = text == typed[start:end]
        if not (verbatim and run.verbatim and reached == start):
            runs.append(run._replace(end=reached))
            run = _Run(at, start, end, verbatim)
        reached = end
        at += len(text)
    return [*runs[1:], run._replace(end=reached)] if runs else []


def _dedented(tokens: list[Token]) -> list[Token]:
    """Return the tokens without the indentation all statements have in common."""
    indents = _indents(tokens)
    common = len(commonprefix(list(indents.values())))  # noqa: RUF071 - by characters is what is wanted
    for index, indent in indents.items() if common else ():
        token = tokens[index]
        tokens[index] = token._replace(text=indent[common:], start=token.start + common)
    return tokens


def _indents(tokens: list[Token]) -> dict[int, str]:
    """Return the index of each statement's first token on a line, with its indentation (maybe none)."""
    indents: dict[int, str] = {}
    depth, fresh = 0, True
    for index, token in enumerate(tokens):
        if fresh and not depth and _begins_statement(tokens, index):
            indents[index] = token.text if token.kind == "space" else ""
        depth += (token.kind == "open") - (token.kind == "close")
        fresh = token.kind == "newline" and token.text != ";"
    return indents


def _begins_statement(tokens: list[Token], index: int) -> bool:
    """True unless the line is blank or only a comment."""
    if tokens[index].kind == "space":
        index += 1
    return index < len(tokens) and tokens[index].kind not in {"newline", "comment"}
