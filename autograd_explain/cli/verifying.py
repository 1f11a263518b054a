"""What `verify` does: read an export, derive its numbers again, and say where they do not hold."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from autograd_explain.check.verifier import RULES, Verdict, verify
from autograd_explain.cli import console
from autograd_explain.errors import InputError
from autograd_explain.source import visible

DIFFERS = 1
_LARGEST = 1 << 30
_MOST_SHOWN = 20
_HINT = "such a file is written by run … -o FILE.json"


def verify_file(name: str) -> int:
    """Write what became of each rule; 1 where one does not hold, else 0."""
    data = _read(name)
    try:
        verdict = verify(data)
    except ValueError as error:
        raise InputError(f"{visible(name)}: {error}", hint=_HINT) from None
    console.write_lines(_lines(data, verdict))
    return DIFFERS if verdict.problems else 0


def _read(name: str) -> Any:
    try:
        if name != "-" and Path(name).stat().st_size > _LARGEST:
            raise InputError(f"{visible(name)} is larger than 1 GiB", hint=_HINT)
        return json.loads(_standard_input() if name == "-" else Path(name).read_bytes())
    except OSError as error:
        raise InputError(f"{visible(name)} cannot be read: {error.strerror or error}", hint=_HINT) from None
    except (ValueError, RecursionError) as error:
        where = f": line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise InputError(f"{visible(name)} is not JSON{where}", hint=_HINT) from None


def _standard_input() -> bytes:
    """Read bytes, for JSON is UTF-8 whatever the console is."""
    if sys.stdin is None:
        raise InputError("there is no standard input to read", hint=_HINT)
    return sys.stdin.buffer.read()


def _lines(data: Any, verdict: Verdict) -> list[str]:
    found = Counter(problem.rule for problem in verdict.problems)
    room = max(len(rule.name) for rule in RULES) + 2
    lines = [f"  {'✗' if found[rule.name] else '✓'} {rule.name:<{room}}{rule.says}" for rule in RULES]
    shown = verdict.problems[:_MOST_SHOWN]
    lines.extend(f"    {visible(problem.place)}: {visible(problem.text)}" for problem in shown)
    hidden = len(verdict.problems) - _MOST_SHOWN
    if hidden > 0:
        lines.append(f"    … and {hidden:,} more")
    if verdict.left_open:
        names = ", ".join(visible(name) for name in verdict.left_open[:_MOST_SHOWN])
        lines.append(f"  left open: values of {names}, which only its program knows")
    count = len(verdict.problems)
    nodes = len(data.get("nodes", ())) if isinstance(data.get("nodes"), list) else 0
    ending = "all of it holds" if not count else f"{count:,} {'place does' if count == 1 else 'places do'} not hold"
    return [*lines, f"  {nodes:,} values, derived again without the engine: {ending}"]
