"""The elementary functions, entry by entry. A rule is ∂out/∂x as a function of `(out, x)`.

Where the textbook form loses digits, the rule is the form that keeps them and `shown` holds the textbook's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_explain.core.notation import Call
from autograd_explain.core.op import Domain, Kink, Op, apply
from autograd_explain.core.registry import define
from autograd_explain.core.traced import Traced
from autograd_explain.ops.compare import where

Array = Any


def _function(
    name: str, forward: Any, scalar: Any, rule: Any, note: str, *, shown: Any = None, unicode: str = "", **more: Any
) -> Op:
    """A row for a function of one argument; SymPy's form is found under the same name unless given."""
    symbolic = more.pop("symbolic", lambda sp, x: getattr(sp, name)(x))
    return define(Op(
        name, ("x",), forward, symbolic, Call(name, unicode, more.pop("latex", "")),
        more.pop("family", "elementary"), note, scalar=scalar, partials=(rule,), shown=(shown,),
        example=more.pop("example", f"{name}(x)"), **more,
    ))  # fmt: skip


def entrywise(plain: Callable[[float], float]) -> Callable[[Array], Array]:
    """An array form of a function that NumPy lacks."""

    def over_array(x: Array) -> Array:
        return np.fromiter(map(plain, np.ravel(x).tolist()), np.float64, np.size(x)).reshape(np.shape(x))

    return over_array


def entrywise_steps(x: Array) -> int:
    """The work of such a function: one call of Python for each entry."""
    return 20 * int(x.size)


_NO_SIDE = "none (no real value)"


def _steep(place: float, at: str, inner: str, chosen: str) -> Kink:
    """The edge of a domain at which the slope is infinite: `inner` is the side on which there are values."""
    left, right = (chosen, _NO_SIDE) if inner == "left" else (_NO_SIDE, chosen)
    return Kink("kink", at, lambda x: x == place, left, right, chosen, (("JAX", chosen), ("TensorFlow", chosen)))


