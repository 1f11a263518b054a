"""What an export tells of forward mode and of single paths. Imports no engine."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise, product
from typing import Any

import numpy as np

from autograd_explain.check.formulas import number, same
from autograd_explain.check.verified_formulas import ULP, backward, close, formula_problems, free, opened, results

_MOST_WAYS = 64  # along one path, where two uses of a value are on it again and again


def paths(data: Any) -> Iterator[tuple[str, str]]:
    """Each path leads from its input to the result, its product is one of locals; together they are the gradient."""
    nodes, ends = {entry["name"]: entry["node"] for entry in data["inputs"]}, results(data)
    for name, found in (data.get("paths") or {}).items():
        total = sum((number(path["product"]) for path in found), np.float64(0.0))
        noise = ULP * sum(float(np.sum(np.abs(number(path["product"])))) for path in found)
        if not close(total, number(data["gradients"][name]), noise):
            yield f"paths of {name}", "the products do not add up to the gradient"
        for path in found:
            told = path["nodes"]
            if told[0] != nodes[name] or told[-1] not in ends:
                yield f"paths of {name}", f"{told} does not lead from it to the result"
            elif any(one not in data["nodes"][other]["inputs"] for one, other in pairwise(told)):
                yield f"paths of {name}", f"{told} goes where no operation does"
            elif not _is_a_product(data, told, number(path["product"])):
                yield f"paths of {name}", f"the product over {told} is not that of its local derivatives"


def _is_a_product(data: Any, path: list[int], wanted: Any) -> bool:
    """Whether a product over a path is that of the locals on it; true where it goes through arrays."""
    steps = {step["node"]: step for step in backward(data)}
    ways = []
    for one, other in pairwise(path):
        locals_of = [part["local"] for part in steps[other]["parts"] if part["target"] == one]
        if not all(isinstance(local, (int, float)) for local in locals_of):
            return True
        ways.append(locals_of)
    seed = number(steps[path[-1]]["upstream"]) if path[-1] in steps else np.asarray(wanted)
    if np.ndim(seed) or math.prod(map(len, ways)) > _MOST_WAYS:
        return True
    return any(close(seed * math.prod(way), wanted, ULP * abs(float(wanted))) for way in product(*ways))


def tangents(data: Any) -> Iterator[tuple[str, str]]:
    """Forward mode: local × the argument's own tangent is its share, the shares add up to the value's tangent."""
    yield from _walked(data)
    nodes = data["nodes"]
    word = free("tangent", data)
    moving: dict[tuple[str, int], Any] = {}
    for step in data.get("forward") or []:
        place, node, total = f"step {step['step']}", nodes[step["node"]], np.float64(0.0)
        for part in step["parts"]:
            names = opened([node, *(nodes[i] for i in node["inputs"])])
            tangent = moving.get((step["input"], part["target"]), _moved(step["input"], nodes[part["target"]]))
            if part["local"] is not None:
                with np.errstate(all="ignore"):
                    moved = np.where(np.asarray(tangent) == 0, 0.0, number(part["local"]) * tangent)  # still
                    share = np.broadcast_to(moved, tuple(node["shape"]))
                if not close(share, number(part["contribution"])):
                    yield place, "local × tangent is not its contribution"
                yield from formula_problems(place, part["rule"], names, number(part["local"]))
            else:
                yield from formula_problems(place, part["rule"], names | {word: tangent}, number(part["contribution"]))
            with np.errstate(all="ignore"):
                if not same(number(part["total_before"]) + number(part["contribution"]), part["total_after"]):
                    yield place, "total before + contribution is not the total after"
            total = number(part["total_after"])
        if not same(total, step["tangent"]):
            yield place, "the last total is not the tangent"
        moving[step["input"], step["node"]] = number(step["tangent"])


def _walked(data: Any) -> Iterator[tuple[str, str]]:
    """Steps count from 1, parts are arguments of their operation, and a gradient that is not 0 has been led to."""
    steps = data.get("forward") or []
    if [step["step"] for step in steps] != list(range(1, len(steps) + 1)):
        yield "forward", "the steps do not count from 1"
    for step in steps:
        inputs = data["nodes"][step["node"]]["inputs"]
        told = [part["argument"] for part in step["parts"]]
        if told != sorted(set(told)) or any(inputs[part["argument"]] != part["target"] for part in step["parts"]):
            yield f"step {step['step']}", "its parts are not arguments of its operation"
    ends = [data["nodes"][at] for at in results(data)]
    made = [node["id"] for node in ends if node["tracked"] and node["inputs"]]
    reached = {step["node"] for step in steps}
    moves = data["mode"] != "reverse" and any(np.any(number(gradient)) for gradient in data["gradients"].values())
    if moves and len(made) == len(ends) and reached.isdisjoint(made):
        yield "forward", "no tangent comes to the result"


def _moved(label: str, node: dict[str, Any]) -> Any:
    """An input's own tangent: 1 at the entry that moves, 0 elsewhere."""
    name, _, key = label.partition("[")
    tangent = np.zeros(tuple(node["shape"]))
    if node["name"] == name and node["op"] == "input":
        tangent[tuple(int(part) for part in key.rstrip("]").split(",") if part)] = 1.0
    return tangent
