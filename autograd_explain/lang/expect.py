"""Numbers as an author wrote them, and whether a computed value agrees with every digit written.

Must not know programs or where the computed values come from.
"""

from __future__ import annotations

import math
import re
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np

from autograd_explain.errors import LanguageError

Written = Decimal | list["Written"]

_DIGITS = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_TOKEN = re.compile(rf"\s*(?:(?P<mark>[\[\],])|(?P<number>[+-]?(?:{_DIGITS}|nan|inf)))")
_WHOLE_NUMBER_TOLERANCE = Decimal("1e-12")
_HINT = "a number, or a list of numbers: -3.317032e-06, [[1, 2], [3, 4]], nan, -inf"


def read_written(text: str) -> Written:
    """Return the number, or nested list of numbers, in `text`, each with the digits it was written with.

    Raises LanguageError where the text is something else.
    """
    text = text.replace("−", "-")
    tokens, place = [], 0
    while place < len(text.rstrip()):
        match = _TOKEN.match(text, place)
        if match is None:
            raise LanguageError(f"{text.strip()} is not a number", hint=_HINT)
        tokens.append(match["mark"] or match["number"])
        place = match.end()
    written, rest = _one(tokens[::-1], text)
    if rest:
        raise LanguageError(f"{text.strip()} is more than one number", hint=_HINT)
    return written


def _one(tokens: list[str], text: str, depth: int = 0) -> tuple[Written, list[str]]:
    """Take one value off the end of `tokens`, which stand in reverse."""
    first = tokens.pop() if tokens else "]"
    if first not in "[],":
        return _number(first), tokens
    if first != "[" or depth > _DEEPEST:
        raise LanguageError(f"{text.strip()} is not a list of numbers", hint=_HINT)
    parts: list[Written] = []
    separator = ","
    while separator == ",":
        part, tokens = _one(tokens, text, depth + 1)
        parts.append(part)
        separator = tokens.pop() if tokens else ""
    if separator != "]":
        raise LanguageError(f"{text.strip()} is not a list of numbers", hint=_HINT)
    return parts, tokens


def _number(text: str) -> Decimal:
    """The number with its digits; LanguageError where its exponent is beyond any that can be worked with."""
    with suppress(InvalidOperation):
        number = Decimal(text)
        if abs(number.adjusted()) <= _FARTHEST:
            return number
    raise LanguageError(f"{text} is no number that is ever worked out", hint="results lie between 5e-324 and 1.8e308")


_FARTHEST = 400  # powers of ten
_DEEPEST = 30


def agrees(written: str, actual: Any) -> bool:
    """True where `actual`, a number or an array, rounds to `written` at the digits written, entry by entry.

    A whole number without a point or exponent stands for itself, not for what rounds to it.
    """
    return _agrees(read_written(written), actual)


def _agrees(written: Written, actual: Any) -> bool:
    if isinstance(written, list):
        return np.ndim(actual) > 0 and len(actual) == len(written) and all(map(_agrees, written, actual))
    return np.ndim(actual) == 0 and _agree(written, float(actual))


def _agree(written: Decimal, actual: float) -> bool:
    exponent = written.as_tuple().exponent
    if not isinstance(exponent, int) or not math.isfinite(actual):
        return str(float(written)) == str(actual)
    if exponent == 0:
        return abs(Decimal(actual) - written) <= _WHOLE_NUMBER_TOLERANCE * max(Decimal(1), abs(written))
    return abs(Decimal(actual) - written) <= Decimal((0, (5,), exponent - 1))


def shown(actual: Any) -> str:
    """Return a computed value in full, as an author would copy it."""
    if np.ndim(actual) == 0:
        return repr(float(actual))
    return "[" + ", ".join(map(shown, actual)) + "]"
