"""What is true of a function at a point, to many digits, and how far our own numbers are from it.

The value is the function's definition in mpmath, its partials are differences of that definition, and so are the
condition numbers, which say how many digits a point leaves. Our rules are run only to be judged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import mpmath
import numpy as np

from autograd_explain.check.algebra import LARGEST_INSIDE, SMOOTH, PreciseAlgebra, Undefined, over_arrays
from autograd_explain.check.exact import exact_value, to_exact
from autograd_explain.check.law_parts import Sample, place_of, selecting
from autograd_explain.core.op import Op, compute
from autograd_explain.core.registry import OPERATIONS
from autograd_explain.core.shapes import as_value
from autograd_explain.core.tape import Tape
from autograd_explain.core.var import leaf
from autograd_explain.modes.forward import pass_on
from autograd_explain.modes.reverse import pass_back, reverse
from autograd_explain.ops.losses import COMPOSITES
from tests.laws.points import LEAST_NORMAL, loss_points, points
from tests.laws.samples import SAMPLES

CLOSE = 1e-13
LAST_BIT = 2.0**-52
ROOM = 16.0  # times what a last bit in the arguments does: the larger of the two above a condition number of 28
OVERFLOW = mpmath.mpf(2) ** 1024 - mpmath.mpf(2) ** 970  # from here on the nearest float is infinite
STEP_DIGITS = 40
STEP = mpmath.mpf(10) ** -STEP_DIGITS
FAR_OUT, FAR_DIGITS = 5.0, 420  # from there on 1 − σ(x) and its kind start late, down to the least float
UPSTREAM = (0.75, -1.25, 0.5, 1.5)

Exact = Callable[..., tuple[list[Any], list[Any]]]
Ours = Callable[..., tuple[Any, dict[int, Any]]]


@dataclass(frozen=True, slots=True)
class Subject:
    """A function to be judged at a point.

    `exact` takes its arguments as exact numbers and gives the entries of its value, with the choices made on the
    way. Each of `ours` takes the plain arguments and an upstream and gives the value and the gradient by each
    argument that has one. `fixed` are the positions of arguments that are not differentiated here.
    """

    name: str
    family: str
    arguments: tuple[str, ...]
    exact: Exact
    ours: dict[str, Ours]
    fixed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Truth:
    """A number to many digits, and how far it moves with the last bits of what it is made from, in those bits."""

    number: Any
    moves: Any

    @property
    def size(self) -> Any:
        """What errors are measured by: below the normal numbers, the least of those, for they have as many units."""
        return max(abs(self.number), mpmath.mpf(LEAST_NORMAL))

    @property
    def well_conditioned(self) -> bool:
        """Whether last bits in the arguments move it by less than what is allowed."""
        return bool(ROOM * LAST_BIT * self.moves <= CLOSE * self.size)

    def judge(self, actual: float) -> tuple[bool, float]:
        """Whether a float is right, and its error in parts of the number."""
        room = max(CLOSE * self.size, ROOM * LAST_BIT * self.moves)
        if not np.isfinite(actual):
            infinite = not np.isnan(actual) and mpmath.sign(actual) == mpmath.sign(self.number)
            return bool(infinite and abs(self.number) + room >= OVERFLOW), 0.0
        error = abs(mpmath.mpf(actual) - self.number)
        return bool(error <= room), float(error / self.size)


@dataclass(frozen=True, slots=True)
class Judged:
    """One number of ours beside the true one. `error` is relative, None where the point leaves fewer digits."""

    name: str
    family: str
    what: str  # "value", or "by x"
    place: str
    args: tuple[Any, ...]
    expected: float
    actual: float
    error: float | None
    right: bool

    def __str__(self) -> str:
        """Return `tanh by x at 360: 4.05e-313 is right, ours is 0.0`."""
        return f"{self.name} {self.what} at {self.place}: {self.expected!r} is right, ours is {self.actual!r}"


def judged(subject: Subject, sample: Sample) -> Iterator[Judged]:
    """Every entry of the value and of every partial at a point, beside the true one.

    Partials at a kink or at the edge of the domain are a convention, and not among them.
    """
    args, _ = sample
    with mpmath.workdps(_digits(args)):
        try:
            values, partials = truths(subject, args)
        except Undefined:
            return
        for way, ours in subject.ours.items():
            value, gradients = ours(args, upstream_for(len(values)))
            yield from _beside(subject, "value" + way, sample, values, value)
            for position, gradient in gradients.items():
                what = f"by {subject.arguments[min(position, len(subject.arguments) - 1)]}{way}"
                yield from _beside(subject, what, sample, partials[position], gradient)


def _beside(subject: Subject, what: str, sample: Sample, expected: Any, actual: Any) -> Iterator[Judged]:
    args, options = sample
    for truth, number in zip(expected, np.ravel(actual).tolist(), strict=True):
        if truth is not None:
            right, error = truth.judge(number)
            told = error if truth.well_conditioned else None
            true = float(truth.number)
            yield Judged(subject.name, subject.family, what, place_of(args, options), args, true, number, told, right)


def upstream_for(entries: int) -> list[float]:
    """An upstream for a value of that many entries: 1 for a single one."""
    return [1.0] if entries == 1 else [UPSTREAM[i % len(UPSTREAM)] for i in range(entries)]


def _digits(args: tuple[Any, ...]) -> int:
    """What two differences need where entries are squared, and something of the size of 1 is added."""
    sizes = [abs(entry) for arg in args for entry in np.ravel(arg).tolist() if entry]
    span = math.ceil(math.log10(max([1.0, *sizes])) - math.log10(min([1.0, *sizes])))
    return max(3 * STEP_DIGITS + 2 * span, FAR_DIGITS if max([0.0, *sizes]) > FAR_OUT else 0)


def truths(subject: Subject, args: tuple[Any, ...]) -> tuple[list[Truth | None], dict[int, list[Truth | None]]]:
    """The true value's entries, and by argument those of its gradient for `upstream_for`; None at a kink.

    Raises Undefined where there is no real value.
    """
    moved = [(i, entry) for i, arg in enumerate(args) if i not in subject.fixed for entry in range(np.size(arg))]
    run = _Run(subject, args, moved)
    slopes = [run.slope(number) for number in range(len(moved))]
    sizes = [abs(number) for number in run.numbers]
    values: list[Truth | None] = [
        Truth(out, sum(size * abs(slope[k]) for size, slope in zip(sizes, slopes, strict=True) if slope))
        for k, out in enumerate(run.centre)
    ]
    weights = upstream_for(len(values))
    partials: dict[int, list[Truth | None]] = {i: [] for i, _ in moved}
    for number, (position, _) in enumerate(moved):
        slope = slopes[number]
        if slope is None:
            partials[position].append(None)
            continue
        bends = sum(size * abs(run.bend(number, other, weights)) for other, size in enumerate(sizes))
        by_upstream = sum(abs(weight * part) for weight, part in zip(weights, slope, strict=True))
        total = sum(weight * part for weight, part in zip(weights, slope, strict=True))
        partials[position].append(Truth(total, bends + by_upstream))
    return values, partials


class _Run:
    """The exact function at a point and beside it, each place worked out once."""

    def __init__(self, subject: Subject, args: tuple[Any, ...], moved: list[tuple[int, int]]) -> None:
        self.subject = subject
        self.args = tuple(map(to_exact, args))
        self.moved = moved
        self.numbers = [np.ravel(np.asarray(self.args[i], dtype=object))[entry] for i, entry in moved]
        least = min([1, *(abs(number) for number in self.numbers if number)])
        self.steps = [STEP * (min(abs(number), 1) or least) for number in self.numbers]
        self.seen: dict[tuple[int, ...], tuple[list[Any], list[Any]]] = {}
        self.centre, self.choices = self.at()

    def at(self, *shifts: int) -> tuple[list[Any], list[Any]]:
        """Value and choices with these numbers moved up by a step, or down (written ~number), together."""
        key = tuple(sorted(shifts))
        if key not in self.seen:
            self.seen[key] = self._worked_out(key)
        return self.seen[key]

    def _worked_out(self, shifts: tuple[int, ...]) -> tuple[list[Any], list[Any]]:
        args = [np.array(arg, dtype=object) for arg in self.args]
        for shift in shifts:
            number = shift if shift >= 0 else ~shift
            position, entry = self.moved[number]
            args[position].reshape(-1)[entry] += self.steps[number] if shift >= 0 else -self.steps[number]
        return self.subject.exact(*(arg if arg.ndim else arg[()] for arg in args))

    def slope(self, number: int) -> list[Any] | None:
        """Every value's derivative by one number; None at a kink, a jump or an edge."""
        try:
            (below, left), (above, right) = self.at(~number), self.at(number)
        except Undefined:
            return None
        if not left == self.choices == right:
            return None
        return [(b - a) / (2 * self.steps[number]) for a, b in zip(below, above, strict=True)]

    def bend(self, number: int, other: int, weights: list[float]) -> Any:
        """The second derivative of Σ weight·value by two numbers; 0 where there is none."""
        try:
            both, one, two = self.at(number, other)[0], self.at(number)[0], self.at(other)[0]
        except Undefined:
            return mpmath.mpf(0)
        rows = zip(weights, both, one, two, self.centre, strict=True)
        return sum(w * (b - x - y + c) for w, b, x, y, c in rows) / (self.steps[number] * self.steps[other])


