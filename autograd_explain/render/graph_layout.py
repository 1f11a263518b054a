"""Where the nodes of a layered picture stand, and along which lines its edges run: sizes in, places out.

Downwards: a value stands above what uses it. A frame (a call, a loop turn) is laid out by itself and then is one item
of what is around it, so it holds its own nodes and nothing else; lines enter it from above and leave it below.
Units are the caller's: pixels, or cells of a terminal. Knows keys and sizes; no run, no format.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autograd_explain.render.graph_block import block
from autograd_explain.render.graph_parts import Area, Block, Frame, Item, Layout, Link, Net, Size, Spacing, Stretch


def lay_out(
    sizes: Mapping[str, Size], links: Sequence[Link], inside: Mapping[str, int | None], frames: Sequence[Frame],
    spacing: Spacing, names: Mapping[int, tuple[float, float]] | None = None,
) -> Layout:  # fmt: skip
    """The picture's layout; `inside` says in which frame a node stands, frames come outer ones first.

    `names` are the sizes of values' names, where they may be drawn again (see `Spacing.far`).
    Links go forward: no cycle, also when each frame is taken for one item.
    """
    plan = _Plan(sizes, links, inside, frames)
    plan.names = names or {}
    blocks: dict[int | None, Block] = {}
    for frame in [*reversed(frames), None]:
        key = frame.key if frame else None
        items, nets = _contents(plan, key, blocks, spacing)
        leaves = {i for i, item in enumerate(items) if item.kind == "node" and sizes[str(item.key)].leaf}
        room = spacing.room - 2 * spacing.around * (len(plan.above(key)) - 1)
        blocks[key] = block(items, nets, leaves, plan.names, frame, room, spacing)
    return _assembled(plan, blocks, links)


class _Plan:
    """Which items each frame holds, and which lines run inside it."""

    def __init__(
        self, sizes: Mapping[str, Size], links: Sequence[Link], inside: Mapping[str, int | None],
        frames: Sequence[Frame],
    ) -> None:  # fmt: skip
        self.sizes = sizes
        self.names: Mapping[int, tuple[float, float]] = {}
        self.inside = inside
        self.parent = {frame.key: frame.parent for frame in frames}
        self.members: dict[int | None, list[object]] = {None: []}
        for frame in frames:
            self.members[frame.key] = []
        for key in sizes:
            self.members[inside[key]].append(key)
        for frame in frames:
            self.members[frame.parent].append(frame.key)
        self.uses: dict[int | None, dict[int, list[tuple[object, object, int, object]]]] = {}
        self.ways: dict[str, list[tuple[int | None, object]]] = {}
        for link in links:
            self._follow(link)

    def above(self, frame: int | None) -> list[int | None]:
        """A frame and those around it, innermost first, down to the picture itself."""
        chain = [frame]
        while chain[-1] is not None:
            chain.append(self.parent[chain[-1]])
        return chain

    def _follow(self, link: Link) -> None:
        """Note a link's way: out of the frames around its source, into those around its target."""
        out, into = self.above(self.inside[link.source]), self.above(self.inside[link.target])
        common = next(frame for frame in out if frame in into)
        outer = [*out[: out.index(common)]]
        inner = [*into[: into.index(common)]]
        way: list[tuple[int | None, object]] = [(frame, None) for frame in outer]
        source: object = link.source
        for frame in outer:
            self._use(frame, link.value, source, None, 0, None)
            source = frame
        for frame, target in zip([common, *inner[::-1]], [*inner[::-1], None], strict=True):
            sink = link.key if target is None else target
            way.append((frame, sink))
            self._use(frame, link.value, source, link.target if target is None else target, link.position, sink)
            source = None
        self.ways[link.key] = way

    def _use(self, frame: int | None, value: int, source: object, target: object, position: int, sink: object) -> None:
        known = self.uses.setdefault(frame, {}).setdefault(value, [])
        if not any(entry[3] == sink for entry in known):
            known.append((source, target, position, sink))


