"""Expressions compiled to closures, once, so that a loop pays for its syntax only the first time.

A compiled expression is a function of the frame it runs in. It works out its parts from left to right and hands
them to an operation, saying where in the text it is; the operation records. Nothing here differentiates.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_explain.core.op import Op, apply
from autograd_explain.core.refusals import REFUSALS, refused
from autograd_explain.core.traced import Traced
from autograd_explain.core.var import Var, constant, record
from autograd_explain.errors import DomainError, ExplainError, NameProblem, ShapeError
from autograd_explain.lang.constants import NUMBERS
from autograd_explain.lang.frame import Frame, decide, named, read, whole
from autograd_explain.lang.names import SPELLINGS
from autograd_explain.lang.parse import Parsed
from autograd_explain.ops.arithmetic import FAST, add, div, fast_negative, mul, power, sub
from autograd_explain.ops.compare import COMPARISONS
from autograd_explain.ops.indexing import index
from autograd_explain.ops.linalg import matmul
from autograd_explain.ops.shaping import stack, transpose

Code = Callable[[Frame], Any]
Step = Callable[[Frame, Any], Any]

_OPERATORS: dict[type[ast.operator], Op] = {
    ast.Add: add,
    ast.Sub: sub,
    ast.Mult: mul,
    ast.Div: div,
    ast.Pow: power,
    ast.MatMult: matmul,
}
_SYMBOLS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


@dataclass(slots=True)
class Scope:
    """Which names a compiled expression finds in its own frame; all others are the program's."""

    parsed: Parsed
    local: frozenset[str] | None = None  # None at the top of the program, where every name is its own
    functions: dict[str, Any] = field(default_factory=dict)

    def failed(self, node: ast.AST, error: ExplainError) -> ExplainError:
        """The error with this node's place, unless it already has one."""
        return error if error.span is not None else error.located(self.parsed.source, self.parsed.span(node))

    def texts(self, nodes: list[ast.expr]) -> list[str]:
        """The nodes as they stand in the program."""
        return [self.parsed.text_of(node) for node in nodes]


def expression(node: ast.expr, scope: Scope) -> Code:
    """The closure that works the expression out."""
    return _COMPILERS[type(node)](node, scope)


def _constant(node: Any, scope: Scope) -> Code:
    value = node.value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = float(value)
    return lambda frame: value


def _name(node: Any, scope: Scope) -> Code:
    name = node.id

    def unknown(frame: Frame) -> Any:
        if name in NUMBERS:
            other = SPELLINGS.get(name, name)  # an assigned π is meant by pi as well
            return frame.names.get(other, frame.program_names.get(other, NUMBERS[name]))
        hint = f"{_where_assigned(scope, node)}; {name} must have a value before it is used"
        raise scope.failed(node, NameProblem(f"{name} has no value yet", hint=hint))

    def own(frame: Frame) -> Any:
        try:
            return frame.names[name]
        except KeyError:
            return unknown(frame)

    def of_program(frame: Frame) -> Any:
        try:
            return frame.program_names[name]
        except KeyError:
            return unknown(frame)

    return own if scope.local is not None and name in scope.local else of_program


def _where_assigned(scope: Scope, node: ast.Name) -> str:
    """Why a name has no value at this place."""
    assigned = [
        part.lineno
        for part in ast.walk(scope.parsed.tree)
        if isinstance(part, ast.Name) and part.id == node.id and isinstance(part.ctx, ast.Store)
    ]
    if not assigned:
        return "nothing assigns it"
    return "it is assigned further down" if min(assigned) >= node.lineno else "the lines that assign it were not run"


def _chain(node: Any) -> tuple[ast.expr, list[ast.BinOp]]:
    """A left-leaning chain `a + b - c …` as its first operand and its operators, without recursion."""
    links: list[ast.BinOp] = []
    while isinstance(node, ast.BinOp):
        links.append(node)
        node = node.left
    return node, links[::-1]


def _binary(node: Any, scope: Scope) -> Code:
    first, links = _chain(node)
    start = expression(first, scope)
    steps = [_link(link, scope) for link in links]
    if len(steps) == 1:
        only = steps[0]
        return lambda frame: only(frame, start(frame))

    def chain(frame: Frame) -> Any:
        value = start(frame)
        for step in steps:
            value = step(frame, value)
        return value

    return chain


