"""A training as a file: the program, everything that is fixed, and the state, so that it goes on bit for bit.

JSON; floats are written with all their digits, and the three that JSON has no word for as "nan", "inf" and "-inf".
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_explain.core.shapes import shape_of
from autograd_explain.errors import ExplainError, InputError
from autograd_explain.lang.interpret import recorder
from autograd_explain.lang.program import Program, read_program
from autograd_explain.limits import DEFAULT_LIMITS, Limits
from autograd_explain.modes.replayed import Replayed
from autograd_explain.train.loop import Plan, State
from autograd_explain.train.objective import Data
from autograd_explain.train.optimizers import OPTIMIZERS
from autograd_explain.train.rules import Chosen, Recipe, Setting, choose
from autograd_explain.train.schedules import CLIPPING, SCHEDULES

SCHEMA = "autograd-explain-training/1"
_WORDS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


@dataclass(frozen=True, slots=True)
class Session:
    """A training of a program: the plan, the state it has reached, and the losses and gradient lengths so far."""

    program: Program
    plan: Plan
    state: State
    losses: tuple[float, ...] = ()
    norms: tuple[float, ...] = ()
    limits: Limits = DEFAULT_LIMITS


def record_of(program: Program, parameters: Mapping[str, Any], limits: Limits) -> Any:
    """The forward pass of a program with these values trained."""
    return Replayed(recorder(program.parsed, tracked=frozenset(parameters), limits=limits))


def as_text(session: Session) -> str:
    """The whole session as JSON text."""
    plan, state, data = session.plan, session.state, session.plan.data
    content = {
        "schema": SCHEMA,
        "program": {"text": session.program.text, "name": session.program.name},
        "limits": {name: getattr(session.limits, name) for name in Limits.__dataclass_fields__},
        "optimizer": _chosen(plan.optimizer),
        "schedules": [_chosen(each) for each in plan.schedules],
        "clipping": [_chosen(each) for each in plan.clipping],
        "values": _plain(plan.fixed),
        "data": {"columns": _plain(data.columns), "batch": data.batch, "holdout": data.holdout, "seed": data.seed},
        "seed": plan.seed,
        "state": {
            "step": state.step, "parameters": _plain(state.parameters), "memory": _plain(state.memory),
            "best": _plain(state.best), "stale": state.stale, "total": _plain(state.total),
        },
        "history": {"loss": _plain(session.losses), "gradient": _plain(session.norms)},
    }  # fmt: skip
    return json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n"


def _chosen(chosen: Chosen) -> dict[str, Any]:
    return {"name": chosen.recipe.name, "settings": dict(chosen.settings)}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    number = float(value)
    return number if math.isfinite(number) else str(number)


def from_text(text: str, name: str) -> Session:
    """The session in a text that `as_text` wrote, from a file of that name. Raises InputError for any other text."""
    try:
        content = json.loads(text)
        if content["schema"] != SCHEMA:
            message = f"{name} holds {str(content['schema'])[:_LONGEST_NAME]}, not {SCHEMA}"
            raise InputError(message, hint="such a file is written by train … --save FILE")
        return _session(content)
    except ExplainError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        hint = "such a file is written by train … --save FILE"
        raise InputError(f"{name} is not a saved training", hint=hint) from None


_LONGEST_NAME = 40
_MOST = 2**53  # whole numbers beyond are not all floats: no training comes that far


def _session(content: Any) -> Session:
    limits = Limits(**{name: _count(limit) for name, limit in content["limits"].items()})
    text, name = (_text(content["program"][key]) for key in ("text", "name"))
    program = read_program(text, name, limits)
    state, data = content["state"], content["data"]
    parameters = _values(state["parameters"])
    optimizer = _choice(content["optimizer"], OPTIMIZERS, "optimizer")
    plan = Plan(
        record_of(program, parameters, limits),
        optimizer,
        tuple(_choice(each, SCHEDULES, "schedule") for each in content["schedules"]),
        tuple(_choice(each, CLIPPING, "way of clipping") for each in content["clipping"]),
        _values(content["values"]),
        Data(_values(data["columns"]), _batch(data["batch"]), _number(data["holdout"]), _count(data["seed"])),
        _count(content["seed"]),
    )
    memory = {name: _kept(state["memory"][name], optimizer, value) for name, value in parameters.items()}
    reached = State(
        _count(state["step"]), parameters, memory, _number(state["best"]), _count(state["stale"]),
        _number(state["total"]),
    )  # fmt: skip
    history = content["history"]
    return Session(
        program, plan, reached, tuple(map(_number, history["loss"])), tuple(map(_number, history["gradient"])), limits
    )


def _choice(content: Any, table: Mapping[str, Recipe], kind: str) -> Chosen:
    name, given = content["name"], content["settings"]
    settings = {key: _setting(given[key], usual) for key, usual in table[name].settings.items()}
    return choose(name, table, kind, **settings)


def _setting(content: Any, usual: Setting) -> Setting:
    if type(usual) is not bool:
        return _number(content)
    if type(content) is not bool:
        raise TypeError("a flag is true or false")
    return content


def _kept(content: Any, optimizer: Chosen, parameter: Any) -> dict[str, Any]:
    """What the optimizer keeps for a parameter: numbers, or arrays of its shape."""
    kept = {name: _value(content[name]) for name in optimizer.recipe.keeps}
    if any(shape_of(value) not in {(), shape_of(parameter)} for value in kept.values()):
        raise ValueError("what is kept has the parameter's shape")
    return kept


def _text(content: Any) -> str:
    if not isinstance(content, str):
        raise TypeError("this is no text")
    return content


def _count(content: Any) -> int:
    if type(content) is not int or not 0 <= content <= _MOST:
        raise ValueError("this is no count")
    return content


def _batch(content: Any) -> int | None:
    return None if content is None else _count(content)


def _values(content: Any) -> dict[str, Any]:
    return {name: _value(entry) for name, entry in content.items()}


def _value(content: Any) -> Any:
    return np.array(_numbers(content), dtype=np.float64) if isinstance(content, list) else _number(content)


def _numbers(content: Any) -> Any:
    return [_numbers(entry) for entry in content] if isinstance(content, list) else _number(content)


def _number(content: Any) -> float:
    return _WORDS[content] if isinstance(content, str) else float(content)
