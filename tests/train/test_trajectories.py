"""The optimizers walk as PyTorch's do: in float64, over 100 steps, on five problems."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd_explain.train.fitting import fit
from autograd_explain.train.optimizers import OPTIMIZERS
from autograd_explain.train.rules import choose

RECORDED = json.loads(Path(__file__).with_name("trajectories.json").read_text(encoding="utf-8"))
CLOSE = 1e-12


def apart(expected: Any, actual: Any) -> float:
    """The largest distance between two values, relative to the larger of 1 and the expected one."""
    wanted = np.asarray(expected)
    return float(np.max(np.abs(wanted - np.asarray(actual)) / np.maximum(np.abs(wanted), 1.0)))


def walked(problem: str, **options: Any) -> list[Any]:
    known = RECORDED["problems"][problem]
    return list(fit(known["text"], known["params"], known["data"], epochs=100, **options))


def compare(recorded: Any, epochs: list[Any]) -> None:
    assert apart(recorded["losses"], [epoch.loss for epoch in epochs]) <= CLOSE
    for name, value in recorded["parameters"].items():
        assert apart(value, epochs[-1].parameters[name]) <= CLOSE


@pytest.mark.parametrize("walk", RECORDED["walks"], ids=lambda walk: f"{walk['problem']} {walk['optimizer']}")
def test_the_walk_is_pytorchs(walk: Any) -> None:
    compare(walk, walked(walk["problem"], optimizer=walk["optimizer"], lr=walk["lr"]))


@pytest.mark.parametrize("text", RECORDED["schedules"])
def test_the_schedule_is_pytorchs(text: str) -> None:
    recorded = RECORDED["schedules"][text]
    epochs = walked("curve", optimizer="sgd", lr=0.05, schedule=text)
    assert apart(recorded["rates"], [epoch.learning_rate for epoch in epochs]) <= CLOSE
    compare(recorded, epochs)


def test_clipping_by_norm_is_pytorchs() -> None:
    compare(RECORDED["clipped"], walked("linear-regression", optimizer="adam", lr=0.1, clip_norm=0.5))


def test_every_optimizer_and_problem_was_recorded() -> None:
    assert set(OPTIMIZERS) == {choose(w["optimizer"], OPTIMIZERS, "optimizer").recipe.name for w in RECORDED["walks"]}
    assert 5 == len({w["problem"] for w in RECORDED["walks"]})
    assert {100} == {len(walk["losses"]) for walk in RECORDED["walks"]}


def test_the_record_is_what_pytorch_does_today() -> None:
    pytest.importorskip("torch")
    import sys

    sys.path.insert(0, str(Path(__file__).parent))
    try:
        import record_trajectories
    finally:
        sys.path.pop(0)
    for walk in RECORDED["walks"][::7]:
        live = record_trajectories.trajectory(walk["problem"], walk["optimizer"])
        assert apart(walk["losses"], live["losses"]) <= CLOSE
