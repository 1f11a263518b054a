"""Where every operation is held against many digits: one table of numbers, and what a row makes of it.

An operation gets its points from its own domain, its kinks and the number of its arguments; a structured one gets
rows of the table in the shapes of its samples. Nothing here names an operation but the few whose arguments must
mean something.
"""

from __future__ import annotations

import itertools
import math
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_explain.check.law_parts import FAR, ORDINARY, Sample, kinked, own_samples, selecting
from autograd_explain.core.op import Op
from autograd_explain.core.shapes import as_value

LEAST, LEAST_NORMAL, LARGEST = 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308
PLACES = (0.0, 0.5, 1.0, 1.5, 2.0, -0.5, -1.0, -2.0)  # where kinks are looked for
TURNS = (math.pi / 2, math.pi, -math.pi / 2, 710.5, 1e22)  # near poles and zeros of waves
FADING = (-1000.0, -745.0, -709.0, -360.0, -36.0, -18.0, -6.0, 6.0, 18.0, 36.0, 360.0, 709.0, 745.0, 1000.0)
EXTREME = tuple(sign * size for size in (1e300, 1e-300, 1e-310, LEAST, LEAST_NORMAL, LARGEST) for sign in (1.0, -1.0))
LINE = (*ORDINARY, *FAR, *TURNS, *FADING, *EXTREME)
APART = (1e-14, 1e-11, 1e-8, 1e-5, 1e-3)  # beside a kink or an edge, in parts of it

_FEW = (-1.1, -0.3, 0.45, 2.6)
_WIDE = (-1e150, -40.0, -1e-150, 1e-310, 1e-8, 1e8, 1e300)
_SPARSE = (-1e150, -0.7, 1e-300, 1e8)

ROWS = (
    (0.3, -1.2, 0.7, 2.1), (1.5, 1.25, -0.5, 0.75), (-0.9, -0.8, -0.7, -0.6), (2.0, 3.0, 5.0, 7.0),
    (1.0, 1.0 + 1e-8, 1.0 - 1e-8, 1.0 + 2e-8), (100.25, 100.5, 100.75, 99.0), (0.0, 2.0, 3.0, -4.0),
    (0.0, 0.0, 3.0, 1.0), (1e8, -1e8, 1.0, 3.0), (1e8, 1e8 - 1.0, 1e8 + 3.0, 1e8 + 1.0), (40.0, -40.0, 0.5, 1.0),
    (-40.0, -38.0, -37.0, -45.0), (700.0, -700.0, 1.0, 2.0), (1e3, 999.0, -1e3, 0.0), (-1e3, -1001.0, -1003.0, -999.0),
    (1e-8, 2e-8, -3e-8, 5e-8), (1e150, 2e150, -1e150, 3e150), (1e-150, 2e-150, 3e-150, -4e-150),
    (1e150, 1e-150, 1.0, 2.0), (1e300, 2e300, 3e300, 5e299), (1e-300, 3e-300, -2e-300, 4e-300),
    (1e300, 1e-300, 1.0, 2.0), (1e-310, 3e-310, 2e-310, -5e-310), (LEAST, 1e-320, 0.25, 1.0),
)  # fmt: skip
SHARES = (
    0.2, 0.5, 0.9, 1e-3, 1.0 - 1e-3, 1e-8, 1.0 - 1e-8, 1e-11, 1.0 - 1e-11, 0.5 + 1e-9, 0.75, 0.1, 0.6, 0.35, 1e-5,
    1.0 - 1e-5, 0.8, 0.05, 0.95, 0.4, 1e-6, 0.7, 0.3,
)  # fmt: skip
SHARE_ROWS = tuple(tuple(SHARES[(start + step) % len(SHARES)] for step in (0, 3, 5, 6)) for start in range(len(SHARES)))
MOST_ENTRIES = 8
LOSS_TARGETS = {"bce_with_logits": SHARE_ROWS, "hinge": ((1.0, -1.0),)}
"""What a loss is compared with, where not any number will do."""


def points(op: Op, samples: list[Sample]) -> Iterator[Sample]:
    """Arguments and options at which an operation's value and partials are held; `samples` are the structured ones'."""
    if op.elementwise:
        options = {o.name: o.default for o in op.options}
        for args in dict.fromkeys(_beside(op, options) if len(op.arguments) == 1 else _pairs(op, options)):
            if np.all(op.domain.contains(*args)):
                yield args, options
        return
    for args, options in _smallest(op, samples):
        for row in _rows(op, args):
            yield row, options


def loss_points(name: str) -> Iterator[Sample]:
    """Two predictions and two targets, from every row."""
    targets = LOSS_TARGETS.get(name, ROWS[::-1])
    for number, row in enumerate(ROWS):
        yield (np.array(row[:2]), np.array(targets[number % len(targets)][:2])), {}
        yield (row[2], targets[number % len(targets)][1]), {}


