"""`Traced`: what a value needs so that operators and functions are seen by whoever follows the program.

`Var` records what happens to it, `Formula` writes it down, a checker's number works it out to 50 digits. Each
defines `trace_operation`; the operators, which `ops.arithmetic` fills in, are the same for all.
"""

from __future__ import annotations

from typing import Any

from autograd_explain.core.op import Op


class Traced:
    """The common base; `trace_operation` decides what an operation on such a value does."""

    __slots__ = ()
    __array_ufunc__ = None  # NumPy leaves `array * traced` to us
    __hash__ = object.__hash__  # `==` is an operation, so it cannot be an identity

    @staticmethod
    def trace_operation(op: Op, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """What the operation gives on these arguments, at least one of which is of this type."""
        raise NotImplementedError
