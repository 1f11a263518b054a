"""Every number of an export derived again from the file alone; imports no engine.

`RULES` is the list of what must hold, one row each: a name, what it says, and a function from the export to the
places where it does not. A formula is read anew, a contribution is multiplied anew, a total is added up anew, and
the gradients are held against differences of the formulas themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from autograd_explain.check.formulas import FUNCTIONS, names_in, number, same
from autograd_explain.check.verified_checks import branches, notes, verdicts
from autograd_explain.check.verified_formulas import (
    ULP,
    backward,
    close,
    formula_problems,
    free,
    opened,
    results,
    shown,
)
from autograd_explain.check.verified_slopes import curvature_that_differs, slopes_that_differ
from autograd_explain.check.verified_sweeps import paths, tangents

SCHEMA = "autograd-explain/1"


class Problem(NamedTuple):
    """A place of the export where a rule does not hold."""

    rule: str
    place: str
    text: str


class Rule(NamedTuple):
    """Something that holds in every right export."""

    name: str
    says: str
    problems: Callable[[Any], Iterator[tuple[str, str]]]
    """The places where it does not hold: where, and what stands there."""


class Verdict(NamedTuple):
    """What came of a verification."""

    problems: list[Problem]
    left_open: list[str]
    """The formulas that hold a function of the user's own."""


def _values(data: Any) -> Iterator[tuple[str, str]]:
    nodes = data["nodes"]
    for node in nodes:
        place = f"node {node['id']} ({node['label']})"
        value = number(node["value"])
        if list(np.shape(value)) != node["shape"]:
            yield place, f"its shape is {list(np.shape(value))}, not {node['shape']}"
        names = opened([nodes[i] for i in node["inputs"]] or [node])
        yield from formula_problems(place, node["filled"], names, value)
        if node["inputs"]:
            yield from formula_problems(place, node["formula"], names, value)
            labels = {label for label in names if label.isidentifier() and names_in(label)}
            unnamed = labels - names_in(node["formula"])
            if unnamed:
                yield place, f"{node['formula']} is not made from {', '.join(sorted(unnamed))}"


def _order(data: Any) -> Iterator[tuple[str, str]]:
    for index, node in enumerate(data["nodes"]):
        if node["id"] != index:
            yield f"node {node['id']}", f"it stands in place {index}"
        for argument in node["inputs"]:
            if not 0 <= argument < index:
                yield f"node {index}", f"it is made from node {argument}, which comes later"


def _result(data: Any) -> Iterator[tuple[str, str]]:
    ends = results(data)
    if not ends:
        yield "value", "no recorded value is the result"
    for at in ends:
        if not same(data["nodes"][at]["value"], data["value"]):
            yield "value", f"{shown(number(data['value']))}, but it is not that of node {at}"
    for entry in data["inputs"]:
        node = data["nodes"][entry["node"]]
        alike = all(node[key] == entry[key] for key in ("name", "shape", "tracked"))
        if node["op"] != "input" or not alike or not same(node["value"], entry["value"]):
            yield f"input {entry['name']}", f"node {entry['node']} is another value"
    tracked = {entry["name"]: entry["node"] for entry in data["inputs"] if entry["tracked"]}
    if set(tracked) != set(data["gradients"]):
        yield "gradients", f"they are by {sorted(data['gradients'])}, tracked are {sorted(tracked)}"
    for name, index in tracked.items():
        total = data["nodes"][index]["gradient"]
        if name in data["gradients"] and total is not None and not same(data["gradients"][name], total):
            yield f"gradient of {name}", f"{shown(number(data['gradients'][name]))}, not {shown(number(total))} as told"


def _edges(data: Any) -> Iterator[tuple[str, str]]:
    """Every tracked argument of every value with a gradient has its share, once, in a walk that goes back."""
    nodes = data["nodes"]
    walked = [step["node"] for step in backward(data)]
    if [step["step"] for step in backward(data)] != list(range(1, len(walked) + 1)):
        yield "backward", "the steps do not count from 1"
    if sorted(set(walked), reverse=True) != walked:
        yield "backward", "the walk does not go back through the recorded order"
    for step in backward(data):
        node = nodes[step["node"]]
        wanted = [(p, i) for p, i in enumerate(node["inputs"]) if nodes[i]["tracked"]]
        if [(part["argument"], part["target"]) for part in step["parts"]] != wanted:
            yield f"step {step['step']}", "its parts are not one for each tracked argument"
    reached = {n["id"] for n in nodes if n["inputs"] and n["tracked"] and n["gradient"] is not None
               and np.any(number(n["gradient"]))}  # fmt: skip
    for index in sorted(reached - set(walked)):
        yield f"node {index}", "it has a gradient, but the walk did not come by"


