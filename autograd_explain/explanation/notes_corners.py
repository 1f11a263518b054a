"""Notes where a derivative is a choice: corners, and ties between equal values.

The table of operations says a corner in its own words (`x = lo`, `slope`); here they become this run's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_explain.core.op import Kink
from autograd_explain.explanation.telling import Told, Trigger, Walk, entry, number
from autograd_explain.modes.records import Step
from autograd_explain.ops.reductions import count

_ALONG = {"hypot": "along x or y alone ", "norm": "along any one entry ", "std": "along any one entry "}
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
        values = [node.value for node in step.node.inputs]
        with np.errstate(all="ignore"):
            for kink in step.node.op.kinks:
                if kink.kind == kind and np.any(at := kink.at(*values, **options)):
                    return _teller(step, kink)(walk, step, kink, np.ravel(at))
        return None

    return trigger


def _teller(step: Step, kink: Kink) -> Callable[[Walk, Step, Kink, Any], Told]:
    """What words a corner: those of the operation itself where it has some."""
    own = _OWN.get(step.node.op.name)
    return own if own and (kink.free or step.node.op.name == "pow") else _TEXTS[kink.kind]


def _corner(walk: Walk, step: Step, kink: Kink, at: Any) -> Told:
    if not any(kink.concerns(part.position) for part in step.parts):
        return None
    left, right = _sides(step, kink)
    here = _in_this_run(walk, step, _place(step, kink))
    where = f"{'at' if '=' in here else 'where'} {here}{_of_all(at)}"
    lead = f"{step.node.op.name} has a corner {where}"
    said = {word: _in_this_run(walk, step, text) for word, text in
            {"left": left, "right": right, "chosen": kink.chosen, "choices": kink.choices}.items()}  # fmt: skip
    if said["left"] == said["right"] != "none":
        return None  # elu with alpha=1 has no corner at 0
    along = _ALONG.get(step.node.op.name, "")
    along = "" if step.node.inputs[0].shape == () and along.endswith("entry ") else _in_this_run(walk, step, along)
    sides = f"{along}the slope from the left is {said['left']}, from the right {said['right']}"
    sides += ". There is no one derivative"
    if said["left"] == "none":
        sides = "there is no slope from any side"
    full = f"{lead}: {sides}; {said['chosen']} is the choice here{_as_pytorch(kink)}. {said['choices']}."
    return full, f"{lead}: {said['chosen']} is the choice"


def _of_all(at: Any) -> str:
    return f" ({int(at.sum())} of {at.size} places)" if at.size > 1 else ""


def _jump(walk: Walk, step: Step, kink: Kink, at: Any) -> tuple[str, str]:
    """floor, ceil, round and sign just where they jump: what lies on the two sides, and that both are flat."""
    argument, op = step.node.inputs[0], step.node.op
    place = int(np.argmax(at))
    here = float(np.ravel(argument.value)[place])
    label = walk.label(argument) + (entry(np.unravel_index(place, argument.shape)) if argument.shape else "")
    below, above = (number(op.forward(np.nextafter(here, end))) for end in (-np.inf, np.inf))
    named = label if label == number(here) else f"{label} = {number(here)}"
    lead = f"{op.name} jumps at {named}{_of_all(at)}"
    full = (
        f"{lead}: a little below it is {below}, a little above {above}. It is flat on both sides (slope 0) and has no "
        f"slope at the jump itself; {kink.chosen} is the choice here{_as_pytorch(kink)}. {kink.choices}."
    )
    return full, f"{lead}: {kink.chosen} is the choice"


def _no_room(walk: Walk, step: Step, kink: Kink, at: Any) -> tuple[str, str]:
    """clip with both limits where x is."""
    x, low, high = (walk.label(node) for node in step.node.inputs)
    shared = " = ".join(dict.fromkeys((x, low, high)))
    lead = f"clip has no room where {shared}{_of_all(at)}"
    full = (
        f"{lead}: whatever {x} does, the result stays, so the slope by {x} is 0 from the left and from the right. "
        f"{kink.chosen} is the choice all the same, as at any limit{_as_pytorch(kink)}. {kink.choices}."
    )
    return full, f"{lead}: {kink.chosen} is the choice"


def _cut(walk: Walk, step: Step, kink: Kink, at: Any) -> Told:
    """atan2 on the negative side of the x axis."""
    if not any(kink.concerns(part.position) for part in step.parts):
        return None
    y, x = (walk.label(node) for node in step.node.inputs)
    lead = f"atan2 jumps where {y} = 0 and {x} is negative{_of_all(at)}"
    chosen = _in_this_run(walk, step, kink.chosen)
    full = (
        f"{lead}: from −π just below to π. The slope by {y} is 1/{x} on both sides, and {chosen} is the choice "
        f"here{_as_pytorch(kink)}; no step across the jump follows it."
    )
    return full, lead


def _power(walk: Walk, step: Step, kink: Kink, at: Any) -> Told:
    """A base of 0: what the base's slope and the exponent's are there."""
    base, raised = step.node.inputs
    tracked = {part.position for part in step.parts}
    b, e = walk.label(base), walk.label(raised)
    if kink.about == (0,):
        return _root(walk, step, kink, at) if 0 in tracked else None
    if kink.about == (1,):
        lead, said = f"{b}^{e} stands at 0^0{_of_all(at)}", _at_zero_to_zero(b, e, tracked, is_one=base is raised)
    else:
        lead = f"{b}^{e} is ∞ at a base of 0 and an exponent below 0{_of_all(at)}"
        said = "an infinite value has no slope on any side"
    full = f"{lead}: {said}. {kink.chosen} is the choice here{_as_pytorch(kink)}. {kink.choices}."
    return full, f"{lead}: {kink.chosen} is the choice"


def _at_zero_to_zero(b: str, e: str, tracked: set[int], *, is_one: bool) -> str:
    if is_one:
        return (
            f"left of {b} = 0 it has no real value, and right of it the slope falls to −∞. By the base alone it would "
            f"be 0 ({b}^0 is 1 for every {b}), by the exponent alone there is none (0^y is ∞ below y = 0, 1 there, 0 "
            "above)"
        )
    by = {
        0: f"by {b} the slope is 0 from the left and from the right ({b}^0 is 1 for every {b})",
        1: f"by {e} there is none from the left, where 0^{e} is ∞, and 0 from the right, after a jump from 1 to 0",
    }
    return "; ".join(by[position] for position in sorted(tracked))


def _root(walk: Walk, step: Step, kink: Kink, at: Any) -> tuple[str, str]:
    base, raised = step.node.inputs
    b, e = walk.label(base), walk.label(raised)
    one = type(raised.value) is float
    right = ("∞" if raised.value < 1 else "0") if one else _in_this_run(walk, step, kink.right)
    chosen, others = kink.chosen, kink.choices
    if one:
        chosen, others = (text.replace("∞ for y < 1, 0 for y > 1", right) for text in (chosen, others))
    lead = f"{b}^{e} ends at {b} = 0{_of_all(at)}"
    full = (
        f"{lead}: it has no real value below, so there is no slope from the left; from the right it is {right}. "
        f"{_in_this_run(walk, step, chosen)} is the choice here{_as_pytorch(kink)}. {_in_this_run(walk, step, others)}."
    )
    return full, f"{lead}: {_in_this_run(walk, step, chosen)} is the choice"


def _tie(walk: Walk, step: Step, kink: Kink, at: Any) -> tuple[str, str]:
    name, places = step.node.op.name, _of_all(at)
    if step.node.op.elementwise:
        here = f"{name} has a tie: {' = '.join(walk.label(node) for node in step.node.inputs)}{places}"
        chosen = kink.chosen
    else:
        here = f"{name} has a tie: {kink.place}{places}"
        tied = int(np.sum(step.node.inputs[0].value == step.node.value)) if step.node.shape == () else 0
        chosen = f"1/{tied}" if tied and _is_shared(kink) else kink.chosen
        chosen += "" if _is_shared(kink) else ", the rest to the others"
    shared = "they share it equally, " + chosen + " each" if _is_shared(kink) else chosen
    towards, away = ("Raise", "lower") if kink.right == "1" else ("Lower", "raise")
    full = (
        f"{here}. {towards} one of them and it alone counts (slope 1); {away} it and it does not count (slope 0). Who "
        f"gets the gradient is a convention: {shared}{_as_pytorch(kink)}. {kink.choices}."
    )
    return full, f"{here}: {shared}"


_TEXTS: dict[str, Callable[[Walk, Step, Kink, Any], Told]] = {"kink": _corner, "tie": _tie}
_OWN: dict[str, Callable[[Walk, Step, Kink, Any], Told]] = {
    **dict.fromkeys(("floor", "ceil", "round", "sign"), _jump), "clip": _no_room, "atan2": _cut, "pow": _power,
}  # fmt: skip


def _is_shared(kink: Kink) -> bool:
    return kink.chosen == "½" or "ties" in kink.chosen


def _as_pytorch(kink: Kink) -> str:
    return ", as in PyTorch" if kink.as_pytorch else ""


def _ends(step: Step) -> tuple[bool, bool] | None:
    """Which of its two corners an operation that has two stands on; None for the others."""
    ends = _ENDS.get(step.node.op.name)
    if ends is None:
        return None
    low, high = ends(*(np.asarray(node.value) for node in step.node.inputs))
    return bool(np.any(low)), bool(np.any(high))


def _sides(step: Step, kink: Kink) -> tuple[str, str]:
    if step.node.op.name == "std":
        return _sides_of_std(step)
    return _SIDES_OF_ENDS.get(_ends(step) or (True, True), (kink.left, kink.right))


def _sides_of_std(step: Step) -> tuple[str, str]:
    """What moving one of n equal entries does: the root of its own variance, (1 − 1/n)/(n − ddof), up both ways."""
    options = step.node.tape.options.get(step.node.index, {})
    n = count(step.node.inputs[0].value, options["axis"])
    slope = number(((1 - 1 / n) / (n - options["ddof"])) ** 0.5) if n > options["ddof"] else "nan"
    return f"−{slope}", slope


def _place(step: Step, kink: Kink) -> str:
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
    for twice, once in _SAID_TWICE:
        said = re.sub(twice, once, said)
    return said


_SAID_TWICE = (
    (r"\b(\w+) = \1 = ", r"\1 = "),  # hypot(y, y)
    (r"^(?:0 = )?(\w+) = (?:0 = )?0$", r"\1 = 0"),  # hypot(x, 0), hypot(0, x)
    (r"along (?:0 or )?(\w+) (?:or 0 )?alone", r"along \1 alone"),
)
"""What a constant, or a value given twice, makes of the row's words, and how it is said."""
