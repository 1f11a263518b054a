"""Gradients and second derivatives of an export against differences of its own formulas, with inputs moved.

What is not tracked stands still, as it does for the gradient. Imports no engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from autograd_explain.check.formulas import UnknownFormula, evaluate, number

_MOST_WORK = 200_000  # formulas worked out, over all differences
_MOST_ENTRIES = 6  # of one input
_CLOSE = 1e-4
_DISTANCES = (1e-5, 1e-7, 1e-9)  # as shares of the input
_ROUNDING = 64 * 2.0**-52


def slopes_that_differ(data: Any, result: int, seed: Any) -> Iterator[tuple[str, str]]:
    """The entries of gradients that lie outside what the slopes on both sides allow."""
    run = _Run(data, _live(data, result), result, seed)
    for entry in data["inputs"]:
        if not entry["tracked"] or entry["node"] > result:
            continue
        value, gradient = number(entry["value"]), number(data["gradients"][entry["name"]])
        for place in list(np.ndindex(np.shape(value)))[:_MOST_ENTRIES]:
            if len(run.live) * 2 * len(_DISTANCES) * len(data["inputs"]) > _MOST_WORK:
                return
            wanted = np.asarray(gradient)[place]
            try:
                sides = _slopes(run, entry["node"], place)
            except UnknownFormula:
                return
            if np.isfinite(wanted) and not _allowed(float(wanted), sides):
                label = f"{entry['name']}{list(place) if place else ''}"
                yield f"gradient of {label}", f"{wanted:.6g}, but moving {label} gives {sides[1]:.6g}"


def _allowed(wanted: float, sides: tuple[float, float, float]) -> bool:
    """Whether a slope lies between those to the left and to the right, or the differences do not tell."""
    if not np.all(np.isfinite(sides)):
        return True
    low, high = min(sides[:2]), max(sides[:2])
    slack = 2 * (high - low) + _CLOSE * max(abs(low), abs(high)) + sides[2] + 1e-9
    return low - slack <= wanted <= high + slack


def _slopes(run: _Run, moved: int, place: Any) -> tuple[float, float, float]:
    """The slopes to the left and right, at the distance where they are most alike, and what rounding does to them."""
    start = number(run.data["nodes"][moved]["value"])
    middle = run.result_at({})
    at = float(np.asarray(start)[place])
    found = []
    for share in _DISTANCES:
        distance = share * max(abs(at), 1e-3)
        left, right = ((run.result_at({moved: _at(start, place, d)}) - middle) / ((at + d) - at)
                       for d in (-distance, distance))  # fmt: skip
        found.append((left, right, _ROUNDING * abs(middle) / distance))
    best = min(range(len(found)), key=lambda i: _doubt(found[i]))
    left, right, noise = found[best]
    if best + 1 < len(found):
        nearer = found[best + 1]
        bent = abs(nearer[0] + nearer[1] - left - right) / 2  # what is left of the curve at this distance
        noise += bent if bent > nearer[2] else 0.0
    return left, right, noise


def _at(value: Any, place: Any, size: float) -> Any:
    """A move of one entry alone."""
    move = np.zeros(np.shape(value))
    move[place] = size
    return move


def _doubt(sides: tuple[float, float, float]) -> float:
    """How far apart two slopes are and how much of them is rounding, as a share of them."""
    left, right, noise = sides
    if not np.all(np.isfinite(sides)):
        return float("inf")
    return (abs(left - right) + noise) / max(abs(left), abs(right), 1e-300)


class _Run(NamedTuple):
    """An export whose formulas are worked out again: those of tracked values up to the result, and the seed."""

    data: Any
    live: list[Any]
    result: int
    seed: Any

    def result_at(self, moves: dict[int, Any]) -> float:
        """Σ seed · result with inputs moved, by their place."""
        nodes = self.data["nodes"]
        known = {place: np.asarray(number(nodes[place]["value"]), dtype=float) + move for place, move in moves.items()}
        for node in self.live:
            if any(i in known for i in node["inputs"]):
                names = {nodes[i]["label"]: known.get(i, number(nodes[i]["value"])) for i in node["inputs"]}
                known[node["id"]] = evaluate(node["formula"], names)
        with np.errstate(all="ignore"):
            return float(np.sum(np.asarray(known.get(self.result, number(nodes[self.result]["value"]))) * self.seed))


def _live(data: Any, result: int) -> list[Any]:
    return [node for node in data["nodes"][: result + 1] if node["tracked"] and node["inputs"]]


def curvature_that_differs(data: Any, result: int, seed: Any) -> Iterator[tuple[str, str]]:
    """The entries of Hessians, and of their products with a vector, that second differences do not give."""
    run = _Run(data, _live(data, result), result, seed)
    nodes = {entry["name"]: entry["node"] for entry in data["inputs"]}
    times = data.get("hvp") or {"vector": {}, "product": {}}
    vector = {nodes[name]: np.asarray(number(part), dtype=float) for name, part in times["vector"].items()}
    found: list[tuple[str, Any, dict[int, Any], dict[int, Any]]] = []
    blocks = [(a, b, block) for a, row in (data.get("hessian") or {}).items() for b, block in row.items()]
    for first, second, block in blocks:
        for (i, one), (j, other) in product(_entries(run, nodes, first), _entries(run, nodes, second)):
            found.append((f"hessian {first}{list(i)}, {second}{list(j)}", number(block)[(*i, *j)], one, other))
    for name, part in times["product"].items():
        found.extend((f"hvp {name}{list(i)}", number(part)[i], one, vector) for i, one in _entries(run, nodes, name))
    for place, wanted, one, other in found[: _MOST_WORK // (8 * max(len(run.live), 1))]:
        try:
            told = _mixed(run, one, other)
        except UnknownFormula:
            return
        if told is not None and np.isfinite(wanted) and abs(wanted - told[0]) > told[1]:
            yield place.replace("[]", ""), f"{wanted:.6g}, but second differences give {told[0]:.6g}"


def _entries(run: _Run, nodes: dict[str, int], name: str) -> list[tuple[Any, dict[int, Any]]]:
    """The first entries of an input, each with the move by a share of it."""
    value = number(run.data["nodes"][nodes[name]]["value"])
    return [(i, {nodes[name]: _at(value, i, 1.0)}) for i in list(np.ndindex(np.shape(value)))[:_MOST_ENTRIES]]


def _mixed(run: _Run, one: dict[int, Any], other: dict[int, Any]) -> tuple[float, float] | None:
    """The second difference along two directions, and how far it may be off; None where it does not tell."""
    values = [number(run.data["nodes"][place]["value"]) for place in {**one, **other}]
    size = max(float(np.max(np.abs(value), initial=1e-2)) for value in values)
    told = [_second(run, one, other, share * size) for share in (1e-3, 2e-4)]
    apart = abs(told[0][0] - told[1][0])
    if not np.isfinite(apart) or apart > 1e-2 * abs(told[1][0]) + told[1][1]:
        return None
    (far, _), (near, noise) = told
    best = near + (near - far) / (5.0**2 - 1)  # what is wrong grows with the square of the distance
    return best, apart + 1e-5 * abs(best) + noise


def _second(run: _Run, one: dict[int, Any], other: dict[int, Any], distance: float) -> tuple[float, float]:
    signs = ((1, 1), (1, -1), (-1, 1), (-1, -1))
    results = [run.result_at(_sum(one, a * distance, other, b * distance)) for a, b in signs]
    value = (results[0] - results[1] - results[2] + results[3]) / (4 * distance * distance)
    return value, _ROUNDING * max(map(abs, results)) / (distance * distance)


def _sum(one: dict[int, Any], a: float, other: dict[int, Any], b: float) -> dict[int, Any]:
    """a · one + b · other, as moves by place."""
    return {place: a * one.get(place, 0.0) + b * other.get(place, 0.0) for place in {**one, **other}}
