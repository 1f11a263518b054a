"""Every number of an export derived again from the file alone; imports no engine.

`RULES` is the list of what must hold, one row each: a name, what it says, and a function from the export to the
places where it does not. A formula is read anew, a contribution is multiplied anew, a total is added up anew, and
the gradients are held against differences of the formulas themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from autograd_explain.check.formulas import FUNCTIONS, UnknownFormula, evaluate, names_in, number, same
from autograd_explain.check.verified_checks import branches, notes, verdicts
from autograd_explain.check.verified_slopes import curvature_that_differs, slopes_that_differ

SCHEMA = "autograd-explain/1"
_CLOSE = 1e-9
_NUDGES = 4  # evaluations with every number moved by a rounding error, to see how many digits a formula can have
_ULP = 2.0**-52


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


def close(found: Any, wanted: Any, slack: Any = 0.0) -> bool:
    """Whether two arrays agree but for rounding; `slack` is how far rounding moved the formula."""
    found, wanted = np.asarray(found, dtype=float), np.asarray(wanted, dtype=float)
    if found.shape != wanted.shape:
        return False
    with np.errstate(all="ignore"):
        size = np.maximum(np.abs(wanted), 1e-300)
        near = np.abs(found - wanted) <= _CLOSE * size + 64 * np.nan_to_num(slack, posinf=np.inf)
    return bool(np.all(near | (found == wanted) | (np.isnan(found) & np.isnan(wanted))))


def worked_out(text: str, names: dict[str, Any]) -> tuple[Any, Any]:
    """A formula's value, and how far it moves when every number in it moves by a rounding error."""
    value = np.asarray(evaluate(text, names), dtype=float)
    slack = np.zeros(value.shape)
    for seed in range(_NUDGES):
        rng = np.random.default_rng(seed)
        moved = np.asarray(evaluate(text, names, partial(_nudged, rng)), dtype=float)
        if moved.shape == value.shape:
            with np.errstate(all="ignore"):
                slack = np.fmax(slack, np.abs(moved - value))
    return value, slack


