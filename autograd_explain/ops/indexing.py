"""Taking entries out of an array, and the operation that puts their gradients back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_explain.core.notation import Index, Scatter
from autograd_explain.core.op import REQUIRED, Op, Option
from autograd_explain.core.registry import define
from autograd_explain.core.shapes import as_value, shape_of
from autograd_explain.core.traced import Traced
from autograd_explain.core.var import Var
from autograd_explain.errors import DomainError

KEY = Option("key", "key", REQUIRED)


def _scatter(x: Any, key: Any, shape: Any) -> Any:
    out = np.zeros(shape)
    np.add.at(out, key, x)  # repeated indices add; plain assignment would keep the last only
    return out


def _symbolic_scatter(sp: Any, x: Any, key: Any, shape: Any) -> Any:
    out = np.zeros(shape, dtype=object)
    np.add.at(out, key, x)
    return out


def _symbolic_index(sp: Any, x: Any, key: Any) -> Any:
    return x[key]


def _entries(x: Any, key: tuple[Any, ...]) -> int:
    """How many entries arrays of indices take out; 0 where a mere part of x is taken."""
    chosen = [part.shape for part in key if isinstance(part, np.ndarray)]
    if not chosen:
        return 0
    places = [part for part in key if part is not None]
    open_axes = [slice(None)] * (x.ndim - sum(part is not Ellipsis for part in places))
    dots = next((place for place, part in enumerate(places) if part is Ellipsis), len(places))
    places[dots : dots + 1] = open_axes
    kept = (size for size, part in zip(x.shape, places, strict=True) if isinstance(part, slice))
    return int(math.prod(np.broadcast_shapes(*chosen)) * math.prod(kept))


index = define(Op(
    "index", ("x",), lambda x, key: np.array(x[key]), _symbolic_index, Index(), "shape",
    "The entries taken out get their upstream back, in their old places; the others get 0.",
    vjp=(lambda upstream, out, x, key: scatter_add(upstream, key=key, shape=shape_of(x)),), options=(KEY,),
    entries=_entries, example="[x, 2, 3][0]",
))  # fmt: skip
scatter_add: Op = define(Op(
    "scatter_add", ("x",), _scatter, _symbolic_scatter, Scatter("scatter_add"), "structural",
    "Entries put into an array of zeros; what meets in one place adds up.",
    vjp=(lambda upstream, out, x, key, shape: index(upstream, key=key),),
    options=(KEY, Option("shape", "shape", REQUIRED)), internal=True,
))  # fmt: skip


def _getitem(self: Any, key: Any) -> Any:
    parts = key if isinstance(key, tuple) else (key,)
    return index(self, key=tuple(place for part in parts for place in _places(part)))


def _places(part: Any) -> tuple[Any, ...]:
    """What one part of a key says: a mask stands for the places where it is true."""
    is_mask = part.op.family == "comparison" if isinstance(part, Var) else _is_mask(part)
    if not is_mask:
        return (_plain(part),)
    return np.nonzero(np.atleast_1d(part.read() if isinstance(part, Var) else part))


def _is_mask(part: Any) -> bool:
    return isinstance(part, (list, np.ndarray)) and np.asarray(part).dtype == bool


def _plain(part: Any) -> Any:
    if isinstance(part, Traced):
        part = part.read() if isinstance(part, Var) else part.value
    if not isinstance(part, (float, list, np.ndarray)):
        return part
    places = as_value(part)
    if not np.all(np.isfinite(places) & (np.floor(places) == places)):
        raise DomainError("an index is a whole number", hint="round it first, as functions.floor and round(x) do")
    return int(places) if type(places) is float else places.astype(int)


Traced.__getitem__ = _getitem  # type: ignore[method-assign]
