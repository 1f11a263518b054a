"""Every operation in PyTorch: a row each. Its own function where there is one that keeps its digits."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd_explain.code.library import Form, Library, Use, key_text, nested
from autograd_explain.code.numpy_helpers import functions_of

_SAME = [
    "exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan",
    "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "square", "reciprocal", "erf", "erfc", "sign", "abs",
    "floor", "ceil", "round",
]  # fmt: skip
_FUNCTIONAL = {
    "relu": "relu", "selu": "selu", "gelu": "gelu", "silu": "silu", "mish": "mish", "hardtanh": "hardtanh",
    "logsigmoid": "logsigmoid",
}  # fmt: skip

_HELPERS = '''
def cbrt(x):
    """The cube root of any real number."""
    return torch.sign(x) * torch.abs(x) ** (1 / 3)


def product(x, axes, keepdim):
    """The product over several axes: PyTorch takes one at a time."""
    for axis in sorted(axes, reverse=True):
        x = torch.prod(x, dim=axis, keepdim=keepdim)
    return x


def product_of_others(x, axes):
    """For each entry the product of all the others, also where an entry is 0."""
    moved = torch.movedim(x, axes, tuple(range(-len(axes), 0)))
    flat = moved.reshape(*moved.shape[: x.dim() - len(axes)], -1)
    whole = [torch.cat([flat[..., :i], flat[..., i + 1 :]], dim=-1) for i in range(flat.shape[-1])]
    products = torch.stack([torch.prod(part, dim=-1) for part in whole], dim=-1)
    return torch.movedim(products.reshape(moved.shape), tuple(range(-len(axes), 0)), axes)


def at_largest(x, key, axis):
    """x at the place where key is largest; with no axis, among all entries."""
    if axis is None:
        return x.reshape(-1)[torch.argmax(key)].reshape((1,) * x.dim())
    return torch.gather(x, axis, torch.argmax(key, dim=axis, keepdim=True))


def scatter_add(values, places, shape):
    """A tensor of zeros with the values added at these places, counted row by row; what meets in one adds up."""
    flat = torch.zeros(math.prod(shape)).index_add(0, places.reshape(-1), values.reshape(-1))
    return flat.reshape(shape)


def soft_cross_entropy(logits, t):
    """The mean over the rows of -sum(t*log(softmax(logits))), for rows of probabilities."""
    logs = F.log_softmax(logits, dim=-1)
    logs = torch.where((t == 0) & torch.isinf(logs), 0.0, logs)
    return -torch.sum(t * logs) / (logits.numel() / logits.shape[-1])


'''


def _over(use: Use) -> str:
    """The reduced axes as PyTorch names them: all of them by name where they are to be kept."""
    if use.options.get("axis") is None and not use.keeps:
        return ""
    axes = use.options.get("axis")
    return f", dim={use.axes if axes is None else axes}" + (", keepdim=True" if use.keeps else "")


def _reduced(name: str) -> Callable[[Use], str]:
    return lambda use: f"torch.{name}({use.args[0]}{_over(use)})"


def _named(name: str) -> Callable[[Use], str]:
    """A reduction that wants its axes in any case."""
    return lambda use: f"{name}({use.args[0]}{_over(use) or f', dim={use.axes}'})"


def _spread(name: str) -> Callable[[Use], str]:
    def form(use: Use) -> str:
        return f"torch.{name}({use.args[0]}{_over(use)}, correction={use.options.get('ddof', 0)})"

    return form


def _prod(use: Use) -> str:
    if use.options.get("axis") is None and not use.keeps:
        return f"torch.prod({use.args[0]})"
    if len(use.axes) == 1:
        return f"torch.prod({use.args[0]}, dim={use.axes[0]}{', keepdim=True' if use.keeps else ''})"
    return f"product({use.args[0]}, {use.axes}, keepdim={use.keeps})"


def _cumsum(use: Use) -> str:
    axis = use.options.get("axis")
    x = use.args[0]
    return f"torch.cumsum({x}, dim={axis})" if axis is not None else f"torch.cumsum({x.atom}.reshape(-1), dim=0)"


def _softmax(name: str) -> Callable[[Use], str]:
    return lambda use: f"{name}({use.args[0]}, dim={use.options.get('axis', -1)})"


def _transpose(use: Use) -> str:
    axes, x = use.options.get("axes"), use.args[0]
    if axes is None and x.rank == 2:
        return f"{x.atom}.T"
    return f"torch.permute({x}, {tuple(axes) if axes is not None else tuple(reversed(range(x.rank)))})"


def _reshape(use: Use) -> str:
    return f"torch.reshape({use.args[0]}, {tuple(use.shape)})"


def _joined(name: str) -> Callable[[Use], str]:
    def form(use: Use) -> str:
        parts = ", ".join(arg.tensor for arg in use.args)
        return f"torch.{name}([{parts}], dim={use.options.get('axis', 0)})"

    return form


def _where(use: Use) -> str:
    c, a, b = use.args
    test = str(c) if use.texts.get("condition") else f"{c.tensor} != 0"
    return f"torch.where({test}, {a.float}, {b.float})"


def _pair(name: str, first: int = 0) -> Callable[[Use], str]:
    return lambda use: f"torch.{name}({use.args[first].tensor}, {use.args[1 - first].tensor})"


def _outer(use: Use) -> str:
    a, b = (arg.tensor if arg.rank == 1 else f"torch.reshape({arg.tensor}, (-1,))" for arg in use.args)
    return f"torch.outer({a}, {b})"


def _cross_entropy(use: Use) -> str:
    logits, t = use.args
    if t.rank != logits.rank - 1:
        return f"soft_cross_entropy({logits}, {t})"
    rows = f"torch.reshape({logits}, (-1, {logits.shape[-1]}))" if logits.rank > 2 else str(logits)
    classes = f"{t.tensor}.reshape(-1)" if t.rank > 1 else t.tensor
    return f"F.cross_entropy({rows}, {classes}.long())"


def _bce(use: Use) -> str:
    p, t = use.args
    if p.shape == t.shape:
        return f"F.binary_cross_entropy({p.tensor}, {t.tensor})"
    return f"F.binary_cross_entropy(*torch.broadcast_tensors({p.tensor}, {t.tensor}))"


def _scatter(use: Use) -> str:
    shape = tuple(use.options["shape"])
    places = np.arange(math.prod(shape)).reshape(shape)[use.options["key"]]
    return f"scatter_add({use.args[0]}, torch.tensor({nested(places.tolist(), str, 12)}), {shape})"


def _index(use: Use) -> str:
    """The entries taken; PyTorch has no steps backwards, so those axes are turned around first."""
    key, x = list(use.options["key"]), use.args[0]
    turned = []
    for place, axis in _axes_of(key, x.rank):
        part = key[place]
        if isinstance(part, slice) and part.step is not None and part.step < 0:
            start, stop, step = part.indices(x.shape[axis])
            last = x.shape[axis] - 1
            key[place] = slice(last - start, last - stop, -step if step < -1 else None)
            turned.append(axis)
    text = f"torch.flip({x}, {tuple(turned)})" if turned else x.atom
    return f"{text}[{key_text(tuple(key), use)}]"


def _axes_of(key: list[Any], rank: int) -> list[tuple[int, int]]:
    """Which axis of the array each part of a key stands for."""
    used = sum(part is not None and part is not Ellipsis for part in key)
    found, axis = [], 0
    for place, part in enumerate(key):
        if part is Ellipsis:
            axis += rank - used
        elif part is not None:
            found.append((place, axis))
            axis += 1
    return found


FORMS: Mapping[str, Form] = {
    **{name: f"torch.{name}({{x}})" for name in _SAME},
    **{name: f"F.{other}({{x}})" for name, other in _FUNCTIONAL.items()},
    **{name: _reduced(name) for name in ("sum", "mean")},
    **{name: _named(f"torch.a{name}") for name in ("max", "min")},
    **{name: _spread(name) for name in ("var", "std")},
    **{name: _pair(name) for name in ("hypot", "maximum", "minimum", "atan2")},
    "sigmoid": "torch.sigmoid({x})",
    "softplus": "F.softplus({x}, threshold=40)",
    "leaky_relu": "F.leaky_relu({x}, {slope})",
    "elu": "F.elu({x}, {alpha})",
    "cbrt": "cbrt({x})",
    "clip": "torch.clamp({x}, {lo.tensor}, {hi.tensor})",
    "prod": _prod,
    "norm": _named("torch.linalg.vector_norm"),
    "logsumexp": _named("torch.logsumexp"),
    "softmax": _softmax("torch.softmax"),
    "log_softmax": _softmax("F.log_softmax"),
    "cumsum": _cumsum,
    "where": _where,
    "detach": "{x.tensor}.detach()",
    "reshape": _reshape,
    "squeeze": _reshape,
    "flatten": "torch.flatten({x})",
    "expand_dims": _reshape,
    "transpose": _transpose,
    "concat": _joined("cat"),
    "stack": _joined("stack"),
    "broadcast_to": lambda use: f"torch.broadcast_to({use.args[0]}, {tuple(use.shape)})",
    "sum_to": lambda use: f"{use.args[0].atom}.sum_to_size({tuple(use.shape)})",
    "scatter_add": _scatter,
    "product_of_others": lambda use: f"product_of_others({use.args[0]}, {use.axes})",
    "at_largest": lambda use: f"at_largest({use.args[0]}, {use.args[1]}, {use.options.get('axis')})",
    "outer": _outer,
    "cross_entropy": _cross_entropy,
    "bce": _bce,
}

TORCH = Library(
    "PyTorch", "torch", "torch.tensor", "torch.tensor", FORMS, functions_of(_HELPERS), _index, "torch.tensor({})"
)
