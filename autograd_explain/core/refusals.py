"""What NumPy refuses, told in the user's words: which shapes met, where they clash, what to do.

Knows operations and shapes; where the text stands is added by whoever compiled it, and so are the user's own words
for the arguments: a Python function has only the names of its inputs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_explain.core.op import Op
from autograd_explain.core.shapes import show_shape
from autograd_explain.errors import DomainError, ExplainError, ShapeError

REFUSALS = (ValueError, IndexError, TypeError, MemoryError, OverflowError, np.exceptions.AxisError)


def refused(op: Op, args: tuple[Any, ...], texts: list[str], error: Exception) -> ExplainError:
    """The error to show where NumPy raised `error` for `op` on `args`, whose texts in the program are given.

    An error of ours is shown as it is, unless it tells of one of NumPy's in other words.
    """
    if isinstance(error, ExplainError):
        if not isinstance(error.__cause__, REFUSALS):
            return error
        error = error.__cause__
    shapes = [np.shape(getattr(arg, "value", arg)) for arg in args]
    if isinstance(error, MemoryError):
        return ShapeError(f"{op.name} would need more memory than there is", hint="use smaller arrays")
    if isinstance(error, np.exceptions.AxisError):
        rank = f"{len(shapes[0])} axes" if len(shapes[0]) != 1 else "1 axis"
        return ShapeError(
            f"{op.name}: {_first_line(error)}", hint=f"{texts[0]} has {rank}: shape {show_shape(shapes[0])}"
        )
    if op.name == "index":
        said = _first_line(error)
        hint = said if "numpy" not in said else "an index is a whole number, and the last entry has -1"
        return ShapeError(f"this index does not fit shape {show_shape(shapes[0])}", hint=hint)
    if len(args) > 1:
        return ShapeError(
            "\n".join(["these shapes do not fit together", *aligned(texts, shapes)]),
            hint=_advice(op, shapes),
        )
    return DomainError(
        f"{op.name} cannot take shape {show_shape(shapes[0])}: {_first_line(error)}", hint=op.signature
    )


def _advice(op: Op, shapes: list[tuple[int, ...]]) -> str:
    if op.name in ("matmul", "dot") and () in shapes:
        return "a product with a single number is written with *"
    return _ADVICE.get(op.name, _BROADCAST)


_BROADCAST = "compared from the right, two sizes must be equal or one of them 1"
_ADVICE = {
    "matmul": "in a @ b the last size of a must be the first of b (its last but one for a batch)",
    "dot": "in dot(a, b) the last size of a must be the first of b",
    "outer": "outer(a, b) takes two vectors; flatten(a) makes one of any array",
    "concat": "parts may differ in size along the axis only, and need at least one axis",
    "stack": "parts of a stack, or entries of a list, have one shape",
    "cross_entropy": "logits (rows, classes) go with class numbers (rows) or with one row of shares for each row",
}


def aligned(texts: list[str], shapes: list[tuple[int, ...]]) -> list[str]:
    """One line for each operand, its shape flush right as broadcasting compares it."""
    shown = [show_shape(shape) for shape in shapes]
    names = [text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…" for text in texts]
    left = max(map(len, names))
    right = max(map(len, shown))
    return [f"  {name:<{left}}  {shape:>{right}}" for name, shape in zip(names, shown, strict=True)]


_LONGEST = 40


def _first_line(error: Exception) -> str:
    """The error's own words, with shapes written as everywhere: (4), not (4,)."""
    return str(error).splitlines()[0].replace(",)", ")") if str(error) else type(error).__name__
