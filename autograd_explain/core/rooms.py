"""Arrays to write into, used again once nobody holds them: new memory costs more than filling it.

Knows NumPy arrays and how many references there are to one; must not know what is written into them.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_explain.core.shapes import Shape

_LARGE = 2048  # entries from which getting new memory costs more than working them out
_MOST = 3  # how many arrays are kept for one purpose: the step before may still hold its own
_references: Callable[[Any], int] = getattr(sys, "getrefcount", lambda array: -1)


def is_large(shape: Shape) -> bool:
    """Whether an array of this shape is worth keeping."""
    return math.prod(shape) >= _LARGE


def room_for(shape: Shape, most: int = _MOST) -> Callable[[], Any]:
    """A function that gives a float64 array to write into: one that nobody holds any more, not even a part of it.

    It gives None for small shapes, where new memory costs nothing, and keeps no more than `most`.
    """
    return _room(shape, most) if is_large(shape) else lambda: None


def _room(shape: Shape, most: int) -> Callable[[], Any]:
    kept: list[Any] = []

    def take() -> Any:
        for array in kept:
            if _references(array) == _FREE:  # a view of it refers to it as well
                return array
        made = np.empty(shape)
        if len(kept) < most:
            kept.append(made)
        return made

    return take


def _free() -> int:
    """How many references there are to an array that nobody else holds, asked in the way in which `take` asks."""
    kept: list[Any] = [np.empty(1)]

    def ask() -> int:
        for array in kept:
            return _references(array)
        return 0

    return ask()


_FREE = _free()
