"""When a closed form is worked out, and where: small ones here, middle ones in a process of their own, large ones not.

SymPy cannot be interrupted, so what might take long runs where it can be stopped.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mpmath

from autograd_explain.check.chain import Chain
from autograd_explain.check.forms import Form, Row, derivative_forms, size, writable
from autograd_explain.core.registry import OPERATIONS, OWN
from autograd_explain.core.var import CONSTANT, INPUT, Var
from autograd_explain.modes.records import Sweep

HERE = 80  # operations of the whole expression
ELSEWHERE = 1_500
MOST_INPUTS_HERE = 8
WORKER_SECONDS = 3.0
_MANY = 2_000  # recorded operations beyond which the expression is not even measured
_SAME = mpmath.mpf(10) ** -20


@dataclass(frozen=True, slots=True)
class Closed:
    """Closed forms as text by input name, why there are none, and the inputs where the form says something else."""

    formulas: dict[str, str | None] = field(default_factory=dict)
    note: str = ""
    notes: dict[str, str] = field(default_factory=dict)


def closed_forms(sweep: Sweep, targets: Mapping[str, Var], chain: Chain | None) -> Closed:
    """SymPy's closed form of the derivative by every target, where the run is small and scalar."""
    rows = _rows(sweep)
    if rows is None or chain is None or not sweep.result.tracked:
        return Closed()
    operations = size(rows)
    if operations > ELSEWHERE:
        return Closed(note=f"no closed form: written out, the whole has about {_rounded(operations)} operations")
    if not writable(rows):
        return Closed(note="no closed form: its powers are too high to write out")
    here = operations <= HERE and len(targets) <= MOST_INPUTS_HERE
    if not here and any(row.op is not None and row.op.name in OWN for row in rows):
        return Closed(note="no closed form: too long for one with an operation of your own in it")
    forms = dict(derivative_forms(rows, float(sweep.seed), chain.digits)) if here else _elsewhere(rows, sweep, chain)
    if forms is None:
        return Closed(note=f"no closed form: SymPy did not finish its {operations:,} operations")
    return _compared(forms, targets, chain)


def _rounded(operations: int) -> str:
    return f"{operations:,}" if operations < 10**9 else "10^" + str(len(str(operations)) - 1)


def _rows(sweep: Sweep) -> list[Row] | None:
    """The result's ancestors as plain rows; None unless all are numbers and elementwise operations."""
    if len(sweep.tape.nodes) > _MANY or type(sweep.seed) is not float:
        return None
    needed: set[int] = {sweep.result.index}
    for node in reversed(sweep.tape.nodes[: sweep.result.index + 1]):
        if node.index in needed:
            needed.update(argument.index for argument in node.inputs)
    places = {index: place for place, index in enumerate(sorted(needed))}
    rows = []
    for index in sorted(needed):
        node = sweep.tape.nodes[index]
        if node.inputs and not (node.op.elementwise and node.op.has_form):
            return None
        if type(node.value) is not float or node.value - node.value != 0:
            return None
        rows.append(_row(node, tuple(places[argument.index] for argument in node.inputs)))
    return rows


def _row(node: Var, inputs: tuple[int, ...]) -> Row:
    if node.op is INPUT:
        return Row(node.value, node.tracked, name=str(node.tape.names[node.index]))
    if node.op is CONSTANT:
        return Row(node.value, tracked=False)
    return Row(node.value, node.tracked, None, node.op, inputs, node.tape.options.get(node.index))


def _compared(forms: Mapping[str, Form], targets: Mapping[str, Var], chain: Chain) -> Closed:
    """The texts, and a note wherever the closed form's value is not the chain's."""
    notes = {}
    for name, form in forms.items():
        if form.value is None or name not in targets:
            continue
        with mpmath.workdps(chain.digits):
            theirs, whole = chain.precise[targets[name].index], mpmath.mpf(form.value)
            apart = abs(whole - theirs) > _SAME * max(abs(whole), abs(theirs)) + mpmath.mpf(10) ** -300
        if apart:
            notes[name] = f"the closed form comes to {mpmath.nstr(whole, 10)}, the chain to {mpmath.nstr(theirs, 10)}"
    return Closed({name: form.text for name, form in forms.items()}, notes=notes)


def _elsewhere(rows: list[Row], sweep: Sweep, chain: Chain) -> dict[str, Form] | None:
    """The forms from the worker process; None where it fails, is too slow or needs too much memory."""
    if any(row.op is not None and OPERATIONS.get(row.op.name) is None for row in rows):
        return None
    task = {"rows": [_plain(row) for row in rows], "seed": float(sweep.seed).hex(), "digits": chain.digits}
    package = Path(__file__).resolve().parents[2]
    paths = os.pathsep.join(filter(None, [str(package), os.environ.get("PYTHONPATH", "")]))
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "autograd_explain.check.worker"],
            input=json.dumps(task), capture_output=True, text=True, timeout=WORKER_SECONDS, check=True,
            env={**os.environ, "PYTHONPATH": paths},
        )  # fmt: skip
        return {name: Form(**form) for name, form in json.loads(done.stdout).items()}
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def _plain(row: Row) -> dict[str, Any]:
    return {
        "value": row.value.hex(), "tracked": row.tracked, "name": row.name, "op": row.op and row.op.name,
        "inputs": row.inputs, "options": dict(row.options or {}),
    }  # fmt: skip


def from_plain(row: Mapping[str, Any]) -> Row:
    """A row as it was before it was sent."""
    op = OPERATIONS[row["op"]] if row["op"] else None
    value = float.fromhex(row["value"])
    return Row(value, row["tracked"], row["name"], op, tuple(row["inputs"]), row["options"])
