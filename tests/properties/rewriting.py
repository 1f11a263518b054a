"""Programs said otherwise: the same text under other names, with blanks, brackets, in more or in fewer statements.

Works on texts and on Python's own syntax trees; nothing is run here. `Unfit` is raised where a program has nothing
to say otherwise in that way.
"""

from __future__ import annotations

import ast
import copy
import io
import re
import tokenize
from collections.abc import Mapping

OTHER_NAMES = {
    "x": "β", "y": "sum", "w": "x1", "a": "S", "b": "N", "t": "E", "i": "gamma", "c": "zeta", "d": "check", "s": "mean",
    "k": "I", "f": "λ", "g": "pi",
}  # fmt: skip
LONGEST = 4000


class Unfit(Exception):
    """The law has nothing to say of this program."""


def renamed(text: str) -> str:
    """The program with other names for its values; those of its functions stay."""
    return re.sub(rf"(?<!\.)\b[{''.join(OTHER_NAMES)}]\b(?!\()", lambda match: OTHER_NAMES[match[0]], text)


def padded(text: str) -> str:
    """The program with blanks between all its tokens, and a comment after every line."""
    lines: dict[int, list[str]] = {}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.string.strip():
            lines.setdefault(token.start[0], []).append(token.string)
    margins = [line[: len(line) - len(line.lstrip())] for line in text.splitlines()]
    return "\n\n".join(margins[number - 1] + "  ".join(words) + "  # so" for number, words in lines.items())


def bracketed(text: str) -> str:
    """The program with brackets around every expression that may have them."""
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line.encode()))
    whole = text.encode()
    marks: list[tuple[int, int, bytes]] = []
    for node in _bracketable(ast.parse(text)):
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
        marks += [(start, end - start, b"("), (end, start - end, b")")]
    for place, _, mark in sorted(marks, key=lambda mark: (mark[0], mark[1]), reverse=True):
        whole = whole[:place] + mark + whole[place:]
    return whole.decode()


def _bracketable(node: ast.AST) -> list[ast.expr]:
    """The expressions in a tree: no names of functions, no targets, no slices, no lists that are joined."""
    found = []
    for field, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or (isinstance(node, ast.Call) and field == "func"):
                continue
            found += _bracketable(child)
            plain = isinstance(child, ast.expr) and not isinstance(child, (ast.Slice, ast.Tuple, ast.List))
            if plain and isinstance(getattr(child, "ctx", ast.Load()), ast.Load):
                found.append(child)
    return found


class _Split(ast.NodeTransformer):
    """Each operation of an assignment or of the last line in a statement of its own; choices stay whole."""

    def __init__(self) -> None:
        self.count = 0

    def _in_parts(self, node: ast.Assign | ast.AugAssign | ast.Return | ast.Expr) -> list[ast.stmt]:
        lines: list[ast.stmt] = []
        if node.value is not None and not isinstance(node.value, ast.Tuple):
            node.value = self._named(node.value, lines)
        return [*lines, node]

    visit_Assign = visit_AugAssign = visit_Return = visit_Expr = _in_parts  # noqa: N815 - the names `ast` looks for

    def _named(self, node: ast.expr, lines: list[ast.stmt]) -> ast.expr:
        if isinstance(node, (ast.Name, ast.Constant, ast.IfExp, ast.Slice, ast.Tuple)):
            return node
        for field, part in ast.iter_fields(node):
            if isinstance(part, ast.expr) and field not in {"func", "slice"}:
                setattr(node, field, self._named(part, lines))
            elif field in {"args", "comparators", "elts"}:
                joined = field == "args" and getattr(node, "func", ast.Name("")).id in {"concat", "stack"}
                setattr(node, field, [self._part(child, lines, joined=joined) for child in part])
        self.count += 1
        name = f"part{self.count}"
        lines.append(ast.Assign([ast.Name(name, ast.Store())], node))
        return ast.Name(name, ast.Load())

    def _part(self, node: ast.expr, lines: list[ast.stmt], *, joined: bool) -> ast.expr:
        if joined and isinstance(node, ast.List):
            node.elts = [self._named(child, lines) for child in node.elts]
            return node
        return self._named(node, lines)


