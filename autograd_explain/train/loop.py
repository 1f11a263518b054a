"""The loop: forward, gradients, update, again. One step is a pure function of the plan and the state before it.

Nothing is printed or stored; whoever iterates decides what becomes of a step.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from autograd_explain.core.shapes import shape_of
from autograd_explain.errors import DomainError, InputError
from autograd_explain.modes.records import Recording, Sweep
from autograd_explain.modes.reverse import reverse
from autograd_explain.train.objective import Data, Record, all_finite, checked_loss
from autograd_explain.train.rules import Chosen, follow

Memory = Mapping[str, Any]
See = Callable[[str, Any], Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything about a training that stays the same from step to step."""

    record: Record
    optimizer: Chosen
    schedules: tuple[Chosen, ...] = ()
    clipping: tuple[Chosen, ...] = ()
    fixed: Mapping[str, Any] = field(default_factory=dict)
    data: Data = field(default_factory=Data)
    seed: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """Everything that changes: with the plan, all there is to know for going on.

    `memory` is what the optimizer keeps for each parameter. `best` is the lowest loss of an epoch so far, `stale`
    the epochs since, `total` the sum of this epoch's losses.
    """

    step: int
    parameters: Mapping[str, Any]
    memory: Mapping[str, Memory]
    best: float = math.inf
    stale: int = 0
    total: float = 0.0


