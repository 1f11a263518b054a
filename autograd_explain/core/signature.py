"""Calls checked against a signature: which arguments, which options, and options of the right kind.

Says what is wrong in the words of the user's call; where it is wrong is the caller's to add.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from autograd_explain.core.op import REQUIRED, Op, Option
from autograd_explain.core.var import Var
from autograd_explain.errors import DomainError


def bind(op: Op, args: tuple[Any, ...], options: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The differentiated arguments, and every option by name with its default filled in.

    Raises DomainError for a wrong number of arguments, an unknown option, or an option of the wrong kind.
    """
    known, usual = _options(op)
    if not options and len(args) == (1 if op.variadic else len(op.arguments)) and len(usual) == len(known):
        return (_parts(op, args)[0] if op.variadic else args), dict(usual)
    if op.variadic:
        args = _parts(op, args)
        extra = args[1:]
        args = args[0]
    else:
        extra = args[len(op.arguments) :]
        args = args[: len(op.arguments)]
        if extra and op.of_two:
            hint = f"of two values: {op.of_two}(a, b)   along an axis: {op.name}(x, axis=0)"
            raise DomainError(f"{op.name} takes one value and looks through its entries", hint=hint)
        args, options = _named_arguments(op, args, options)
    if len(extra) > len(op.options):
        most = (1 if op.variadic else len(op.arguments)) + len(op.options)
        given_count = (1 if op.variadic else len(args)) + len(extra)
        raise DomainError(f"{op.name} takes {_arguments(most)}, not {given_count}", hint=op.signature)
    given = dict(zip((o.name for o in op.options), extra, strict=False))
    for name in options:
        if name in given or name not in known:
            raise DomainError(f"{op.name} has no option {name!r} to set here", hint=op.signature)
    given |= options
    settings = {}
    for name, option in known.items():
        is_usual = name in usual and name not in given
        settings[name] = usual[name] if is_usual else _value(op, option, given.get(name, REQUIRED))
    return args, settings


@lru_cache(maxsize=512)
def _options(op: Op) -> tuple[dict[str, Option], dict[str, Any]]:
    """The options by name, and what those that need not be given are settled to without."""
    known = {option.name: option for option in op.options}
    usual = {name: _value(op, o, o.default) for name, o in known.items() if o.default is not REQUIRED}
    return known, usual


def _parts(op: Op, args: tuple[Any, ...]) -> tuple[Any, ...]:
    if not args or not isinstance(args[0], (list, tuple)) or not args[0]:
        raise DomainError(f"{op.name} joins a list of parts", hint=op.signature)
    return (tuple(args[0]), *args[1:])


def _named_arguments(
    op: Op, args: tuple[Any, ...], options: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    rest = dict(options)
    for name in op.arguments[len(args) :]:
        if name not in rest:
            break
        args = (*args, rest.pop(name))
    missing = op.arguments[len(args) :]
    if missing:
        raise DomainError(f"{op.name} takes {_arguments(len(op.arguments))}, not {len(args)}", hint=op.signature)
    return args, rest


def _arguments(count: int) -> str:
    return "1 argument" if count == 1 else f"{count} arguments"


def _plain(value: Any) -> Any:
    value = value.read() if type(value) is Var else getattr(value, "value", value)
    if isinstance(value, np.ndarray):
        return tuple(value.tolist())
    return tuple(map(_plain, value)) if isinstance(value, (tuple, list)) else value


def _value(op: Op, option: Option, value: Any) -> Any:
    if value is REQUIRED:
        raise DomainError(f"{op.name} needs its {option.name}", hint=op.signature)
    if option.kind == "key":
        return value
    if option.kind == "number" and type(value) is Var:
        value = value.cut()
    accepted: Any = KINDS[option.kind](_plain(value))
    if accepted is None and not (value is None and option.default is None):
        raise DomainError(f"{option.name} of {op.name} must be {_WORDS[option.kind]}", hint=op.signature)
    return accepted


def _whole(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer)):
        return None
    number = float(value)
    return int(number) if abs(number) < _LARGEST and number.is_integer() else None


_LARGEST = 2.0**31


def _wholes(value: Any) -> tuple[int, ...] | None:
    if not isinstance(value, tuple):
        return None
    parts = tuple(_whole(part) for part in value)
    return None if any(part is None for part in parts) else parts  # type: ignore[return-value]


def _axis(value: Any) -> Any:
    return _wholes(value) if isinstance(value, tuple) else _whole(value)


def _shape(value: Any) -> Any:
    sizes = _wholes(value if isinstance(value, tuple) else (value,))
    return None if sizes is None or min(sizes, default=0) < -1 else sizes


def _count(value: Any) -> Any:
    whole = _whole(value)
    return None if whole is None or whole < 0 else whole


def _flag(value: Any) -> Any:
    return bool(value) if value in (True, False, 0.0, 1.0) else None


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


KINDS: dict[str, Callable[[Any], Any]] = {
    "axis": _axis,
    "one axis": _whole,
    "axes": _wholes,
    "shape": _shape,
    "flag": _flag,
    "count": _count,
    "number": _number,
}
_WORDS = {
    "axis": "a whole number, a tuple of them, or None",
    "one axis": "a whole number",
    "axes": "a tuple of whole numbers, one for each axis",
    "shape": "a size or a tuple of sizes, such as (2, 3), of which one may be -1 for what is left",
    "flag": "True or False",
    "count": "a whole number, 0 or more",
    "number": "a number",
}
