"""What a checker answers: one `CheckResult` for each checker and tracked input.

Plain data; imports nothing heavy, so that an explanation can carry it without loading a checker.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Status = Literal["agrees", "differs", "convention", "undecided"]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One gradient against one independent source.

    `ours` and `theirs` are floats or float64 arrays (`theirs` None where the source gives none); where an array
    was sampled, both hold the sampled numbers and `why` says which. `error` is the largest |ours − theirs|,
    `tolerance` the error up to which rounding is taken as its cause, `digits` how many significant digits agree
    (None unless they do), `formula` the closed form of the derivative.
    """

    checker: str
    target: str
    status: Status
    ours: Any
    theirs: Any = None
    error: float | None = None
    tolerance: float | None = None
    digits: int | None = None
    formula: str | None = None
    why: str = ""
