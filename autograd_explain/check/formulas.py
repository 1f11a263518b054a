"""Formulas of an export read and worked out again: `ast` over NumPy, without the engine.

Each function stands here in a form of its own, so that a mistake in the engine's is not made twice. Text is data:
a name is looked up among the values given, and nothing but the functions below can be called.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

_SELU = (1.6732632423543772, 1.0507009873554805)


class UnknownFormula(Exception):
    """A formula that holds a function of the user's own, or what no formula of an export holds."""


def number(value: Any) -> Any:
    """A number or nested list of an export as NumPy has it; its words for nan and infinities are numbers too."""
    return np.array(value, dtype=object).astype(float) if isinstance(value, list) else np.float64(value)


def same(left: Any, right: Any) -> bool:
    """Whether two numbers or arrays are equal, nan being equal to itself."""
    a, b = number(left), number(right)
    return np.shape(a) == np.shape(b) and bool(np.all((a == b) | (np.isnan(a) & np.isnan(b))))


def _sigmoid(x: Any) -> Any:
    small = np.exp(-np.abs(x))
    return np.where(np.greater_equal(x, 0), 1.0, small) / (1.0 + small)


def _softplus(x: Any) -> Any:
    return np.logaddexp(0.0, x)


def _erf(x: Any) -> Any:
    return np.vectorize(math.erf, otypes=[float])(x)


def _erfc(x: Any) -> Any:
    return np.vectorize(math.erfc, otypes=[float])(x)


def _softmax(x: Any, axis: Any = -1) -> Any:
    return np.exp(x - _logsumexp(x, axis=axis, keepdims=True))


def _logsumexp(x: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
    return np.logaddexp.reduce(np.asarray(x, dtype=float), axis=_axes(x, axis), keepdims=keepdims)


def _axes(x: Any, axis: Any) -> Any:
    return tuple(range(np.ndim(x))) if axis is None else axis


def _norm(x: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
    return np.hypot.reduce(np.asarray(x, dtype=float), axis=_axes(x, axis), keepdims=keepdims)


def _sum_to(x: Any, shape: Any) -> Any:
    array = np.asarray(x, dtype=float)
    array = array.sum(axis=tuple(range(array.ndim - len(shape))))
    return array.sum(axis=tuple(a for a, size in enumerate(shape) if size == 1), keepdims=True).reshape(shape)


def _product_of_others(x: Any, axis: Any = None) -> Any:
    out = np.empty(np.shape(x))
    for place in np.ndindex(out.shape):
        ones = np.array(x, dtype=float)
        ones[place] = 1.0
        line = tuple(slice(None) if a in _positive(axis, out.ndim) else p for a, p in enumerate(place))
        out[place] = np.prod(ones[line])
    return out


def _positive(axis: Any, rank: int) -> set[int]:
    axes = range(rank) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return {a % rank for a in axes}


def _cross_entropy(logits: Any, t: Any) -> Any:
    logs = np.asarray(logits) - _logsumexp(logits, axis=-1, keepdims=True)
    if np.ndim(t) < np.ndim(logits):
        t = np.eye(logs.shape[-1])[np.asarray(t).astype(int)]
    rows = max(logs.size // logs.shape[-1], 1)
    return -np.sum(np.where(np.equal(t, 0), 0.0, t * logs)) / rows


def _bce(p: Any, t: Any) -> Any:
    hit, miss = np.maximum(np.log(p), -100.0), np.maximum(np.log1p(-np.asarray(p)), -100.0)
    return -np.mean(t * hit + (1 - np.asarray(t)) * miss)


def _reduced(pick: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, axis=None, keepdims=False: pick(np.asarray(x), axis=_axes(x, axis), keepdims=keepdims)


def _spread(ddof: Any) -> float:
    return float(np.asarray(ddof).item())


def _var(x: Any, axis: Any = None, *, keepdims: bool = False, ddof: Any = 0) -> Any:
    values: Any = np.asarray(x)
    return values.var(axis=_axes(x, axis), keepdims=keepdims, ddof=_spread(ddof))


NUMPYS = (
    "exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "cbrt", "sin", "cos", "tan", "sinh", "cosh", "tanh",
    "floor", "ceil", "sign", "square", "reciprocal", "hypot", "maximum", "minimum", "abs", "round",
    "squeeze", "expand_dims", "broadcast_to", "transpose", "stack", "cumsum", "reshape",
)  # fmt: skip
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(np, name) for name in NUMPYS},
    "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "asinh": np.arcsinh, "acosh": np.arccosh,
    "atanh": np.arctanh, "atan2": np.arctan2, "erf": _erf, "erfc": _erfc, "matmul": np.matmul, "dot": np.matmul,
    "clip": lambda x, lo, hi: np.minimum(np.maximum(x, lo), hi), "outer": np.outer,
    "sigmoid": _sigmoid, "softplus": _softplus, "logsigmoid": lambda x: -_softplus(-np.asarray(x)),
    "relu": lambda x: np.maximum(x, 0.0), "leaky_relu": lambda x, slope=0.01: np.where(np.greater(x, 0), x, slope * x),
    "elu": lambda x, alpha=1.0: np.where(np.greater(x, 0), x, alpha * np.expm1(x)),
    "selu": lambda x: _SELU[1] * np.where(np.greater(x, 0), x, _SELU[0] * np.expm1(x)),
    "gelu": lambda x: x * _erfc(-np.asarray(x) / math.sqrt(2)) / 2, "silu": lambda x: x * _sigmoid(x),
    "mish": lambda x: x * np.tanh(_softplus(x)), "hardtanh": lambda x: np.clip(x, -1.0, 1.0),
    "where": lambda c, a, b: np.where(np.not_equal(c, 0), a, b), "detach": lambda x: x,
    "sum": _reduced(np.sum), "mean": _reduced(np.mean), "prod": _reduced(np.prod), "max": _reduced(np.max),
    "min": _reduced(np.min), "norm": _norm, "var": _var, "std": lambda x, **options: np.sqrt(_var(x, **options)),
    "logsumexp": _logsumexp, "softmax": _softmax, "cross_entropy": _cross_entropy, "bce": _bce,
    "log_softmax": lambda x, axis=-1: np.asarray(x) - _logsumexp(x, axis=axis, keepdims=True),
    "flatten": np.ravel, "concat": np.concatenate, "sum_to": _sum_to, "product_of_others": _product_of_others,
    "zeros": lambda *shape: np.zeros(shape), "pow": np.float_power,
}  # fmt: skip
OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: np.divide, ast.Pow: np.float_power,
    ast.MatMult: np.matmul, ast.Lt: np.less, ast.LtE: np.less_equal, ast.Gt: np.greater, ast.GtE: np.greater_equal,
    ast.Eq: np.equal, ast.NotEq: np.not_equal,
}  # fmt: skip
_WORDS = {"inf": math.inf, "nan": math.nan, "True": True, "False": False, "None": None}


def names_in(text: str) -> set[str]:
    """The names a formula reads, but for the words every formula may hold."""
    tree = ast.parse(text, mode="eval")
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in called}
    return names - _WORDS.keys()


