"""`define` as its user meets it: a row is looked over before it counts, and its rules are watched when they run.

What is wrong with a row is told when it is defined; what a rule does wrong (it fails, returns another shape, writes
into its arguments) is told when it happens. Whether a rule is right is not decided here: see `check.laws`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace as changed
from typing import Any, get_args

from autograd_explain import functions
from autograd_explain.core import registry
from autograd_explain.core.notation import Layout
from autograd_explain.core.op import Domain, Kink, Op, Option, no_value
from autograd_explain.core.signature import KINDS
from autograd_explain.errors import NameProblem, OperationProblem
from autograd_explain.lang.calls import function_names
from autograd_explain.lang.names import fold_name
from autograd_explain.lang.watched import takes, try_on_formulas, watched

EXAMPLE = 'define(Op("cube", ("x",), lambda x: x**3, partials=(lambda out, x: 3*x**2,)))'


def define(op: Op, *, replace: bool = False) -> Op:
    """An operation of your own, ready to be called: in programs by its name, in Python as `functions.NAME`.

    `replace` puts it in the place of an earlier operation of yours, as a notebook's cell does that runs again.
    Raises OperationProblem where a part of the row is missing or does not fit, and NameProblem where the name is
    taken or is none.

    >>> row = define(Op("fourth", ("x",), lambda x: x**4, partials=(lambda out, x: 4*x**3,)), replace=True)
    >>> row(2.0)
    16.0
    """
    if not isinstance(op, Op):
        raise OperationProblem(f"define takes an Op, not {type(op).__name__}", hint=EXAMPLE)
    for name in _names(op):
        _check_name(name, op, replace=replace)
    for problem, hint in _problems(op):
        raise OperationProblem(f"{op.name} {problem}", hint=hint)
    row = watched(_completed(op))
    try_on_formulas(row)
    if replace:
        withdraw(op.name)
    registry.OWN.add(op.name)
    return registry.define(row)


def withdraw(name: str) -> None:
    """Take an operation of the user's own out again, so that its name is free."""
    aliases = [alias for alias, meant in registry.ALIASES.items() if meant == name]
    registry.forget(name)
    for known in (name, *aliases):
        vars(functions).pop(known, None)


def _names(op: Op) -> tuple[str, ...]:
    aliases: Any = op.aliases
    if not isinstance(aliases, tuple) or not all(isinstance(name, str) for name in aliases):
        raise OperationProblem(f"the aliases of {op.name} are a tuple of names", hint='aliases=("third_power",)')
    return (op.name, *op.aliases)


def _check_name(name: Any, op: Op, *, replace: bool) -> None:
    if not isinstance(name, str) or not name:
        raise OperationProblem("an operation needs a name", hint=EXAMPLE)
    if fold_name(name) != name:
        raise NameProblem(f"{name!r} is read as {fold_name(name)!r} in programs", hint="give it that name")
    if name in registry.OWN or registry.ALIASES.get(name) in registry.OWN:
        if replace and registry.ALIASES.get(name, name) == op.name:
            return
        hint = "define(Op(…), replace=True) puts a row in the place of an earlier one of yours"
        raise NameProblem(f"an operation named {name!r} is already defined", hint=hint)
    if name in registry.OPERATIONS or name in function_names():
        raise NameProblem(f"the name {name!r} is taken: autograd-explain ops {name}", hint="give yours another name")


def _problems(op: Op) -> Iterator[tuple[str, str]]:
    """What is wrong with a row, each with a hint; what comes first has to be right for what comes after."""
    for check in (_arguments, _kinds, _forward, _rules, _counts, _signatures):
        yield from check(op)


def _arguments(op: Op) -> Iterator[tuple[str, str]]:
    names: Any = op.arguments
    if not isinstance(names, tuple) or not all(isinstance(name, str) and name.isidentifier() for name in names):
        yield "needs its arguments as a tuple of names", 'arguments=("x",), or ("a", "b")'
    elif not names:
        yield "has no arguments: the names of what it is differentiated by", 'arguments=("x",)'
    elif len(set(names)) < len(names):
        yield "has two arguments of one name", f"arguments={names}"


_KINDS: tuple[tuple[str, type | tuple[type, ...], str, str], ...] = (
    ("options", Option, "a tuple of Option rows", 'options=(Option("scale", "number", 1.0),)'),
    ("kinks", Kink, "a tuple of Kink rows", "see autograd_explain.core.op.Kink"),
)


