"""The activation functions of neural networks, entry by entry. A rule is ∂out/∂x as a function of `(out, x)`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_explain.core.notation import Call
from autograd_explain.core.op import Direct, Kink, Op, Option
from autograd_explain.core.registry import define
from autograd_explain.ops.compare import where
from autograd_explain.ops.elementary import cosh, entrywise, entrywise_steps, erfc, exp, tanh

SELU_ALPHA = 1.6732632423543772848170429916717  # Klambauer et al. 2017, Self-Normalizing Neural Networks
SELU_SCALE = 1.0507009873554804934193349852946


def _activation(name: str, scalar: Any, forward: Any, rule: Any, symbolic: Any, note: str, **more: Any) -> Op:
    return define(Op(
        name, ("x",), forward, symbolic, Call(name, more.pop("unicode", ""), more.pop("latex", "")), "activation",
        note, scalar=scalar, partials=(rule,), shown=(more.pop("shown", None),), example=f"{name}(x)", **more,
    ))  # fmt: skip


def _zero(left: str, right: str, chosen: str, **others: str) -> tuple[Kink, ...]:
    return (Kink("kink", "x = 0", lambda x, **options: x == 0, left, right, chosen, tuple(others.items())),)


def _sigmoid(x: float) -> float:
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    small = math.exp(x)
    return small / (1.0 + small)


def _sigmoid_array(x: Any) -> Any:
    small = np.exp(-np.abs(x))
    return np.where(np.isnan(x), x, np.where(x >= 0, 1.0, small) / (1.0 + small))


def _softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


sigmoid: Op = _activation(
    "sigmoid", _sigmoid, _sigmoid_array, lambda out, x: out * sigmoid(-x), lambda sp, x: 1 / (1 + sp.exp(-x)),
    "Slope at most ¼, at 0; far from 0 it is almost flat and passes back almost nothing.",
    shown=lambda out, x: out * (1 - out), unicode="σ", latex=r"\sigma", aliases=("σ",), uses_output=True, steepest=0.25,
)  # fmt: skip
logsigmoid: Op = _activation(
    "logsigmoid", lambda x: -_softplus(-x), lambda x: -np.logaddexp(0.0, -x), lambda out, x: sigmoid(-x),
    lambda sp, x: -sp.log(1 + sp.exp(-x)), "log σ(x), without σ reaching 0 first.",
    shown=lambda out, x: 1 - sigmoid(x), steepest=1.0,
)  # fmt: skip
softplus = _activation(
    "softplus", _softplus, lambda x: np.logaddexp(0.0, x), lambda out, x: sigmoid(x),
    lambda sp, x: sp.log(1 + sp.exp(x)), "A relu with its corner rounded; its slope is the sigmoid.", steepest=1.0,
)  # fmt: skip
relu = _activation(
    "relu", lambda x: x if x > 0.0 or x != x else 0.0, lambda x: np.maximum(x, 0.0), lambda out, x: x > 0,
    lambda sp, x: sp.choose(x > 0, x, 0), "On for positive inputs (slope 1), off for the rest (slope 0).",
    shown=lambda out, x: where(x > 0, 1, 0), kinks=_zero("0", "1", "0", JAX="0", TensorFlow="0"),
    direct=lambda shapes, out: Direct(lambda x, room: np.maximum(x, 0.0, out=room)),
)  # fmt: skip
leaky_relu = _activation(
    "leaky_relu", lambda x, slope: x if x > 0.0 else slope * x, lambda x, slope: np.where(x > 0, x, slope * x),
    lambda out, x, slope: where(x > 0, 1, slope), lambda sp, x, slope: sp.choose(x > 0, x, slope * x),
    "A relu that leaks: negative inputs still pass a little gradient.",
    options=(Option("slope", "number", 0.01),), kinks=_zero("slope", "1", "slope", JAX="1", TensorFlow="slope"),
)  # fmt: skip
elu = _activation(
    "elu", lambda x, alpha: x if x > 0.0 else alpha * math.expm1(x),
    lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0.0))),
    lambda out, x, alpha: where(x > 0, 1, alpha * exp(x)),
    lambda sp, x, alpha: sp.choose(x > 0, x, alpha * (sp.exp(x) - 1)),
    "Linear on the right, bending towards −alpha on the left.",
    shown=lambda out, x, alpha: where(x > 0, 1, out + alpha), options=(Option("alpha", "number", 1.0),),
    kinks=_zero("alpha", "1", "alpha", JAX="alpha", TensorFlow="1"), steepest=1.0,
)  # fmt: skip
selu = _activation(
    "selu", lambda x: SELU_SCALE * (x if x > 0.0 else SELU_ALPHA * math.expm1(x)),
    lambda x: SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(np.minimum(x, 0.0))),
    lambda out, x: SELU_SCALE * where(x > 0, 1, SELU_ALPHA * exp(x)),
    lambda sp, x: SELU_SCALE * sp.choose(x > 0, x, SELU_ALPHA * (sp.exp(x) - 1)),
    "An elu whose two constants keep mean 0 and variance 1 through many layers.",
    kinks=_zero("1.7581", "1.0507", "1.7581", JAX="1.7581", TensorFlow="1.0507"), steepest=SELU_SCALE * SELU_ALPHA,
)  # fmt: skip


def _bell_share(x: Any) -> Any:
    return 0.5 * erfc(x * -math.sqrt(0.5))


gelu = _activation(
    "gelu", lambda x: x * 0.5 * math.erfc(-x * math.sqrt(0.5)),
    lambda x: x * 0.5 * entrywise(math.erfc)(-x * math.sqrt(0.5)),
    lambda out, x: _bell_share(x) + x * exp(-(x * x) / 2) / math.sqrt(2 * math.pi),
    lambda sp, x: x * sp.erfc(-x / sp.sqrt(2)) / 2,
    "x times the share of a bell curve below x (the exact form, by erf).", steps=entrywise_steps,
    steepest=1.128904145,
)  # fmt: skip
silu = _activation(
    "silu", lambda x: x * _sigmoid(x), lambda x: x * _sigmoid_array(x),
    lambda out, x: sigmoid(x) * (1 + x * sigmoid(-x)), lambda sp, x: x / (1 + sp.exp(-x)),
    "x·σ(x): a relu that is smooth and dips a little below 0.",
    shown=lambda out, x: sigmoid(x) * (1 + x * (1 - sigmoid(x))), aliases=("swish",), steepest=1.0998393201,
)  # fmt: skip
mish = _activation(
    "mish", lambda x: x * math.tanh(_softplus(x)), lambda x: x * np.tanh(np.logaddexp(0.0, x)),
    lambda out, x: tanh(softplus(x)) + x * sigmoid(x) / cosh(softplus(x)) ** 2,
    lambda sp, x: x * sp.tanh(sp.log(1 + sp.exp(x))), "x·tanh(softplus(x)): smooth, with a small dip below 0.",
    shown=lambda out, x: tanh(softplus(x)) + x * sigmoid(x) * (1 - tanh(softplus(x)) ** 2), steepest=1.0884981613,
)  # fmt: skip
hardtanh = _activation(
    "hardtanh", lambda x: -1.0 if x < -1.0 else min(x, 1.0), lambda x: np.clip(x, -1.0, 1.0),
    lambda out, x: abs_below_one(x), lambda sp, x: sp.choose(x < -1, -1, sp.choose(x > 1, 1, x)),
    "Linear between −1 and 1, flat outside.", shown=lambda out, x: where(x > -1, where(x < 1, 1, 0), 0),
    kinks=(Kink("kink", "x = ±1", lambda x: abs(x) == 1, "0 or 1", "1 or 0", "0", (("JAX", "1"),)),),
)  # fmt: skip


def abs_below_one(x: Any) -> Any:
    """1 strictly between −1 and 1, else 0."""
    return (x > -1) * (x < 1)
