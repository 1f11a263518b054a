"""Products of matrices and vectors. The rules are the element formula Z[i,j] = Σₖ X[i,k]·W[k,j] read backwards."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_explain.core.notation import MULTIPLY, Call, Infix
from autograd_explain.core.op import Direct, Op, apply
from autograd_explain.core.registry import define
from autograd_explain.core.shapes import Shape, shape_of
from autograd_explain.core.traced import Traced
from autograd_explain.ops.shaping import expand_dims, reshape, sum_to, swapped


def _row(value: Any) -> Any:
    return expand_dims(value, axis=len(shape_of(value)) - 1)


def _column(value: Any) -> Any:
    return expand_dims(value, axis=len(shape_of(value)))


def _fit(contribution: Any, target: Any) -> Any:
    """A batched contribution summed over the axes along which the target was repeated."""
    shape = shape_of(target)
    if shape_of(contribution) == shape:
        return contribution
    if int(np.prod(shape_of(contribution))) == int(np.prod(shape)):
        return reshape(contribution, shape=shape)
    return sum_to(contribution, shape=shape)


def _left(upstream: Any, out: Any, a: Any, b: Any) -> Any:
    rank_a, rank_b = len(shape_of(a)), len(shape_of(b))
    if rank_b == 1:
        return _weighted(upstream, b, rank_a) if rank_a <= 2 else _fit(_column(upstream) * b, a)
    if rank_a == 1:
        return upstream @ swapped(b) if rank_b == 2 else _fit_vector(b @ _column(upstream), a)
    return _fit(upstream @ swapped(b), a)


def _weighted(upstream: Any, b: Any, rank_a: int) -> Any:
    """Row i of the matrix met b in entry i: its gradient is b weighted by that entry's upstream."""
    return upstream * b if rank_a == 1 else outer(upstream, b)


def _right(upstream: Any, out: Any, a: Any, b: Any) -> Any:
    rank_a, rank_b = len(shape_of(a)), len(shape_of(b))
    if rank_a == 1:
        if rank_b == 1:
            return a * upstream
        return outer(a, upstream) if rank_b == 2 else _fit(_column(a) * _row(upstream), b)
    if rank_b == 1:
        return swapped(a) @ upstream if rank_a == 2 else _fit_vector(swapped(a) @ _column(upstream), b)
    return _fit(swapped(a) @ upstream, b)


def _fit_vector(columns: Any, vector: Any) -> Any:
    """Columns of a batch, shape (…, n, 1), summed to the one vector (n) that all of them share."""
    size = shape_of(vector)[0]
    return sum_to(reshape(columns, shape=(-1, size)), shape=(size,))


def _entries(a: Any, b: Any) -> int:
    """Rows of a times columns of b, times the batches."""
    batches = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return math.prod((*batches, *a.shape[-2:-1], *(b.shape[-1:] if b.ndim > 1 else ())))


def _steps(a: Any, b: Any) -> int:
    """Products of entries, of which NumPy works out hundreds in the time of a simple step."""
    columns = b.shape[-1] if b.ndim > 1 else 1
    return int(a.size * columns // 100)


def _direct(shapes: tuple[Shape, ...], out: Shape) -> Direct | None:
    if any(len(shape) != _MATRIX for shape in shapes):
        return None
    return Direct(
        None,
        (
            lambda upstream, out, a, b, room: np.matmul(upstream, b.T, out=room),
            lambda upstream, out, a, b, room: np.matmul(a.T, upstream, out=room),
        ),
    )


_MATRIX = 2


def _product(name: str, layout: Any, note: str, example: str) -> Op:
    return define(Op(
        name, ("a", "b"), np.matmul, lambda sp, a, b: np.matmul(a, b), layout, "linear algebra", note,
        vjp=(_left, _right), entries=_entries, steps=_steps, direct=_direct, example=example,
    ))  # fmt: skip


matmul = _product(
    "matmul", Infix("@", MULTIPLY),
    "a[i,k] meets b[k,j] in out[i,j] for every j, so its gradient sums over j: a product with b transposed.",
    "[[x, 1], [2, 3]] @ [1, 2]",
)  # fmt: skip
dot = _product("dot", Call("dot"), "Σ aᵢ·bᵢ: each entry's slope is its partner.", "dot([x, 2], [3, 4])")


def _outer(a: Any, b: Any) -> Any:
    if a.ndim != 1 or b.ndim != 1:  # NumPy flattens them unasked: the rule, and PyTorch, know vectors alone
        raise ValueError("outer takes two vectors")
    return np.outer(a, b)


outer = define(Op(
    "outer", ("a", "b"), _outer, lambda sp, a, b: np.outer(a, b), Call("outer"), "linear algebra",
    "out[i,j] = a[i]·b[j]: a[i] meets every b[j], so its gradient is a row of upstreams weighted by b.",
    vjp=(lambda upstream, out, a, b: upstream @ b, lambda upstream, out, a, b: swapped(upstream) @ a),
    entries=lambda a, b: a.size * b.size, example="outer([x, 2], [3, 4])",
))  # fmt: skip


Traced.__matmul__ = lambda self, other: apply(matmul, self, other)  # type: ignore[method-assign]
Traced.__rmatmul__ = lambda self, other: apply(matmul, other, self)  # type: ignore[method-assign]
