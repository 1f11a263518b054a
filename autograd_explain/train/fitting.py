"""`fit`: training from Python, epoch by epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from autograd_explain.core.shapes import shape_of
from autograd_explain.errors import InputError, NameProblem
from autograd_explain.modes.functions import Record, as_number, recorder_of, refuse_names
from autograd_explain.modes.replayed import Replayed
from autograd_explain.train.loop import Plan, State, Stop, Taken, beginning, read_until, steps
from autograd_explain.train.objective import Data
from autograd_explain.train.optimizers import OPTIMIZERS
from autograd_explain.train.rules import Chosen, choose
from autograd_explain.train.schedules import CLIPPING, SCHEDULES


class Epoch(NamedTuple):
    """One pass over the data, as plain numbers.

    `loss` is the mean of `losses`, one for each step before its update; `held_out` the loss on the rows held out, if
    any; `parameters` are those after the last step, `gradients` those of it. `stop` says why this epoch is the last.

    >>> [epoch.parameters["x"] for epoch in fit("(x - 2)**2", {"x": 0}, lr=0.25, epochs=3)]
    [1.0, 1.5, 1.75]
    """

    number: int
    loss: float
    losses: tuple[float, ...]
    held_out: float | None
    parameters: dict[str, Any]
    gradients: dict[str, Any]
    learning_rate: float
    stop: str


def fit(
    source: str | Callable[..., Any],
    params: Mapping[str, Any],
    data: Mapping[str, Any] | None = None,
    /,
    *,
    optimizer: str = "sgd",
    lr: float | None = None,
    epochs: int = 100,
    batch: int | None = None,
    holdout: float = 0.0,
    schedule: str | tuple[str, ...] = (),
    clip_norm: float | None = None,
    clip_value: float | None = None,
    until: str | None = None,
    patience: int | None = None,
    seed: int = 0,
    replay: bool = False,
) -> Iterator[Epoch]:
    """Train a program given as text, or a Python function of named values; returns its epochs as they are made.

    `params` are the values to train, where they start; `data` all others: numbers stay as they are, arrays are
    dealt out by rows where `batch` or `holdout` asks for it. `optimizer` and `schedule` are written as in
    `"sgd(momentum=0.9)"`, `until` as in `"loss<1e-6"`. Inputs are never modified. A function is recorded at each
    step, unless `replay=True` promises that only its arguments, `if x > 0` and `float(x)` decide what it does.
    Raises ExplainError subclasses, for the arguments at once and for the program when its first epoch is asked for.
    """
    _check(locals())
    trained, others = _given(params, {} if data is None else data)
    table = Data({name: value for name, value in others.items() if shape_of(value)}, batch, holdout, seed)
    plan = Plan(
        _record(source, trained, others, replay=replay),
        choose(optimizer, OPTIMIZERS, "optimizer", **({} if lr is None else {"lr": float(lr)})),
        schedules_of((schedule,) if isinstance(schedule, str) else schedule, epochs * table.batches),
        clipping_of(clip_norm, clip_value),
        {name: value for name, value in others.items() if name not in table.columns},
        table,
        seed,
    )
    return _epochs(plan, beginning(plan, trained), Stop(epochs * table.batches, _limit(until), patience))


def _is_whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and type(value) is not bool


def _whole(least: int) -> Callable[[Any], bool]:
    return lambda value: _is_whole(value) and bool(value >= least)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and type(value) is not bool


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_texts(value: Any) -> bool:
    return _is_text(value) or (isinstance(value, tuple) and all(map(_is_text, value)))


def _are_named(value: Any) -> bool:
    return isinstance(value, Mapping) and all(map(_is_text, value))


_ARGUMENTS: tuple[tuple[str, str, Callable[[Any], bool]], ...] = (
    ("source", "a program as text or a Python function", lambda value: callable(value) or _is_text(value)),
    ("params", "values by name", _are_named),
    ("data", "values by name", _are_named),
    ("optimizer", 'a text such as "adam" or "sgd(momentum=0.9)"', _is_text),
    ("schedule", "a text or a tuple of texts", _is_texts),
    ("until", 'a text such as "loss<1e-6"', _is_text),
    *((name, "a number", _is_number) for name in ("lr", "holdout", "clip_norm", "clip_value")),
    *((name, "a whole number above 0", _whole(1)) for name in ("epochs", "patience")),
    ("batch", "a whole number", _is_whole),
    ("seed", "a whole number, 0 or more", _whole(0)),
)
"""The arguments of `fit`, what each is, and whether a value is that."""
_MAY_BE_NONE = frozenset({"data", "lr", "batch", "clip_norm", "clip_value", "until", "patience"})


def _check(arguments: Mapping[str, Any]) -> None:
    """Raise InputError for the first argument that is not what it should be."""
    for name, wanted, is_right in _ARGUMENTS:
        value = arguments[name]
        if not (is_right(value) or (value is None and name in _MAY_BE_NONE)):
            raise InputError(f"fit: {name} is {wanted}, not {value!r:.40}", hint="help(fit) says what each argument is")


def _limit(until: str | None) -> Any:
    return read_until(until) if until else None


def _given(params: Mapping[str, Any], data: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The trained and the other values as floats and arrays of their own."""
    if not params:
        raise InputError("there is nothing to train", hint='fit("(x - 2)**2", {"x": 0})')
    twice = sorted(params.keys() & data.keys())
    if twice:
        raise NameProblem(f"{twice[0]} is both trained and data", hint="give it once")
    trained = {name: as_number(name, value) + 0.0 for name, value in params.items()}  # copies: inputs stay as they are
    return trained, {name: as_number(name, value) + 0.0 for name, value in data.items()}


