"""Small faults for a module's code, one at a time: the table of them, and the places where they can be made.

What is only read by people is left alone: texts, types, layouts of notation, error messages, imports,
decorators. Knows the syntax of Python and nothing of tests.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from itertools import filterfalse, pairwise
from pathlib import Path
from types import CodeType
from typing import Any, TypeGuard

_LEFT_ALONE = (ast.Import, ast.ImportFrom, ast.Raise, ast.JoinedStr)
_WORDS = {  # arguments that are words for the reader
    "note", "others", "unicode", "latex", "example", "aliases", "place", "hint", "family", "free", "left", "right",
    "chosen", "text",
}  # fmt: skip
_NOTATION = {"Infix", "Prefix", "Postfix", "Power", "Call", "ListCall", "Index", "Scatter"}
_NO_ORDER = {"np.maximum", "np.minimum", "np.logaddexp", "maximum", "minimum", "max", "min", "hypot"}
_ONE_ORDER = {"isinstance", "map", "zip", "getattr", "partial", "get", "pop", "Domain"}  # turned around they only crash
_NOT_DIFFERENTIATED = {"axis", "keepdims", "ddof", "key", "shape", "axes", "room", "slope", "alpha", "position"}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}  # fmt: skip
_TWINS = {
    "maximum": "minimum", "minimum": "maximum", "max": "min", "min": "max", "any": "all", "all": "any", "exp": "expm1",
    "expm1": "exp", "log": "log1p", "log1p": "log", "sin": "cos", "cos": "sin", "sinh": "cosh", "cosh": "sinh",
    "floor": "ceil", "ceil": "floor", "zeros": "ones", "ones": "zeros", "float64": "float32",
}  # fmt: skip
_SHAPING = {"axis", "keepdims", "ddof"}
_TYPES = {"Callable", "Mapping", "tuple", "list", "dict"}
_LONG = 60


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault in one file: `name` says where and what, whatever line it stands on; `code` compiles the file.

    `texts` are those in the statement at the top that it is in: a row of a table names what it is about.
    """

    statement: str
    texts: frozenset[str]
    name: str
    code: Callable[[], CodeType]


def _operator(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in _ARITHMETIC:
        yield _with(node, op=_ARITHMETIC[type(node.op)]())
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        yield _with(node, left=node.right, right=node.left)


def _comparison(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for other in _COMPARED[type(node.ops[0])]:
            yield _with(node, ops=[other()])


def _condition(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.BoolOp):
        yield _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    if isinstance(node, (ast.IfExp, ast.If)) and not isinstance(node.test, ast.Compare):  # those turn by themselves
        yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))


def _unary(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.UnaryOp):
        yield node.operand
        if _is_number(node.operand):
            yield _with(node, operand=ast.Constant(node.operand.value + 1))


def _constant(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif _is_number(node):
        yield ast.Constant(node.value + 1)
        if node.value:
            yield ast.UnaryOp(ast.USub(), node)


def _is_number(node: ast.AST) -> TypeGuard[Any]:
    return isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool)


def _swapped(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Call) and len(node.args) == 2:
        name = ast.unparse(node.func)
        if name not in _NO_ORDER and name.rpartition(".")[2] not in _ONE_ORDER:
            yield _with(node, args=node.args[::-1])
    if isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load) and len(node.elts) == 2:
        yield _with(node, elts=node.elts[::-1])
    if isinstance(node, ast.Lambda):
        yield from _parameters_swapped(node)


def _parameters_swapped(node: ast.Lambda) -> Iterator[ast.AST]:
    """A rule that takes the output for the argument, or one argument for the other."""
    given = node.args.args
    first = 1 if given and given[0].arg == "sp" else 0
    ends = [i for i, parameter in enumerate(given) if parameter.arg not in _NOT_DIFFERENTIATED and i >= first]
    for one, other in dict.fromkeys([*pairwise(ends)][:1] + [*pairwise(ends)][-1:]):
        changed = [*given]
        changed[one], changed[other] = given[other], given[one]
        yield _with(node, args=_with(node.args, args=changed))