def split(text: str) -> str:
    """The program with a statement for every operation."""
    return ast.unparse(ast.fix_missing_locations(_Split().visit(ast.parse(text))))


class _Squares(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Pow) and isinstance(node.right, ast.Constant) and node.right.value == 2:
            return ast.BinOp(node.left, ast.Mult(), copy.deepcopy(node.left))
        return node


def without_squares(text: str) -> str:
    """The program with `x*x` for every `x**2`."""
    return _within(ast.unparse(_Squares().visit(ast.parse(text))), text)


def _within(found: str, text: str) -> str:
    if found == ast.unparse(ast.parse(text)) or len(found) > LONGEST:
        raise Unfit
    return found


class _Filled(ast.NodeTransformer):
    """Names and calls of the program's own functions by what they stand for."""

    def __init__(self, names: Mapping[str, ast.expr], functions: Mapping[str, ast.FunctionDef]) -> None:
        self.names = names
        self.functions = functions

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return copy.deepcopy(self.names.get(node.id, node))

    def visit_Call(self, node: ast.Call) -> ast.AST:
        node.args = [self.visit(arg) for arg in node.args]
        called = self.functions.get(getattr(node.func, "id", ""))
        if called is None:
            return node
        inside = dict(zip((arg.arg for arg in called.args.args), node.args, strict=True))
        (body,) = called.body
        if not isinstance(body, ast.Return) or body.value is None:
            raise Unfit
        return _Filled({**self.names, **inside}, self.functions).visit(copy.deepcopy(body.value))  # type: ignore[no-any-return]


def inlined(text: str) -> str:
    """The program as one expression: names, calls and counted loops replaced by what they stand for."""
    tree = ast.parse(text)
    names: dict[str, ast.expr] = {}
    functions: dict[str, ast.FunctionDef] = {}
    for statement in tree.body[:-1]:
        _run(statement, names, functions)
    last = tree.body[-1]
    if not isinstance(last, ast.Expr) or not (names or functions):
        raise Unfit
    return _within(ast.unparse(_Filled(names, functions).visit(last.value)), text)


def _run(statement: ast.stmt, names: dict[str, ast.expr], functions: dict[str, ast.FunctionDef]) -> None:
    def filled(node: ast.expr) -> ast.expr:
        found: ast.expr = _Filled(names, functions).visit(copy.deepcopy(node))
        if sum(1 for _ in ast.walk(found)) > LONGEST:
            raise Unfit
        return found

    match statement:
        case ast.Assign([ast.Name(name)], value):
            names[name] = filled(value)
        case ast.Assign([ast.Tuple(targets)], ast.Tuple(values)):
            names.update({target.id: filled(v) for target, v in zip(targets, values, strict=True)})  # type: ignore[attr-defined]
        case ast.AugAssign(ast.Name(name), operator, value):
            names[name] = filled(ast.BinOp(ast.Name(name, ast.Load()), operator, value))
        case ast.FunctionDef(name):
            functions[name] = statement
        case ast.For(ast.Name(name), ast.Call(ast.Name("range"), [ast.Constant(int(turns))]), body):
            for turn in range(turns):
                names[name] = ast.Constant(turn)
                for inner in body:
                    _run(inner, names, functions)
        case _:
            raise Unfit


def uses_apart(text: str, name: str) -> tuple[str, list[str]]:
    """The program with a name of its own for every place that reads an input, and those names."""
    tree = ast.parse(text)
    places = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name]
    bound = [node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)]
    if name in bound or any(not isinstance(node.ctx, ast.Load) for node in places) or len(places) < 2:
        raise Unfit
    for number, node in enumerate(places):
        node.id = f"{name}{number}"
    return ast.unparse(tree), [node.id for node in places]
