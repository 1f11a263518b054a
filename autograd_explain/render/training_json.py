"""A training as JSON objects, one a step: the rows that `train-schema.json` describes."""

from __future__ import annotations

import json
from typing import Any

from autograd_explain.render.as_json import number
from autograd_explain.train.beside import Pair
from autograd_explain.train.loop import Taken


def row_of(taken: Taken) -> dict[str, Any]:
    """One step: loss and gradients are those before the update, parameters those after it."""
    held_out = {} if taken.held_out is None else {"held_out": number(taken.held_out)}
    return {
        "step": taken.number,
        "loss": number(taken.loss),
        "parameters": {name: number(value) for name, value in taken.parameters.items()},
        "gradients": {name: number(value) for name, value in taken.gradients.items()},
        "learning_rate": number(taken.learning_rate),
        **held_out,
    }


def row_of_pair(pair: Pair) -> dict[str, Any]:
    """One step of the right training, and under `kept` that of the one that never clears its gradients."""
    kept = row_of(pair.kept)
    return {**row_of(pair.right), "kept": {key: kept[key] for key in ("step", "loss", "parameters", "gradients")}}


def row_of_one(optimizer: str, taken: Taken) -> dict[str, Any]:
    """One step of one of several trainings that are compared."""
    return {"optimizer": optimizer, **row_of(taken)}


def text_of_row(content: dict[str, Any]) -> str:
    """A row as a line of text."""
    return json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n"
