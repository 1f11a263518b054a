"""The records of the layered layout: what goes in, what comes out, and what a frame is made of in between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class Size(NamedTuple):
    """A node: its width and height, where its arguments enter (from its left), how far down its lines end."""

    width: float
    height: float
    enters: tuple[float, ...]
    box: float
    """How much of the width is the node itself, from the left; the rest is for what is written beside its lines."""
    band: float = 0.0
    leaf: bool = False
    """Whether it may be drawn again near a far-away user: what was given has no lines of its own to keep short."""


class Link(NamedTuple):
    """An edge: the value it carries (all edges of one value share a line as far as they can), from and to."""

    key: str
    value: int
    source: str
    target: str
    position: int


class Frame(NamedTuple):
    """A box around nodes: the frame around it, and how wide its title is."""

    key: int
    parent: int | None
    title: float


class Turns(NamedTuple):
    """A gap between rows: how high it is, how far down each line turns sideways, which ones go another way round.

    A line on a detour goes over to a column first, at a height of its own.
    """

    height: float
    turns: dict[int, float]
    detours: dict[int, tuple[float, float]]


Gap = Callable[[Sequence[tuple[int, float, tuple[float, ...]]]], Turns]
"""From the lines of a gap (line, where from, where to) to its turns."""


class Spacing(NamedTuple):
    """Least distances: between nodes, of a line from anything, inside a frame (aside, above, below); the gaps."""

    across: float
    lane: float
    around: float
    head: float
    foot: float
    gap: Gap
    thick: float = 0.0  # how much of a row a line takes up
    whole: bool = False
    widest: float = 0.0  # rows are broken up to stay within it, as far as possible; 0 for no limit
    room: float = 0.0  # how wide the picture may become by putting things where their lines are straight
    reach: int = 4  # rows that a leaf's line may run past before the leaf is drawn again
    far: int = 1_000_000  # the same for a computed value, of which only the name is drawn again


class Stretch(NamedTuple):
    """A vertical part of a line; `turn` is the height at which the line comes over from the stretch before."""

    x: float
    top: float
    bottom: float
    turn: float


class Area(NamedTuple):
    """A frame in its place, and where its title starts."""

    x: float
    y: float
    width: float
    height: float
    title: float


@dataclass(slots=True)
class Layout:
    """The whole picture: the places of each node (a repeated leaf has several), frames, and each edge's line."""

    width: float = 0.0
    height: float = 0.0
    nodes: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    again: dict[int, list[tuple[float, float]]] = field(default_factory=dict)
    """Where the name of a value is drawn again, for users far away from it."""
    frames: dict[int, Area] = field(default_factory=dict)
    lines: dict[str, list[Stretch]] = field(default_factory=dict)


@dataclass(slots=True)
class Item:
    """One thing in a row: a node, a name, a laid-out frame, a line passing by, or where a line crosses a border."""

    kind: str  # node, again, frame, pass, in, out
    key: object
    width: float
    height: float
    x: float = 0.0
    y: float = 0.0


@dataclass(slots=True)
class Net:
    """All lines of one value within one frame: from an item to items; -1 as an item is the frame's own border."""

    value: int
    source: tuple[int, float] = (-1, 0.0)
    sinks: list[tuple[int, float, object]] = field(default_factory=list)
    """Item, where it is entered, and for whom: a link's key, a frame, or None for the border below."""


@dataclass(slots=True)
class Block:
    """A frame laid out by itself, from (0, 0): what is in it, and where lines cross its border."""

    width: float = 0.0
    height: float = 0.0
    title: float = 0.0
    items: list[Item] = field(default_factory=list)
    entries: dict[int, float] = field(default_factory=dict)
    exits: dict[int, float] = field(default_factory=dict)
    lines: dict[tuple[int, object], list[Stretch]] = field(default_factory=dict)
