"""Every operation in JAX: a row each. Its own function where there is one that keeps its digits."""

from __future__ import annotations

from collections.abc import Mapping

from autograd_explain.code.library import Form, Library, Use, key_text
from autograd_explain.code.numpy_helpers import functions_of
from autograd_explain.code.shared_forms import index, reduced, shape_text, shared_forms

_NN = ["sigmoid", "softplus", "relu", "selu", "silu", "mish"]

_HELPERS = '''
def norm(x, axis=None, keepdims=False):
    """The length of a vector."""
    return jnp.sqrt(jnp.sum(x * x, axis=axis, keepdims=keepdims))


def product_of_others(x, axes):
    """For each entry the product of all the others, also where an entry is 0."""
    moved = jnp.moveaxis(x, axes, range(-len(axes), 0))
    flat = moved.reshape(*moved.shape[: x.ndim - len(axes)], -1)
    products = [jnp.prod(jnp.delete(flat, i, axis=-1), axis=-1) for i in range(flat.shape[-1])]
    together = jnp.stack(products, axis=-1).reshape(moved.shape)
    return jnp.moveaxis(together, range(-len(axes), 0), axes)


def at_largest(x, key, axis):
    """x at the place where key is largest; with no axis, among all entries."""
    if axis is None:
        return x.reshape(-1)[jnp.argmax(key)].reshape((1,) * x.ndim)
    return jnp.take_along_axis(x, jnp.argmax(key, axis=axis, keepdims=True), axis=axis)


def unbroadcast(gradient, shape):
    """The gradient summed over every axis that broadcasting from this shape stretched."""
    gradient = jnp.sum(gradient, axis=tuple(range(gradient.ndim - len(shape))))
    stretched = tuple(axis for axis, size in enumerate(shape) if size == 1)
    return jnp.sum(gradient, axis=stretched, keepdims=True)


def cross_entropy(logits, t):
    """The mean over the rows of -sum(t*log(softmax(logits)))."""
    logs = jax.nn.log_softmax(logits)
    logs = jnp.where((t == 0) & jnp.isinf(logs), 0.0, logs)
    return -jnp.sum(t * logs) / (logits.size / logits.shape[-1])


def bce(p, t):
    """The mean of -log(p) where t is 1 and of -log(1 - p) where it is 0; a logarithm is never below -100."""
    return -jnp.mean(t * jnp.maximum(jnp.log(p), -100.0) + (1.0 - t) * jnp.maximum(jnp.log1p(-p), -100.0))


'''


def _cross_entropy(use: Use) -> str:
    logits, t = use.args
    if t.rank != logits.rank - 1:
        return f"cross_entropy({logits}, {t})"
    return f"cross_entropy({logits}, jax.nn.one_hot({t}, {logits.shape[-1]}))"


def _scatter(use: Use) -> str:
    key = key_text(use.options["key"], use)
    return f"jnp.zeros({shape_text(use)}).at[{key}].add({use.args[0]})"


def _sum_to(use: Use) -> str:
    return f"unbroadcast({use.args[0]}, {shape_text(use)})"



FORMS: Mapping[str, Form] = {
    **shared_forms("jnp"),
    **{name: f"jax.nn.{name}({{x}})" for name in _NN},
    **{name: reduced(f"jax.nn.{name}") for name in ("logsumexp", "softmax", "log_softmax")},
    "norm": reduced("norm"),
    "logsigmoid": "jax.nn.log_sigmoid({x})",
    "leaky_relu": "jax.nn.leaky_relu({x}, {slope})",
    "elu": "jax.nn.elu({x}, {alpha})",
    "gelu": "jax.nn.gelu({x}, approximate=False)",
    "hardtanh": "jax.nn.hard_tanh({x})",
    "erf": "jax.scipy.special.erf({x})",
    "erfc": "jax.scipy.special.erfc({x})",
    "clip": "jnp.clip({x}, {lo}, {hi})",
    "detach": "jax.lax.stop_gradient({x})",
    "sum_to": _sum_to,
    "scatter_add": _scatter,
    "product_of_others": lambda use: f"product_of_others({use.args[0]}, {use.axes})",
    "at_largest": lambda use: f"at_largest({use.args[0]}, {use.args[1]}, {use.options.get('axis')})",
    "cross_entropy": _cross_entropy,
    "bce": "bce({p}, {t})",
}

JAX = Library("JAX", "jnp", "jnp.array", "jnp.float64", FORMS, functions_of(_HELPERS), index, "jnp.array({})")
