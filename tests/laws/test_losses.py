"""The losses that are short programs of other operations: their values, with every option, and their gradients."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from autograd_explain import grad
from autograd_explain.ops.losses import COMPOSITES

P, T = np.array([[0.2, -1.3, 2.2], [0.6, 4.0, -0.1]]), np.array([[1.0, 0.0, 1.0], [0.25, 0.0, 1.0]])
SIGNS = np.where(T > 0.5, 1.0, -1.0)


def _huber(p: Any, t: Any, delta: float = 1.0) -> Any:
    away = np.abs(p - t)
    return np.mean(np.where(away < delta, away * away / 2, delta * away - delta * delta / 2))


def _of_scores(z: Any, t: Any) -> Any:
    share = 1 / (1 + np.exp(-z))
    return -np.mean(t * np.log(share) + (1 - t) * np.log(1 - share))


CASES = [
    ("mse", lambda p, t: np.mean((p - t) ** 2), T, {}),
    ("mae", lambda p, t: np.mean(np.abs(p - t)), T, {}),
    ("huber", _huber, T, {}),
    ("huber", _huber, T, {"delta": 0.7}),
    ("huber", _huber, T, {"delta": 2.5}),
    ("bce_with_logits", _of_scores, T, {}),
    ("hinge", lambda p, t: np.mean(np.where(t * p < 1, 1 - t * p, 0.0)), SIGNS, {}),
]


@pytest.mark.parametrize(("name", "plain", "targets", "options"), CASES)
def test_a_loss_is_what_it_says(name: Any, plain: Any, targets: Any, options: Any) -> None:
    loss = COMPOSITES[name]
    assert pytest.approx(plain(P, targets, **options), rel=1e-13) == loss(P, targets, **options)
    slopes = np.zeros(P.shape)
    for place in np.ndindex(P.shape):
        step = np.zeros(P.shape)
        step[place] = 1e-6
        slopes[place] = (plain(P + step, targets, **options) - plain(P - step, targets, **options)) / 2e-6
    found = grad(lambda p: loss(p, targets, **options))(P)
    np.testing.assert_allclose(found, slopes, rtol=1e-8, atol=1e-9)


def test_the_defaults_that_are_told_are_those_that_are_taken() -> None:
    assert {name for name, *_ in CASES} == COMPOSITES.keys()
    for loss in COMPOSITES.values():
        given = inspect.signature(loss.body).parameters.values()
        assert loss.options == tuple((p.name, p.default) for p in given if p.default is not p.empty)
