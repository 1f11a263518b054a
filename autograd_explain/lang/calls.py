"""Calls compiled to closures: operations, losses, makers of constants, `len`, and the program's own functions.

One table per kind of function; which kind a name is of is settled when the call is compiled.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autograd_explain.core.notation import Scatter
from autograd_explain.core.op import Op
from autograd_explain.core.refusals import REFUSALS, refused
from autograd_explain.core.registry import ALIASES, OPERATIONS, find
from autograd_explain.core.signature import bind
from autograd_explain.core.traced import Traced
from autograd_explain.core.var import Var, unary
from autograd_explain.errors import DomainError, ExplainError, NameProblem, ShapeError
from autograd_explain.lang import gradients
from autograd_explain.lang.constants import MAKERS, Maker
from autograd_explain.lang.custom import Own, as_operation, counted
from autograd_explain.lang.expressions import Code, Scope, expression, run_operation, subscript_key
from autograd_explain.lang.frame import Frame, cut, named, plain
from autograd_explain.ops.losses import COMPOSITES, Composite
from autograd_explain.ops.shaping import stack

_OPERATOR_ROWS = {"add", "sub", "mul", "div", "pow", "neg", "index", "lt", "le", "gt", "ge", "eq", "ne"}


def function_names() -> frozenset[str]:
    """Every name the language can call without a `def`."""
    rows = {name for name in (*OPERATIONS, *ALIASES) if name not in _OPERATOR_ROWS}
    return frozenset({*rows, *COMPOSITES, *MAKERS, "len", gradients.NAME})


def call(node: ast.Call, scope: Scope) -> Code:
    """The closure of a call; an unknown function is refused here, before anything runs.

    Raises NameProblem with the nearest known name as a hint.
    """
    name = node.func.id  # type: ignore[attr-defined]
    if name in scope.functions:
        return _own(node, scope, name)
    op = None if name in _OPERATOR_ROWS else find(name)
    if op is not None:
        return _operation(node, scope, op)
    if name in COMPOSITES:
        return _composite(node, scope, COMPOSITES[name])
    if name in MAKERS:
        return _maker(node, scope, MAKERS[name])
    if name == "len":
        return _length(node, scope)
    if name == gradients.NAME:
        return _scoped(scope, node, *gradients.gradient(node, scope))
    raise scope.failed(node.func, NameProblem(f"unknown function {name!r}", hint=_suggestion(node, scope, name)))


def _suggestion(node: ast.Call, scope: Scope, name: str) -> str:
    import difflib

    known = sorted(function_names() | scope.functions.keys())
    near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.7)
    tail = "All functions: autograd-explain ops"
    if near:
        return f"did you mean {near[0]}?   {tail}"
    if len(node.args) == 1 and len(name) <= _LONGEST_VARIABLE:
        return f"for a product write {name}*({scope.parsed.text_of(node.args[0])})   {tail}"
    return tail


_LONGEST_VARIABLE = 2


def _arguments(node: ast.Call, scope: Scope) -> tuple[list[Code], dict[str, Code]]:
    codes = [expression(arg, scope) for arg in node.args]
    return codes, {str(keyword.arg): expression(keyword.value, scope) for keyword in node.keywords}


def _operation(node: ast.Call, scope: Scope, op: Op) -> Code:
    if op.variadic:
        return _joining(node, scope, op)
    if isinstance(op.layout, Scatter) and len(node.args) == _WITH_PLACES and isinstance(node.args[1], ast.Subscript):
        return _scattering(node, scope, op, node.args[1])
    codes, options = _arguments(node, scope)
    places = {**{keyword.arg: keyword.value for keyword in node.keywords}}
    nodes = [*node.args[: len(op.arguments)], *(places[a] for a in op.arguments if a in places)]

    if len(codes) == 1 and op.arguments == ("x",) and op.elementwise and not op.options and not options:
        return _function(node, scope, op, codes[0])

    def operation(frame: Frame) -> Any:
        given = tuple([code(frame) for code in codes])
        try:
            args, settings = bind(op, given, {name: code(frame) for name, code in options.items()})
            _refuse_tuples(op, args)
        except ExplainError as error:
            raise scope.failed(node, error) from None
        return run_operation(scope, node, op, frame, args, nodes, settings)

    return operation


def _function(node: ast.Call, scope: Scope, op: Op, code: Code) -> Code:
    """A function of one number, entry by entry: nothing to settle when it runs, so loops run it fast."""
    fast = unary(op)

    def function(frame: Frame) -> Any:
        value = code(frame)
        if type(value) is not Var and type(value) is not float:
            return _any_function(node, scope, op, frame, value)
        frame.tape.site = node
        return fast(value)

    return function


def _any_function(node: ast.Call, scope: Scope, op: Op, frame: Frame, value: Any) -> Any:
    try:
        _refuse_tuples(op, (value,))
    except ExplainError as error:
        raise scope.failed(node, error) from None
    return run_operation(scope, node, op, frame, (value,), node.args, {})


def _refuse_tuples(op: Op, args: Iterable[Any]) -> None:
    if not _NO_NUMBERS.isdisjoint([type(arg) for arg in args]):
        raise DomainError(
            f"{op.name} takes numbers and arrays here", hint=f"{op.signature}; an array is written [1, 2]"
        )


_NO_NUMBERS = {tuple, bool, type(None)}


def _joining(node: ast.Call, scope: Scope, op: Op) -> Code:
    listed = node.args[0] if node.args and isinstance(node.args[0], ast.List) else None
    parts = [expression(element, scope) for element in listed.elts] if listed else []
    codes, options = _arguments(node, scope)

    def join(frame: Frame) -> Any:
        if listed:
            given: Any = [code(frame) for code in parts]
            rest = [code(frame) for code in codes[1:]]
        else:
            given, *rest = [code(frame) for code in codes] or [()]
            given = list(given) if isinstance(given, tuple) or np.ndim(plain(given)) else given
        nodes = listed.elts if listed else node.args[:1] * len(given) if isinstance(given, list) else []
        try:
            args, settings = bind(op, (given, *rest), {name: code(frame) for name, code in options.items()})
        except ExplainError as error:
            raise scope.failed(node, error) from None
        return run_operation(scope, node, op, frame, args, nodes, settings)

    return join


def _scattering(node: ast.Call, scope: Scope, op: Op, places: ast.Subscript) -> Code:
    """`scatter_add(value, zeros(shape)[key])`, as rules are printed: the indexing says where, and is not done."""
    code, whole_code, key_code = (
        expression(node.args[0], scope), expression(places.value, scope), subscript_key(places, scope),
    )  # fmt: skip

    def scatter(frame: Frame) -> Any:
        value, whole, key = code(frame), whole_code(frame), key_code(frame)
        options = {"key": key, "shape": np.shape(plain(whole))}
        return run_operation(scope, node, op, frame, (value,), node.args[:1], options)

    return scatter


_WITH_PLACES = 2


def _scoped(scope: Scope, node: ast.Call, codes: list[Code], work: Callable[[Frame, list[Any]], Any]) -> Code:
    """Run on the arguments inside a scope of the tape that bears the call's text."""
    title = scope.parsed.text_of(node)

    def inside(frame: Frame) -> Any:
        values = [code(frame) for code in codes]  # what the arguments record stands before the call
        start = len(frame.tape.nodes)
        value = work(frame, values)
        frame.tape.leave_call(start, title, node)
        return value

    return inside


