"""The mathematical answer at a corner: the derivative from the left and from the right, entry by entry.

By steps of the program itself on numbers of many digits: no rule and no library is asked.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_explain import explain
from autograd_explain.check.budget import Clock
from autograd_explain.check.directions import all_entries
from autograd_explain.check.sides import Neighbourhood

SECONDS = 10.0


def one_sided(program: str, values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """`{"left": {name: derivatives}, "right": …}`, in the shape of each value; None where a side has none."""
    run = explain(program, values)
    beside = Neighbourhood(run.recording, run.sweep, Clock(SECONDS))
    answer: dict[str, dict[str, Any]] = {"left": {}, "right": {}}
    for name, value in values.items():
        ends = [beside.ends(name, direction) for direction in all_entries(run.recording.inputs[name].value)]
        for side, found in zip(answer, zip(*ends, strict=True), strict=True):
            numbers = [None if end is None else float(end) for end in found]
            answer[side][name] = np.array(numbers, dtype=object).reshape(np.shape(value)).tolist()
    return answer
