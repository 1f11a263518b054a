"""One frame of the layered layout: its items in rows, its lines from row to row, and how high all of it is.

Knows items and the lines between them; not what stands inside another frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from autograd_explain.render.graph_levels import levels
from autograd_explain.render.graph_parts import Block, Frame, Item, Net, Spacing, Stretch, Turns
from autograd_explain.render.graph_rows import Joint, Rows, ordered, placed, sides


def block(
    items: list[Item], nets: list[Net], leaves: set[int], names: Mapping[int, tuple[float, float]],
    frame: Frame | None, room: float, spacing: Spacing,
) -> Block:  # fmt: skip
    """One frame, or (None) the picture itself, laid out; `room` is how wide it may become for the sake of lines."""
    flat = [(net.source[0], [sink[0] for sink in net.sinks]) for net in nets]
    kinds = [item.kind for item in items]
    ranks = levels(kinds, [item.width + spacing.across for item in items], flat, leaves, spacing.widest)
    nets, ranks = _repeated(items, nets, ranks, leaves, names, spacing)
    joints, chains = _joints(items, nets, ranks, spacing)
    rows = _rows(items, joints, ranks)
    widths = [item.width for item in items]
    up, down = sides(len(items), [joint for joint, _ in joints], lambda joint: _pull(items, joint))
    rows = ordered(rows, widths, up, down)
    at = placed(rows, widths, up, down, lambda a, b: _apart(items[a], items[b], spacing), room, whole=spacing.whole)
    margin = spacing.around if frame else 0.0
    for item, x in zip(items, at, strict=True):
        item.x = x + margin
    return _drawn(items, nets, chains, joints, rows, frame, spacing)


def _repeated(
    items: list[Item], nets: list[Net], ranks: list[int], leaves: set[int],
    names: Mapping[int, tuple[float, float]], spacing: Spacing,
) -> tuple[list[Net], list[int]]:  # fmt: skip
    """Long lines cut: each group of users within reach gets the leaf, or the value's name, right above it."""
    done: list[Net] = []
    for net in nets:
        source = net.source[0]
        leaf = source in leaves
        can = leaf or (net.value in names and items[source].kind != "in")
        reach = spacing.reach if leaf else spacing.far
        for start, group in _groups(net, ranks, reach if can else len(items)):
            place, offset = net.source
            if start > ranks[source]:
                place = len(items)
                items.append(_again(items[source], net.value, names, leaf=leaf))
                ranks.append(start)
                offset = offset if leaf else items[place].width // 2
            done.append(Net(net.value, (place, offset), group))
    return done, ranks


def _groups(net: Net, ranks: list[int], reach: int) -> Iterator[tuple[int, list[tuple[int, float, object]]]]:
    """The users of a value in groups within reach of a row: that row, and the group."""
    start = ranks[net.source[0]]
    group: list[tuple[int, float, object]] = []
    for sink in sorted(net.sinks, key=lambda sink: ranks[sink[0]]):
        if ranks[sink[0]] - start > reach:
            if group:
                yield start, group
            start, group = ranks[sink[0]] - 1, []
        group.append(sink)
    yield start, group


def _again(item: Item, value: int, names: Mapping[int, tuple[float, float]], *, leaf: bool) -> Item:
    return Item("node", item.key, item.width, item.height) if leaf else Item("again", value, *names[value])


_Joints = list[tuple[Joint, int]]
_Chains = list[dict[int, int]]


def _joints(items: list[Item], nets: list[Net], ranks: list[int], spacing: Spacing) -> tuple[_Joints, _Chains]:
    """Every line as pieces from row to row; items for passing by where it has no end. The piece's line is named."""
    joints: _Joints = []
    chains: _Chains = []
    for number, net in enumerate(nets):
        first = ranks[net.source[0]]
        last = max(ranks[sink[0]] for sink in net.sinks)
        chain = {first: net.source[0]}
        offset = net.source[1]
        for rank in range(first + 1, last + 1):
            before = chain[rank - 1]
            for item, enters, _ in net.sinks:
                if ranks[item] == rank:
                    joints.append((Joint(before, offset, item, enters), number))
            if rank < last:
                chain[rank] = len(items)
                items.append(Item("pass", net.value, spacing.thick, 0.0))
                ranks.append(rank)
                joints.append((Joint(before, offset, chain[rank], 0.0), number))
            offset = 0.0
        chains.append(chain)
    return joints, chains


def _rows(items: list[Item], joints: _Joints, ranks: list[int]) -> Rows:
    """The rows, each in the order in which a walk back from the last items, first arguments first, comes by."""
    above: list[list[tuple[float, int]]] = [[] for _ in items]
    below = [0] * len(items)
    for joint, _ in joints:
        above[joint.lower].append((joint.enters, joint.upper))
        below[joint.upper] += 1
    seen: dict[int, int] = {}
    open_: list[tuple[int, bool]] = [(i, False) for i in range(len(items)) if not below[i]][::-1]
    while open_:
        item, finished = open_.pop()
        if finished:
            seen.setdefault(item, len(seen))
        elif item not in seen:
            open_.append((item, True))
            open_.extend((upper, False) for _, upper in sorted(above[item], reverse=True) if upper not in seen)
    rows: Rows = [[] for _ in range(max(ranks, default=-1) + 1)]
    for item in sorted(range(len(items)), key=lambda i: seen[i]):
        rows[ranks[item]].append(item)
    return rows


