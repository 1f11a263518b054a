"""The program run again a little to either side: whether a slope holds on both, though the run stands at a corner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_explain.errors import ExplainError

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

_BESIDE = 1e-6  # of the value's size
_ALIKE = 1e-3
_LONGEST = 20_000  # values recorded: a longer run is not repeated


def is_smooth(run: Explanation, place: int, at: tuple[Any, ...], slope: float) -> bool:
    """Whether a small step of one input's entry does on both sides what its slope says; no where that is unknown."""
    if len(run.tape.nodes) > _LONGEST:
        return False
    sides = [_side(run, place, at, sign) for sign in (-1.0, 1.0)]
    return all(side is not None and abs(side - slope) <= _ALIKE * (1.0 + abs(slope)) for side in sides)


def _side(run: Explanation, place: int, at: tuple[Any, ...], sign: float) -> float | None:
    value = run.tape.nodes[place].value
    step = sign * _BESIDE * max(1.0, abs(float(np.asarray(value)[at])))
    moved = np.array(value, dtype=float)
    moved[at] += step
    values = {name: node.value for name, node in run.recording.inputs.items()}
    values[str(run.tape.names[place])] = moved if np.ndim(value) else float(moved)
    try:
        out = run.recording.rerun(values)
    except (ExplainError, ArithmeticError, ValueError):
        return None
    with np.errstate(all="ignore"):
        return float(np.sum(run.sweep.seed * (getattr(out, "value", out) - run.value))) / step
