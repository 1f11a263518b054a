"""What went wrong, where it began, and what to write instead.

The first non-finite value or gradient, and gradients that vanish or explode along a path.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_explain.core.formula import Formula, filled, formula_of, written
from autograd_explain.core.notation import rounded_number, style_for
from autograd_explain.core.var import CONSTANT, Var
from autograd_explain.explanation.model import Note
from autograd_explain.explanation.rewrites import better_form
from autograd_explain.explanation.telling import Told, Walk, all_finite, brief, number, places
from autograd_explain.modes.records import Part, Step

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

OFF_BY = 1e6  # a gradient this much smaller or larger than its seed has vanished or exploded
_MOST_LINKS = 8

REWRITES = {
    "log": "guard it: log(maximum(x, 1e-12))",
    "exp": "exp overflows above 709: keep its argument below, as in exp(minimum(x, 700))",
    "div": "keep the denominator away from 0, for example x/(y + 1e-12)",
    "sqrt": "keep its argument above 0: sqrt(maximum(x, 1e-12))",
    "pow": "a negative base needs a whole exponent, a base of 0 one from 1 on: guard with maximum(x, 1e-12)",
    "reciprocal": "keep away from 0, for example 1/(x + 1e-12)",
    "log1p": "guard it: log1p(maximum(x, -1 + 1e-12))",
    "log2": "guard it: log2(maximum(x, 1e-12))",
    "log10": "guard it: log10(maximum(x, 1e-12))",
    "cbrt": "keep away from 0: cbrt(maximum(x, 1e-12)) for x from 0 on",
    "asin": "keep inside its domain: asin(clip(x, -1 + 1e-12, 1 - 1e-12))",
    "acos": "keep inside its domain: acos(clip(x, -1 + 1e-12, 1 - 1e-12))",
    "atanh": "keep inside its domain: atanh(clip(x, -1 + 1e-12, 1 - 1e-12))",
    "acosh": "keep inside its domain: acosh(maximum(x, 1 + 1e-12))",
    "exponent": "a slope by the exponent needs a base above 0: guard it with maximum(x, 1e-12), or do not track it",
    "overflow": "no float is above 1.8e308: make the base smaller first",
    "mul": "0·∞ and overflow begin in the factors: keep each of them finite",
    "sub": "∞ − ∞ has no value: keep both terms finite",
}
"""Safe ways to write what an operation broke on."""

def _rewrite(run: Explanation, node: Var, op: str = "") -> str:
    """What to write instead: the better form of a known pattern, else a guard for the operation."""
    better = better_form(run, node)
    if better is not None and all_finite(better.value):
        return f" Better: write {better.text} for {better.old}{_gives(better.value)}."
    told = REWRITES.get(op or node.op.name)
    return f" A safe way: {told}." if told else ""


def _gives(value: Any) -> str:
    """What a better form comes to on this run's numbers, where that is one number."""
    return f", which is {rounded_number(float(value), _MOST_TOLD)} here" if np.ndim(value) == 0 else ""


_MOST_TOLD = 6


def _rewrite_of(run: Explanation, node: Var) -> str:
    """The rewrite for a value that is not finite: a power of sound numbers has overflowed."""
    if node.op.name == "pow":
        bases, exponents = (np.asarray(v.value) for v in node.inputs)
        base = np.broadcast_to(bases, node.shape)[~np.isfinite(np.asarray(node.value))]
        if np.all(np.abs(base) > 1) and np.all(np.isfinite(exponents)) and not np.any(np.isnan(node.value)):
            return _rewrite(run, node, "overflow")
    return _rewrite(run, node)


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
            where = places(~np.isfinite(np.asarray(node.value)))
            made = f"The first {kind} of the forward pass is made by {node.op.name} in {label}{where}, from {inputs}"
            text = f"{made}{_arithmetic(run, node)}.{_rewrite_of(run, node)}"
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


def non_finite(walk: Walk, step: Step) -> Told:
    """The first contribution that is nan or infinite though everything before it was finite."""
    if walk.has_begun:
        return None
    if not all_finite(step.node.value) or not all_finite(step.upstream):  # what came from there is told elsewhere
        walk.carried = walk.carried or not all(all_finite(part.contribution) for part in step.parts)
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
    place = f"{'Another' if walk.carried else 'The first'} {kind} of the backward pass is {made}"
    if type(part.contribution) is float and type(part.local) is float:
        rule = written(filled(walk.run.words.rule(step.node, part.position, step.upstream, part.local)),
                       style_for(4, ascii_only=True)).text  # fmt: skip
        slope = number(part.local)
        product = f"{number(step.upstream)} × {slope} = {number(part.contribution)}"
        arithmetic = f": its slope {rule} is {slope}, and {product}" if rule != slope else f": {product}"
    else:
        arithmetic = places(~np.isfinite(np.asarray(part.contribution))) + _first_product(step, part)
    guarded = walk.trapped and walk.last_trap == step.number  # the note on `where` says what to write here
    by_exponent = step.node.op.name == "pow" and part.position == 1
    safe = _rewrite(walk.run, step.node, "exponent" if by_exponent else "")
    return f"{place}{arithmetic}.{'' if guarded else safe}"


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
        blame = f"the {'smallest' if kind == 'vanishing' else 'largest'} factor is {number(worst[1])}, at {worst[0]}."
        meeting = _cancelled(run, edges, record.node) if kind == "vanishing" else None
        if meeting is not None and meeting[1] < worst[1]:
            blame = f"what did it is a meeting of paths: {meeting[0]}."
        yield Note(kind, record.node, None, (
            f"The gradient by {record.name} is {scale} times {what} than its seed. Along the way to it: "
            f"{product}{more}; {blame}"
        ))  # fmt: skip


def _cancelled(run: Explanation, edges: dict[int, _Edge], place: int) -> tuple[str, float] | None:
    """The value on the way whose contributions cancel the most, in words, and how much of the largest is left."""
    worst: tuple[str, float] | None = None
    while place in edges:
        edge, total = edges[place], run.sweep.gradients[place]
        left = _size(total) / edge.size if edge.size else 1.0
        if worst is None or left < worst[1]:
            label = run.words.label(run.tape.nodes[place])
            rest = f"of {number(edge.size)} only {number(_size(total))} is left"
            worst = f"the contributions to {label} all but cancel, {rest}", left
        place = edge.user
    return worst


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


