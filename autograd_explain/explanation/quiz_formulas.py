"""Formulas held against one another: both are worked out at several points, by the language and nothing else.

A formula is read by the language's parser and run by its interpreter under small limits; it is never executed as
Python. A point is the run done again, operation by operation, on other values of the inputs, so that everything the
run has a name for fits together there.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from autograd_explain.core.op import compute
from autograd_explain.core.shapes import as_value, shape_of
from autograd_explain.core.var import Var
from autograd_explain.errors import ExplainError, LanguageError, NameProblem
from autograd_explain.lang.calls import function_names
from autograd_explain.lang.interpret import recorder
from autograd_explain.lang.names import OPTIONAL, names_of, suggestion
from autograd_explain.lang.parse import Parsed, parse
from autograd_explain.limits import Limits
from autograd_explain.modes.records import Recording

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

UPSTREAM = "upstream"
LIMITS = Limits(nodes=2_000, statements=50_000, depth=10, elements=10_000, text=500, nesting=50)
"""What a formula or number of a learner may ask for."""
Equality = Literal["equal", "different", "unknown"]
_POINTS = 12
_ENOUGH = 3
_LARGEST_REPLAY = 3_000
_CLOSE, _NEAR_ZERO = 1e-6, 1e-10


def read_formula(text: str) -> Parsed:
    """The one expression in the text. Raises ExplainError for anything else."""
    parsed = parse(text, function_names(), LIMITS)
    body = parsed.tree.body
    if len(body) != 1 or not isinstance(body[0], ast.Expr):
        raise LanguageError("this is more than one expression", hint="write the right side alone, such as 2*x")
    return parsed


def same_text(left: str, right: str) -> bool:
    """Whether two texts read as the very same formula: spaces and spelling apart."""
    try:
        return ast.dump(read_formula(left).tree) == ast.dump(read_formula(right).tree)
    except (ExplainError, RecursionError):
        return False


class Points:
    """Values for everything that may be named at one operation: at the run's own point, and at others around it."""

    def __init__(self, run: Explanation, node: Var, upstream: Any, *, count: int = _POINTS) -> None:
        self._run = run
        self._node = node
        self._upstream = upstream
        self._count = count

    @cached_property
    def known(self) -> dict[str, int]:
        """The names that may be used, with the value each is of; `upstream` comes besides."""
        labels = self._run.words.labels
        return {labels[i]: i for i in self._ancestors if labels[i].isidentifier()}

    @cached_property
    def _ancestors(self) -> list[int]:
        """The operation and everything it was made from; of a long run, its arguments alone."""
        needed = {self._node.index}
        nodes = self._run.tape.nodes
        for node in reversed(nodes[: self._node.index + 1]):
            if node.index in needed:
                needed.update(argument.index for argument in node.inputs)
            if len(needed) > _LARGEST_REPLAY:
                return sorted({self._node.index, *(argument.index for argument in self._node.inputs)})
        return sorted(needed)

    @cached_property
    def _places(self) -> list[dict[str, Any]]:
        return list(self._all())

    def _all(self) -> Iterator[dict[str, Any]]:
        random = np.random.default_rng(len(self._ancestors))
        for number in range(self._count):
            values = self._replayed(number, random)
            if values is not None:
                upstream = _moved(self._upstream, number, random)
                yield {UPSTREAM: upstream} | {name: values[i] for name, i in self.known.items()}

    def _replayed(self, number: int, random: np.random.Generator) -> dict[int, Any] | None:
        """The run up to the operation on other inputs; None where an operation cannot take them."""
        tape = self._run.tape
        fixed, inside = self._fixed, set(self._ancestors)
        values: dict[int, Any] = {}
        for i in self._ancestors:
            node = tape.nodes[i]
            if not node.inputs or any(argument.index not in inside for argument in node.inputs):
                values[i] = node.value if i in fixed else _moved(node.value, number, random)
                continue
            try:
                args = tuple(values[argument.index] for argument in node.inputs)
                values[i] = compute(node.op, args, tape.options.get(i, {}))
            except (ExplainError, ArithmeticError, ValueError, IndexError, TypeError):
                return None
        return values

    @cached_property
    def _fixed(self) -> frozenset[int]:
        """What stays as it is: constants, and class numbers, which only select."""
        chosen = self._run.recording.class_numbers()
        inputs = {node.index for name, node in self._run.recording.inputs.items() if name not in chosen}
        leaves = {i for i in self._ancestors if not self._run.tape.nodes[i].inputs}
        return frozenset(leaves - inputs)

    def values(self, text: str) -> list[Any]:
        """What a formula comes to at each point; None where it cannot be worked out there.

        Raises ExplainError for a text that is no formula, and for a name that means nothing here.
        """
        run, names = self._reader(text)
        return [_value_at(run, {name: point[name] for name in names}) for point in self._places]

    def recorded(self, text: str) -> Recording:
        """The formula run at the run's own point. Raises ExplainError."""
        run, names = self._reader(text)
        return run({name: self._places[0][name] for name in names}, 0)

    def _reader(self, text: str) -> tuple[Callable[[Mapping[str, Any], int], Recording], list[str]]:
        parsed = read_formula(text)
        names = names_of(parsed)
        known = {*self.known, UPSTREAM}
        used = [*names.required, *(name for name in names.optional if name in known)]
        for name in used:
            if name not in known and name not in OPTIONAL:
                hint = suggestion(name, sorted(known)) or f"the names here are {', '.join(sorted(known))}"
                message = f"{name} means nothing here"
                raise NameProblem(message, span=names.places[name], source=parsed.source, hint=hint)
        return recorder(parsed, limits=LIMITS), used

    def trouble(self, text: str) -> str:
        """Why a formula has no finite value at the run's own point; "" where it has one."""
        run, names = self._reader(text)
        try:
            with np.errstate(all="ignore"):
                value = run({name: self._places[0][name] for name in names}, 0).result.value
        except ExplainError as error:
            return error.message
        except (ArithmeticError, ValueError, IndexError, TypeError, RecursionError, MemoryError):
            return "this cannot be worked out"
        return "" if np.all(np.isfinite(value)) else "at this run's numbers this does not come to a finite value"

    def gives(self, text: str, right: Any) -> bool:
        """Whether a formula comes to the recorded number at the run's own point."""
        try:
            (found, *_) = self.values(text)
        except (ExplainError, ValueError):
            return False
        return found is not None and bool(np.allclose(found, right, rtol=_CLOSE, atol=_NEAR_ZERO, equal_nan=True))

    def compare(self, left: str, right: str) -> Equality:
        """Whether two formulas come to the same at every point where both have a value. Raises ExplainError."""
        met = 0
        for number, (a, b) in enumerate(zip(self.values(left), self.values(right), strict=True)):
            if number == 0 and _has_values(a) != _has_values(b):
                return "different"
            if not (_has_values(a) and _has_values(b)):
                continue
            if not _agree(a, b):
                return "different"
            met += 1
        return "equal" if met >= _ENOUGH else "unknown"


