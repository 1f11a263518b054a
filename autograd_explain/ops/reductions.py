"""Operations that take an axis: sums, means, extremes, spreads, and the softmax family.

Their rules say in one line what each entry gets back: `(upstream, out, x) -> contribution`, in x's shape.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_explain.core.notation import Call
from autograd_explain.core.op import Direct, Kink, Op, Option
from autograd_explain.core.registry import define
from autograd_explain.core.shapes import Shape, kept_shape, normal_axes, shape_of, zeros_of
from autograd_explain.ops.arithmetic import div  # where a number may be divided by 0: `/` on floats would raise
from autograd_explain.ops.compare import where
from autograd_explain.ops.elementary import exp, expm1
from autograd_explain.ops.shaping import broadcast_to, reshape, transpose

AXIS = Option("axis", "axis")
LAST_AXIS = Option("axis", "axis", -1)
KEEP = Option("keepdims", "flag", False)
DDOF = Option("ddof", "count", 0)
_COMPOSED = {"softmax": 70, "norm": 85, "var": 90, "std": 90, "logsumexp": 120, "log_softmax": 120}
ADD: Any = np.add.reduce  # what np.sum comes to, without its detours
_EVEN_TIE = (("JAX", "split evenly"), ("TensorFlow", "split evenly"))


def back(value: Any, x: Any, axis: Any) -> Any:
    """A reduced value put back over x's axes, so that it meets x entry by entry."""
    if shape_of(value) == shape_of(x):
        return value
    kept = kept_shape(shape_of(x), axis)
    axes = normal_axes(axis, len(kept))
    aligned = axes == tuple(range(len(axes)))  # leading axes: broadcasting puts them back by itself
    return value if aligned or shape_of(value) == kept else reshape(value, shape=kept)


def spread(value: Any, x: Any, axis: Any) -> Any:
    """A reduced value repeated for every entry of x it was made from."""
    kept = back(value, x, axis)
    return kept if shape_of(kept) == shape_of(x) else broadcast_to(kept, shape=shape_of(x))


def count(x: Any, axis: Any) -> float:
    """How many entries of x meet in one entry of the result."""
    shape = shape_of(x)
    return float(math.prod(shape if axis is None else [shape[a] for a in normal_axes(axis, len(shape))]))


def composed(calls: int) -> Callable[..., int]:
    """The work of a forward pass that takes so many simple steps of a program longer than a sum, and five an entry."""
    return lambda x, *others: 50 * calls + 5 * int(x.size)


def _reduction(name: str, forward: Any, rule: Any, symbolic: Any, note: str, **more: Any) -> Op:
    options = more.pop("options", (AXIS, KEEP))
    return define(Op(
        name, ("x",), forward, symbolic, Call(name), more.pop("family", "reduction"), note, vjp=(rule,),
        options=options, steps=composed(_COMPOSED[name]) if name in _COMPOSED else None,
        example=more.pop("example", f"{name}([[x, 2], [3, 4]], axis=0)"), **more,
    ))  # fmt: skip


def _direct_sum(shapes: tuple[Shape, ...], out: Shape, axis: Any, keepdims: bool) -> Direct | None:
    """The sum of all entries, as one number."""
    (shape,) = shapes
    if out or not shape:
        return None
    return Direct(
        lambda x, room: ADD(x, axis=None), (lambda upstream, out, x, room: np.full(shape, upstream),)
    )


def _direct_mean(shapes: tuple[Shape, ...], out: Shape, axis: Any, keepdims: bool) -> Direct | None:
    """The mean of all entries, as one number."""
    (shape,) = shapes
    entries = math.prod(shape)
    if out or not shape or not entries:
        return None
    return Direct(
        lambda x, room: ADD(x, axis=None) / entries,
        (lambda upstream, out, x, room: np.full(shape, upstream / entries),),
    )


def _finite(largest: Any) -> Any:
    """What is taken off so that nothing overflows; 0 where that is infinite, so that ∞ − ∞ never happens."""
    finite = np.isfinite(largest)
    return largest if finite.all() else np.where(finite, largest, 0.0)


