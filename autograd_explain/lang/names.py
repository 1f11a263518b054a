"""The names of a program: which must be given from outside, and whether the given ones fit.

Must not know what values are: `bind` carries them through unread.
"""

from __future__ import annotations

import ast
import keyword
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, TypeVar

from autograd_explain.errors import LanguageError, NameProblem
from autograd_explain.lang.lookalikes import difference, look_alike
from autograd_explain.lang.parse import Parsed
from autograd_explain.lang.tokens import tokenize
from autograd_explain.source import Span, visible

OPTIONAL = frozenset({"pi", "π", "e"})
"""Names with a value of their own, unless one is given or assigned."""

_Place = tuple[int, int]
Value = TypeVar("Value")


class MissingValues(NameProblem):
    """Names of the program that no value was given for: `names`, in order of first use."""

    def __init__(self, names: tuple[str, ...], span: Span, parsed: Parsed) -> None:
        """Say which names lack a value and point to the first."""
        hint = "give " + " ".join(f"{name}=…" for name in names)
        super().__init__(f"no value for {listed(names)}", span=span, source=parsed.source, hint=hint)
        self.names = names
        self._made_of = (names, span, parsed)

    def __reduce__(self) -> Any:
        """By what it was made of: an exception is made anew from its message alone, where nothing else is said."""
        return type(self), self._made_of


