"""Engine faults as people really make them, each put in place for a while, and a program in which it shows.

A row says which law is the first to notice. The engine's own functions and rows are replaced from outside and put
back; nothing here asserts.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np

from autograd_explain.core.registry import OPERATIONS
from autograd_explain.core.shapes import as_value
from autograd_explain.core.var import Var
from autograd_explain.modes import functions, reverse
from autograd_explain.ops.indexing import index
from autograd_explain.ops.shaping import swapped
from tests.programs import Case, case


class Fault(NamedTuple):
    """What is wrong, how it is put in place, the law that notices, and a program in which it shows."""

    name: str
    plant: Callable[[], Any]
    law: str
    shows: Case


@contextmanager
def columns(name: str, **wrong: Any) -> Iterator[None]:
    """An operation's row with other columns, for a while."""
    op = OPERATIONS[name]
    right = {column: getattr(op, column) for column in wrong}
    for column, value in wrong.items():
        object.__setattr__(op, column, value)
    try:
        yield
    finally:
        for column, value in right.items():
            object.__setattr__(op, column, value)


def vjp(name: str, *rules: Any) -> Any:
    """Other backward rules for an operation; None keeps the right one."""
    right = OPERATIONS[name].vjp
    return columns(name, vjp=tuple(old if rule is None else rule for old, rule in zip(right, rules, strict=True)))


def _in_place(known: Any, amount: Any) -> Any:
    known += amount
    return known


def _assigned(x: Any, key: Any, shape: Any) -> Any:
    out = np.zeros(shape)
    out[key] = x
    return out


def _truncated(x: Any, key: Any, shape: Any) -> Any:
    out = np.zeros(shape, dtype=int)
    np.add.at(out, key, np.asarray(x).astype(int))
    return out