exp = _function(
    "exp", np.exp, math.exp, lambda out, x: out,
    "eˣ is its own slope, so backward reuses the output.", uses_output=True, latex=r"\exp",
)  # fmt: skip
expm1 = _function(
    "expm1", np.expm1, math.expm1, lambda out, x: exp(x),
    "eˣ − 1 without losing digits near 0; its slope is eˣ.",
    shown=lambda out, x: out + 1, symbolic=lambda sp, x: sp.exp(x) - 1,
)  # fmt: skip
log = _function(
    "log", np.log, math.log, lambda out, x: 1 / x,
    "The slope is 1/x: steep near 0, gentle far out. Below 0 there is no real value.",
    domain=Domain("x > 0", lambda x: x > 0), aliases=("ln",), example="log(x**2 + 1)", latex=r"\log",
)  # fmt: skip
log1p = _function(
    "log1p", np.log1p, math.log1p, lambda out, x: 1 / (1 + x),
    "log(1 + x) without losing digits near 0.",
    symbolic=lambda sp, x: sp.log(1 + x), domain=Domain("x > −1", lambda x: x > -1),
)  # fmt: skip
log2 = _function(
    "log2", np.log2, math.log2, lambda out, x: (1 / math.log(2)) / x,
    "The logarithm to base 2: log(x)/log(2), and so is its slope.", shown=lambda out, x: 1 / (x * math.log(2)),
    symbolic=lambda sp, x: sp.log(x) / sp.log(2), domain=Domain("x > 0", lambda x: x > 0), latex=r"\log_{2}",
)  # fmt: skip
log10 = _function(
    "log10", np.log10, math.log10, lambda out, x: (1 / math.log(10)) / x,
    "The logarithm to base 10: log(x)/log(10), and so is its slope.", shown=lambda out, x: 1 / (x * math.log(10)),
    symbolic=lambda sp, x: sp.log(x) / sp.log(10), domain=Domain("x > 0", lambda x: x > 0), latex=r"\log_{10}",
)  # fmt: skip
sqrt = _function(
    "sqrt", np.sqrt, math.sqrt, lambda out, x: 1 / (2 * out),
    "The slope is 1/(2·√x): infinite at 0, so guard it with sqrt(x + 1e-12) where x can be 0.",
    unicode="√", uses_output=True, domain=Domain("x ≥ 0 (slope infinite at 0)", lambda x: x >= 0),
    kinks=(_steep(0.0, "x = 0", "right", "∞"),), latex=r"\sqrt{#}",
)  # fmt: skip
cbrt = _function(
    "cbrt", np.cbrt, math.cbrt, lambda out, x: 1 / (3 * out**2),
    "The cube root of any real number; its slope is infinite at 0.", uses_output=True,
    kinks=(Kink("kink", "x = 0", lambda x: x == 0, "∞", "∞", "∞", (("PyTorch", "no cbrt"), ("JAX", "∞"))),),
    latex=r"\sqrt[3]{#}",
)  # fmt: skip
sin = _function(
    "sin",
    np.sin,
    math.sin,
    lambda out, x: cos(x),
    "The slope of a sine wave is the cosine: a quarter turn ahead.",
    latex=r"\sin",
)
cos: Op = _function(
    "cos", np.cos, math.cos, lambda out, x: -sin(x), "The slope of the cosine is minus the sine.", latex=r"\cos"
)
tan = _function(
    "tan", np.tan, math.tan, lambda out, x: 1 / cos(x) ** 2,
    "Never flatter than 1, and infinite where the cosine is 0.", shown=lambda out, x: 1 + out**2, uses_output=True,
    latex=r"\tan",
)  # fmt: skip
asin = _function(
    "asin", np.arcsin, math.asin, lambda out, x: 1 / sqrt((1 - x) * (1 + x)),
    "The angle whose sine is x; infinitely steep at ±1.", shown=lambda out, x: 1 / sqrt(1 - x**2),
    aliases=("arcsin",), domain=Domain("−1 ≤ x ≤ 1", lambda x: abs(x) <= 1), latex=r"\arcsin",
    kinks=(_steep(1.0, "x = 1", "left", "∞"), _steep(-1.0, "x = −1", "right", "∞")),
)  # fmt: skip
acos = _function(
    "acos", np.arccos, math.acos, lambda out, x: -1 / sqrt((1 - x) * (1 + x)),
    "The angle whose cosine is x: it falls as fast as asin rises.", shown=lambda out, x: -1 / sqrt(1 - x**2),
    aliases=("arccos",), domain=Domain("−1 ≤ x ≤ 1", lambda x: abs(x) <= 1), latex=r"\arccos",
    kinks=(_steep(1.0, "x = 1", "left", "−∞"), _steep(-1.0, "x = −1", "right", "−∞")),
)  # fmt: skip
atan = _function(
    "atan", np.arctan, math.atan, lambda out, x: 1 / (1 + x**2),
    "The angle whose tangent is x: slope 1 at 0, fading far out.", aliases=("arctan",), steepest=1.0, latex=r"\arctan",
)  # fmt: skip
sinh = _function("sinh", np.sinh, math.sinh, lambda out, x: cosh(x), "(eˣ − e⁻ˣ)/2; its slope is cosh.", latex=r"\sinh")
cosh: Op = _function(
    "cosh",
    np.cosh,
    math.cosh,
    lambda out, x: sinh(x),
    "(eˣ + e⁻ˣ)/2; its slope is sinh, with no change of sign.",
    latex=r"\cosh",
)
tanh = _function(
    "tanh", np.tanh, math.tanh, lambda out, x: (1 / cosh(x)) ** 2,
    "The slope is 1 at 0 and fades towards 0: large inputs pass back almost nothing.",
    shown=lambda out, x: 1 - out**2, uses_output=True, steepest=1.0, family="activation", latex=r"\tanh",
)  # fmt: skip
asinh = _function(
    "asinh", np.arcsinh, math.asinh, lambda out, x: 1 / hypot(1.0, x),
    "The inverse of sinh: linear near 0, like a logarithm far out.", shown=lambda out, x: 1 / sqrt(1 + x**2),
    aliases=("arcsinh",),
)  # fmt: skip
acosh = _function(
    "acosh", np.arccosh, math.acosh, lambda out, x: 1 / (sqrt(x - 1) * sqrt(x + 1)),
    "The inverse of cosh for x ≥ 1; infinitely steep at 1.", shown=lambda out, x: 1 / sqrt(x**2 - 1),
    aliases=("arccosh",), domain=Domain("x ≥ 1", lambda x: x >= 1), kinks=(_steep(1.0, "x = 1", "right", "∞"),),
)  # fmt: skip
atanh = _function(
    "atanh", np.arctanh, math.atanh, lambda out, x: 1 / ((1 - x) * (1 + x)),
    "The inverse of tanh: infinite at ±1.", shown=lambda out, x: 1 / (1 - x**2),
    aliases=("arctanh",), domain=Domain("−1 < x < 1", lambda x: abs(x) < 1),
)  # fmt: skip
square = _function(
    "square", np.square, lambda x: x * x, lambda out, x: 2 * x, "x·x: its slope doubles x.",
    symbolic=lambda sp, x: x**2,
)  # fmt: skip
reciprocal = _function(
    "reciprocal", np.reciprocal, lambda x: 1.0 / x, lambda out, x: -out * out,
    "1/x falls everywhere, steeply near 0.", shown=lambda out, x: -1 / x**2, uses_output=True,
    symbolic=lambda sp, x: 1 / x, domain=Domain("x ≠ 0", lambda x: x != 0),
)  # fmt: skip
erf = _function(
    "erf", entrywise(math.erf), math.erf, lambda out, x: 2 / math.sqrt(math.pi) * exp(-(x * x)),
    "The share of a bell curve within ±x·√2 standard deviations; its slope is the bell.", steepest=1.1283791670955126,
    steps=entrywise_steps,
)  # fmt: skip
erfc = _function(
    "erfc", entrywise(math.erfc), math.erfc, lambda out, x: -2 / math.sqrt(math.pi) * exp(-(x * x)),
    "1 − erf(x) without losing digits far out.", steps=entrywise_steps,
)  # fmt: skip
_NO_SLOPE = (("JAX", "0"), ("TensorFlow", "None (no gradient)"))


