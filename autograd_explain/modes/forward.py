"""The forward sweep: beside every value its tangent, how fast it changes while one entry of an input moves.

One walk along the tape in its own order, once for each entry. Nothing is kept but the tangents of the walk itself,
so a sweep is read by walking. Knows no operation by name: elementwise ones give local × tangent, and a structured
one is turned around from its own rule, which is linear in its upstream.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from autograd_explain.core.op import Op
from autograd_explain.core.shapes import shape_of, zeros_of
from autograd_explain.core.tape import Tape
from autograd_explain.core.var import Var, leaf
from autograd_explain.errors import LimitError
from autograd_explain.modes.reverse import local_derivative, reverse

MOST_SWEEPS = 64
"""The most entries of inputs that forward mode takes: each is a sweep over the whole run."""


class Direction(NamedTuple):
    """One entry of an input, moving at rate 1 while everything else given stands still."""

    name: str
    node: Var
    place: tuple[int, ...]

    @property
    def label(self) -> str:
        """The entry as the language writes it: `w`, `w[0, 1]`."""
        return f"{self.name}[{', '.join(map(str, self.place))}]" if self.place else self.name

    @property
    def seed(self) -> Any:
        """The input's own tangent: 1 at the entry that moves, 0 elsewhere."""
        if type(self.node.value) is float:
            return 1.0
        tangent = np.zeros(self.node.shape)
        tangent[self.place] = 1.0
        return tangent


class ForwardPart(NamedTuple):
    """One argument's share of a tangent: `contribution` = `local` × `tangent`, the argument's own.

    `local` is None for structured operations; `after` = `before` + `contribution`, exactly.
    """

    position: int
    target: Var
    tangent: Any
    local: Any
    contribution: Any
    before: Any
    after: Any


class ForwardStep(NamedTuple):
    """One operation walked forwards: its tangent, made from those of its moving arguments."""

    number: int
    node: Var
    direction: Direction
    tangent: Any
    parts: tuple[ForwardPart, ...]


def directions(inputs: Iterable[tuple[str, Var]]) -> list[Direction]:
    """One direction for each entry of the tracked inputs, in their order.

    Raises LimitError where there are more than `MOST_SWEEPS`.
    """
    tracked = [(name, node) for name, node in inputs if node.tracked]
    entries = sum(int(np.size(node.value)) for _, node in tracked)
    if entries > MOST_SWEEPS:
        raise LimitError(
            f"forward mode needs a sweep for each of {entries:,} entries of inputs; it takes {MOST_SWEEPS} at most",
            hint=f"--wrt {min(tracked, key=lambda item: np.size(item[1].value))[0]} moves that one alone; "
            "reverse mode (the default) needs a single sweep however many there are",
        )
    return [Direction(name, node, place) for name, node in tracked for place in np.ndindex(node.shape)]


def forward_steps(tape: Tape, result: Var, direction: Direction, first: int = 1) -> Iterator[ForwardStep]:
    """The steps of one sweep up to the result, numbered from `first`: one for each value that moves."""
    tangents: list[Any] = [None] * len(tape.nodes)
    tangents[direction.node.index] = direction.seed
    number = first
    for node in tape.nodes[: result.index + 1]:
        if not (node.inputs and node.tracked):
            continue
        parts = tuple(_parts(node, tangents))
        if not parts or (not node.op.elementwise and not np.any(parts[-1].after)):
            continue  # entries moved about that stand still: what is made of them stands still
        tangent = tangents[node.index] = parts[-1].after
        yield ForwardStep(number, node, direction, tangent, parts)
        number += 1


def tangent_of(tape: Tape, result: Var, direction: Direction) -> Any:
    """The result's tangent in one direction, None where nothing of it reaches the result."""
    tangent = direction.seed if direction.node is result else None
    for step in forward_steps(tape, result, direction):
        if step.node is result:
            tangent = step.tangent
    return tangent


def _parts(node: Var, tangents: list[Any]) -> Iterator[ForwardPart]:
    values = tuple(argument.value for argument in node.inputs)
    options = node.tape.options.get(node.index, {})
    before = zeros_of(node)
    is_first = True
    for position, argument in enumerate(node.inputs):
        tangent = tangents[argument.index]
        if tangent is None:
            continue
        local, amount = pass_on(node.op, position, tangent, node.value, values, options)
        with np.errstate(all="ignore"):
            after = amount if is_first else before + amount
        yield ForwardPart(position, argument, tangent, local, amount, before, after)
        before, is_first = after, False


def pass_on(
    op: Op, position: int, tangent: Any, out: Any, values: tuple[Any, ...], options: dict[str, Any]
) -> tuple[Any, Any]:
    """The local derivative by one argument (None for a structured operation) and its share of the tangent."""
    if op.elementwise and type(out) is float:
        slope = local_derivative(op.partials[position], out, values, options)
        return slope, slope * tangent
    with np.errstate(all="ignore"):
        if not op.elementwise:
            return None, pushed(op, position, tangent, out, values, options)
        local = local_derivative(op.partials[position], out, values, options)
        # An entry that stands still stays where it is, whatever the slope: its 0 is no number to meet an ∞.
        still = (np.asarray(tangent) == 0.0) & ~np.isfinite(local)
        return local, np.broadcast_to(np.where(still, 0.0, local * tangent), shape_of(out)).copy()


def pushed(op: Op, position: int, tangent: Any, out: Any, values: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """The share of a structured operation's tangent, by its forward rule where it has one, else by its reverse rule.

    That rule u ↦ Jᵀu is linear in the upstream u, so the gradient of Σ (Jᵀu)·t by u is J·t: one reverse sweep over
    the rule itself, recorded on a tape of its own.
    """
    still = zeros_of(out)
    if op.jvp:
        return op.jvp[position](tangent, out, *values, **options)
    rule = op.vjp_for(position)
    if rule is None:
        return still
    scratch = Tape()
    upstream = leaf(scratch, "upstream", still + 1.0, tracked=True)
    passed = rule(upstream, out, *values, **options)
    if not isinstance(passed, Var):
        return still
    found = reverse(scratch, passed, tangent).gradients[upstream.index]
    return still if found is None else found
