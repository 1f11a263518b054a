"""`Var`: a value that remembers how it was made.

A `Var` is one row of its tape. Its operators record; they do not differentiate. The two fast recorders below
(one argument, two arguments) spell out what `record` does in general, because they are what a long run spends
its time in: `python -m benchmarks engine` says how long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_explain.core.notation import Call
from autograd_explain.core.op import Op, apply, compute
from autograd_explain.core.refusals import REFUSALS, refused
from autograd_explain.core.shapes import Shape, as_value, shape_of, show_shape
from autograd_explain.core.tape import Branch, Tape
from autograd_explain.core.traced import Traced
from autograd_explain.errors import DomainError, ExplainError


def _leaf(name: str) -> Op:
    def nothing(*args: Any, **options: Any) -> Any:
        raise AssertionError(f"{name} is given, not computed")

    return Op(name, (), nothing, nothing, Call(name), "leaf", "A value given from outside.")


INPUT = _leaf("input")
CONSTANT = _leaf("constant")


class Var(Traced):
    """A recorded value.

    `value` is a float or a float64 array; `tracked` says whether it takes part in differentiation; `op` and
    `inputs` say what it was made by and from; `index` is its place on the tape, `site` its place in the program.

    `first` and `second` are how the inputs are kept. An elementwise operation of one or two arguments and no
    options has them there, without a tuple: one object fewer for each operation of a long run. For every other
    value `first` is None and `second` the tuple of inputs.
    """

    __slots__ = ("first", "index", "op", "second", "site", "tape", "tracked", "value")

    tape: Tape
    index: int
    op: Op
    first: Var | None
    second: Any
    value: Any
    tracked: bool
    site: Any

    if TYPE_CHECKING:  # given at run time by `ops.numpy_names` and `session`
        grad: Any
        ndim: int
        size: int

        def backward(self, upstream: Any = None, *, retain: bool = False) -> None:
            """Walk back from here: see `session`."""

        def retain_grad(self) -> None:
            """Collect this value's gradient as well: see `session`."""

        def __setitem__(self, key: Any, new: Any) -> None: ...

    @staticmethod
    def trace_operation(op: Op, args: tuple[Any, ...], options: dict[str, Any]) -> Var:
        """Record the operation on the tape that its first recorded argument is on.

        Another kind of traced number among the arguments goes before: to it, recorded values are constants.
        """
        for arg in args:
            if isinstance(arg, Traced) and type(arg) is not Var:
                return arg.trace_operation(op, args, options)  # type: ignore[no-any-return]
        if len(args) == 1 and op.partials and not options:
            recorded: Var = unary(op)(args[0])
            return recorded
        return record(next(arg.tape for arg in args if type(arg) is Var), op, args, options)

    @property
    def inputs(self) -> tuple[Var, ...]:
        """The values this one was made from, in the order of the operation's arguments."""
        first = self.first
        if first is None:
            among: tuple[Var, ...] = self.second
            return among
        return (first,) if self.second is None else (first, self.second)

    @property
    def shape(self) -> Shape:
        """The shape of the value; `()` for a number."""
        return shape_of(self.value)

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self.value)))

    def __float__(self) -> float:
        return float(self.cut())

    def read(self) -> Any:
        """The plain value, noted on the tape as read: what is recorded may depend on it in ways no operation shows."""
        self.tape.reads.add(self.index)
        return self.value

    def cut(self) -> Any:
        """The plain value, read to be calculated with: no gradient passes there, and the tape knows that."""
        self.tape.cuts.add(self.index)
        return self.read()

    def __bool__(self) -> bool:
        if type(self.value) is not float and self.value.size != 1:
            message = f"a condition needs one number, this one has shape {show_shape(self.shape)}"
            raise DomainError(message, hint="to choose entry by entry write functions.where(condition, a, b)")
        taken = bool(self.value)
        tape = self.tape
        tape.branches.append(Branch(self.index, tape.site, taken, "if", len(tape.nodes)))
        return taken

    def __repr__(self) -> str:
        return f"Var({self.value!r})"


def _append(tape: Tape, op: Op, first: Var | None, second: Any, value: Any, tracked: bool) -> Var:
    node = Var()
    node.tape = tape
    node.op = op
    node.first = first
    node.second = second
    node.value = value
    node.tracked = tracked
    node.site = tape.site
    nodes = tape.nodes
    node.index = len(nodes)
    nodes.append(node)
    return node


def leaf(tape: Tape, name: str, value: Any, *, tracked: bool) -> Var:
    """An input of the run: a value given from outside under a name. The array is copied."""
    own = value if type(value) is float else as_value(np.array(value, dtype=np.float64))
    node = _append(tape, INPUT, None, (), own, tracked)
    tape.names[node.index] = name
    return node


def constant(tape: Tape, value: Any, site: Any = None) -> Var:
    """A value of the program itself, recorded once for each place (`site`) that writes it."""
    known: Var | None
    if type(value) is not float:
        known = _append(tape, CONSTANT, None, (), as_value(value), tracked=False)
    else:
        key = (value, site) if value else None  # 0.0 and -0.0 are equal as keys but not as numbers
        known = tape.constants.get(key)
        if known is not None:
            return known
        known = _append(tape, CONSTANT, None, (), value, tracked=False)
        if key is not None:
            tape.constants[key] = known
    known.site = site
    return known