def _link(node: ast.BinOp, scope: Scope) -> Step:
    """One operator with its right-hand side, to be applied to what stands left of it."""
    return _pair(node, node.left, node.right, _OPERATORS[type(node.op)], scope)


def _pair(node: ast.expr, left_node: ast.expr, right_node: ast.expr, op: Op, scope: Scope) -> Step:
    """An operation of two values, the second of which is worked out here."""
    right_code = expression(right_node, scope)
    function = FAST.get(op.name) or (lambda a, b: apply(op, a, b))

    literal = isinstance(right_node, ast.Constant)

    def step(frame: Frame, left: Any) -> Any:
        if literal and type(left) is Var:
            right = frame.run.literals.get(right_node)
            if right is None:
                right = _literal(frame, right_node, right_code)
        else:
            right = right_code(frame)
            if type(right) is not Var:
                if type(left) is Var:
                    right = named(frame, right, right_node)
            elif type(left) is not Var:
                left = named(frame, left, left_node)
        frame.tape.site = node
        try:
            return function(left, right)
        except (ExplainError, *REFUSALS) as error:
            texts = scope.texts([left_node, right_node])
            raise scope.failed(node, refused(op, (left, right), texts, error)) from None

    return step


def _literal(frame: Frame, node: ast.expr, code: Code) -> Var:
    """A number written in the program: one recorded constant for each place that writes it."""
    made = constant(frame.tape, code(frame), node)
    frame.run.literals[node] = made
    return made


_RECORDED = {Var}


def run_operation(
    scope: Scope, node: ast.expr, op: Any, frame: Frame, args: tuple[Any, ...], nodes: list[ast.expr], options: Any
) -> Any:
    """Apply an operation at a place in the text; what is refused is told with that place."""
    for arg in args:
        if isinstance(arg, Traced):
            args = tuple([named(frame, each, at) for each, at in zip(args, nodes, strict=True)])
            break
    tape = frame.tape
    tape.site = node
    try:
        if {type(arg) for arg in args} == _RECORDED:
            return record(tape, op, args, options)
        return apply(op, *args, **options)
    except (ExplainError, *REFUSALS) as error:
        raise scope.failed(node, refused(op, args, scope.texts(nodes), error)) from None


def _unary(node: Any, scope: Scope) -> Code:
    code = expression(node.operand, scope)
    if isinstance(node.op, ast.UAdd):
        return code
    if isinstance(node.op, ast.Not):
        return lambda frame: 0.0 if located_decision(scope, frame, code(frame), node.operand, "not") else 1.0

    def negative(frame: Frame) -> Any:
        value = code(frame)
        frame.tape.site = node
        return fast_negative(value)

    return negative


def _compare(node: Any, scope: Scope) -> Code:
    operands = [node.left, *node.comparators]
    rows = [COMPARISONS[_SYMBOLS[type(op)]] for op in node.ops]
    first = expression(node.left, scope)
    if len(rows) == 1:
        only = _pair(node, node.left, operands[1], rows[0], scope)
        return lambda frame: only(frame, first(frame))
    codes = [first, *(expression(operand, scope) for operand in operands[1:])]

    def compare(frame: Frame) -> Any:
        values = [code(frame) for code in codes]
        held = None
        for position, row in enumerate(rows):
            pair, places = tuple(values[position : position + 2]), operands[position : position + 2]
            if type(pair[0]) is type(pair[1]) is float:
                truth = FAST[row.name](*pair)
            else:
                truth = run_operation(scope, node, row, frame, pair, places, {})
            held = truth if held is None else FAST["mul"](held, truth)
        return held

    return compare


def _bool(node: Any, scope: Scope) -> Code:
    codes = [(operand, expression(operand, scope)) for operand in node.values]
    stop = isinstance(node.op, ast.Or)
    kind = "or" if stop else "and"

    def connective(frame: Frame) -> float:
        for operand, code in codes:
            if located_decision(scope, frame, code(frame), operand, kind) is stop:
                return float(stop)
        return float(not stop)

    return connective


def located_decision(scope: Scope, frame: Frame, value: Any, node: ast.expr, kind: str) -> bool:
    """Which way a condition goes; a condition that is no single number is refused at its place."""
    try:
        return decide(frame, value, node, kind)
    except ExplainError as error:
        raise scope.failed(node, error) from None