def _nudged(rng: Any, value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    return value * (1 + _ULP * rng.choice((-1.0, 1.0), np.shape(value)))


def backward(data: Any) -> list[Any]:
    """The steps of the walk back; none where only tangents were carried forwards."""
    return list(data.get("backward") or [])


def _opened(nodes: list[dict[str, Any]]) -> dict[str, Any]:
    return {node["label"]: number(node["value"]) for node in nodes}


def _values(data: Any) -> Iterator[tuple[str, str]]:
    nodes = data["nodes"]
    for node in nodes:
        place = f"node {node['id']} ({node['label']})"
        value = number(node["value"])
        if list(np.shape(value)) != node["shape"]:
            yield place, f"its shape is {list(np.shape(value))}, not {node['shape']}"
        names = _opened([nodes[i] for i in node["inputs"]] or [node])
        yield from _formula(place, node["filled"], names, value)
        if node["inputs"]:
            yield from _formula(place, node["formula"], names, value)
            labels = {label for label in names if label.isidentifier() and names_in(label)}
            unnamed = labels - names_in(node["formula"])
            if unnamed:
                yield place, f"{node['formula']} is not made from {', '.join(sorted(unnamed))}"


def _formula(place: str, text: str, names: dict[str, Any], wanted: Any) -> Iterator[tuple[str, str]]:
    """The place, where a formula does not give what stands beside it.

    A large array stands in the numbers under its label. A name that is no label is one of the program's own plain
    numbers, which an export does not hold.
    """
    if not names_in(text) <= names.keys():
        return
    try:
        found, slack = worked_out(text, names)
    except UnknownFormula:
        return  # a function of the user's own: `left_open` says so
    if not close(found, wanted, slack):
        yield place, f"{text} is {_shown(found)}, not {_shown(wanted)}"


def _shown(value: Any) -> str:
    text = " ".join(str(np.asarray(value).tolist()).split())
    return text if len(text) <= 60 else text[:57] + "..."


def _order(data: Any) -> Iterator[tuple[str, str]]:
    for index, node in enumerate(data["nodes"]):
        if node["id"] != index:
            yield f"node {node['id']}", f"it stands in place {index}"
        for argument in node["inputs"]:
            if not 0 <= argument < index:
                yield f"node {index}", f"it is made from node {argument}, which comes later"


def _result(data: Any) -> Iterator[tuple[str, str]]:
    at = _result_index(data)
    if at is None:
        yield "value", "no recorded value is the result"
    elif not same(data["nodes"][at]["value"], data["value"]):
        yield "value", f"{_shown(number(data['value']))}, but it is not that of node {at}"
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
            shown = _shown(number(data["gradients"][name]))
            yield f"gradient of {name}", f"{shown}, but its node has {_shown(number(total))}"


def _result_index(data: Any) -> int | None:
    """The recorded value that is the result: what the walk back starts from, else the last one that equals it."""
    if backward(data):
        return int(backward(data)[0]["node"])
    equal = [node["id"] for node in data["nodes"] if same(node["value"], data["value"])]
    return equal[-1] if equal else None


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
        names = _opened([nodes[step["node"]], *(nodes[i] for i in nodes[step["node"]]["inputs"])])
        names["upstream"] = number(step["upstream"])
        wanted = part["contribution"] if part["local"] is None else part["local"]
        yield from _formula(place, part["rule"], names, number(wanted))
        yield from _formula(place, part["filled"], names, number(wanted))
        if part["local"] is not None:
            with np.errstate(all="ignore"):
                product = number(step["upstream"]) * number(part["local"])
            shape = tuple(nodes[part["target"]]["shape"])
            if not close(_summed(product, shape), number(part["contribution"]), _noise(product)):
                yield place, "upstream × local is not its contribution"


def _noise(product: Any) -> Any:
    """How far a sum over these terms may be off by rounding."""
    with np.errstate(all="ignore"):
        return _ULP * float(np.nansum(np.abs(np.where(np.isfinite(product), product, 0.0))))


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


def _paths(data: Any) -> Iterator[tuple[str, str]]:
    for name, found in (data.get("paths") or {}).items():
        total = sum((number(path["product"]) for path in found), np.float64(0.0))
        noise = _ULP * sum(float(np.sum(np.abs(number(path["product"])))) for path in found)
        if not close(total, number(data["gradients"][name]), noise):
            yield f"paths of {name}", "the products do not add up to the gradient"


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
            elif not close(*_both_finite(number(block), turned), _ULP * np.max(np.abs(there), initial=1.0)):
                yield f"hessian {first}, {second}", "it is not symmetric"


def _both_finite(one: Any, other: Any) -> tuple[Any, Any]:
    """Two arrays with 0 where either holds no finite number: a nan of one order of going back is none of the other."""
    finite = np.isfinite(one) & np.isfinite(other)
    return np.where(finite, one, 0.0), np.where(finite, other, 0.0)


def _differences(data: Any) -> Iterator[tuple[str, str]]:
    at = _result_index(data)
    if at is not None:
        seed = _seed(data, at)
        yield from slopes_that_differ(data, at, seed)
        yield from curvature_that_differs(data, at, seed)


def _seed(data: Any, at: int) -> Any:
    """The upstream of the result; forward sweeps end in a tangent, of which the gradient is that many times as much."""
    if backward(data):
        return number(backward(data)[0]["upstream"])
    for step in data.get("forward") or []:
        if step["node"] == at and np.ndim(number(step["tangent"])) == 0 and step["input"] in data["gradients"]:
            found = number(data["gradients"][step["input"]]) / number(step["tangent"])
            if np.ndim(found) == 0 and np.isfinite(found):
                return found
    return 1.0


def _tangents(data: Any) -> Iterator[tuple[str, str]]:
    """Forward mode: local × the argument's own tangent is its share, the shares add up to the value's tangent."""
    nodes = data["nodes"]
    moving: dict[tuple[str, int], Any] = {}
    for step in data.get("forward") or []:
        place, node, total = f"step {step['step']}", nodes[step["node"]], np.float64(0.0)
        for part in step["parts"]:
            names = _opened([node, *(nodes[i] for i in node["inputs"])])
            tangent = moving.get((step["input"], part["target"]), _moved(step["input"], nodes[part["target"]]))
            if part["local"] is not None:
                with np.errstate(all="ignore"):
                    moved = np.where(np.asarray(tangent) == 0, 0.0, number(part["local"]) * tangent)  # still
                    share = np.broadcast_to(moved, tuple(node["shape"]))
                if not close(share, number(part["contribution"])):
                    yield place, "local × tangent is not its contribution"
                yield from _formula(place, part["rule"], names, number(part["local"]))
            else:
                yield from _formula(place, part["rule"], names | {"tangent": tangent}, number(part["contribution"]))
            with np.errstate(all="ignore"):
                if not same(number(part["total_before"]) + number(part["contribution"]), part["total_after"]):
                    yield place, "total before + contribution is not the total after"
            total = number(part["total_after"])
        if not same(total, step["tangent"]):
            yield place, "the last total is not the tangent"
        moving[step["input"], step["node"]] = number(step["tangent"])


def _moved(label: str, node: dict[str, Any]) -> Any:
    """An input's own tangent: 1 at the entry that moves, 0 elsewhere."""
    name, _, key = label.partition("[")
    tangent = np.zeros(tuple(node["shape"]))
    if node["name"] == name and node["op"] == "input":
        tangent[tuple(int(part) for part in key.rstrip("]").split(",") if part)] = 1.0
    return tangent


RULES = (
    Rule("order", "every value comes after what it is made from", _order),
    Rule("values", "every formula gives its value", _values),
    Rule("result", "inputs, result and gradients are the recorded ones", _result),
    Rule("edges", "every tracked argument has its share, once", _edges),
    Rule("upstream", "a step's upstream is its value's total", _upstreams),
    Rule("contributions", "every rule gives its local, upstream × local its contribution", _shares),
    Rule("totals", "contributions add up to the totals, the last total is the gradient", _totals),
    Rule("tangents", "in forward mode shares add up to tangents", _tangents),
    Rule("references", "notes, spans and scopes point at what is there", _references),
    Rule("notes", "notes are of the kinds that there are", notes),
    Rule("branches", "every branch went where its condition says", branches),
    Rule("checks", "every verdict follows from its numbers, every closed form gives them", verdicts),
    Rule("paths", "the products over paths add up to the gradient", _paths),
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
    return sorted(used - known)
