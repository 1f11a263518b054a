"""Trainings beside one another: with gradients that are never cleared, and with other optimizers.

Pure functions over plans and states, as the loop is; must not know how anything is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd_explain.core.shapes import as_value, zeros_of
from autograd_explain.train.loop import (
    Plan,
    State,
    Stop,
    Taken,
    beginning,
    is_finite,
    measured,
    norm_of,
    steps,
    updated,
    watched,
)


class Pair(NamedTuple):
    """One step of the right training, and the same step where no gradient is ever cleared.

    The gradients of `kept` are the sums that its update goes by: what the steps before had `left`, and `fresh`, those
    of this step. Once something is not finite, `kept` stays at the step where it was.
    """

    right: Taken
    kept: Taken
    left: Mapping[str, Any]
    fresh: Mapping[str, Any]


def keeping_gradients(plan: Plan, state: State, stop: Stop) -> Iterator[Pair]:
    """The right training, and beside it the one that keeps its gradients, until the right one stops.

    Raises what `steps` raises.
    """
    left: Mapping[str, Any] = {name: zeros_of(value) for name, value in state.parameters.items()}
    kept: Taken | None = None
    fresh = left
    for right in steps(plan, state, stop):
        if kept is None or is_finite(kept):
            with np.errstate(all="ignore"):
                left = left if kept is None else kept.gradients
                taken = measured(plan, state if kept is None else kept.after)
                fresh = taken.gradients
                kept = watched(plan, updated(plan, _added(taken, left)))
        yield Pair(right, kept, left, fresh)


def _added(taken: Taken, left: Mapping[str, Any]) -> Taken:
    """The step with what was left on top of its gradients."""
    sums = {name: as_value(left[name] + gradient) for name, gradient in taken.gradients.items()}
    return taken._replace(gradients=sums, norm=norm_of(sums))


def abreast(plans: Sequence[Plan], parameters: Mapping[str, Any], stop: Stop) -> Iterator[list[Taken | None]]:
    """One step of each plan after another, all from the same parameters; None for one that has stopped.

    Raises what `steps` raises.
    """
    walks = [steps(plan, beginning(plan, parameters), stop) for plan in plans]
    while True:
        taken = [next(walk, None) for walk in walks]
        if all(each is None for each in taken):
            return
        yield taken
