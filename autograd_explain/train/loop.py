"""The loop: forward, gradients, update, again. One step is a pure function of the plan and the state before it.

Nothing is printed or stored; whoever iterates decides what becomes of a step.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from autograd_explain.core.rooms import is_large
from autograd_explain.core.shapes import as_value, shape_of
from autograd_explain.errors import DomainError, InputError
from autograd_explain.modes.functions import Record, or_zero
from autograd_explain.modes.records import Recording, Sweep
from autograd_explain.modes.replay import Passed
from autograd_explain.modes.replayed import Replayed
from autograd_explain.modes.reverse import reverse
from autograd_explain.train.objective import Data, all_finite, checked_loss
from autograd_explain.train.rules import Chosen, Line, Rooms, follow, in_rooms, value_of

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
    rooms: Rooms = field(default_factory=dict, compare=False)


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


class Walk:
    """The recording of a step and its sweep: made when somebody asks, where the step itself needed none."""

    def __init__(self, plan: Plan, values: Mapping[str, Any], number: int) -> None:
        """Hold on to what the step saw."""
        self._record, self._values, self._seed = plan.record, values, plan.seed + number - 1

    @cached_property
    def recording(self) -> Recording:
        """The forward pass."""
        return self._record(self._values, self._seed)

    @cached_property
    def sweep(self) -> Sweep:
        """The sweep back from its result."""
        return reverse(self.recording.tape, self.recording.result)


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
    walk: Walk
    held_out: float | None = None
    stop: str = ""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The parameters after the update."""
        return self.after.parameters

    @property
    def recording(self) -> Recording:
        """The forward pass; see `modes.replay` for how steps do without."""
        return self.walk.recording

    @property
    def sweep(self) -> Sweep:
        """The sweep back from the loss."""
        return self.walk.sweep


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
    match = _UNTIL.fullmatch(text.lower())
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
        if why:
            yield taken._replace(stop=why)
            return
        yield taken
        state = taken.after
        del taken  # its arrays may be written into again, unless whoever got it holds on to it


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
    return math.isfinite(taken.loss) and (math.isfinite(taken.norm) or all_finite(iter(taken.gradients.values())))


def take(plan: Plan, state: State) -> Taken:
    """One step from a state: forward pass, gradients, update."""
    return updated(plan, measured(plan, state))


def measured(plan: Plan, state: State) -> Taken:
    """The first half of a step, forward pass and gradients: nothing is updated yet."""
    number = state.step + 1
    values = {**plan.fixed, **plan.data.at(number), **state.parameters}
    walk = Walk(plan, values, number)
    loss, gradients = _passed(plan, walk, values, state.parameters)
    norm = norm_of(gradients)
    rate = rate_at(plan, number)
    return Taken(number, plan.data.epoch_of(number), loss, gradients, norm, rate, state, state, walk)


def _passed(plan: Plan, walk: Walk, values: Mapping[str, Any], names: Iterable[str]) -> tuple[float, dict[str, Any]]:
    """The loss and the gradients by these names: gone through again where that is possible, else recorded."""
    again = plan.record if isinstance(plan.record, Replayed) else None
    found = again.passed(values) if again is not None else None
    if found is not None and again is not None and not again.is_due():
        return found.value, {name: found.gradients[name] for name in names}
    recording = checked_loss(walk.recording)
    loss, gradients = recording.result.value, {name: _gradient(recording, walk.sweep, name) for name in names}
    if found is not None:
        _hold_promise(found, loss, gradients)
    elif again is not None:
        again.keep(recording)
    return loss, gradients


def _hold_promise(found: Passed, loss: float, gradients: Mapping[str, Any]) -> None:
    """Raise InputError where a function that was promised to do the same each time did not."""
    pairs = [(loss, found.value), *((gradient, found.gradients[name]) for name, gradient in gradients.items())]
    if not all(np.array_equal(new, old, equal_nan=True) for new, old in pairs):
        raise InputError(
            f"replay=True promises that the function does the same at each step, but run anew it gives the loss {loss} "
            f"where what was recorded before gives {found.value}",
            hint="leave out replay=True; the function is then recorded at each step",
        )


def updated(plan: Plan, taken: Taken) -> Taken:
    """The second half of a step, the update by its gradients; none is made where something is not finite."""
    if not is_finite(taken):
        return taken
    state = taken.before
    parameters, memory = _updates(plan, taken)
    return taken._replace(after=State(taken.number, parameters, memory, state.best, state.stale, state.total))


