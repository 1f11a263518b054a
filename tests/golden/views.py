"""The golden texts: which programs, at which widths, and how a text is held against the one on file.

`python -m tests.golden` writes them anew.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

from autograd_explain.render import terminal
from autograd_explain.render.terminal import View
from tests.programs import DEF_AND_FOR, EXAMPLE, FAN_OUT, KINK, LONG_LOOP, SATURATION, TWO_LAYERS

HOME = Path(__file__).parent
WIDTHS = (60, 100)
PROGRAMS = {
    "example": EXAMPLE,
    "fan-out": FAN_OUT,
    "two-layers": TWO_LAYERS,
    "def-and-for": DEF_AND_FOR,
    "saturation": SATURATION,
    "kink": KINK,
    "long-loop": LONG_LOOP,
}
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:e[-+]\d+)?(?![\w.])")


def text_of(run: Any, **view: Any) -> str:
    """What the terminal shows of a run."""
    out = io.StringIO()
    terminal.write(run, View(**view), out)
    return out.getvalue()


def path_of(name: str, width: int) -> Path:
    """The file that holds a golden text."""
    return HOME / f"{name}-{width}.txt"


def golden(name: str, width: int) -> str:
    """The text as the code makes it now."""
    return text_of(PROGRAMS[name].run(), width=width)


def agrees(expected: str, actual: str) -> bool:
    """Whether two lines are the same, their numbers up to 1 in the last digit."""
    if expected == actual:
        return True
    kept, made = (" ".join(_NUMBER.sub("#", line).split()) for line in (expected, actual))
    pairs = zip(_NUMBER.findall(expected), _NUMBER.findall(actual), strict=False)
    return kept == made and all(_close(left, right) for left, right in pairs)


def _close(left: str, right: str) -> bool:
    return abs(float(left) - float(right)) <= 1.5 * max(_unit(left), _unit(right))


def _unit(text: str) -> float:
    """What 1 in a number's last digit is worth; an integer's last digit could only be wrong by mistake."""
    mantissa, _, exponent = text.partition("e")
    decimals = len(mantissa.partition(".")[2])
    return 10.0 ** (int(exponent or 0) - decimals) if decimals else 0.0
