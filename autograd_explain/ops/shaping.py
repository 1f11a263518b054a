"""Operations that move entries about without changing them: the gradient is moved back the same way."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_explain.core.notation import Call, ListCall, Postfix
from autograd_explain.core.op import REQUIRED, Op, Option
from autograd_explain.core.registry import define
from autograd_explain.core.shapes import normal_axes, shape_of
from autograd_explain.core.shapes import sum_to as plain_sum_to
from autograd_explain.core.traced import Traced

SHAPE = Option("shape", "shape", REQUIRED)


def _inverse(axes: tuple[int, ...] | None) -> tuple[int, ...] | None:
    return None if axes is None else tuple(int(a) for a in np.argsort(axes))


def _entries(x: Any, shape: tuple[int, ...]) -> int:
    return math.prod(shape)


def _entries_of_parts(*parts: Any, axis: int) -> int:
    return sum(part.size for part in parts)


def _flatten(x: Any) -> Any:
    return np.reshape(x, (-1,))


def _reshaped(x: Any, shape: tuple[int, ...]) -> Any:
    return np.reshape(x, shape)  # by place: older versions of NumPy have another name for it


reshape: Op = define(Op(
    "reshape", ("x",), _reshaped, lambda sp, x, shape: np.reshape(x, shape),
    Call("reshape"), "shape", "The same entries in another shape; the gradient goes back into the old one.",
    vjp=(lambda upstream, out, x, shape: reshape(upstream, shape=shape_of(x)),), options=(SHAPE,),
    example="reshape([x, 2, 3, 4], (2, 2))",
))  # fmt: skip
transpose: Op = define(Op(
    "transpose", ("x",), np.transpose, lambda sp, x, axes: np.transpose(x, axes),
    Postfix("transpose", "ᵀ"), "shape", "Rows become columns; the gradient is turned back.",
    vjp=(lambda upstream, out, x, axes: transpose(upstream, axes=_inverse(axes)),),
    options=(Option("axes", "axes"),), example="[[x, 2], [3, 4]].T",
))  # fmt: skip
Traced.T = property(lambda self: transpose(self, axes=None))
squeeze = define(Op(
    "squeeze", ("x",), np.squeeze, lambda sp, x, axis: np.squeeze(x, axis),
    Call("squeeze"), "shape", "Drops axes of size 1; the gradient gets them back.",
    vjp=(lambda upstream, out, x, axis: reshape(upstream, shape=shape_of(x)),), options=(Option("axis", "axis"),),
    example="squeeze([[x, 2]])",
))  # fmt: skip
expand_dims = define(Op(
    "expand_dims", ("x",), np.expand_dims, lambda sp, x, axis: np.expand_dims(x, axis),
    Call("expand_dims"), "shape", "Adds an axis of size 1; the gradient loses it again.",
    vjp=(lambda upstream, out, x, axis: reshape(upstream, shape=shape_of(x)),),
    options=(Option("axis", "axis", REQUIRED),), example="expand_dims([x, 2], 0)",
))  # fmt: skip
flatten = define(Op(
    "flatten", ("x",), _flatten, lambda sp, x: np.reshape(x, (-1,)), Call("flatten"), "shape",
    "All entries in one row; the gradient goes back into the old shape.",
    vjp=(lambda upstream, out, x: reshape(upstream, shape=shape_of(x)),), example="flatten([[x, 2], [3, 4]])",
))  # fmt: skip


def _piece(upstream: Any, position: int, parts: tuple[Any, ...], axis: int) -> Any:
    """The stretch of a joined upstream that belongs to one part."""
    from autograd_explain.ops.indexing import index

    place = axis % len(shape_of(parts[0]))
    start = sum(shape_of(part)[place] for part in parts[:position])
    stop = start + shape_of(parts[position])[place]
    return index(upstream, key=(*(slice(None),) * place, slice(start, stop)))


def _layer(upstream: Any, position: int, axis: int) -> Any:
    """The layer of a stacked upstream that belongs to one part."""
    from autograd_explain.ops.indexing import index

    place = axis % len(shape_of(upstream))
    return index(upstream, key=(*(slice(None),) * place, position))


concat = define(Op(
    "concat", ("a", "b"), lambda *parts, axis: np.concatenate(parts, axis=axis),
    lambda sp, *parts, axis: np.concatenate(parts, axis=axis), ListCall("concat"), "shape",
    "Parts joined end to end; each gets back its own stretch of the gradient.",
    vjp=(lambda upstream, out, *parts, position, axis: _piece(upstream, position, parts, axis),),
    options=(Option("axis", "one axis", 0),), variadic=True, entries=_entries_of_parts, example="concat([[x, 2], [3]])",
))  # fmt: skip


def _stacked(*parts: Any, axis: int) -> Any:
    if axis == 0 and max(part.ndim for part in parts) == 0:
        return np.array(parts)  # a list of numbers: several times as fast, and loops make many
    return np.stack(parts, axis=axis)


stack = define(Op(
    "stack", ("a", "b"), _stacked,
    lambda sp, *parts, axis: np.stack(parts, axis=axis), ListCall("stack"), "shape",
    "Parts laid on one another along a new axis; each gets back its own layer of the gradient.",
    vjp=(lambda upstream, out, *parts, position, axis: _layer(upstream, position, axis),),
    options=(Option("axis", "one axis", 0),), variadic=True, entries=_entries_of_parts, example="stack([x, 2*x])",
))  # fmt: skip
broadcast_to = define(Op(
    "broadcast_to", ("x",), np.broadcast_to,
    lambda sp, x, shape: np.broadcast_to(x, shape), Call("broadcast_to", "repeat"), "structural",
    "One value repeated over a larger shape; its contributions add up.",
    vjp=(lambda upstream, out, x, shape: sum_to(upstream, shape=shape_of(x)),), options=(SHAPE,),
    entries=_entries, internal=True,
))  # fmt: skip


def _symbolic_sum_to(sp: Any, x: Any, shape: Any) -> Any:
    leading = np.ndim(x) - len(shape)
    axes = tuple(a for a in range(np.ndim(x)) if a < leading or shape[a - leading] == 1)
    return np.reshape(np.sum(x, axis=axes), shape)


sum_to: Op = define(Op(
    "sum_to", ("x",), plain_sum_to, _symbolic_sum_to, Call("sum_to"), "structural",
    "The sum over every axis that broadcasting stretched.",
    vjp=(lambda upstream, out, x, shape: broadcast_to(upstream, shape=shape_of(x)),), options=(SHAPE,), internal=True,
))  # fmt: skip


def swapped(x: Any) -> Any:
    """x with its last two axes exchanged: the transpose of every matrix in a batch."""
    rank = len(shape_of(x))
    if rank <= 2:
        return transpose(x, axes=None)
    axes = (*normal_axes(None, rank - 2), rank - 1, rank - 2)
    return transpose(x, axes=axes)
