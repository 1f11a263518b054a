"""Notes where a derivative is a choice: corners, and ties between equal values.

The table of operations says a corner in its own words (`x = lo`, `slope`); here they become this run's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_explain.explanation.telling import Told, Trigger, Walk, number
from autograd_explain.modes.records import Step

_ENDS: dict[str, Callable[..., tuple[Any, Any]]] = {
    "clip": lambda x, lo, hi: (x == lo, x == hi),
    "hardtanh": lambda x: (x == -1, x == 1),
}
_SIDES_OF_ENDS = {(True, False): ("0", "1"), (False, True): ("1", "0")}


def at_kink(kind: str) -> Trigger:
    """The trigger for a corner (`kink`) or for equal inputs (`tie`)."""

    def trigger(walk: Walk, step: Step) -> Told:
        if not step.parts or not step.node.op.kinks:
            return None
        options = walk.run.tape.options.get(step.node.index, {})
        values = [np.asarray(node.value) for node in step.node.inputs]
        for kink in step.node.op.kinks:
            with np.errstate(all="ignore"):
                at = np.ravel(kink.at(*values, **options))
            if kink.kind == kind and np.any(at):
                return _TEXTS[kind](walk, step, kink, at)
        return None

    return trigger


def _corner(walk: Walk, step: Step, kink: Any, at: Any) -> Told:
    left, right = _sides(step, kink)
    here = _in_this_run(walk, step, _place(step, kink))
    where = f"{'at' if '=' in here else 'where'} {here}"
    if at.size > 1:
        where += f" ({int(at.sum())} of {at.size} places)"
    lead = f"{step.node.op.name} has a corner {where}"
    said = {word: _in_this_run(walk, step, text) for word, text in
            {"left": left, "right": right, "chosen": kink.chosen, "choices": kink.choices}.items()}  # fmt: skip
    if said["left"] == said["right"] != "none":
        return None  # elu with alpha=1 has no corner at 0
    sides = f"the slope from the left is {said['left']}, from the right {said['right']}. There is no one derivative"
    if said["left"] == "none":
        sides = "there is no slope from any side"
    full = f"{lead}: {sides}; {said['chosen']} is the choice here{_as_pytorch(kink)}. {said['choices']}."
    return full, f"{lead}: {said['chosen']} is the choice"


def _tie(walk: Walk, step: Step, kink: Any, at: Any) -> tuple[str, str]:
    name, places = step.node.op.name, f" ({int(at.sum())} of {at.size} places)" if at.size > 1 else ""
    if step.node.op.elementwise:
        here = f"{name} has a tie: {' = '.join(walk.label(node) for node in step.node.inputs)}{places}"
        chosen = kink.chosen
    else:
        here = f"{name} has a tie: {kink.place}{places}"
        count = int(np.sum(step.node.inputs[0].value == step.node.value)) if step.node.shape == () else 0
        chosen = f"1/{count}" if count else kink.chosen
    shared = "they share it equally, " + chosen + " each" if _is_shared(kink) else chosen
    towards, away = ("Raise", "lower") if kink.right == "1" else ("Lower", "raise")
    full = (
        f"{here}. {towards} one of them and it alone counts (slope 1); {away} it and it does not count (slope 0). Who "
        f"gets the gradient is a convention: {shared}{_as_pytorch(kink)}. {kink.choices}."
    )
    return full, f"{here}: {shared}"


_TEXTS = {"kink": _corner, "tie": _tie}


def _is_shared(kink: Any) -> bool:
    return kink.chosen == "½" or "ties" in kink.chosen


def _as_pytorch(kink: Any) -> str:
    return ", as in PyTorch" if kink.as_pytorch else ""


def _ends(step: Step) -> tuple[bool, bool] | None:
    """Which of its two corners an operation that has two stands on; None for the others."""
    ends = _ENDS.get(step.node.op.name)
    if ends is None:
        return None
    low, high = ends(*(np.asarray(node.value) for node in step.node.inputs))
    return bool(np.any(low)), bool(np.any(high))


def _sides(step: Step, kink: Any) -> tuple[str, str]:
    return _SIDES_OF_ENDS.get(_ends(step) or (True, True), (kink.left, kink.right))


def _place(step: Step, kink: Any) -> str:
    if _ends(step) not in _SIDES_OF_ENDS:
        return str(kink.place)
    low = (_ends(step) or (True, True))[0]
    return ("x = lo" if low else "x = hi") if step.node.op.name == "clip" else f"x = {'−' if low else ''}1"


def _in_this_run(walk: Walk, step: Step, text: str) -> str:
    """A text of the table with this run's names and numbers for the words of the operation's own row."""
    words = dict(zip(step.node.op.arguments, map(walk.label, step.node.inputs), strict=False))
    given = {option.name: option.default for option in step.node.op.options}
    given |= walk.run.tape.options.get(step.node.index, {})
    words |= {name: number(value) for name, value in given.items() if isinstance(value, (int, float))}
    by_value = {name: node.value for name, node in zip(step.node.op.arguments, step.node.inputs, strict=False)}
    words |= {name: number(by_value[name]) for name in ("lo", "hi") if type(by_value.get(name)) is float}
    said = re.sub(r"[A-Za-z]\w*", lambda found: words.get(found[0], found[0]), text)
    return re.sub(r"\b(\w+) = \1 = ", r"\1 = ", said)
