"""The parts of an explanation, as plain records. See `build` for how they come about."""

from __future__ import annotations

from typing import Any, NamedTuple

from autograd_explain.core.formula import Formula
from autograd_explain.core.shapes import Shape
from autograd_explain.source import Span


class InputRecord(NamedTuple):
    """A value given from outside."""

    name: str
    node: int
    shape: Shape
    value: Any
    tracked: bool


class NodeRecord(NamedTuple):
    """One recorded value: how it was made, what it is, and its gradient once the sweep has been there."""

    id: int
    label: str
    name: str | None
    op: str
    inputs: tuple[int, ...]
    params: dict[str, Any]
    formula: Formula
    shape: Shape
    value: Any
    gradient: Any
    tracked: bool
    span: Span | None
    scope: int | None


class PartRecord(NamedTuple):
    """One argument's share of a backward step."""

    argument: int
    target: int
    target_label: str
    rule: Formula
    local: Any
    contribution: Any
    total_before: Any
    total_after: Any


class StepRecord(NamedTuple):
    """One backward step: an operation hands its upstream on to its tracked arguments."""

    step: int
    node: int
    upstream: Any
    parts: tuple[PartRecord, ...]


class ForwardStepRecord(NamedTuple):
    """One step of forward mode: the tangent of a value while one entry of an input moves, made from its arguments'."""

    step: int
    node: int
    input: str
    tangent: Any
    parts: tuple[PartRecord, ...]


class PathRecord(NamedTuple):
    """One way from an input to the result: the values on it, the slope of each edge, and their product.

    Where arrays take part there are no single slopes: `product` is then what the path adds to the gradient.
    """

    nodes: tuple[int, ...]
    locals: tuple[float, ...]
    product: Any


class BranchRecord(NamedTuple):
    """A condition the program asked, and which way it went."""

    node: int
    span: Span | None
    condition: str
    taken: bool


class ScopeRecord(NamedTuple):
    """A call or a loop turn."""

    id: int
    parent: int | None
    kind: str
    title: str
    iteration: int | None
    span: Span | None
    start: int
    stop: int


class Note(NamedTuple):
    """An answer where the question arises: `kind` is from the closed vocabulary; `short` marks a reference back."""

    kind: str
    node: int | None
    step: int | None
    text: str
    short: bool = False
