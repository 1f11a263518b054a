"""What the laws share: what they find, the arguments they try, and float64 differences of an operation.

No rule is judged here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_explain.core.op import REQUIRED, Op, compute
from autograd_explain.core.shapes import as_value
from autograd_explain.errors import ExplainError

ORDINARY = (-2.3, -1.1, -0.7, -0.3, 0.2, 0.45, 0.9, 1.3, 2.6)
FAR = (-1e150, -1e8, -40.0, -1e-8, -1e-150, 1e-150, 1e-8, 40.0, 1e8, 1e150)
SHAPES = ((), (3,), (2, 3), (2, 1), (1, 3))

Sample = tuple[tuple[Any, ...], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Finding:
    """One break of a law: where, what was expected there and what the row gave."""

    law: str
    op: str
    where: str
    expected: Any
    actual: Any

    def __str__(self) -> str:
        """Return the finding as a line: `slope: at 2.6 by x: 20.28 is right, the row gives 40.56`."""
        return f"{self.law}: {self.told}"

    @property
    def told(self) -> str:
        """The finding without the law's name."""
        if isinstance(self.expected, str) and self.actual == "":
            return f"{self.expected} is missing"
        at = f"at {self.where}: " if self.where else ""
        return f"{at}{_short(self.expected)} is right, the row gives {_short(self.actual)}"


def _short(value: Any) -> str:
    if isinstance(value, str):
        return value or "nothing"
    if np.ndim(value) == 0:
        return f"{float(value):.10g}"
    return _listed(value)


def _listed(array: Any) -> str:
    text = np.array2string(np.asarray(array, dtype=float), formatter={"float": "{:.6g}".format}, separator=", ")
    return " ".join(text.split())


def own_samples(op: Op) -> Iterator[Sample]:
    """Arguments inside the operation's domain, ordinary and far out, with default options."""
    options = {o.name: o.default for o in op.options}
    if any(value is REQUIRED for value in options.values()):
        return
    if not op.elementwise:
        for args in _arrays(op, options):
            yield args, options
        return
    for args in _points(len(op.arguments)):
        if np.all(op.domain.contains(*args)):
            yield args, options


def _arrays(op: Op, options: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Small arrays: of one shape, or of the first shapes that the operation's forward accepts together."""
    random = np.random.default_rng(0)
    count = len(op.arguments)
    if count == 1:
        for shape in ((3,), (2, 3)):
            yield (random.uniform(0.3, 1.7, shape),)
        return
    for shapes in (((3,),) * count, ((2, 3),) * count, *_MIXED):
        args = tuple(random.uniform(0.3, 1.7, shape) for shape in shapes[:count])
        if len(args) == count and _accepts(op, args, options):
            yield args
            return


_MIXED = (((2, 3), (3, 4)), ((2, 3), (3,)), ((2, 3), (3,), (2,)), ((2, 3), (2,)))


def _accepts(op: Op, args: tuple[Any, ...], options: dict[str, Any]) -> bool:
    try:
        compute(op, args, options)
    except (ExplainError, ValueError, LookupError, TypeError):
        return False
    return True


def _points(count: int) -> Iterator[tuple[float, ...]]:
    if count == 1:
        yield from ((x,) for x in ORDINARY + FAR)
        return
    few = (-1.1, -0.3, 0.45, 2.6)
    yield from itertools.product(few, repeat=count)
    for place in range(count):
        for far, near in itertools.product(FAR, (-0.7, 1.3)):
            yield tuple(far if i == place else near + 0.1 * i for i in range(count))


def place_of(args: tuple[Any, ...], options: dict[str, Any]) -> str:
    """The arguments and options in a line."""
    texts = [repr(float(arg)).removesuffix(".0") if isinstance(arg, float) else _listed(arg) for arg in args]
    return ", ".join(texts + [f"{name}={value}" for name, value in options.items()])


def kinked(op: Op, args: tuple[Any, ...], options: dict[str, Any]) -> bool:
    """Whether the operation has a choice of derivatives somewhere among these arguments."""
    return any(bool(np.any(kink.at(*args, **options))) for kink in op.kinks)


def off(expected: Any, actual: Any, relative: float, room: Any = 0.0) -> bool:
    """Whether two values differ in shape, or by more than a part of the first and some room."""
    if np.shape(expected) != np.shape(actual):
        return True
    with np.errstate(all="ignore"):
        return not bool(np.all(np.abs(np.asarray(expected) - actual) <= relative * np.abs(expected) + room))


def inside(op: Op, shapes: Any, options: dict[str, Any], random: np.random.Generator) -> tuple[Any, ...] | None:
    """Arguments of these shapes inside the domain and away from kinks; None where there are none."""
    for low, high in ((0.3, 0.9), (1.2, 2.5)):
        args = tuple(as_value(random.uniform(low, high, shape)) for shape in shapes)
        if np.all(op.domain.contains(*args)) and not kinked(op, args, options):
            return args
    return None


def differences(op: Op, args: tuple[Any, ...], options: dict[str, Any], upstream: Any, position: int) -> Any:
    """Σ upstream·out differenced by every entry of one argument, in float64."""
    found = np.zeros(np.shape(args[position]))
    for place in np.ndindex(found.shape):
        ends = []
        for sign in (1.0, -1.0):
            moved = np.array(args[position])
            moved[place] += sign * 1e-5
            given = tuple(as_value(moved) if i == position else arg for i, arg in enumerate(args))
            ends.append(np.sum(upstream * compute(op, given, options)))
        found[place] = (ends[0] - ends[1]) / 2e-5
    return as_value(found)


def selecting(op: Op, args: tuple[Any, ...]) -> Sequence[int]:
    """The positions of arguments that only select."""
    return tuple(op.selects(*args)) if op.selects is not None else ()