def _value_at(run: Any, point: dict[str, Any]) -> Any:
    try:
        with np.errstate(all="ignore"):
            return as_value(run(point, 0).result.value)
    except (ExplainError, ArithmeticError, ValueError, IndexError, TypeError, RecursionError, MemoryError):
        return None


def _has_values(value: Any) -> bool:
    """Whether a finite number is among the entries."""
    return value is not None and bool(np.any(np.isfinite(value)))


def _agree(left: Any, right: Any) -> bool:
    """Whether two values are the same where both are finite, a number counting as an array that is the same all over.

    An entry that only one of them has no finite number for lies outside the domain of that way of writing it.
    """
    if shape_of(left) != shape_of(right) and () not in {shape_of(left), shape_of(right)}:
        return False
    both = np.isfinite(left) & np.isfinite(right)
    close = np.isclose(left, right, rtol=_CLOSE, atol=_NEAR_ZERO)
    return bool(np.any(both) and np.all(close | ~both))


def _moved(value: Any, number: int, random: np.random.Generator) -> Any:
    """Another value of the same shape: the first as it was, then by turns one nearby and one anywhere about."""
    if number == 0:
        return value
    shape = shape_of(value)
    if number % 2:
        return as_value(value * (1 + 0.4 * random.uniform(-1, 1, shape)) + 0.1 * random.uniform(-1, 1, shape))
    return as_value(2 * random.standard_normal(shape))