def evaluate(text: str, names: Mapping[str, Any], nudge: Callable[[Any], Any] = lambda value: value) -> Any:
    """What a formula comes to; every number in it, and every value it names, is handed through `nudge`.

    Raises UnknownFormula for what no formula holds, functions of the user's own among it.
    """
    try:
        with np.errstate(all="ignore"):
            return _Reader(names, nudge).value(ast.parse(text, mode="eval").body)
    except (TypeError, ValueError, IndexError, KeyError, RecursionError, SyntaxError, MemoryError) as error:
        raise UnknownFormula(f"{text[:60]}: {error}") from None


class _Reader:
    """One formula being worked out."""

    def __init__(self, names: Mapping[str, Any], nudge: Callable[[Any], Any]) -> None:
        self.names = names
        self.nudge = nudge

    def value(self, node: Any) -> Any:  # noqa: C901, PLR0911 - a case for each kind of part, and no more
        """The value of one part of the formula."""
        match node:
            case ast.Constant(value=bool() | None):
                return node.value
            case ast.Constant(value=int() | float() as written):
                return self.nudge(np.float64(written))
            case ast.Name():
                return _WORDS[node.id] if node.id in _WORDS else self.nudge(self.names[node.id])
            case ast.UnaryOp(op=ast.USub()):
                return np.negative(self.value(node.operand))
            case ast.BinOp():
                return OPERATORS[type(node.op)](self.value(node.left), self.value(node.right))
            case ast.Compare(ops=[only], comparators=[right]):
                return OPERATORS[type(only)](self.value(node.left), self.value(right)) * 1.0
            case ast.List():
                return np.array([self.value(entry) for entry in node.elts], dtype=float)
            case ast.Attribute(attr="T"):
                return np.transpose(self.value(node.value))
            case ast.Subscript():
                return np.asarray(self.value(node.value))[self.key(node.slice)]
            case ast.Call(func=ast.Name()):
                return self.call(node)
        raise UnknownFormula(ast.dump(node)[:60])

    def call(self, node: Any) -> Any:
        """A function's value; its options are plain numbers, which nobody nudges."""
        name = node.func.id
        if name == "scatter_add":
            return self.scattered(node)
        if name not in FUNCTIONS:
            raise UnknownFormula(f"{name} is no function of the language")
        options = {str(k.arg): self.plain(k.value) for k in node.keywords}
        if name == "zeros":
            return FUNCTIONS[name](*(self.plain(argument) for argument in node.args))
        if name in {"concat", "stack"}:
            return FUNCTIONS[name]([self.value(entry) for entry in node.args[0].elts], **options)
        return FUNCTIONS[name](*(self.value(argument) for argument in node.args), **options)

    def scattered(self, node: Any) -> Any:
        """`scatter_add(value, zeros(shape)[key])`: the value added into zeros at the places of the key."""
        value, target = node.args
        out = self.value(target.value)
        np.add.at(out, self.key(target.slice), self.value(value))
        return out

    def key(self, node: Any) -> Any:
        """What stands between the brackets of an index."""
        match node:
            case ast.Tuple():
                return tuple(self.key(part) for part in node.elts)
            case ast.Slice():
                return slice(*(None if p is None else self.plain(p) for p in (node.lower, node.upper, node.step)))
            case ast.Constant(value=v) if v is Ellipsis:
                return Ellipsis
            case ast.List():
                return np.asarray(ast.literal_eval(node)).astype(int)
        return self.plain(node)

    def plain(self, node: Any) -> Any:
        """An option or an index: a number, None, a truth or a tuple of them, written out."""
        return ast.literal_eval(node)