def _jump(place: str, at: Any, others: tuple[tuple[str, str], ...] = _NO_SLOPE) -> tuple[Kink, ...]:
    return (Kink("kink", place, at, "0", "0", "0", others, free="the value jumps there"),)


def _is_whole(x: Any) -> Any:
    return (x == np.floor(x)) & (abs(x) < np.inf)


def _is_halfway(x: Any) -> Any:
    return (2 * x == np.floor(2 * x)) & (x != np.floor(x))


sign = _function(
    "sign", np.sign, lambda x: x if x != x else float((x > 0) - (x < 0)), 0.0,
    "A jump at 0 and flat beside it: it passes no gradient.", family="step",
    kinks=_jump("x = 0", lambda x: x == 0, (("JAX", "0"), ("TensorFlow", "0"))),
)  # fmt: skip
absolute = _function(
    "abs", np.abs, abs, lambda out, x: sign(x),
    "Slope 1 on the right, −1 on the left. At 0 it is a corner.", symbolic=lambda sp, x: sp.choose(x >= 0, x, -x),
    kinks=(Kink("kink", "x = 0", lambda x: x == 0, "−1", "1", "0", (("JAX", "1"), ("TensorFlow", "0"))),),
    latex=r"\lvert #\rvert",
)  # fmt: skip
Traced.__abs__ = lambda self: apply(absolute, self)  # type: ignore[method-assign]
floor = _function(
    "floor", np.floor, lambda x: float(math.floor(x)), 0.0, "Flat between whole numbers: it passes no gradient.",
    family="step", kinks=_jump("x is a whole number", _is_whole), latex=r"\lfloor #\rfloor",
)  # fmt: skip
ceil = _function(
    "ceil", np.ceil, lambda x: float(math.ceil(x)), 0.0, "Flat between whole numbers: it passes no gradient.",
    family="step", kinks=_jump("x is a whole number", _is_whole), latex=r"\lceil #\rceil",
)  # fmt: skip
rounded = _function(
    "round", np.round, lambda x: float(round(x)), 0.0,
    "To the nearest whole number, halves to the even one. Flat between: it passes no gradient.", family="step",
    kinks=_jump("x lies halfway between two whole numbers", _is_halfway),
)  # fmt: skip


def _pair(name: str, arguments: tuple[str, str], forward: Any, scalar: Any, rules: Any, note: str, **more: Any) -> Op:
    return define(Op(
        name, arguments, forward, more.pop("symbolic", lambda sp, a, b: getattr(sp, name)(a, b)), Call(name),
        "elementary", note, scalar=scalar, partials=rules, example=f"{name}({', '.join(arguments)})", **more,
    ))  # fmt: skip


