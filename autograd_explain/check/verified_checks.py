"""What an export tells beside its numbers: the verdicts of checkers, notes and branches. Imports no engine."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from autograd_explain.check.formulas import UnknownFormula, evaluate, number, same

_NEAR = 1e-9  # a difference of this share of theirs, or less, is agreement
_NOTHING, _ALL_DIGITS = 1e-300, 16
_ULP = 2.0**-52
_SAMPLED = "random directions"
_NEXT = re.compile(r", (?=\w+ = )")  # between the parts that a long closed form names: `a*b with a = x*y, b = exp(a)`


def verdicts(data: Any) -> Iterator[tuple[str, str]]:
    """The verdicts that their own numbers do not bear out."""
    for check in data["checks"]:
        place = f"{check['checker']} check of {check['target']}"
        if _SAMPLED not in check["why"] and not same(check["ours"], _checked(data, check["target"])):
            yield place, "ours is not the gradient"
        if check["theirs"] is not None and check["error"] is not None:
            theirs = number(check["theirs"])
            yield from ((place, text) for text in _error(check, number(check["ours"]), theirs))
            yield from ((place, text) for text in _formula(data, check, theirs))
        if (check["status"] == "agrees") < (check["digits"] is not None):
            yield place, f"{check['digits']} digits of what does not agree"


def _checked(data: Any, target: str) -> Any:
    """What a target names: a gradient (`x`), a second derivative (`x∂y`), or a part of a product (`·v∂x`)."""
    first, _, second = target.rpartition("∂")
    if first == "·v":
        return data["hvp"]["product"][second]
    return data["hessian"][first][second] if first else data["gradients"][target]


def _error(check: Any, ours: Any, theirs: Any) -> Iterator[str]:
    apart = np.where((ours == theirs) | (np.isnan(ours) & np.isnan(theirs)), 0.0, np.abs(ours - theirs))
    worst, largest = float(np.max(apart, initial=0.0)), float(np.max(np.abs(theirs), initial=0.0))
    told = float(number(check["error"]))
    if not abs(told - worst) <= 4 * _ULP * largest and not (math.isnan(told) and math.isnan(worst)):
        yield f"ours and theirs are {worst:.6g} apart, not {told:.6g}"
    if check["status"] == "agrees" and not told <= max(float(number(check["tolerance"])), _NEAR * largest):
        yield f"an error of {told:.6g} is more than rounding explains"
    if check["digits"] and not _agreeing(told, largest) - 1 <= check["digits"] <= _agreeing(told, largest) + 1:
        yield f"{check['digits']} digits do not agree, but {_agreeing(told, largest)}"


def _agreeing(error: float, size: float) -> int:
    """How many digits two numbers of this size agree to."""
    if error <= _NOTHING:
        return _ALL_DIGITS
    return max(0, min(_ALL_DIGITS, math.floor(-math.log10(error / size)))) if error < size else 0


def _formula(data: Any, check: Any, theirs: Any) -> Iterator[str]:
    """The closed form, worked out on the given values, is what theirs is."""
    if not check["formula"]:
        return
    names = {entry["name"]: number(entry["value"]) for entry in data["inputs"]}
    short, _, shared = check["formula"].partition(" with ")
    try:
        for part in filter(None, _NEXT.split(shared)):
            name, _, text = part.partition(" = ")
            names[name] = evaluate(text, names)
        found = evaluate(short, names)
    except UnknownFormula:  # SymPy knows more functions than an export has
        return
    near = np.abs(found - theirs) <= 1e-6 * np.abs(theirs) + 1e-9
    if np.shape(found) == np.shape(theirs) and np.all(np.isfinite(found)) and not np.all(near):
        yield f"{check['formula']} is {float(np.ravel(found)[0]):.6g} here"


@cache
def _kinds() -> frozenset[str]:
    text = files("autograd_explain").joinpath("schema.json").read_text(encoding="utf-8")
    return frozenset(json.loads(text)["$defs"]["note"]["properties"]["kind"]["enum"])


def notes(data: Any) -> Iterator[tuple[str, str]]:
    """The notes of a kind that there is not."""
    for note in data["notes"]:
        if note["kind"] not in _kinds():
            yield f"note {note['kind']}", "there is no such kind"


def branches(data: Any) -> Iterator[tuple[str, str]]:
    """The branches that did not go where their condition says."""
    for branch in data["branches"]:
        value = number(data["nodes"][branch["node"]]["value"])
        if bool(np.ravel(value)[0] != 0.0) is not branch["taken"]:
            yield f"branch at node {branch['node']}", f"the condition is {float(np.ravel(value)[0]):g}"
