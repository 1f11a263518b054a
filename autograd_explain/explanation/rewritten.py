"""A program with parts of its text replaced, run again on the same values: how a rewrite is tried out."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from autograd_explain.errors import ExplainError

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation
    from autograd_explain.lang.parse import Parsed

_LARGEST = 5_000  # operations of a run that is run again


class Region(NamedTuple):
    """A part of the text that was replaced: what it was, and where the new text stands now."""

    old: str
    start: int
    stop: int


class Rewriting(NamedTuple):
    """A run, its program as it reads now, and the parts that are new."""

    run: Explanation
    parsed: Parsed
    regions: tuple[Region, ...] = ()

    @staticmethod
    def of(run: Explanation) -> Rewriting | None:
        """Nothing replaced so far; None where there is no text, or the run is a long one."""
        parsed = run.parsed
        return Rewriting(run, parsed) if parsed is not None and len(run.operations) <= _LARGEST else None

    def with_new(self, site: ast.expr, text: str) -> Rewriting | None:
        """The program with another text for one expression of it; None where it no longer reads as a program."""
        from autograd_explain.lang.calls import function_names
        from autograd_explain.lang.parse import parse

        before, positions = self.parsed.positions.text, self.parsed.positions
        start = positions.of_byte(site.lineno, site.col_offset)
        stop = positions.of_byte(site.end_lineno or site.lineno, site.end_col_offset or site.col_offset)
        after = before[:start] + text + before[stop:]
        try:
            parsed = parse(after, function_names())
        except ExplainError:
            return None
        return Rewriting(self.run, parsed, _moved(self.regions, Region(before[start:stop], start, stop), len(text)))

    def explained(self) -> Explanation | None:
        """The program as it reads now on the values of the run; None where it fails."""
        from autograd_explain.explanation.build import Explanation
        from autograd_explain.lang.interpret import record
        from autograd_explain.modes.reverse import reverse

        inputs = self.run.recording.inputs
        tracked = [name for name, node in inputs.items() if node.tracked]
        try:
            recording = record(self.parsed, {name: node.value for name, node in inputs.items()}, tracked=tracked)
            return Explanation(recording, reverse(recording.tape, recording.result, self.run.sweep.seed), self.parsed)
        except ExplainError:
            return None

    def told(self) -> str:
        """`write NEW for OLD`, for every part that is new."""
        text = self.parsed.positions.text
        parts = [f"{' '.join(text[new.start : new.stop].split())} for {new.old}" for new in self.regions]
        return "write " + ", and ".join(parts)


def _moved(regions: tuple[Region, ...], new: Region, length: int) -> tuple[Region, ...]:
    """The regions after one more replacement: one that holds it grows, those inside it go, those behind it move."""
    grown = length - (new.stop - new.start)
    kept: list[Region] = []
    inside = False
    old = new.old
    for region in regions:
        if region.start <= new.start and new.stop <= region.stop:
            kept.append(Region(region.old, region.start, region.stop + grown))
            inside = True
        elif new.start <= region.start and region.stop <= new.stop:
            at, end = region.start - new.start, region.stop - new.start
            old = old[:at] + region.old + old[end:]
        else:
            move = grown if region.start >= new.stop else 0
            kept.append(Region(region.old, region.start + move, region.stop + move))
    own = [] if inside else [Region(old, new.start, new.start + length)]
    return tuple(sorted([*kept, *own], key=lambda region: region.start))
