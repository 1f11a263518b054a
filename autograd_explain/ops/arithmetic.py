"""`+ - * / **` and negation, and the operators of every traced value.

Each rule is a function of `(out, *arguments)`: ∂out/∂a first, ∂out/∂b second.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from autograd_explain.core.notation import ADD, MULTIPLY, NEGATE, Infix, Power, Prefix
from autograd_explain.core.op import Domain, Kink, Op, apply
from autograd_explain.core.registry import define
from autograd_explain.core.traced import Traced
from autograd_explain.core.var import Var, binary, unary

add = define(Op(
    "add", ("a", "b"), np.add, lambda sp, a, b: a + b, Infix("+", ADD), "arithmetic",
    "A sum passes its upstream unchanged to both sides: raising either raises the sum one for one.",
    scalar=operator.add, partials=(1.0, 1.0), example="x + 3",
))  # fmt: skip

sub = define(Op(
    "sub", ("a", "b"), np.subtract, lambda sp, a, b: a - b, Infix("-", ADD), "arithmetic",
    "Raising b lowers a − b one for one, so b's share of the upstream changes sign.",
    scalar=operator.sub, partials=(1.0, -1.0), example="1 - x",
))  # fmt: skip

mul = define(Op(
    "mul", ("a", "b"), np.multiply, lambda sp, a, b: a * b, Infix("*", MULTIPLY, tight=True), "arithmetic",
    "Each factor's slope is the other factor: the larger my partner, the more I count.",
    scalar=operator.mul, partials=(lambda out, a, b: b, lambda out, a, b: a), example="w*x",
))  # fmt: skip

div = define(Op(
    "div", ("a", "b"), np.divide, lambda sp, a, b: a / b, Infix("/", MULTIPLY, tight=True), "arithmetic",
    "The numerator's slope is 1/b; the denominator's is −a/b², steep where b is small.",
    scalar=operator.truediv, partials=(lambda out, a, b: 1 / b, lambda out, a, b: -out / b),
    shown=(None, lambda out, a, b: -a / b**2),
    domain=Domain("b ≠ 0", lambda a, b: b != 0), example="x/(1 + x)",
))  # fmt: skip

_NO_POWER = "none (no real value)"
_ROOT = "∞ for y < 1, 0 for y > 1"
_ZEROS, _INFINITE = "nan by the base, 0 by the exponent", "−∞ by the base, nan by the exponent"
_POWER_KINKS = (
    Kink("kink", "x = 0 and y is a fraction above 0", lambda x, y: (x == 0) & (y > 0) & (y != np.floor(y)),
         _NO_POWER, _ROOT, _ROOT, (("JAX", _ROOT), ("TensorFlow", _ROOT)), about=(0,)),
    Kink("kink", "x = y = 0, by y", lambda x, y: (x == 0) & (y == 0), "none (0**y is ∞ below y = 0)", "0", "0",
         (("JAX", _ZEROS), ("TensorFlow", _ZEROS)), about=(1,),
         free="0**y jumps there from ∞ to 1 to 0"),
    Kink("kink", "x = 0 and y < 0", lambda x, y: (x == 0) & (y < 0), "none (x**y is ∞ at 0)",
         "none (x**y is ∞ at 0)", "−∞", (("JAX", _INFINITE), ("TensorFlow", _INFINITE)),
         free="the value is infinite there"),
)  # fmt: skip

# (y − (y ≠ 0)) is y − 1 wherever it matters and makes the slope of x**0 at x = 0 the 0 that it is, not 0·∞.
# The logarithm's guard does the same for ∂/∂y where the base is 0: 0**y stays 0 for every y > 0.
power = define(Op(
    "pow", ("x", "y"), np.power, lambda sp, x, y: x**y, Power(), "arithmetic",
    "The exponent comes down and one is taken off it; the exponent's own slope is out·log(x).",
    scalar=math.pow,
    partials=(
        lambda out, x, y: y * x ** (y - (y != 0)),
        lambda out, x, y: out * log(x + (x == 0) * (y >= 0)),
    ),
    shown=(lambda out, x, y: y * x ** (y - 1), lambda out, x, y: out * log(x)),
    domain=Domain("x > 0, or y a whole number", lambda x, y: (x > 0) | (y == np.round(y))), kinks=_POWER_KINKS,
    example="x**2",
))  # fmt: skip

neg = define(Op(
    "neg", ("x",), np.negative, lambda sp, x: -x, Prefix("-", NEGATE), "arithmetic",
    "Turning a value around turns its gradient around.",
    scalar=operator.neg, partials=(-1.0,), example="-x",
))  # fmt: skip


def log(x: Any) -> Any:
    """The natural logarithm, looked up late because its row stands in another family."""
    from autograd_explain.ops.elementary import log as logarithm

    return logarithm(x)


FAST = {op.name: binary(op) for op in (add, sub, mul, div, power)}
fast_negative = unary(neg)


def _operators(name: str, op: Op) -> None:
    """Give `Traced` the operator and its reflection; `Var` gets the recorder made for it."""
    fast = FAST[op.name]
    setattr(Var, f"__{name}__", fast)
    setattr(Var, f"__r{name}__", lambda self, other: fast(other, self))
    setattr(Traced, f"__{name}__", lambda self, other: apply(op, self, other))
    setattr(Traced, f"__r{name}__", lambda self, other: apply(op, other, self))


for _name, _op in {"add": add, "sub": sub, "mul": mul, "truediv": div, "pow": power}.items():
    _operators(_name, _op)
Var.__neg__ = fast_negative  # type: ignore[method-assign]
Traced.__neg__ = lambda self: apply(neg, self)  # type: ignore[method-assign]
Traced.__pos__ = lambda self: self  # type: ignore[method-assign]