def _upstreams(data: Any) -> Iterator[tuple[str, str]]:
    for step in backward(data):
        if not same(step["upstream"], data["nodes"][step["node"]]["gradient"]):
            yield f"step {step['step']}", "its upstream is not the total of its value"


def _shares(data: Any) -> Iterator[tuple[str, str]]:
    """upstream × local, summed over what broadcasting stretched; a rule in full for structured operations."""
    for step, part, place in _parts(data):
        nodes = data["nodes"]
        names = opened([nodes[step["node"]], *(nodes[i] for i in nodes[step["node"]]["inputs"])])
        names[free("upstream", data)] = number(step["upstream"])
        wanted = part["contribution"] if part["local"] is None else part["local"]
        yield from formula_problems(place, part["rule"], names, number(wanted))
        yield from formula_problems(place, part["filled"], names, number(wanted))
        if part["local"] is not None:
            with np.errstate(all="ignore"):
                product = number(step["upstream"]) * number(part["local"])
            shape = tuple(nodes[part["target"]]["shape"])
            if not close(_summed(product, shape), number(part["contribution"]), _noise(product)):
                yield place, "upstream × local is not its contribution"


def _noise(product: Any) -> Any:
    """How far a sum over these terms may be off by rounding."""
    with np.errstate(all="ignore"):
        return ULP * float(np.nansum(np.abs(np.where(np.isfinite(product), product, 0.0))))


def _summed(array: Any, shape: tuple[int, ...]) -> Any:
    array = np.asarray(array)
    with np.errstate(all="ignore"):
        array = array.sum(axis=tuple(range(array.ndim - len(shape)))) if array.ndim > len(shape) else array
        axes = tuple(a for a, size in enumerate(shape) if size == 1 and np.shape(array)[a] != 1)
        return np.broadcast_to(array.sum(axis=axes, keepdims=True) if axes else array, shape)


def _parts(data: Any) -> Iterator[tuple[Any, Any, str]]:
    for step in backward(data):
        for part in step["parts"]:
            yield step, part, f"step {step['step']}, argument {part['argument']}"


def _totals(data: Any) -> Iterator[tuple[str, str]]:
    """Totals start at 0, grow by each contribution exactly, and the last one is the gradient."""
    totals: dict[int, Any] = {}
    for _, part, place in _parts(data):
        before, after = part["total_before"], part["total_after"]
        known = totals.get(part["target"])
        right = not np.any(number(before)) if known is None else same(known, before)
        with np.errstate(all="ignore"):
            right = right and same(number(before) + number(part["contribution"]), after)
        if not right:
            yield place, "total before + contribution is not the total after"
        totals[part["target"]] = after
    for index, total in totals.items():
        if not same(total, data["nodes"][index]["gradient"]):
            yield f"node {index}", "its last total is not its gradient"


def _references(data: Any) -> Iterator[tuple[str, str]]:
    steps = len(backward(data)) or len(data.get("forward") or [])
    scopes = {scope["id"] for scope in data["scopes"]}
    length = len(data["source"] or "")
    for note in data["notes"]:
        if note["node"] is not None and not 0 <= note["node"] < len(data["nodes"]):
            yield f"note {note['kind']}", f"there is no node {note['node']}"
        if note["step"] is not None and not 1 <= note["step"] <= steps:
            yield f"note {note['kind']}", f"there is no step {note['step']}"
    for entry in [*data["nodes"], *data["branches"], *data["scopes"]]:
        span = entry["span"]
        if span is not None and not 0 <= span[0] <= span[1] <= length:
            yield "spans", f"{span} lies outside the source"
    for node in data["nodes"]:
        if node["scope"] is not None and node["scope"] not in scopes:
            yield f"node {node['id']}", f"there is no scope {node['scope']}"