def _beside(op: Op, options: dict[str, Any]) -> Iterator[tuple[float]]:
    """The line, and ladders at the edges of the domain and at the kinks."""
    places = [x for x in PLACES if kinked(op, (x,), options)]
    places += _edges(op)
    for x in (*LINE, *(step for place in places for step in ladder(place))):
        yield (x,)


def ladder(place: float) -> Iterator[float]:
    """The place itself, its neighbours among the floats, and numbers further and further away on both sides."""
    yield place
    for sign in (-1.0, 1.0):
        yield math.nextafter(place, sign * math.inf)
        yield from (place + sign * part * (abs(place) or 1.0) for part in APART)


def _edges(op: Op) -> list[float]:
    """The last floats inside the domain, found between neighbours on the line of which one is outside."""
    line = sorted({*LINE, *PLACES})
    inside = [bool(np.all(op.domain.contains(x))) for x in line]
    steps = zip(itertools.pairwise(line), itertools.pairwise(inside), strict=True)
    return [_edge(op, *(pair if before else pair[::-1])) for pair, (before, after) in steps if before != after]


def _edge(op: Op, inside: float, outside: float) -> float:
    """The last float inside, by halving the floats between the two."""
    low, high = _rank(inside), _rank(outside)
    while abs(high - low) > 1:
        middle = (low + high) // 2
        if np.all(op.domain.contains(_ranked(middle))):
            low = middle
        else:
            high = middle
    return _ranked(low)


def _rank(x: float) -> int:
    """The float's place among all floats, 0 being 0."""
    bits: int = struct.unpack("<q", struct.pack("<d", abs(x)))[0]
    return bits if x >= 0 else -bits


def _ranked(rank: int) -> float:
    size: float = struct.unpack("<d", struct.pack("<q", abs(rank)))[0]
    return size if rank >= 0 else -size


def _pairs(op: Op, options: dict[str, Any]) -> Iterator[tuple[float, ...]]:
    """Points in two or more arguments: ordinary, one far, all far, and beside the kinks."""
    count = len(op.arguments)
    yield from itertools.product(_FEW, repeat=count)
    for place, far, near in itertools.product(range(count), (*_WIDE, LEAST), (-0.7, 1.3)):
        yield tuple(far if i == place else near + 0.1 * i for i in range(count))
    yield from itertools.product(_WIDE if count == 2 else _SPARSE, repeat=count)
    corners = [args for args in itertools.product((0.0, 1.0, -2.0, 0.5), repeat=count) if kinked(op, args, options)]
    for corner in _of_each_kink(op, corners, options):
        for place in range(count):
            yield from ((*corner[:place], x, *corner[place + 1 :]) for x in ladder(corner[place]))


def _of_each_kink(op: Op, corners: list[tuple[float, ...]], options: dict[str, Any]) -> list[tuple[float, ...]]:
    """Two corners of each kink."""
    found = ([args for args in corners if np.any(kink.at(*args, **options))][:2] for kink in op.kinks)
    return list(dict.fromkeys(itertools.chain(*found)))


def _smallest(op: Op, samples: list[Sample]) -> Iterator[Sample]:
    """The smallest samples of one or two choices of options: their shapes are what rows are tried in."""
    chosen: dict[str, Sample] = {}
    for args, options in samples or own_samples(op):
        key = repr((options, selecting(op, args)))
        if key not in chosen or _size(args) < _size(chosen[key][0]):
            chosen[key] = (args, options)
    first, *others = sorted(chosen.values(), key=lambda sample: _size(sample[0]))
    yield first
    yield from (sample for sample in others[:1] if _size(sample[0]) <= MOST_ENTRIES)


def _size(args: tuple[Any, ...]) -> int:
    return sum(map(np.size, args))


def _rows(op: Op, args: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """The arguments with their entries taken from the rows that the domain admits; what only selects stays as it is."""
    kept = selecting(op, args)
    for table in (ROWS, SHARE_ROWS):
        filled = list(_filled(args, table, kept))
        inside = [row for row in filled if np.all(op.domain.contains(*row))]
        if len(inside) == len(filled) or table is SHARE_ROWS:
            yield from inside
            return


def _filled(args: tuple[Any, ...], table: Any, kept: Any) -> Iterator[tuple[Any, ...]]:
    for number, row in enumerate(table):
        sources = (row, row[::-1], table[(number * 7 + 3) % len(table)])
        yield tuple(
            arg if i in kept else as_value(np.resize(np.array(sources[i % 3]), np.shape(arg)))
            for i, arg in enumerate(args)
        )
