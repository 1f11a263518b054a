"""Every recorded number against SymPy's: local derivatives, contributions and sums, operation by operation.

Whatever is wrong here is wrong whatever rounding did before, because each comparison starts from the recorded
numbers. Large arrays are sampled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np

from autograd_explain.check.algebra import Undefined
from autograd_explain.check.budget import ENTRIES_OF_ONE_NODE, NODE_ENTRIES, STRUCTURED_COST, Clock, cost
from autograd_explain.check.derivatives import DIGITS, MANY_DIGITS, TINY, Singular, local_for, plain_local
from autograd_explain.check.double import directional_fault
from autograd_explain.check.edges import Findings, Visit, unsummed, untracked, visits
from autograd_explain.check.exact import pull_back, to_exact, to_float
from autograd_explain.check.kinks import Kinked, kinked_at, sides_of_structured
from autograd_explain.check.naming import Naming, entry, number
from autograd_explain.check.ratios import times_what_is_right
from autograd_explain.check.rounding import EXCUSED, shake
from autograd_explain.core.var import Var
from autograd_explain.modes.records import Sweep
from autograd_explain.modes.reverse import local_derivative
from autograd_explain.ops.reductions import back

CLOSE = 1e-10  # relative; a right rule is right to 1e-12
NOTHING = 1e-300  # below this float64 itself has run out of digits
_EPSILON = 2.0**-52
_NONE: dict[str, Any] = {}


@dataclass(slots=True)
class Examiner:
    """Looks at one visited operation after another and keeps what it finds."""

    sweep: Sweep
    naming: Naming
    clock: Clock
    entries: int  # of one elementwise operation
    work: int  # scalar operations of one structured operation
    findings: Findings

    def examine(self, visit: Visit) -> None:
        """Compare one operation's recorded numbers with SymPy's."""
        node = visit.node
        args = tuple([argument.value for argument in node.inputs])
        options = self.sweep.tape.options.get(node.index, _NONE)
        if not node.op.has_form:
            self._doubt(visit, f"{node.op.name} has no symbolic form, so SymPy has nothing to differentiate")
            return
        if type(node.value) is float and node.op.partials:
            self._scalar(visit, args, options)
            return
        self.clock.look()
        if not all(np.all(np.isfinite(value)) for value in (node.value, visit.upstream, *_that_matter(node))):
            self._doubt(visit, self._not_finite(visit))
        elif node.op.elementwise:
            self._elementwise(visit, args, options)
        else:
            self._structured(visit, args, options)

    def _doubt(self, visit: Visit, why: str, only: int | None = None) -> None:
        for position in visit.contributions if only is None else (only,):
            self.findings.doubts.setdefault(visit.node.inputs[position].index, why)

    def _not_finite(self, visit: Visit) -> str:
        """Where a number stopped being finite: in the value, in an argument, or only in what came back."""
        operation = self.naming.operation(visit.node)
        if not np.all(np.isfinite(visit.node.value)):
            return f"{operation} is not finite{_listed(visit.node.value)}"
        for argument in visit.node.inputs:
            if _matters(visit.node, argument) and not np.all(np.isfinite(argument.value)):
                label = self.naming.label(argument)
                return f"{operation} has an argument that is not finite: {label}{_listed(argument.value)}"
        return f"the upstream that reaches {operation} is not finite{_listed(visit.upstream)}"

    def _fault(self, visit: Visit, position: int, says: Any, recorded: Any, what: str, place: str = "") -> None:
        argument = visit.node.inputs[position]
        role = visit.node.op.arguments[0 if visit.node.op.variadic else position]
        why = (
            f"{self.naming.operation(visit.node)}: the {what} by its argument {role} "
            f"({self.naming.label(argument)}{place}) is {number(says)} by SymPy, {number(recorded)} was recorded"
        )
        times = times_what_is_right(float(says), float(recorded))
        why += f": {times}" if times else ""
        self.findings.faults.setdefault(argument.index, why)

    def _scalar(self, visit: Visit, args: tuple[float, ...], options: dict[str, Any]) -> None:
        node, op = visit.node, visit.node.op
        finite = all([_finite(value) for value in (node.value, visit.upstream, *args)])  # noqa: C419 - a hot path
        finite = finite or all(map(_finite, (node.value, visit.upstream, *_that_matter(node))))
        for position, contribution in visit.contributions.items():
            recorded = local_derivative(op.partials[position], node.value, args, options)
            if not finite:
                self._doubt(visit, self._not_finite(visit))
                continue
            if _finite(contribution) and not _near(contribution, visit.upstream * recorded, 1e-14):
                self._fault(visit, position, visit.upstream * recorded, contribution, "contribution")
            kinked = kinked_at(op, args, options, position, recorded) if op.kinks else None
            if kinked is not None:
                self._at_kink(visit, position, kinked, recorded, passes=visit.upstream != 0.0)
                continue
            if recorded != plain_local(op, options, position, args):
                self._compare_local(visit, position, args, options, recorded)

    def _compare_local(
        self, visit: Visit, position: int, args: tuple[Any, ...], options: dict[str, Any], recorded: float, at: str = ""
    ) -> None:
        local, numbers = local_for(visit.node.op, options, position)
        exact_args = [*map(to_exact, map(float, args)), *numbers]
        try:
            expected = local.at(exact_args, position)
        except Singular:
            self._singular(visit, position, recorded)
            return
        rounded = float(expected)
        if _near(rounded, recorded, CLOSE) or _excused(local, exact_args, position, expected, recorded):
            return
        if not _finite(recorded):
            why = f"{self.naming.operation(visit.node)} has the local derivative {number(recorded)}"
            self._doubt(visit, why, position)
        else:
            self._fault(visit, position, rounded, recorded, "local derivative", at)

    def _singular(self, visit: Visit, position: int, recorded: float) -> None:
        argument = visit.node.inputs[position]
        label = self.naming.label(argument)
        why = f"{self.naming.operation(visit.node)}: SymPy's derivative by {label} has no value here"
        if visit.upstream is not None and _finite(recorded):
            self.findings.kinks.setdefault(argument.index, f"{why}; {number(recorded)} is taken by convention")
        else:
            self._doubt(visit, why, position)

    def _at_kink(
        self, visit: Visit, position: int, kinked: Kinked, recorded: float, place: str = "", *, passes: bool = True
    ) -> None:
        argument = visit.node.inputs[position]
        if kinked.smooth:
            self._fault(visit, position, kinked.left, recorded, "local derivative", place)
        elif kinked.wrong:
            self.findings.faults.setdefault(
                argument.index,
                f"{self.naming.operation(visit.node)}: {number(recorded)} was recorded, which is not between the "
                f"one-sided derivatives {kinked.text}",
            )
        elif passes:
            self.findings.kinks.setdefault(
                argument.index,
                f"{self.naming.operation(visit.node)} is at a kink ({kinked.place}): by "
                f"{self.naming.label(argument)}{place} its derivative is {kinked.text}; {number(recorded)} is taken",
            )

    def _elementwise(self, visit: Visit, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        node, op = visit.node, visit.node.op
        shape = np.shape(node.value)
        stretched = [np.broadcast_to(arg, shape).ravel() for arg in args]
        upstream = np.ravel(visit.upstream)
        for position, contribution in visit.contributions.items():
            recorded = np.asarray(local_derivative(op.partials[position], node.value, args, options))
            if not self._adds_up(visit, position, recorded, contribution):
                continue
            flat = np.broadcast_to(recorded, shape).ravel()
            for place in self._places(stretched, flat):
                entries = tuple(float(values[place]) for values in stretched)
                kinked = kinked_at(op, entries, options, position, float(flat[place]))
                where = entry(node.value, tuple(map(int, np.unravel_index(place, shape))))
                if kinked is not None:
                    self._at_kink(visit, position, kinked, float(flat[place]), where, passes=upstream[place] != 0.0)
                else:
                    self._compare_local(visit, position, entries, options, float(flat[place]), where)

    def _adds_up(self, visit: Visit, position: int, local: Any, contribution: Any) -> bool:
        """Whether the contribution is upstream × local, summed over what broadcasting stretched."""
        target = visit.node.inputs[position].shape
        if np.shape(contribution) != target:
            why = f"the contribution has shape {np.shape(contribution)}, not {target}"
            place = visit.node.inputs[position].index
            self.findings.faults.setdefault(place, f"{self.naming.operation(visit.node)}: {why}")
            return False
        shape = np.shape(visit.node.value)
        product = np.broadcast_to(visit.upstream * local, shape)
        expected, size = _summed(product, target), _summed(np.abs(product), target)
        wrong = np.abs(expected - contribution) > 1e-13 * size * max(1, np.size(product)) ** 0.5 + NOTHING
        if not np.any(wrong):
            return True
        at = tuple(map(int, np.unravel_index(int(np.argmax(wrong)), target)))
        says, said = np.asarray(expected)[at], np.asarray(contribution)[at]
        self._fault(visit, position, says, said, "contribution", entry(expected, at))
        return False

    def _places(self, stretched: list[Any], local: Any) -> list[int]:
        size = len(local)
        if size <= self.entries:
            return list(range(size))
        self.findings.sampled = "large arrays by sampled entries and random directions"
        random = np.random.default_rng(0)
        places = {int(p) for p in random.choice(size, self.entries, replace=False)}
        return sorted(places | {int(pick(v)) for v in (*stretched, local) for pick in (np.argmin, np.argmax)})

    def _structured(self, visit: Visit, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        for position, contribution in visit.contributions.items():
            target = visit.node.inputs[position].shape
            if np.shape(contribution) != target:
                self._adds_up(visit, position, 0.0, contribution)
                return
        if self._structured_kink(visit, args, options):
            return
        try:
            if cost(visit.node) > self.work:
                self._directions(visit, args, options)
            else:
                self._entry_by_entry(visit, args, options)
        except Undefined:
            self._doubt(visit, f"{self.naming.operation(visit.node)} has no derivative that SymPy's form gives here")

    def _structured_kink(self, visit: Visit, args: tuple[Any, ...], options: dict[str, Any]) -> bool:
        node = visit.node
        if not any(np.any(kink.at(*args, **options)) for kink in node.op.kinks) or not np.any(visit.upstream):
            return False
        for position, contribution in visit.contributions.items():
            kinked, place = sides_of_structured(node, position, args, options, visit.upstream, contribution)
            if kinked is not None:
                where = entry(args[position], place)
                self._at_kink(visit, position, kinked, float(np.asarray(contribution)[place]), where)
        self._beside_the_kink(visit, args, options)
        return True

    def _beside_the_kink(self, visit: Visit, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        """A reduction of which only some slices are at the kink: the others are compared as ever."""
        if "axis" not in options or len(args) != 1 or len(visit.node.op.kinks) != 1:
            return
        (x,), (kink,) = args, visit.node.op.kinks
        at = np.asarray(kink.at(x, **options))
        there = np.broadcast_to(back(1.0 * at, np.asarray(x), options["axis"]) != 0.0, np.shape(x))
        if np.all(there) or cost(visit.node) > self.work:
            return
        elsewhere = np.where(there, 1.0 + np.arange(np.size(x)).reshape(np.shape(x)), x)
        upstream = np.where(at.reshape(np.shape(visit.upstream)), 0.0, visit.upstream)
        contributions = {i: np.where(there, 0.0, amount) for i, amount in visit.contributions.items()}
        try:
            self._entry_by_entry(Visit(visit.node, upstream, contributions), (elsewhere,), options)
        except Undefined:
            return  # what is said of the kink stands alone

    def _entry_by_entry(self, visit: Visit, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        wanted = tuple(visit.contributions)
        expected = _pulled(visit, args, visit.upstream, options)
        off = {i: _off(expected[i], visit.contributions[i]) for i in wanted}
        if not any(np.any(wrong) for wrong in off.values()):
            return
        room = self._room(visit, args, options, expected)
        for position in wanted:
            recorded = np.asarray(visit.contributions[position])
            says = np.asarray(to_float(expected[position]))
            wrong = np.asarray(off[position]) & ~(np.abs(says - recorded) <= EXCUSED * room[position])
            if np.any(wrong):
                place = tuple(int(i) for i in np.unravel_index(int(np.argmax(wrong)), wrong.shape))
                where = entry(recorded, place)
                self._fault(visit, position, says[place], recorded[place], "contribution", where)

    def _room(self, visit: Visit, args: tuple[Any, ...], options: dict[str, Any], expected: Any) -> dict[int, Any]:
        """How far the exact contributions move when the recorded numbers move in their last bit."""
        random = np.random.default_rng(2)
        room = {i: np.zeros(np.shape(value)) for i, value in expected.items()}
        for _ in range(3):
            moved = tuple(shake(arg, random) for arg in args)
            others = _pulled(visit, moved, shake(visit.upstream, random), options)
            for i, value in others.items():
                room[i] = np.maximum(room[i], np.abs(to_float(value - expected[i])))
        return room

    def _directions(self, visit: Visit, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        self.findings.sampled = "large arrays by sampled entries and random directions"
        for position, contribution in visit.contributions.items():
            fault = directional_fault(visit, position, args, options, contribution)
            if fault is not None:
                self._fault(visit, position, *fault, "contribution along a random direction")


def _pulled(visit: Visit, args: tuple[Any, ...], upstream: Any, options: dict[str, Any]) -> dict[int, Any]:
    """The exact contributions, with enough digits for tiny ones."""
    wanted = tuple(visit.contributions)
    exact_args = tuple(map(to_exact, args))
    pulled = pull_back(visit.node.op, exact_args, options, to_exact(upstream), wanted)
    if any(np.any(np.abs(np.asarray(value)) < TINY) for value in pulled.values()):
        with mpmath.workdps(MANY_DIGITS):
            pulled = pull_back(visit.node.op, exact_args, options, to_exact(upstream), wanted)
    return pulled


def _off(expected: Any, recorded: Any) -> Any:
    says = np.asarray(to_float(expected))
    with np.errstate(all="ignore"):
        return ~(np.abs(says - recorded) <= CLOSE * np.abs(says) + NOTHING)


def _summed(array: Any, shape: tuple[int, ...]) -> Any:
    leading = tuple(range(np.ndim(array) - len(shape)))
    array = np.sum(array, axis=leading) if leading else np.asarray(array)
    axes = tuple(i for i, size in enumerate(shape) if size == 1 and array.shape[i] != 1)
    return np.sum(array, axis=axes, keepdims=True) if axes else array


def _matters(node: Var, argument: Var) -> bool:
    """Whether an argument has to be finite: a bound that stands still, as that of `clip(x, 0, inf)`, need not be."""
    return argument.tracked or not node.op.elementwise


def _that_matter(node: Var) -> list[Any]:
    return [argument.value for argument in node.inputs if _matters(node, argument)]


def _listed(value: Any) -> str:
    return f" ({value:g})" if type(value) is float else ""


def _finite(value: float) -> bool:
    return value - value == 0.0


def _near(a: float, b: float, relative: float) -> bool:
    return abs(a - b) <= relative * max(abs(a), abs(b)) + NOTHING


def _excused(local: Any, args: list[Any], position: int, expected: Any, recorded: float) -> bool:
    """Whether a last bit more or less in the arguments would move the derivative as far as it is off."""
    if not _finite(recorded):
        return bool(abs(expected) > mpmath.mpf(10) ** 308)
    room = mpmath.mpf(0)
    for i, arg in enumerate(args):
        moved = local.plainly([*args[:i], arg * (1 + mpmath.mpf(_EPSILON)), *args[i + 1 :]])
        room += 0 if moved is None else abs(moved - expected)
    return bool(abs(expected - mpmath.mpf(recorded)) <= EXCUSED * room + NOTHING)


def examine(sweep: Sweep, naming: Naming, clock: Clock) -> Findings:
    """Everything found wrong, at a kink or open in the recorded sweep, carried back to the inputs."""
    findings = Findings()
    with mpmath.workdps(DIGITS), np.errstate(all="ignore"):
        try:
            seen = list(visits(sweep))
        except IndexError:
            findings.faults[sweep.result.index] = "an argument that is tracked has no contribution"
            seen = []
        structured = sum(not visit.node.op.elementwise for visit in seen)
        entries = max(4, min(ENTRIES_OF_ONE_NODE, NODE_ENTRIES // max(1, len(seen))))
        examiner = Examiner(sweep, naming, clock, entries, STRUCTURED_COST // max(3, structured), findings)
        for number_, visit in enumerate(seen):
            if number_ % 256 == 0:
                clock.look()
            examiner.examine(visit)
        _sums(sweep, seen, naming, findings)
    findings.carry_back(sweep.tape, sweep.result)
    return findings


def _sums(sweep: Sweep, seen: list[Visit], naming: Naming, findings: Findings) -> None:
    nodes = sweep.tape.nodes
    for place in unsummed(sweep, seen) if seen else ():
        why = f"the gradient of {naming.label(nodes[place])} is not the sum of its contributions"
        findings.faults.setdefault(place, why)
    for node in untracked(sweep):
        for argument in node.inputs:
            if argument.tracked:
                why = f"{naming.operation(node)} depends on {naming.label(argument)} but was left out of the walk back"
                findings.faults.setdefault(argument.index, why)