def _hessian(data: Any) -> Iterator[tuple[str, str]]:
    """∂x∂w is ∂w∂x: entry (i, j) of the one is entry (j, i) of the other."""
    shapes = {entry["name"]: tuple(entry["shape"]) for entry in data["inputs"]}
    for first, row in (data.get("hessian") or {}).items():
        for second, block in row.items():
            rank = len(shapes[first])
            there = number(data["hessian"][second][first])
            turned = np.moveaxis(there, range(there.ndim - rank, there.ndim), range(rank))
            if number(block).shape != shapes[first] + shapes[second]:
                yield f"hessian {first}, {second}", f"its shape is {number(block).shape}"
            elif not close(*_both_finite(number(block), turned), ULP * np.max(np.abs(there), initial=1.0)):
                yield f"hessian {first}, {second}", "it is not symmetric"


def _both_finite(one: Any, other: Any) -> tuple[Any, Any]:
    """Two arrays with 0 where either holds no finite number: a nan of one order of going back is none of the other."""
    finite = np.isfinite(one) & np.isfinite(other)
    return np.where(finite, one, 0.0), np.where(finite, other, 0.0)


def _differences(data: Any) -> Iterator[tuple[str, str]]:
    """Differences of the formulas; where several values may be the result, those of the one that they fit best."""
    found = []
    for at in results(data):
        seed = _seed(data, at)
        found.append([*slopes_that_differ(data, at, seed), *curvature_that_differs(data, at, seed)])
    yield from min(found, key=len, default=[])


def _seed(data: Any, at: int) -> Any:
    """The upstream of the result; forward sweeps end in a tangent, of which the gradient is that many times as much."""
    if backward(data):
        return number(backward(data)[0]["upstream"])
    node = data["nodes"][at]
    if node["gradient"] is not None:
        return number(node["gradient"])
    if node["op"] == "input" and node["name"] in data["gradients"]:
        return number(data["gradients"][node["name"]])
    for step in data.get("forward") or []:
        if step["node"] == at and np.ndim(number(step["tangent"])) == 0 and step["input"] in data["gradients"]:
            found = number(data["gradients"][step["input"]]) / number(step["tangent"])
            if np.ndim(found) == 0 and np.isfinite(found):
                return found
    return 1.0


RULES = (
    Rule("order", "every value comes after what it is made from", _order),
    Rule("values", "every formula gives its value", _values),
    Rule("result", "inputs, result and gradients are the recorded ones", _result),
    Rule("edges", "every tracked argument has its share, once", _edges),
    Rule("upstream", "a step's upstream is its value's total", _upstreams),
    Rule("contributions", "every rule gives its local, upstream × local its contribution", _shares),
    Rule("totals", "contributions add up to the totals, the last total is the gradient", _totals),
    Rule("tangents", "in forward mode shares add up to tangents", tangents),
    Rule("references", "notes, spans and scopes point at what is there", _references),
    Rule("notes", "notes are of the kinds that there are", notes),
    Rule("branches", "every branch went where its condition says", branches),
    Rule("checks", "every verdict follows from its numbers, every closed form gives them", verdicts),
    Rule("paths", "the products over paths add up to the gradient", paths),
    Rule("hessian", "second derivatives are the same in either order", _hessian),
    Rule("differences", "differences of the formulas give gradients and curvature", _differences),
)


def verify(data: Any) -> Verdict:
    """The problems of an export as `json.load` gives it, and what was left open.

    Raises ValueError where it is no export of this kind at all.
    """
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise ValueError(f"it is not an explanation in the format {SCHEMA}")
    problems: list[Problem] = []
    for rule in RULES:
        try:
            with np.errstate(all="ignore"):  # numbers that overflow are found wrong, or right
                problems.extend(Problem(rule.name, place, text) for place, text in rule.problems(data))
        except _BROKEN as error:
            problems.append(Problem(rule.name, "the file", f"what this rule reads is missing or broken: {error}"))
    return Verdict(problems, _left_open(data))


_BROKEN = (LookupError, TypeError, ValueError, AttributeError, SyntaxError, ArithmeticError, RecursionError)
"""What reading a broken file raises."""


def _left_open(data: Any) -> list[str]:
    known = FUNCTIONS.keys() | {"input", "constant", "add", "sub", "mul", "div", "neg", "index", "scatter_add",
                                "lt", "le", "gt", "ge", "eq", "ne", "at_largest"}  # fmt: skip
    nodes = data.get("nodes")
    entries = nodes if isinstance(nodes, list) else []
    used = {str(node["op"]) for node in entries if isinstance(node, dict) and "op" in node}
    return sorted(used - known) + ["the engine with the fault"] * isinstance(data.get("fault"), dict)
