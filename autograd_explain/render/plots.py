"""A function and its derivative drawn with characters: dots of Braille, or plain ASCII where those are missing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from autograd_explain.core.formula import Formula, written
from autograd_explain.core.notation import rounded_number, style_for
from autograd_explain.core.op import REQUIRED, Op, compute
from autograd_explain.modes.reverse import local_derivative

Point = tuple[float, float]
_HELD = 1.5  # the second of two arguments, while the first moves
_STYLE = style_for(6, ascii_only=True)
_REACH = 4.0  # the picture shows x from −4 to 4, and no more of y than that needs
_HEIGHT = 9
_WIDEST = 56
_JUMP = 0.1  # neighbours further apart than this share of the height are not joined: the function jumps there
_SAMPLES = 401


def drawable(op: Op) -> bool:
    """Whether the operation is a curve, or a surface that can be cut into one: one or two numbers in, one out."""
    return op.elementwise and len(op.arguments) in (1, 2) and not op.internal and op.differentiable


def curves(op: Op, width: int, *, ascii_only: bool) -> Iterator[str]:
    """The lines of two pictures, the function above its derivative, for −4 ≤ x ≤ 4.

    Of two arguments the second is held at a number, and the titles say so.
    """
    options = {option.name: 1.0 if option.default is REQUIRED else option.default for option in op.options}
    rest = (_HELD,) * (len(op.arguments) - 1)

    def value(x: float) -> float:
        return float(compute(op, (x, *rest), options)) if op.domain.contains(x, *rest) else math.nan

    def slope(x: float) -> float:
        y = value(x)
        return float(local_derivative(op.partials[0], y, (x, *rest), options)) if math.isfinite(y) else math.nan

    draw = in_ascii if ascii_only else in_dots
    for title, function in zip(_titles(op), (value, slope), strict=True):
        points = [(x, function(x)) for x in np.linspace(-_REACH, _REACH, _SAMPLES).tolist()]
        yield title
        axis = op.arguments[0] if rest else "x"
        yield from picture(points, min(width, _WIDEST), draw, axis)


def _titles(op: Op) -> tuple[str, str]:
    """What the two pictures show."""
    if len(op.arguments) == 1:
        return f"{op.name}(x)", f"its derivative, d {op.name}(x) / dx"
    moving, held = op.arguments
    text = written(Formula(0.0, "", op, tuple(Formula(_HELD, name) for name in op.arguments)), _STYLE).text
    return f"{text} while {held} is held at {_HELD:g}", f"its derivative by {moving}, {held} held at {_HELD:g}"


def picture(
    points: Sequence[Point], width: int, draw: Callable[..., list[str]], axis: str = "x"
) -> Iterator[str]:
    """The points as a curve with its two axes; nothing where no point is finite."""
    finite = [(x, y) for x, y in points if math.isfinite(y)]
    if not finite:
        return
    low, high = _limits([y for _, y in finite])
    labels = [rounded_number(edge, 3) for edge in (high, low)]
    margin = max(map(len, labels)) + 1
    rows = draw(points, low, high, width - margin - 2)
    for place, row in enumerate(rows):
        label = labels[0] if place == 0 else labels[1] if place == len(rows) - 1 else ""
        yield f"{label:>{margin}} |{row}".rstrip()
    yield " " * (margin + 1) + "+" + "-" * (width - margin - 2)
    left, right = (rounded_number(edge, 3) for edge in (points[0][0], points[-1][0]))
    gap = width - margin - 2 - len(left) - len(right)
    yield " " * (margin + 2) + left + f"{axis:^{gap}}" + right


def _limits(heights: list[float]) -> Point:
    """From the lowest to the highest, cut where the curve runs off, and never empty."""
    low, high = max(min(heights), -_REACH), min(max(heights), _REACH)
    if low >= high:  # a flat line, or one that lies wholly outside
        middle = min(max(heights[0], -_REACH), _REACH)
        return middle - 1.0, middle + 1.0
    return low, high


def _strokes(
    points: Sequence[Point], low: float, high: float, *, joined: bool = False
) -> Iterator[tuple[Point, Point]]:
    """The pieces of the curve that lie inside the picture; neighbours far apart are `joined` where asked for."""
    for (x0, y0), (x1, y1) in pairwise(points):
        if not (low <= y0 <= high and low <= y1 <= high):
            continue  # false for nan too
        near = joined or abs(y1 - y0) <= _JUMP * (high - low)
        yield (x0, y0), (x1, y1) if near else (x0, y0)


def in_dots(
    points: Sequence[Point], low: float, high: float, width: int, *, joined: bool = False
) -> list[str]:
    """The curve in dots of Braille; a line of zeros where zero is inside."""
    import plotille

    left, right = points[0][0], points[-1][0]
    across, up = 2 * width - 1, 4 * _HEIGHT - 1  # a cell has 2 by 4 dots; a canvas leaves its last edge out
    far = left + (right - left) * (across + 1) / across
    canvas = plotille.Canvas(width, _HEIGHT, left, low, far, low + (high - low) * (up + 1) / up)
    if low < 0.0 < high:
        for column in range(width):
            canvas.point(left + 2 * column / across * (right - left), 0.0)
    for (x0, y0), (x1, y1) in _strokes(points, low, high, joined=joined):
        canvas.line(x0, y0, x1, y1)
    return [str(row).replace("⠀", " ").rstrip() for row in canvas.plot().split("\n")]


def in_ascii(
    points: Sequence[Point], low: float, high: float, width: int, *, joined: bool = False
) -> list[str]:
    """The curve in asterisks; a line of zeros where zero is inside."""
    grid: list[list[Any]] = [[" "] * width for _ in range(_HEIGHT)]
    left, right = points[0][0], points[-1][0]

    def put(x: float, y: float, mark: str) -> None:
        column = round((x - left) / (right - left) * (width - 1))
        grid[round((high - y) / (high - low) * (_HEIGHT - 1))][column] = mark

    if low < 0.0 < high:
        for x in np.linspace(left, right, width).tolist():
            put(x, 0.0, ".")
    for start, end in _strokes(points, low, high, joined=joined):
        for x, y in (start, end):
            put(x, y, "*")
    return ["".join(row) for row in grid]
