"""The fence around the language: which nodes of Python's tree a program may hold, and where.

One table: a node's class gives either the rule that walks it or the reason it is refused. Must not know text:
it is handed a function that gives a node's span.
"""

import ast
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from autograd_explain.errors import LanguageError
from autograd_explain.lang.refused import NODES, Refusal
from autograd_explain.source import Span


class _Place(NamedTuple):
    """Where a node stands: what it is for, and whether in the program, a block of it, or a function."""

    role: str
    scope: str


class _Refused(Exception):
    """Carries the node at fault up to `check`, which knows its span."""

    def __init__(self, node: ast.AST, message: str, hint: str) -> None:
        super().__init__(message)
        self.node = node
        self.message = message
        self.hint = hint


_Walk = Iterable[tuple[ast.AST, _Place]]
_Visit = Callable[..., _Walk]  # (node of the row's class, its place) -> its parts with theirs

_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.MatMult)
_HINT_DECORATOR = "a rule for f is marked @backward_of(f)"
_HINT_ATTRIBUTE = "functions take the value: sum(x), reshape(x, (2, 3)); the transpose is x.T"
_HINT_TUPLE = "a tuple is only a shape, an index, or several names assigned at once; [a, b] is an array"
_HINT_IMMUTABLE = "build a new array, for example with concat, stack or where"


def check(tree: ast.Module, span_of: Callable[[ast.AST], Span]) -> None:
    """Raise `LanguageError`, with the span `span_of` gives, at the first node the language does not have."""
    stack: list[tuple[ast.AST, _Place]] = [(tree, _Place("statement", "program"))]
    try:
        while stack:
            node, place = stack.pop()
            rule = TABLE.get(type(node), _UNKNOWN)
            if isinstance(rule, Refusal):
                raise _Refused(node, rule.message, rule.hint)
            stack.extend(reversed(list(rule(node, place))))
    except _Refused as refused:
        raise LanguageError(refused.message, span=span_of(refused.node), hint=refused.hint) from None


def _parts(nodes: Iterable[ast.AST], role: str, scope: str) -> Iterator[tuple[ast.AST, _Place]]:
    place = _Place(role, scope)
    return ((node, place) for node in nodes)


def _module(node: ast.Module, place: _Place) -> _Walk:
    return _parts(node.body, "statement", place.scope)


def _expression_statement(node: ast.Expr, place: _Place) -> _Walk:
    return _parts([node.value], "value", place.scope)


def _assign(node: ast.Assign, place: _Place) -> _Walk:
    yield from _parts(node.targets, "target", place.scope)
    unpacked = all(isinstance(target, ast.Tuple) for target in node.targets)
    yield node.value, _Place("assigned" if unpacked else "value", place.scope)


def _augmented(node: ast.AugAssign, place: _Place) -> _Walk:
    _check_operator(node, node.op)
    if not isinstance(node.target, ast.Name):
        raise _Refused(node.target, "only a name can be updated in place", _HINT_IMMUTABLE)
    return _parts([node.target, node.value], "value", place.scope)


def _function(node: ast.FunctionDef, place: _Place) -> _Walk:
    if place.scope != "program":
        raise _Refused(
            node, "a function is defined at the top of the program only", "move this def out of the block"
        )
    _check_name(node, node.name)
    if node.returns is not None or getattr(node, "type_params", None):
        raise _Refused(node.returns or node, "annotations are not in the language", f"def {node.name}(x): …")
    _check_decorators(node.decorator_list)
    _check_parameters(node)
    if not any(isinstance(part, ast.Return) for part in ast.walk(node)):
        raise _Refused(node, f"the function {node.name} returns nothing", "end it with return …")
    return _parts(node.body, "statement", "function")


def _check_decorators(decorators: list[ast.expr]) -> None:
    for decorator in decorators:
        match decorator:
            case ast.Call(func=ast.Name(id="backward_of"), args=[ast.Name()], keywords=[]):
                continue
        raise _Refused(decorator, "this decorator is not in the language", _HINT_DECORATOR)
    if len(decorators) > 1:
        raise _Refused(decorators[1], "a function has at most one decorator", _HINT_DECORATOR)


