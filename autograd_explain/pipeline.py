"""The composition root: a program or a Python function in, an `Explanation` out.

>>> e = explain("(w*x - y)**2", w=3, x=2, y=5)
>>> e.value, e.gradients["w"]
(1.0, 4.0)
>>> from autograd_explain import functions as F
>>> explain(lambda w, x: F.sum(F.relu(w @ x)), w=[[1, -2], [3, 4]], x=[1, 2], wrt=["w"]).gradients["w"]
array([[0., 0.],
       [1., 2.]])
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

import numpy as np

from autograd_explain.core.callers import place_of, source_of
from autograd_explain.core.tape import uncollected
from autograd_explain.errors import ExplainError, InputError, NameProblem
from autograd_explain.explanation.build import Explanation
from autograd_explain.limits import DEFAULT_LIMITS, Limits
from autograd_explain.modes.corners import choose
from autograd_explain.modes.functions import as_number, or_zero, record_function
from autograd_explain.modes.records import Recording, Sweep
from autograd_explain.modes.reverse import reverse

CHECKERS = ("symbolic", "finite")
MODES = ("reverse", "forward", "both")


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
    second: Second | None = None,
) -> Explanation:
    """Run a program (`lang.program.Program`) on values, sweep back, and check by the named checkers.

    `wrt` names the inputs to track; None tracks all but class numbers. `fault` names a broken rule to set beside
    the right one, `at_kink` gives operations another derivative at their kinks, `mode` is one of
    `MODES`, `second` asks for second derivatives. Raises ExplainError subclasses.
    """
    from autograd_explain.lang.interpret import record

    def recorded(others: Mapping[str, Any]) -> Recording:
        recording = record(program.parsed, others, tracked=chosen, seed=seed, limits=limits)
        if at_kink:
            choose(recording.tape, at_kink)
        return recording

    chosen = frozenset(values if wrt is None else wrt)
    with uncollected():
        recording = recorded(values)
        if wrt is None and (selecting := recording.class_numbers()):
            chosen -= selecting
            recording = recorded(values)
        sweep = reverse(recording.tape, recording.result, upstream)
    explanation = _explained(recording, sweep, checkers, program.parsed, mode)
    if second is not None:
        add_second(explanation, second, recorded, upstream, checkers)
    return with_fault(explanation, fault) if fault is not None else explanation


class Second(NamedTuple):
    """Which second derivatives are asked for: the whole Hessian, or it times `along`, a vector by name.

    A vector without names is that of the one tracked input.
    """

    along: Any = None


def add_second(
    explanation: Explanation, second: Second, recorded: Any, upstream: Any, checkers: Collection[str]
) -> None:
    """Work out the second derivatives and let the checkers look at them. Raises ExplainError subclasses."""
    from autograd_explain.explanation.second import SecondOrder

    along = second.along
    if along is not None and not isinstance(along, Mapping):
        names = [record.name for record in explanation.inputs if record.tracked]
        if len(names) != 1:
            hint = "--hvp " + ",".join(f"{name}=1" for name in names)
            raise InputError(f"a vector by {len(names)} inputs is given by name", hint=hint if names else "")
        along = {names[0]: along}
    found = explanation.second = SecondOrder(explanation, recorded, upstream=upstream, along=along)
    if checkers:
        from autograd_explain.check.second import check_second

        explanation.checks = [*explanation.checks, *check_second(found, checkers)]


def with_fault(explanation: Explanation, name: str) -> Explanation:
    """The explanation with the fault of that name beside it. Raises NameProblem for a name that is none."""
    from autograd_explain.explanation.faults import Comparison, find_fault

    explanation.fault = Comparison(explanation, find_fault(name))
    return explanation


def _explained(
    recording: Recording, sweep: Sweep, checkers: Collection[str], parsed: Any = None, mode: str = "reverse"
) -> Explanation:
    explanation = Explanation(recording, sweep, parsed, mode=mode)
    if mode != "reverse":
        explanation.forward  # noqa: B018 - refuses too many inputs before anything is written
    if checkers:
        from autograd_explain.check.run import check

        explanation.checks = _in_order(check(recording, sweep, tuple(checkers)), explanation)
        if mode == "forward":
            from autograd_explain.check.carried import carried_over

            checked = {name: or_zero(sweep.gradients[n.index], n) for name, n in recording.inputs.items()}
            explanation.checks = carried_over(explanation.checks, checked, explanation.gradients)
    return explanation


def _in_order(checks: list[Any], explanation: Explanation) -> list[Any]:
    """One checker after the other, each in the order of the gradients."""
    checkers = list(dict.fromkeys(found.checker for found in checks))
    names = list(explanation.gradients)
    return sorted(checks, key=lambda found: (checkers.index(found.checker), names.index(found.target)))


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
    hessian: bool = False,
    **inputs: Any,
) -> Explanation:
    """Explain a program given as text, or an ordinary Python function of the inputs.

    `values` and keyword arguments give the inputs: numbers or arrays, computed in float64 and never modified.
    `wrt` names the inputs to differentiate by (default: all but class numbers), `check` turns the checkers on
    (True, or their names; a text may list names with commas between them), `mode` chooses the sweep ("reverse",
    "forward" or "both"), `upstream` seeds the result (ones in its shape unless given), `seed` is for `rand`,
    `hessian` adds second derivatives (`e.second`). A name that is one of these is given in `values`.
    Raises ExplainError subclasses: they say what is wrong and where.
    """
    _refuse(mode, seed, values)
    checkers = CHECKERS if check is True else _listed(check or ())
    upstream = None if upstream is None else as_number("the upstream", upstream)
    given = {name: as_number(name, value) for name, value in {**(values or {}), **inputs}.items()}
    wrt = None if wrt is None else _known(_listed(wrt), given)
    second = Second() if hessian else None
    if callable(source):
        return _explained_function(source, given, wrt, checkers, upstream, mode, second)
    if not isinstance(source, str):
        kind = type(source).__name__
        raise InputError(f"a program is text or a Python function, not {kind}", hint='explain("x*x", x=2)')
    from autograd_explain.lang.program import bind_values, read_expression

    program = read_expression(source)
    bound = bind_values(program, given)
    return explain_program(
        program, bound, wrt=wrt, checkers=checkers, upstream=upstream, seed=seed, mode=mode, second=second
    )


def _explained_function(
    function: Callable[..., Any], values: Mapping[str, Any], wrt: Collection[str] | None, checkers: Collection[str],
    upstream: Any, mode: str, second: Second | None,
) -> Explanation:  # fmt: skip
    def recorded(others: Mapping[str, Any]) -> Recording:
        return record_function(function, others, tracked=wrt)

    source = source_of(function)
    with uncollected():
        try:
            recording = recorded(values)
        except ExplainError as error:
            place = place_of(error, function)
            raise (error.located(source.source, source.span(place)) if source and place else error) from None
        sweep = reverse(recording.tape, recording.result, upstream)
    explanation = _explained(recording, sweep, checkers, source, mode)
    if second is not None:
        add_second(explanation, second, recorded, upstream, checkers)
    return explanation


def _refuse(mode: Any, seed: Any, values: Any) -> None:
    if mode not in MODES:
        raise InputError(f"there is no mode {mode!r}", hint=f"the modes are {', '.join(MODES)}")
    if not isinstance(seed, (int, np.integer)) or seed < 0:
        raise InputError(f"the seed is a whole number, at least 0, not {seed!r}", hint="seed=0")
    if values is not None and not (isinstance(values, Mapping) and all(isinstance(name, str) for name in values)):
        kind = type(values).__name__ if not isinstance(values, Mapping) else "a mapping of other keys"
        raise InputError(f"values are given by name, not as {kind}", hint='explain("x*x", {"x": 2}), or x=2')


def _known(wrt: tuple[str, ...], given: Mapping[str, Any]) -> tuple[str, ...]:
    unknown = sorted(set(wrt) - given.keys())
    if unknown:
        hint = f"the values: {', '.join(given)}"
        raise NameProblem(f"wrt names {unknown[0]!r}, which is not among the values", hint=hint)
    return wrt


def _listed(names: Collection[str]) -> tuple[str, ...]:
    """Names as a tuple; a text lists them with commas between, as on the command line."""
    found = names.split(",") if isinstance(names, str) else names
    if not isinstance(found, Collection) or not all(isinstance(n, str) for n in found):  # type: ignore[redundant-expr]
        raise InputError(f"{names!r} is no list of names", hint='a list of texts, or one text: "w, b"')
    return tuple(name.strip() for name in found)