@dataclass(frozen=True, slots=True)
class Names:
    """How a program uses its names: those it must be given, may be given, and assigns before any use.

    `required` and `optional` stand in order of first use; `places` has the span of that use.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...]
    assigned: frozenset[str]
    places: Mapping[str, Span]


def free_names(parsed: Parsed) -> tuple[str, ...]:
    """Return the names that must be given, in order of first appearance in the text.

    A name is free where it is read and nothing before that place in the text can have assigned it. A function's
    body counts as standing where it is first called. `pi`, `π` and `e` need no value.
    """
    return names_of(parsed).required


def names_of(parsed: Parsed) -> Names:
    """Return how the program uses its names."""
    walk = _Walk()
    walk.program(parsed.tree)
    required = {name: node for name, node in walk.unassigned.items() if name not in OPTIONAL}
    optional = {name: node for name, node in (walk.unassigned | walk.unsure).items() if name not in required}
    return Names(
        tuple(sorted(required, key=lambda name: _place(required[name]))),
        tuple(sorted(optional, key=lambda name: _place(optional[name]))),
        frozenset(walk.possible),
        {name: parsed.span(node) for name, node in (optional | required).items()},
    )


def fold_name(typed: str) -> str:
    """Return a name in the form the language gives it: `x₁` as `x1`, `ﬁ` as `fi`.

    Raises NameProblem where the text is not one name.
    """
    if typed.isascii() and typed.isidentifier() and not keyword.iskeyword(typed) and not typed.startswith("_"):
        return typed  # the usual case, known without reading it character by character
    try:
        tokens = tokenize(typed)
    except LanguageError as error:
        raise NameProblem(f"{typed} is not a name: {error.message}", hint=error.hint) from None
    if len(tokens) != 1 or tokens[0].kind != "name":
        hint = "a name has letters, digits and _, and no digit first"
        raise NameProblem(f"{typed or 'an empty text'} is not a name of the language", hint=hint)
    return tokens[0].text


def bind(
    parsed: Parsed,
    given: Iterable[tuple[str, Value]],
    defaults: Mapping[str, Value] | None = None,
    *,
    other_words: Collection[str] = (),
) -> dict[str, Value]:
    """Return the value of every name, `given` before `defaults`, in order of first use.

    `other_words` are what a superfluous name may have been meant as, such as options. Raises NameProblem for a
    name that is given twice (two spellings of one name included) or is not in the program; `MissingValues`, last.
    """
    names = names_of(parsed)
    values = _as_spelled({**(defaults or {}), **_folded(given)}, names)
    wanted = (*names.required, *names.optional)
    for name in values:
        if name not in wanted:
            raise _superfluous(name, names, parsed, other_words)
    missing = tuple(name for name in names.required if name not in values)
    if missing:
        _refuse_look_alikes(missing, values, names, parsed)
        raise MissingValues(missing, names.places[missing[0]], parsed)
    return {name: values[name] for name in wanted if name in values}



SPELLINGS = {"pi": "π", "π": "pi"}
"""Two ways of writing one name."""


def _as_spelled(values: dict[str, Value], names: Names) -> dict[str, Value]:
    """Return the values with one given as `pi` under `π` where the program writes that, and the other way round."""
    given = [name for name in SPELLINGS if name in values]
    read = [name for name in SPELLINGS if name in names.places]
    both = "pi and π are two spellings of one name"
    if len(given) > 1:
        raise NameProblem("pi is given twice", hint=both)
    if given and len(read) > 1:
        hint = "the program writes both, and a value is for one of them: write the same one throughout"
        raise NameProblem(f"{given[0]} is given: {both}", hint=hint)
    if given and read and given != read and given[0] not in names.assigned:
        values = {read[0] if name == given[0] else name: value for name, value in values.items()}
    return values


def _refuse_look_alikes(missing: Iterable[str], given: Iterable[str], names: Names, parsed: Parsed) -> None:
    for name, other in product(missing, given):
        if look_alike(name, other):
            typed, written = difference(other, name)
            hint = f"in the given name {typed}; in the program {written}"
            raise NameProblem(f"no value for {name}", span=names.places[name], hint=hint, source=parsed.source)


def _folded(given: Iterable[tuple[str, Value]]) -> dict[str, Value]:
    values: dict[str, Value] = {}
    spelled: dict[str, str] = {}
    for typed, value in given:
        name = fold_name(typed)
        if name in values:
            same = f"{spelled[name]} and {typed} are the same name"
            raise NameProblem(f"{name} is given twice", hint=same if spelled[name] != typed else "give it once")
        values[name], spelled[name] = value, typed
    return values


def _superfluous(name: str, names: Names, parsed: Parsed, other_words: Collection[str]) -> NameProblem:
    known = (*names.required, *names.optional)
    twin = next((other for other in known if look_alike(name, other)), None)
    if twin is not None:
        given, written = difference(name, twin)
        span, hint = names.places[twin], f"in the given name {given}; in the program {written}"
        return NameProblem(f"the program has no name {name}", span=span, hint=hint, source=parsed.source)
    if name in names.assigned:
        return NameProblem(f"{name} cannot be given: the program assigns it before it is used", hint=_offer(known))
    return NameProblem(f"the program has no name {visible(name)}", hint=suggestion(name, known, other_words))


def suggestion(
    name: str, known: Collection[str], other_words: Collection[str] = (), *, offer: str = "its names"
) -> str:
    """Return `did you mean …?` with the closest of the words, and the known names after what `offer` calls them."""
    import difflib

    words = [*known, *other_words]
    same = [word for word in words if word.casefold() == name.casefold()]
    close = same or difflib.get_close_matches(name, words, 1)
    return "   ".join(filter(None, [f"did you mean {close[0]}?" if close else "", _offer(known, offer)]))


def _offer(known: Collection[str], offer: str = "its names") -> str:
    shown = list(known)[:_MOST_OFFERED]
    more = ", …" if len(known) > _MOST_OFFERED else ""
    return f"{offer}: {', '.join(shown)}{more}" if shown else "it has no names to give values to"


_MOST_OFFERED = 12


def listed(names: Iterable[str]) -> str:
    """Return the names as people list them: `w, x and b`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _place(node: ast.Name) -> _Place:
    return node.lineno, node.col_offset


