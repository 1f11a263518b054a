"""An ordinary Python function as a recording: its arguments become inputs, what it returns the result.

Knows nothing of programs, sweeps or training.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

import numpy as np

from autograd_explain.core.callers import FollowedTape
from autograd_explain.core.shapes import as_value, zeros_of
from autograd_explain.core.tape import Tape, opened
from autograd_explain.core.traced import Traced
from autograd_explain.core.var import Var, constant, leaf, two_tapes
from autograd_explain.errors import InputError, NameProblem, RecordingNeeded
from autograd_explain.modes.records import Recording

Record = Callable[[Mapping[str, Any], int], Recording]
"""A forward pass: values by name and a seed in, a recording out."""
_NUMBERS = "biuf"  # NumPy's kinds of bool, whole and real numbers


def as_number(name: str, value: Any) -> Any:
    """What was given under a name as a float or a float64 array. Raises InputError where it is no number."""
    try:
        plain = float(value) if type(value) is int else value
        if np.asarray(plain).dtype.kind in _NUMBERS:  # text of digits and None would become numbers unasked
            return as_value(plain)
    except (TypeError, ValueError, OverflowError):
        pass
    hint = "give a number, or an array or list of real numbers with rows of one length"
    raise InputError(f"{_value_of(name)} is not a number or an array of numbers", hint=hint)


def _value_of(name: str) -> str:
    return name if name.startswith("the ") else f"the value of {name}"


def record_function(
    function: Callable[..., Any], values: Mapping[str, Any], *, tracked: Collection[str] | None = None
) -> Recording:
    """Run a Python function once on recorded inputs, given by name. Raises NameProblem unless it takes these names."""
    refuse_names(function, values)
    return recorder_of(function, tracked, partial(FollowedTape, function))(values, 0)


def recorder_of(
    function: Callable[..., Any], tracked: Collection[str] | None = None, tape: Callable[[], Tape] = Tape
) -> Record:
    """A Python function of named values, recorded anew at every call; `tape` makes what it is recorded on."""

    def run(values: Mapping[str, Any], seed: int = 0) -> Recording:
        made = tape()
        inputs = {n: leaf(made, n, as_value(v), tracked=tracked is None or n in tracked) for n, v in values.items()}
        with opened(made):
            result = recorded_result(made, function(**inputs))
        made.settle()
        return Recording(made, result, inputs, lambda others: function(**others))

    return run


def refuse_names(function: Callable[..., Any], values: Mapping[str, Any]) -> None:
    """Raise NameProblem unless a function can be called with values by these names."""
    import inspect

    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return  # functions written in C need not say
    try:
        signature.bind(**values)
    except TypeError as error:
        names = ", ".join(signature.parameters)
        hint = f"it is called with values by the names of its arguments: {names}" if names else "it has no arguments"
        raise NameProblem(f"the function cannot be called with these values: {error}", hint=hint) from None


def recorded_result(tape: Tape, result: Any) -> Var:
    """What a Python function returned as a value of its tape.

    Raises InputError where it is not one number or array, ExplainError where it belongs to another run.
    """
    if isinstance(result, Var):
        if result.tape is not tape:
            raise two_tapes()
        return result
    if isinstance(result, (tuple, list, dict)) and any(isinstance(part, Var) for part in _parts(result)):
        kind = type(result).__name__
        hint = "return one of them, their sum, or functions.stack([a, b])"
        raise InputError(f"the function returned a {kind} of {len(result)} values; a result is one value", hint=hint)
    if isinstance(result, Traced):
        raise RecordingNeeded("a gradient is taken of recorded numbers only")
    if result is None:
        raise InputError("the function returned nothing", hint="end it with return and the value to differentiate")
    return constant(tape, as_number("the result", result))


def _parts(result: Any) -> Any:
    return result.values() if isinstance(result, dict) else result


def or_zero(gradient: Any, node: Var) -> Any:
    """A value's gradient: zeros in its shape where no path led."""
    return zeros_of(node) if gradient is None else gradient
