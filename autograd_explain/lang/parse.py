"""Reads a text of the language into a tree of Python's `ast`, each node with its place in the text as typed.

Nothing is evaluated. Must not know what functions compute; it takes their names only for better hints.
"""

import ast
import re
import warnings
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import NoReturn

from autograd_explain.errors import ExplainError, LanguageError, LimitError
from autograd_explain.lang import fence
from autograd_explain.lang.neighbours import check_neighbours
from autograd_explain.lang.positions import Positions, normalise
from autograd_explain.lang.refused import Refusal
from autograd_explain.lang.tokens import Token, tokenize
from autograd_explain.limits import DEFAULT_LIMITS, Limits, exceeded
from autograd_explain.source import Source, Span, visible

_LONG_LINE = 500


@dataclass(frozen=True, slots=True)
class Parsed:
    """A program of the language: its tree, which the fence has passed, and the text it was typed as."""

    tree: ast.Module
    source: Source
    positions: Positions

    def span(self, node: ast.AST) -> Span:
        """Return the place of `node` in the text as typed; the whole text for a node without a place."""
        if not hasattr(node, "lineno"):
            return Span(0, len(self.source.text))
        return self.positions.typed(*_range(self.positions, node))

    def text_of(self, node: ast.AST) -> str:
        """Return the text of `node` in plain syntax (`x²` as `x**2`); an expression on one line."""
        if not hasattr(node, "lineno"):
            return self.positions.text.strip()
        start, end = _range(self.positions, node)
        text = self.positions.text[start:end]
        return " ".join(text.split()) if isinstance(node, ast.expr) and "\n" in text else text


def _range(positions: Positions, node: ast.AST) -> tuple[int, int]:
    start = positions.of_byte(node.lineno, node.col_offset)  # type: ignore[attr-defined]
    return start, positions.of_byte(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]


def parse(
    text: str, functions: Collection[str] = (), limits: Limits = DEFAULT_LIMITS, *, name: str = ""
) -> Parsed:
    """Return the program in `text`; `functions` are the names that may be called, `name` is the file's.

    Raises `LanguageError` where the text is not in the language and `LimitError` where it is longer or nested
    deeper than `limits` or than Python's own parser can read. Each error carries the text and the exact span.
    """
    source = Source(text, name)
    try:
        return _parse(source, functions, limits)
    except ExplainError as error:
        raise error.located(source, None) from None


def _parse(source: Source, functions: Collection[str], limits: Limits) -> Parsed:
    text = source.text
    if len(text) > limits.text:
        raise exceeded("text", limits.text, "characters of text")
    tokens = tokenize(text)
    _check_not_empty(text, tokens)
    check_neighbours(text, tokens, functions, limits)
    positions = normalise(text, tokens)
    parsed = Parsed(_tree(positions), source, positions)
    _check_depth(parsed, limits)
    fence.check(parsed.tree, parsed.span)
    return parsed


def _check_not_empty(text: str, tokens: list[Token]) -> None:
    kinds = {token.kind for token in tokens if token.text != ";"}
    if kinds <= {"space", "newline", "comment"}:
        message = "there is nothing to read" + (" but comments" if "comment" in kinds else "")
        raise LanguageError(message, span=Span(0, len(text)), hint="give an expression, such as w*x + b")