hypot: Op = _pair(
    "hypot", ("x", "y"), np.hypot, math.hypot,
    (lambda out, x, y: where(out == 0, 0, x / out), lambda out, x, y: where(out == 0, 0, y / out)),
    "√(x² + y²) without overflow: the slope says how much each side points along the diagonal.",
    shown=(lambda out, x, y: x / out, lambda out, x, y: y / out), uses_output=True,
    symbolic=lambda sp, x, y: sp.sqrt(x**2 + y**2),
    kinks=(Kink("kink", "x = y = 0", lambda x, y: (x == 0) & (y == 0), "−1", "1", "0",
                (("PyTorch", "nan"), ("JAX", "½"))),),
)  # fmt: skip
atan2 = _pair(
    "atan2", ("y", "x"), np.arctan2, math.atan2,
    (
        lambda out, y, x: where(hypot(x, y) == 0, 0, x / hypot(x, y) / hypot(x, y)),
        lambda out, y, x: where(hypot(x, y) == 0, 0, -y / hypot(x, y) / hypot(x, y)),
    ),
    "The angle of the point (x, y); it turns faster the nearer the point is to the origin.",
    shown=(lambda out, y, x: x / (x**2 + y**2), lambda out, y, x: -y / (x**2 + y**2)),
    kinks=(Kink("kink", "x = y = 0", lambda y, x: (x == 0) & (y == 0), "none", "none", "0", (("JAX", "nan"),)),
           Kink("kink", "y = 0 and x < 0", lambda y, x: (y == 0) & (x < 0), "1/x", "1/x", "1/x",
                (("JAX", "1/x"), ("TensorFlow", "1/x")), about=(0,), free="the angle jumps there from −π to π")),
)  # fmt: skip

_TIE = (("JAX", "½ each"), ("TensorFlow", "1 to the first"))
maximum = _pair(
    "maximum", ("a", "b"), np.maximum, lambda a, b: a if a >= b or a != a else b,
    (lambda out, a, b: (a > b) + 0.5 * (a == b), lambda out, a, b: (b > a) + 0.5 * (a == b)),
    "The larger one gets all of the gradient; at a tie each gets half.",
    shown=(lambda out, a, b: where(a > b, 1, where(a == b, 0.5, 0)),
           lambda out, a, b: where(b > a, 1, where(a == b, 0.5, 0))),
    symbolic=lambda sp, a, b: sp.choose(a >= b, a, b),
    kinks=(Kink("tie", "a = b", lambda a, b: a == b, "0", "1", "½", _TIE),),
)  # fmt: skip
minimum = _pair(
    "minimum", ("a", "b"), np.minimum, lambda a, b: a if a <= b or a != a else b,
    (lambda out, a, b: (a < b) + 0.5 * (a == b), lambda out, a, b: (b < a) + 0.5 * (a == b)),
    "The smaller one gets all of the gradient; at a tie each gets half.",
    shown=(lambda out, a, b: where(a < b, 1, where(a == b, 0.5, 0)),
           lambda out, a, b: where(b < a, 1, where(a == b, 0.5, 0))),
    symbolic=lambda sp, a, b: sp.choose(a <= b, a, b),
    kinks=(Kink("tie", "a = b", lambda a, b: a == b, "1", "0", "½", _TIE),),
)  # fmt: skip


def _symbolic_clip(sp: Any, x: Any, lo: Any, hi: Any) -> Any:
    above = sp.choose(x < lo, lo, x)
    return sp.choose(above > hi, hi, above)


clip = define(Op(
    "clip", ("x", "lo", "hi"), lambda x, lo, hi: np.minimum(np.maximum(x, lo), hi),
    _symbolic_clip, Call("clip"), "elementary",
    "Inside the limits the gradient passes whole; outside, moving x changes nothing.",
    partials=(
        lambda out, x, lo, hi: where(x < lo, 0, x <= hi),
        lambda out, x, lo, hi: where(x < lo, lo < hi, 0),
        lambda out, x, lo, hi: maximum(x > hi, lo > hi),
    ),
    shown=(lambda out, x, lo, hi: where(x < lo, 0, where(x > hi, 0, 1)), None,
           lambda out, x, lo, hi: where(maximum(x, lo) > hi, 1, 0)),
    kinks=(Kink("kink", "x = lo or x = hi", lambda x, lo, hi: ((x == lo) | (x == hi)) & (lo < hi), "0 or 1", "1 or 0",
                "1", (("JAX", "½"), ("TensorFlow", "1"))),
           Kink("kink", "x = lo = hi", lambda x, lo, hi: (x == lo) & (lo == hi), "0", "0", "1",
                (("JAX", "¼"), ("TensorFlow", "1")), free="the limits leave x no room"),
           Kink("kink", "x < lo = hi, by lo and hi", lambda x, lo, hi: (x < lo) & (lo == hi), "1", "0", "0",
                (("JAX", "½"),), about=(1, 2))),
    example="clip(x, 0, 1)",
))  # fmt: skip
