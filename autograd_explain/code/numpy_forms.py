"""Every operation in NumPy: a row each. What NumPy lacks is a call of a helper, which a script then holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograd_explain.code.library import Form, Library, Use, key_text
from autograd_explain.code.numpy_helpers import HELPERS
from autograd_explain.code.shared_forms import index, over, reduced, shape_text, shared_forms
from autograd_explain.core.shapes import stretched_axes

_OWN = ["sigmoid", "logsigmoid", "softplus", "selu", "gelu", "silu", "mish"]


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


def _cross_entropy(use: Use) -> str:
    logits, t = use.args
    return f"cross_entropy({logits}, {classes_text(logits, t)})"


def classes_text(logits: Any, t: Any) -> str:
    """The targets as rows of probabilities: class numbers become rows of the identity matrix."""
    if t.rank != logits.rank - 1:
        return str(t)
    return f"one_hot({t}, {logits.shape[-1]})"


def _index(use: Use) -> str:
    """A number has no brackets of its own: NumPy gives it some."""
    x = use.args[0]
    return index(use) if x.rank else f"np.asarray({x})[{key_text(use.options['key'], use)}]"


def _scatter(use: Use) -> str:
    return f"scatter_add({use.args[0]}, np.s_[{key_text(use.options['key'], use)}], {shape_text(use)})"



FORMS: Mapping[str, Form] = {
    **shared_forms("np"),
    **{name: f"{name}({{x}})" for name in _OWN},
    **{name: reduced(name) for name in ("norm", "logsumexp", "softmax", "log_softmax", "product_of_others")},
    "erf": "erf({x})",
    "erfc": "erfc({x})",
    "clip": "np.minimum(np.maximum({x}, {lo}), {hi})",
    "relu": "np.maximum({x}, 0)",
    "leaky_relu": "np.where({x} > 0, {x}, {slope} * {x.atom})",
    "elu": "elu({x}, {alpha})",
    "hardtanh": "np.clip({x}, -1, 1)",
    "detach": "detach({x})",
    "sum_to": _sum_to,
    "scatter_add": _scatter,
    "at_largest": lambda use: f"at_largest({use.args[0]}, {use.args[1]}{over(use)})",
    "cross_entropy": _cross_entropy,
    "bce": "bce({p}, {t})",
}

NUMPY = Library("NumPy", "np", "np.array", "np.float64", FORMS, HELPERS, _index, "np.array({})")
