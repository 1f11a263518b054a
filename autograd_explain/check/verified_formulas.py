"""The formulas of an export worked out anew, and what its rules read of it. Imports no engine."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from autograd_explain.check.formulas import UnknownFormula, evaluate, names_in, number, same

_CLOSE = 1e-9
_NUDGES = 4  # evaluations with every number moved by a rounding error, to see how many digits a formula can have
ULP = 2.0**-52


def close(found: Any, wanted: Any, slack: Any = 0.0) -> bool:
    """Whether two arrays agree but for rounding; `slack` is how far rounding moved the formula."""
    found, wanted = np.asarray(found, dtype=float), np.asarray(wanted, dtype=float)
    if found.shape != wanted.shape:
        return False
    with np.errstate(all="ignore"):
        size = np.maximum(np.abs(wanted), 1e-300)
        near = np.abs(found - wanted) <= _CLOSE * size + 64 * np.nan_to_num(slack, posinf=np.inf)
    return bool(np.all(near | (found == wanted) | (np.isnan(found) & np.isnan(wanted))))


def worked_out(text: str, names: dict[str, Any]) -> tuple[Any, Any]:
    """A formula's value, and how far it moves when every number in it moves by a rounding error."""
    value = np.asarray(evaluate(text, names), dtype=float)
    slack = np.zeros(value.shape)
    for seed in range(_NUDGES):
        rng = np.random.default_rng(seed)
        moved = np.asarray(evaluate(text, names, partial(_nudged, rng)), dtype=float)
        if moved.shape == value.shape:
            with np.errstate(all="ignore"):
                slack = np.fmax(slack, np.abs(moved - value))
    return value, slack


def _nudged(rng: Any, value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    return value * (1 + ULP * rng.choice((-1.0, 1.0), np.shape(value)))


def backward(data: Any) -> list[Any]:
    """The steps of the walk back; none where only tangents were carried forwards."""
    return list(data.get("backward") or [])


def opened(nodes: list[dict[str, Any]]) -> dict[str, Any]:
    """The values by their labels."""
    return {node["label"]: number(node["value"]) for node in nodes}


def free(word: str, data: Any) -> str:
    """What rules call the upstream or a tangent: the word itself, unless a value of the program is called that."""
    labels = {node["label"] for node in data["nodes"]}
    while word in labels:
        word += "_"
    return word


def results(data: Any) -> list[int]:
    """The recorded values that may be the result: what the walk back starts from, else those that equal it.

    Without a walk the gradient of the result is what the walk would have started from: that is the one, if any.
    """
    if backward(data):
        return [int(backward(data)[0]["node"])]
    equal = [node for node in data["nodes"] if same(node["value"], data["value"])]
    seeded = [node for node in equal if node["gradient"] is not None and np.any(number(node["gradient"]))]
    return [node["id"] for node in seeded[-1:] or equal]


def formula_problems(place: str, text: str, names: dict[str, Any], wanted: Any) -> Iterator[tuple[str, str]]:
    """The place, where a formula does not give what stands beside it.

    A large array stands in the numbers under its label. A name that is no label is one of the program's own plain
    numbers, which an export does not hold.
    """
    if not names_in(text) <= names.keys():
        return
    try:
        found, slack = worked_out(text, names)
    except UnknownFormula:
        return  # a function of the user's own: `left_open` says so
    if not close(found, wanted, slack):
        yield place, f"{text} is {shown(found)}, not {shown(wanted)}"


def shown(value: Any) -> str:
    """A value in few characters."""
    text = " ".join(str(np.asarray(value).tolist()).split())
    return text if len(text) <= 60 else text[:57] + "..."
