"""Numbers in plain text, and nested lists of them made into arrays.

Must not know files or the language.
"""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from autograd_explain.core.shapes import show_shape
from autograd_explain.errors import InputError, ShapeError
from autograd_explain.limits import Limits, exceeded

NON_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
"""The words for what no digits can write, the same as in the JSON this program writes."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def read_number(text: str) -> float | None:
    """Return the float that ASCII digits write, an infinity where it is too large; None for any other text."""
    return float(text) if _NUMBER.fullmatch(text) else None


def regular(entries: list[Any], limits: Limits) -> Any:
    """Return a nested list of floats as a float64 array.

    Raises ShapeError where rows differ in length, saying which, and LimitError for too many entries.
    """
    shape = _shape(entries)
    if math.prod(shape) > limits.elements:
        raise exceeded("elements", limits.elements, "entries")
    _check_rows(entries, shape, ())
    return np.array(entries, dtype=np.float64).reshape(shape)


def _shape(entries: Any) -> tuple[int, ...]:
    shape = []
    while isinstance(entries, list):
        shape.append(len(entries))
        entries = entries[0] if entries else None
    return tuple(shape)


def _check_rows(entries: Any, shape: tuple[int, ...], place: tuple[int, ...]) -> None:
    if not shape and not isinstance(entries, list):
        return
    if not isinstance(entries, list) or not shape or len(entries) != shape[0]:
        expected, found = _told(shape), _told(_shape(entries))
        where = "".join(f"[{index}]" for index in place)
        raise ShapeError(
            f"the rows of this list do not match: entry {where} is {found}, the one before is {expected}",
            hint="every row needs the same length",
        )
    if len(shape) > 1 or any(isinstance(entry, list) for entry in entries):
        for index, entry in enumerate(entries):
            _check_rows(entry, shape[1:], (*place, index))


def _told(shape: tuple[int, ...]) -> str:
    if len(shape) > 1:
        return f"a list of shape {show_shape(shape)}"
    return f"a list of {shape[0]}" if shape else "a number"


def finite(text: str, where: str) -> float:
    """Return the float in a file's text, `nan`, `inf` and `-inf` among them.

    Raises InputError, saying `where`, for anything else and for a number that float64 cannot hold.
    """
    word = text.strip()
    if word.lower() in NON_FINITE:
        return NON_FINITE[word.lower()]
    number = read_number(word)
    if number is None:
        shown = f"'{word[:30]}' is not a number" if word else "there is no number"
        raise InputError(f"{where}: {shown}", hint="numbers are written 2, -0.5 or 1e-3; nan and inf are known")
    if math.isinf(number):
        raise InputError(f"{where}: {word[:30]} is too large for float64", hint="the largest is 1.8e308; or write inf")
    return number
