"""The functions that make constants: `zeros((2, 3))`, `arange(5)`, `randn(3, 2)`, and the numbers `pi` and `e`.

They take plain numbers and give plain arrays, of which nothing is recorded; made of recorded values they are
operations on these, so that a gradient finds its way.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_explain.core.op import ELEMENTS, WORK
from autograd_explain.core.traced import Traced
from autograd_explain.errors import DomainError
from autograd_explain.lang.frame import plain, read, whole
from autograd_explain.limits import exceeded
from autograd_explain.ops.shaping import broadcast_to

NUMBERS = {"pi": math.pi, "π": math.pi, "e": math.e}


@dataclass(frozen=True, slots=True)
class Maker:
    """A function that makes a constant array: its name, how it is called, and what it gives."""

    name: str
    signature: str
    make: Callable[..., Any]
    note: str
    example: str


def _shape(sizes: tuple[Any, ...]) -> tuple[int, ...]:
    parts = sizes[0] if len(sizes) == 1 and isinstance(sizes[0], tuple) else sizes
    shape = tuple(whole(part, "a size") for part in parts)
    if any(size < 0 for size in shape):
        raise DomainError("a size cannot be negative", hint="zeros(2, 3)")
    _check(math.prod(shape))
    return shape


def _check(entries: float) -> None:
    if not entries <= ELEMENTS.get():
        raise exceeded("elements", ELEMENTS.get(), "entries in one array")
    WORK.get()(_CALL + int(max(entries, 0.0)) // _ENTRIES)


_CALL, _ENTRIES = 8, 20  # what making an array costs in statements, and how many entries cost another one


def _full(random: Any, shape: Any, value: Any) -> Any:
    sizes = _shape((shape,))
    return broadcast_to(value, shape=sizes) if isinstance(value, Traced) else np.full(sizes, value, np.float64)


def _eye(random: Any, rows: Any, columns: Any = None) -> Any:
    height, width = _shape((rows, rows if columns is None else columns))
    return np.eye(height, width)


def _arange(random: Any, start: Any, stop: Any = None, step: Any = 1.0) -> Any:
    begin, end = (0.0, start) if stop is None else (start, stop)
    first, last, stride = read(begin), read(end), read(step)
    if not stride or not math.isfinite(stride):
        raise DomainError("the step of arange cannot be 0 or infinite", hint="arange(0, 1, 0.1)")
    _check((last - first) / stride)
    plainly = np.arange(first, last, stride, dtype=float)
    if isinstance(begin, Traced) or isinstance(step, Traced):
        return begin + step * np.arange(float(len(plainly)))
    return plainly


def _linspace(random: Any, start: Any, stop: Any, num: Any = 50.0) -> Any:
    (count,) = _shape((num,))
    if isinstance(start, Traced) or isinstance(stop, Traced):
        rank = max(np.ndim(plain(start)), np.ndim(plain(stop)))
        return start + (stop - start) * np.linspace(0.0, 1.0, count).reshape(count, *[1] * rank)
    return np.linspace(start, stop, count)


_SIZES = "each size as a number, or all as a tuple"
MAKERS = {
    maker.name: maker
    for maker in (
        Maker("zeros", "zeros(2, 3)", lambda random, *n: np.zeros(_shape(n)), f"All zeros; {_SIZES}.",
              "zeros(2, 3) + x"),
        Maker("ones", "ones(2, 3)", lambda random, *n: np.ones(_shape(n)), f"All ones; {_SIZES}.", "ones(2, 3)*x"),
        Maker("full", "full(shape, value)", _full, "Every entry the same.", "full((2, 3), 0.5)*x"),
        Maker("eye", "eye(n, m=n)", _eye, "Ones on the diagonal.", "eye(2) @ [x, 1]"),
        Maker("arange", "arange(start, stop, step=1)", _arange, "Numbers from start up to stop.", "arange(4)*x"),
        Maker("linspace", "linspace(start, stop, num=50)", _linspace, "Evenly spaced, both ends in.",
              "linspace(0, 1, 5)*x"),
        Maker("rand", "rand(2, 3)", lambda random, *n: random().random(_shape(n)),
              f"Uniform between 0 and 1, the same for one --seed; {_SIZES}.", "rand(3)*x"),
        Maker("randn", "randn(2, 3)", lambda random, *n: random().standard_normal(_shape(n)),
              f"Normal, mean 0 and variance 1, the same for one --seed; {_SIZES}.", "randn(3)*x"),
    )
}  # fmt: skip