def _check_parameters(node: ast.FunctionDef) -> None:
    arguments = node.args
    special = [*arguments.posonlyargs, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    for parameter in filter(None, special):
        raise _Refused(
            parameter, "parameters are plain names: no stars and no slash", f"def {node.name}(x, y): …"
        )
    seen: set[str] = set()
    for parameter in arguments.args:
        _check_name(parameter, parameter.arg)
        if parameter.annotation is not None:
            raise _Refused(
                parameter.annotation, "annotations are not in the language", f"def {node.name}(x): …"
            )
        if parameter.arg in seen:
            raise _Refused(parameter, f"two parameters are called {parameter.arg}", "give each its own name")
        seen.add(parameter.arg)
    for default in arguments.defaults:
        if not _is_number(default):
            raise _Refused(
                default, "a default is a number", "write the number, or pass the value in the call"
            )


def _is_number(node: ast.expr) -> bool:
    match node:
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=ast.Constant(value=value)):
            return type(value) in {int, float}
        case ast.Constant(value=value):
            return type(value) in {int, float}
    return False


def _return(node: ast.Return, place: _Place) -> _Walk:
    if place.scope != "function":
        raise _Refused(
            node, "return stands outside of a function", "the last expression is the program's result"
        )
    if node.value is None:
        raise _Refused(node, "this return gives nothing back", "return a value: return x")
    return _parts([node.value], "return", place.scope)


def _branch(node: ast.If, place: _Place) -> _Walk:
    inner = _inner(place)
    yield node.test, _Place("value", inner)
    yield from _parts([*node.body, *node.orelse], "statement", inner)


def _while(node: ast.While, place: _Place) -> _Walk:
    _check_no_else(node)
    return _branch(node, place)  # type: ignore[arg-type]  # both have a test, a body and an else


def _for(node: ast.For, place: _Place) -> _Walk:
    _check_no_else(node)
    inner = _inner(place)
    yield node.target, _Place("target", inner)
    yield node.iter, _Place("value", inner)
    yield from _parts(node.body, "statement", inner)


def _inner(place: _Place) -> str:
    return "function" if place.scope == "function" else "block"


def _check_no_else(node: ast.For | ast.While) -> None:
    if node.orelse:
        raise _Refused(node.orelse[0], "a loop has no else", "write these lines after the loop")


def _leaf(_node: ast.AST, _place: _Place) -> _Walk:
    return ()


def _binary(node: ast.BinOp, place: _Place) -> _Walk:
    _check_operator(node, node.op)
    return _parts([node.left, node.right], "value", place.scope)


def _check_operator(node: ast.AST, operator: ast.operator) -> None:
    if not isinstance(operator, _OPERATORS):
        raise _Refused(node, "this operator is not in the language", "operators are + - * / ** @")


def _unary(node: ast.UnaryOp, place: _Place) -> _Walk:
    if isinstance(node.op, ast.Invert):
        raise _Refused(node, "~ is not in the language", "not x, or -x")
    return _parts([node.operand], "value", place.scope)


def _compare(node: ast.Compare, place: _Place) -> _Walk:
    for operator in node.ops:
        if isinstance(operator, ast.In | ast.NotIn):
            raise _Refused(node, "in stands only in a for loop", "compare with ==")
        if isinstance(operator, ast.Is | ast.IsNot):
            raise _Refused(node, "is is not in the language", "compare with ==")
    return _parts([node.left, *node.comparators], "value", place.scope)


def _values(node: ast.BoolOp | ast.IfExp, place: _Place) -> _Walk:
    parts = node.values if isinstance(node, ast.BoolOp) else [node.test, node.body, node.orelse]
    return _parts(parts, "value", place.scope)


def _call(node: ast.Call, place: _Place) -> _Walk:
    if isinstance(node.func, ast.Attribute):
        _refuse_method(node.func)
    if not isinstance(node.func, ast.Name):
        raise _Refused(node.func, "only a function's name can be called", "a product needs its *: (a)*(b)")
    _check_name(node.func, node.func.id)
    _check_options(node)
    yield from _parts(node.args, "argument", place.scope)
    yield from _parts([option.value for option in node.keywords], "option", place.scope)


_MODULES = {"np", "numpy", "math", "torch", "jnp", "F"}


def _refuse_method(function: ast.Attribute) -> None:
    if isinstance(function.value, ast.Name) and function.value.id in _MODULES:
        raise _Refused(function, "functions are called by their name alone", f"{function.attr}(…)")
    value = function.value.id if isinstance(function.value, ast.Name) else "x"
    if function.attr == "T":
        raise _Refused(function, "the transpose has no brackets", f"{value}.T")
    hint = f"{function.attr}({value})" if not function.attr.startswith("_") else _HINT_ATTRIBUTE
    raise _Refused(function, f"values have no methods such as .{function.attr}", hint)


def _check_options(node: ast.Call) -> None:
    seen: set[str] = set()
    for option in node.keywords:
        if option.arg is None:
            raise _Refused(
                option, "** before an argument is not in the language", "name each option: f(x, axis=0)"
            )
        if option.arg in seen:
            raise _Refused(option, f"the option {option.arg} is given twice", "give it once")
        _check_name(option, option.arg)
        seen.add(option.arg)