def _updates(plan: Plan, taken: Taken) -> tuple[dict[str, Any], dict[str, Memory]]:
    """The new parameters and memory, as `updating` gives them one by one: which lines apply is found once for all."""
    facts = {"t": float(taken.number), "norm": taken.norm, "lr": taken.learning_rate}
    ways = [_prepared(chosen, facts) for chosen in (*plan.clipping, plan.optimizer)]
    made_of = {quantity for _, _, lines in ways for _, quantity, _, _ in lines}
    old, kept_so_far = taken.before.parameters, taken.before.memory
    parameters, memories = {}, {}
    for name, gradient in taken.gradients.items():
        before, memory = old[name], kept_so_far[name]
        large = type(gradient) is not float and is_large(gradient.shape)
        weight, slope = before, gradient
        for known, settings, lines in ways:
            known["w"], known["g"] = weight, slope
            known.update(memory)
            if settings:
                known.update(settings)
            for line, quantity, rule, read in lines:
                given = read(known)
                try:
                    value = in_rooms(line, given, plan.rooms, name) if large else rule(*given)
                except ArithmeticError:
                    value = value_of(line, given)
                known[quantity] = value if type(value) is float else as_value(value)
            weight, slope = known["w"], known["g"]
        parameters[name] = weight if type(weight) is type(before) is float else _shaped(weight, before)
        memories[name] = memory if made_of.isdisjoint(memory) else {kept: known[kept] for kept in memory}
    return parameters, memories


def _prepared(chosen: Chosen, facts: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any], list[_Ready]]:
    """What lines know before any has run, the settings that some line writes over, and the lines that apply."""
    known = {**chosen.settings, **facts}
    lines = [(line, line.name, line.rule, _reader(line)) for line in chosen.lines(facts)]
    return known, {quantity: known[quantity] for _, quantity, _, _ in lines if quantity in known}, lines


_Ready = tuple[Line, str, Any, Callable[[Mapping[str, Any]], tuple[Any, ...]]]
"""A line with its name, its rule, and what picks the quantities that it reads."""


def _reader(line: Line) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """What picks the quantities that a line reads out of all that are known."""
    reads = line.reads
    return itemgetter(*reads) if len(reads) > 1 else lambda known: tuple(known[read] for read in reads)


def _shaped(value: Any, before: Any) -> Any:
    return value if shape_of(value) == shape_of(before) else np.broadcast_to(value, shape_of(before)).copy()


def forward(plan: Plan, data: Mapping[str, Any], parameters: Mapping[str, Any], number: int) -> Recording:
    """The forward pass of a step; random numbers are drawn afresh at each."""
    return plan.record({**plan.fixed, **data, **parameters}, plan.seed + number - 1)


def _gradient(recording: Recording, sweep: Sweep, name: str) -> Any:
    node = recording.inputs[name]
    return or_zero(sweep.gradients[node.index], node)


def norm_of(gradients: Mapping[str, Any]) -> float:
    """The length of all gradients taken together."""
    return math.hypot(*[abs(g) if type(g) is float else _length(g) for g in gradients.values()])


def _length(gradient: Any) -> float:
    flat = gradient.ravel(order="K")
    return math.sqrt(flat.dot(flat))


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
    total = taken.before.total + taken.loss
    if taken.number % plan.data.batches:
        return taken._replace(after=replace(taken.after, total=total))
    state = taken.after
    held_out = held_out_loss(plan, taken.after, taken.number) if plan.data.holdout else None
    watched = total / plan.data.batches if held_out is None else held_out
    better = watched < state.best
    best, stale = (watched, 0) if better else (state.best, state.stale + 1)
    after = State(state.step, state.parameters, state.memory, best, stale)
    return taken._replace(after=after, held_out=held_out)


def held_out_loss(plan: Plan, state: State, number: int) -> float:
    """The loss on the rows that are never trained on."""
    data = plan.data.of(plan.data.held_out_rows)
    again = plan.record if isinstance(plan.record, Replayed) else None
    known = again.value({**plan.fixed, **data, **state.parameters}) if again is not None else None
    if known is not None:
        return float(known)
    recording = forward(plan, data, state.parameters, number)
    if again is not None:
        again.keep(recording)
    return float(recording.result.value)
