"""Notes about arrays: why a sum, why a transpose, where the 1/n goes, why p − t."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_explain.core.registry import OPERATIONS
from autograd_explain.core.shapes import normal_axes, shape_of, show_shape, stretched_axes
from autograd_explain.explanation.telling import Told, Walk, number, part_at, vector
from autograd_explain.modes.records import Step

_MOST_CLASSES = 4
_AVERAGES = frozenset({"mean", "var", "std"})


def broadcast(walk: Walk, step: Step) -> Told:
    """A value that was stretched: used n times, so n contributions add up."""
    if not step.node.op.elementwise or type(step.node.value) is float:
        return None
    for part in step.parts:
        small, large = shape_of(part.target.value), step.node.shape
        axes = stretched_axes(small, large)
        if axes:
            copies = int(np.prod([large[axis] for axis in axes]))
            name = walk.label(part.target)
            along = ("axis " if len(axes) == 1 else "axes ") + " and ".join(map(str, axes))
            full = (
                f"{name} was stretched from {show_shape(small)} to {show_shape(large)}: "
                f"{'each entry' if small else 'it'} was used {copies} times, so {copies} contributions add up, "
                f"along {along}."
            )
            return full, f"{name} was stretched to {show_shape(large)}: its contributions add up along {along}"
    return None


def matmul(walk: Walk, step: Step) -> Told:
    """The transposes in the rule of a product of matrices."""
    if step.node.op.name != "matmul" or not step.parts:
        return None
    left, right = step.node.inputs
    a, b, out = walk.label(left), walk.label(right), walk.label(step.node)
    if len(left.shape) == 2 and len(right.shape) == 2 and not left.tracked:
        full = (
            f"{out}[i,j] = Σₖ {a}[i,k]·{b}[k,j]. {b}[k,j] meets {a}[i,k] for every i, so its gradient sums over i: "
            f"{a}ᵀ {show_shape(left.shape[::-1])} @ upstream {show_shape(step.node.shape)} → {show_shape(right.shape)}."
        )
    elif len(left.shape) == 2 and len(right.shape) == 2:
        full = (
            f"{out}[i,j] = Σₖ {a}[i,k]·{b}[k,j]. {a}[i,k] meets {b}[k,j] for every j, so its gradient sums over j: "
            f"upstream {show_shape(step.node.shape)} @ {b}ᵀ {show_shape(right.shape[::-1])} → "
            f"{show_shape(left.shape)}. "
            f"In the same way {b} gets {a}ᵀ {show_shape(left.shape[::-1])} @ upstream → {show_shape(right.shape)}."
        )
    else:
        full = _other_product(step, a, b, out)
    return full, f"{out} is a product of matrices again: the gradient by {a} meets {b}, and the other way round"


def _other_product(step: Step, a: str, b: str, out: str) -> str:
    """The same for a vector on either side, and for a stack of matrices."""
    left, right = (node.shape for node in step.node.inputs)
    (x, y), up = map(show_shape, (left, right)), show_shape(step.node.shape)
    if len(left) == len(right) == 1:
        meets = f"{a}[k] meets {b}[k] alone"
        return f"{out} = Σₖ {a}[k]·{b}[k]: {meets}, so {a} gets upstream · {b} {y}, and {b} upstream · {a}."
    if len(right) == 1 and len(left) == 2:
        return (
            f"{out}[i] = Σₖ {a}[i,k]·{b}[k]. {a}[i,k] meets {b}[k] in entry i alone: upstream[i]·{b}[k], {x}. {b}[k] "
            f"meets {a}[i,k] for every i, so its gradient sums over i: {a}ᵀ {show_shape(left[::-1])} @ upstream {up} → "
            f"{y}."
        )
    if len(left) == 1 and len(right) == 2:
        return (
            f"{out}[j] = Σₖ {a}[k]·{b}[k,j]. {b}[k,j] meets {a}[k] in entry j alone: {a}[k]·upstream[j], {y}. {a}[k] "
            f"meets {b}[k,j] for every j, so its gradient sums over j: upstream {up} @ {b}ᵀ {show_shape(right[::-1])} "
            f"→ {x}."
        )
    return (
        f"{out}[…,i,j] = Σₖ {a}[…,i,k]·{b}[…,k,j], one product of matrices for each entry of the axes in front. In "
        f"each of them {a} gets upstream @ {b}ᵀ and {b} gets {a}ᵀ @ upstream: {up} goes back to {x} and {y}, summed "
        "over the axes that were stretched."
    )


def reduction(walk: Walk, step: Step) -> Told:
    """Where the 1/n of an average goes."""
    op = step.node.op.name
    shape = step.node.inputs[0].shape if step.parts else ()
    if op == "cross_entropy" and len(shape) > 1:
        return _each(op, int(np.prod(shape[:-1])), "row")
    if op == "bce":
        return _each(op, int(np.prod(np.broadcast_shapes(*(given.shape for given in step.node.inputs)))), "pair")
    if op not in _AVERAGES:
        return None
    options = walk.run.tape.options.get(step.node.index, {})
    count = int(np.prod([shape[axis] for axis in normal_axes(options.get("axis"), len(shape))]))
    if count < 2:  # an average of one is that one
        return None
    if op == "mean":
        share = f"each of them gets 1/{count} = {number(1 / count)} of the upstream"
        short = f"mean over {count} entries: each gets 1/{count}"
        return f"mean divides by the {count} entries it averages, so {share}.", short
    return _spread(walk, step, count - options.get("ddof", 0))


def _each(op: str, count: int, what: str) -> Told:
    """The share of each row or pair that a loss averages over."""
    short = f"{op} averages over its {count} {what}s"
    full = f"{short}, so each {what} gets 1/{count} = {number(1 / max(count, 1))} of the upstream."
    return (full, short) if count > 1 else None


def _spread(walk: Walk, step: Step, divisor: int) -> Told:
    """The share of an entry in a variance or its root: (x − m)² brings its factor 2 along."""
    op, out = step.node.op.name, walk.label(step.node)
    share = f"2/{divisor} times its distance from the mean" if op == "var" else (
        f"its distance from the mean, divided by {divisor} and by {out}"
    )  # fmt: skip
    full = f"{op} averages squared distances over {divisor}, so an entry's share is {share}"
    return full + " (that the mean moves too cancels out).", f"{op} averages over {divisor}"


def softmax_cross_entropy(walk: Walk, step: Step) -> Told:
    """p − t, with this run's p and t; or the log of a softmax, which should be one operation."""
    if step.node.op.name == "log" and _is_softmax(step.node.inputs[0]):
        return _log_of_softmax(walk, step)
    part = part_at(step, 0) if step.node.op.name == "cross_entropy" else None
    if part is None or not np.size(step.node.inputs[0].value):
        return None
    logits, targets = step.node.inputs
    name, classes = walk.label(logits), logits.shape[-1]
    rows = int(np.prod(logits.shape[:-1])) if len(logits.shape) > 1 else 1
    share = f", each row's share 1/{rows}" if rows > 1 else ""
    shares = np.reshape(OPERATIONS["softmax"](logits.value), (-1, classes))[0]
    wanted = np.asarray(targets.value, dtype=float)
    is_class = wanted.ndim < len(logits.shape)
    hot = np.eye(classes)[int(np.ravel(wanted)[0])] if is_class else np.reshape(wanted, (-1, classes))[0]
    full = (
        f"The gradient by {name} is p − t{share}, with p = softmax({name}): the slope of −log p is −1/p, that of p by "
        f"its own score p·(1 − p), and the p cancels. {'Row 0: ' if rows > 1 else 'Here: '}{_difference(shares, hot)}. "
        "Worked out in one piece, log p is score − logsumexp(scores): no p that became 0 stands under a log or a 1/p."
    )
    return full, f"The gradient by {name} is softmax({name}) − t{share}"


