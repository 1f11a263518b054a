"""Another choice at the corners of a run: a row of the table of operations replaced on one tape.

At a kink the derivative is a convention. `choose` puts a number of the user's in its place, for the operations of
one recorded run; the table itself is not touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from autograd_explain.core.op import Kink, Op, Rule
from autograd_explain.core.registry import OPERATIONS, find
from autograd_explain.core.shapes import as_value, normal_axes
from autograd_explain.core.tape import Tape
from autograd_explain.core.traced import Traced
from autograd_explain.errors import NameProblem
from autograd_explain.ops.compare import where
from autograd_explain.ops.losses import COMPOSITES
from autograd_explain.ops.reductions import back, first_largest

_ABOUT_FIRST = frozenset({"clip"})  # the corner is x's; the limits keep their own rule
_CORNER_OF = {"mae": "abs", "hinge": "clip"}


def choosable() -> list[str]:
    """The names of the operations whose derivative at a kink may be chosen."""
    return sorted(op.name for op in OPERATIONS.values() if _is_choosable(op))


def _is_choosable(op: Op) -> bool:
    """Whether the operation has a corner and is worked entry by entry, or is a reduction of one argument."""
    is_reduction = len(op.vjp) == 1 and len(op.kinks) == 1 and any(option.name == "axis" for option in op.options)
    return bool(op.kinks) and (op.elementwise or is_reduction)


def what_it_means(op: Op) -> str:
    """What a number chosen for this operation says: a slope, or the share of the first at a tie."""
    if not _is_tie(op):
        return "the slope taken at the corner"
    if op.elementwise:
        return "the share of the first argument at a tie; the second gets the rest of 1"
    return "the share of the first of the equal entries; the others split the rest of 1 evenly"


def checked(choices: Mapping[str, float]) -> dict[str, float]:
    """The choices by the operations' own names.

    Raises NameProblem for a name that is no operation, and for one without a kink.
    """
    known: dict[str, float] = {}
    for name, choice in choices.items():
        op = find(name)
        if op is None or not _is_choosable(op):
            raise _refused(name, is_known=op is not None, choice=choice)
        known[op.name] = choice
    return known


def _refused(name: str, *, is_known: bool, choice: float) -> NameProblem:
    all_of_them = f"these have one: {', '.join(choosable())}"
    if name in _CORNER_OF:
        part = _CORNER_OF[name]
        return NameProblem(f"the corner of {name} is that of the {part} in it", hint=f"--at-kink {part}={choice:g}")
    if is_known or name in COMPOSITES:
        return NameProblem(f"{name} has no corner where a number could be chosen", hint=all_of_them)
    return NameProblem(f"there is no function {name}", hint=all_of_them)


def choose(tape: Tape, choices: Mapping[str, float]) -> None:
    """Let the recorded operations take these derivatives at their kinks. Raises NameProblem: see `checked`."""
    rows = {name: with_choice(OPERATIONS[name], choice) for name, choice in checked(choices).items()}
    for node in tape.nodes:
        if node.op is OPERATIONS.get(node.op.name):
            node.op = rows.get(node.op.name, node.op)


def without_effect(tape: Tape, choices: Mapping[str, float]) -> Iterator[str]:
    """A sentence for each choice that no operation of this run has a use for."""
    for name in checked(choices):
        nodes = [node for node in tape.nodes if node.op.name == name and node.tracked]
        if not nodes:
            yield f"--at-kink {name}: this run has no {name} that a gradient goes through, so nothing changes"
        elif not any(_is_at_kink(node) for node in nodes):
            places = " or ".join(kink.place for kink in OPERATIONS[name].kinks)
            yield f"--at-kink {name}: {name} is not at its corner ({places}) in this run, so nothing changes"


def _is_at_kink(node: Any) -> bool:
    values = [np.asarray(argument.value) for argument in node.inputs]
    options = node.tape.options.get(node.index, {})
    with np.errstate(all="ignore"):
        return any(bool(np.any(kink.at(*values, **options))) for kink in node.op.kinks)


def with_choice(op: Op, choice: float) -> Op:
    """The operation with `choice` as its derivative at its kink; at a tie the others get what is left of 1."""
    kinks = tuple(_told(kink, choice) for kink in op.kinks)
    if not op.elementwise:
        return replace(op, vjp=(_structured_rule(op, op.vjp[0], choice),), kinks=kinks)
    shares = [1.0 - choice if position and _is_tie(op) else choice for position in range(len(op.arguments))]
    about = 1 if op.name in _ABOUT_FIRST else len(op.arguments)

    def changed(rules: tuple[Any, ...]) -> tuple[Any, ...]:
        kept = [i >= about or rule is None for i, rule in enumerate(rules)]
        found = enumerate(zip(rules, shares, kept, strict=True))
        return tuple(r if keep else _rule(op, i, r, c) for i, (r, c, keep) in found)

    return replace(op, partials=changed(op.partials), shown=changed(op.shown) if op.shown else (), kinks=kinks)


def _is_tie(op: Op) -> bool:
    return any(kink.kind == "tie" for kink in op.kinks)


def _plain(arg: Any) -> Any:
    return np.asarray(arg.value if isinstance(arg, Traced) else arg)


def _rule(op: Op, position: int, rule: Rule | float, choice: float) -> Rule:
    kinks = tuple(kink for kink in op.kinks if kink.concerns(position))

    def chosen(out: Any, *args: Any, **options: Any) -> Any:
        usual = rule(out, *args, **options) if callable(rule) else rule
        with np.errstate(all="ignore"):
            at = np.any([kink.at(*map(_plain, args), **options) for kink in kinks], axis=0) if kinks else False
        if not np.any(at):
            return usual
        return choice if np.all(at) else where(_condition(kinks, args, options, at), choice, usual)

    return chosen


def _condition(kinks: tuple[Kink, ...], args: tuple[Any, ...], options: dict[str, Any], at: Any) -> Any:
    """Where the corners are: as the row says it where the arguments are symbols, else as a mask."""
    try:
        return kinks[0].at(*args, **options) if isinstance(args[0], Traced) and len(kinks) == 1 else as_value(at)
    except TypeError:
        return as_value(at)


def _structured_rule(op: Op, rule: Any, choice: float) -> Rule:
    (kink,) = op.kinks

    def chosen(upstream: Any, out: Any, x: Any, **options: Any) -> Any:
        usual = rule(upstream, out, x, **options)
        plain, axis = _plain(x), options["axis"]
        at = np.asarray(kink.at(plain, **options), dtype=float)
        if not np.any(at):
            return usual
        slopes = _shares(plain, axis, op.name, choice) if kink.kind == "tie" else np.full(plain.shape, choice)
        handed = back(upstream, x, axis) * as_value(slopes)
        return handed if np.all(at) else where(as_value(back(at, plain, axis) + np.zeros(plain.shape)), handed, usual)

    return chosen


def _shares(x: Any, axis: Any, name: str, choice: float) -> Any:
    """What each entry gets of 1: the choice for the first of the equal extremes, an even part of the rest for each."""
    top = getattr(np, name)(x, axis=axis, keepdims=True)
    tied = x == top
    first = first_largest(1.0 * tied, normal_axes(axis, np.ndim(x)))
    others = np.maximum(np.sum(tied, axis=axis, keepdims=True) - 1, 1)
    return tied * np.where(first, choice, (1.0 - choice) / others)


def _told(kink: Kink, choice: float) -> Kink:
    text = f"{choice:g}".replace("-", "−") + (" to the first" if kink.kind == "tie" else "")
    others = kink.others if not kink.as_pytorch else (("PyTorch", kink.chosen), *kink.others)
    return kink if text == kink.chosen else replace(kink, chosen=text, others=others)
