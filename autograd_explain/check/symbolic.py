"""The symbolic check: SymPy's derivatives against the recorded numbers, then the whole chain, then the closed form.

`differs` rests on the recorded numbers alone. The chain says how many digits the gradient is right to; when
rounding has eaten them, the verdict is `undecided`, never `differs`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograd_explain.check.algebra import Undefined
from autograd_explain.check.budget import (
    CHAIN_COST,
    DOUBLE_COST,
    LONGEST_RUN,
    Clock,
    OutOfTime,
    cost,
    run_cost,
)  # fmt: skip
from autograd_explain.check.chain import Chain, double_chain, precise_chain, size_of
from autograd_explain.check.closed import Closed, closed_forms
from autograd_explain.check.directions import places_of, sampled
from autograd_explain.check.edges import Findings
from autograd_explain.check.naming import Naming, number
from autograd_explain.check.recorded import examine
from autograd_explain.check.result import CheckResult, Status
from autograd_explain.check.rounding import EXCUSED, gradient_of, spreads
from autograd_explain.check.turns import with_turns
from autograd_explain.check.verdict import MORE_DIGITS, Judgement, judge, settled
from autograd_explain.core.var import Var
from autograd_explain.modes.records import Recording, Sweep

SECONDS = 6.0
_NAME = "symbolic"


@dataclass(frozen=True, slots=True)
class _Theirs:
    """What the chain gives for one target, and ours at the same entries; `note` says which and how precisely."""

    ours: Any
    theirs: Any
    note: str
    places: Any = None  # the sampled entries and directions as rows, None where all are there


def symbolic(recording: Recording, sweep: Sweep) -> list[CheckResult]:
    """A verdict by SymPy for every tracked input."""
    clock, naming = Clock(SECONDS), Naming(sweep.tape)
    targets = {name: node for name, node in recording.inputs.items() if node.tracked}
    length = sum(gradient is not None for gradient in sweep.gradients)
    try:
        if length > LONGEST_RUN:
            raise OutOfTime
        findings = examine(sweep, naming, clock)
        chain = _chain(sweep, list(targets.values()), clock)
    except OutOfTime:
        why = (
            f"the run is too long: its walk back passes {length:,} values, too many to check one by one within seconds"
        )
        return [CheckResult(_NAME, n, "undecided", gradient_of(sweep, t), why=why) for n, t in targets.items()]
    forms = closed_forms(sweep, targets, chain)
    results = [_verdict(sweep, name, node, findings, chain, forms, naming, clock) for name, node in targets.items()]
    return with_turns(recording, sweep, results, clock)


def _chain(sweep: Sweep, targets: list[Var], clock: Clock) -> Chain | None:
    work = sum(cost(node) for node in sweep.tape.nodes[: sweep.result.index + 1] if node.tracked)
    return precise_chain(sweep, targets, clock) if work <= CHAIN_COST else None


def _verdict(
    sweep: Sweep,
    name: str,
    target: Var,
    findings: Findings,
    chain: Chain | None,
    forms: Closed,
    naming: Naming,
    clock: Clock,
) -> CheckResult:
    found = _found(sweep, target, findings, forms.formulas.get(name), chain)
    if found is not None:
        return CheckResult(_NAME, name, **found)
    try:
        theirs = _theirs(sweep, target, chain, clock)
    except (Undefined, OutOfTime):
        return _by_steps(sweep, name, target, findings)
    judgement = judge(theirs.ours, theirs.theirs)
    if judgement.kind == "apart":
        theirs, judgement = _again(sweep, target, theirs, chain, clock)
    status, why = _said(judgement, chain, naming)
    notes = "; ".join(filter(None, [theirs.note, why, findings.sampled, forms.notes.get(name, forms.note)]))
    digits = (judgement.digits or None) if status == "agrees" else None
    return CheckResult(
        _NAME, name, status, theirs.ours, theirs.theirs, judgement.error, judgement.tolerance,
        digits, forms.formulas.get(name), notes,
    )  # fmt: skip


def _by_steps(sweep: Sweep, name: str, target: Var, findings: Findings) -> CheckResult:
    """The verdict where the whole chain is too long: every step is right, and rounding says how far that carries."""
    ours = gradient_of(sweep, target)
    spread = EXCUSED * spreads(sweep, [target])[0]
    judgement = judge(ours, ours + spread, spread)
    note = (
        "every step and sum agrees with SymPy; the run is too long for its chain: the digits are what rounding leaves"
    )
    if judgement.kind in {"lost", "apart"} or not judgement.digits:
        note = "every step and sum agrees with SymPy, but rounding in the run may have eaten the gradient's digits"
        return CheckResult(_NAME, name, "undecided", ours, tolerance=judgement.error, why=note)
    why = "; ".join(filter(None, [note, findings.sampled]))
    return CheckResult(_NAME, name, "agrees", ours, None, None, judgement.error, judgement.digits, None, why)


def _again(sweep: Sweep, target: Var, theirs: _Theirs, chain: Chain | None, clock: Clock) -> tuple[_Theirs, Judgement]:
    """A difference looked at again: with more digits on their side, and with what rounding can do on ours."""
    spread = np.ravel(spreads(sweep, [target])[0])
    if chain is None:
        room = spread if theirs.places is None else np.abs(theirs.places) @ spread
        return theirs, judge(theirs.ours, theirs.theirs, room)
    try:
        finer = precise_chain(sweep, [target], clock, MORE_DIGITS).gradients[target.index]
    except OutOfTime:
        finer = theirs.theirs
    steady = settled(theirs.theirs, finer)
    steady = float(steady) if type(target.value) is float else steady
    return replace(theirs, theirs=steady), judge(theirs.ours, steady, spread)


def _found(
    sweep: Sweep, target: Var, findings: Findings, formula: str | None, chain: Chain | None
) -> dict[str, Any] | None:
    """The verdict that the recorded numbers alone give, if they do."""
    ours = gradient_of(sweep, target)
    place = target.index
    theirs = chain.gradients.get(place) if chain is not None and np.all(np.isfinite(ours)) else None
    given: dict[str, Any] = {"ours": ours, "formula": formula, "theirs": theirs}
    if place in findings.faults:
        return given | {"status": "differs", "why": findings.faults[place]}
    if place in findings.kinks:
        return given | {"status": "convention", "why": findings.kinks[place]}
    if place in findings.doubts:
        return given | {"status": "undecided", "why": findings.doubts[place], "theirs": None}
    if not np.all(np.isfinite(ours)):
        return given | {"status": "undecided", "why": "the gradient is not finite", "theirs": None}
    return None


def _theirs(sweep: Sweep, target: Var, chain: Chain | None, clock: Clock) -> _Theirs:
    ours = gradient_of(sweep, target)
    if chain is not None:
        return _Theirs(ours, chain.gradients[target.index], "")
    note = "each step at 40 digits, the whole run in double precision because it is long"
    directions = sampled(target.value)
    rows = np.array([direction.row for direction in directions])
    if len(rows) * run_cost(sweep.tape.nodes) > DOUBLE_COST:
        raise OutOfTime
    if type(ours) is float:
        return _Theirs(ours, double_chain(sweep, target, 1.0, clock), note)
    theirs = np.array([double_chain(sweep, target, row.reshape(target.shape), clock) for row in rows])
    note += "" if len(rows) == size_of(target) else f", {places_of(directions)}"
    return _Theirs(rows @ np.ravel(ours), theirs, note, rows)


def _said(judgement: Judgement, chain: Chain | None, naming: Naming) -> tuple[Status, str]:
    lost = chain.lost if chain is not None else None
    where = ""
    if lost is not None and type(lost[0].value) is float:
        where = f": {naming.operation(lost[0])} is {number(lost[1])} exactly, {number(lost[0].value)} was computed"
    elif lost is not None:
        where = f": {naming.operation(lost[0])} has lost most of its digits"
    if judgement.kind == "same":
        return "agrees", ""
    if judgement.kind == "rounded" and judgement.digits == 0:
        return "agrees", "the true value is 0, and what rounding left of it is within rounding"
    if judgement.kind == "rounded":
        return "agrees", f"every step agrees; rounding in the run leaves {judgement.digits} digits{where}"
    if judgement.kind == "lost":
        return "undecided", f"every step agrees, but rounding in the run leaves none of the gradient's digits{where}"
    return "undecided", f"every step agrees with SymPy, but the whole run comes to another gradient{where}"