def _log_of_softmax(walk: Walk, step: Step) -> Told:
    made, shares = walk.label(step.node.inputs[0]), np.ravel(step.node.inputs[0].value)
    p = shares[int(np.argmin(shares))] if shares.size else 1.0
    full = (
        f"log of a softmax: the slope of log is 1/p = 1/{number(p)} here, the rule of softmax multiplies by that very "
        f"p, so p cancels and only t − p is left. Where p reaches 0, 1/p is infinite: log_softmax(x) or "
        "cross_entropy(x, t) do both in one piece and stay finite."
    )
    return full, f"log of a softmax again, in {made}"


def _difference(shares: Any, hot: Any) -> str:
    """p − t with numbers: all classes where they are few, else the one that was wanted most."""
    if shares.size <= _MOST_CLASSES:
        return f"{vector(shares)} − {vector(hot)} = {vector(shares - hot)}"
    at = int(np.argmax(hot))
    return f"for class {at}, {number(shares[at])} − {number(hot[at])} = {number(shares[at] - hot[at])}"


def _is_softmax(node: object) -> bool:
    """Whether a value is a softmax, or an entry taken out of one."""
    made = getattr(node, "op", None)
    if made is not None and made.name == "index":
        return _is_softmax(node.inputs[0])  # type: ignore[attr-defined]
    return made is not None and made.name == "softmax"