def _kinds(op: Op) -> Iterator[tuple[str, str]]:
    for name, kind, wanted, hint in _KINDS:
        given = getattr(op, name)
        if not isinstance(given, tuple) or not all(isinstance(part, kind) for part in given):
            yield f"needs its {name} as {wanted}", hint
            return
    for name in ("note", "family", "example"):
        if not isinstance(getattr(op, name), str):
            yield f"needs its {name} as text", f'{name}="…"'
    if not isinstance(op.domain, Domain):
        yield "needs its domain as a Domain", 'domain=Domain("x > 0", lambda x: x > 0)'
    if not isinstance(op.layout, get_args(Layout)):
        yield "needs its layout as a notation", f'layout=Call("{op.name}"), the default'
    for option in op.options:
        if option.kind not in KINDS:
            yield f"has an option of no known kind, {option.kind!r}", f"kinds: {', '.join(KINDS)}"
        if option.name in op.arguments:
            yield f"has {option.name} as an argument and as an option", "an option is not differentiated"


def _forward(op: Op) -> Iterator[tuple[str, str]]:
    if op.forward is no_value:
        yield "has no forward: the function that gives its value, on arrays", "forward=lambda x: x**3"
    for name in ("forward", "symbolic", "scalar", "selects", "entries", "steps"):
        rule = getattr(op, name)
        if not callable(rule) and not (rule is None and name not in {"forward", "symbolic"}):
            yield f"needs its {name} as a function, not {type(rule).__name__}", f"{name}=lambda …"


def _rules(op: Op) -> Iterator[tuple[str, str]]:
    first = op.arguments[0]
    for name in ("partials", "shown", "vjp", "jvp"):
        given = getattr(op, name)
        if not isinstance(given, tuple):
            yield f"needs its {name} as a tuple, one for each argument", f"{name}=(…,)"
            return
        wrong = [rule for rule in given if not _is_rule(rule, number=name == "partials")]
        if wrong:
            yield f"needs functions among its {name}, not {type(wrong[0]).__name__}", f"{name}=(lambda …,)"
            return
    if op.partials and op.vjp:
        yield "gives partials and vjp: two rules for one thing", "partials work entry by entry; vjp is for the rest"
    elif not op.partials and not op.vjp and op.differentiable:
        yield (
            "has no rule: partials (entry by entry) or vjp (anything else)",
            f"partials=(lambda out, {', '.join(op.arguments)}: …,) by {first}; or differentiable=False",
        )


def _is_rule(rule: Any, *, number: bool) -> bool:
    return callable(rule) or rule is None or (number and type(rule) in (int, float))


def _counts(op: Op) -> Iterator[tuple[str, str]]:
    wanted = 1 if op.variadic else len(op.arguments)
    for name in ("partials", "shown", "vjp", "jvp"):
        count = len(getattr(op, name))
        if count not in (0, wanted):
            rules = f"{count} {name.removesuffix('s') if count == 1 else name}"
            arguments = "1 argument" if wanted == 1 else f"{wanted} arguments"
            yield (
                f"has {arguments} and {rules}",
                f"{name}: one for each of {', '.join(op.arguments)}; None where an argument gets no gradient",
            )


def _signatures(op: Op) -> Iterator[tuple[str, str]]:
    """Rules that cannot be called as they will be."""
    if op.variadic:
        return
    names = op.arguments
    options = tuple(option.name for option in op.options)
    calls: list[tuple[str, Any, tuple[str, ...]]] = [
        ("forward", op.forward, names),
        ("scalar", op.scalar, names),
        ("symbolic", op.symbolic, ("sp", *names)),
        *((f"partial by {name}", rule, ("out", *names)) for name, rule in zip(names, op.partials, strict=False)),
        *((f"vjp by {name}", rule, ("upstream", "out", *names)) for name, rule in zip(names, op.vjp, strict=False)),
    ]
    shown = ("out", *names) if op.partials else ("upstream", "out", *names)
    calls += [(f"shown form by {name}", rule, shown) for name, rule in zip(names, op.shown, strict=False)]
    for what, rule, wanted in calls:
        if callable(rule) and not takes(rule, len(wanted), options):
            settings = f" and by name {', '.join(options)}" if options else ""
            called = f"lambda {', '.join([*wanted, *options])}: …"
            yield f"has a {what} that does not take ({', '.join(wanted)}){settings}", called


def _completed(op: Op) -> Op:
    """The row with whole numbers among its partials as floats, and a place for each rule there is not."""
    given: tuple[Any, ...] = op.partials
    partials = tuple(float(rule) if type(rule) is int else rule for rule in given)
    vjp = op.vjp if op.vjp or partials else (None,) * len(op.arguments)
    return changed(op, partials=partials, vjp=vjp)