def _tree(positions: Positions) -> ast.Module:
    """Return Python's tree of the normalised text; every failure of its parser becomes an error of ours."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(positions.text)
    except SyntaxError as error:
        _refuse(positions, error)
    except (RecursionError, MemoryError):
        _refuse_depth(positions)
    except (ValueError, OverflowError):  # unreachable as far as known: tokens are checked one by one before
        span = positions.typed(0, len(positions.text))
        message = "Python's parser cannot read this text"
        raise LanguageError(message, span=span, hint="type it anew: something in it is no text of a program") from None


def _refuse_depth(positions: Positions) -> NoReturn:
    # The parser gives no place. A very long line is the likely one; else it is the program as a whole.
    starts = [*positions.line_starts, len(positions.text) + 1]
    line = max(range(len(starts) - 1), key=lambda index: starts[index + 1] - starts[index])
    start, end = starts[line], starts[line + 1] - 1
    span = (
        positions.typed(start, end) if end - start > _LONG_LINE else positions.typed(0, len(positions.text))
    )
    message = "this is longer or nested deeper than Python's parser can read"
    raise LimitError(message, span=span, hint="split it into several assignments") from None


_SYNTAX: tuple[tuple[str, Refusal], ...] = tuple(
    (pattern, Refusal(message, hint))
    for pattern, message, hint in (
        (
            r"too many nested|parser stack",
            "this is nested deeper than Python's parser can read",
            "split it up",
        ),
        (
            r"too many levels of indentation",
            "blocks are nested too deep",
            "move the inner ones into a function",
        ),
        (r"expected an indented block", "an indented block is missing", "indent the lines that belong to it"),
        (
            r"unexpected indent",
            "this line is indented without reason",
            "begin it where the line before begins",
        ),
        (
            r"unindent does not match|inconsistent use of tabs",
            "this indentation matches no line above",
            "indent the lines of a block alike, by spaces",
        ),
        (r"expected ':'", "a colon is missing", "if, for, while and def end their first line with :"),
        (r"expected 'else'", "a choice needs its else", "a if condition else b"),
        (r"expected '\('", "a function needs its parameters", "def f(x): return x"),
        (r"keyword argument.*repeated", "an option is given twice", "give it once"),
        (
            r"positional argument follows",
            "a value without a name follows a named one",
            "named ones come last: f(x, axis=0)",
        ),
        (
            r"default argument",
            "a parameter without a default follows one with a default",
            "parameters with defaults come last",
        ),
        (r"duplicate argument", "two parameters have the same name", "give each parameter its own name"),
        (
            r"cannot assign to function call",
            "a call cannot be assigned to",
            "a function is defined by def f(x): return …; == compares",
        ),
        (r"cannot assign to (True|False|None)", "this is a keyword and cannot be a name", "use another name"),
        (
            r"Maybe you meant '=='|perhaps you meant \"==\"|cannot assign",
            "= assigns to a name and cannot stand in an expression",
            "== compares",
        ),
        (r"illegal expression for augmented", "only a name can be updated in place", "x += 1"),
        (r"annotat", "annotations are not in the language", "x = 1"),
        (r"starred expression", "a value is missing before *", "x*y"),
        (r"parenthesized", "comprehensions are not in the language", "write a loop, or use whole arrays"),
        (
            r"import|delet|with_item|'finally'",
            "this statement is not in the language",
            "see the language's statements",
        ),
    )
)
_ANY = Refusal("this cannot stand here", "an operator, a bracket or a line break may be missing")


def _refuse(positions: Positions, error: SyntaxError) -> NoReturn:
    """Raise the error in our own words at the place, in the text as typed, that Python's parser points to."""
    start = positions.of_column(error.lineno or 1, (error.offset or 1) - 1)
    end = positions.of_column(error.end_lineno or error.lineno or 1, (error.end_offset or 0) - 1)
    text = positions.text
    end = max(end, start + 1) if start < len(text) else start
    refusal = next((row for pattern, row in _SYNTAX if re.search(pattern, error.msg)), None)
    if refusal is None:
        refusal = _at(text[start:end].strip())
    kind = LimitError if re.search("too many|stack overflow", error.msg) else LanguageError
    raise kind(refusal.message, span=positions.typed(start, end), hint=refusal.hint) from None


def _at(text: str) -> Refusal:
    return _ANY._replace(message=f"{visible(text)} cannot stand here") if 0 < len(text) <= 20 else _ANY


def _check_depth(parsed: Parsed, limits: Limits) -> None:
    """Raise `LimitError` where operators stand inside one another deeper than `limits.nesting`.

    Counted are only the stacks that need no brackets, for brackets were counted before: signs and `not`,
    powers of powers, choices after `else`, indices of indices. A long sum leans left and an elif chain
    hangs down: both count as flat.
    """
    stack: list[tuple[ast.AST, int]] = [(parsed.tree, 0)]
    while stack:
        node, depth = stack.pop()
        if depth > limits.nesting:
            raise exceeded("nesting", limits.nesting, "nested operators", span=parsed.span(node))
        deeper = _stacked(node)
        stack.extend((child, depth + (child is deeper)) for child in _children(node))


def _children(node: ast.AST) -> Iterator[ast.AST]:
    for field in node._fields:
        part = getattr(node, field)
        if isinstance(part, ast.expr):
            yield part
        elif isinstance(part, list):
            yield from (item for item in part if isinstance(item, ast.expr | ast.stmt | ast.keyword))


def _stacked(node: ast.AST) -> ast.AST | None:
    """Return the child that `node` can hold without brackets, and that can hold the next one, else None."""
    match node:
        case ast.UnaryOp(operand=child) | ast.IfExp(orelse=child) | ast.BinOp(op=ast.Pow(), right=child):
            return child if isinstance(child, ast.UnaryOp | ast.IfExp | ast.BinOp) else None
        case ast.Attribute(value=child) | ast.Subscript(value=child) | ast.Call(func=child):
            return child if isinstance(child, ast.Attribute | ast.Subscript | ast.Call) else None
    return None
