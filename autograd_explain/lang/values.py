"""Values as they are given on a command line or in a program's heading, read into floats and float64 arrays.

A value is a number, a nested list, a constant expression of the language, or `@FILE`. Must not know programs.
"""

from __future__ import annotations

import ast
import math
import re
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_explain.core.shapes import MOST_AXES, as_value
from autograd_explain.errors import ExplainError, InputError, LimitError, NameProblem
from autograd_explain.lang.calls import function_names
from autograd_explain.lang.interpret import evaluate
from autograd_explain.lang.names import OPTIONAL, names_of
from autograd_explain.lang.numerals import read_number, regular
from autograd_explain.lang.parse import Parsed, parse
from autograd_explain.lang.value_files import read_file
from autograd_explain.limits import DEFAULT_LIMITS, Limits, exceeded
from autograd_explain.source import Source, Span

_WORD = r"[+-]?(?i:nan|inf(?:inity)?)"  # what no digits can write
_LIST_TOKEN = re.compile(rf"\s*(?:([\[\],])|([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|{_WORD}(?![\w(])))")


def read_value(text: str, seed: int = 0, limits: Limits = DEFAULT_LIMITS) -> Any:
    """Return the float or float64 array that `text` stands for; `seed` is that of `rand` and `randn`.

    Raises InputError for what is no value or a file that cannot be read, LimitError for too large a one, and
    what the language raises for a constant expression.
    """
    text = text.strip()
    if not text:
        raise InputError("the value is empty", hint="give a number, a list, an expression such as pi/4, or @FILE")
    if text.startswith("@"):
        return read_file(text[1:], limits)
    if re.fullmatch(_WORD, text):
        return float(text)
    number = read_number(text)
    if number is not None and math.isfinite(number):
        return number
    if text.startswith("["):
        entries = _plain_list(text, limits)
        if entries is not None:
            return regular(entries, limits)
    return _expression(text, seed, limits)


def read_values(texts: Mapping[str, str], seed: int = 0, limits: Limits = DEFAULT_LIMITS) -> dict[str, Any]:
    """Return the values of several names; each draws its own random numbers, whatever the order they are given in.

    An error says which name's value is at fault.
    """
    values = {}
    for name, text in texts.items():
        try:
            values[name] = read_value(text, zlib.crc32(f"{seed} {name}".encode()), limits)
        except ExplainError as error:
            error.message = f"the value of {name}: {error.message}"
            raise
    return values


def _plain_list(text: str, limits: Limits) -> list[Any] | None:
    """Return a list of numbers alone, read without the language's parser; None for anything else."""
    opened: list[list[Any]] = [[]]
    before = ","
    place = 0
    while place < len(text):
        match = _LIST_TOKEN.match(text, place)
        if match is None or (before == "]" and match[0].strip() not in ",]"):
            return None
        mark, number = match.groups()
        if number is not None:
            if before not in {"[", ","} or len(opened) == 1:
                return None
            opened[-1].append(float(number))
        elif mark == "[":
            if len(opened) > MOST_AXES:
                hint = f"an array has at most {MOST_AXES} axes"
                raise LimitError(f"this list is nested deeper than {MOST_AXES} levels", hint=hint)
            opened.append([])
        elif mark == "]":
            if len(opened) == 1 or (before == "," and not opened[-1]):
                return None
            opened[-2].append(opened.pop())
        elif before in {"[", ","}:
            return None
        before = mark or "0"
        place = match.end()
    whole = len(opened) == 1 and len(opened[0]) == 1
    return opened[0][0] if whole else None


def _expression(text: str, seed: int, limits: Limits) -> Any:
    """Return what a text of the language without names comes to."""
    parsed = parse(text, function_names(), limits)
    _refuse_statements(parsed)
    names = names_of(parsed)
    used = [*names.required, *(name for name in names.optional if name not in OPTIONAL)]
    if used:
        message = f"{used[0]} is a name: a value is made of numbers only"
        raise NameProblem(message, span=names.places[used[0]], source=parsed.source, hint=_name_hint(used[0]))
    value = as_value(evaluate(text, seed=seed, limits=limits))
    if np.size(value) > limits.elements:
        raise exceeded("elements", limits.elements, "entries", span=Span(0, len(text)), source=Source(text))
    return value


def _refuse_statements(parsed: Parsed) -> None:
    """Refuse a value that is a program: an assignment, a loop, or several expressions."""
    body = parsed.tree.body
    wrong = next((statement for statement in body if not isinstance(statement, ast.Expr)), None)
    if wrong is None and len(body) > 1:
        wrong = body[1]
    if wrong is not None:
        hint = "give a number, a list, an expression such as pi/4, or @FILE; statements belong into the program"
        message = "a value is one expression, and this is more"
        raise InputError(message, span=parsed.span(wrong), source=parsed.source, hint=hint)


def _name_hint(name: str) -> str:
    return f"write {NON_FINITE_HINTS[name]}" if name in NON_FINITE_HINTS else "names belong into the program"


NON_FINITE_HINTS = {"inf": "-log(0)", "infinity": "-log(0)", "nan": "0/0", "NaN": "0/0", "Infinity": "-log(0)"}
