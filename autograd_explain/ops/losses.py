"""Losses: averages of how wrong a prediction is. Most are short programs of other operations, shown step by step.

Only cross-entropy is an operation of its own, because the fused form is the one that keeps its digits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_explain.core.notation import Call
from autograd_explain.core.op import Op
from autograd_explain.core.registry import define
from autograd_explain.core.shapes import shape_of
from autograd_explain.ops.activations import softplus
from autograd_explain.ops.compare import where
from autograd_explain.ops.elementary import absolute, clip, exp, expm1, log, maximum, square
from autograd_explain.ops.reductions import log_softmax, mean, sum_


@dataclass(frozen=True, slots=True)
class Composite:
    """A function made of operations: its steps are recorded under its name."""

    name: str
    arguments: tuple[str, ...]
    body: Callable[..., Any]
    formula: str
    note: str
    example: str
    options: tuple[tuple[str, float], ...] = ()

    @property
    def signature(self) -> str:
        """The call as a user writes it, with defaults."""
        return f"{self.name}({', '.join([*self.arguments, *(f'{n}={v:g}' for n, v in self.options)])})"

    def __call__(self, *args: Any, **options: Any) -> Any:
        """The loss of these values: each of its steps is an operation."""
        return self.body(*args, **options)


COMPOSITES: dict[str, Composite] = {}


def _loss(name: str, arguments: str, body: Any, formula: str, note: str, example: str, **options: float) -> Composite:
    composite = Composite(name, tuple(arguments.split()), body, formula, note, example, tuple(options.items()))
    COMPOSITES[name] = composite
    return composite


def _huber(p: Any, t: Any, delta: float = 1.0) -> Any:
    away = absolute(p - t)
    return mean(where(away <= delta, 0.5 * square(away), delta * (away - 0.5 * delta)))


def _safe_log(x: Any) -> Any:
    """log, but no lower than −100, as PyTorch's binary cross-entropy has it: 0·log 0 is then 0."""
    return maximum(log(x), -100.0)


mse = _loss(
    "mse", "p t", lambda p, t: mean(square(p - t)), "mean((p - t)**2)",
    "The mean squared error: twice as far off counts four times.", "mse(w*x, y)",
)  # fmt: skip
mae = _loss(
    "mae", "p t", lambda p, t: mean(absolute(p - t)), "mean(abs(p - t))",
    "The mean absolute error: every miss pulls equally hard.", "mae(w*x, y)",
)  # fmt: skip
huber = _loss(
    "huber", "p t", _huber, "mean(where(d <= delta, d**2/2, delta*(d - delta/2)))",
    "Squared near 0, straight beyond delta: far outliers do not pull harder and harder.", "huber(w*x, y)", delta=1.0,
)  # fmt: skip
bce = _loss(
    "bce", "p t", lambda p, t: mean(-(t * _safe_log(p) + (1 - t) * _safe_log(1 - p))),
    "mean(-(t*log(p) + (1 - t)*log(1 - p)))",
    "Binary cross-entropy of a probability; bce_with_logits keeps more digits.", "bce(sigmoid(x), 1)",
)  # fmt: skip
bce_with_logits = _loss(
    "bce_with_logits", "z t", lambda z, t: mean(t * softplus(-z) + (1 - t) * softplus(z)),
    "mean(t*softplus(-z) + (1 - t)*softplus(z))",
    "Binary cross-entropy of a score before the sigmoid: finite however large the score.", "bce_with_logits(x, 1)",
)  # fmt: skip
hinge = _loss(
    "hinge", "score t", lambda score, t: mean(clip(1 - t * score, 0.0, np.inf)), "mean(max(0, 1 - t*score))",
    "No loss once the score is on the right side by 1.", "hinge(w*x, 1)",
)  # fmt: skip


def are_indices(logits: Any, t: Any) -> bool:
    """Whether the targets are class numbers (one axis fewer than the scores), not probabilities."""
    return len(shape_of(t)) == len(shape_of(logits)) - 1


def one_hot(logits: Any, t: Any) -> Any:
    """The targets as one row of probabilities for each row of scores."""
    classes = shape_of(logits)[-1]
    plain = np.asarray(getattr(t, "value", t))
    return np.eye(classes)[plain.astype(int)] if are_indices(logits, t) else t


def rows_of(logits: Any) -> float:
    """How many rows of scores are averaged over."""
    shape = shape_of(logits)
    return float(np.prod(shape[:-1])) if len(shape) > 1 else 1.0


def _cross_entropy(logits: Any, t: Any) -> Any:
    logs = log_softmax.forward(logits, axis=-1)
    hot = one_hot(logits, t)
    return -np.sum(np.where(hot == 0, 0.0, hot * logs)) / rows_of(logits)


def _to_logits(upstream: Any, out: Any, logits: Any, t: Any) -> Any:
    """(p·Σt − t)/n. Written t·(p − 1) + p·(Σt − t), where p − 1 is expm1 of the log-softmax, it keeps its digits."""
    hot = one_hot(logits, t)
    logs = log_softmax(logits, axis=-1)
    rest = sum_(hot, axis=-1, keepdims=True) - hot
    return upstream * (hot * expm1(logs) + rest * exp(logs)) / rows_of(logits)


def _to_targets(upstream: Any, out: Any, logits: Any, t: Any) -> Any:
    if are_indices(logits, t):
        return 0.0 * t
    return -upstream * log_softmax(logits, axis=-1) / rows_of(logits)


def _shown_to_logits(upstream: Any, out: Any, logits: Any, t: Any) -> Any:
    from autograd_explain.ops.reductions import softmax

    return upstream * (softmax(logits, axis=-1) - one_hot(logits, t)) / rows_of(logits)


def _symbolic_cross_entropy(sp: Any, logits: Any, t: Any) -> Any:
    total = sp.each(sp.log, np.sum(sp.each(sp.exp, logits), axis=-1, keepdims=True))
    if are_indices(logits, t):
        t = np.eye(shape_of(logits)[-1], dtype=int)[np.asarray(t, dtype=float).astype(int)]
    return -np.sum(t * (logits - total)) / int(rows_of(logits))


cross_entropy = define(Op(
    "cross_entropy", ("logits", "t"), _cross_entropy, _symbolic_cross_entropy, Call("cross_entropy"), "loss",
    "Mean of −log softmax(logits) at the target; its gradient is softmax(logits) − t, shared over the rows.",
    vjp=(_to_logits, _to_targets), shown=(_shown_to_logits, None),
    selects=lambda logits, t: (1,) if are_indices(logits, t) else (), example="cross_entropy([x, 1, 2], 0)",
))  # fmt: skip
