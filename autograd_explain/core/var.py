"""`Var`: a value that remembers how it was made.

A `Var` is one row of its tape. Its operators record; they do not differentiate. The two fast recorders below
(one argument, two arguments) spell out what `record` does in general, because they are what a long run spends
its time in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from autograd_explain.core.notation import Call
from autograd_explain.core.op import Op, apply, compute
from autograd_explain.core.shapes import Shape, as_value, shape_of
from autograd_explain.core.tape import Branch, Tape
from autograd_explain.core.traced import Traced
from autograd_explain.errors import ExplainError


def _leaf(name: str) -> Op:
    def nothing(*args: Any, **options: Any) -> Any:
        raise AssertionError(f"{name} is given, not computed")

    return Op(name, (), nothing, nothing, Call(name), "leaf", "A value given from outside.")


INPUT = _leaf("input")
CONSTANT = _leaf("constant")
_new = object.__new__


class Var(Traced):
    """A recorded value.

    `value` is a float or a float64 array; `tracked` says whether it takes part in differentiation; `op` and
    `inputs` say what it was made by and from; `index` is its place on the tape, `site` its place in the program.
    """

    __slots__ = ("index", "inputs", "op", "site", "tape", "tracked", "value")

    tape: Tape
    index: int
    op: Op
    inputs: tuple[Var, ...]
    value: Any
    tracked: bool
    site: Any

    @staticmethod
    def trace_operation(op: Op, args: tuple[Any, ...], options: dict[str, Any]) -> Var:
        """Record the operation on the tape that its first recorded argument is on."""
        return record(next(arg.tape for arg in args if type(arg) is Var), op, args, options)

    @property
    def shape(self) -> Shape:
        """The shape of the value; `()` for a number."""
        return shape_of(self.value)

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self.value)))  # type: ignore[index]

    def __float__(self) -> float:
        return float(self.value)

    def __bool__(self) -> bool:
        taken = bool(self.value)
        tape = self.tape
        tape.branches.append(Branch(self.index, tape.site, taken, "if", len(tape.nodes)))
        return taken

    def __repr__(self) -> str:
        return f"Var({self.value!r})"


def _append(tape: Tape, op: Op, inputs: tuple[Var, ...], value: Any, tracked: bool) -> Var:
    node: Var = _new(Var)
    node.tape = tape
    node.op = op
    node.inputs = inputs
    node.value = value
    node.tracked = tracked
    node.site = tape.site
    nodes = tape.nodes
    node.index = len(nodes)
    nodes.append(node)
    return node


def leaf(tape: Tape, name: str, value: Any, *, tracked: bool) -> Var:
    """An input of the run: a value given from outside under a name. The array is copied."""
    node = _append(tape, INPUT, (), as_value(value) if type(value) is float else as_value(value + 0.0), tracked)
    tape.names[node.index] = name
    return node


def constant(tape: Tape, value: Any, site: Any = None) -> Var:
    """A value of the program itself, recorded once for each place (`site`) that writes it."""
    known: Var | None
    if type(value) is not float:
        known = _append(tape, CONSTANT, (), as_value(value), tracked=False)
    else:
        key = (value, site) if value else None  # 0.0 and -0.0 are equal as keys but not as numbers
        known = tape.constants.get(key)
        if known is not None:
            return known
        known = _append(tape, CONSTANT, (), value, tracked=False)
        if key is not None:
            tape.constants[key] = known
    known.site = site
    return known


def record(tape: Tape, op: Op, args: tuple[Any, ...], options: dict[str, Any]) -> Var:
    """Work the operation out and append it to the tape.

    Raises ExplainError where the arguments belong to two different runs.
    """
    inputs = tuple(arg if type(arg) is Var else constant(tape, arg) for arg in args)
    if any(node.tape is not tape for node in inputs):
        raise two_tapes()
    value = compute(op, tuple(node.value for node in inputs), options)
    tracked = op.differentiable and any(node.tracked for node in inputs)
    node = _append(tape, op, inputs, value, tracked)
    if options:
        tape.options[node.index] = options
    return node


def two_tapes() -> ExplainError:
    """The error for mixing values of two runs."""
    return ExplainError(
        "these two values were recorded in different runs",
        hint="a value can only meet values of its own run; hand its number over with float(…) or .value",
    )


def binary(op: Op) -> Callable[[Any, Any], Any]:
    """A fast form of `apply(op, left, right)`; also the method of `Var`'s operator."""
    scalar: Any = op.scalar
    differentiable = op.differentiable

    def call(left: Any, right: Any) -> Any:
        if type(left) is Var:
            tape = left.tape
            if type(right) is not Var:
                if isinstance(right, Traced):
                    return NotImplemented
                right = constant(tape, right if type(right) is float else as_value(right))
            elif right.tape is not tape:
                raise two_tapes()
        elif type(right) is Var:
            tape = right.tape
            left = constant(tape, left if type(left) is float else as_value(left))
        else:
            return apply(op, left, right)
        a = left.value
        b = right.value
        node: Var = _new(Var)
        if type(a) is float and type(b) is float:
            try:
                value = scalar(a, b)
                node.value = value if type(value) is float else compute(op, (a, b), {})
            except (ArithmeticError, ValueError):
                node.value = compute(op, (a, b), {})
        else:
            node.value = compute(op, (a, b), {})
        node.tape = tape
        node.op = op
        node.inputs = (left, right)
        node.tracked = differentiable and (left.tracked or right.tracked)
        node.site = tape.site
        nodes = tape.nodes
        node.index = len(nodes)
        nodes.append(node)
        return node

    return call


def unary(op: Op) -> Callable[[Any], Any]:
    """A fast form of `apply(op, argument)`."""
    scalar: Any = op.scalar
    differentiable = op.differentiable

    def call(argument: Any) -> Any:
        if type(argument) is not Var:
            return apply(op, argument)
        a = argument.value
        node: Var = _new(Var)
        if type(a) is float and scalar is not None:
            try:
                value = scalar(a)
                node.value = value if type(value) is float else compute(op, (a,), {})
            except (ArithmeticError, ValueError):
                node.value = compute(op, (a,), {})
        else:
            node.value = compute(op, (a,), {})
        tape = argument.tape
        node.tape = tape
        node.op = op
        node.inputs = (argument,)
        node.tracked = differentiable and argument.tracked
        node.site = tape.site
        nodes = tape.nodes
        node.index = len(nodes)
        nodes.append(node)
        return node

    return call
