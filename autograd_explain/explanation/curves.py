"""A program over a range: its value and derivative at many places, where they jump, and its gradient over a plane.

Every place is a recording of its own, so control flow may change along the range. Knows nothing of pictures.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from autograd_explain.core.shapes import zeros_of
from autograd_explain.core.var import Var
from autograd_explain.errors import ExplainError, LimitError
from autograd_explain.modes.records import Recording
from autograd_explain.modes.reverse import pass_back, reverse

_HALVINGS = 60
_SUSPECT = 2.0  # a step that is so many times its neighbours' may hide a jump
_REMAINS = 0.25  # the share of a step that must still be there when its place is as narrow as floats allow
_NOTHING = 1e-7  # jumps smaller than this part of the whole height are rounding
_ALIKE = 1e-6  # two sides that differ by less than this part of them are one
_ROUNDING = 64 * 2.0**-52  # what is left of numbers of size 1 that cancel
_ASIDE = (0.5, 0.381966, 0.618034)  # where in a stretch to look: a place may have no number
_GROWS = 10.0  # what grows so far from the first of these distances to the second has no bound
_FAR, _NEAR = 1e-4, 1e-7
_STEADY, _UNSTEADY = 1e4, 1e-3  # how much farther away slopes are looked at, and how far they may be off nearer
_SAME = 1e-6  # breaks that are nearer to each other than this part of the range are one
_BLURRED = 1e-5  # so near to a break, as a part of the range, a program may have no numbers
_NARROW = 1e-12  # how narrow the place of a jump is made, as a part of the range


class Over(NamedTuple):
    """What is moved: a name, or one entry of its array, from `low` to `high`."""

    name: str
    place: tuple[int, ...]
    low: float
    high: float

    @property
    def label(self) -> str:
        """The name, with the entry's place."""
        return f"{self.name}[{', '.join(map(str, self.place))}]" if self.place else self.name

    def within(self, x: float) -> bool:
        """Whether a place lies in the range."""
        return self.low <= x <= self.high


class Sample(NamedTuple):
    """The program at one place: nan where it cannot be computed there."""

    at: tuple[float, ...]
    value: float
    slopes: tuple[float, ...]
    noise: float = 0.0
    """What rounding may have made of numbers that cancel, in the value or in a slope."""

    @property
    def slope(self) -> float:
        """The derivative by the first of the moved names."""
        return self.slopes[0]


class Corner(NamedTuple):
    """A place where the slope or the value itself jumps or runs off: both sides, and what it comes from."""

    x: float
    left: Sample
    right: Sample
    kind: str
    """The slope jumps at a "corner", the value at a "jump"; it has no bound at a "pole", the slope none if "steep"."""
    text: str

    @property
    def parts(self) -> bool:
        """Whether the value itself breaks off here."""
        return self.kind in {"jump", "pole"}


@dataclass(frozen=True, slots=True)
class Curve:
    """Value and slope over a range, at the point, and where they jump."""

    over: Over
    samples: tuple[Sample, ...]
    point: Sample
    corners: tuple[Corner, ...]
    entries: int
    failures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plane:
    """Value and gradient over two ranges, row by row from the second's low end, and at the point."""

    overs: tuple[Over, Over]
    rows: tuple[tuple[Sample, ...], ...]
    point: Sample
    entries: int
    failures: tuple[str, ...]


class Probe:
    """The program as a function of the moved values. `record` runs it on values by name."""

    def __init__(
        self, record: Callable[[Mapping[str, Any]], Recording], values: Mapping[str, Any], overs: Sequence[Over]
    ) -> None:
        self._record = record
        self._values = dict(values)
        self._overs = tuple(overs)
        self.failures: dict[str, None] = {}
        self.entries = 1

    def moved(self, at: Sequence[float]) -> Recording:
        """The recording at a place. Raises ExplainError where the program cannot run there."""
        values = dict(self._values)
        for over, x in zip(self._overs, at, strict=True):
            if over.place:
                values[over.name] = np.array(values[over.name])
                values[over.name][over.place] = x
            else:
                values[over.name] = float(x)
        return self._record(values)

    def exact(self, at: Sequence[float]) -> Sample:
        """The program at a place. Raises ExplainError where it cannot run there."""
        recording = self.moved(at)
        sweep = reverse(recording.tape, recording.result, None)
        with np.errstate(all="ignore"):
            value = float(np.sum(recording.result.value))
        if math.isnan(value):  # outside the domain: the rules may still come to numbers, but there is no slope
            return Sample(tuple(map(float, at)), value, tuple(math.nan for _ in at))
        self.entries = max(self.entries, int(np.size(recording.result.value)))
        slopes = tuple(self._slope(recording, sweep, over) for over in self._overs)
        return Sample(tuple(map(float, at)), value, slopes, _noise(recording, sweep))

    def _slope(self, recording: Recording, sweep: Any, over: Over) -> float:
        gradient = sweep.gradients[recording.inputs[over.name].index]
        if gradient is None:
            return 0.0
        return float(gradient[over.place]) if over.place else float(gradient)

    def __call__(self, *at: float) -> Sample:
        """The program at a place; nan where it cannot run there, the reason being kept."""
        try:
            return self.exact(at)
        except LimitError:
            raise
        except ExplainError as error:
            self.failures[error.message] = None
            return Sample(at, math.nan, tuple(math.nan for _ in at))