def _log_sum(x: Any, axis: Any) -> tuple[Any, Any, Any]:
    """What is taken off x, what is left, and log Σ exp of that: log1p of all terms but the largest, where it is 1."""
    largest = np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)
    top = _finite(largest)
    away = x - top
    axes = normal_axes(axis, np.ndim(x))
    others = _sum(np.where(first_largest(x, axes), 0.0, np.exp(away)), axes, keepdims=True)
    total = np.log1p(others)
    if top is not largest:
        first = np.exp(largest - top)
        total = np.where(first == 1.0, total, np.log(others + first))
    return top, away, total


def first_largest(x: Any, axes: tuple[int, ...]) -> Any:
    """A mask with one True for each reduced entry: the first place of its largest value."""
    if not axes or not np.size(x):
        return np.ones(np.shape(x), dtype=bool)
    last = tuple(range(np.ndim(x) - len(axes), np.ndim(x)))
    moved = x if axes == last else np.moveaxis(x, axes, last)
    flat = moved.reshape(*moved.shape[: np.ndim(x) - len(axes)], -1)
    mask = (np.arange(flat.shape[-1]) == flat.argmax(axis=-1)[..., None]).reshape(moved.shape)
    return mask if axes == last else np.moveaxis(mask, last, axes)


def _logsumexp(x: Any, axis: Any, keepdims: bool) -> Any:
    top, _, total = _log_sum(x, axis)
    out = top + total
    return out if keepdims else out.squeeze(normal_axes(axis, out.ndim))


def _log_softmax(x: Any, axis: Any) -> Any:
    _, away, total = _log_sum(x, axis)
    return away - total


def _softmax(x: Any, axis: Any) -> Any:
    terms = np.exp(x - _finite(np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)))
    return terms / _sum(terms, axis, keepdims=True)


def _norm(x: Any, axis: Any, keepdims: bool) -> Any:
    return _length(x, axis, keepdims, 1.0)


def _length(x: Any, axis: Any, keepdims: bool, parts: float) -> Any:
    """√(Σx²/parts), scaled by a power of two so that no square overflows or vanishes; that costs no digit."""
    largest = np.maximum.reduce(np.abs(x), axis=axis, keepdims=True, initial=0.0)
    exponent = np.frexp(np.where(np.isfinite(largest), largest, 0.0))[1]
    squares = np.square(np.ldexp(x, -exponent))
    out = np.ldexp(np.sqrt(_sum(squares, axis, keepdims=True) / np.float64(parts)), exponent)
    return out if keepdims else out.squeeze(normal_axes(axis, out.ndim))


def _sum(x: Any, axis: Any, keepdims: Any) -> Any:
    return ADD(x, axis=axis, keepdims=keepdims)


def _mean(x: Any, axis: Any, keepdims: bool) -> Any:
    total = _sum(x, axis, keepdims)
    return total / np.float64(count(x, axis))  # nan where there is nothing to average, as np.mean has it, in silence


def _away(x: Any, axis: Any) -> Any:
    away = x - _mean(x, axis, keepdims=True)
    return away - _mean(away, axis, keepdims=True)  # what rounding the mean left: equal entries are not apart at all


def _var(x: Any, axis: Any, keepdims: bool, ddof: int) -> Any:
    return _sum(np.square(_away(x, axis)), axis, keepdims) / np.float64(_freedom(x, axis, ddof))


def _std(x: Any, axis: Any, keepdims: bool, ddof: int) -> Any:
    return _length(_away(x, axis), axis, keepdims, _freedom(x, axis, ddof))


def _freedom(x: Any, axis: Any, ddof: int) -> float:
    """What a variance divides by; 0 where nothing is left."""
    return max(count(x, axis) - ddof, 0.0)


