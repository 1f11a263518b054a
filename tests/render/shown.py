"""Whether a value as a page shows it is a value of the data: to half a unit of the last digit that is written."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import numpy as np

_NUMBER = re.compile(r"-?(?:inf|nan|∞|\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?)")


def same(shown: str, value: Any) -> bool:
    """Whether every number shown is the value's own in its place; of an array shown in part, some entry's."""
    texts = _NUMBER.findall(shown.replace("−", "-"))
    entries = np.ravel(np.array(value, dtype=float)).tolist()
    if "…" in shown or "⋮" in shown:
        return all(any(_rounded(text, entry) for entry in entries) for text in texts)
    return len(texts) == len(entries) and all(map(_rounded, texts, entries))


def _rounded(text: str, value: float) -> bool:
    if text.lstrip("-")[0] in "in∞":
        return repr(float(text.replace("∞", "inf"))) == repr(value)
    number = Decimal(text.replace(",", ""))
    unit = Decimal(1).scaleb(int(number.as_tuple().exponent))
    return abs(Decimal(value) - number) <= unit * Decimal("0.5000001")
