"""Shape arithmetic on plain numbers: what broadcasting stretched, and the sum that undoes it.

Knows floats and NumPy arrays only; recording and notation are not its business.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_explain.errors import InputError, ShapeError

Shape = tuple[int, ...]
MOST_AXES = 32  # NumPy has room for more, but some of its functions end the process there
_FLOAT = np.dtype(np.float64)


def as_value(number: Any) -> Any:
    """A Python float for anything with no axes, a float64 array for the rest.

    Raises ShapeError for too many axes, InputError for what is no number or array of numbers.
    """
    if type(number) is float:
        return number
    if type(number) is np.float64:
        return float(number)
    if type(number) is np.ndarray and number.dtype is _FLOAT and 0 < number.ndim <= MOST_AXES:
        return number
    array = _as_array(number)
    if array.ndim > MOST_AXES:
        raise ShapeError(f"an array has at most {MOST_AXES} axes, not {array.ndim}", hint="reshape(x, …) joins axes")
    return float(array) if array.ndim == 0 else array


def _as_array(number: Any) -> Any:
    """What NumPy makes of a value as float64, but neither of text, nor of None, nor of complex numbers."""
    try:
        array = np.asarray(number)
        if array.dtype.kind == "O":  # such as fractions, and whole numbers of any size
            array = np.array([_as_float(entry) for entry in array.ravel()]).reshape(array.shape)
        if array.dtype.kind in "biuf":
            return array.astype(np.float64, copy=False)
    except (TypeError, ValueError):
        pass
    shown = repr(number)
    shown = shown if len(shown) <= _LONGEST else f"a {type(number).__name__}"
    raise InputError(f"{shown} is not a number or an array of numbers", hint="numbers are real, and rows of one length")


def _as_float(entry: Any) -> float:
    if isinstance(entry, (str, bytes)):
        raise TypeError(entry)
    try:
        return float(entry)
    except OverflowError:
        return math.inf if entry > 0 else -math.inf


_LONGEST = 40


def zeros_of(value: Any) -> Any:
    """Zeros in the shape of a value, whatever it holds: 0 times infinity would be nan."""
    shape = shape_of(value)
    return np.zeros(shape) if shape else 0.0


def shape_of(value: Any) -> Shape:
    """The shape of a number, an array, or anything traced that holds one."""
    shape = getattr(value, "shape", ())
    return tuple(shape)


def sum_to(array: Any, shape: Shape) -> Any:
    """`array` summed over the axes that broadcasting from `shape` would have stretched."""
    if shape_of(array) == shape:
        return array
    leading = np.ndim(array) - len(shape)
    summed = np.sum(array, axis=tuple(range(leading))) if leading > 0 else np.asarray(array)
    stretched = tuple(axis for axis, size in enumerate(shape) if size == 1 and summed.shape[axis] != 1)
    if stretched:
        summed = np.sum(summed, axis=stretched, keepdims=True)
    return as_value(np.broadcast_to(summed, shape))


def stretched_axes(small: Shape, large: Shape) -> tuple[int, ...]:
    """The axes of `large` along which a value of shape `small` is used more than once."""
    padded = (1,) * (len(large) - len(small)) + tuple(small)
    return tuple(axis for axis, (own, full) in enumerate(zip(padded, large, strict=True)) if own == 1 and full != 1)


def normal_axes(axis: int | tuple[int, ...] | None, rank: int) -> tuple[int, ...]:
    """`axis` as a sorted tuple of non-negative axes; None means all of them."""
    if axis is None:
        return tuple(range(rank))
    axes = axis if isinstance(axis, tuple) else (axis,)
    return tuple(sorted(a % rank for a in axes)) if rank else ()


def kept_shape(shape: Shape, axis: int | tuple[int, ...] | None) -> Shape:
    """`shape` with the reduced axes kept as 1, so that the reduced value broadcasts back."""
    axes = normal_axes(axis, len(shape))
    return tuple(1 if i in axes else size for i, size in enumerate(shape))


def show_shape(shape: Shape) -> str:
    """A shape as people write it: `(2,3)`, `(4)`, `()`."""
    return "(" + ",".join(str(size) for size in shape) + ")"
