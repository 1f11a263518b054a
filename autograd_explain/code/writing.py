"""A formula as text of a library: nested where it is short, with statements for what is used twice or lies deep.

Truth values are numbers here as in the language: a comparison stays one only where the library takes it so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from autograd_explain.code.library import Arg, Library
from autograd_explain.core.formula import Formula
from autograd_explain.core.notation import ATOM, MULTIPLY, NEGATE, Infix, Prefix, Written, wrapped

_DEEPEST = 10
_LONGEST = 90


@dataclass(frozen=True, slots=True)
class Place:
    """Where formulas are written: the library, and what the text around them knows.

    `fresh` hands out a name for a statement of its own, `own` the name of the function that a call of one of the
    program's own operations becomes, `texts` what has a name already: arrays of indices, shapes.
    """

    library: Library
    fresh: Callable[[], str]
    own: Callable[[Formula], str]
    texts: Mapping[str, str]


def write_formula(root: Formula, place: Place) -> tuple[list[tuple[str, str]], Written]:
    """The statements that come before, as `(name, text)`, and the text of the formula itself.

    Raises InputError for an operation that the library has no text for.
    """
    if all(part.op is None for part in root.args):  # as nearly all are: nothing lies deep, nothing is shared
        leaves = {id(part): (leaf(part, place.library), 0) for part in root.args}
        return [], _one(root, place, leaves)
    parts = list(_parts(root))
    uses = Counter(id(part) for formula in parts for part in formula.args)
    statements: list[tuple[str, str]] = []
    written: dict[int, tuple[Written, int]] = {}
    for formula in parts:
        text = _one(formula, place, written)
        depth = 1 + max((written[id(part)][1] for part in formula.args), default=-1)
        is_shared = uses[id(formula)] > 1 and formula.op is not None
        if formula is not root and (is_shared or depth > _DEEPEST or len(text.text) > _LONGEST) and formula.op:
            name = place.fresh()
            statements.append((name, text.text))
            text, depth = Written(name), 0
        written[id(formula)] = (text, depth)
    return statements, written[id(root)][0]


def _parts(root: Formula) -> Iterator[Formula]:
    """Every formula in it once, parts first."""
    seen: set[int] = set()
    waiting: list[tuple[Formula, bool]] = [(root, False)]
    while waiting:
        formula, ready = waiting.pop()
        if ready:
            yield formula
        elif id(formula) not in seen:
            seen.add(id(formula))
            waiting.append((formula, True))
            waiting.extend((part, False) for part in reversed(formula.args))


def _one(formula: Formula, place: Place, written: Mapping[int, tuple[Written, int]]) -> Written:
    library = place.library
    if formula.op is None:
        return leaf(formula, library)
    told = dict(place.texts)
    args = []
    for position, part in enumerate(formula.args):
        text = written[id(part)][0]
        if is_truth(part):
            if not keeps_truth(formula, position):
                text = Written(f"1.0*{wrapped(text, MULTIPLY + 1)}", MULTIPLY)
            elif formula.op.name == "where":
                told["condition"] = "yes"
        args.append(Arg(text, part.shape, library, literal=part.is_number and not part.shape))
    if formula.op.family == "own" or not library.has(formula.op):
        return Written(f"{place.own(formula)}({', '.join(arg.tensor for arg in args)})")
    return library.write(formula.op, _decided(formula, args, place), formula.options, formula.shape, told)


def _decided(formula: Formula, args: list[Arg], place: Place) -> tuple[Arg, ...]:
    """The arguments; where all are bare numbers the first becomes the library's own, so that it does the work."""
    if not args or not all(arg.literal for arg in args):
        return tuple(args)
    first, *others = args
    is_plain = isinstance(formula.op.layout, Infix | Prefix) if formula.op is not None else False
    if is_plain and "plain numbers" in place.texts:
        return tuple(args)
    return (Arg(Written(first.tensor), first.shape, first.library), *others)


def leaf(formula: Formula, library: Library) -> Written:
    """A name, a number or an array written out."""
    if formula.label:
        return Written(formula.label)
    if formula.shape:
        return Written(library.array_text(formula.value))
    text = library.number(formula.value)
    return Written(text, NEGATE if text[0] == "-" else ATOM)


def is_truth(formula: Formula) -> bool:
    """Whether the formula is a comparison, which a library has as true or false."""
    return formula.op is not None and formula.op.family == "comparison"


def keeps_truth(formula: Formula, position: int) -> bool:
    """Whether a comparison may stay one in this place."""
    if formula.op is not None and formula.op.name == "mul":
        return not is_truth(formula.args[1 - position])
    return formula.op is not None and formula.op.name == "where" and position == 0
