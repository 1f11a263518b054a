"""A program's own derivative: a function with an `@backward_of` rule becomes one operation.

As with `torch.autograd.Function`, the body is not looked into by the sweep: the rule is used in its place. The
body is still what the checkers differentiate.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from autograd_explain.core.notation import Call
from autograd_explain.core.op import Op
from autograd_explain.core.shapes import as_value, shape_of, show_shape
from autograd_explain.core.tape import Tape
from autograd_explain.core.traced import Traced
from autograd_explain.core.var import Var
from autograd_explain.errors import DomainError, ExplainError, ShapeError
from autograd_explain.lang.frame import Frame, deep_calls, plain

Function = Callable[[Frame, Any, list[Any]], Any]


@dataclass(frozen=True, slots=True)
class Own:
    """A function of the program: its name and parameters, its `def`, and its body ready to run."""

    name: str
    parameters: tuple[str, ...]
    node: ast.FunctionDef
    call: Function


class Algebraic(Traced):
    """A value of some algebra (SymPy's, mpmath's), so that a program's body can be run in it."""

    __slots__ = ("algebra", "value")

    def __init__(self, algebra: Any, value: Any) -> None:
        self.algebra = algebra
        self.value = value

    @staticmethod
    def trace_operation(op: Op, args: tuple[Any, ...], options: dict[str, Any]) -> Algebraic:
        """The operation's own definition, in the algebra."""
        algebra = next(arg.algebra for arg in args if isinstance(arg, Algebraic))
        return Algebraic(algebra, op.symbolic(algebra, *map(plain, args), **options))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value."""
        return shape_of(self.value)


def as_operation(
    own: Own, rule: Own, frame: Frame, failed: Callable[[ExplainError], ExplainError] = lambda error: error
) -> Op:
    """The operation that runs the body forward and the rule backward; `failed` adds the call's place to an error.

    Raises DomainError where the rule does not take `(upstream, out, *arguments)`.
    """
    _check_parameters(own, rule)
    frame.tape.once = True  # the body and the rule read the program's other names, as they are at that moment

    def run(function: Own, values: Sequence[Any]) -> Any:
        return _run(function, values, frame)

    def forward(*args: Any) -> Any:
        if any([isinstance(arg, Traced) for arg in args]):  # noqa: C419 - the body as a formula: its steps are asked for
            return run(own, args)
        return as_value(plain(run(own, list(map(as_value, args)))))

    def symbolic(algebra: Any, *args: Any) -> Any:
        return plain(run(own, [Algebraic(algebra, arg) for arg in args]))

    def back(position: int) -> Callable[..., Any]:
        def contribution(upstream: Any, out: Any, *args: Any) -> Any:
            try:
                return _share(own, rule, position, args, run(rule, [upstream, out, *args]))
            except ExplainError as error:
                raise failed(error) from None

        return contribution

    count = len(own.parameters)
    return Op(
        own.name, own.parameters, forward, symbolic, Call(own.name), "own", f"The program's own rule, {rule.name}.",
        vjp=tuple(back(position) for position in range(count)), steps=lambda *args: _STEPS,
    )  # fmt: skip


def _check_parameters(own: Own, rule: Own) -> None:
    wanted = 2 + len(own.parameters)
    if len(rule.parameters) != wanted:
        raise DomainError(
            f"{rule.name} must take {wanted} values, not {len(rule.parameters)}",
            hint=f"def {rule.name}(upstream, out, {', '.join(own.parameters)}): …",
        )


def _run(function: Own, values: Sequence[Any], frame: Frame) -> Any:
    """A function of the program on other values, on their tape or on none of its own run's."""
    names = {name: plain(value) for name, value in frame.program_names.items()}
    tape = next((value.tape for value in values if isinstance(value, Var)), None) or Tape()
    known, frame.run.literals = frame.run.literals, {}  # those belong to the tape they were recorded on
    try:
        with deep_calls():  # a rule runs during the sweep, when the program itself has ended
            return function.call(Frame({}, names, frame.run, tape), function.node, list(values))
    finally:
        frame.run.literals = known


_STEPS = 2000  # making the operation costs more than most bodies


def _share(own: Own, rule: Own, position: int, args: tuple[Any, ...], returned: Any) -> Any:
    """One argument's contribution out of what the rule returned."""
    parts = returned if isinstance(returned, tuple) else (returned,)
    if len(parts) != len(own.parameters):
        raise DomainError(
            f"{rule.name} returned {counted(len(parts), 'gradient')}, "
            f"{own.name} has {counted(len(own.parameters), 'argument')}",
            hint=f"return one for each of {', '.join(own.parameters)}",
        )
    share = parts[position]
    found, needed = shape_of(share), shape_of(args[position])
    if found != needed:
        raise ShapeError(
            f"{rule.name} returned shape {show_shape(found)} for {own.parameters[position]}, "
            f"which has {show_shape(needed)}",
            hint="a gradient has the shape of what it belongs to",
        )
    return share


def counted(number: int, thing: str) -> str:
    """`1 gradient`, `2 gradients`."""
    return f"{number} {thing}" + ("" if number == 1 else "s")
