"""Statements compiled to closures: assignments, conditions, loops, definitions.

A compiled statement returns None, or a one-entry tuple when a `return` ran inside it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd_explain.core.var import Var
from autograd_explain.errors import DomainError, ExplainError, NameProblem, ShapeError
from autograd_explain.lang.custom import Own
from autograd_explain.lang.endless import Watch
from autograd_explain.lang.expressions import Code, Scope, expression, located_decision
from autograd_explain.lang.frame import Frame, plain, whole
from autograd_explain.limits import exceeded

Statement = Callable[[Frame], tuple[Any] | None]


def block(nodes: list[ast.stmt], scope: Scope) -> Statement:
    """The closure that runs statements one after another until one returns."""
    steps = [_COMPILERS[type(node)](node, scope) for node in nodes if not isinstance(node, ast.Pass)]
    if len(steps) == 1:
        return steps[0]

    def run(frame: Frame) -> tuple[Any] | None:
        for step in steps:
            returned = step(frame)
            if returned is not None:
                return returned
        return None

    return run


def cost(nodes: list[ast.stmt]) -> int:
    """The statements that one pass through a body may run, inner loops and calls apart: they count their own.

    What stands in a statement counts as well, by the time it takes, so that long statements cannot run for ever.
    """
    total = 0
    waiting = list(nodes)  # not by recursion: a long chain of elif is as deep as it is long
    while waiting:
        statement = waiting.pop()
        total += 1
        if isinstance(statement, ast.If):
            total += _weight(statement.test)
            waiting += [*statement.body, *statement.orelse]
        elif not isinstance(statement, (ast.FunctionDef, ast.For, ast.While)):
            total += _weight(statement)
    return total


def _weight(node: ast.AST) -> int:
    return sum(_WEIGHTS.get(type(part), 0) for part in ast.walk(node))


_WEIGHTS: dict[type, int] = {
    **dict.fromkeys((ast.BinOp, ast.UnaryOp, ast.IfExp), 1),
    **dict.fromkeys((ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq, ast.BoolOp, ast.Tuple), 2),
    **dict.fromkeys((ast.Call, ast.List, ast.Subscript, ast.Attribute), 4),
}
"""The statements of the simplest kind, `y = x`, that take about as long."""


def _bare_expression(node: Any, scope: Scope) -> Statement:
    code = expression(node.value, scope)

    def evaluate(frame: Frame) -> None:
        frame.run.last = code(frame)

    return evaluate


def _bind(frame: Frame, name: str, value: Any) -> None:
    frame.names[name] = value
    if type(value) is Var:
        value.tape.names.setdefault(value.index, name)


def _assign(node: Any, scope: Scope) -> Statement:
    code = expression(node.value, scope)
    targets = [_target(target, scope) for target in node.targets]
    last = [part.id for part in ast.walk(node.targets[-1]) if isinstance(part, ast.Name)][-1]
    if len(targets) == 1 and isinstance(node.targets[0], ast.Name):
        return _assign_name(node.targets[0].id, code)

    def assign(frame: Frame) -> None:
        value = code(frame)
        for target in targets:
            target(frame, value)
        frame.run.last = frame.names[last]

    return assign


def _assign_name(name: str, code: Code) -> Statement:
    """The common case of one name, spelled out: loops spend their time here."""

    def assign(frame: Frame) -> None:
        value = code(frame)
        frame.names[name] = value
        if type(value) is Var:
            frame.tape.names.setdefault(value.index, name)
        frame.run.last = value

    return assign


def _target(node: ast.expr, scope: Scope) -> Callable[[Frame, Any], None]:
    if isinstance(node, ast.Name):
        name = node.id
        return lambda frame, value: _bind(frame, name, value)
    targets = [_target(element, scope) for element in node.elts]  # type: ignore[attr-defined]

    def unpack(frame: Frame, value: Any) -> None:
        parts = list(value) if isinstance(value, tuple) or np.ndim(plain(value)) else [value]
        if len(parts) != len(targets):
            hint = "write one value for each: a, b = 1, 2"
            error = ShapeError(f"{len(targets)} names, but {len(parts)} values to give them", hint=hint)
            raise scope.failed(node, error)
        for target, part in zip(targets, parts, strict=True):
            target(frame, part)

    return unpack


def _augmented(node: Any, scope: Scope) -> Statement:
    load = ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target)
    code = expression(ast.copy_location(ast.BinOp(load, node.op, node.value), node), scope)
    name = node.target.id

    return _assign_name(name, code)


def _if(node: Any, scope: Scope) -> Statement:
    arms: list[tuple[ast.expr, Code, Statement]] = []
    otherwise: list[ast.stmt] = [node]
    while len(otherwise) == 1 and isinstance(otherwise[0], ast.If):  # an elif chain, however long, without recursion
        arm = otherwise[0]
        arms.append((arm.test, expression(arm.test, scope), block(arm.body, scope)))
        otherwise = arm.orelse
    last = block(otherwise, scope)

    def choose(frame: Frame) -> tuple[Any] | None:
        for test, code, body in arms:
            if located_decision(scope, frame, code(frame), test, "if"):
                return body(frame)
        return last(frame)

    return choose


def _for(node: Any, scope: Scope) -> Statement:
    """A loop over values, each of which starts a turn; where the turns began is noted on the tape."""
    values = _iterated(node.iter, scope)
    title = f"for {scope.parsed.text_of(node.target)} in {scope.parsed.text_of(node.iter)}"
    target = _target(node.target, scope)
    body = block(node.body, scope)
    each = 2 + cost(node.body)

    def loop(frame: Frame) -> tuple[Any] | None:
        onward = frame.run.onward
        nodes = frame.tape.nodes
        starts: list[int] = []
        returned = None
        turns = values(frame)
        while True:
            start = len(nodes)  # what it takes to get the next value belongs to its turn
            value = next(turns, _OVER)
            if value is _OVER:
                break
            try:
                onward(each)
            except ExplainError as error:
                raise scope.failed(node.iter, error) from None
            starts.append(start)
            target(frame, value)
            returned = body(frame)
            if returned is not None:
                break
        frame.tape.leave_loop(starts, start if returned is None else len(nodes), title, node)
        return returned

    return loop


_OVER = object()


def _iterated(node: ast.expr, scope: Scope) -> Callable[[Frame], Iterator[Any]]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
        bounds = [(arg, expression(arg, scope)) for arg in node.args]
        return lambda frame: map(float, _range(frame, scope, node, bounds))
    if isinstance(node, ast.List):
        codes = [expression(element, scope) for element in node.elts]
        return lambda frame: (code(frame) for code in codes)
    code = expression(node, scope)

    def rows(frame: Frame) -> Iterator[Any]:
        value = code(frame)
        if not isinstance(value, tuple) and np.ndim(plain(value)) == 0:
            raise scope.failed(node, ShapeError("a single number has nothing to loop over", hint="for i in range(n):"))
        return iter(value) if isinstance(value, (Var, tuple)) else _plain_rows(value)

    return rows


def _plain_rows(value: Any) -> Iterator[Any]:
    if isinstance(value, np.ndarray):
        return (float(row) if np.ndim(row) == 0 else row for row in value)
    return (value[i] for i in range(len(value)))


def _range(frame: Frame, scope: Scope, node: ast.Call, bounds: list[tuple[ast.expr, Code]]) -> range:
    numbers = []
    for place, code in bounds:
        try:
            numbers.append(whole(code(frame), "a bound of range"))
        except ExplainError as error:
            raise scope.failed(place, error) from None
    if not 1 <= len(numbers) <= 3 or node.keywords or (len(numbers) == 3 and numbers[2] == 0):
        wrong = DomainError("range takes a stop, or a start, a stop and a step that is not 0", hint="range(5)")
        raise scope.failed(node, wrong)
    turns = range(*numbers)
    limit = frame.run.limits.statements
    if max(turns.stop - turns.start, turns.start - turns.stop) // abs(turns.step) > limit:
        raise scope.failed(node, exceeded("statements", limit, "turns in one loop"))
    return turns


def _while(node: Any, scope: Scope) -> Statement:
    """A loop as long as a condition holds; one that goes round in circles is refused as soon as that is seen."""
    code = expression(node.test, scope)
    body = block(node.body, scope)
    title = f"while {scope.parsed.text_of(node.test)}"
    each = 2 + cost(node.body) + _weight(node.test)
    watched = "grad" not in scope.parsed.source.text  # a gradient depends on more than values

    def loop(frame: Frame) -> tuple[Any] | None:
        again = frame.run.again
        nodes = frame.tape.nodes
        starts: list[int] = []
        watch = Watch()
        settled = False
        returned = None
        while True:
            start = len(nodes)
            value = code(frame)
            if not (settled and type(value) is float and value):
                if not located_decision(scope, frame, value, node.test, "while"):
                    break
                settled = type(value) is float
            try:
                again(each)
            except ExplainError as error:
                raise scope.failed(node.test, error) from None
            starts.append(start)
            if watched and len(starts) == watch.turn and watch.circling(frame):
                raise scope.failed(node.test, _circling(node.test, len(starts)))
            returned = body(frame)
            if returned is not None:
                break
        frame.tape.leave_loop(starts, start if returned is None else len(nodes), title, node)
        return returned

    return loop


def _circling(test: ast.expr, turn: int) -> DomainError:
    called = {part.func for part in ast.walk(test) if isinstance(part, ast.Call)}
    read = sorted({part.id for part in ast.walk(test) if isinstance(part, ast.Name) and part not in called})
    hint = f"each turn must change {' or '.join(read)}" if read else "write a condition that changes: while i < 10:"
    return DomainError(f"this loop never ends: its turns change nothing any more (seen at turn {turn})", hint=hint)


def _return(node: Any, scope: Scope) -> Statement:
    if node.value is None:
        raise scope.failed(node, DomainError("this return gives nothing back", hint="return x"))
    code = expression(node.value, scope)
    return lambda frame: (code(frame),)


def _callable(node: ast.FunctionDef, scope: Scope) -> Own:
    """A function of the program, ready to be called with values: by position, the last ones optional."""
    parameters = [argument.arg for argument in node.args.args]
    assigned = {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    inner = Scope(scope.parsed, frozenset({*parameters, *assigned}), scope.functions)
    body = block(node.body, inner)
    size = cost(node.body)
    defaults = [expression(default, scope) for default in node.args.defaults]
    needed = len(parameters) - len(defaults)
    signature = f"{node.name}({', '.join(parameters)})"

    def call(frame: Frame, at: ast.Call, values: list[Any]) -> Any:
        if not needed <= len(values) <= len(parameters):
            count = len(parameters) if needed == len(parameters) else f"{needed} to {len(parameters)}"
            wanted = f"{count} argument{'s' if len(parameters) != 1 else ''}"
            raise scope.failed(at, DomainError(f"{node.name} takes {wanted}, not {len(values)}", hint=signature))
        run = frame.run
        if run.depth >= run.limits.depth:
            raise scope.failed(at, exceeded("depth", run.limits.depth, "calls inside one another"))
        filled = [*values, *(default(frame) for default in defaults[len(values) - needed :])]
        own = Frame(dict(zip(parameters, filled, strict=True)), frame.program_names, run, frame.tape)
        run.depth += 1
        try:
            run.again(size)
        except ExplainError as error:
            raise scope.failed(at, error) from None
        last = run.last
        returned = body(own)
        run.last = last
        run.depth -= 1
        if returned is None:
            raise scope.failed(at, DomainError(f"{node.name} returned nothing", hint="end it with return …"))
        return returned[0]

    return Own(node.name, tuple(parameters), node, call)


def _define(node: Any, scope: Scope) -> Statement:
    own = _callable(node, scope)
    rule_of = [decorator.args[0].id for decorator in node.decorator_list]
    unknown = [name for name in rule_of if name not in scope.functions]
    if unknown:
        problem = NameProblem(
            f"there is no function {unknown[0]} to give a rule", hint=f"write it first: def {unknown[0]}(x): return …"
        )
        raise scope.failed(node.decorator_list[0], problem)

    def define(frame: Frame) -> None:
        frame.run.functions[node.name] = own
        for name in rule_of:
            frame.run.rules[name] = own

    return define


_COMPILERS: dict[type, Callable[[Any, Scope], Statement]] = {
    ast.Expr: _bare_expression,
    ast.Assign: _assign,
    ast.AugAssign: _augmented,
    ast.If: _if,
    ast.For: _for,
    ast.While: _while,
    ast.Return: _return,
    ast.FunctionDef: _define,
}
