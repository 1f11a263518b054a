"""A little evaluator of the language's formulas, made for the tests: `ast` over NumPy, without the engine.

Only what formulas of programs on plain numbers hold.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

F = np.float64
OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: np.float_power,
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}  # fmt: skip
SELU = (1.6732632423543772, 1.0507009873554805)


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x)) if x >= 0 else np.exp(x) / (1 + np.exp(x))


def _softplus(x: Any) -> Any:
    return np.logaddexp(0, x)


NUMPYS = [
    "exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "cbrt", "sin", "cos", "tan",
    "sinh", "cosh", "tanh", "floor", "ceil", "sign", "square", "reciprocal", "hypot", "maximum", "minimum", "abs",
]  # fmt: skip
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(np, name) for name in NUMPYS},
    "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "atan2": np.arctan2,
    "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh, "round": np.round,
    "erf": lambda x: F(math.erf(x)), "erfc": lambda x: F(math.erfc(x)), "clip": np.clip,
    "sigmoid": _sigmoid, "softplus": _softplus, "logsigmoid": lambda x: -_softplus(-x),
    "relu": lambda x: np.maximum(x, 0), "leaky_relu": lambda x, slope=0.01: x if x > 0 else slope * x,
    "elu": lambda x, alpha=1.0: x if x > 0 else alpha * np.expm1(x),
    "selu": lambda x: SELU[1] * (x if x > 0 else SELU[0] * np.expm1(x)),
    "gelu": lambda x: x * F(math.erfc(-x / math.sqrt(2))) / 2, "silu": lambda x: x * _sigmoid(x),
    "mish": lambda x: x * np.tanh(_softplus(x)), "hardtanh": lambda x: np.clip(x, -1, 1),
    "where": lambda c, a, b: a if c else b, "detach": lambda x: x,
    # Over one number a reduction is that number.
    "sum": lambda x: x, "mean": lambda x: x, "bce": lambda p, t: -(t * np.log(p) + (1 - t) * np.log1p(-p)),
}  # fmt: skip


def evaluate(text: str, names: dict[str, float] | None = None) -> float:
    """What a formula comes to, its names looked up in `names`."""
    with np.errstate(all="ignore"):
        return float(_value(_Bare().visit(ast.parse(text, mode="eval")).body, names or {}))


class _Bare(ast.NodeTransformer):
    """An array of one entry counts as that number."""

    def visit_List(self, node: ast.List) -> ast.AST:
        return node.elts[0] if len(node.elts) == 1 else node


def _value(node: Any, names: dict[str, float]) -> Any:
    match node:
        case ast.Constant():
            return F(node.value)
        case ast.Name():
            known = {"inf": math.inf, "nan": math.nan, "pi": math.pi, "e": math.e, **names}
            return F(known[node.id])
        case ast.UnaryOp(op=ast.USub()):
            return -_value(node.operand, names)
        case ast.BinOp():
            return F(OPERATORS[type(node.op)](_value(node.left, names), _value(node.right, names)))
        case ast.Compare():
            return F(OPERATORS[type(node.ops[0])](_value(node.left, names), _value(node.comparators[0], names)))
        case ast.Call(func=ast.Name()):
            options = {str(keyword.arg): _value(keyword.value, names) for keyword in node.keywords}
            return F(FUNCTIONS[node.func.id](*(_value(argument, names) for argument in node.args), **options))
    raise AssertionError(f"not in a formula on numbers: {ast.dump(node)}")
