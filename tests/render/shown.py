"""What is shown: the graph as the terminal has it, and whether a value on a page is one of the data."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import numpy as np

from autograd_explain.render.as_graph import graph_lines
from autograd_explain.render.theme import View

_NUMBER = re.compile(r"-?(?:inf|nan|∞|\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?)")


def screen(run: Any, **view: Any) -> str:
    """The graph as the terminal shows it."""
    chosen = View(**view)
    return "\n".join(line.render(chosen) for line in graph_lines(run, chosen))


def same(shown: str, value: Any) -> bool:
    """Whether every number shown is the value's own in its place; of an array shown in part, some entry's.

    To half a unit of the last digit that is written.
    """
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
