"""`Precise`: numbers of many digits on which the program itself runs.

Each operation is worked out by its own definition in mpmath. A `Session` remembers which way every choice went,
and keeps what `detach` cut off at the value it had in the first run, because that is what detaching means.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_explain.check.algebra import PreciseAlgebra
from autograd_explain.check.budget import Clock
from autograd_explain.check.exact import exact_value, to_exact, to_float
from autograd_explain.core.op import Op
from autograd_explain.core.shapes import Shape
from autograd_explain.core.traced import Traced


class Session:
    """What all numbers of one run share: the algebra with its choices, the clock, and the detached values."""

    def __init__(self, clock: Clock, frozen: list[Any] | None = None) -> None:
        self.algebra = PreciseAlgebra()
        self.clock = clock
        self.detached: list[Any] = []
        self._frozen = frozen
        self._operations = 0

    def work_out(self, op: Op, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """The operation on exact numbers. Raises Undefined and OutOfTime."""
        self._operations += 1
        if self._operations % 64 == 0:
            self.clock.look()
        if op.name == "detach":
            return self._detach(args[0])
        return exact_value(op, args, options, self.algebra)

    def _detach(self, value: Any) -> Any:
        number = len(self.detached)
        if self._frozen is not None and number < len(self._frozen):
            value = self._frozen[number]
        self.detached.append(value)
        return value


class Precise(Traced):
    """A number, or an array of numbers, to many digits."""

    __slots__ = ("number", "session")

    def __init__(self, number: Any, session: Session) -> None:
        self.number = number
        self.session = session

    @staticmethod
    def trace_operation(op: Op, args: tuple[Any, ...], options: dict[str, Any]) -> Precise:
        """The operation worked out; recorded and plain arguments are constants."""
        session = next(arg.session for arg in args if isinstance(arg, Precise))
        return Precise(session.work_out(op, tuple(map(number_of, args)), options), session)

    @property
    def value(self) -> Any:
        """The number rounded to float64."""
        return to_float(self.number)

    @property
    def shape(self) -> Shape:
        """The shape; `()` for a number."""
        return np.shape(self.number)

    def __len__(self) -> int:
        return len(self.number)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self.number)))

    def __float__(self) -> float:
        return float(self.number)

    def __bool__(self) -> bool:
        taken = bool(self.number)
        self.session.algebra.choices.append(taken)
        return taken


def number_of(value: Any) -> Any:
    """The exact number or array behind a value of any kind."""
    if isinstance(value, Precise):
        return value.number
    plain = getattr(value, "value", value)
    return to_exact(plain if type(plain) is float or isinstance(plain, np.ndarray) else float(plain))
