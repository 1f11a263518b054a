"""The layered layout: nothing overlaps, lines go round nodes, arguments keep their order, frames hold their own."""

from __future__ import annotations

import random
from functools import cache
from itertools import combinations, pairwise

import pytest

from autograd_explain.render.graph_channels import gap as channels
from autograd_explain.render.graph_layout import lay_out
from autograd_explain.render.graph_parts import Frame, Layout, Link, Size, Spacing, Turns

CELLS = Spacing(3, 1, 2, 1, 1, channels, thick=1, whole=True, widest=90, room=90, far=9)
PIXELS = Spacing(20.0, 8.0, 10.0, 16.0, 10.0, lambda lines: Turns(30.0, {}, {}), room=400.0)

Graph = tuple[dict[str, Size], list[Link], dict[str, int | None], list[Frame]]


def random_graph(seed: int, *, framed: bool) -> Graph:
    """A graph of nodes that use earlier ones, some of them in frames, as a run records them."""
    chance = random.Random(seed)  # noqa: S311 - a test's graphs are no secret
    count = chance.randint(2, 40)
    frames: list[Frame] = []
    inside: dict[str, int | None] = {}
    around: list[int] = []
    links: list[Link] = []
    sizes: dict[str, Size] = {}
    for number in range(count):
        if framed and number > 2 and chance.random() < 0.25:
            frames.append(Frame(len(frames), around[-1] if around else None, chance.randint(3, 30)))
            around.append(len(frames) - 1)
        elif around and chance.random() < 0.3:
            around.pop()
        sources = [] if number < 3 else [chance.randrange(number) for _ in range(chance.choice((1, 1, 2, 2, 3)))]
        inside[str(number)] = around[-1] if around and sources else None
        width = float(chance.randint(5, 20)) + 8 * len(sources)
        enters = tuple(float(int(width * (i + 1) / (len(sources) + 1))) for i in range(len(sources)))
        sizes[str(number)] = Size(width + chance.randint(0, 6), chance.randint(3, 7), enters, width, 1, not sources)
        links += [Link(f"{s}-{number}-{i}", s, str(s), str(number), i) for i, s in enumerate(sources)]
    used = {place for place in inside.values() if place is not None}
    while missing := {frames[f].parent for f in used} - used - {None}:
        used |= {place for place in missing if place is not None}
    return sizes, links, inside, [frame for frame in frames if frame.key in used]


def laid_out(graph: Graph, spacing: Spacing) -> Layout:
    names = {int(key): (6.0, 1.0) for key in graph[0]}
    return lay_out(*graph, spacing, names)


Box = tuple[float, float, float, float]


def boxes(graph: Graph, layout: Layout) -> list[tuple[str, Box]]:
    """Every drawn node, with its place and size."""
    sizes = graph[0]
    return [(key, (x, y, sizes[key].width, sizes[key].height)) for key, at in layout.nodes.items() for x, y in at]


def overlap(a: Box, b: Box) -> bool:
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


@cache
def known(seed: int, framed: bool, spacing: Spacing) -> tuple[Graph, Layout]:
    """A random graph and its layout, made once for all laws."""
    graph = random_graph(seed, framed=framed)
    return graph, laid_out(graph, spacing)


graphs = pytest.mark.parametrize(
    ("seed", "framed", "spacing"),
    [(seed, framed, spacing) for seed in range(12) for framed in (False, True) for spacing in (CELLS, PIXELS)],
)


@graphs
def test_nodes_do_not_overlap(seed: int, framed: bool, spacing: Spacing) -> None:
    graph, layout = known(seed, framed, spacing)
    placed = boxes(graph, layout)
    assert set(graph[0]) == {key for key, _ in placed}
    assert [] == [(a, b) for (a, at), (b, there) in combinations(placed, 2) if overlap(at, there)]


@graphs
def test_a_value_stands_above_its_users(seed: int, framed: bool, spacing: Spacing) -> None:
    graph, layout = known(seed, framed, spacing)
    for link in graph[1]:
        line = layout.lines[link.key]
        assert all(before.bottom <= after.top + 1e-9 for before, after in pairwise(line)), link
        top = layout.nodes[link.target][0][1]
        assert abs(top + graph[0][link.target].band - line[-1].bottom) < 1e-6
        assert line[0].top < line[-1].bottom


@graphs
def test_lines_run_beside_nodes(seed: int, framed: bool, spacing: Spacing) -> None:
    graph, layout = known(seed, framed, spacing)
    placed = boxes(graph, layout)
    for link in graph[1]:
        for stretch in layout.lines[link.key]:
            for key, (x, y, width, height) in placed:
                within = x <= stretch.x < x + width and stretch.top < y + height and y < stretch.bottom
                assert not within or key == link.target, (link, key)


@graphs
def test_a_line_ends_where_its_argument_enters(seed: int, framed: bool, spacing: Spacing) -> None:
    graph, layout = known(seed, framed, spacing)
    for link in graph[1]:
        x = layout.nodes[link.target][0][0] + graph[0][link.target].enters[link.position]
        assert abs(x - layout.lines[link.key][-1].x) < 1e-6


@graphs
def test_frames_hold_their_own_nodes_alone(seed: int, framed: bool, spacing: Spacing) -> None:
    graph, layout = known(seed, framed, spacing)
    parents = {frame.key: frame.parent for frame in graph[3]}
    for key, at in boxes(graph, layout):
        chain = [graph[2][key]]
        while chain[-1] is not None:
            chain.append(parents[chain[-1]])
        for frame, area in layout.frames.items():
            x, y, width, height = at
            holds = area.x <= x and x + width <= area.x + area.width
            holds = holds and area.y <= y and y + height <= area.y + area.height
            assert (frame in chain) == holds
            assert holds or not overlap(at, (area.x, area.y, area.width, area.height))


