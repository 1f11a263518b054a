"""Whether a `while` is going round in circles: a turn that leaves every value as it was can only be repeated.

Knows values and the state of a run. Must not know syntax.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_explain.lang.frame import Frame, plain

_FIRST = 64  # turns before the first look; later looks are twice as far away each time
_LONGEST = 12  # how many turns a circle may have to be seen
_LARGEST = 1_000_000  # entries; larger arrays are taken as changed unless they are the same ones


class Watch:
    """Looks at a loop now and then: `turn` is when the next look is due, counted in turns."""

    __slots__ = ("before", "look", "turn")

    def __init__(self) -> None:
        self.turn = self.look = _FIRST
        self.before: Any = None

    def circling(self, frame: Frame) -> bool:
        """Whether all values are what they were a few turns ago, so that the loop can never end.

        What a turn does follows from the values of the names and from the random numbers still to come.
        """
        now = _state(frame)
        if self.turn == self.look:
            self.before = now
        elif _same(self.before, now):
            return True
        if self.turn == self.look + _LONGEST:
            self.look *= 2
            self.turn = self.look
        else:
            self.turn += 1
        return False


def _state(frame: Frame) -> tuple[dict[str, Any], Any]:
    generator = frame.run.generator
    return {name: plain(value) for name, value in frame.names.items()}, generator and generator.bit_generator.state


def _same(before: Any, now: Any) -> bool:
    names, random = before
    others, other_random = now
    return (
        names.keys() == others.keys()
        and all(_equal(value, others[name]) for name, value in names.items())
        and str(random) == str(other_random)
    )


def _equal(one: Any, other: Any) -> bool:
    """Whether two values are the same to the last bit: -0.0 is not 0.0, and nan is nan."""
    if one is other:
        return True
    if type(one) is float and type(other) is float:
        return one.hex() == other.hex()
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.shape == other.shape and one.size <= _LARGEST and one.tobytes() == other.tobytes()
    if isinstance(one, tuple) and isinstance(other, tuple):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(_equal(plain(a), plain(b)) for a, b in pairs)
    return False

