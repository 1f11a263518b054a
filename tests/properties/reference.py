"""A program run by Python itself on numbers of forty digits: what its value and its slopes are, whatever we say.

The language is a part of Python, so generated programs need no reader of ours: lists become arrays, functions are
the ones below, written from their definitions in mpmath and NumPy. Nothing of the package is imported.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import mpmath as mp
import numpy as np

DIGITS = 40
STEP = mp.mpf(10) ** -12  # the error of a central difference is its square, some 1e-24
SELU = (1.0507009873554805, 1.6732632423543772)


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def _softplus(x: Any) -> Any:
    return mp.log(1 + mp.exp(x))


def _huber(gap: Any, delta: Any) -> Any:
    return gap * gap / 2 if abs(gap) <= delta else delta * (abs(gap) - mp.mpf(delta) / 2)


MPMATHS = ("exp", "log", "sqrt", "sin", "cos", "tan", "atan", "sinh", "cosh", "tanh", "asinh", "erf", "erfc")
OF_ONE: dict[str, Callable[[Any], Any]] = {
    **{name: getattr(mp, name) for name in MPMATHS},
    "log1p": lambda x: mp.log(1 + mp.mpf(x)), "expm1": lambda x: mp.exp(x) - 1, "square": lambda x: x * x,
    "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)), "reciprocal": lambda x: 1 / mp.mpf(x), "abs": abs,
    "sigmoid": _sigmoid, "softplus": _softplus, "logsigmoid": lambda x: -_softplus(-x),
    "silu": lambda x: x * _sigmoid(x), "gelu": lambda x: x * mp.erfc(-x / mp.sqrt(2)) / 2,
    "mish": lambda x: x * mp.tanh(_softplus(x)), "relu": lambda x: max(x, 0 * x),
    "leaky_relu": lambda x: x if x > 0 else 0.01 * x, "elu": lambda x: x if x > 0 else mp.exp(x) - 1,
    "selu": lambda x: SELU[0] * (x if x > 0 else SELU[1] * (mp.exp(x) - 1)), "hardtanh": lambda x: min(max(x, -1), 1),
}  # fmt: skip
OF_TWO: dict[str, Callable[[Any, Any], Any]] = {"hypot": mp.hypot, "atan2": mp.atan2, "maximum": max, "minimum": min}
OF_THREE: dict[str, Callable[[Any, Any, Any], Any]] = {
    "clip": lambda x, lo, hi: min(max(x, lo), hi),
    "where": lambda c, a, b: a if c else b,
}


def _one(x: Any) -> Any:
    """Plain numbers for arrays without axes."""
    return x[()] if isinstance(x, np.ndarray) and x.ndim == 0 else x


def _each(name: str, x: Any) -> Any:
    return FUNCTIONS[name](x)


def _reduced(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, axis=None, keepdims=False: _one(function(np.asarray(x, object), axis=axis, keepdims=keepdims))


def _count(x: Any, axis: Any) -> int:
    return int(np.size(x) // np.sum(np.ones(np.shape(x)), axis=axis).size)


def _mean(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return _one(np.sum(np.asarray(x, object), axis=axis, keepdims=keepdims) / _count(x, axis))


def _var(x: Any, axis: Any = None, *, keepdims: bool = False, ddof: int = 0) -> Any:
    away = x - _mean(x, axis, keepdims=True)
    return _one(np.sum(away * away, axis=axis, keepdims=keepdims) / (_count(x, axis) - ddof))


def _logsumexp(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return _each("log", np.sum(_each("exp", np.asarray(x, object)), axis=axis, keepdims=keepdims))


def _log_softmax(x: Any, axis: int = -1) -> Any:
    return x - _logsumexp(x, axis, keepdims=True)


def _bce_with_logits(z: Any, t: Any) -> Any:
    return _mean(_each("softplus", z) - z * t)


def _outer(a: Any, b: Any) -> Any:
    return np.einsum("i,j->ij", a, b)


def _cross_entropy(logits: Any, t: Any) -> Any:
    if np.ndim(logits) == 0 or np.shape(logits) != np.shape(t):
        raise ValueError("one row of shares for each row of scores")
    return -_mean(np.sum(t * _log_softmax(logits), axis=-1))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{
        name: np.frompyfunc(function, count, 1)
        for count, functions in enumerate((OF_ONE, OF_TWO, OF_THREE), 1)
        for name, function in functions.items()
    },
    "sum": _reduced(np.sum), "prod": _reduced(np.prod), "max": _reduced(np.max), "min": _reduced(np.min),
    "mean": _mean, "var": _var, "std": lambda x, *args, **how: _each("sqrt", _var(x, *args, **how)),
    "norm": lambda x, *args, **how: _each("sqrt", FUNCTIONS["sum"](x * x, *args, **how)),
    "logsumexp": _logsumexp, "log_softmax": _log_softmax,
    "softmax": lambda x, axis=-1: _each("exp", _log_softmax(x, axis)),
    "cumsum": lambda x, axis=None: np.add.accumulate(np.ravel(x) if axis is None else x, axis=axis or 0),
    "dot": np.matmul, "matmul": np.matmul, "outer": _outer, "transpose": np.transpose, "reshape": np.reshape,
    "squeeze": lambda x, axis=None: _one(np.squeeze(x, axis)), "expand_dims": np.expand_dims, "flatten": np.ravel,
    "concat": np.concatenate, "stack": np.stack, "zeros": np.zeros, "ones": np.ones, "eye": np.eye, "arange": np.arange,
    "mse": lambda p, t: _mean((p - t) * (p - t)), "mae": lambda p, t: _mean(abs(p - t)),
    "huber": lambda p, t, delta=1: _mean(np.frompyfunc(_huber, 2, 1)(p - t, delta)),
    "bce": lambda p, t: _mean(-t * _each("log", p) - (1 - t) * _each("log", 1 - p)),
    "bce_with_logits": _bce_with_logits, "cross_entropy": _cross_entropy,
    "hinge": lambda s, t: _mean(_each("relu", 1 - t * s)), "pi": math.pi, "len": len, "range": range,
}  # fmt: skip


class _Arrays(ast.NodeTransformer):
    """Lists as arrays, but where they are indices or the parts of a join; no value changed in place."""

    def visit_List(self, node: ast.List) -> ast.AST:
        self.generic_visit(node)
        return ast.Call(ast.Name("stack", ast.Load()), [node], [])

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        node.value = self.visit(node.value)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        read = ast.Name(node.target.id, ast.Load())  # type: ignore[union-attr]
        return ast.Assign([node.target], ast.BinOp(read, node.op, node.value))  # in place, NumPy changes aliases too

    def visit_Call(self, node: ast.Call) -> ast.AST:
        joined = isinstance(node.func, ast.Name) and node.func.id in {"concat", "stack"}
        for place, part in enumerate(node.args):
            whole = joined and place == 0
            node.args[place] = self.generic_visit(part) if whole else self.visit(part)  # type: ignore[assignment]
        return node


@lru_cache(maxsize=4096)
def _compiled(text: str) -> Any:
    tree = _Arrays().visit(ast.parse(text))
    last = tree.body[-1]
    if isinstance(last, ast.Expr):
        tree.body[-1] = ast.Assign([ast.Name("result", ast.Store())], last.value)
    return compile(ast.fix_missing_locations(tree), "<program>", "exec")


def result(text: str, values: Mapping[str, Any]) -> Any:
    """The program's result, at the precision in force."""
    space = {**FUNCTIONS, **values}
    exec(_compiled(text), space)  # noqa: S102 - a text that the tests themselves made
    return _one(space["result"])


def exact(value: Any) -> Any:
    """A float or an array of floats in many digits."""
    return np.frompyfunc(mp.mpf, 1, 1)(np.asarray(value, dtype=float))


def slope(text: str, values: Mapping[str, Any], name: str, along: Any, weights: Any) -> float:
    """How fast Σ weights·result grows while one value moves along a direction: a central difference."""
    with mp.workdps(DIGITS):
        given = {other: exact(value) for other, value in values.items()}
        start, way = given[name], exact(along) * STEP
        ahead, behind = (np.sum(weights * result(text, {**given, name: start + k * way})) for k in (1, -1))
        return float((ahead - behind) / (2 * STEP))
