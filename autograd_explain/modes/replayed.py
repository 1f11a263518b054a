"""A way of recording that remembers: what was recorded before is gone through again wherever it may be.

Knows recordings and when they are of no use; must not know training.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from autograd_explain.modes.records import Recording
from autograd_explain.modes.replay import Passed, Replay, replay_of


class Replayed:
    """A way of recording that is gone through anew only where it must be.

    Called, it records as ever. `passed` and `value` give the same numbers sooner, from what was recorded before.
    """

    __slots__ = ("checked", "count", "plans", "record", "useless")

    MOST = 4  # recordings kept at a time: a table's batches come in two sizes
    TRIALS = 8  # recordings prepared in vain before that is given up, but for one in so many
    AGAIN = 64

    def __init__(self, record: Callable[[Mapping[str, Any], int], Recording], *, checked: bool = False) -> None:
        self.record = record
        self.checked = checked  # whether what is recorded is only promised to be the same each time
        self.count = 0
        self.plans: list[Replay] = []
        self.useless = 0

    def __call__(self, values: Mapping[str, Any], seed: int = 0) -> Recording:
        """A new recording."""
        return self.record(values, seed)

    def passed(self, values: Mapping[str, Any]) -> Passed | None:
        """The result and the gradients for these values; None where they must be recorded: then `keep` that."""
        found: Passed | None = self._first(lambda plan: plan.run(values))
        return found

    def is_due(self) -> bool:
        """Whether a promise is to be held against a new recording now: at passes 1, 2, 4, 8 and so on."""
        self.count += 1
        return self.checked and self.count & (self.count - 1) == 0

    def value(self, values: Mapping[str, Any]) -> Any:
        """The result alone for these values; None where they must be recorded."""
        return self._first(lambda plan: plan.value(values))

    def _first(self, ask: Callable[[Replay], Any]) -> Any:
        for plan in self.plans:
            found = ask(plan)
            if found is not None:
                self.useless = 0
                return found
        return None

    def keep(self, recording: Recording) -> None:
        """Prepare a recording for the values to come, unless that has been of no use many times over."""
        self.useless += 1
        if self.useless > self.TRIALS and self.useless % self.AGAIN:
            self.plans.clear()
            return
        plan = replay_of(recording)
        if plan is not None:
            shapes = [shape for _, _, shape in plan.inputs]
            others = [kept for kept in self.plans if [shape for _, _, shape in kept.inputs] != shapes]
            self.plans = [plan, *others][: self.MOST]