def record(tape: Tape, op: Op, args: tuple[Any, ...], options: dict[str, Any]) -> Var:
    """Work the operation out and append it to the tape.

    Raises ExplainError where the arguments belong to two different runs.
    """
    inputs = tuple([arg if type(arg) is Var else constant(tape, arg) for arg in args])
    tracked = False
    for node in inputs:
        if node.tape is not tape:
            raise two_tapes()
        tracked = tracked or node.tracked
    value = _worked_out(op, inputs, options)
    tracked = tracked and op.differentiable
    if op.partials and not options and len(inputs) <= 2:
        node = _append(tape, op, inputs[0], inputs[1] if len(inputs) == 2 else None, value, tracked)
    else:
        node = _append(tape, op, None, inputs, value, tracked)
    if options:
        tape.options[node.index] = options
    return node


def _worked_out(op: Op, inputs: tuple[Var, ...], options: dict[str, Any]) -> Any:
    """The operation's value on recorded values. Raises ExplainError, told by the inputs' names, where it has none."""
    try:
        return compute(op, tuple([node.value for node in inputs]), options)
    except REFUSALS as error:
        arguments = [f"part {i + 1}" for i in range(len(inputs))] if op.variadic else op.arguments
        names = [node.tape.names.get(node.index, own) for node, own in zip(inputs, arguments, strict=True)]
        raise refused(op, inputs, names, error) from error


def _no_scalar_form(*args: float) -> None:
    """Stand in for an operation that only has a form for arrays."""


def _plain(op: Op, scalar: Any, *numbers: float) -> Any:
    """The operation on floats of which nothing is recorded, as loops over counters have them."""
    try:
        value = scalar(*numbers)
        if type(value) is float:
            return value
    except (ArithmeticError, ValueError):
        pass  # `compute` has the IEEE answer
    return compute(op, numbers, {})


def two_tapes() -> ExplainError:
    """The error for mixing values of two runs."""
    return ExplainError(
        "these two values were recorded in different runs",
        hint="a value can only meet values of its own run; hand its number over with float(…) or .value",
    )


@lru_cache(maxsize=512)
def binary(op: Op) -> Callable[[Any, Any], Any]:
    """A fast form of `apply(op, left, right)`; also the method of `Var`'s operator."""
    scalar: Any = op.scalar or _no_scalar_form
    differentiable = op.differentiable

    def call(left: Any, right: Any) -> Any:
        if type(left) is not Var or type(right) is not Var:
            if type(left) is not Var and type(right) is not Var:
                return _plain(op, scalar, left, right) if type(left) is type(right) is float else apply(op, left, right)
            if isinstance(left, Traced) and isinstance(right, Traced):
                return apply(op, left, right)  # to another kind of traced number, recorded values are constants
            left, right = _both_recorded(left, right)
        tape = left.tape
        if right.tape is not tape:
            raise two_tapes()
        a = left.value
        b = right.value
        value = None
        if type(a) is float and type(b) is float:
            try:
                value = scalar(a, b)
            except (ArithmeticError, ValueError):
                pass  # `compute` has the IEEE answer
        nodes = tape.nodes
        node = Var()
        node.value = value if type(value) is float else _worked_out(op, (left, right), {})
        node.op = op
        node.first = left
        node.second = right
        node.tracked = differentiable and (left.tracked or right.tracked)
        node.tape = tape
        node.site = tape.site
        node.index = len(nodes)
        nodes.append(node)
        return node

    return call


def _both_recorded(left: Any, right: Any) -> tuple[Var, Var]:
    """Two sides of which one is recorded, with the other one as a constant of the same run."""
    if type(left) is Var:
        return left, constant(left.tape, right if type(right) is float else as_value(right))
    return constant(right.tape, left if type(left) is float else as_value(left)), right


@lru_cache(maxsize=512)
def unary(op: Op) -> Callable[[Any], Any]:
    """A fast form of `apply(op, argument)`."""
    scalar: Any = op.scalar or _no_scalar_form
    differentiable = op.differentiable
    if not op.partials:
        return lambda argument: apply(op, argument)

    def call(argument: Any) -> Any:
        if type(argument) is not Var:
            return _plain(op, scalar, argument) if type(argument) is float else apply(op, argument)
        a = argument.value
        value = None
        if type(a) is float:
            try:
                value = scalar(a)
            except (ArithmeticError, ValueError):
                pass  # `compute` has the IEEE answer
        tape = argument.tape
        nodes = tape.nodes
        node = Var()
        node.value = value if type(value) is float else _worked_out(op, (argument,), {})
        node.op = op
        node.first = argument
        node.second = None
        node.tracked = differentiable and argument.tracked
        node.tape = tape
        node.site = tape.site
        node.index = len(nodes)
        nodes.append(node)
        return node

    return call
