"""One function per engine: run a program on leaves, sweep back, hand over everything made and the gradients.

An engine that is not installed is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from typing import Any

from autograd_explain import functions
from autograd_explain.core.tape import Tape, uncollected
from autograd_explain.core.var import leaf
from autograd_explain.modes.reverse import reverse
from benchmarks.graphs import Program

OURS = "autograd-explain"
Leaves = Sequence[float]
Contestant = Callable[[Program, Leaves], tuple[Any, list[float]]]


def ours(program: Program, values: Leaves) -> tuple[Any, list[float]]:
    """`Var` operators, then the sweep that keeps every contribution; no search for garbage, as in `explain`."""
    with uncollected():
        tape = Tape()
        leaves = [leaf(tape, f"x{place}", value, tracked=True) for place, value in enumerate(values)]
        sweep = reverse(tape, program(leaves, functions.relu))
    return sweep, sweep.gradients[: len(leaves)]


def floats(program: Program, values: Leaves) -> tuple[Any, list[float]]:
    """Plain floats without differentiation: the cost of running the program at all."""
    return program(list(values), lambda x: max(x, 0.0)), []


def micrograd(program: Program, values: Leaves) -> tuple[Any, list[float]]:
    """micrograd's `Value`."""
    from micrograd.engine import Value

    leaves = [Value(value) for value in values]
    out = program(leaves, Value.relu)
    out.backward()
    return out, [value.grad for value in leaves]


def torch(program: Program, values: Leaves) -> tuple[Any, list[float]]:
    """PyTorch, eager, a float64 tensor without axes for each number."""
    import torch as library

    library.set_num_threads(1)
    leaves = [library.tensor(value, dtype=library.float64, requires_grad=True) for value in values]
    out = program(leaves, library.relu)
    out.backward()
    return out, [float(value.grad) for value in leaves]


def contestants(program: Program, values: Leaves) -> dict[str, Callable[[], object]]:
    """The engines that can run here, ours first, each ready to run; their gradients have been compared."""
    peers = {name: engine for name, engine in (("micrograd", micrograd), ("torch", torch)) if find_spec(name)}
    engines: dict[str, Contestant] = {OURS: ours, **peers, "floats, no gradient": floats}
    expected = ours(program, values)[1]
    for name, engine in engines.items():
        _compare(name, expected, engine(program, values)[1])
    return {name: partial(engine, program, values) for name, engine in engines.items()}


def _compare(name: str, expected: list[float], actual: list[float]) -> None:
    """Stop where an engine's gradients differ from ours: a faster wrong answer is not a peer."""
    for mine, theirs in zip(expected, actual, strict=False):
        if abs(mine - theirs) > 1e-9 * max(1.0, abs(mine)):
            raise SystemExit(f"{name} gives {theirs}, {OURS} gives {mine}")