def _choice(node: Any, scope: Scope) -> Code:
    test, then, other = (expression(part, scope) for part in (node.test, node.body, node.orelse))

    def choice(frame: Frame) -> Any:
        return then(frame) if located_decision(scope, frame, test(frame), node.test, "if") else other(frame)

    return choice


def _list(node: Any, scope: Scope) -> Code:
    codes = [expression(element, scope) for element in node.elts]

    def build(frame: Frame) -> Any:
        entries = tuple([code(frame) for code in codes])
        if {type(entry) for entry in entries} <= _FLOATS:
            return np.array(entries)
        return run_operation(scope, node, stack, frame, entries, node.elts, {"axis": 0})

    return build


_FLOATS = {float}


def _tuple(node: Any, scope: Scope) -> Code:
    codes = [expression(element, scope) for element in node.elts]
    return lambda frame: tuple(code(frame) for code in codes)


def _attribute(node: Any, scope: Scope) -> Code:
    code = expression(node.value, scope)

    def transposed(frame: Frame) -> Any:
        return run_operation(scope, node, transpose, frame, (code(frame),), [node.value], {"axes": None})

    return transposed


def _subscript(node: Any, scope: Scope) -> Code:
    code = expression(node.value, scope)
    key_code = subscript_key(node, scope)

    def take(frame: Frame) -> Any:
        value = code(frame)
        if isinstance(value, tuple):
            raise scope.failed(node, ShapeError("a tuple of results cannot be indexed", hint="a, b = f(x)"))
        return run_operation(scope, node, index, frame, (value,), [node.value], {"key": key_code(frame)})

    return take


def subscript_key(node: ast.Subscript, scope: Scope) -> Code:
    """What stands in the brackets: a tuple of whole numbers, slices, `None`, `...` and arrays of whole numbers.

    A comparison of arrays stands for the places where it holds.
    """
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    keys = [_key(part, scope) for part in parts]

    def whole_key(frame: Frame) -> Any:
        found: list[Any] = []
        for key in keys:
            part = key(frame)
            found.extend(part if isinstance(part, tuple) else (part,))
        return tuple(found)

    return whole_key


def _key(node: ast.expr, scope: Scope) -> Code:
    if isinstance(node, ast.Slice):
        bounds = [_bound(part, scope) for part in (node.lower, node.upper, node.step)]
        return lambda frame: slice(*(bound(frame) for bound in bounds))
    if isinstance(node, ast.Constant) and (node.value is None or node.value is Ellipsis):
        return lambda frame: node.value
    code = expression(node, scope)
    is_mask = isinstance(node, ast.Compare)

    def position(frame: Frame) -> Any:
        value = code(frame)
        if type(value) is Var and value.shape:
            if value.op.family == "comparison" and not is_mask:
                raise scope.failed(node, DomainError("a condition picks entries where it is written", hint=_PICKED))
            frame.tape.selectors.add(value.index)
        number = read(value)
        if is_mask and np.ndim(number):
            return np.nonzero(number)
        if np.ndim(number) == 0:
            return _whole_at(scope, node, number, "an index")
        if not np.all(np.isfinite(number) & (number == np.floor(number))):
            fractions = DomainError("indices must be whole numbers", hint="round(x) and floor(x) make them")
            raise scope.failed(node, fractions)
        return np.clip(number, -_FARTHEST, _FARTHEST).astype(int)

    return position


_PICKED = "write the comparison itself in the brackets: x[x > 0]"
_FARTHEST = 2.0**53  # an index beyond is outside of any array, and may be none of NumPy's whole numbers


def _bound(node: ast.expr | None, scope: Scope) -> Code:
    if node is None or (isinstance(node, ast.Constant) and node.value is None):
        return lambda frame: None
    code = expression(node, scope)
    return lambda frame: _whole_at(scope, node, code(frame), "a slice's bound")


def _whole_at(scope: Scope, node: ast.expr, value: Any, what: str) -> int:
    try:
        return whole(value, what)
    except ExplainError as error:
        raise scope.failed(node, error) from None


def _call(node: Any, scope: Scope) -> Code:
    from autograd_explain.lang.calls import call  # calls compile their arguments here

    return call(node, scope)


_COMPILERS: dict[type, Callable[[Any, Scope], Code]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.Compare: _compare,
    ast.BoolOp: _bool,
    ast.IfExp: _choice,
    ast.List: _list,
    ast.Tuple: _tuple,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Call: _call,
}