def _symbolic_mean(sp: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    return _sum(x, axis, keepdims) / int(count(x, axis))


def _symbolic_var(sp: Any, x: Any, axis: Any, keepdims: bool, ddof: int) -> Any:
    away = x - _symbolic_mean(sp, x, axis, True)
    return _sum(away * away, axis, keepdims) / (int(count(x, axis)) - ddof)


def _symbolic_std(sp: Any, x: Any, axis: Any, keepdims: bool, ddof: int) -> Any:
    square = _symbolic_var(sp, x, axis, keepdims, ddof)
    return square if count(x, axis) == 1 else sp.each(sp.sqrt, square)  # one number is not apart: 0, without a root


def _symbolic_extreme(larger: bool) -> Any:
    def fold(sp: Any, x: Any, axis: Any, keepdims: bool) -> Any:
        pick = np.frompyfunc(lambda a, b: sp.choose(sp.compare(">=" if larger else "<=", a, b), a, b), 2, 1)
        for ax in reversed(normal_axes(axis, np.ndim(x))):
            x = pick.reduce(x, axis=ax, keepdims=keepdims)
        return x

    return fold


def _symbolic_softmax(sp: Any, x: Any, axis: Any) -> Any:
    terms = sp.each(sp.exp, x)
    return terms / np.sum(terms, axis=axis, keepdims=True)


def _share_of_extreme(upstream: Any, out: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    at = x == back(out, x, axis)
    return back(upstream, x, axis) * at / sum_(at, axis=axis, keepdims=axis is not None)


sum_ = _reduction(
    "sum", _sum, lambda upstream, out, x, axis, keepdims: spread(upstream, x, axis),
    lambda sp, x, axis, keepdims: np.sum(x, axis=axis, keepdims=keepdims),
    "Every entry counts once, so every entry gets the whole upstream.", direct=_direct_sum,
)  # fmt: skip
mean = _reduction(
    "mean", _mean, lambda upstream, out, x, axis, keepdims: spread(upstream, x, axis) / count(x, axis),
    _symbolic_mean, "Every entry counts 1/n, so every entry gets 1/n of the upstream.", direct=_direct_mean,
)  # fmt: skip
prod = _reduction(
    "prod", np.prod,
    lambda upstream, out, x, axis, keepdims: back(upstream, x, axis) * product_of_others(x, axis=axis),
    lambda sp, x, axis, keepdims: np.prod(x, axis=axis, keepdims=keepdims),
    "Each factor's slope is the product of all the others, also where a factor is 0.",
    jvp=(lambda tangent, out, x, axis, keepdims: sum_(  # what stands still is no 0 to meet a product that overflows
        where(tangent, tangent * product_of_others(x, axis=axis), 0.0), axis=axis, keepdims=keepdims),),
    jvp_shown=(lambda tangent, out, x, axis, keepdims: sum_(
        tangent * product_of_others(x, axis=axis), axis=axis, keepdims=keepdims),),
)  # fmt: skip
maximum_of = _reduction(
    "max", np.max, _share_of_extreme, _symbolic_extreme(True),
    "Only the largest entry gets the gradient; entries that tie share it evenly.", of_two="maximum",
    kinks=(Kink("tie", "the largest entry is there more than once",
                lambda x, axis, keepdims: np.sum(x == np.max(x, axis=axis, keepdims=True), axis=axis) > 1,
                "0", "1", "1/(number of ties)", _EVEN_TIE),),
)  # fmt: skip
minimum_of = _reduction(
    "min", np.min, _share_of_extreme, _symbolic_extreme(False),
    "Only the smallest entry gets the gradient; entries that tie share it evenly.", of_two="minimum",
    kinks=(Kink("tie", "the smallest entry is there more than once",
                lambda x, axis, keepdims: np.sum(x == np.min(x, axis=axis, keepdims=True), axis=axis) > 1,
                "1", "0", "1/(number of ties)", _EVEN_TIE),),
)  # fmt: skip
var = _reduction(
    "var", _var,
    lambda upstream, out, x, axis, keepdims, ddof:
        div(back(upstream, x, axis) * 2 * (x - mean(x, axis=axis, keepdims=True)), _freedom(x, axis, ddof)),
    _symbolic_var, "An entry matters by how far it lies from the mean: the mean's own shift cancels out.",
    options=(AXIS, KEEP, DDOF),
)  # fmt: skip
std = _reduction(
    "std", _std,
    lambda upstream, out, x, axis, keepdims, ddof: back(upstream, x, axis) * where(
        back(out, x, axis) == 0, 0,
        div(x - mean(x, axis=axis, keepdims=True), _freedom(x, axis, ddof) * back(out, x, axis))),
    _symbolic_std,
    "The square root of the variance; where all entries are equal its slope is taken as 0.",
    options=(AXIS, KEEP, DDOF), uses_output=True,
    kinks=(Kink("kink", "all entries are equal",
                lambda x, axis, keepdims, ddof: count(x, axis) > 1 and np.ptp(x, axis=axis) == 0,
                "−√((1 − 1/n)/(n − ddof))", "√((1 − 1/n)/(n − ddof))", "0", (("JAX", "nan"), ("TensorFlow", "nan"))),),
)  # fmt: skip
norm = _reduction(
    "norm", _norm,
    lambda upstream, out, x, axis, keepdims:
        back(upstream, x, axis) * where(back(out, x, axis) == 0, 0, div(x, back(out, x, axis))),
    lambda sp, x, axis, keepdims: sp.each(sp.sqrt, np.sum(x * x, axis=axis, keepdims=keepdims)),
    "The length of a vector: it grows in the direction it already points.", uses_output=True,
    kinks=(Kink("kink", "every entry is 0",
                lambda x, axis, keepdims: (np.sum(x != 0, axis=axis) == 0) & (count(x, axis) > 0),
                "−1", "1", "0", (("JAX", "nan"), ("TensorFlow", "nan"))),),
)  # fmt: skip
logsumexp = _reduction(
    "logsumexp", _logsumexp,
    lambda upstream, out, x, axis, keepdims: back(upstream, x, axis) * exp(x - back(out, x, axis)),
    lambda sp, x, axis, keepdims: sp.each(sp.log, np.sum(sp.each(sp.exp, x), axis=axis, keepdims=keepdims)),
    "A smooth maximum, safe from overflow; each entry's share is its softmax.", uses_output=True,
)  # fmt: skip


def _against_average(tangent: Any, shares: Any, key: Any, axis: Any) -> Any:
    """Each tangent less their average by shares: measured from the largest share's, so that no digit is lost."""
    away = tangent - at_largest(tangent, key, axis=axis)
    return away - sum_(shares * away, axis=axis, keepdims=True)


# Σp = 1, so any one upstream entry may be taken off all of them. Taking off the one at the largest p leaves no
# 1 − p to lose digits in; the textbook form is what a learner should read.
softmax = _reduction(
    "softmax", _softmax,
    lambda upstream, out, x, axis: out * (
        (upstream - at_largest(upstream, out, axis=axis))
        - sum_(out * (upstream - at_largest(upstream, out, axis=axis)), axis=axis, keepdims=True)),
    _symbolic_softmax, "Shares that sum to 1: what one entry gains, the others lose.",
    shown=(lambda upstream, out, x, axis: out * (upstream - sum_(upstream * out, axis=axis, keepdims=True)),),
    jvp=(lambda tangent, out, x, axis: out * _against_average(tangent, out, out, axis),),
    jvp_shown=(lambda tangent, out, x, axis: out * (tangent - sum_(out * tangent, axis=axis, keepdims=True)),),
    options=(LAST_AXIS,), uses_output=True, steepest=0.25, family="softmax", example="softmax([x, 1, 2])",
)  # fmt: skip
log_softmax = _reduction(
    "log_softmax", _log_softmax,
    lambda upstream, out, x, axis:
        -upstream * expm1(out) - exp(out) * (sum_(upstream, axis=axis, keepdims=True) - upstream),
    lambda sp, x, axis: x - sp.each(sp.log, np.sum(sp.each(sp.exp, x), axis=axis, keepdims=True)),
    "The logarithm of softmax, without softmax reaching 0 first.",
    shown=(lambda upstream, out, x, axis: upstream - exp(out) * sum_(upstream, axis=axis, keepdims=True),),
    jvp=(lambda tangent, out, x, axis: _against_average(tangent, exp(out), out, axis),),
    jvp_shown=(lambda tangent, out, x, axis: tangent - sum_(exp(out) * tangent, axis=axis, keepdims=True),),
    options=(LAST_AXIS,), uses_output=True, family="softmax", example="log_softmax([x, 1, 2])",
)  # fmt: skip
cumsum = _reduction(
    "cumsum", lambda x, axis: np.cumsum(x, axis=axis),
    lambda upstream, out, x, axis: reverse_cumsum(reshape_like(upstream, out), x, axis),
    lambda sp, x, axis: np.add.accumulate(np.ravel(x) if axis is None or not np.ndim(x) else x, axis=axis or 0),
    "Entry i is in every running sum from i on, so it gets their upstreams added up.",
    options=(AXIS,), example="cumsum([x, 2, 3])",
)  # fmt: skip


def reshape_like(value: Any, other: Any) -> Any:
    """`value` in the shape of `other`."""
    return value if shape_of(value) == shape_of(other) else reshape(value, shape=shape_of(other))


def reverse_cumsum(upstream: Any, x: Any, axis: int | None) -> Any:
    """Running sums from the far end, in x's shape."""
    from autograd_explain.ops.indexing import index

    rank = len(shape_of(upstream))
    place = 0 if axis is None else axis % rank
    key = (*(slice(None),) * place, slice(None, None, -1))
    sums = index(cumsum(index(upstream, key=key), axis=place), key=key)
    return reshape_like(sums, x)


def _product_of_others(x: Any, axis: Any) -> Any:
    axes = normal_axes(axis, np.ndim(x))
    if not axes or not np.size(x):
        return np.ones(np.shape(x))
    moved = np.moveaxis(x, axes, range(-len(axes), 0))
    flat = moved.reshape(*moved.shape[: np.ndim(x) - len(axes)], -1)
    ones = np.ones((*flat.shape[:-1], min(flat.shape[-1], 1)))
    before = np.cumprod(np.concatenate([ones, flat[..., :-1]], axis=-1), axis=-1)
    after = np.cumprod(np.concatenate([ones, flat[..., :0:-1]], axis=-1), axis=-1)[..., ::-1]
    return np.moveaxis((before * after).reshape(moved.shape), range(-len(axes), 0), axes)


def _share_of_others(upstream: Any, out: Any, x: Any, axis: Any) -> Any:
    """Entry j gets Σᵢ upstreamᵢ · (the product of all but i and j), also where factors are 0.

    Row i of a matrix holds the factors with a 1 in place of the i-th, so that its product is outᵢ.
    """
    shape = shape_of(x)
    axes = normal_axes(axis, len(shape))
    if not axes:
        return zeros_of(x)
    kept = tuple(a for a in range(len(shape)) if a not in axes)
    order = (*kept, *axes)
    moved = tuple(shape[a] for a in order)
    size = int(count(x, axis))
    batch = moved[: len(kept)]
    same = np.eye(size)

    def flat(value: Any, *added: int) -> Any:
        turned = value if order == tuple(range(len(order))) else transpose(value, axes=order)
        return reshape(turned, shape=(*batch, *added))

    others = product_of_others(where(same, 1.0, flat(x, 1, size)), axis=-1)
    shares = sum_(where(same, 0.0, flat(upstream, size, 1) * others), axis=-2, keepdims=False)
    back_again = reshape(shares, shape=moved)
    return back_again if order == tuple(range(len(order))) else transpose(back_again, axes=_inverse(order))


def _inverse(order: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(a) for a in np.argsort(order))


def _at_largest(x: Any, key: Any, axis: Any) -> Any:
    first = first_largest(key, normal_axes(axis, np.ndim(key)))
    return np.sum(np.where(first, x, 0), axis=axis, keepdims=True)


def _marked(key: Any, axis: Any) -> Any:
    """1 at the places where key is largest, 0 elsewhere: plain numbers, for the choice has no slope."""
    plain = np.asarray(getattr(key, "value", key))
    return 1.0 * first_largest(plain, normal_axes(axis, np.ndim(plain)))


product_of_others: Op = define(Op(
    "product_of_others", ("x",), _product_of_others, lambda sp, x, axis: _product_of_others(x, axis),
    Call("product_of_others"), "structural",
    "For each entry the product of all the others.", vjp=(_share_of_others,), options=(AXIS,), internal=True,
))  # fmt: skip
at_largest: Op = define(Op(
    "at_largest", ("x", "key"),
    _at_largest, lambda sp, x, key, axis: _at_largest(x, key, axis), Call("at_largest"), "structural",
    "x at the place where key is largest.",
    vjp=(lambda upstream, out, x, key, axis: where(_marked(key, axis), upstream, 0.0), None),
    options=(LAST_AXIS,), internal=True,
))  # fmt: skip
