"""The reverse sweep: from the result back to the inputs, each value after everything made from it.

One walk over the tape, backwards. A value's gradient is final when the walk reaches it, because all its uses
were recorded later and have been visited. Branches on shapes and types only, never on an operation's name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_explain.core.op import Op
from autograd_explain.core.shapes import as_value, shape_of, show_shape, sum_to, zeros_of
from autograd_explain.core.tape import Tape
from autograd_explain.core.var import Var
from autograd_explain.errors import ShapeError
from autograd_explain.modes.records import Part, Step, Sweep


def reverse(tape: Tape, result: Var, upstream: Any = None) -> Sweep:
    """Walk the tape back from `result`, seeded with `upstream` (ones in its shape unless given).

    Raises ShapeError where `upstream` does not have the result's shape.
    """
    seed = _seed(result, upstream)
    nodes = tape.nodes[: result.index + 1]
    with np.errstate(all="ignore"):
        for walk in (_walk, _walk_with_care):
            gradients: list[Any] = [None] * len(nodes)
            contributions: list[Any] = []
            if result.tracked:
                gradients[-1] = seed
            if walk(nodes, gradients, contributions):
                break
    gradients.extend([None] * (len(tape.nodes) - len(nodes)))
    return Sweep(tape, result, seed, gradients, contributions)


def _walk(nodes: list[Var], gradients: list[Any], contributions: list[Any]) -> bool:  # noqa: C901 - see below
    """Every value's total handed on, last value first; False where a rule left the real numbers on the way.

    A total is read when its turn comes: all that adds to it has been visited by then. Plain numbers are where a
    long run spends its time, so their one or two edges are written out, not looped over.
    """
    rule: Any
    other: Any
    for node, total in zip(reversed(nodes), reversed(gradients)):  # noqa: B905 - as long as each other
        first, second = node.first, node.second
        if type(total) is not float or first is None:
            if type(total) is complex:
                return False
            if total is not None and (first is not None or second):
                _general(node, total, gradients, contributions)
            continue
        try:
            if second is None:
                (rule,) = node.op.partials
                amount = total * (rule if type(rule) is float else rule(node.value, first.value))
            else:
                rule, other = node.op.partials
                if first.tracked:
                    amount = total * (rule if type(rule) is float else rule(node.value, first.value, second.value))
                if second.tracked:
                    share = total * (other if type(other) is float else other(node.value, first.value, second.value))
        except (ArithmeticError, TypeError, ValueError):  # `math` raises where IEEE arithmetic has an answer
            _general(node, total, gradients, contributions)
            continue
        if first.tracked:
            contributions.append(amount)
            known = gradients[first.index]
            gradients[first.index] = amount if known is None else known + amount
        if second is not None and second.tracked:
            contributions.append(share)
            known = gradients[second.index]
            gradients[second.index] = share if known is None else known + share
    return True


def _walk_with_care(nodes: list[Var], gradients: list[Any], contributions: list[Any]) -> bool:
    """The same walk where each number is seen to before it goes on."""
    for node, total in zip(reversed(nodes), reversed(gradients)):  # noqa: B905 - as long as each other
        if total is not None and node.inputs:
            _general(node, total, gradients, contributions)
    return True


def _seed(result: Var, upstream: Any) -> Any:
    if upstream is None:
        return zeros_of(result) + 1.0
    seed = as_value(upstream)
    if shape_of(seed) != result.shape:
        raise ShapeError(
            f"the upstream has shape {show_shape(shape_of(seed))}, the result {show_shape(result.shape)}",
            hint="give one number for each entry of the result",
        )
    return seed


def _general(node: Var, total: Any, gradients: list[Any], contributions: list[Any]) -> None:
    """One operation on arrays, or of a structured kind: the same walk, with shapes minded."""
    inputs = node.inputs
    options = node.tape.options.get(node.index, {})
    values = tuple(argument.value for argument in inputs)
    for position, argument in enumerate(inputs):
        if argument.tracked:
            _, amount = pass_back(node.op, position, total, node.value, values, options)
            contributions.append(amount)
            known = gradients[argument.index]
            gradients[argument.index] = amount if known is None else _added(known, amount)


def pass_back(
    op: Op, position: int, upstream: Any, out: Any, values: tuple[Any, ...], options: dict[str, Any]
) -> tuple[Any, Any]:
    """The local derivative by one argument (None for a structured operation) and its contribution."""
    shape = shape_of(values[position])
    with np.errstate(all="ignore"):
        if op.elementwise:
            local = local_derivative(op.partials[position], out, values, options)
            return local, as_value(sum_to(upstream * local, shape))
        rule = op.vjp_for(position)
        if rule is None:
            return None, zeros_of(values[position])
        try:
            return None, as_value(rule(upstream, out, *values, **options))
        except ArithmeticError:  # plain floats raise where IEEE arithmetic has an answer: arrays give it
            share = rule(*map(np.atleast_1d, (upstream, out, *values)), **options)
            return None, as_value(np.reshape(share, shape))


def local_derivative(rule: Any, out: Any, values: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """A partial's value: a float on floats, else an array; IEEE results where `math` would raise."""
    if rule is None:
        return 0.0
    if type(rule) is float:
        return rule
    try:
        if type(out) is float:
            local = rule(out, *values, **options)
        else:
            with np.errstate(all="ignore"):
                local = rule(out, *values, **options)
        if type(local) in (float, bool, np.ndarray):
            return as_value(local)
    except (ArithmeticError, ValueError):
        pass
    with np.errstate(all="ignore"):  # with an axis each: arrays without one turn back into floats on the way
        local = np.asarray(rule(*map(np.atleast_1d, (out, *values)), **options))
    return as_value(local.reshape(()) if np.ndim(out) == 0 else local)


def steps(sweep: Sweep) -> Iterator[Step]:
    """The walk again, step by step, with every edge's local derivative and running total."""
    totals: list[Any] = [None] * len(sweep.gradients)
    place = 0
    number = 0
    for node in reversed(sweep.tape.nodes[: sweep.result.index + 1]):
        upstream = sweep.gradients[node.index]
        if upstream is None or not node.inputs or not node.tracked:
            continue
        number += 1
        values = tuple(argument.value for argument in node.inputs)
        options = sweep.tape.options.get(node.index, {})
        parts = []
        for position, argument in enumerate(node.inputs):
            if not argument.tracked:
                continue
            amount = sweep.contributions[place]
            place += 1
            local = None
            if node.op.elementwise:
                local = local_derivative(node.op.partials[position], node.value, values, options)
            known = totals[argument.index]
            after = amount + 0.0 if known is None else _added(known, amount)
            totals[argument.index] = after
            parts.append(Part(position, argument, local, amount, zeros_of(argument) if known is None else known, after))
        yield Step(number, node, upstream + 0.0, tuple(parts))  # of -0 alone the total is 0, as `after` has it


def _added(known: Any, amount: Any) -> Any:
    if type(known) is float:
        return known + amount
    with np.errstate(all="ignore"):
        return known + amount
