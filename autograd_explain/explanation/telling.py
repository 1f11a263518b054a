"""What every note is made with: numbers in sentences, and what a trigger may look at."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_explain.core.notation import rounded_number
from autograd_explain.core.shapes import shape_of, show_shape
from autograd_explain.core.var import Var
from autograd_explain.modes.records import Step

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

Told = tuple[str, str] | None
"""The sentence in full, and the short one for the second time ("" for none); None where nothing is to be said."""

_TENTH = 0.1
_DIGITS = 4
_MOST_DIGITS = 17


@dataclass(slots=True)
class Walk:
    """What the triggers of steps look at: the run, and how often each value has been reached so far."""

    run: Explanation
    reached: dict[int, int] = field(default_factory=dict)
    has_begun: bool = False  # whether the backward pass has made its first non-finite number
    carried: bool = False  # whether an earlier step has passed on nan or infinity that came from the forward pass
    chooses: bool = False  # whether the program has a `where` in it
    trapped: int = 0  # how often nan has come out of a side that a `where` did not take
    last_trap: int = 0  # the step at which that was told last
    lost: int = 0  # how often digits were lost
    looked: int = 0  # how many differences were looked at for that
    firsts: dict[int, Any] = field(default_factory=dict)  # the first contribution to each value
    corners: set[int] = field(default_factory=set)  # the operations whose derivative is a choice here

    def label(self, node: Var) -> str:
        """What the views call a value."""
        return self.run.words.label(node)


Trigger = Callable[[Walk, Step], Told]


def number(value: Any) -> str:
    """A number in a sentence: four significant digits."""
    return rounded_number(float(value), _DIGITS)


def told_apart(one: float, other: float) -> tuple[str, str]:
    """Two numbers in a sentence, with as many digits as tell them apart where they differ."""
    for digits in range(_DIGITS, _MOST_DIGITS + 1):
        texts = rounded_number(one, digits), rounded_number(other, digits)
        if texts[0] != texts[1]:
            break
    return texts


def sum_so_far(before: float, share: float, after: float) -> str:
    """`a + b = c` with enough digits that the line is true, else with ≈."""
    for digits in range(_DIGITS, _MOST_DIGITS + 1):
        left, right = rounded_number(before, digits), rounded_number(share, digits)
        if number(float(left) + float(right)) == number(after):
            break
    else:
        left, right = number(before), number(share)
    relation = "=" if number(float(left) + float(right)) == number(after) else "≈"
    return f"{left} {'− ' + right[1:] if right.startswith('-') else '+ ' + right} {relation} {number(after)}"


def vector(values: Any) -> str:
    """A few numbers in a sentence."""
    return "[" + ", ".join(number(value) for value in np.ravel(values)) + "]"


def entry(place: Any) -> str:
    """An entry's place: `[0,1]`."""
    return "[" + ",".join(str(int(at)) for at in place) + "]"


def places(bad: Any) -> str:
    """How many entries, and where the first of them stands; nothing for a single number."""
    if bad.ndim == 0:
        return ""
    return f" at {int(bad.sum())} of {bad.size} entries, first at {entry(np.argwhere(bad)[0])}"


def percent(share: float) -> str:
    """A share in a sentence: whole percents, and two significant digits below ten."""
    return f"{100 * share:.0f} %" if share >= _TENTH else f"{100 * share:.2g} %"


def plural(count: int, one: str, many: str = "") -> str:
    """A count with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def all_finite(value: Any) -> bool:
    """Whether no entry is nan or infinite."""
    return math.isfinite(value) if type(value) is float else bool(np.all(np.isfinite(value)))


def brief(label: str, value: Any) -> str:
    """A value by label and number, or by label and shape."""
    if type(value) is float:
        return label if label == number(value) else f"{label} = {number(value)}"
    return f"{label} with shape {show_shape(shape_of(value))}"


def part_at(step: Step, position: int) -> Any:
    """The part of one argument, or None where it is not tracked."""
    return next((part for part in step.parts if part.position == position), None)