def _by_division(upstream: Any, out: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    whole = np.prod(x, axis=axis, keepdims=True)
    with np.errstate(all="ignore"):
        return np.reshape(upstream, np.shape(whole)) * whole / x


def _equal_parts(upstream: Any, out: Any, *parts: Any, position: int, axis: int) -> Any:
    size = np.shape(out)[axis] // len(parts)
    key = (*(slice(None),) * (axis % np.ndim(out)), slice(position * size, (position + 1) * size))
    return np.resize(index(upstream, key=key), np.shape(parts[position]))


def _first_axis(upstream: Any, out: Any, *parts: Any, position: int, axis: int) -> Any:
    return np.resize(np.asarray(upstream)[position % len(upstream)], np.shape(parts[position]))


def _untouched(array: Any, shape: Any) -> Any:
    return array


def _first_copy(array: Any, shape: Any) -> Any:
    found = np.asarray(array)
    while found.ndim > len(shape):
        found = found[0]
    keep = tuple(slice(0, 1) if size == 1 else slice(None) for size in shape)
    return as_value(np.broadcast_to(found[keep], shape))


def _without_ddof(upstream: Any, out: Any, x: Any, axis: Any, keepdims: bool, ddof: int) -> Any:
    return OPERATIONS["var"].vjp[0](upstream, out, x, axis=axis, keepdims=keepdims, ddof=0)  # type: ignore[misc]


def _dims_always_kept(upstream: Any, out: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    return np.resize(np.broadcast_arrays(np.atleast_1d(upstream), x)[0], np.shape(x))


def _whole_to_each(upstream: Any, out: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    top = np.max(x, axis=axis, keepdims=True)
    return np.reshape(upstream, np.shape(top)) * (x == top)


def _to_the_first(upstream: Any, out: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    tied = _whole_to_each(upstream, out, x, axis, keepdims)
    return tied * (np.cumsum(np.asarray(tied) != 0, axis=axis).reshape(np.shape(x)) == 1)


def _recursive(nodes: list[Var], gradients: list[Any], contributions: list[Any]) -> bool:
    def visit(place: int) -> None:
        if place >= 0:
            if gradients[place] is not None and nodes[place].inputs:
                walk_on = reverse._general  # noqa: SLF001 - the engine's own
                walk_on(nodes[place], gradients[place], gradients, contributions)
            visit(place - 1)

    visit(len(nodes) - 1)
    return True


def _single(number: Any) -> Any:
    return as_value(np.asarray(number, dtype=np.float32))


def _whole(number: Any) -> Any:
    return as_value(np.asarray(number).astype(int))


_TALL, _SQUARE = [[1.5, -0.5, 2.0], [0.25, 1.0, -2.0]], [[1.5, -0.5], [0.25, 2.0]]
_DEEP = [[[1.5, -0.5], [0.25, 2.0]], [[1.0, 3.0], [0.5, -2.0]]]
_MEETS = case("sum(A*b)", A=_TALL, b=[1.0, 2.0, 3.0])
_LONG = f"for i in range({sys.getrecursionlimit()}):\n    x = 0.9*x + 0.1\nx"
_POWER = OPERATIONS["pow"].partials
_RULES: dict[str, Any] = {
    "column": lambda upstream, out, a, b: a @ upstream,
    "row": lambda upstream, out, a, b: upstream @ b,
    "batch": lambda upstream, out, a, b: np.resize(swapped(a)[::-1] @ upstream, np.shape(b)),
    "axes": lambda upstream, out, x, axes: np.resize(np.transpose(upstream, axes), np.shape(x)),
    "logarithm": lambda out, x, y: out * np.log(x),
    "division": lambda out, x, y: y * out / x,
}

FAULTS = (
    Fault("gradients added in place", lambda: patch.object(reverse, "_added", _in_place), "differences",
          case("c = a + b\nsum(c*c) + sum(a*b) + sum(a)", a=[1.5, 2.0], b=[0.5, -1.0])),
    Fault("a repeated index assigned, not added", lambda: columns("scatter_add", forward=_assigned), "differences",
          case("sum(a[[0, 1, 0]]**2)", a=[1.5, 2.0])),
    Fault("a product's rule divides by the factor", lambda: vjp("prod", _by_division), "differences",
          case("prod(a)", a=[0.0, 1.5, 2.0])),
    Fault("concat split in equal parts", lambda: vjp("concat", _equal_parts), "moves",
          case("c = tanh(a)\nc*c", a=[1.5, 2.0, -0.5])),
    Fault("stack's axis forgotten", lambda: vjp("stack", _first_axis), "differences",
          case("sum(stack([a, 2*a], axis=1)**2*[[1, 2], [3, 4], [5, 6]])", a=[1.5, 2.0, -0.5])),
    Fault("matrix by vector without the transpose", lambda: vjp("matmul", None, _RULES["column"]), "differences",
          case("sum((A @ b)**2)", A=_SQUARE, b=[1.0, 0.5])),
    Fault("vector by matrix without the transpose", lambda: vjp("matmul", _RULES["row"], None), "differences",
          case("sum((a @ B)**2)", a=[1.0, 0.5], B=_SQUARE)),
    Fault("batches mixed up", lambda: vjp("matmul", None, _RULES["batch"]), "differences",
          case("sum((A @ B)**2)", A=_DEEP, B=_DEEP)),
    Fault("axes turned the same way back", lambda: vjp("transpose", _RULES["axes"]), "differences",
          case("sum(transpose(A, axes=(1, 2, 0))**2)", A=_DEEP)),
    Fault("ddof forgotten", lambda: vjp("std", _without_ddof), "differences",
          case("std(a, ddof=1)", a=[1.5, 2.0, -0.5])),
    Fault("keepdims forgotten", lambda: vjp("sum", _dims_always_kept), "differences",
          case("sum(sum(A, axis=1)**2)", A=_SQUARE)),
    Fault("what was stretched not summed", lambda: patch.object(reverse, "sum_to", _untouched), "differences", _MEETS),
    Fault("the first copy's share alone", lambda: patch.object(reverse, "sum_to", _first_copy), "copies", _MEETS),
    Fault("ties all given the whole", lambda: vjp("max", _whole_to_each), "identities", case("a*a", a=[1.5, 2.0])),
    Fault("ties given to the first", lambda: vjp("max", _to_the_first), "permutation", case("a*a", a=[3.0, 1.0, 3.0])),
    Fault("0**y through the logarithm", lambda: columns("pow", partials=(_POWER[0], _RULES["logarithm"])),
          "differences", case("x**y", x=0.0, y=2.0)),
    Fault("0**y by division", lambda: columns("pow", partials=(_RULES["division"], _POWER[1])), "differences",
          case("x**y", x=0.0, y=2.0)),
    Fault("single precision", lambda: patch.object(functions, "as_value", _single), "differences", case("x*x", x=0.1)),
    Fault("inputs cut to whole numbers", lambda: patch.object(functions, "as_value", _whole), "differences",
          case("x*x", x=1.5)),
    Fault("gradients cut to whole numbers", lambda: columns("scatter_add", forward=_truncated), "differences",
          case("sum(a[1:]**2)", a=[1.5, 2.25])),
    Fault("a walk that calls itself", lambda: patch.object(reverse, "_walk", _recursive), "linear in the upstream",
          case(_LONG, x=0.5)),
)  # fmt: skip
