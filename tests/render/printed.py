"""Printed arithmetic read back: every `… = number` of a text, as text and number.

Knows the signs of the terminal's view, and nothing of how the lines were made.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator

from tests.render.evaluator import FUNCTIONS, evaluate

_SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True))
_SIGNS = str.maketrans(
    {"·": "*", "×": "*", "−": "-", "∞": " inf ", "≥": ">=", "≤": "<=", "≠": "!=", "^": "**", "σ": "sigmoid"}
)
_NUMBER = re.compile(r"-?(?:\d+(?:\.\d+)?(?:e[-+]\d+)?|inf|nan)")
_GAP = re.compile(r" {2,}")
_GOES_ON = re.compile(r" {12}(?=[^ \[])")  # a formula that was too long for its line
_WORD = re.compile(r"[^\W\d]\w*")


def in_python(text: str) -> str:
    """Arithmetic as the terminal prints it in Python's signs."""
    raised = re.sub(f"[{''.join(_SUPERSCRIPTS)}]+", lambda m: "**" + "".join(_SUPERSCRIPTS[c] for c in m[0]), text)
    return raised.translate(_SIGNS).strip()


def _joined(text: str) -> Iterator[str]:
    """Lines, a chain of equalities that was broken before its sign put together again."""
    held = ""
    for line in text.splitlines():
        if line.lstrip().startswith(("= ", "≈ ")) or _GOES_ON.match(line):
            held += " " + line.strip()
            continue
        yield held
        held = line
    yield held


def _own(segment: str) -> str:
    """What stands directly before a sign: after the last gap, and after a label's colon."""
    last = _GAP.split(segment.strip())[-1]
    return last.rpartition(": ")[2]


def equations(text: str) -> Iterator[tuple[str, str]]:
    """Every (arithmetic, number) that a text holds to be equal; what it calls ≈ is not among them."""
    for line in _joined(text):
        if "│" in line:
            continue
        pieces = re.split(r" +(=|≈) +", line)
        for left, sign, right in zip(pieces[::2], pieces[1::2], pieces[2::2], strict=False):
            arithmetic, number = in_python(_own(left)), in_python(_GAP.split(right)[0])
            if sign == "=" and _NUMBER.fullmatch(number) and _is_arithmetic(arithmetic):
                yield arithmetic, number


def _is_arithmetic(text: str) -> bool:
    """Whether nothing but numbers, signs and functions stands there."""
    if not text or not set(_WORD.findall(re.sub(r"\de[-+]\d", "", text))) <= {*FUNCTIONS, "inf", "nan"}:
        return False
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError:
        return False
    return not any(isinstance(part, ast.Tuple) for part in ast.walk(tree))  # a shape: `(1,1) × 1 = 1`


def is_true(arithmetic: str, number: str, digits: int = 6) -> bool:
    """Whether arithmetic gives a number to half a unit of its last digit."""
    found, shown = evaluate(arithmetic), float(number)
    if not math.isfinite(shown) or not math.isfinite(found):
        return found == shown or (math.isnan(found) and math.isnan(shown))
    if shown == 0.0:
        return found == 0.0
    unit = 10.0 ** (math.floor(math.log10(abs(shown))) - digits + 1)
    return abs(found - shown) <= 0.5 * unit * (1 + 1e-9)