def _twin(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in _TWINS:
        yield _with(node, id=_TWINS[node.id])
    if isinstance(node, ast.Attribute) and node.attr in _TWINS and ast.unparse(node.value) in {"np", "math"}:
        yield _with(node, attr=_TWINS[node.attr])


def _dropped(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Call):
        for keyword in node.keywords:
            if keyword.arg in _SHAPING:
                yield _with(node, keywords=[other for other in node.keywords if other is not keyword])
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield ast.Pass()
    if isinstance(node, (ast.Continue, ast.Break)):
        yield ast.Pass()


MUTATORS: tuple[Callable[[ast.AST], Iterator[ast.AST]], ...] = (
    _operator, _comparison, _condition, _unary, _constant, _swapped, _twin, _dropped,
)  # fmt: skip


def _with(node: Any, **fields: Any) -> Any:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


@cache
def mutants_of(path: Path) -> tuple[Mutant, ...]:
    """Every mutant of a file, in the order of its text. Equal names are numbered."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    seen: Counter[str] = Counter()
    found = []
    for statement in tree.body:
        title, texts = _title(statement), texts_of(statement)
        for parent, field, place, node in _places(statement, tree):
            for mutator in MUTATORS:
                for other in filterfalse(partial(_same, node), mutator(node)):
                    text = f"{title}: {_told(parent, node, other)}"
                    seen[text] += 1
                    name = text if seen[text] == 1 else f"{text} #{seen[text]}"
                    code = _compiler(str(path), tree, (parent, field, place), ast.copy_location(other, node))
                    found.append(Mutant(title, texts, name, code))
    return tuple(found)


def _same(node: ast.AST, other: ast.AST) -> bool:
    return ast.unparse(node) == ast.unparse(other)


def texts_of(tree: ast.AST) -> frozenset[str]:
    """Every text that stands in a piece of code by itself."""
    values = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return frozenset(value for value in values if isinstance(value, str))


def _title(statement: ast.stmt) -> str:
    """The name that a statement at the top gives to something."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    named = getattr(statement, "name", None)
    return named or (ast.unparse(targets[0]) if targets[0] is not None else type(statement).__name__.lower())


def _places(statement: ast.stmt, tree: ast.Module) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Every node that may be changed, with the field of its parent that holds it."""
    waiting: list[tuple[ast.AST, str, int | None, ast.AST]] = [(tree, "body", tree.body.index(statement), statement)]
    while waiting:
        parent, field, place, node = waiting.pop()
        if _is_for_people(parent, field, node):
            continue
        yield parent, field, place, node
        if isinstance(node, ast.UnaryOp) and _is_number(node.operand):
            continue
        inner = []
        for name, value in ast.iter_fields(node):
            parts = enumerate(value) if isinstance(value, list) else [(None, value)]
            inner += [(node, name, index, part) for index, part in parts if isinstance(part, ast.AST)]
        waiting += reversed(inner)


def _is_for_people(parent: ast.AST, field: str, node: ast.AST) -> bool:
    if isinstance(node, _LEFT_ALONE) or field in {"annotation", "returns", "decorator_list"}:
        return True
    if isinstance(node, ast.Tuple) and (isinstance(parent, ast.ExceptHandler) or _is_set(parent)):
        return True
    if isinstance(node, ast.keyword):
        return node.arg in _WORDS
    if isinstance(node, ast.Call):
        return ast.unparse(node.func) in _NOTATION
    if isinstance(node, ast.Subscript):
        return ast.unparse(node.value) in _TYPES
    return isinstance(node, ast.Tuple) and _are_words(node)


def _is_set(parent: ast.AST) -> bool:
    """Whether a tuple stands here for a set: what something is one of."""
    if isinstance(parent, ast.Compare):
        return isinstance(parent.ops[0], (ast.In, ast.NotIn))
    return isinstance(parent, ast.Call) and ast.unparse(parent.func) == "isinstance"


def _are_words(node: ast.Tuple) -> bool:
    """Whether a tuple holds texts, and at most names of texts beside them: libraries and their choices."""
    parts = [part for part in ast.walk(node) if isinstance(part, ast.expr) and not isinstance(part, ast.Tuple)]
    texts = [part for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return bool(texts) and all(part in texts or isinstance(part, ast.Name) for part in parts)


def _told(parent: ast.AST, node: ast.AST, other: ast.AST) -> str:
    """The change in words: within the expression around it where that is short."""
    if isinstance(node, (ast.If, ast.IfExp)) and isinstance(other, (ast.If, ast.IfExp)):
        return f"if {ast.unparse(node.test)} → if not …"
    before, after = ast.unparse(node), ast.unparse(ast.fix_missing_locations(copy.deepcopy(other)))
    if isinstance(node, (ast.Constant, ast.Name, ast.Attribute)) and isinstance(parent, (ast.expr, ast.keyword)):
        around = ast.unparse(parent)
        if len(around) <= _LONG:
            return f"{around}: {before} → {after}"
    return f"{_short(before)} → {_short(after)}"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 2 * _LONG else f"{text[:_LONG]}…{text[-_LONG:]}"


def _compiler(filename: str, tree: ast.Module, place: tuple[ast.AST, str, int | None], other: ast.AST) -> Any:
    """A function that compiles the file with one node replaced; the tree is as it was afterwards."""
    parent, field, index = place

    def code() -> CodeType:
        held: Any = getattr(parent, field)
        if index is None:
            setattr(parent, field, other)
        else:
            setattr(parent, field, [*held[:index], other, *held[index + 1 :]])
        try:
            return compile(ast.fix_missing_locations(tree), filename, "exec", dont_inherit=True)
        finally:
            setattr(parent, field, held)

    return code
