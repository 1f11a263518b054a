"""The graphs that are compared: a plan of scalar operations, the same for every engine."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ADD, MULTIPLY, RELU = range(3)
FORMS = ("{left} + {right}", "{left} * {right}", "relu({left})")
CHAIN_TURNS = 33_333
CHAIN_LEAVES = (0.5, 0.99999, 1e-5)
LARGEST = 4.0  # a plan never lets a value grow beyond this, so nothing overflows

Program = Callable[[list[Any], Callable[[Any], Any]], Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """Leaf values, and operations `(kind, left, right)` by place: leaves first, then results in order."""

    leaves: tuple[float, ...]
    operations: tuple[tuple[int, int, int], ...]


def random_graph(count: int, seed: int = 0) -> Plan:
    """A seeded graph of `count` operations in which every value reaches the last one."""
    rng = random.Random(seed)
    leaves = tuple(rng.uniform(-1, 1) for _ in range(max(2, count // 20)))
    values = list(leaves)
    unused = list(range(len(leaves)))
    operations: list[tuple[int, int, int]] = []
    while len(operations) + len(unused) - 1 < count:
        left = unused.pop(rng.randrange(len(unused)))
        operations.append(_bounded(rng, values, left, rng.randrange(len(values))))
        values.append(_value(operations[-1], values))
        unused.append(len(values) - 1)
    while len(unused) > 1:
        operations.append((ADD, unused.pop(), unused.pop()))
        values.append(_value(operations[-1], values))
        unused.append(len(values) - 1)
    return Plan(leaves, tuple(operations))


def chain(leaves: list[Any], relu: Callable[[Any], Any]) -> Any:
    """`x = relu(x*w + c)` again and again: `CHAIN_TURNS` times three operations, as deep as it is long."""
    x, w, c = leaves
    for _ in range(CHAIN_TURNS):
        x = relu(x * w + c)
    return x


def _value(operation: tuple[int, int, int], values: list[float]) -> float:
    kind, left, right = operation
    if kind == RELU:
        return max(values[left], 0.0)
    return values[left] + values[right] if kind == ADD else values[left] * values[right]


def _bounded(rng: random.Random, values: list[float], left: int, right: int) -> tuple[int, int, int]:
    kind = rng.choices((ADD, MULTIPLY, RELU), (4, 4, 2))[0]
    operation = (kind, left, right)
    return operation if abs(_value(operation, values)) < LARGEST else (RELU, left, left)


def program(plan: Plan) -> Program:
    """The plan as a Python function without loops, so that little but the engines' own work is timed."""
    lines = [f"    {_names(range(len(plan.leaves)))} = leaves"]
    for place, (kind, left, right) in enumerate(plan.operations, len(plan.leaves)):
        lines.append(f"    v{place} = " + FORMS[kind].format(left=f"v{left}", right=f"v{right}"))
    last = len(plan.leaves) + len(plan.operations) - 1
    names: dict[str, Any] = {}
    exec("\n".join(["def follow(leaves, relu):", *lines, f"    return v{last}"]), names)
    follow: Program = names["follow"]
    return follow


def _names(places: range) -> str:
    return "".join(f"v{place}, " for place in places)
