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
_GROWS = 10.0  # what grows so far from the first of these distances to the second has no bound
_FAR, _NEAR = 1e-4, 1e-7
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
        return Sample(tuple(map(float, at)), value, tuple(self._slope(recording, sweep, over) for over in self._overs))

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


def _corners(probe: Probe, samples: Sequence[Sample], text_of: Callable[[Any], str]) -> Iterator[Corner]:
    """Where value or slope jump: steps larger than their neighbours', halved until only a jump is left."""
    width = samples[-1].at[0] - samples[0].at[0]
    found: list[float] = []
    for is_value, measure in ((True, _value), (False, _slope)):
        steps = [abs(measure(b) - measure(a)) for a, b in pairwise(samples)]
        height = max((step for step in steps if math.isfinite(step)), default=0.0)
        for i, step in enumerate(steps):
            if not math.isfinite(step) or step <= _NOTHING * height or not _stands_out(steps, i):
                continue
            pair = _narrowed(probe, samples[i], samples[i + 1], measure, step, width)
            if pair is None or any(abs(pair[0].at[0] - x) <= 4 * _NARROW * width for x in found):
                continue
            found.append(pair[0].at[0])
            grown = _has_no_bound(probe, pair[0].at[0], width, measure)
            yield _corner(probe, pair, width, ("pole" if is_value else "steep") if grown else "", text_of)


def _has_no_bound(probe: Probe, x: float, width: float, measure: Callable[[Sample], float]) -> bool:
    """Whether the value or slope grows on and on towards a place: a jump is as high however near one looks."""
    far, near = (max(abs(measure(probe(x + side * part * width))) for side in (-1, 1)) for part in (_FAR, _NEAR))
    return near > _GROWS * far


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
        middle = probe((left.at[0] + right.at[0]) / 2)
        if not math.isfinite(measure(middle)):
            return None
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
    left, right = probe(low - beside), probe(high + beside)
    at = next((x for digits in range(1, 17) if low - beside <= (x := _rounded(low, digits)) <= high + beside), low)
    jumps = abs(right.value - left.value) > 1e-6 * max(abs(left.value), abs(right.value), beside / 1e-9)
    return Corner(at, left, right, kind or ("jump" if jumps else "corner"), _cause(probe, left, right, text_of))


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
    for position in range(len(a.inputs)):
        slopes = []
        for node, sweep in zip((a, b), sweeps, strict=True):
            values = tuple(argument.value for argument in node.inputs)
            options = sweep.tape.options.get(node.index, {})
            slopes.append(pass_back(node.op, position, 1.0 + zeros_of(node), node.value, values, options)[1])
        if not np.allclose(slopes[0], slopes[1], rtol=1e-6, atol=1e-6, equal_nan=True):
            return True
    return not np.allclose(a.value, b.value, rtol=1e-6, atol=1e-6, equal_nan=True)
