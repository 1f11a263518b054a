"""What `ops NAME --check` shows: each law with whether the operation keeps it, and where it does not."""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from autograd_explain.cli import console
from autograd_explain.cli.quoting import COMMAND
from autograd_explain.core.op import Op
from autograd_explain.core.registry import OPERATIONS, find
from autograd_explain.errors import InputError, NameProblem

DIFFERS = 1
_MOST_FINDINGS = 2
_NAMES = 14

LAWS = {
    "rules": "one rule for each argument",
    "shape": "what a rule hands back has the shape it should have",
    "upstream": "0 hands back 0, twice the upstream twice as much",
    "domain": "inside the domain the value and the derivatives are numbers",
    "value": "the value is that of the symbolic form at 50 digits",
    "slope": "each derivative is that of the symbolic form at many digits",
    "shown": "the textbook form that is shown is SymPy's derivative",
    "array": "single numbers and arrays give the same",
    "reverse": "on arrays, the contributions are those of differences",
    "contribution": "the contributions are those of the symbolic form's Jacobian",
    "differences": "without a symbolic form: the contributions are those of differences",
    "again": "the rule can be differentiated again (second order)",
    "described": "there are a note and an example",
}
"""What each law says, in the order shown."""


def check_operation(name: str | None) -> int:
    """Write how the operation of that name stands to the laws; 1 where it breaks one, else 0.

    Raises NameProblem where there is no such operation, and InputError where no name is given.
    """
    if not name:
        raise InputError("ops --check needs the name of an operation", hint=f"{COMMAND} ops sigmoid --check")
    import_module("autograd_explain.ops")  # fills the table
    op = find(name)
    if op is None:
        raise _unknown(name)
    from autograd_explain.check.factors import factors
    from autograd_explain.check.law_parts import own_samples
    from autograd_explain.check.laws import by_law, why_no_numbers

    found = by_law(op)
    broken = {law: findings for law, findings in found.items() if findings}
    samples = [] if "rules" in broken else list(own_samples(op))
    by_size = broken.keys() & _ABOUT_SIZE and "upstream" not in broken
    told = _quiet_factors(factors, op, samples) if by_size else {}
    reason = why_no_numbers(op, samples) if op.has_form else ""
    no_numbers = f"the symbolic form gives no numbers: {reason}" if reason else ""
    why_not = no_numbers if op.has_form else "the row has no symbolic form"
    lines = [*_lines(op, found, _NO_SAMPLES if not samples else "", why_not), *_named(told)]
    console.write_lines([op.signature, "", *lines, "", _verdict(op, broken)])
    return DIFFERS if broken else 0


_ABOUT_SIZE = {"slope", "reverse", "contribution", "differences"}


def _quiet_factors(factors: Any, op: Op, samples: Any) -> dict[str, str]:
    """The factors, or none: a row so broken that they cannot be worked out has other findings to show."""
    try:
        told: dict[str, str] = factors(op, samples)
    except Exception:  # noqa: BLE001 - the rules are the user's, and what they do wrong is found already
        return {}
    return told


def _unknown(name: str) -> NameProblem:
    from autograd_explain.lang.calls import function_names

    if name in function_names():
        hint = "losses are made of operations, each of which can be checked: ops mean --check"
        return NameProblem(f"{name} is no operation with a rule of its own", hint=hint)
    close = difflib.get_close_matches(name, list(OPERATIONS), 1)
    near = f"did you mean {close[0]}?   " if close else ""
    return NameProblem(f"there is no operation {name}", hint=f"{near}your own: --ops FILE.py")


_NO_SAMPLES = "no sample values fit; in Python: laws(op, samples=[((x,), {})])"


def _lines(op: Op, found: dict[str, list[Any]], no_samples: str, no_form: str) -> Iterator[str]:
    untried: dict[str, list[str]] = {}
    for law, says in LAWS.items():
        if law not in found or not _concerns(op, law):
            continue
        why = "" if found[law] or law in _OF_THE_ROW else no_samples or (no_form if law in _OF_THE_FORM else "")
        if why:
            untried.setdefault(why, []).append(law)
            continue
        lines = [says, *(finding.told for finding in found[law][:_MOST_FINDINGS])]
        more = len(found[law]) - _MOST_FINDINGS
        if more > 0:
            lines.append("and in one more place" if more == 1 else f"and in {more} more places")
        yield from _row(f"{_mark('broken' if found[law] else 'kept')} {law}", lines)
    for why, names in untried.items():
        yield from _row(f"{_mark('open')} not tried", [f"{', '.join(names)}: {why}"])


def _mark(kind: str) -> str:
    return {"kept": ("✓", "ok"), "broken": ("✗", "no"), "open": ("–", "--")}[kind][console.is_ascii()]


_ENTRY_BY_ENTRY = {"domain", "slope", "shown", "array", "reverse"}
_WHOLE = {"contribution", "differences"}


def _concerns(op: Op, law: str) -> bool:
    """Whether a law is about operations of this kind."""
    if law in (_WHOLE if op.elementwise else _ENTRY_BY_ENTRY):
        return False
    if law == "differences":
        return not op.has_form
    return not ((law == "shown" and not any(op.shown)) or (law == "array" and op.scalar is None))


_OF_THE_ROW = {"rules", "described"}
_OF_THE_FORM = {"value", "slope", "shown", "contribution"}


def _row(head: str, lines: list[str]) -> Iterator[str]:
    room = max(console.width() - _NAMES - 4, console.NARROWEST)
    first = True
    for line in lines:
        for part in textwrap.wrap(line, room) or [""]:
            yield f"  {head if first else '':<{_NAMES + 2}}{part}"
            first = False


def _named(told: dict[str, str]) -> Iterator[str]:
    for name, factor in told.items():
        yield ""
        yield from _row("", [f"Wrong by a factor: the derivative by {name} is {factor} times what is right."])


def _verdict(op: Op, broken: dict[str, list[Any]]) -> str:
    if not broken:
        return f"{op.name} keeps every law that was tried."
    count = "1 law" if len(broken) == 1 else f"{len(broken)} laws"
    return f"{op.name} breaks {count}: {', '.join(broken)}."
