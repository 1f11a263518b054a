"""Another choice at the corners of a run: a row of the table of operations replaced on one tape.

At a kink the derivative is a convention. `choose` puts a number of the user's in its place, for the operations of
one recorded run; the table itself is not touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from autograd_explain.core.op import Kink, Op, Rule
from autograd_explain.core.registry import OPERATIONS, find
from autograd_explain.core.shapes import as_value
from autograd_explain.core.tape import Tape
from autograd_explain.core.traced import Traced
from autograd_explain.errors import NameProblem
from autograd_explain.ops.compare import where

_ABOUT_FIRST = frozenset({"clip"})  # the corner is x's; the limits keep their own rule


def choosable() -> list[str]:
    """The names of the operations whose derivative at a kink is one number, to be chosen."""
    return sorted(op.name for op in OPERATIONS.values() if op.kinks and op.elementwise)


def checked(choices: Mapping[str, float]) -> dict[str, float]:
    """The choices by the operations' own names.

    Raises NameProblem for a name that is no operation, and for one without a kink.
    """
    known: dict[str, float] = {}
    for name, choice in choices.items():
        op = find(name)
        if op is None or op.name not in choosable():
            what = f"{name} has no corner where a number could be chosen" if op else f"there is no function {name}"
            raise NameProblem(what, hint=f"these have one: {', '.join(choosable())}")
        known[op.name] = choice
    return known


def choose(tape: Tape, choices: Mapping[str, float]) -> None:
    """Let the recorded operations take these derivatives at their kinks. Raises NameProblem: see `checked`."""
    rows = {name: with_choice(OPERATIONS[name], choice) for name, choice in checked(choices).items()}
    for node in tape.nodes:
        if node.op is OPERATIONS.get(node.op.name):
            node.op = rows.get(node.op.name, node.op)


def with_choice(op: Op, choice: float) -> Op:
    """The operation with `choice` as its derivative at its kink; at a tie the second gets what is left of 1."""
    tie = any(kink.kind == "tie" for kink in op.kinks)
    chosen = [choice if position == 0 or not tie else 1.0 - choice for position in range(len(op.arguments))]
    about = 1 if op.name in _ABOUT_FIRST else len(op.arguments)

    def changed(rules: tuple[Any, ...]) -> tuple[Any, ...]:
        kept = [i >= about or rule is None for i, rule in enumerate(rules)]
        return tuple(r if keep else _rule(op, r, c) for r, c, keep in zip(rules, chosen, kept, strict=True))

    kinks = tuple(_told(kink, choice) for kink in op.kinks)
    return replace(op, partials=changed(op.partials), shown=changed(op.shown) if op.shown else (), kinks=kinks)


def _rule(op: Op, rule: Rule | float, choice: float) -> Rule:
    def chosen(out: Any, *args: Any, **options: Any) -> Any:
        usual = rule(out, *args, **options) if callable(rule) else rule
        values = [np.asarray(arg.value if isinstance(arg, Traced) else arg) for arg in args]
        at = np.any([kink.at(*values, **options) for kink in op.kinks], axis=0)
        if not np.any(at):
            return usual
        return choice if np.all(at) else where(_condition(op.kinks, args, options, at), choice, usual)

    return chosen


def _condition(kinks: tuple[Kink, ...], args: tuple[Any, ...], options: dict[str, Any], at: Any) -> Any:
    """Where the corners are: as the row says it where the arguments are symbols, else as a mask."""
    try:
        return kinks[0].at(*args, **options) if isinstance(args[0], Traced) and len(kinks) == 1 else as_value(at)
    except TypeError:
        return as_value(at)


def _told(kink: Kink, choice: float) -> Kink:
    text = f"{choice:g}".replace("-", "−") + (" to the first" if kink.kind == "tie" else "")
    others = kink.others if not kink.as_pytorch else (("PyTorch", kink.chosen), *kink.others)
    return kink if text == kink.chosen else replace(kink, chosen=text, others=others)