@graphs
def test_the_same_graph_gives_the_same_picture(seed: int, framed: bool, spacing: Spacing) -> None:
    graph = random_graph(seed, framed=framed)
    assert laid_out(graph, spacing) == laid_out(graph, spacing)


@pytest.mark.parametrize("seed", [*range(12), 56])
@pytest.mark.parametrize("framed", [False, True])
def test_lines_of_two_values_never_lie_on_each_other(seed: int, framed: bool) -> None:
    graph = random_graph(seed, framed=framed)
    layout = laid_out(graph, CELLS)
    upright: dict[tuple[int, int], set[int]] = {}
    level: dict[tuple[int, int], set[int]] = {}
    for link in graph[1]:
        line = layout.lines[link.key]
        for before, after in pairwise(line):
            turn = int(after.turn) if before.x != after.x else int(after.top)
            low, high = sorted((int(before.x), int(after.x)))
            cells = [(row, int(before.x)) for row in range(int(before.bottom), turn + (low < high))]
            cells += [(row, int(after.x)) for row in range(turn, int(after.top))]
            for cell in cells:
                upright.setdefault(cell, set()).add(link.value)
            for column in range(low, high + 1) if low < high else ():
                level.setdefault((turn, column), set()).add(link.value)
    assert [] == [cell for cell, values in upright.items() if len(values) > 1]
    assert [] == [cell for cell, values in level.items() if len(values) > 1]


def leaf(width: float) -> Size:
    return Size(width, 3.0, (), width, 0.0, leaf=True)


def test_arguments_stand_in_their_order() -> None:
    """A tree: every pair of values that one operation alone uses stands as the operation names them."""
    count = 31
    sizes = {str(i): Size(10.0, 3.0, (3.0, 7.0) if i < 15 else (), 10.0) for i in range(count)}
    pairs = [(i, k) for i in range(15) for k in (0, 1)]
    links = [Link(f"{2 * i + k + 1}-{i}-{k}", 2 * i + k + 1, str(2 * i + k + 1), str(i), k) for i, k in pairs]
    for swapped in (links, links[::-1]):
        layout = lay_out(sizes, swapped, dict.fromkeys(sizes), [], PIXELS)
        for i in range(15):
            left, right = layout.nodes[str(2 * i + 1)][0], layout.nodes[str(2 * i + 2)][0]
            assert left[1] == right[1]
            assert left[0] < right[0]


def test_a_shared_leaf_is_drawn_again_near_a_far_user() -> None:
    sizes = {"w": leaf(6.0), "0": Size(8.0, 3.0, (4.0,), 8.0)}
    links = [Link("w-0-0", 99, "w", "0", 0)]
    for i in range(1, 12):
        sizes[str(i)] = Size(12.0, 3.0, (3.0, 8.0), 12.0)
        links += [Link(f"{i - 1}-{i}-0", i - 1, str(i - 1), str(i), 0), Link(f"w-{i}-1", 99, "w", str(i), 1)]
    near = lay_out(sizes, links, dict.fromkeys(sizes), [], PIXELS)
    whole = lay_out(sizes, links, dict.fromkeys(sizes), [], PIXELS._replace(reach=100))
    assert len(near.nodes["w"]) > 1 == len(whole.nodes["w"])
    rows = sorted({y for places in near.nodes.values() for _, y in places})
    for link in links:
        if link.source == "w":
            line = near.lines[link.key]
            assert sum(1 for row in rows if line[0].top < row < line[-1].bottom) <= PIXELS.reach + 1


def test_a_row_too_wide_goes_on_in_the_next_one() -> None:
    sizes = {str(i): Size(20.0, 3.0, (10.0,), 20.0) for i in range(1, 12)} | {"0": leaf(10.0)}
    links = [Link(f"0-{i}-0", 0, "0", str(i), 0) for i in range(1, 12)]
    wide = lay_out(sizes, links, dict.fromkeys(sizes), [], PIXELS)
    narrow = lay_out(sizes, links, dict.fromkeys(sizes), [], PIXELS._replace(widest=120.0, room=0.0))
    assert wide.width > 300
    assert narrow.width < 200
    assert narrow.height > wide.height


def test_a_chain_hangs_straight_down() -> None:
    sizes = {"0": leaf(30.0)} | {str(i): Size(10.0 + i, 3.0, (5.0 + i / 2,), 10.0 + i) for i in range(1, 9)}
    links = [Link(f"{i - 1}-{i}-0", i - 1, str(i - 1), str(i), 0) for i in range(1, 9)]
    layout = lay_out(sizes, links, dict.fromkeys(sizes), [], PIXELS)
    assert 1 == len({round(stretch.x, 6) for line in layout.lines.values() for stretch in line})


def test_a_line_that_comes_down_where_another_goes_on_turns_above_it() -> None:
    assert Turns(2.0, {0: 0.0, 1: 1.0}, {}) == channels([(0, 5.0, (9.0,)), (1, 2.0, (5.0,))])


def test_lines_that_change_places_go_round_each_other() -> None:
    assert Turns(3.0, {1: 1.0, 0: 2.0}, {0: (1.0, 0.0)}) == channels([(0, 2.0, (5.0,)), (1, 5.0, (2.0,))])
