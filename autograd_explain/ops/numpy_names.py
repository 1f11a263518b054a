"""NumPy's functions on recorded values: `np.sin(v)` and `np.sum(v, axis=0)` record our operation of that meaning.

NumPy asks a value what its functions mean on it; this module answers, by the table of operations. What has no
operation here is refused with the nearest one, instead of turning the value into a plain number unseen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_explain.core.op import Op
from autograd_explain.core.registry import find
from autograd_explain.core.shapes import shape_of
from autograd_explain.core.signature import bind
from autograd_explain.core.traced import Traced
from autograd_explain.core.var import Var
from autograd_explain.errors import DomainError

SAME = {
    "absolute": "abs", "amax": "max", "amin": "min", "arctan2": "atan2", "around": "round", "concatenate": "concat",
    "divide": "div", "equal": "eq", "fabs": "abs", "float_power": "pow", "greater": "gt", "greater_equal": "ge",
    "less": "lt", "less_equal": "le", "multiply": "mul", "negative": "neg", "not_equal": "ne", "power": "pow",
    "ravel": "flatten", "rint": "round", "subtract": "sub", "true_divide": "div",
}  # fmt: skip
"""NumPy's name and ours, where they differ."""

_REDUCED = {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min"}
_PLAIN = (
    "shape", "ndim", "size", "any", "all", "isfinite", "isnan", "isinf", "argmax", "argmin", "argsort", "signbit",
    "allclose", "isclose", "array_equal", "nonzero", "flatnonzero", "zeros_like", "ones_like", "full_like",
    "empty_like", "array2string", "array_repr", "array_str", "count_nonzero", "result_type", "iscomplexobj",
    "searchsorted", "copyto",
)  # fmt: skip
_SETTINGS = {"newshape": "shape", "a_min": "lo", "a_max": "hi", "min": "lo", "max": "hi", "decimals": ""}
_UNUSED = {"dtype", "out", "where", "order", "initial", "casting", "subok", "like", "copy", "mean"}
_IN_OTHER_WORDS = {
    "vstack": "functions.concat or functions.stack", "hstack": "functions.concat", "swapaxes": "functions.transpose",
    "vdot": "functions.dot", "inner": "functions.dot", "exp2": "2**x", "heaviside": "functions.where(x > 0, 1.0, 0.0)",
    "logaddexp": "functions.logsumexp(functions.stack([a, b]), axis=0)", "median": "functions.mean",
}  # fmt: skip


def _named(name: str) -> Op | None:
    """The operation of NumPy's name; None where there is none, or where only rules use it."""
    op = find(SAME.get(name, name))
    return op if op is not None and (not op.internal or op.name == "broadcast_to") else None


def _refused(name: str, why: str = "") -> DomainError:
    if why:
        return DomainError(f"np.{name} of a recorded value {why}", hint="the plain number or array is in .value")
    known = _IN_OTHER_WORDS.get(name)
    hint = f"there is {known}   " if known else ""
    message = f"np.{name} is not an operation that is recorded"
    return DomainError(message, hint=f"{hint}dir(autograd_explain.functions) lists all; .value is the plain number")


def _ufunc(self: Traced, ufunc: Any, method: str, *inputs: Any, **settings: Any) -> Any:
    name = str(ufunc.__name__)
    if settings.get("out") is not None and any(isinstance(out, (Traced, np.ndarray)) for out in settings["out"]):
        raise _refused(name, "cannot write into an array (out=, +=): the array would not know where it came from")
    if method == "reduce" and name in _REDUCED:
        return _function(self, _Named(_REDUCED[name]), (), inputs, {"axis": 0, **settings})
    if method != "__call__":
        raise _refused(f"{name}.{method}")
    if name == "positive":
        return +inputs[0]
    if name in _PLAIN:
        return ufunc(*map(_read, inputs))
    op = _named(name)
    if op is None or not (op.elementwise or name == "matmul"):
        raise _refused(name)
    _unused(name, settings)
    return op(*map(_number, inputs))


class _Named:
    """A function known by its name alone."""

    def __init__(self, name: str) -> None:
        self.__name__ = name
        self.__module__ = "numpy"


def _function(self: Traced, function: Any, types: Any, args: tuple[Any, ...], settings: dict[str, Any]) -> Any:
    name = str(function.__name__)
    if name in _PLAIN and not name.endswith("_like"):
        return function(*map(_read, args), **{key: _read(value) for key, value in settings.items()})
    if name in _PLAIN:
        return function(np.asarray(_read(args[0])), *args[1:], **settings)
    op = _named(name)
    if op is None:
        raise _refused(name)
    given = {_SETTINGS.get(key, key): value for key, value in _unused(name, settings).items()}
    count = 1 if op.variadic else len(op.arguments)
    head = [list(args[0])] if op.variadic else [_number(arg) for arg in args[:count]]
    named = {key: _number(given.pop(key)) for key in list(given) if key in op.arguments}
    rest = args[count:] if op.options else [arg for arg in args[count:] if arg is not None]
    if len(rest) <= len(op.options):  # NumPy takes by their places what we have by name
        given, rest = {**dict(zip([o.name for o in op.options], rest, strict=False)), **given}, []
    bound, options = bind(op, (*head, *rest), {**named, **given})
    return op(list(bound), **options) if op.variadic else op(*bound, **options)


def _unused(name: str, settings: dict[str, Any]) -> dict[str, Any]:
    """The settings that mean something here; raises DomainError for one of NumPy's that is not had."""
    left = {}
    for key, value in settings.items():
        if value is None or value is np._NoValue:  # noqa: SLF001 - what NumPy hands on where nothing was given
            if key == "axis":
                left[key] = value
            continue
        if key in _UNUSED:
            raise _refused(name, f"takes no {key}=")
        left[key] = value
    return left


def _read(value: Any) -> Any:
    """The plain value behind a traced one, in a list or tuple too."""
    if isinstance(value, (list, tuple)):
        return type(value)(map(_read, value))
    if isinstance(value, Var):
        return value.read()
    return value.value if isinstance(value, Traced) else value


def _number(value: Any) -> Any:
    return value if isinstance(value, Traced) else np.asarray(value, dtype=np.float64)[()]


def _array(self: Var, *args: Any, **settings: Any) -> Any:
    raise DomainError(
        "a recorded value does not turn into a NumPy array: what is made from it would not be recorded",
        hint=".value is the plain number or array; functions.stack([a, b]) joins recorded values",
    )


def _attach() -> None:
    methods: dict[str, Callable[..., Any]] = {"__array_ufunc__": _ufunc, "__array_function__": _function}
    for name, method in methods.items():
        setattr(Traced, name, method)  # checkers run the same function on numbers of their own
    Var.__array__ = _array  # type: ignore[attr-defined]
    Var.ndim = property(lambda self: len(shape_of(self)))  # type: ignore[assignment]
    Var.size = property(lambda self: int(np.size(self.value)))  # type: ignore[assignment]


_attach()