def _noise(recording: Recording, sweep: Any) -> float:
    numbers = (number for node in recording.tape.nodes for number in (node.value, sweep.gradients[node.index]))
    sizes = (float(np.max(np.abs(number), initial=0.0)) for number in numbers if number is not None)
    return _ROUNDING * max((size for size in sizes if math.isfinite(size)), default=0.0)


def curve(probe: Probe, over: Over, point: float, count: int, text_of: Callable[[Any], str]) -> Curve:
    """The program along a range, at `count` places. Raises ExplainError where it cannot run at the point."""
    here = probe.exact((point,))
    samples = tuple(probe(x) for x in np.linspace(over.low, over.high, count).tolist())
    corners = tuple(sorted(_corners(probe, samples, text_of)))
    return Curve(over, samples, here, corners, probe.entries, tuple(probe.failures))


def plane(probe: Probe, overs: tuple[Over, Over], point: tuple[float, float], counts: tuple[int, int]) -> Plane:
    """The program over two ranges, at a grid of places. Raises ExplainError where it cannot run at the point."""
    here = probe.exact(point)
    across, up = (np.linspace(o.low, o.high, n).tolist() for o, n in zip(overs, counts, strict=True))
    rows = tuple(tuple(probe(x, y) for x in across) for y in up)
    return Plane(overs, rows, here, probe.entries, tuple(probe.failures))


_Pair = tuple[Sample, Sample]
_Measure = Callable[[Sample], float]


def _corners(probe: Probe, samples: Sequence[Sample], text_of: Callable[[Any], str]) -> Iterator[Corner]:
    """Where value or slope jump or run off, each place once; those of the value first."""
    width = samples[-1].at[0] - samples[0].at[0]
    found: list[float] = []
    for (left, right), measure in (*_at_samples(probe, samples, width), *_between(probe, samples, width)):
        x = left.at[0]
        if any(abs(x - known) <= _SAME * width for known in found):
            continue
        kind = ""
        if _has_no_bound(probe, x, width, measure):
            kind = "pole" if measure is _value or _has_no_bound(probe, x, width, _value) else "steep"
        elif _are_one(left, right, measure):
            continue
        corner = _corner(probe, (left, right), width, kind, text_of)
        if corner.kind == "corner" and _are_one(corner.left, corner.right, _slope):
            continue  # only the place itself has another slope: a choice that was made there
        found.append(x)
        yield corner


def _at_samples(probe: Probe, samples: Sequence[Sample], width: float) -> Iterator[tuple[_Pair, _Measure]]:
    """The two sides of the samples that have no number themselves: breaks like round places."""
    for sample in samples:
        if math.isfinite(sample.value) and math.isfinite(sample.slope):
            continue
        pairs = [_beside(probe, sample.at[0], part * width) for part in _PARTS]
        for measure in (_value, _slope):
            known = [pair for pair in pairs if all(math.isfinite(measure(side)) for side in pair)]
            if len(known) > 1 and _gap(known[0], measure) >= 0.5 * _gap(known[1], measure):  # what shrinks is no break
                yield known[0], measure


_PARTS = (_NARROW, 1e-9, 1e-7, 1e-5)


def _beside(probe: Probe, x: float, distance: float) -> _Pair:
    distance = max(distance, 4 * math.ulp(x))
    return probe(x - distance), probe(x + distance)


def _gap(pair: _Pair, measure: _Measure) -> float:
    return abs(measure(pair[1]) - measure(pair[0]))


def _between(probe: Probe, samples: Sequence[Sample], width: float) -> Iterator[tuple[_Pair, _Measure]]:
    """Steps larger than their neighbours', halved until only a jump is left."""
    for measure in (_value, _slope):
        steps = [abs(measure(b) - measure(a)) for a, b in pairwise(samples)]
        height = max((step for step in steps if math.isfinite(step)), default=0.0)
        for i, step in enumerate(steps):
            if math.isfinite(step) and step > _NOTHING * height and _stands_out(steps, i):
                pair = _narrowed(probe, samples[i], samples[i + 1], measure, step, width)
                if pair is not None:
                    yield pair, measure


def _are_one(left: Sample, right: Sample, measure: Callable[[Sample], float]) -> bool:
    """Whether the two sides differ by no more than rounding does."""
    one, other = measure(left), measure(right)
    return abs(one - other) <= _ALIKE * max(abs(one), abs(other)) + max(left.noise, right.noise)


def _has_no_bound(probe: Probe, x: float, width: float, measure: Callable[[Sample], float]) -> bool:
    """Whether the value or slope grows on and on towards a place: a jump is as high however near one looks."""
    sides = [[probe(x + side * part * width) for side in (-1, 1)] for part in (_FAR, _NEAR)]
    far, near = (max(abs(measure(sample)) for sample in pair) for pair in sides)
    return near > _GROWS * far and near > max(sample.noise for sample in sides[1])


