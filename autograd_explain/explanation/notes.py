"""The notes: which question arises at which step, and its answer in this run's numbers.

A kind of note is one row of `STEP_TRIGGERS`, or one generator over the whole run. A kind is told in full once;
after that a short reference points back. The order of the rows is their rank: a view shows the first two of a step.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from autograd_explain.explanation import (
    diagnosis,
    guards,
    lost_digits,
    notes_arrays,
    notes_corners,
    notes_run,
    notes_steps,
)
from autograd_explain.explanation.model import Note
from autograd_explain.explanation.telling import Trigger, Walk
from autograd_explain.modes.records import Step

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

STEP_TRIGGERS: dict[str, Trigger] = {
    "where-nan": guards.where_nan,
    "non-finite": diagnosis.non_finite,
    "kink": notes_corners.at_kink("kink"),
    "tie": notes_corners.at_kink("tie"),
    "cancellation": lost_digits.cancellation,
    "saturation": notes_steps.saturation,
    "dead-relu": notes_steps.dead_relu,
    "zero-slope": notes_steps.zero_slope,
    "custom-rule": notes_steps.custom_rule,
    "softmax-cross-entropy": notes_arrays.softmax_cross_entropy,
    "where": notes_steps.where,
    "accumulation": notes_steps.accumulation,
    "order": notes_steps.order,
    "broadcast": notes_arrays.broadcast,
    "matmul": notes_arrays.matmul,
    "reduction": notes_arrays.reduction,
    "exponent": notes_steps.exponent,
    "subtraction": notes_steps.subtraction,
    "uses-output": notes_steps.uses_output,
}


_TWICE = frozenset({
    "accumulation", "order", "broadcast", "reduction", "custom-rule", "uses-output", "subtraction", "exponent",
    "matmul",
})  # fmt: skip
"""Told in full, once by a reference, and then no more: after that nobody asks again."""


_CHOICES = frozenset({"kink", "tie"})


def notes(run: Explanation) -> Iterator[Note]:
    """Every note of the run: before the sweep, at its steps in order, and about its outcome."""
    first: dict[str, int] = {}
    referred: set[str] = set()
    for note in notes_run.at_end_of_forward(run):
        first.setdefault(note.kind, 0)
        yield note
    walk = Walk(run, chooses=any(node.op.name == "where" for node in run.operations))
    for step in run.walk():
        yield from _at_step(walk, step, first, referred)
        for part in step.parts:
            walk.reached[part.target.index] = walk.reached.get(part.target.index, 0) + 1
            walk.firsts.setdefault(part.target.index, part.contribution)
    yield from diagnosis.first_non_finite_value(run)
    yield from diagnosis.lost_along_paths(run)
    yield from notes_run.unused(run)
    yield from notes_run.meaning(run, walk.corners)


def _at_step(walk: Walk, step: Step, first: dict[str, int], referred: set[str]) -> Iterator[Note]:
    for kind, trigger in STEP_TRIGGERS.items():
        told = None if kind in referred and kind in _TWICE else trigger(walk, step)
        if told is None:
            continue
        if kind in _CHOICES:
            walk.corners.add(step.node.index)
        if kind not in first:
            first[kind] = step.number
            yield Note(kind, step.node.index, step.number, told[0])
        elif told[1]:
            referred.add(kind)
            where = f"as at step {first[kind]}" if first[kind] else "as told above"
            text = f"{told[1]} ({where})"
            yield Note(kind, step.node.index, step.number, text, short=True)
