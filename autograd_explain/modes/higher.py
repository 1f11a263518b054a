"""The backward pass as a recording: its own arithmetic appended to the tape, to be differentiated again.

The walk is that of `modes.reverse`, on recorded values instead of numbers: a rule is run on the recorded values
themselves, so what it does is recorded as any other operation. Nothing here knows an operation by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from autograd_explain.core.op import Rule
from autograd_explain.core.shapes import as_value, shape_of, show_shape, zeros_of
from autograd_explain.core.tape import Tape
from autograd_explain.core.var import CONSTANT, Var
from autograd_explain.errors import ShapeError
from autograd_explain.ops.reductions import sum_
from autograd_explain.ops.shaping import sum_to


def recorded_gradients(tape: Tape, result: Var, targets: Sequence[Var], upstream: Any = None) -> list[Any]:
    """The gradient of `result` by each target, as recorded values: plain numbers where nothing depends on a target.

    Zeros in the target's shape where no path leads. `upstream` is a number, an array or a recorded value (ones in
    the result's shape unless given). Raises ShapeError where it does not have the result's shape.
    """
    tape.once = True  # untracked values fold into the record as plain numbers
    seed = _seed(result, upstream)
    nodes = tape.nodes[: result.index + 1]
    depends = dependents(nodes, targets)
    totals: dict[int, Any] = {result.index: seed} if depends[result.index] else {}
    with np.errstate(all="ignore"):
        for node in reversed(nodes):
            if node.index in totals and node.inputs and depends[node.index]:
                _pass_on(node, totals, depends)
    return [totals.get(target.index, zeros_of(target)) for target in targets]


def dependents(nodes: Sequence[Var], targets: Iterable[Var]) -> list[bool]:
    """For every value whether a path that can be differentiated leads to it from one of the targets."""
    depends = [False] * len(nodes)
    first = len(nodes)
    for target in targets:
        if target.index < len(nodes):
            depends[target.index] = True
            first = min(first, target.index)
    for node in nodes[first:]:
        if not depends[node.index] and node.op.differentiable:
            depends[node.index] = any(depends[argument.index] for argument in node.inputs)
    return depends


def _seed(result: Var, upstream: Any) -> Any:
    if upstream is None:
        return zeros_of(result) + 1.0
    seed = upstream if isinstance(upstream, Var) else as_value(upstream)
    if shape_of(seed) != result.shape:
        raise ShapeError(
            f"the upstream has shape {show_shape(shape_of(seed))}, the result {show_shape(result.shape)}",
            hint="give one number for each entry of the result",
        )
    return seed


def _pass_on(node: Var, totals: dict[int, Any], depends: list[bool]) -> None:
    """One operation's total handed on to each argument that depends on a target."""
    total = totals[node.index]
    for position, argument in enumerate(node.inputs):
        if not depends[argument.index]:
            continue
        amount = _contribution(node, position, total)
        if amount is None:
            continue
        known = totals.get(argument.index)
        totals[argument.index] = amount if known is None else known + amount


def _contribution(node: Var, position: int, total: Any) -> Any:
    """What one use of a value contributes, in the value's shape; None where the rule says that nothing passes."""
    options = node.tape.options.get(node.index, {})
    target = node.inputs[position]
    if node.op.elementwise:
        rule = node.op.partials[position]
        if rule is None:
            return None
        local = rule if type(rule) is float else _run(rule, (), node, options)  # type: ignore[arg-type]
        amount = scaled(total, local, node.shape)
    else:
        structured = node.op.vjp_for(position)
        if structured is None:
            return None
        amount = _run(structured, (total,), node, options)
    return _fitted(amount, target)


def _run(rule: Rule, before: tuple[Any, ...], node: Var, options: dict[str, Any]) -> Any:
    """A rule on recorded values; numbers that the program wrote out fold away instead of being recorded again."""
    args = [a.value if a.op is CONSTANT and type(a.value) is float else a for a in node.inputs]
    try:
        return _plain(rule(*before, node, *args, **options))
    except (ArithmeticError, TypeError, ValueError):  # `math` raises on floats where IEEE arithmetic has an answer
        return _plain(rule(*before, node, *node.inputs, **options))


def _plain(value: Any) -> Any:
    return value if isinstance(value, Var) else as_value(value)


def scaled(total: Any, local: Any, shape: tuple[int, ...]) -> Any:
    """Total × local without factors of 1 and −1, which would only make the recording longer."""
    if _is_all(total, 1.0) and shape_of(local) == shape:
        return local
    if type(local) is float and local in {1.0, -1.0}:
        return total if local == 1.0 else -total
    return total * local


def _is_all(value: Any, number: float) -> bool:
    return not isinstance(value, Var) and bool(np.all(value == number))


def _fitted(amount: Any, target: Var) -> Any:
    """The amount summed over the axes that broadcasting stretched."""
    shape = target.shape
    if shape_of(amount) == shape:
        return amount
    if not isinstance(amount, Var):
        return as_value(sum_to(np.asarray(amount), shape=shape))
    return sum_(amount, axis=None, keepdims=False) if not shape else sum_to(amount, shape=shape)
