"""The optimizers: one row each, its update written once, as it is printed, filled in and worked out.

Names in the lines: `w` the parameter, `g` its gradient, `t` the step from 1, `lr` the learning rate; the others are a
row's settings and what it keeps. Defaults, the place of `eps` and the bias corrections are PyTorch's.
"""

from __future__ import annotations

from autograd_explain.ops.elementary import maximum, sqrt
from autograd_explain.train.rules import Facts, Line, Recipe

_DECAY = Line("g", lambda g, w, weight_decay: g + weight_decay * w, lambda s: s["weight_decay"])
_FIRST_MOMENT = Line("m", lambda m, g, beta1: beta1 * m + (1 - beta1) * g)
_SECOND_MOMENT = Line("v", lambda v, g, beta2: beta2 * v + (1 - beta2) * g**2)
_UNBIASED_FIRST = Line("m_hat", lambda m, beta1, t: m / (1 - beta1**t))
_UNBIASED_SECOND = Line("v_hat", lambda v, beta2, t: v / (1 - beta2**t))
_ADAPTED = Line("w", lambda w, lr, m_hat, v_hat, eps: w - lr * m_hat / (sqrt(v_hat) + eps))
_HIGHEST = (
    Line("top", lambda top, v: maximum(top, v), lambda s: s["amsgrad"]),  # noqa: PLW0108 - the names are read
    Line("v_hat", lambda top, beta2, t: top / (1 - beta2**t), lambda s: s["amsgrad"]),
    Line("v_hat", _UNBIASED_SECOND.rule, lambda s: not s["amsgrad"]),
)
_MOMENTS = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}


def _nesterov_alone(settings: Facts) -> str:
    if settings["nesterov"] and (not settings["momentum"] or settings["dampening"]):
        return "nesterov needs a momentum, and no dampening"
    return ""


_ROWS = (
    Recipe(
        "sgd", "a step against the gradient, as long as it is steep",
        {"lr": 0.001, "momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False},
        (
            _DECAY,
            Line("buf", lambda g: g, lambda s: s["momentum"] and s["t"] == 1),
            Line("buf", lambda buf, g, momentum: momentum * buf + g,
                 lambda s: s["momentum"] and s["t"] > 1 and not s["dampening"]),
            Line("buf", lambda buf, g, momentum, dampening: momentum * buf + (1 - dampening) * g,
                 lambda s: s["momentum"] and s["t"] > 1 and s["dampening"]),
            Line("g", lambda g, buf, momentum: g + momentum * buf, lambda s: s["nesterov"]),
            Line("w", lambda w, lr, buf: w - lr * buf, lambda s: s["momentum"] and not s["nesterov"]),
            Line("w", lambda w, lr, g: w - lr * g, lambda s: not s["momentum"] or s["nesterov"]),
        ),
        {"buf": 0.0}, refuses=_nesterov_alone,
    ),
    Recipe(
        "adagrad", "each parameter's step shrinks with the squares of all its gradients so far",
        {"lr": 0.01, "lr_decay": 0.0, "weight_decay": 0.0, "eps": 1e-10},
        (
            _DECAY,
            Line("lr", lambda lr, t, lr_decay: lr / (1 + (t - 1) * lr_decay), lambda s: s["lr_decay"]),
            Line("s", lambda s, g: s + g**2),
            Line("w", lambda w, lr, g, s, eps: w - lr * g / (sqrt(s) + eps)),
        ),
        {"s": 0.0},
    ),
    Recipe(
        "rmsprop", "the gradient is measured against its own usual size of late",
        {"lr": 0.01, "alpha": 0.99, "eps": 1e-8, "weight_decay": 0.0, "momentum": 0.0, "centered": False},
        (
            _DECAY,
            Line("s", lambda s, g, alpha: alpha * s + (1 - alpha) * g**2),
            Line("a", lambda a, g, alpha: alpha * a + (1 - alpha) * g, lambda s: s["centered"]),
            Line("d", lambda s, a, eps: sqrt(s - a**2) + eps, lambda s: s["centered"]),
            Line("d", lambda s, eps: sqrt(s) + eps, lambda s: not s["centered"]),
            Line("buf", lambda buf, g, d, momentum: momentum * buf + g / d, lambda s: s["momentum"]),
            Line("w", lambda w, lr, buf: w - lr * buf, lambda s: s["momentum"]),
            Line("w", lambda w, lr, g, d: w - lr * g / d, lambda s: not s["momentum"]),
        ),
        {"s": 0.0, "a": 0.0, "buf": 0.0}, shares=("alpha",),
    ),
    Recipe(
        "adam", "a running mean of the gradients, measured against their usual size, both freed from their start at 0",
        {"lr": 0.001, **_MOMENTS, "weight_decay": 0.0, "amsgrad": False},
        (_DECAY, _FIRST_MOMENT, _SECOND_MOMENT, _UNBIASED_FIRST, *_HIGHEST, _ADAPTED),
        {"m": 0.0, "v": 0.0, "top": 0.0}, shares=("beta1", "beta2"),
    ),
    Recipe(
        "adamw", "adam, with the parameter itself shrunk before each step instead of through its gradient",
        {"lr": 0.001, **_MOMENTS, "weight_decay": 0.01, "amsgrad": False},
        (
            Line("w", lambda w, lr, weight_decay: w * (1 - lr * weight_decay), lambda s: s["weight_decay"]),
            _FIRST_MOMENT, _SECOND_MOMENT, _UNBIASED_FIRST, *_HIGHEST, _ADAPTED,
        ),
        {"m": 0.0, "v": 0.0, "top": 0.0}, shares=("beta1", "beta2"),
    ),
    Recipe(
        "nadam", "adam that looks one step of momentum ahead",
        {"lr": 0.002, **_MOMENTS, "weight_decay": 0.0, "momentum_decay": 0.004},
        (
            _DECAY, _FIRST_MOMENT, _SECOND_MOMENT,
            Line("mu", lambda beta1, t, momentum_decay: beta1 * (1 - 0.5 * 0.96 ** (t * momentum_decay))),
            Line("mu_next", lambda beta1, t, momentum_decay: beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * momentum_decay))),
            Line("p", lambda p, mu: p * mu),
            Line("m_hat", lambda m, g, mu, mu_next, p: mu_next * m / (1 - p * mu_next) + (1 - mu) * g / (1 - p)),
            _UNBIASED_SECOND, _ADAPTED,
        ),
        {"m": 0.0, "v": 0.0, "p": 1.0}, shares=("beta1", "beta2"),
    ),
)  # fmt: skip
OPTIMIZERS = {row.name: row for row in _ROWS}
"""Every optimizer by name."""