def _composite(node: ast.Call, scope: Scope, loss: Composite) -> Code:
    codes, options = _arguments(node, scope)
    allowed = {name for name, _ in loss.options}
    wrong = len(codes) + len(options) > len(loss.arguments) + len(allowed) or len(codes) < len(loss.arguments)
    if wrong or not options.keys() <= allowed:
        error = DomainError(f"{loss.name} takes {len(loss.arguments)} arguments, not {len(codes)}", hint=loss.signature)
        raise scope.failed(node, error)

    def work(frame: Frame, given: list[Any]) -> Any:
        values = [named(frame, value, arg) for value, arg in zip(given, node.args, strict=True)]
        settings = {name: cut(code(frame)) for name, code in options.items()}
        frame.tape.site = node
        try:
            _refuse_arrays(loss, settings)
            return loss(*values, **settings)
        except (ExplainError, *REFUSALS) as error:
            row = OPERATIONS["sub"]
            raise scope.failed(node, refused(row, tuple(values), scope.texts(node.args), error)) from None

    return _scoped(scope, node, codes, work)


def _refuse_arrays(loss: Composite, settings: dict[str, Any]) -> None:
    for name, value in settings.items():
        if type(value) is not float:
            raise DomainError(f"{name} of {loss.name} must be a number", hint=loss.signature)


