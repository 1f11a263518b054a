"""`--versus`: the values of the other run, and where the two runs side by side are written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from autograd_explain.cli.output import Target, write_text
from autograd_explain.errors import InputError, NameProblem
from autograd_explain.lang.names import fold_name

_OPENING, _CLOSING = "([{", ")]}"
_NEXT_NAME = re.compile(r",\s*[^\W\d]\w*\s*=(?!=)")

PICTURES = frozenset({"graph", "svg", "dot", "mermaid", "png"})
"""The formats that draw the graph of one run and nothing beside it."""

Values = tuple[tuple[str, str], ...]


def read_versus(text: str | None, option: str = "--versus") -> Values:
    """Return the names and values in `x=-1,y=[1, 2]`: commas inside brackets belong to a value."""
    if text is None:
        return ()
    pairs = [part.partition("=") for part in _parts(text)]
    for name, equals, value in pairs:
        if not (name.strip() and equals and value.strip()):
            raise InputError(f"{option} takes NAME=VALUE with commas between, not '{text}'", hint=f"{option} x=-1,y=2")
    return tuple((fold_name(name.strip()), value.strip()) for name, _, value in pairs)


def _parts(text: str) -> list[str]:
    depth, start = 0, 0
    parts = []
    for place, letter in enumerate(text):
        depth += (letter in _OPENING) - (letter in _CLOSING)
        if depth == 0 and _NEXT_NAME.match(text, place):
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]


def with_others(values: Sequence[tuple[str, str]], others: Values) -> Values:
    """Return the given values with the other run's in their places."""
    replaced = {name for name, _ in others}
    return (*(pair for pair in values if _folded(pair[0]) not in replaced), *others)


def _folded(name: str) -> str:
    try:
        return fold_name(name)
    except NameProblem:
        return name  # `bind_values` complains about it


def refuse_together(options: dict[str, Any], target: Target) -> None:
    """Raise InputError for options that are each a view of their own."""
    if options["fault"] is not None and options["mode"] != "reverse":
        raise InputError("--fault breaks a rule of the reverse sweep", hint=f"leave out --mode {options['mode']}")
    refuse_second(options, target)
    for name, given in (("--fault", options["fault"]), ("--paths", options["paths"])):
        if given and target.format.name in PICTURES:
            raise InputError(f"{name} is told in text, not in a picture ({target.format.name})", hint="--format text")
        if given and target.format.name in _SCRIPTS:
            raise InputError(f"{name} is told in text, not in a script ({target.format.name})", hint="--format text")
    if options["versus"] is None:
        return
    if target.format.name != "text":
        raise InputError(f"--versus is a text view; there is no {target.format.name} of two runs", hint="--format text")
    for name, given in (("--paths", options["paths"]), ("--fault", options["fault"]), ("--check", options["check"]),
                        ("--mode", options["mode"] != "reverse")):  # fmt: skip
        if given:
            raise InputError(f"--versus compares two runs and does not go with {name}", hint=f"leave out {name}")


def refuse_second(options: dict[str, Any], target: Target) -> None:
    """Raise InputError where second derivatives have no place, or are asked for twice."""
    asked = [name for name in ("hessian", "hvp") if options[name]]
    if not asked:
        return
    if len(asked) > 1:
        raise InputError("--hvp is --hessian times a vector: ask for one of them", hint="leave out --hessian")
    (name,) = asked
    if target.format.name not in SECOND_ORDER:
        told = "text and JSON"
        raise InputError(f"--{name} is told in {told}, not in {target.format.name}", hint="--format text")
    for other in ("fault", "versus"):
        if options[other] is not None:
            raise InputError(f"--{name} does not go with --{other}", hint=f"leave out --{other}")


_SCRIPTS = frozenset({"python", "torch", "jax"})
SECOND_ORDER = frozenset({"text", "json"})
"""The formats that tell second derivatives."""


def write_comparison(first: Any, second: Any, target: Target) -> None:
    """Write two runs of one program side by side."""
    from autograd_explain.explanation.versus import compare
    from autograd_explain.render import versus

    write_text(lambda out: versus.write(compare(first, second), target.view, out), target)