def _subscript(node: ast.Subscript, place: _Place) -> _Walk:
    if not isinstance(node.ctx, ast.Load):
        raise _Refused(node, "an element cannot be assigned to: arrays do not change", _HINT_IMMUTABLE)
    yield node.value, _Place("value", place.scope)
    yield node.slice, _Place("index", place.scope)


def _slice(node: ast.Slice, place: _Place) -> _Walk:
    return _parts(filter(None, [node.lower, node.upper, node.step]), "bound", place.scope)


def _attribute(node: ast.Attribute, place: _Place) -> _Walk:
    if not isinstance(node.ctx, ast.Load):
        raise _Refused(node, "attributes cannot be assigned to", "assign to a name: x = …")
    if isinstance(node.value, ast.Name) and node.value.id in _MODULES:
        raise _Refused(node, "names stand by themselves, without a module", node.attr)
    if node.attr != "T":
        raise _Refused(
            node, f".{node.attr} is not in the language: .T is the only attribute", _HINT_ATTRIBUTE
        )
    return _parts([node.value], "value", place.scope)


def _list(node: ast.List, place: _Place) -> _Walk:
    if not isinstance(node.ctx, ast.Load):
        raise _Refused(node, "a list cannot be assigned to", "several names are assigned as a, b = …")
    return _parts(node.elts, "value", place.scope)


_TUPLE_PARTS: Final = {
    "target": "name",
    "index": "index",
    "argument": "value",
    "option": "value",
    "return": "value",
    "assigned": "value",
}


def _tuple(node: ast.Tuple, place: _Place) -> _Walk:
    if place.role == "name":
        raise _Refused(node, "tuples of names are not nested", "assign one level at a time: a, b = …")
    if place.role not in _TUPLE_PARTS:
        hint = "a number has a decimal point: 1.5; " + _HINT_TUPLE if _is_decimal_comma(node) else _HINT_TUPLE
        raise _Refused(node, "a tuple cannot stand here", hint)
    if not node.elts and place.role in {"target", "index"}:
        raise _Refused(node, "this tuple is empty", "name what belongs in it")
    return _parts(node.elts, _TUPLE_PARTS[place.role], place.scope)


def _is_decimal_comma(node: ast.Tuple) -> bool:
    """True for `x*1,5`: two parts, the second a whole number, as a decimal comma leaves them."""
    match node.elts:
        case [_, ast.Constant(value=int())]:
            return True
    return False


def _constant(node: ast.Constant, place: _Place) -> _Walk:
    value = node.value
    if type(value) in {int, float}:
        return ()
    if isinstance(value, bool):
        if place.role != "option":
            hint = (
                f"write {int(value)}" if place.role != "argument" else f"name the option, as keepdims={value}"
            )
            raise _Refused(node, f"{value} is only the value of a named option", hint)
    elif value is None:
        if place.role not in {"option", "index", "bound"}:
            raise _Refused(node, "None stands only in an index or as the value of an option", "x[:, None]")
    elif value is ...:
        if place.role != "index":
            raise _Refused(node, "... stands only in an index", "x[..., 0]")
    else:
        kind = "complex numbers are" if isinstance(value, complex) else "text in quotes is"
        raise _Refused(
            node, f"{kind} not in the language", "every value is a real number or an array of them"
        )
    return ()


def _name(node: ast.Name, _place: _Place) -> _Walk:
    _check_name(node, node.id)
    return ()


def _check_name(node: ast.AST, name: str) -> None:
    if name.startswith("__") and name.endswith("__"):
        raise _Refused(node, f"{name} is a name of Python's own", "use a name without the underscores")


_UNKNOWN = Refusal("this is not in the language", "see the language's statements and expressions")

TABLE: Final[dict[type[ast.AST], _Visit | Refusal]] = {
    **NODES,
    ast.Module: _module,
    ast.Expr: _expression_statement,
    ast.Assign: _assign,
    ast.AugAssign: _augmented,
    ast.FunctionDef: _function,
    ast.Return: _return,
    ast.If: _branch,
    ast.For: _for,
    ast.While: _while,
    ast.Pass: _leaf,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.Compare: _compare,
    ast.BoolOp: _values,
    ast.IfExp: _values,
    ast.Call: _call,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.Attribute: _attribute,
    ast.List: _list,
    ast.Tuple: _tuple,
    ast.Constant: _constant,
    ast.Name: _name,
}
"""Every class of node a program can meet: the rule that walks it, or the reason it is refused."""
