"""A program over a range in characters: its value with the tangent at the point, its derivative, its corners.

Two names give a map: shades for the height, the point, and an arrow the way the gradient points. Braille dots, or
plain ASCII where those are missing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from autograd_explain.core.notation import rounded_number
from autograd_explain.explanation.curves import Corner, Curve, Plane, Sample
from autograd_explain.render.numbers import show
from autograd_explain.render.theme import Line, View, wrapped
from autograd_explain.source import cell_width

Point = tuple[float, float]
_TALL, _LOW, _MAP = 14, 9, 20  # rows of the pictures
_WIDEST = 72
_MOST_CORNERS = 8
_CUT = 8.0  # a picture shows so many times the height that the middle of the curve takes up
_JUMP = 0.35  # neighbours further apart than this share of the height are not joined
_SHADES, _PLAIN_SHADES = " ·░▒▓█", " .:+*#"
_ARROWS, _PLAIN_ARROWS = "→↗↑↖←↙↓↘", ">/^\\</v\\"
_SAID = {"corner": "a corner: slope {}", "jump": "the value jumps: {}", "pole": "the value runs off to infinity",
         "steep": "the slope runs off to infinity"}  # fmt: skip
_MARKS = {"point": ("●", "O"), "corner": ("◆", "X")}


def samples_for(view: View) -> int:
    """How many places a curve is computed at: two for each column."""
    return 2 * _room(view) + 1


def grid_for(view: View) -> tuple[int, int]:
    """How many places a map is computed at, across and up."""
    return _room(view), _MAP


def _room(view: View) -> int:
    return max(min(view.width, _WIDEST) - 14, 12)


def heading_lines(title: str, entries: int, failures: Sequence[str], view: View) -> Iterator[Line]:
    """What is drawn, and where it could not be."""
    yield Line()
    for text in title.splitlines():
        for part in wrapped(text, view.width - 4):
            yield Line("  ").add(part, "head")
    if entries > 1:
        yield Line("  ").add(f"the sum of its {entries:,} entries", "dim")
    for failure in failures[:2]:
        for part in wrapped(f"not everywhere: {failure}", view.width - 4):
            yield Line("  ").add(part, "note")


def curve_lines(curve: Curve, title: str, view: View) -> Iterator[Line]:
    """The value above the derivative, the point and its tangent, and the corners."""
    yield from heading_lines(title, curve.entries, curve.failures, view)
    label, point = curve.over.label, curve.point
    jumps = [corner.x for corner in curve.corners if corner.parts]
    value = _parted([(sample.at[0], sample.value) for sample in curve.samples], jumps)
    slope = _parted([(sample.at[0], sample.slope) for sample in curve.samples], [c.x for c in curve.corners])
    inside = curve.over.within(point.at[0])
    marks = [("corner", (c.x, (c.left.value + c.right.value) / 2)) for c in curve.corners if c.kind != "pole"]
    marks += [("point", (point.at[0], point.value))] if inside else []
    tangent = [(x, point.value + point.slope * (x - point.at[0])) for x, _ in value]
    yield from _panel("value", value, tangent if inside else [], marks, _TALL, view)
    yield _axis(curve.over.low, curve.over.high, label, view)
    yield Line()
    marks = [("point", (point.at[0], point.slope))] if inside else []
    yield from _panel(f"derivative, by {label}", slope, [], marks, _LOW, view)
    yield _axis(curve.over.low, curve.over.high, label, view)
    yield Line()
    yield from _point_lines(curve, view)
    yield from _corner_lines(curve.corners, label, view)


def _parted(points: list[Point], places: list[float]) -> list[Point]:
    """The points with a gap at each jump: a line drawn through one would be a slope that is not there."""
    reach = 0.5001 * (points[1][0] - points[0][0])
    return [(x, math.nan if any(abs(x - place) <= reach for place in places) else y) for x, y in points]


def _point_lines(curve: Curve, view: View) -> Iterator[Line]:
    point, label = curve.point, curve.over.label
    x, value, slope = (show(number, view) for number in (point.at[0], point.value, point.slope))
    sign, size = ("−", slope[1:]) if slope[0] in "-−" else ("+", slope)
    shift = f"({label} − {x})" if x[0] not in "-−" else f"({label} + {x[1:]})"
    said = f"at {label} = {x}: value {value}, derivative {slope}"
    if not curve.over.within(point.at[0]):
        yield from _marked(" ", f"{said}; this point lies outside the range", view)
        return
    yield from _marked(_mark("point", view), said, view)
    if math.isfinite(point.slope) and math.isfinite(point.value):
        yield from _marked(" ", f"tangent (dotted): {value} {sign} {size}·{shift}", view)


def _marked(mark: str, text: str, view: View) -> Iterator[Line]:
    """Text behind a mark, as long as it takes."""
    for part in wrapped(text, view.width - 4):
        yield Line("  ").add(mark, "accent").add(f" {part}")
        mark = " "


def _corner_lines(corners: Sequence[Corner], label: str, view: View) -> Iterator[Line]:
    for corner in corners[:_MOST_CORNERS]:
        pair = (corner.left.value, corner.right.value) if corner.parts else (corner.left.slope, corner.right.slope)
        sides = "{} to the left, {} to the right".format(*(show(number, view) for number in pair))
        said = f"at {label} = {show(corner.x, view)} {_SAID[corner.kind].format(sides)}"
        text = f"{said}, from {corner.text}" if corner.text else said
        yield from _marked(_mark("corner", view), text, view)
    if len(corners) > _MOST_CORNERS:
        yield Line("    ").add(f"… and {len(corners) - _MOST_CORNERS:,} more such places", "dim")


def _mark(kind: str, view: View) -> str:
    return _MARKS[kind][view.ascii]


def limits_of(heights: Sequence[float]) -> Point:
    """From the lowest to the highest; cut where a few places run far away from all others, and never empty."""
    finite = sorted(height for height in heights if math.isfinite(height))
    if not finite:
        return -1.0, 1.0
    low, high = finite[0], finite[-1]
    first, last = finite[len(finite) // 10], finite[-1 - len(finite) // 10]
    if high - low > _CUT * (last - first) > 0.0:
        low, high = max(low, first - 2 * (last - first)), min(high, last + 2 * (last - first))
    if not math.isfinite(high - low) or high - low <= 1e-12 * max(abs(low), abs(high)):
        size = max(abs(low) * 0.1, 1.0)
        return low - size, low + size
    return low, high


def _panel(
    title: str, points: list[Point], dotted: list[Point], marks: list[tuple[str, Point]], height: int, view: View
) -> Iterator[Line]:
    """One picture with the labels of its axis."""
    low, high = limits_of([y for _, y in points])
    yield Line("  ").add(title, "head")
    if not any(math.isfinite(y) for _, y in points):
        yield Line("    ").add("nowhere in this range a finite number", "note")
    width = _room(view)
    draw = _in_ascii if view.ascii else _in_dots
    rows = draw(points, dotted, (low, high), (width, height))
    for kind, (x, y) in marks:
        _put(rows, points, (low, high), (x, y), _mark(kind, view))
    for number, row in enumerate(rows):
        label = {0: high, height - 1: low}.get(number)
        text = "" if label is None else show_short(label)
        yield Line(f"{text:>11} ").add("|", "dim").add("".join(row))


def show_short(value: float) -> str:
    """A number beside an axis."""
    return rounded_number(value, 4)


def _put(rows: list[list[str]], points: list[Point], limits: Point, at: Point, mark: str) -> None:
    low, high = limits
    left, right = points[0][0], points[-1][0]
    if not (low <= at[1] <= high and left <= at[0] <= right):
        return
    column = round((at[0] - left) / (right - left) * (len(rows[0]) - 1))
    rows[round((high - at[1]) / (high - low) * (len(rows) - 1))][column] = mark


def _axis(low: float, high: float, label: str, view: View) -> Line:
    width = _room(view)
    left, right = show_short(low), show_short(high)
    gap = max(width - len(left) - len(right), cell_width(label) + 2)
    before = (gap - cell_width(label)) // 2
    return Line(" " * 13 + left).add(" " * before + label + " " * (gap - before - cell_width(label))).add(right)


def _segments(points: list[Point], limits: Point) -> Iterator[tuple[Point, Point]]:
    """The pieces of a curve inside the picture; a piece that leaves it is cut at the edge, a jump left open."""
    low, high = limits
    for (x0, y0), (x1, y1) in pairwise(points):
        if not (math.isfinite(y0) and math.isfinite(y1)):
            continue
        if abs(y1 - y0) > _JUMP * (high - low):
            yield from (((x, y), (x, y)) for x, y in ((x0, y0), (x1, y1)) if low <= y <= high)
        elif max(y0, y1) >= low and min(y0, y1) <= high:
            yield (x0, min(max(y0, low), high)), (x1, min(max(y1, low), high))


def _in_dots(points: list[Point], dotted: list[Point], limits: Point, size: tuple[int, int]) -> list[list[str]]:
    import plotille

    (low, high), (width, height) = limits, size
    left, right = points[0][0], points[-1][0]
    across, up = 2 * width - 1, 4 * height - 1  # a cell has 2 by 4 dots; a canvas leaves its last edge out
    far = left + (right - left) * (across + 1) / across
    canvas = plotille.Canvas(width, height, left, low, far, low + (high - low) * (up + 1) / up)
    if low < 0.0 < high:
        for column in range(0, 2 * width, 4):
            canvas.point(left + column / across * (right - left), 0.0)
    for (x0, y0), (x1, y1) in _segments(points, limits):
        canvas.line(x0, y0, x1, y1)
    for x, y in dotted[::3]:
        if low <= y <= high:
            canvas.point(x, y)
    rows = [list(str(row).replace("⠀", " ").ljust(width)) for row in canvas.plot().split("\n")]
    return rows[:height]


def _in_ascii(points: list[Point], dotted: list[Point], limits: Point, size: tuple[int, int]) -> list[list[str]]:
    (low, high), (width, height) = limits, size
    rows = [[" "] * width for _ in range(height)]
    if low < 0.0 < high:
        for column in range(0, width, 2):
            _put(rows, points, limits, (points[0][0] + column / (width - 1) * (points[-1][0] - points[0][0]), 0.0), "-")
    for at in dotted[::4]:
        _put(rows, points, limits, at, ".")
    for start, end in _segments(points, limits):
        for at in (start, end):
            _put(rows, points, limits, at, "*")
    return rows


def plane_lines(plane: Plane, title: str, view: View) -> Iterator[Line]:
    """The map with its shades, the point, and the gradient there."""
    yield from heading_lines(title, plane.entries, plane.failures, view)
    yield from map_lines(plane, view, lambda rows: _mark_point(rows, plane, view))
    yield from _gradient_lines(plane, view)


def map_lines(plane: Plane, view: View, mark: Callable[[list[list[str]]], None]) -> Iterator[Line]:
    """The shades of a map with its axes and their legend; `mark` puts into the rows what stands on the map."""
    values = [sample.value for row in plane.rows for sample in row]
    bands = bands_of(values)
    shades = _PLAIN_SHADES if view.ascii else _SHADES
    rows = [[_shade(sample.value, bands, shades) for sample in row] for row in reversed(plane.rows)]
    across, up = plane.overs
    mark(rows)
    for number, row in enumerate(rows):
        text = {0: show_short(up.high), len(rows) - 1: show_short(up.low), len(rows) // 2: up.label}.get(number, "")
        yield Line(f"{text:>11} ").add("|", "dim").add("".join(row))
    yield _axis(across.low, across.high, across.label, view)
    yield Line()
    yield from _legend(bands, shades, view, gaps=not all(map(math.isfinite, values)))


def cell_of(plane: Plane, at: Sequence[float]) -> tuple[int, int] | None:
    """The row and the column of a place on the map; None where it lies outside."""
    (across, up), rows = plane.overs, plane.rows
    if not (across.within(at[0]) and up.within(at[1])):
        return None
    column = round((at[0] - across.low) / (across.high - across.low) * (len(rows[0]) - 1))
    return round((up.high - at[1]) / (up.high - up.low) * (len(rows) - 1)), column


def bands_of(values: Sequence[float]) -> list[float]:
    """The heights between the shades, each shade covering as many places as the others."""
    finite = sorted(value for value in values if math.isfinite(value))
    if not finite:
        return []
    count = len(_SHADES)
    edges = (finite[len(finite) * i // count] for i in range(1, count))
    return sorted(set(edges) - {finite[0]})


def _shade(value: float, bands: list[float], shades: str) -> str:
    return shades[sum(value >= edge for edge in bands)] if math.isfinite(value) else "?"


def _legend(bands: list[float], shades: str, view: View, *, gaps: bool) -> Iterator[Line]:
    if not bands:
        yield Line("  ").add("one height everywhere, or no finite number", "dim")
        return
    texts = [f"{shades[i]} from {show_short(edge)}" for i, edge in enumerate(bands, 1)]
    said = f"height: blank below {show_short(bands[0])}, {', '.join(texts)}; ? where there is no finite number"
    for part in wrapped(said if gaps else said.partition(";")[0], view.width - 4):
        yield Line("  ").add(part, "dim")


def _way(plane: Plane, slopes: Sequence[float]) -> int | None:
    """Which of eight ways on the picture the gradient points; None where it is zero or no number."""
    if not all(map(math.isfinite, slopes)) or not any(slopes):
        return None
    # On the page each axis has a scale of its own, and a row is as tall as two columns are wide.
    sizes = len(plane.rows[0]), 2 * len(plane.rows)
    across, up = (s * n / (o.high - o.low) for s, n, o in zip(slopes, sizes, plane.overs, strict=True))
    return round(math.atan2(up, across) / (math.pi / 4)) % 8


_NEXT = ((2, 0), (2, -1), (0, -1), (-2, -1), (-2, 0), (-2, 1), (0, 1), (2, 1))


def _mark_point(rows: list[list[str]], plane: Plane, view: View) -> None:
    cell = cell_of(plane, plane.point.at)
    if cell is None:
        return
    row, column = cell
    rows[row][column] = _mark("point", view)
    way = _way(plane, plane.point.slopes)
    if way is None:
        return
    sideways, downwards = _NEXT[way]
    for far in (1, 2):
        at = row + far * downwards, column + far * sideways
        if 0 <= at[0] < len(rows) and 0 <= at[1] < len(rows[0]):
            rows[at[0]][at[1]] = (_PLAIN_ARROWS if view.ascii else _ARROWS)[way]


def _gradient_lines(plane: Plane, view: View) -> Iterator[Line]:
    point, overs = plane.point, plane.overs
    place = ", ".join(f"{over.label} = {show(x, view)}" for over, x in zip(overs, point.at, strict=True))
    outside = "" if all(over.within(x) for over, x in zip(overs, point.at, strict=True)) else "; outside the ranges"
    yield from _marked(_mark("point", view), f"at {place}: value {show(point.value, view)}{outside}", view)
    parts = (f"∂{over.label} = {show(slope, view)}" for over, slope in zip(overs, point.slopes, strict=True))
    yield from _marked(" ", f"gradient: {', '.join(parts)}", view)
    way = _way(plane, point.slopes)
    if way is None:
        said = "there is no steepest way: the gradient is zero" if not any(point.slopes) else "no finite gradient here"
    else:
        said = "the arrows point the way the gradient does, steepest up; training steps against them"
    yield from _marked(" ", said, view)


def lines_of(drawn: Curve | Plane, title: str, view: View) -> Iterator[Line]:
    """The lines of a curve or a map."""
    writers: dict[type, Callable[[Any, str, View], Iterator[Line]]] = {Curve: curve_lines, Plane: plane_lines}
    return writers[type(drawn)](drawn, title, view)


__all__ = ["Sample", "curve_lines", "grid_for", "lines_of", "plane_lines", "samples_for"]
