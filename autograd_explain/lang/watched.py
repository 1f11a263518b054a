"""The rules of a user's own operation, watched: what goes wrong in one is told as what it is, with its place.

A rule that fails, returns no numbers, returns another shape or writes into its arguments is the user's to mend, not
a fault of the program. The rules that came with the package are not watched: they are tested.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from autograd_explain.core.formula import Formula
from autograd_explain.core.op import REQUIRED, Op, Rule, compute
from autograd_explain.core.shapes import as_value, shape_of, show_shape
from autograd_explain.core.traced import Traced
from autograd_explain.errors import ExplainError, OperationProblem

_NUMBERS = "biuf"  # NumPy's kinds of bool, whole and real numbers
_HINTS = {
    "symbolic": "a symbolic form has + - * / ** and what sp has: exp, log, sin, cos, tanh, sqrt, erf …",
    "forward": "forward takes arrays: NumPy's functions; a form for single numbers is given as scalar",
    "rule": "write a rule with + - * / ** and the functions of autograd_explain.functions: it must run on numbers, "
    "arrays, formulas and recorded values",
}
Check = Callable[[Any, tuple[Any, ...], dict[str, Any]], str]


def watched(op: Op) -> Op:
    """The row with each of its functions watched."""
    names = op.arguments
    return replace(
        op,
        forward=_guarded(op.forward, f"the forward of {op.name}", "forward", _value_of(op)),
        symbolic=_told_plainly(op) if op.has_form else op.symbolic,
        scalar=op.scalar and _guarded(op.scalar, f"the scalar form of {op.name}", "forward", _anything),
        partials=tuple(_watched(rule, f"the partial of {op.name} by {name}", _fits_the_value)
                       for rule, name in zip(op.partials, names, strict=False)),
        shown=tuple(_watched(rule, f"the shown form of {op.name} by {name}", _anything)
                    for rule, name in zip(op.shown, names, strict=False)),
        vjp=tuple(_watched(rule, f"the vjp of {op.name} by {name}", _fits_argument(position))
                  for position, (rule, name) in enumerate(zip(op.vjp, names, strict=False))),
        jvp=tuple(_watched(rule, f"the jvp of {op.name} by {name}", _anything)
                  for rule, name in zip(op.jvp, names, strict=False)),
    )  # fmt: skip


def try_on_formulas(op: Op) -> None:
    """Run each rule of a watched row on formulas, as every view does; what fails there is told now, not mid-way.

    Nothing is tried where the sample values do not suit the operation, nor where an option has no default.
    """
    settings = {option.name: option.default for option in op.options}
    if op.variadic or any(value is REQUIRED for value in settings.values()):
        return
    for sample in _SAMPLES if op.elementwise else (*_SAMPLES[1:], *_SAMPLES[:1]):
        given = [as_value(np.full(shape, number)) for shape, number in zip(sample, _TRIED, strict=False)]
        args = (given * len(op.arguments))[: len(op.arguments)]
        try:
            out = compute(op, tuple(args), settings)
        except (ExplainError, ValueError, LookupError, TypeError):
            continue
        _run_on_formulas(op, args, out, settings)
        return


_SAMPLES: tuple[tuple[tuple[int, ...], ...], ...] = (((), ()), ((3,), (3,)), ((2, 3), (2, 3)), ((2, 3), (3, 4)))
_TRIED = (0.5, 0.25)


def _run_on_formulas(op: Op, args: list[Any], out: Any, settings: dict[str, Any]) -> None:
    symbols = [Formula(value, name) for value, name in zip(args, op.arguments, strict=True)]
    before = [] if op.elementwise else [Formula(np.ones(shape_of(out)) if shape_of(out) else 1.0, "upstream")]
    plain = [one.value for one in (*before, Formula(out), *symbols)]
    for rule in (*op.partials, *op.vjp, *op.shown):
        if callable(rule) and _runs(rule, plain, settings):
            try:
                rule(*before, Formula(out, "out"), *symbols, **settings)
            except (ArithmeticError, ValueError):
                continue  # at these values, that is: elsewhere it may do
            except OperationProblem:
                raise
            except ExplainError as error:  # such as a function of NumPy that there is no operation for
                raise OperationProblem(f"a rule of {op.name} does not run on formulas: {error.message}",
                                       hint=error.hint) from None


def _runs(rule: Rule, args: list[Any], settings: dict[str, Any]) -> bool:
    """Whether a rule runs on the numbers: where it does not, that it fails on formulas says nothing."""
    try:
        with np.errstate(all="ignore"):
            rule(*args, **settings)
    except (ExplainError, ArithmeticError, ValueError):
        return False
    return True


def takes(rule: Rule, count: int, options: tuple[str, ...]) -> bool:
    """Whether a function can be called with that many values, and options by name; True where it does not say."""
    if isinstance(rule, np.ufunc):
        return bool(rule.nin == count and not options)
    try:
        signature = inspect.signature(rule)
    except (ValueError, TypeError):  # functions written in C need not say
        return True
    try:
        signature.bind(*range(count), **dict.fromkeys(options))
    except TypeError:
        return False
    return True


def _watched(rule: Any, what: str, check: Check) -> Any:
    return _guarded(rule, what, "rule", check) if callable(rule) else rule


def _told_plainly(op: Op) -> Rule:
    """The symbolic form, whose slips of the pen are told; that it has no value somewhere is for the checkers."""
    form = op.symbolic

    @wraps(form)
    def call(algebra: Any, *args: Any, **options: Any) -> Any:
        try:
            return form(algebra, *args, **options)
        except (NameError, LookupError) as error:
            raise _failed(error, f"the symbolic form of {op.name}", "symbolic", form) from None

    return call


def _guarded(rule: Rule, what: str, kind: str, check: Check) -> Rule:
    @wraps(rule)
    def call(*args: Any, **options: Any) -> Any:
        try:
            value = rule(*map(_read_only, args), **options)
        except ExplainError:
            raise
        except Exception as error:
            if _has_another_way(error, kind, args):
                raise
            raise _failed(error, what, kind, rule) from None
        wrong = check(value, args, options)
        if wrong:
            raise OperationProblem(f"{what} {wrong}")
        return value if isinstance(value, Traced) or value is None else as_value(value)

    return call


def _read_only(arg: Any) -> Any:
    if not isinstance(arg, np.ndarray):
        return arg
    view = arg.view()
    view.flags.writeable = False
    return view


def _has_another_way(error: Exception, kind: str, args: tuple[Any, ...]) -> bool:
    """Whether the caller knows what to do: numbers are tried as arrays, and shapes that do not fit are told so."""
    if "read-only" in str(error):
        return False
    if any(isinstance(arg, Traced) for arg in args):
        return isinstance(error, (ArithmeticError, ValueError))
    if all(type(arg) is float for arg in args):
        return isinstance(error, (ArithmeticError, ValueError))
    return kind == "forward" and isinstance(error, (ValueError, IndexError))


def _failed(error: Exception, what: str, kind: str, rule: Rule) -> OperationProblem:
    said = str(error).splitlines()[0] if str(error) else ""
    place = _place(error.__traceback__, rule)
    if "read-only" in said:
        return OperationProblem(f"{what} writes into its arguments{place}", hint="return a new array instead")
    told = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return OperationProblem(f"{what} failed{place}: {told}", hint=_HINTS[kind])


def _place(traceback: TracebackType | None, rule: Rule) -> str:
    """The innermost place in the rule's own file: ` (cube.py, line 7)`."""
    code = getattr(rule, "__code__", None)
    place = ""
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        if code is not None and file == code.co_filename:
            place = f" ({Path(file).name}, line {traceback.tb_lineno})"
        traceback = traceback.tb_next
    return place


