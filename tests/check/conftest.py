"""Recordings made by hand: an ordinary function over recorded values, and the same function for running again."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import autograd_explain.ops  # noqa: F401 - fills the table
from autograd_explain.check import closed, finite, symbolic
from autograd_explain.check.result import CheckResult
from autograd_explain.check.run import check
from autograd_explain.core.op import Op, apply
from autograd_explain.core.registry import OPERATIONS
from autograd_explain.core.tape import Tape
from autograd_explain.core.var import leaf
from autograd_explain.lang.calls import function_names
from autograd_explain.lang.interpret import record
from autograd_explain.lang.parse import parse
from autograd_explain.limits import DEFAULT_LIMITS
from autograd_explain.modes.records import Recording, Sweep
from autograd_explain.modes.reverse import reverse


@dataclass(frozen=True)
class Run:
    """A recording with its sweep, and the verdicts on it by target."""

    recording: Recording
    sweep: Sweep

    def by(self, checker: str) -> dict[str, CheckResult]:
        """The verdicts of one checker by target."""
        return {result.target: result for result in check(self.recording, self.sweep, (checker,))}

    def status(self, checker: str) -> dict[str, str]:
        """The statuses of one checker by target."""
        return {name: result.status for name, result in self.by(checker).items()}


def recorded(
    function: Callable[..., Any], *, wrt: Collection[str] | None = None, upstream: Any = None, **values: Any
) -> Run:
    tape = Tape()
    inputs = {
        name: leaf(
            tape, name, value if type(value) is float else np.asarray(value, float), tracked=wrt is None or name in wrt
        )
        for name, value in values.items()
    }
    result = function(**inputs)
    return Run(Recording(tape, result, inputs, lambda others: function(**others)), reverse(tape, result, upstream))


def written(text: str, *, wrt: Collection[str] | None = None, seed: int = 0, **values: Any) -> Run:
    parsed = parse(text, function_names(), DEFAULT_LIMITS)
    given = {n: value if type(value) is float else np.asarray(value, float) for n, value in values.items()}
    recording = record(parsed, given, tracked=wrt, seed=seed)
    return Run(recording, reverse(recording.tape, recording.result))


@pytest.fixture(name="recorded")
def _recorded() -> Callable[..., Run]:
    return recorded


@pytest.fixture(name="written")
def _written() -> Callable[..., Run]:
    return written


@pytest.fixture
def call() -> Callable[..., Any]:
    """An operation of the table, or a row in its place, on arguments with its default options."""

    def operate(op: str | Op, *args: Any, **options: Any) -> Any:
        row = OPERATIONS[op] if isinstance(op, str) else op
        return apply(row, *args, **{**{o.name: o.default for o in row.options}, **options})

    return operate


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the counts decide alone: a busy machine must not turn a verdict into `undecided` here."""
    monkeypatch.setattr(closed, "WORKER_SECONDS", 60.0)
    monkeypatch.setattr(finite, "SECONDS", 60.0)
    monkeypatch.setattr(symbolic, "SECONDS", 60.0)