class Taken(NamedTuple):
    """One step. Loss and gradients are those before the update, parameters those after it.

    `norm` is the length of all gradients taken together; `held_out` is the loss on the rows never trained on, at the
    end of an epoch. `stop` says why this is the last step, "" where it is not.
    """

    number: int
    epoch: int
    loss: float
    gradients: dict[str, Any]
    norm: float
    learning_rate: float
    before: State
    after: State
    recording: Recording
    sweep: Sweep
    held_out: float | None = None
    stop: str = ""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The parameters after the update."""
        return self.after.parameters


@dataclass(frozen=True, slots=True)
class Stop:
    """When to stop: after a number of further steps, below a value, or when nothing has improved for long.

    `until` is a text such as `loss<1e-6`, `gradient<1e-8` or `held-out<0.1`; `patience` counts epochs.
    """

    steps: int | None = None
    until: tuple[str, float] | None = None
    patience: int | None = None


_UNTIL = re.compile(r"\s*(loss|gradient|held-out)\s*<\s*([0-9.]+(?:[eE][+-]?[0-9]+)?)\s*")


def read_until(text: str) -> tuple[str, float]:
    """The quantity and the bound in `loss<1e-6`. Raises InputError for anything else."""
    match = _UNTIL.fullmatch(text)
    try:
        return match[1], float(match[2])  # type: ignore[index]
    except (TypeError, ValueError):
        hint = "loss<1e-6, gradient<1e-8 or held-out<0.1"
        raise InputError(f"'{text}' does not say when to stop", hint=hint) from None


def beginning(plan: Plan, parameters: Mapping[str, Any]) -> State:
    """The state before the first step."""
    return State(0, dict(parameters), {name: dict(plan.optimizer.recipe.keeps) for name in parameters})


def steps(plan: Plan, state: State, stop: Stop) -> Iterator[Taken]:
    """One step after another from a state on; the last one says why it is.

    Raises ShapeError where the result is not one number, and what the program itself runs into.
    """
    if stop.until is not None and stop.until[0] == "held-out" and not plan.data.holdout:
        raise DomainError("nothing is held out, so its loss cannot be waited for", hint="--holdout 0.2")
    count = 0
    while stop.steps is None or count < stop.steps:
        count += 1
        with np.errstate(all="ignore"):
            taken = watched(plan, take(plan, state))
        why = _why(taken, stop) or ("steps" if count == stop.steps else "")
        yield taken._replace(stop=why)
        if why:
            return
        state = taken.after


def _why(taken: Taken, stop: Stop) -> str:
    if not is_finite(taken):
        return "not finite"
    if stop.until is not None:
        known = {"loss": taken.loss, "gradient": taken.norm, "held-out": taken.held_out}[stop.until[0]]
        if known is not None and known < stop.until[1]:
            return "until"
    return "patience" if stop.patience is not None and taken.after.stale >= stop.patience else ""


def is_finite(taken: Taken) -> bool:
    """Whether the loss and all gradients of a step are finite; no update is made where they are not."""
    return math.isfinite(taken.loss) and all_finite(iter(taken.gradients.values()))


def take(plan: Plan, state: State) -> Taken:
    """One step from a state: forward pass, gradients, update."""
    return updated(plan, measured(plan, state))


def measured(plan: Plan, state: State) -> Taken:
    """The first half of a step, forward pass and gradients: nothing is updated yet."""
    number = state.step + 1
    recording = checked_loss(forward(plan, plan.data.at(number), state.parameters, number))
    sweep = reverse(recording.tape, recording.result)
    gradients = {name: _gradient(recording, sweep, name) for name in state.parameters}
    norm = norm_of(gradients)
    rate = rate_at(plan, number)
    return Taken(
        number, plan.data.epoch_of(number), recording.result.value, gradients, norm, rate, state, state, recording,
        sweep,
    )  # fmt: skip


def updated(plan: Plan, taken: Taken) -> Taken:
    """The second half of a step, the update by its gradients; none is made where something is not finite."""
    if not is_finite(taken):
        return taken
    state, gradients = taken.before, taken.gradients
    known = {name: dict(updating(plan, taken, name)) for name in gradients}
    parameters = {name: _shaped(new["w"], state.parameters[name]) for name, new in known.items()}
    memory = {name: {kept: known[name].get(kept, old) for kept, old in m.items()} for name, m in state.memory.items()}
    return taken._replace(after=replace(state, step=taken.number, parameters=parameters, memory=memory))


def _shaped(value: Any, before: Any) -> Any:
    return value if shape_of(value) == shape_of(before) else np.broadcast_to(value, shape_of(before)).copy()


def forward(plan: Plan, data: Mapping[str, Any], parameters: Mapping[str, Any], number: int) -> Recording:
    """The forward pass of a step; random numbers are drawn afresh at each."""
    return plan.record({**plan.fixed, **data, **parameters}, plan.seed + number - 1)


def _gradient(recording: Recording, sweep: Sweep, name: str) -> Any:
    node = recording.inputs[name]
    total = sweep.gradients[node.index]
    return 0.0 * node.value if total is None else total


def norm_of(gradients: Mapping[str, Any]) -> float:
    """The length of all gradients taken together."""
    flat = [abs(g) if type(g) is float else float(np.linalg.norm(g)) for g in gradients.values()]
    return math.hypot(*flat)


def rate_at(plan: Plan, number: int) -> float:
    """The learning rate at a step, after every schedule."""
    rate: float = float(plan.optimizer.settings["lr"])
    for _, value in scheduling(plan, number):
        rate = value
    return rate


def scheduling(plan: Plan, number: int, see: See | None = None) -> Iterator[tuple[str, Any]]:
    """Each line of the schedules with what it makes of the learning rate, as `see` lets later lines see it."""
    facts = {"t": float(number), "pi": math.pi}
    rate = float(plan.optimizer.settings["lr"])
    for chosen in plan.schedules:
        known = _seen({**chosen.settings, **facts, "lr": rate}, see)
        for name, value in follow(chosen.lines(facts), known, see):
            yield name, value
            rate = float(getattr(value, "value", value))


def updating(
    plan: Plan, taken: Taken, name: str, see: See | None = None, at: Callable[[Any], Any] | None = None
) -> Iterator[tuple[str, Any]]:
    """Each line of one parameter's update, clipping first, with its value.

    `at` picks what the lines work on out of each quantity (all of it, unless given); `see` turns quantities into what
    the lines are run on, such as formulas.
    """
    facts = {"t": float(taken.number), "norm": taken.norm, "lr": taken.learning_rate}
    own = {"w": taken.before.parameters[name], "g": taken.gradients[name], **taken.before.memory[name]}
    known = {quantity: at(value) if at else value for quantity, value in own.items()}
    for chosen in (*plan.clipping, plan.optimizer):
        at_hand = _seen({**chosen.settings, **facts, **known}, see)
        for quantity, value in follow(chosen.lines(facts), at_hand, see):
            yield quantity, value
            if quantity in known:
                known[quantity] = getattr(value, "value", value) if see else value


def _seen(known: dict[str, Any], see: See | None) -> dict[str, Any]:
    return known if see is None else {name: see(name, value) for name, value in known.items()}


def watched(plan: Plan, taken: Taken) -> Taken:
    """The step with what an epoch's end adds: the held-out loss, and whether the epoch was the best so far."""
    after = replace(taken.after, total=taken.before.total + taken.loss)
    if taken.number % plan.data.batches:
        return taken._replace(after=after)
    held_out = held_out_loss(plan, after, taken.number) if plan.data.holdout else None
    watched = after.total / plan.data.batches if held_out is None else held_out
    better = watched < after.best
    after = replace(
        after, total=0.0, best=watched if better else after.best, stale=0 if better else after.stale + 1
    )
    return taken._replace(after=after, held_out=held_out)


def held_out_loss(plan: Plan, state: State, number: int) -> float:
    """The loss on the rows that are never trained on."""
    recording = forward(plan, plan.data.of(plan.data.held_out_rows), state.parameters, number)
    return float(recording.result.value)
