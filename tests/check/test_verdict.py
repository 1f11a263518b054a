"""The judgement all checkers share, and the rounding that excuses a difference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_explain import explain
from autograd_explain.check.rounding import spreads
from autograd_explain.check.verdict import judge, settled


@pytest.mark.parametrize(
    ("ours", "theirs", "spread", "kind", "digits"),
    [
        (1.0, 1.0, None, "same", 16),
        (1.0, 1.0 + 2e-12, None, "same", 11),
        (1.0, 1.001, None, "apart", None),
        (1.0, 1.0001, 1e-4, "rounded", 4),
        (1.0, 1.5, 1.0, "lost", 0),
        (1.0, 1.5, 1e-9, "apart", None),
        (1e-17, 0.0, 1e-17, "rounded", 0),
        (float("nan"), 1.0, 1.0, "apart", None),
        ([1.0, 1e-12], [1.0, 2e-12], None, "apart", None),  # a small entry beside a large one counts
    ],
)
def test_judgement(ours: Any, theirs: Any, spread: Any, kind: Any, digits: Any) -> None:
    judgement = judge(ours, theirs, spread)
    assert (kind, digits) == (judgement.kind, judgement.digits)


def test_what_moves_with_more_digits_was_nothing() -> None:
    assert [0.0, 0.0, 2.0] == list(settled(np.array([1e-50, 0.0, 2.0]), np.array([1e-70, -1e-70, 2.0])))


def test_the_spread_is_large_where_digits_cancel_and_small_where_they_do_not(written: Any) -> None:
    lost = written("((1e16 + x) - 1e16)**2", x=3.0)
    kept = written("(1 - sigmoid(x))**2", x=0.3)
    assert spreads(lost.sweep, [lost.recording.inputs["x"]])[0] >= 2.0
    assert spreads(kept.sweep, [kept.recording.inputs["x"]])[0] <= 1e-14


@pytest.mark.parametrize("program", ["std(a, ddof=1)", "var(a)", "std(a)**2 + sum(a)*0", "var(a*1)"])
def test_an_entry_at_the_mean_is_within_rounding_of_it(program: str) -> None:
    a = [-1.2827, -0.6327, -0.9577, 0.3423]  # the second entry is the mean but for the last bits of all four
    assert {"agrees"} == {result.status for result in explain(program, a=a, check=True).checks}


def test_inputs_of_entrywise_operations_are_as_exact_as_they_were_given(written: Any) -> None:
    near = written("log(x - 1)", x=1.0 + 2.0**-40)
    slope = 2.0**40
    assert spreads(near.sweep, [near.recording.inputs["x"]])[0] <= 1e-15 * slope
