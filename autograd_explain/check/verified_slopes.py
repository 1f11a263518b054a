"""Gradients of an export against differences of its own formulas: one input moved, every formula worked out again.

What is not tracked stands still, as it does for the gradient. Imports no engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_explain.check.formulas import UnknownFormula, evaluate, number

_MOST_WORK = 200_000  # formulas worked out, over all differences
_MOST_ENTRIES = 6  # of one input
_CLOSE = 1e-4
_DISTANCES = (1e-5, 1e-7, 1e-9)  # as shares of the input
_ROUNDING = 64 * 2.0**-52


def slopes_that_differ(data: Any, result: int, seed: Any) -> Iterator[tuple[str, str]]:
    """The entries of gradients that lie outside what the slopes on both sides allow."""
    live = [node for node in data["nodes"][: result + 1] if node["tracked"] and node["inputs"]]
    for entry in data["inputs"]:
        if not entry["tracked"] or entry["node"] > result:
            continue
        value, gradient = number(entry["value"]), number(data["gradients"][entry["name"]])
        for place in list(np.ndindex(np.shape(value)))[:_MOST_ENTRIES]:
            if len(live) * 2 * len(_DISTANCES) * len(data["inputs"]) > _MOST_WORK:
                return
            wanted = np.asarray(gradient)[place]
            try:
                sides = _slopes(data, live, entry["node"], place, result, seed)
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


def _slopes(data: Any, live: Any, moved: int, place: Any, result: int, seed: Any) -> tuple[float, float, float]:
    """The slopes to the left and right, at the distance where they are most alike, and what rounding does to them."""
    values = {node["id"]: node["value"] for node in data["nodes"]}
    middle = _result_of(data, live, values, moved, place, 0.0, result, seed)
    at = float(np.asarray(number(values[moved]))[place])
    found = []
    for share in _DISTANCES:
        distance = share * max(abs(at), 1e-3)
        left, right = ((_result_of(data, live, values, moved, place, d, result, seed) - middle) / ((at + d) - at)
                       for d in (-distance, distance))  # fmt: skip
        found.append((left, right, _ROUNDING * abs(middle) / distance))
    return min(found, key=_doubt)


def _doubt(sides: tuple[float, float, float]) -> float:
    """How far apart two slopes are and how much of them is rounding, as a share of them."""
    left, right, noise = sides
    if not np.all(np.isfinite(sides)):
        return float("inf")
    return (abs(left - right) + noise) / max(abs(left), abs(right), 1e-300)


def _result_of(
    data: Any, live: Any, values: Any, moved: int, place: Any, distance: float, result: int, seed: Any
) -> float:
    """Σ seed · result with one entry of an input moved."""
    known: dict[int, Any] = {}
    start = np.array(number(values[moved]), dtype=float)
    start[place] += distance
    known[moved] = start
    for node in live:
        if any(i in known for i in node["inputs"]):
            names = {data["nodes"][i]["label"]: known.get(i, number(values[i])) for i in node["inputs"]}
            known[node["id"]] = evaluate(node["formula"], names)
    with np.errstate(all="ignore"):
        return float(np.sum(np.asarray(known.get(result, number(values[result]))) * seed))
