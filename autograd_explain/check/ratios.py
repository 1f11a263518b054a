"""Plain ratios in words: 2, −1, 1/2. Knows numbers only."""

from __future__ import annotations

import math
from fractions import Fraction

_LARGEST_PART = 12  # ratios are told as fractions of numbers up to this
_MEASURED = 1e-4  # how near a ratio of differences has to be
_RECORDED = 1e-9


def _plain(ratio: float, near: float) -> str:
    fraction = Fraction(ratio).limit_denominator(_LARGEST_PART)
    if fraction == 0 or abs(fraction.numerator) > _LARGEST_PART or abs(ratio / float(fraction) - 1) > near:
        return ""
    return str(fraction).replace("-", "−")


def factor_text(factor: float, *, plain_only: bool = False) -> str:
    """A factor as people write it: 2, −1, 1/2, 2/3; else with four digits, or "" where only plain ones will do."""
    return _plain(factor, _MEASURED) or ("" if plain_only else f"{factor:.4g}".replace("-", "−"))


def times_what_is_right(right: float, given: float) -> str:
    """`2 times what is right` where the two numbers stand in a plain ratio other than 1, else ""."""
    if not (math.isfinite(right) and math.isfinite(given)) or right == 0.0 or given == 0.0:
        return ""
    ratio = given / right
    text = _plain(ratio, _RECORDED) if math.isfinite(ratio) else ""
    return f"{text} times what is right" if text not in {"", "1"} else ""
