"""A verdict on the reverse sweep carried over to forward mode's numbers, where the two are the same to rounding.

The checkers walk the reverse sweep edge by edge; forward mode multiplies the same slopes the other way round.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograd_explain.check.result import CheckResult

_CLOSE = 1e-9  # of the largest entry: far above rounding, far below a wrong rule


def carried_over(
    results: Sequence[CheckResult], checked: Mapping[str, Any], shown: Mapping[str, Any]
) -> list[CheckResult]:
    """The results with forward mode's gradients (`shown`) as ours; undecided where they part from the checked ones."""
    return [_carried(result, checked[result.target], shown[result.target]) for result in results]


def _carried(result: CheckResult, checked: Any, shown: Any) -> CheckResult:
    if np.array_equal(checked, shown, equal_nan=True):
        return result
    scale = float(np.max(np.abs(np.where(np.isfinite(checked), checked, 0.0)), initial=0.0))
    if not np.allclose(shown, checked, rtol=0.0, atol=_CLOSE * scale, equal_nan=True):
        why = "forward mode and the reverse sweep that was checked part by more than a billionth here"
        return replace(result, ours=shown, status="undecided", digits=None, why=why)
    with np.errstate(invalid="ignore"):
        apart = float(np.nanmax(np.abs(np.subtract(shown, checked)))) / scale
    digits = None if result.digits is None else min(result.digits, math.floor(-math.log10(apart)))
    ours = shown if np.shape(result.ours) == np.shape(shown) else result.ours
    return replace(result, ours=ours, digits=digits)
