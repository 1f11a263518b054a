"""The composition root: a program or a Python function in, an `Explanation` out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from autograd_explain.core.shapes import as_value
from autograd_explain.core.tape import Tape
from autograd_explain.core.var import Var, constant, leaf
from autograd_explain.errors import InputError, NameProblem
from autograd_explain.explanation.build import Explanation
from autograd_explain.limits import DEFAULT_LIMITS, Limits
from autograd_explain.modes.corners import choose
from autograd_explain.modes.records import Recording
from autograd_explain.modes.reverse import reverse

CHECKERS = ("symbolic", "finite")
MODES = ("reverse", "forward", "both")
_NUMBERS = "biuf"  # NumPy's kinds of bool, whole and real numbers


def explain_program(
    program: Any,
    values: Mapping[str, Any],
    *,
    wrt: Collection[str] | None = None,
    checkers: Collection[str] = (),
    upstream: Any = None,
    seed: int = 0,
    limits: Limits = DEFAULT_LIMITS,
    fault: str | None = None,
    at_kink: Mapping[str, float] | None = None,
    mode: str = "reverse",
) -> Explanation:
    """Run a program (`lang.program.Program`) on values, sweep back, and check by the named checkers.

    `wrt` names the inputs to track; None tracks all but class numbers. `fault` names a broken rule to set beside
    the right one, `at_kink` gives operations another derivative at their kinks, `mode` is one of
    `MODES`. Raises ExplainError subclasses.
    """
    from autograd_explain.lang.interpret import record

    chosen = frozenset(values if wrt is None else wrt)
    recording = record(program.parsed, values, tracked=chosen, seed=seed, limits=limits)
    if wrt is None and (selecting := recording.class_numbers()):
        recording = record(program.parsed, values, tracked=chosen - selecting, seed=seed, limits=limits)
    if at_kink:
        choose(recording.tape, at_kink)
    explanation = _explained(recording, upstream, checkers, program.parsed, mode)
    return with_fault(explanation, fault) if fault is not None else explanation


def with_fault(explanation: Explanation, name: str) -> Explanation:
    """The explanation with the fault of that name beside it. Raises NameProblem for a name that is none."""
    from autograd_explain.explanation.faults import Comparison, find_fault

    explanation.fault = Comparison(explanation, find_fault(name))
    return explanation


def _explained(
    recording: Recording, upstream: Any, checkers: Collection[str], parsed: Any = None, mode: str = "reverse"
) -> Explanation:
    sweep = reverse(recording.tape, recording.result, upstream)
    explanation = Explanation(recording, sweep, parsed, mode=mode)
    if mode != "reverse":
        explanation.forward  # noqa: B018 - refuses too many inputs before anything is written
    if checkers:
        from autograd_explain.check.run import check

        explanation.checks = check(recording, sweep, tuple(checkers))
        if mode == "forward":
            from autograd_explain.check.carried import carried_over

            checked = {name: _or_zero(sweep.gradients[n.index], n) for name, n in recording.inputs.items()}
            explanation.checks = carried_over(explanation.checks, checked, explanation.gradients)
    return explanation


def explain(
    source: str | Callable[..., Any],
    values: Mapping[str, Any] | None = None,
    /,
    *,
    wrt: Collection[str] | None = None,
    check: bool | Collection[str] = False,
    mode: str = "reverse",
    upstream: Any = None,
    seed: int = 0,
    **inputs: Any,
) -> Explanation:
    """Explain a program given as text, or an ordinary Python function of the inputs.

    `values` and keyword arguments give the inputs: numbers or arrays, computed in float64 and never modified.
    `wrt` names the inputs to differentiate by (default: all but class numbers), `check` turns the checkers on
    (True, or their names; a text may list names with commas between them), `mode` chooses the sweep ("reverse",
    "forward" or "both"), `upstream` seeds the result (ones in its shape unless given), `seed` is for `rand`.
    Raises ExplainError subclasses: they say what is wrong and where.
    """
    if mode not in MODES:
        raise InputError(f"there is no mode {mode!r}", hint=f"the modes are {', '.join(MODES)}")
    checkers = CHECKERS if check is True else _listed(check or ())
    wrt = None if wrt is None else _listed(wrt)
    upstream = None if upstream is None else _number("the upstream", upstream)
    given = {name: _number(name, value) for name, value in {**(values or {}), **inputs}.items()}
    unknown = sorted(set(wrt or ()) - given.keys())
    if unknown:
        raise NameProblem(f"wrt names {unknown[0]!r}, which is not among the values", hint=", ".join(given))
    if callable(source):
        recording = record_function(source, given, tracked=wrt)
        return _explained(recording, upstream, checkers, mode=mode)
    if not isinstance(source, str):
        kind = type(source).__name__
        raise InputError(f"a program is text or a Python function, not {kind}", hint='explain("x*x", x=2)')
    from autograd_explain.lang.program import bind_values, read_expression

    program = read_expression(source)
    bound = bind_values(program, given)
    return explain_program(program, bound, wrt=wrt, checkers=checkers, upstream=upstream, seed=seed, mode=mode)


def _listed(names: Collection[str]) -> tuple[str, ...]:
    """Names as a tuple; a text lists them with commas between, as on the command line."""
    return tuple(name.strip() for name in names.split(",")) if isinstance(names, str) else tuple(names)


def _number(name: str, value: Any) -> Any:
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
    """Run a Python function once on recorded inputs, given by name."""
    tape = Tape()
    inputs = {n: leaf(tape, n, as_value(v), tracked=tracked is None or n in tracked) for n, v in values.items()}
    result = function(**inputs)
    if not isinstance(result, Var):
        result = constant(tape, _number("the result", result))
    return Recording(tape, result, inputs, lambda others: function(**others))


def grad(function: Callable[..., Any], argnums: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """The gradient of a scalar function by its first argument, or by those that `argnums` names.

    The new function takes the same positional arguments and returns floats or arrays in their shapes (a tuple
    where `argnums` is one); a negative number counts from the last argument. Arguments given by name are handed on
    as they are. Raises InputError where the function's value is not a single number, and for an argument that is
    not there.
    """

    def gradient(*args: Any, **settings: Any) -> Any:
        tape = Tape()
        chosen = _positions(argnums, len(args))
        inputs = [leaf(tape, f"x{i}", _number(f"argument {i}", a), tracked=i in chosen) for i, a in enumerate(args)]
        result = function(*inputs, **settings)
        if not isinstance(result, Var):
            result = constant(tape, _number("the result", result))
        if result.shape:
            raise InputError(f"grad needs a function with a single number as its value, not shape {result.shape}")
        sweep = reverse(tape, result)
        found = tuple(_or_zero(sweep.gradients[inputs[i].index], inputs[i]) for i in chosen)
        return found if isinstance(argnums, tuple) else found[0]

    return gradient


def _positions(argnums: int | tuple[int, ...], count: int) -> tuple[int, ...]:
    places: tuple[Any, ...] = argnums if isinstance(argnums, tuple) else (argnums,)
    for place in places:
        if not isinstance(place, int) or not -count <= place < count:
            raise InputError(f"there is no argument {place!r}: {count} were given", hint="argnums counts from 0")
    return tuple(place % count for place in places)


def _or_zero(gradient: Any, node: Var) -> Any:
    return 0.0 * node.value if gradient is None else gradient