def _value(sample: Sample) -> float:
    return sample.value


def _slope(sample: Sample) -> float:
    return sample.slope


def _stands_out(steps: Sequence[float], i: int) -> bool:
    beside = [s for s in (*steps[max(i - 2, 0) : i], *steps[i + 1 : i + 3]) if math.isfinite(s)]
    return not beside or steps[i] > _SUSPECT * min(beside)


def _narrowed(
    probe: Probe, left: Sample, right: Sample, measure: Callable[[Sample], float], step: float, width: float
) -> tuple[Sample, Sample] | None:
    """The two sides of a jump, as near as floats allow; None where the step shrinks with its place."""
    for turn in range(_HALVINGS):
        tried = (probe(left.at[0] + part * (right.at[0] - left.at[0])) for part in _ASIDE)
        middle = next((sample for sample in tried if math.isfinite(measure(sample))), None)
        if middle is None:
            return (left, right) if right.at[0] - left.at[0] <= _BLURRED * width else None
        before, after = abs(measure(middle) - measure(left)), abs(measure(right) - measure(middle))
        if before >= after:
            right = middle
        else:
            left = middle
        left_over = max(before, after)
        if left_over < _REMAINS * step and turn > 1:
            return None
        if right.at[0] - left.at[0] <= _NARROW * width:
            break
    return left, right


def _corner(
    probe: Probe, pair: tuple[Sample, Sample], width: float, kind: str, text_of: Callable[[Any], str]
) -> Corner:
    """The corner between two samples: the roundest number there, what lies just beside it, and its operation."""
    low, high = pair[0].at[0], pair[1].at[0]
    beside = 1e-9 * width
    left, right = _steadied(probe, low, -beside), _steadied(probe, high, beside)
    rounder = (_rounded((low + high) / 2, digits) for digits in range(1, 17))
    at = next((x for x in rounder if low - beside <= x <= high + beside), low)
    if abs(at) <= 10 * beside:
        at = 0.0
    left, right = _without_traces(left, right), _without_traces(right, left)
    jumps = abs(right.value - left.value) > 1e-6 * max(abs(left.value), abs(right.value), beside / 1e-9)
    return Corner(at, left, right, kind or ("jump" if jumps else "corner"), _cause(probe, left, right, text_of))


def _steadied(probe: Probe, x: float, beside: float) -> Sample:
    """The program beside a place. Where rounding leaves no slope so near, it is carried on from farther away."""
    near = probe(x + beside)
    far, farther = (probe(x + times * beside) for times in (_STEADY, 2 * _STEADY))
    carried = 2 * far.slope - farther.slope
    is_steady = abs(carried - near.slope) <= _UNSTEADY * abs(carried) or not abs(carried - far.slope) <= abs(far.slope)
    return near if is_steady or not math.isfinite(carried) else near._replace(slopes=(carried,))


def _without_traces(sample: Sample, other: Sample) -> Sample:
    """The sample with a slope of 0 where its own is only what is left of the way to the corner."""
    traces = abs(sample.slope) <= _ALIKE * abs(other.slope)
    return sample._replace(slopes=(0.0,)) if traces else sample


def _rounded(x: float, digits: int) -> float:
    return float(f"{x:.{digits}g}") + 0.0 if abs(x) > 1e-9 else 0.0


def _cause(probe: Probe, left: Sample, right: Sample, text_of: Callable[[Any], str]) -> str:
    """The first operation with a corner whose slope differs between the sides, or the condition that went over."""
    try:
        one, other = probe.moved(left.at), probe.moved(right.at)
    except ExplainError:
        return ""
    for a, b in zip(one.tape.branches, other.tape.branches, strict=False):
        if a.site is b.site and a.taken != b.taken:
            return text_of(a.site)
    sweeps = reverse(one.tape, one.result, None), reverse(other.tape, other.result, None)
    for a_node, b_node in zip(one.tape.nodes, other.tape.nodes, strict=False):
        if a_node.op is b_node.op and _may_turn(a_node) and _turns(a_node, b_node, sweeps):
            return text_of(a_node.site) or a_node.op.name
    return ""


def _may_turn(node: Var) -> bool:
    return bool(node.op.kinks) or node.op.family == "comparison"


def _turns(a: Var, b: Var, sweeps: tuple[Any, Any]) -> bool:
    """Whether an operation is on another side of its corner: the value or the slope by an argument differs."""
    if not a.op.elementwise:
        return not np.allclose(a.value, b.value, rtol=1e-6, atol=1e-6, equal_nan=True)
    for position, argument in enumerate(a.inputs):
        if not argument.tracked:
            continue
        slopes = []
        for node, sweep in zip((a, b), sweeps, strict=True):
            values = tuple(given.value for given in node.inputs)
            options = sweep.tape.options.get(node.index, {})
            slopes.append(pass_back(node.op, position, 1.0 + zeros_of(node), node.value, values, options)[1])
        if not np.allclose(slopes[0], slopes[1], rtol=1e-6, atol=1e-6, equal_nan=True):
            return True
    return not np.allclose(a.value, b.value, rtol=1e-6, atol=1e-6, equal_nan=True)