def _record(
    source: str | Callable[..., Any], trained: Mapping[str, Any], others: Mapping[str, Any], *, replay: bool
) -> Record:
    if callable(source):
        refuse_names(source, {**others, **trained})
        record = recorder_of(source, frozenset(trained))
        return Replayed(record, checked=True) if replay else record
    from autograd_explain.lang.interpret import recorder
    from autograd_explain.lang.program import bind_values, read_expression

    program = read_expression(source)
    bind_values(program, {**others, **trained})
    return Replayed(recorder(program.parsed, tracked=frozenset(trained)))


def schedules_of(texts: tuple[str, ...], total: int) -> tuple[Chosen, ...]:
    """The schedules that texts such as `cosine` name; one that falls along all steps is told how many there are."""
    chosen = [choose(text, SCHEDULES, "schedule") for text in texts]
    return tuple(
        Chosen(each.recipe, {**each.settings, "steps": float(total)})
        if each.recipe.name == "cosine" and "steps" not in text
        else each
        for each, text in zip(chosen, texts, strict=True)
    )


def clipping_of(norm: float | None, value: float | None) -> tuple[Chosen, ...]:
    """The ways of clipping that have a limit."""
    limits = {"clip-norm": norm, "clip-value": value}
    return tuple(
        choose(name, CLIPPING, "clipping", limit=float(limit)) for name, limit in limits.items() if limit is not None
    )


def _epochs(plan: Plan, state: State, stop: Stop) -> Iterator[Epoch]:
    losses: list[float] = []
    for taken in steps(plan, state, stop):
        losses.append(taken.loss)
        if taken.number % plan.data.batches == 0 or taken.stop:
            yield _epoch(taken, tuple(losses))
            losses = []


def _epoch(taken: Taken, losses: tuple[float, ...]) -> Epoch:
    parameters = {name: value + 0.0 for name, value in taken.parameters.items()}  # whoever writes there trains nothing
    return Epoch(
        taken.epoch, sum(losses) / len(losses), losses, taken.held_out, parameters, taken.gradients,
        taken.learning_rate, taken.stop,
    )  # fmt: skip