def _maker(node: ast.Call, scope: Scope, maker: Maker) -> Code:
    codes, options = _arguments(node, scope)

    def make(frame: Frame) -> Any:
        given = [code(frame) for code in codes]
        settings = {name: code(frame) for name, code in options.items()}
        frame.tape.site = node
        try:
            return maker.make(frame.run.random, *given, **settings)
        except ExplainError as error:
            error.hint = error.hint or maker.signature
            raise scope.failed(node, error) from None
        except REFUSALS:
            wrong = DomainError(f"{maker.name} cannot be called this way", hint=f"{maker.signature}: {maker.note}")
            raise scope.failed(node, wrong) from None

    return make


def _length(node: ast.Call, scope: Scope) -> Code:
    codes, options = _arguments(node, scope)
    if len(codes) != 1 or options:
        raise scope.failed(node, DomainError("len takes 1 argument", hint="len(x): the size of the first axis"))

    def length(frame: Frame) -> float:
        shape = np.shape(plain(codes[0](frame)))
        if not shape:
            raise scope.failed(node, ShapeError("a number has no length", hint="len(x) is the size of x's first axis"))
        return float(shape[0])

    return length


def _own(node: ast.Call, scope: Scope, name: str) -> Code:
    """A call of a function the program defines: looked up when it runs, since a `def` is a statement."""
    if node.keywords:
        hint = f"{name}({', '.join(scope.functions[name])})"
        raise scope.failed(node, DomainError("the program's own functions take arguments by position", hint=hint))
    codes = [expression(arg, scope) for arg in node.args]

    def work(frame: Frame, values: list[Any]) -> Any:
        own = frame.run.functions.get(name)
        if own is None:
            raise scope.failed(node, NameProblem(f"{name} is called before its def", hint="move the def up"))
        try:
            if name in frame.run.rules and any(type(value) is Var for value in values):
                return _with_rule(node, scope, frame, own, values)
            return own.call(frame, node, values)
        except ExplainError as error:
            raise scope.failed(node, error) from None

    inside = _scoped(scope, node, codes, work)

    def called(frame: Frame) -> Any:
        if name in frame.run.rules:  # one operation: there is no inside to show
            return work(frame, [code(frame) for code in codes])
        return inside(frame)

    return called


def _with_rule(node: ast.Call, scope: Scope, frame: Frame, own: Own, values: list[Any]) -> Any:
    """A call of a function that has its own backward rule: one operation, not the steps of its body."""
    if len(values) != len(own.parameters):
        hint = f"a function with its own rule takes every argument: {own.name}({', '.join(own.parameters)})"
        raise DomainError(f"{own.name} takes {counted(len(own.parameters), 'argument')}, not {len(values)}", hint=hint)
    op = as_operation(own, frame.run.rules[own.name], frame, lambda error: scope.failed(node, error))
    return run_operation(scope, node, op, frame, tuple(values), node.args, {})


def stacked(frame: Frame, scope: Scope, node: ast.expr, values: tuple[Any, ...]) -> Any:
    """Several values as one array, for a result that is a tuple."""
    if any(isinstance(value, Traced) for value in values):
        return run_operation(scope, node, stack, frame, values, [node] * len(values), {"axis": 0})
    return np.array(values, dtype=np.float64)