@dataclass(slots=True)
class _Walk:
    """A walk through a program in the order of its text, noting what is read before it is assigned."""

    possible: set[str] = field(default_factory=set)
    """Names that something before this place may have assigned."""
    sure: set[str] = field(default_factory=set)
    """Names that are assigned whatever way the program went."""
    local: set[str] | None = None
    """Inside a function: its parameters, and every name it assigns."""
    unassigned: dict[str, ast.Name] = field(default_factory=dict)
    unsure: dict[str, ast.Name] = field(default_factory=dict)
    functions: dict[str, list[ast.FunctionDef]] = field(default_factory=dict)
    pending: list[str] = field(default_factory=list)

    def program(self, tree: ast.Module) -> None:
        """Walk the whole program, and the functions it never calls last: what they read is not required."""
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                self.functions.setdefault(_rule_of(node) or node.name, []).append(node)
        self.block(tree.body)
        required = dict(self.unassigned)
        self.pending.extend(self.functions)
        self.called()
        self.unsure = self.unassigned | self.unsure
        self.unassigned = required

    def block(self, statements: Iterable[ast.stmt]) -> None:
        """Walk statements one after the other."""
        for statement in statements:
            visit = _STATEMENTS.get(type(statement))
            if visit is not None:
                visit(self, statement)

    def read(self, *expressions: ast.AST) -> None:
        """Note every name the expressions read, and what the functions they call read."""
        for expression in expressions:
            functions = set()
            for node in ast.walk(expression):
                if isinstance(node, ast.Call):
                    functions.add(node.func)
                    self.pending.append(node.func.id)  # type: ignore[attr-defined]  # the fence: only names are called
                elif isinstance(node, ast.Name) and node not in functions:
                    self.note(node)
        if self.local is None:
            self.called()

    def note(self, node: ast.Name) -> None:
        """File a name that is read where nothing, or nothing for certain, has assigned it."""
        if self.local is not None and node.id in self.local:
            return
        found = self.unsure if node.id in self.possible else self.unassigned
        if node.id not in self.sure and (node.id not in found or _place(node) < _place(found[node.id])):
            found[node.id] = node

    def called(self) -> None:
        """Walk the bodies of functions called for the first time."""
        while self.pending:
            for function in self.functions.pop(self.pending.pop(), ()):
                self.local = _own_names(function)
                self.block(function.body)
                self.local = None

    def assign(self, target: ast.AST) -> None:
        """Note that the names of a target are assigned from here on."""
        if self.local is None:
            names = {node.id for node in ast.walk(target) if isinstance(node, ast.Name)}
            self.possible |= names
            self.sure |= names

    def arms(self, arms: Iterable[Iterable[ast.stmt]]) -> None:
        """Walk alternatives: only what every one of them assigns is sure afterwards."""
        before, after = self.sure, None
        for arm in arms:
            self.sure = set(before)
            self.block(arm)
            after = self.sure if after is None else after & self.sure
        self.sure = before if after is None else after


def _own_names(function: ast.FunctionDef) -> set[str]:
    stored = (node for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    return {parameter.arg for parameter in function.args.args} | {node.id for node in stored}


def _rule_of(function: ast.FunctionDef) -> str | None:
    """Return the function that this one is the backward rule of: it is called with that one."""
    for decorator in function.decorator_list:
        match decorator:
            case ast.Call(args=[ast.Name(id=name)]):
                return name
    return None


def _assignment(walk: _Walk, node: ast.Assign) -> None:
    walk.read(node.value)
    for target in node.targets:
        walk.assign(target)


def _update(walk: _Walk, node: ast.AugAssign) -> None:
    walk.read(node.target, node.value)
    walk.assign(node.target)


def _if(walk: _Walk, node: ast.If) -> None:
    arms = []
    while True:  # an elif chain may be longer than recursion could go
        walk.read(node.test)
        arms.append(node.body)
        match node.orelse:
            case [ast.If() as following]:
                node = following
            case _:
                break
    walk.arms([*arms, node.orelse])


def _for(walk: _Walk, node: ast.For) -> None:
    walk.read(node.iter)
    before = set(walk.sure)
    walk.assign(node.target)
    walk.block(node.body)
    walk.sure = before


def _while(walk: _Walk, node: ast.While) -> None:
    walk.read(node.test)
    walk.arms([node.body, []])


def _value(walk: _Walk, node: ast.Expr | ast.Return) -> None:
    if node.value is not None:
        walk.read(node.value)


_STATEMENTS: dict[type[ast.stmt], Callable[[_Walk, Any], None]] = {
    ast.Expr: _value,
    ast.Return: _value,
    ast.Assign: _assignment,
    ast.AugAssign: _update,
    ast.If: _if,
    ast.For: _for,
    ast.While: _while,
}