_STRAIGHT = {("pass", "pass"): 12.0, ("node", "pass"): 3.0, ("again", "pass"): 3.0, ("pass", "node"): 3.0}


def _pull(items: list[Item], joint: Joint) -> float:
    return _STRAIGHT.get((items[joint.upper].kind, items[joint.lower].kind), 2.0)


def _apart(left: Item, right: Item, spacing: Spacing) -> float:
    return spacing.across if {left.kind, right.kind} <= {"node", "again", "frame"} else spacing.lane


def _drawn(
    items: list[Item], nets: list[Net], chains: _Chains, joints: _Joints, rows: Rows, frame: Frame | None,
    spacing: Spacing,
) -> Block:  # fmt: skip
    """Heights: rows one under the other, with gaps as high as their lines need; then every line's stretches."""
    margin = spacing.around if frame else 0.0
    rank_of = {item: rank for rank, row in enumerate(rows) for item in row}
    crossing: list[dict[int, tuple[float, list[float]]]] = [{} for _ in rows]
    for joint, net in joints:
        start = items[joint.upper].x + joint.leaves
        known = crossing[rank_of[joint.upper]].setdefault(net, (start, []))
        known[1].append(items[joint.lower].x + joint.enters)
    entered = {joint.lower for joint, _ in joints}
    y = spacing.head if frame else 0.0
    edges: list[tuple[float, float]] = []
    gaps: list[tuple[float, Turns]] = []
    for rank, row in enumerate(rows):
        height = max((items[item].height for item in row), default=0.0)
        for item in row:
            items[item].y = y if item in entered else y + height - items[item].height
        edges.append((y, y + height))
        lines = [(net, start, tuple(ends)) for net, (start, ends) in crossing[rank].items()]
        turns = spacing.gap(lines) if rank < len(rows) - 1 else Turns(0.0, {}, {})
        gaps.append((y + height, turns))
        y += height + turns.height
    whole = Block(0.0, y + (spacing.foot if frame else 0.0), items=items)
    whole.width = max((item.x + item.width for item in items), default=0.0) + margin
    for number, own in enumerate(nets):
        _lines_of(whole, number, own, chains[number], rank_of, edges, gaps, frame)
    _entitle(whole, frame, spacing)
    return whole


def _lines_of(
    whole: Block, number: int, net: Net, chain: dict[int, int], rank_of: Mapping[int, int],
    edges: list[tuple[float, float]], gaps: list[tuple[float, Turns]], frame: Frame | None,
) -> None:  # fmt: skip
    """The stretches of one value's lines inside a block, and where they cross its border."""
    items = whole.items
    source = items[net.source[0]]
    first = rank_of[net.source[0]]
    x = source.x + net.source[1]
    if source.kind == "in":
        whole.entries[net.value] = x
    start = 0.0 if source.kind == "in" and frame else source.y + source.height
    trunk = [Stretch(x, start, edges[first][1], 0.0)]
    ends = [1]
    for rank in range(first + 1, max(chain) + 1):
        trunk += _into(Stretch(items[chain[rank]].x, *edges[rank], 0.0), number, *gaps[rank - 1])
        ends.append(len(trunk))
    for item, enters, sink in net.sinks:
        rank = rank_of[item]
        x = items[item].x + enters
        if items[item].kind == "out":
            whole.exits[net.value] = x
        end = whole.height if items[item].kind == "out" else edges[rank][0]
        last = _into(Stretch(x, edges[rank][0], end, 0.0), number, *gaps[rank - 1])
        whole.lines[net.value, sink] = [*trunk[: ends[rank - first - 1]], *last]


def _into(stretch: Stretch, number: int, top: float, gap: Turns) -> list[Stretch]:
    """A stretch below a gap, and the detour before it where its line takes one."""
    turn = top + gap.turns.get(number, 0.0)
    ahead = Stretch(stretch.x, stretch.top, stretch.bottom, turn)
    if number not in gap.detours:
        return [ahead]
    column, row = gap.detours[number]
    return [Stretch(column, top + row, turn, top + row), ahead]


def _entitle(whole: Block, frame: Frame | None, spacing: Spacing) -> None:
    """Find the title a place in the first row that no line crosses, making the block wider where there is none."""
    if frame is None:
        return
    edge = spacing.around
    for x in sorted(whole.entries.values()):
        if x - edge >= frame.title + spacing.lane:
            break
        edge = max(edge, x + spacing.thick + spacing.lane)
    whole.title = edge
    whole.width = max(whole.width, edge + frame.title + spacing.around)
