"""Scripts run in this process, and what the JSON line at their end says."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from autograd_explain.explanation.build import Explanation

TARGETS = ("numpy", "torch", "jax")
CLOSE = 1e-9


@dataclass(frozen=True, slots=True)
class Ran:
    """What a script printed, and the numbers of its last line."""

    printed: list[str]
    value: Any
    gradients: dict[str, Any]


def needs(target: str) -> None:
    """Skip the test where the library that a script needs is not installed."""
    if target != "numpy" and importlib.util.find_spec(target) is None:
        pytest.skip(f"{target} is not installed")


def run(text: str) -> Ran:
    """Run a script. Its gradients are arrays by name."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), np.errstate(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(text, "<script>", "exec"), {"__name__": "__main__"})  # noqa: S102 - what is tested
    printed = out.getvalue().splitlines()
    found = json.loads(printed[-1], parse_constant=_refused)
    gradients = {name: np.asarray(gradient, dtype=float) for name, gradient in found["gradients"].items()}
    return Ran(printed, np.asarray(found["value"], dtype=float), gradients)


def _refused(word: str) -> None:
    raise AssertionError(f"{word} is not JSON")


def apart(explanation: Explanation, ran: Ran, close: float = CLOSE) -> list[str]:
    """The names under which a script found other numbers than the explanation, "the value" among them."""
    assert explanation.gradients.keys() == ran.gradients.keys()
    found = [] if same(explanation.value, ran.value, close) else ["the value"]
    return found + [n for n, ours in explanation.gradients.items() if not same(ours, ran.gradients[n], close)]


def same(ours: Any, theirs: Any, close: float) -> bool:
    """Whether shapes are equal and numbers near; nan is nan."""
    if np.size(ours) == np.size(theirs) == 0:
        return True  # JSON has no shape for arrays without entries
    if np.shape(ours) != np.shape(theirs):
        return False
    room = 1e-14 * float(np.max(np.abs(ours), initial=0.0)) if np.all(np.isfinite(ours)) else 0.0
    return bool(np.allclose(theirs, ours, rtol=close, atol=room, equal_nan=True))
