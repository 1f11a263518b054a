"""How far rounding alone can move a gradient: the tape replayed with every value shaken in its last bit.

The spread of the gradients says how many of their digits the run itself determines, cancellation included. It
only ever excuses a difference that was found otherwise.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_explain.core.op import compute
from autograd_explain.core.shapes import zeros_of
from autograd_explain.core.tape import Tape
from autograd_explain.core.var import Var
from autograd_explain.modes.records import Sweep
from autograd_explain.modes.reverse import reverse

LAST_BIT = 2.0**-52
SHAKES = 6
EXCUSED = 16.0  # times the spread seen in a few shakes
_LONG = 20_000


def spreads(sweep: Sweep, targets: list[Var]) -> list[Any]:
    """For each target how far its gradient moves, in its shape."""
    random = np.random.default_rng(1)
    still = reverse(sweep.tape, sweep.result, sweep.seed)  # not the recorded sweep, which may be what is wrong
    unmoved = [gradient_of(still, target) for target in targets]
    largest = [np.zeros(np.shape(value)) for value in unmoved]
    mixed = _mixed(sweep.tape.nodes)
    for _ in range(SHAKES if len(sweep.tape.nodes) < _LONG else 2):
        shaken = reverse(*_shaken(sweep, mixed, random), sweep.seed)
        for i, target in enumerate(targets):
            with np.errstate(all="ignore"):
                moved = np.abs(gradient_of(shaken, target) - unmoved[i])
            largest[i] = np.fmax(largest[i], moved)
    return largest


def gradient_of(sweep: Sweep, target: Var) -> Any:
    """The gradient by a value; zeros where no path led to it."""
    gradient = sweep.gradients[target.index]
    return zeros_of(target) if gradient is None else gradient


def _shaken(sweep: Sweep, mixed: set[int], random: np.random.Generator) -> tuple[Tape, Var]:
    tape = Tape()
    tape.options = sweep.tape.options
    for node in sweep.tape.nodes:
        copy = Var()
        copy.tape, copy.index, copy.op, copy.site, copy.tracked = tape, node.index, node.op, node.site, node.tracked
        copy.first, copy.second = _there(node.first, tape), _there(node.second, tape)
        given = shake(node.value, random) if node.index in mixed else node.value
        copy.value = _moved(node, copy, random) if node.inputs else given
        tape.nodes.append(copy)
    return tape, tape.nodes[sweep.result.index]


def _mixed(nodes: list[Var]) -> set[int]:
    """The inputs that an operation on whole arrays reads.

    Inside it their entries meet, in a mean say, so that it rounds as if they had been given in other last bits.
    """
    return {
        argument.index
        for node in nodes
        if node.inputs and not node.op.elementwise
        for argument in node.inputs
        if argument.tracked and not argument.inputs
    }


def _there(inputs: Any, tape: Tape) -> Any:
    """The values of the other tape that stand where these stand on theirs."""
    if isinstance(inputs, tuple):
        return tuple(tape.nodes[node.index] for node in inputs)
    return None if inputs is None else tape.nodes[inputs.index]


def _moved(node: Var, copy: Var, random: np.random.Generator) -> Any:
    if not node.tracked and node.op.differentiable:
        return node.value
    value = compute(node.op, tuple(argument.value for argument in copy.inputs), node.tape.options.get(node.index, {}))
    return shake(value, random) if node.tracked else value


def shake(value: Any, random: np.random.Generator) -> Any:
    """The value with every entry moved up or down by its last bit."""
    if type(value) is float:
        return value * (1.0 + LAST_BIT if random.random() < 0.5 else 1.0 - LAST_BIT)
    return value * (1.0 + LAST_BIT * random.choice((-1.0, 1.0), size=np.shape(value)))