def _anything(value: Any, args: tuple[Any, ...], options: dict[str, Any]) -> str:
    return ""


def _no_numbers(value: Any) -> str:
    if isinstance(value, Traced):
        return ""
    try:
        kind = np.asarray(value).dtype.kind
    except ValueError:
        kind = "O"
    if kind in _NUMBERS:
        return ""
    return f"gave {'complex numbers' if kind == 'c' else type(value).__name__}, not real numbers"


def _value_of(op: Op) -> Check:
    def check(value: Any, args: tuple[Any, ...], options: dict[str, Any]) -> str:
        wrong = _no_numbers(value)
        if wrong or not op.elementwise:
            return wrong
        needed = np.broadcast_shapes(*map(np.shape, args))
        if np.shape(value) == needed:
            return ""
        return f"gave shape {show_shape(np.shape(value))}; entry by entry it is {show_shape(needed)}"

    return check


def _fits_the_value(value: Any, args: tuple[Any, ...], options: dict[str, Any]) -> str:
    """A local derivative stretches to the shape of the value that stands first among the arguments."""
    wrong = _no_numbers(value)
    if wrong or isinstance(value, Traced):
        return wrong
    found, needed = np.shape(value), shape_of(args[0])
    try:
        if np.broadcast_shapes(found, needed) == needed:
            return ""
    except ValueError:
        pass
    return f"gave shape {show_shape(found)}; the value has {show_shape(needed)}"


def _fits_argument(position: int) -> Check:
    def check(value: Any, args: tuple[Any, ...], options: dict[str, Any]) -> str:
        wrong = _no_numbers(value)
        if wrong:
            return wrong
        found = shape_of(value) if isinstance(value, Traced) else shape_of(as_value(value))
        needed = shape_of(args[2 + options.get("position", position)])
        if found == needed:
            return ""
        return f"gave shape {show_shape(found)}; the argument has {show_shape(needed)}"

    return check