def _contents(
    plan: _Plan, key: int | None, blocks: Mapping[int | None, Block], spacing: Spacing
) -> tuple[list[Item], list[Net]]:
    """The items of a frame before rows are known, and the lines between them."""
    items: list[Item] = []
    number: dict[object, int] = {}
    for member in plan.members[key]:
        number[member] = len(items)
        size = plan.sizes[member] if isinstance(member, str) else blocks[int(str(member))]
        items.append(Item("node" if isinstance(member, str) else "frame", member, size.width, size.height))
    leaving: dict[object, list[int]] = {}
    for value, uses in plan.uses.get(key, {}).items():
        if uses[0][0] is not None and value not in leaving.setdefault(uses[0][0], []):
            leaving[uses[0][0]].append(value)
    nets = []
    for value, uses in plan.uses.get(key, {}).items():
        net = Net(value)
        source = uses[0][0]
        if source is None:
            net.source = (len(items), 0.0)
            items.append(Item("in", value, spacing.thick, 0.0))
        elif isinstance(source, str):
            share = (leaving[source].index(value) + 1) / (len(leaving[source]) + 1)
            x = plan.sizes[source].box * share
            net.source = (number[source], float(int(x)) if spacing.whole else x)
        else:
            net.source = (number[source], blocks[int(str(source))].exits[value])
        for _, target, position, sink in uses:
            if target is None:
                net.sinks.append((len(items), 0.0, sink))
                items.append(Item("out", value, spacing.thick, 0.0))
            elif isinstance(target, str):
                net.sinks.append((number[target], plan.sizes[target].enters[position], sink))
            else:
                net.sinks.append((number[target], blocks[int(str(target))].entries[value], sink))
        nets.append(net)
    return items, nets


def _assembled(plan: _Plan, blocks: Mapping[int | None, Block], links: Sequence[Link]) -> Layout:
    """The blocks put into each other, the lines of each link joined from block to block."""
    whole = blocks[None]
    layout = Layout(whole.width, whole.height)
    origin: dict[int | None, tuple[float, float]] = {None: (0.0, 0.0)}
    for key in [None, *plan.parent]:
        left, top = origin[key]
        for item in blocks[key].items:
            if item.kind == "node":
                layout.nodes.setdefault(str(item.key), []).append((left + item.x, top + item.y))
            elif item.kind == "again":
                layout.again.setdefault(int(str(item.key)), []).append((left + item.x, top + item.y))
            elif item.kind == "frame":
                inner = blocks[int(str(item.key))]
                origin[int(str(item.key))] = (left + item.x, top + item.y)
                area = Area(left + item.x, top + item.y, inner.width, inner.height, left + item.x + inner.title)
                layout.frames[int(str(item.key))] = area
    for link in links:
        line = _joined(plan, blocks, origin, link)
        layout.lines[link.key] = [*line[:-1], line[-1]._replace(bottom=line[-1].bottom + plan.sizes[link.target].band)]
    return layout


def _joined(
    plan: _Plan, blocks: Mapping[int | None, Block], origin: Mapping[int | None, tuple[float, float]], link: Link
) -> list[Stretch]:
    """A link's line through all the blocks on its way."""
    line: list[Stretch] = []
    for key, sink in plan.ways[link.key]:
        left, top = origin[key]
        own = [Stretch(left + x, top + a, top + b, top + turn) for x, a, b, turn in blocks[key].lines[link.value, sink]]
        if line and not _meet(line[-1], own[0]):
            line = []  # it starts anew where the value is drawn again
        if line:
            before = line.pop()
            own[0] = Stretch(own[0].x, before.top, own[0].bottom, before.turn)
        line += own
    return line


def _meet(before: Stretch, after: Stretch) -> bool:
    return abs(before.x - after.x) < _CLOSE and abs(before.bottom - after.top) < _CLOSE


_CLOSE = 1e-6
