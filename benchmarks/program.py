"""A program as text: `explain()` of a loop, parsed, run, recorded and swept, against micrograd running the same loop.

Compared: everything up to the gradients, ns an operation. micrograd is handed the loop as Python.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any

from autograd_explain import explain
from benchmarks.contestants import OURS, micrograd
from benchmarks.graphs import CHAIN_LEAVES
from benchmarks.timing import rounds, summary, table

TEXT = "for i in range({turns}):\n    x = relu(x*w + c)\nx"
SIZES = ((333, 15, 20), (3_333, 10, 2), (33_333, 5, 1))


def main() -> None:
    """Print a table per number of turns."""
    for turns, repeat, in_a_row in SIZES:
        runs: dict[str, Callable[[], object]] = {OURS: partial(explained, turns)}
        if find_spec("micrograd"):
            runs["micrograd"] = partial(micrograd, partial(loop, turns), CHAIN_LEAVES)
        headings = (f"loop of {3 * turns:,} operations", "median ns/operation", "fastest", "time / ours")
        print(table(headings, summary(rounds(runs, repeat, in_a_row), 3 * turns * 1e-9, OURS)))
        print()


def explained(turns: int) -> object:
    """The explanation of the loop, with its gradients."""
    x, w, c = CHAIN_LEAVES
    explanation = explain(TEXT.format(turns=turns), x=x, w=w, c=c)
    return explanation, explanation.gradients


def loop(turns: int, leaves: list[Any], relu: Callable[[Any], Any]) -> Any:
    """The same loop in Python."""
    x, w, c = leaves
    for _ in range(turns):
        x = relu(x * w + c)
    return x
