"""What went wrong, where it began, and what to write instead.

The first non-finite value or gradient, gradients that vanish or explode along a path, and digits lost in
a difference.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_explain.core.formula import Formula, filled, formula_of, written
from autograd_explain.core.notation import style_for
from autograd_explain.core.var import CONSTANT, Var
from autograd_explain.explanation.model import Note
from autograd_explain.explanation.telling import Told, Walk, all_finite, brief, entry, number
from autograd_explain.modes.records import Part, Step

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

OFF_BY = 1e6  # a gradient this much smaller or larger than its seed has vanished or exploded
LOST = 1e-8  # a difference this much smaller than its terms has lost eight digits
_MOST_LINKS = 8

REWRITES = {
    "log": "guard it: log(maximum(x, 1e-12)); for log(softmax(x)) write log_softmax(x), for log(sigmoid(x)) "
    "logsigmoid(x)",
    "exp": "exp overflows above 709: for log(sum(exp(x))) write logsumexp(x), for exp(x)/sum(exp(x)) softmax(x), "
    "for 1/(1 + exp(-x)) sigmoid(x), for log(1 + exp(x)) softplus(x)",
    "div": "keep the denominator away from 0, for example x/(y + 1e-12)",
    "sqrt": "keep its argument above 0: sqrt(maximum(x, 1e-12)); for sqrt(x**2 + y**2) write hypot(x, y)",
    "pow": "a negative base needs a whole exponent, a base of 0 a positive one: guard with maximum(x, 1e-12)",
    "reciprocal": "keep away from 0, for example 1/(x + 1e-12)",
    "log1p": "guard it: log1p(maximum(x, -1 + 1e-12))",
    "log2": "guard it: log2(maximum(x, 1e-12))",
    "log10": "guard it: log10(maximum(x, 1e-12))",
    "cbrt": "keep away from 0: cbrt(maximum(x, 1e-12)) for x from 0 on",
    "asin": "keep inside its domain: asin(clip(x, -1 + 1e-12, 1 - 1e-12))",
    "acos": "keep inside its domain: acos(clip(x, -1 + 1e-12, 1 - 1e-12))",
    "atanh": "keep inside its domain: atanh(clip(x, -1 + 1e-12, 1 - 1e-12))",
    "acosh": "keep inside its domain: acosh(maximum(x, 1 + 1e-12))",
    "overflow": "no float is above 1.8e308: make the base smaller first; for sqrt(x**2 + y**2) write hypot(x, y)",
    "mul": "0·∞ and overflow begin in the factors: keep each of them finite",
    "sub": "∞ − ∞ has no value: keep both terms finite",
}
"""Safe ways to write what an operation broke on."""

_DIFFERENCES = {
    ("constant", "sigmoid"): "1 - sigmoid(x) keeps its digits as sigmoid(-x)",
    ("exp", "constant"): "exp(x) - 1 keeps its digits as expm1(x)",
    ("constant", "cos"): "1 - cos(x) keeps its digits as 2*sin(x/2)**2",
    ("constant", "tanh"): "1 - tanh(x) keeps its digits as 2*sigmoid(-2*x)",
    ("constant", "erf"): "1 - erf(x) keeps its digits as erfc(x)",
    ("sqrt", "sqrt"): "sqrt(a) - sqrt(b) keeps its digits as (a - b)/(sqrt(a) + sqrt(b))",
    ("log", "log"): "log(a) - log(b) keeps its digits as log1p((a - b)/b)",
}


def _rewrite(op: str) -> str:
    return f" A safe way: {REWRITES[op]}." if op in REWRITES else ""


def _rewrite_of(node: Var) -> str:
    """The rewrite for a value that is not finite: a power of sound numbers has overflowed."""
    if node.op.name == "pow":
        bases, exponents = (np.asarray(v.value) for v in node.inputs)
        base = np.broadcast_to(bases, node.shape)[~np.isfinite(np.asarray(node.value))]
        if np.all(np.abs(base) > 1) and np.all(np.isfinite(exponents)) and not np.any(np.isnan(node.value)):
            return _rewrite("overflow")
    return _rewrite(node.op.name)


def first_non_finite_value(run: Explanation) -> Iterator[Note]:
    """The first value of the forward pass that is nan or infinite, and what made it."""
    harmed = {argument.index for node in run.operations if not all_finite(node.value) for argument in node.inputs}
    for node in run.tape.nodes:
        if all_finite(node.value) or (node.op is CONSTANT and node is not run.result and node.index not in harmed):
            continue  # an infinite constant, such as the open end of a clip, harms nobody by itself
        label = run.words.label(node)
        if node.op is CONSTANT or not node.inputs:
            text = f"{label} itself is not a finite number; everything made from it carries that on."
        else:
            inputs = ", ".join(brief(run.words.label(argument), argument.value) for argument in node.inputs)
            kind = "nan" if np.any(np.isnan(node.value)) else "inf"
            where = _places(~np.isfinite(np.asarray(node.value)))
            made = f"The first {kind} of the forward pass is made by {node.op.name} in {label}{where}, from {inputs}"
            text = f"{made}{_arithmetic(run, node)}.{_rewrite_of(node)}"
        yield Note("non-finite", node.index, None, text)
        return


def _arithmetic(run: Explanation, node: Var) -> str:
    """The operation on the numbers of the first entry that went wrong: `: log(0) = -inf`."""
    if not node.op.elementwise:
        return ""
    bad = np.argwhere(~np.isfinite(np.asarray(node.value)))[0]
    entries = [float(np.broadcast_to(np.asarray(v.value), node.shape)[tuple(bad)]) for v in node.inputs]
    value = float(np.asarray(node.value)[tuple(bad)])
    made = formula_of(node.op, tuple(map(Formula, entries)), run.tape.options.get(node.index, {}))
    return f": {written(made, style_for(4, ascii_only=True)).text} = {number(value)}"


def _places(bad: Any) -> str:
    """How many entries, and where the first of them stands; nothing for a single number."""
    if bad.ndim == 0:
        return ""
    return f" at {int(bad.sum())} of {bad.size} entries, first at {entry(np.argwhere(bad)[0])}"


def non_finite(walk: Walk, step: Step) -> Told:
    """The first contribution that is nan or infinite though everything before it was finite."""
    if walk.has_begun or not all_finite(step.node.value) or not all_finite(step.upstream):
        return None
    for part in step.parts:
        if not all_finite(part.contribution):
            walk.has_begun = True
            return _where_it_began(walk, step, part), ""
    return None


def _where_it_began(walk: Walk, step: Step, part: Part) -> str:
    kind = "nan" if np.any(np.isnan(part.contribution)) else "inf"
    inputs = ", ".join(brief(walk.label(node), node.value) for node in step.node.inputs)
    made = f"made here by {step.node.op.name}, from {inputs}, on the way to {walk.label(part.target)}"
    place = f"The first {kind} of the backward pass is {made}"
    if type(part.contribution) is float and type(part.local) is float:
        rule = written(filled(walk.run.words.rule(step.node, part.position, step.upstream, part.local)),
                       style_for(4, ascii_only=True)).text  # fmt: skip
        slope = number(part.local)
        product = f"{number(step.upstream)} × {slope} = {number(part.contribution)}"
        arithmetic = f": its slope {rule} is {slope}, and {product}" if rule != slope else f": {product}"
    else:
        arithmetic = _places(~np.isfinite(np.asarray(part.contribution))) + _first_product(step, part)
    return f"{place}{arithmetic}.{_rewrite(step.node.op.name)}"


def _first_product(step: Step, part: Part) -> str:
    """The product that went wrong first, of an operation that works entry by entry: `: 0 × inf = nan`."""
    if part.local is None:
        return ""
    upstream, local = np.broadcast_arrays(np.asarray(step.upstream), np.asarray(part.local))
    with np.errstate(all="ignore"):
        products = upstream * local
    bad = np.argwhere(~np.isfinite(products))
    if not len(bad):
        return ""
    at = tuple(bad[0])
    return f": {number(upstream[at])} × {number(local[at])} = {number(products[at])}"


@dataclass(slots=True)
class _Edge:
    """The heaviest edge that reached a value: where it came from and its factor."""

    size: float
    user: int
    factor: float


def lost_along_paths(run: Explanation) -> Iterator[Note]:
    """Inputs whose gradient is more than a million times smaller or larger than the seed, and the factor to blame."""
    seed = _size(run.sweep.seed)
    suspects = []
    for record in run.inputs:
        size = _size(run.gradients[record.name]) if record.tracked else 0.0
        if size and seed and math.isfinite(size) and not 1 / OFF_BY <= size / seed <= OFF_BY:
            suspects.append((record, size / seed))
    if not suspects:
        return
    edges = _heaviest_edges(run)
    for record, ratio in suspects:
        kind = "vanishing" if ratio < 1 else "exploding"
        chain = _chain(run, edges, record.node)
        if not chain:
            continue
        pick = min if kind == "vanishing" else max
        worst = pick(chain, key=lambda link: link[1])
        product = " × ".join(f"{number(factor)}" for _, factor in chain[:_MOST_LINKS])
        more = f" × … ({len(chain)} factors)" if len(chain) > _MOST_LINKS else ""
        what = "smaller" if kind == "vanishing" else "larger"
        scale = number(1 / ratio if kind == "vanishing" else ratio)
        yield Note(kind, record.node, None, (
            f"The gradient by {record.name} is {scale} times {what} than its seed. Along the way to it: "
            f"{product}{more}; the {'smallest' if kind == 'vanishing' else 'largest'} factor is {number(worst[1])}, at "
            f"{worst[0]}."
        ))  # fmt: skip


def _size(value: Any) -> float:
    return abs(value) if type(value) is float else float(np.max(np.abs(value), initial=0.0))


def _heaviest_edges(run: Explanation) -> dict[int, _Edge]:
    edges: dict[int, _Edge] = {}
    for step in run.walk():
        above = _size(step.upstream)
        for part in step.parts:
            size = _size(part.contribution)
            known = edges.get(part.target.index)
            if above and (known is None or size > known.size):
                edges[part.target.index] = _Edge(size, step.node.index, size / above)
    return edges


def _chain(run: Explanation, edges: dict[int, _Edge], place: int) -> list[tuple[str, float]]:
    """The factors from the result down to a value along its heaviest edges, each with the operation it stems from."""
    links: list[tuple[str, float]] = []
    while place in edges:
        edge = edges[place]
        user: Var = run.tape.nodes[edge.user]
        links.append((f"{user.op.name} ({run.words.label(user)})", edge.factor))
        place = edge.user
    return links[::-1]


def cancellation(walk: Walk, step: Step) -> Told:
    """A difference of nearly equal numbers: most of their digits are gone."""
    if step.node.op.name not in ("add", "sub") or not step.parts:
        return None
    left, right = step.node.inputs
    if not (left.inputs or right.inputs):
        return None  # numbers as they were given have no digits to lose
    if type(step.node.value) is float:
        terms = max(abs(left.value), abs(right.value))
        if not 0 < terms < math.inf or abs(step.node.value) > LOST * terms:
            return None
    return _lost_digits(walk, step, left, right)


def _lost_digits(walk: Walk, step: Step, left: Var, right: Var) -> Told:
    terms = np.maximum(np.abs(left.value), np.abs(right.value))
    out = np.abs(np.asarray(step.node.value))
    with np.errstate(all="ignore"):
        hit = np.isfinite(terms) & (terms > 0) & (out <= LOST * terms)
    if not np.any(hit) or (not np.any(out[hit]) and _is_exact(left) and _is_exact(right)):
        return None
    with np.errstate(all="ignore"):
        digits = min(16, int(np.max(np.log10(np.where(hit, terms / np.maximum(out, terms * 1e-16), 1.0)))))
    name = walk.label(step.node)
    better = _DIFFERENCES.get((left.op.name, right.op.name))
    entries = _places(hit)
    full = (
        f"{name} is a difference of almost equal numbers{entries}: about {digits} of 16 digits are lost, and what is "
        f"made from it has only the rest.{' Better: ' + better + '.' if better else ''}"
    )
    return full, f"{name} loses about {digits} digits as well"


_MOVES = frozenset({"abs", "clip", "detach", "index", "max", "maximum", "min", "minimum", "neg", "relu", "reshape",
                    "transpose", "where"})  # fmt: skip
_MOST_LOOKED_AT = 100
_WHOLE = 2.0**53  # whole numbers below this are stored, added and multiplied without rounding


def _is_exact(node: Var) -> bool:
    """Whether a value was made without rounding: by moving numbers as given, or from whole numbers."""
    waiting, seen = [node], {node.index}
    while waiting:
        value = waiting.pop()
        if not value.inputs:
            continue
        whole = value.op.name in _RINGED and all(_is_whole(v.value) for v in (value, *value.inputs))
        if len(seen) > _MOST_LOOKED_AT or not (whole or value.op.name in _MOVES):
            return False
        fresh = [argument for argument in value.inputs if argument.index not in seen]
        seen.update(argument.index for argument in fresh)
        waiting.extend(fresh)
    return True


_RINGED = frozenset({"add", "sub", "mul"})


def _is_whole(value: Any) -> bool:
    return bool(np.all(np.abs(value) < _WHOLE) and np.all(np.round(value) == value))
