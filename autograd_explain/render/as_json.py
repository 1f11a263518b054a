"""The explanation as strict JSON (RFC 8259), whole as data or piece by piece as text.

Numbers that JSON has no word for are the strings "nan", "inf" and "-inf"; floats read back as the same float.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from autograd_explain.core.formula import LARGEST_ARRAY_WRITTEN_OUT, Formula, filled, written
from autograd_explain.core.notation import LANGUAGE
from autograd_explain.explanation.model import ForwardStepRecord, NodeRecord, PartRecord, PathRecord, StepRecord

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation
    from autograd_explain.render.theme import View

SCHEMA = "autograd-explain/1"


def number(value: Any) -> Any:
    """A float or an array of them as JSON has it: floats, nested lists, the three words."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, np.ndarray):
        listed = value.tolist()
        return listed if np.all(np.isfinite(value)) else _words(listed)
    return _words(float(value))


def _words(value: Any) -> Any:
    if isinstance(value, list):
        return [_words(entry) for entry in value]
    return value if math.isfinite(value) else "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"


def _text(formula: Formula) -> str:
    return written(formula, LANGUAGE).text


def _params(params: dict[str, Any]) -> dict[str, Any]:
    return {name: _param(value) for name, value in params.items()}


def _param(value: Any) -> Any:
    if isinstance(value, slice):
        return {"start": value.start, "stop": value.stop, "step": value.step}
    if value is Ellipsis:
        return "..."
    if isinstance(value, (tuple, list)):
        return [_param(part) for part in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value if value is None or isinstance(value, (bool, int, str)) else number(value)


def _by_labels(formula: Formula) -> Formula:
    """The formula with a short constant's number in place of the program's text for it, as its label is here."""
    if formula.op is not None:
        return Formula(formula.value, "", formula.op, tuple(map(_by_labels, formula.args)), formula.options)
    if not formula.label or formula.label.isidentifier() or np.size(formula.value) > LARGEST_ARRAY_WRITTEN_OUT:
        return formula
    return Formula(formula.value)


def node(record: NodeRecord) -> dict[str, Any]:
    """A value's entry."""
    return {
        "id": record.id,
        "label": record.label,
        "name": record.name,
        "op": record.op,
        "inputs": list(record.inputs),
        "params": _params(record.params),
        "formula": _text(_by_labels(record.formula)),
        "filled": _text(filled(record.formula)),
        "shape": list(record.shape),
        "value": number(record.value),
        "gradient": number(record.gradient),
        "tracked": record.tracked,
        "span": list(record.span) if record.span else None,
        "scope": record.scope,
    }


def part(record: PartRecord) -> dict[str, Any]:
    """One argument's share of a backward step."""
    return {
        "argument": record.argument,
        "target": record.target,
        "rule": _text(_by_labels(record.rule)),
        "filled": _text(filled(record.rule)),
        "local": number(record.local),
        "contribution": number(record.contribution),
        "total_before": number(record.total_before),
        "total_after": number(record.total_after),
    }


def step(record: StepRecord) -> dict[str, Any]:
    """One backward step."""
    parts = [part(share) for share in record.parts]
    return {"step": record.step, "node": record.node, "upstream": number(record.upstream), "parts": parts}


def forward_step(record: ForwardStepRecord) -> dict[str, Any]:
    """One step of forward mode."""
    parts = [part(share) for share in record.parts]
    own = {"node": record.node, "input": record.input, "tangent": number(record.tangent)}
    return {"step": record.step, **own, "parts": parts}


def _inputs(run: Explanation) -> Iterator[dict[str, Any]]:
    for record in run.inputs:
        yield {**record._asdict(), "shape": list(record.shape), "value": number(record.value)}


def _branches(run: Explanation) -> Iterator[dict[str, Any]]:
    for record in run.branches:
        span = list(record.span) if record.span else None
        yield {"node": record.node, "span": span, "condition": record.condition, "taken": record.taken}


def _scopes(run: Explanation) -> Iterator[dict[str, Any]]:
    for record in run.scopes:
        span = list(record.span) if record.span else None
        yield {**{name: getattr(record, name) for name in _SCOPE_FIELDS}, "span": span}


_SCOPE_FIELDS = ("id", "parent", "kind", "title", "iteration")


def _notes(run: Explanation) -> Iterator[dict[str, Any]]:
    for note in run.notes:
        yield {"kind": note.kind, "node": note.node, "step": note.step, "text": note.text}


def _checks(run: Explanation) -> Iterator[dict[str, Any]]:
    for result in run.checks:
        entry = {name: getattr(result, name) for name in _CHECK_FIELDS}
        yield {name: number(v) if name in _CHECK_NUMBERS else v for name, v in entry.items()}


_CHECK_FIELDS = ("checker", "target", "status", "ours", "theirs", "error", "tolerance", "digits", "formula", "why")
_CHECK_NUMBERS = frozenset({"ours", "theirs", "error", "tolerance"})

_HEAD: dict[str, Callable[[Any], Any]] = {
    "schema": lambda run: SCHEMA,
    "source": lambda run: run.source,
    "mode": lambda run: run.mode,
    "value": lambda run: number(run.value),
    "gradients": lambda run: {name: number(value) for name, value in run.gradients.items()},
}
_LISTS: dict[str, Callable[[Any], Iterable[dict[str, Any]]]] = {
    "inputs": _inputs,
    "nodes": lambda run: map(node, run.nodes),
    "backward": lambda run: map(step, run.steps),
    "forward": lambda run: map(forward_step, run.forward.steps),
    "branches": _branches,
    "scopes": _scopes,
    "notes": _notes,
    "checks": _checks,
}
_LEFT_OUT = {"reverse": "forward", "forward": "backward", "both": ""}


def _lists(run: Explanation) -> dict[str, Callable[[Any], Iterable[dict[str, Any]]]]:
    """The lists of entries that the run's mode has."""
    return {key: make for key, make in _LISTS.items() if key != _LEFT_OUT[run.mode]}


def _paths(run: Explanation) -> dict[str, Any] | None:
    """Every path from each input to the result, where they were asked for."""
    if run.paths is None:
        return None
    return {name: list(map(_path, own)) for name, own in run.paths.items()}


def _path(record: PathRecord) -> dict[str, Any]:
    return {"nodes": list(record.nodes), "product": number(record.product)}


def fault(run: Explanation) -> dict[str, Any] | None:
    """The broken engine's gradients, and its parts at the first step where it differs."""
    if run.fault is None:
        return None
    gradients = {name: number(value) for name, value in run.fault.gradients.items()}
    parting = run.fault.parting
    parts = [part(share) for share in run.fault.step(parting.faulty).parts] if parting else []
    return {"name": run.fault.fault.name, "gradients": gradients, "parts_at_step": parts}


def _hessian(run: Explanation) -> dict[str, Any] | None:
    """The second derivatives: by a, then by b, in the shape of a with that of b behind it."""
    if run.second is None or run.second.along is not None:
        return None
    return {a: {b: number(block) for b, block in own.items()} for a, own in run.second.table.items()}


def _hvp(run: Explanation) -> dict[str, Any] | None:
    """The Hessian times a vector, and the vector."""
    if run.second is None or run.second.along is None:
        return None
    told = {"vector": run.second.along, "product": run.second.product}
    return {key: {name: number(value) for name, value in own.items()} for key, own in told.items()}


_EXTRAS: dict[str, Callable[[Any], Any]] = {"fault": fault, "paths": _paths, "hessian": _hessian, "hvp": _hvp}
"""What is only there where it was asked for: None leaves it out."""


def _extras(run: Explanation) -> Iterator[tuple[str, Any]]:
    made = ((key, make(run)) for key, make in _EXTRAS.items())
    return ((key, value) for key, value in made if value is not None)


def as_dict(run: Explanation) -> dict[str, Any]:
    """The whole explanation as data that `json.dumps(…, allow_nan=False)` takes."""
    lists = {key: list(make(run)) for key, make in _lists(run).items()}
    return {**{key: make(run) for key, make in _HEAD.items()}, **lists, **dict(_extras(run))}


def pieces(run: Explanation) -> Iterator[str]:
    """The explanation as JSON text, an entry at a time, so that a long run needs no long string."""
    lead = "{"
    for key, make in _HEAD.items():
        yield f"{lead}{json.dumps(key)}: {_dump(make(run))}"
        lead = ",\n "
    for key, entries in _lists(run).items():
        yield f",\n {json.dumps(key)}: ["
        gap = "\n  "
        for entry in entries(run):
            yield gap + _dump(entry)
            gap = ",\n  "
        yield "]"
    for key, value in _extras(run):
        yield f",\n {json.dumps(key)}: {_dump(value)}"
    yield "}\n"


def write(run: Explanation, _view: View, out: TextIO) -> None:
    """Write the explanation as JSON text, the same whatever the view."""
    out.writelines(pieces(run))


def _dump(value: Any) -> str:
    """The value as JSON; what a terminal would obey or turn around is written as an escape."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


_OBEYED = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
