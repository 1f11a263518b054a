"""The laws for a program's own rules (`@backward_of`), at the values the program used them with.

What a rule returns too few of, or in another shape, stops the sweep before this: it is said where it happens.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_explain.check.factors import factors
from autograd_explain.check.law_parts import Finding, Sample
from autograd_explain.check.rule_laws import can_run_again, nothing_gives_nothing
from autograd_explain.core.op import Op
from autograd_explain.core.tape import Tape

OWN = "own"
_MOST_SAMPLES = 3


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to know about a rule: a sentence, and whether the rule is wrong."""

    text: str
    wrong: bool


def remarks(tape: Tape) -> Iterator[Remark]:
    """What the laws say of every rule that the program brought along, rule by rule."""
    for op, samples in _uses(tape).values():
        told = [remark for law in (_upstream, _factor, _again) for remark in _quietly(law, op, samples)]
        yield from told


def _uses(tape: Tape) -> dict[str, tuple[Op, list[Sample]]]:
    """Each operation of the program's own, with the first few arguments it was used on."""
    found: dict[str, tuple[Op, list[Sample]]] = {}
    for node in tape.nodes:
        if node.op.family != OWN or not node.inputs:
            continue
        _, samples = found.setdefault(node.op.name, (node.op, []))
        if len(samples) < _MOST_SAMPLES:
            samples.append((tuple(argument.value for argument in node.inputs), {}))
    return found


def _quietly(law: Any, op: Op, samples: list[Sample]) -> list[Remark]:
    """What a law says; nothing where the body or the rule cannot run beside the program's own values."""
    try:
        return list(law(op, samples))
    except Exception:  # noqa: BLE001 - the program itself ran; beside its values it need not
        return []


def _upstream(op: Op, samples: list[Sample]) -> Iterator[Remark]:
    for finding in nothing_gives_nothing(op, samples):
        yield Remark(f"the rule of {op.name} must multiply its upstream: {_gist(finding)}", wrong=True)
        return


def _factor(op: Op, samples: list[Sample]) -> Iterator[Remark]:
    for name, factor in factors(op, _beside(samples)).items():
        text = f"the rule of {op.name} is wrong by a factor: {name} gets {factor} times what is right"
        yield Remark(text, wrong=True)


def _again(op: Op, samples: list[Sample]) -> Iterator[Remark]:
    for finding in can_run_again(op, _beside(samples)):
        yield Remark(f"the rule of {op.name} cannot be differentiated again: {_gist(finding)}", wrong=False)
        return


def _gist(finding: Finding) -> str:
    return str(finding).partition(" ")[2]


def _beside(samples: list[Sample]) -> list[Sample]:
    """The same arguments moved a little, off corners that they may stand on."""
    return [(tuple(_moved(arg, by) for arg in args), options) for args, options in samples for by in _BY]


_BY = ((1.01, 0.013), (1.13, -0.021))


def _moved(arg: Any, by: tuple[float, float]) -> Any:
    times, plus = by
    return arg * times + plus if type(arg) is float else np.asarray(arg) * times + plus
