"""Notes about arrays: why a sum, why a transpose, where the 1/n goes, why p − t."""

from __future__ import annotations

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
            along = "axis " + " and ".join(map(str, axes))
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
    if len(left.shape) == 2 and len(right.shape) == 2:
        full = (
            f"{out}[i,j] = Σₖ {a}[i,k]·{b}[k,j]. {a}[i,k] meets {b}[k,j] for every j, so its gradient sums over j: "
            f"upstream {show_shape(step.node.shape)} @ {b}ᵀ {show_shape(right.shape[::-1])} → "
            f"{show_shape(left.shape)}. "
            f"In the same way {b} gets {a}ᵀ {show_shape(left.shape[::-1])} @ upstream → {show_shape(right.shape)}."
        )
    else:
        full = (
            f"Each entry of {a} {show_shape(left.shape)} meets entries of {b} {show_shape(right.shape)} in {out} "
            f"{show_shape(step.node.shape)}; its gradient is the upstream weighted by those partners, summed."
        )
    return full, ""


def reduction(walk: Walk, step: Step) -> Told:
    """Where the 1/n of an average goes."""
    op = step.node.op.name
    if op not in _AVERAGES or not step.parts:
        return None
    options = walk.run.tape.options.get(step.node.index, {})
    shape = step.node.inputs[0].shape
    count = int(np.prod([shape[axis] for axis in normal_axes(options.get("axis"), len(shape))]))
    if op == "mean":
        share = f"each of them gets 1/{count} = {number(1 / count)} of the upstream"
        return (
            f"mean divides by the {count} entries it averages, so {share}.",
            f"mean over {count} entries: each gets 1/{count}",
        )
    divisor = count - options.get("ddof", 0)
    full = (
        f"{op} averages squares over {divisor}, so an entry's share is its distance from the mean, divided by {divisor}"
    )
    return full + " (the mean's own shift cancels out).", ""


def softmax_cross_entropy(walk: Walk, step: Step) -> Told:
    """p − t, with this run's p and t; or the log of a softmax, which should be one operation."""
    if step.node.op.name == "log" and _is_softmax(step.node.inputs[0]):
        made = walk.label(step.node.inputs[0])
        full = (
            f"log of a softmax: 1/p here meets p·(…) in {made}'s rule, and p cancels. log_softmax(x) or cross_entropy"
        )
        return full + "(x, t) do both at once, and stay finite where p reaches 0.", ""
    part = part_at(step, 0) if step.node.op.name == "cross_entropy" else None
    if part is None:
        return None
    logits, targets = step.node.inputs
    name = walk.label(logits)
    rows = int(np.prod(logits.shape[:-1])) if len(logits.shape) > 1 else 1
    share = f", each row's share 1/{rows}" if rows > 1 else ""
    full = f"The gradient by {name} is softmax({name}) − t{share}: the log undoes the exp, so p·(1 − p)/p leaves p − t"
    shares = np.reshape(OPERATIONS["softmax"](logits.value), (-1, logits.shape[-1]))[0]
    if shares.size <= _MOST_CLASSES:
        wanted = np.asarray(targets.value, dtype=float)
        is_class = wanted.ndim < len(logits.shape)
        hot = np.eye(shares.size)[int(np.ravel(wanted)[0])] if is_class else np.reshape(wanted, (-1, shares.size))[0]
        full += f". {'Row 0: ' if rows > 1 else ''}{vector(shares)} − {vector(hot)}"
    return full + ". Worked out in one piece it stays finite however large the scores are.", ""


def _is_softmax(node: object) -> bool:
    """Whether a value is a softmax, or an entry taken out of one."""
    made = getattr(node, "op", None)
    if made is not None and made.name == "index":
        return _is_softmax(node.inputs[0])  # type: ignore[attr-defined]
    return made is not None and made.name == "softmax"
