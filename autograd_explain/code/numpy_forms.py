"""Every operation in NumPy: a row each. What NumPy lacks is a call of a helper, which a script then holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from autograd_explain.code.library import Form, Library, Use, key_text
from autograd_explain.code.numpy_helpers import HELPERS
from autograd_explain.core.shapes import stretched_axes

_SAME = [
    "exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "cbrt", "sin", "cos", "tan", "sinh", "cosh",
    "tanh", "square", "reciprocal", "sign", "abs", "floor", "ceil", "round",
]  # fmt: skip
_OTHER = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh",
}  # fmt: skip
_OWN = ["sigmoid", "logsigmoid", "softplus", "selu", "gelu", "silu", "mish"]


def over(use: Use, axis: str = "axis", keep: str = "keepdims") -> str:
    """The axis and the flag as arguments of a call, where they differ from their defaults."""
    chosen = use.options.get("axis")
    text = f", {axis}={chosen}" if chosen is not None else ""
    return text + (f", {keep}=True" if use.keeps else "")


def _reduced(name: str) -> Callable[[Use], str]:
    return lambda use: f"{name}({use.args[0]}{over(use)}{_freedom(use)})"


def _freedom(use: Use) -> str:
    return f", ddof={use.options['ddof']}" if use.options.get("ddof") else ""


def shape_text(use: Use) -> str:
    """The shape asked for: as that of a value that has it, where the script has one at hand."""
    shape = tuple(use.options["shape"])
    return use.texts.get(f"shape {shape}", repr(shape))


def _sum_to(use: Use) -> str:
    small, (x,) = tuple(use.options["shape"]), use.args
    axes = stretched_axes(small, x.shape)
    if not small:
        return f"np.sum({x})"
    if len(small) < x.rank and axes == tuple(range(x.rank - len(small))):
        return f"np.sum({x}, axis={axes[0] if len(axes) == 1 else axes})"
    if len(small) == x.rank:
        return f"np.sum({x}, axis={axes[0] if len(axes) == 1 else axes}, keepdims=True)"
    return f"unbroadcast({x}, {shape_text(use)})"


def _transpose(use: Use) -> str:
    axes = use.options.get("axes")
    return f"{use.args[0].atom}.T" if axes is None else f"np.transpose({use.args[0]}, {axes})"


def _joined(name: str) -> Callable[[Use], str]:
    def form(use: Use) -> str:
        axis = use.options.get("axis", 0)
        parts = ", ".join(arg.float for arg in use.args)
        return f"np.{name}([{parts}]{f', axis={axis}' if axis else ''})"

    return form


def _where(use: Use) -> str:
    c, a, b = use.args
    test = str(c) if use.texts.get("condition") else f"{c} != 0"
    return f"np.where({test}, {a.float}, {b.float})"


def _cross_entropy(use: Use) -> str:
    logits, t = use.args
    return f"cross_entropy({logits}, {classes_text(logits, t)})"


def classes_text(logits: Any, t: Any) -> str:
    """The targets as rows of probabilities: class numbers become rows of the identity matrix."""
    if t.rank != logits.rank - 1:
        return str(t)
    return f"one_hot({t}, {logits.shape[-1]})"


def _scatter(use: Use) -> str:
    return f"scatter_add({use.args[0]}, np.s_[{key_text(use.options['key'], use)}], {shape_text(use)})"


def _index(use: Use) -> str:
    return f"{use.args[0].atom}[{key_text(use.options['key'], use)}]"


FORMS: Mapping[str, Form] = {
    **{name: f"np.{name}({{x}})" for name in _SAME},
    **{name: f"np.{other}({{x}})" for name, other in _OTHER.items()},
    **{name: f"{name}({{x}})" for name in _OWN},
    **{name: f"np.{name}({{a}}, {{b}})" for name in ("maximum", "minimum", "outer")},
    **{name: _reduced(f"np.{name}") for name in ("sum", "mean", "prod", "max", "min", "var", "std", "cumsum")},
    **{name: _reduced(name) for name in ("norm", "logsumexp", "softmax", "log_softmax", "product_of_others")},
    "erf": "erf({x})",
    "erfc": "erfc({x})",
    "hypot": "np.hypot({x}, {y})",
    "atan2": "np.arctan2({y}, {x})",
    "clip": "np.minimum(np.maximum({x}, {lo}), {hi})",
    "relu": "np.maximum({x}, 0)",
    "leaky_relu": "np.where({x} > 0, {x}, {slope} * {x.atom})",
    "elu": "elu({x}, {alpha})",
    "hardtanh": "np.clip({x}, -1, 1)",
    "where": _where,
    "detach": "detach({x})",
    "reshape": lambda use: f"np.reshape({use.args[0]}, {shape_text(use)})",
    "transpose": _transpose,
    "squeeze": lambda use: f"np.squeeze({use.args[0]}{over(use)})",
    "expand_dims": "np.expand_dims({x}, {axis})",
    "flatten": "np.ravel({x})",
    "concat": _joined("concatenate"),
    "stack": _joined("stack"),
    "broadcast_to": lambda use: f"np.broadcast_to({use.args[0]}, {shape_text(use)})",
    "sum_to": _sum_to,
    "scatter_add": _scatter,
    "at_largest": lambda use: f"at_largest({use.args[0]}, {use.args[1]}{over(use)})",
    "cross_entropy": _cross_entropy,
    "bce": "bce({p}, {t})",
}

NUMPY = Library("NumPy", "np", "np.array", "np.float64", FORMS, HELPERS, _index, "np.array({})")