class _Remembering(PreciseAlgebra):
    """mpmath's functions, each worked out once for a number: beside a point most entries are where they were."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in SMOOTH:
            return super().__getattr__(name)
        return over_arrays(lambda *args: _known(name, mpmath.mp.prec, *args))


@lru_cache(maxsize=1024)
def _known(name: str, precision: int, *args: Any) -> Any:
    return SMOOTH[name](*args)


def of_operation(op: Op, sample: Sample) -> Subject:
    """A row of the table of operations, with the options of the sample."""
    args, options = sample

    def exact(*numbers: Any) -> tuple[list[Any], list[Any]]:
        algebra = _Remembering()
        out = exact_value(op, numbers, options, algebra, LARGEST_INSIDE)
        return list(np.ravel(np.asarray(out, dtype=object))), algebra.choices

    fixed = {*selecting(op, args), *_chosen(op, args, options)}

    def one(given: tuple[Any, ...], upstream: list[float]) -> tuple[Any, dict[int, Any]]:
        out = compute(op, given, options)
        weights = as_value(np.array(upstream).reshape(np.shape(out)))
        ruled = [i for i in range(len(given)) if _has_rule(op, i) and i not in fixed]
        return out, {i: pass_back(op, i, weights, out, given, options)[1] for i in ruled}

    def many(given: tuple[Any, ...], upstream: list[float]) -> tuple[Any, dict[int, Any]]:
        return one(tuple(np.full((1,), arg) for arg in given), upstream)

    def forward(given: tuple[Any, ...], upstream: list[float]) -> tuple[Any, dict[int, Any]]:
        out = compute(op, given, options)
        ruled = [i for i in range(len(given)) if _has_rule(op, i) and i not in fixed]
        return out, {i: _pushed(op, i, out, given, options, upstream) for i in ruled}

    ways = {"": one, " of arrays": many} if op.scalar is not None else {"": one}
    if not op.elementwise:
        ways[" in forward mode"] = forward
    return Subject(op.name, op.family, op.arguments, exact, ways, tuple(fixed))


def _chosen(op: Op, args: tuple[Any, ...], options: dict[str, Any]) -> Iterator[int]:
    """The arguments by which the derivative is a matter of convention here."""
    for position in range(len(args)):
        at_kink = any(kink.concerns(position) and np.any(kink.at(*args, **options)) for kink in op.kinks)
        if at_kink or not op.differentiable:
            yield position


def _pushed(
    op: Op, position: int, out: Any, given: tuple[Any, ...], options: dict[str, Any], upstream: list[float]
) -> list[float]:
    """The gradient put together from forward sweeps, one for each entry of the argument."""
    shape = np.shape(given[position])
    found = []
    for entry in range(np.size(given[position])):
        tangent = np.zeros(shape)
        tangent.reshape(-1)[entry] = 1.0
        pushed = pass_on(op, position, as_value(tangent), out, given, options)[1]
        found.append(float(np.dot(upstream, np.ravel(pushed))))
    return found


def _has_rule(op: Op, position: int) -> bool:
    return (op.partials[position] if op.elementwise else op.vjp_for(position)) is not None


def _softplus(z: Any) -> Any:
    return _known("log", mpmath.mp.prec, 1 + _known("exp", mpmath.mp.prec, z))


# A loss of one prediction and one target, and the side of its corner on which they lie.
LOSSES: dict[str, Callable[[Any, Any], tuple[Any, Any]]] = {
    "mse": lambda p, t: ((p - t) ** 2, None),
    "mae": lambda p, t: (abs(p - t), mpmath.sign(p - t)),
    "huber": lambda p, t: ((p - t) ** 2 / 2 if abs(p - t) <= 1 else abs(p - t) - mpmath.mpf(1) / 2, abs(p - t) <= 1),
    "bce_with_logits": lambda z, t: (t * _softplus(-z) + (1 - t) * _softplus(z), None),
    "hinge": lambda s, t: (max(mpmath.mpf(0), 1 - t * s), mpmath.sign(1 - t * s)),
}


def of_loss(name: str) -> Subject:
    """A loss that is a short program, run on the tape."""
    composite = COMPOSITES[name]

    def exact(p: Any, t: Any) -> tuple[list[Any], list[Any]]:
        pairs = [LOSSES[name](a, b) for a, b in zip(np.ravel(p), np.ravel(t), strict=True)]
        return [sum(loss for loss, _ in pairs) / len(pairs)], [side for _, side in pairs]

    def ours(given: tuple[Any, ...], upstream: list[float]) -> tuple[Any, dict[int, Any]]:
        tape = Tape()
        leaves = [leaf(tape, "pt"[i], arg, tracked=True) for i, arg in enumerate(given)]
        result = composite(*leaves)
        return result.value, {i: reverse(tape, result).gradients[i] for i in range(len(given))}

    return Subject(name, "loss", composite.arguments, exact, {"": ours})


def samples_of(name: str) -> Iterator[Sample]:
    """Every point of an operation or loss."""
    return points(OPERATIONS[name], SAMPLES.get(name, [])) if name in OPERATIONS else loss_points(name)


def subject_of(name: str, sample: Sample) -> Subject:
    """An operation or loss by its name, to be judged at this point."""
    return of_operation(OPERATIONS[name], sample) if name in OPERATIONS else of_loss(name)


def all_judged(name: str) -> Iterator[Judged]:
    """Every number of an operation or loss at every one of its points."""
    for sample in samples_of(name):
        yield from judged(subject_of(name, sample), sample)


@dataclass(frozen=True, slots=True)
class Limit:
    """Where a rule is known to miss, and why it stays as it is."""

    name: str
    what: str
    place: str
    holds: Callable[..., Any]
    why: str


LIMITS = (
    Limit(
        "pow", "by x", "the base below the normal numbers, the exponent near 0",
        lambda x, y: 0 < abs(x) < LEAST_NORMAL and abs(y) < 1e-3,
        "x**(y - 1) overflows before y makes it small: to look would cost every power",
    ),
    Limit(
        "pow", "by x", "a negative base, an exponent beyond 2**53",
        lambda x, y: x < 0 and abs(y) >= 2.0**53,
        "such floats are all even: y - 1 is y again, and the sign is lost",
    ),
    Limit(
        "product_of_others", "by x in forward mode", "entries whose products overflow",
        lambda x: np.max(np.abs(x)) > 1e150,
        "it is met in second derivatives alone, and a tangent of 0 there meets a product that is infinite",
    ),
    Limit(
        "bce_with_logits", "by t", "a score near 0",
        lambda z, t: np.min(np.abs(z)) < 1e-3,
        "-z comes as a difference of two numbers near log(2), in the form whose slope by z keeps its digits",
    ),
)  # fmt: skip


def known_limit(number: Judged) -> Limit | None:
    """The limit that a number falls under."""
    alike = (limit for limit in LIMITS if limit.name == number.name and number.what.startswith(limit.what))
    return next((limit for limit in alike if limit.holds(*number.args)), None)
