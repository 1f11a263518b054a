"""Losses: averages of how wrong a prediction is. Most are short programs of other operations, shown step by step.

The cross-entropies are operations of their own, because the fused form is the one that keeps its digits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_explain.core.notation import Call
from autograd_explain.core.op import Direct, Domain, Op
from autograd_explain.core.registry import define
from autograd_explain.core.shapes import Shape, shape_of, zeros_of
from autograd_explain.errors import DomainError
from autograd_explain.ops.activations import softplus
from autograd_explain.ops.compare import where
from autograd_explain.ops.elementary import absolute, clip, exp, expm1, log, log1p, maximum, square
from autograd_explain.ops.reductions import ADD, composed, log_softmax, mean, sum_
from autograd_explain.ops.shaping import broadcast_to, sum_to


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
    apart = p - t
    away = absolute(apart)
    return mean(where(away <= delta, 0.5 * square(apart), delta * (away - 0.5 * delta)))  # no corner where apart is 0


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


def chosen_classes(logits: Any, t: Any) -> Any:
    """The class numbers as whole numbers, in the targets' shape. Raises DomainError where they are none."""
    classes = shape_of(logits)[-1]
    numbers = np.asarray(getattr(t, "value", t))
    if not ((numbers >= 0) & (numbers < classes) & (numbers == np.floor(numbers))).all():
        hint = "cross_entropy(logits, t): t is the number of the right class, counted from 0"
        raise DomainError(f"with {classes} classes the class numbers are whole, from 0 to {classes - 1}", hint=hint)
    return numbers.astype(int)


def one_hot(logits: Any, t: Any) -> Any:
    """The targets as one row of probabilities for each row of scores."""
    return np.eye(shape_of(logits)[-1])[chosen_classes(logits, t)] if are_indices(logits, t) else t


def rows_of(logits: Any) -> float:
    """How many rows of scores are averaged over."""
    return float(math.prod(shape_of(logits)[:-1]))


def _cross_entropy(logits: Any, t: Any) -> Any:
    if not logits.ndim or t.shape not in {logits.shape, logits.shape[:-1]}:  # broadcast, rows would count twice
        raise ValueError("there is one class number, or one row of shares, for each row of scores")
    logs = log_softmax.forward(logits, axis=-1)
    if are_indices(logits, t):
        return _average_at(logs, _places(logits, t))
    return _average(logs, t)


def _average(logs: Any, t: Any) -> Any:
    return -ADD(np.where(t == 0, 0.0, t * logs), axis=None) / rows_of(logs)


def _average_at(logs: Any, places: Any) -> Any:
    return -ADD(logs.reshape(-1)[places]) / rows_of(logs)


def _places(logits: Any, t: Any) -> Any:
    """Where the chosen entry of every row is, among all scores in their order."""
    return np.arange(0, logits.size, max(logits.shape[-1], 1)) + chosen_classes(logits, t).reshape(-1)


def _to_logits(upstream: Any, out: Any, logits: Any, t: Any) -> Any:
    """(p·Σt − t)/n. Written t·(p − 1) + p·(Σt − t), where p − 1 is expm1 of the log-softmax, it keeps its digits."""
    return _slope(upstream, log_softmax(logits, axis=-1), one_hot(logits, t))


def _slope(upstream: Any, logs: Any, hot: Any) -> Any:
    rest = sum_(hot, axis=-1, keepdims=True) - hot
    return upstream * (hot * expm1(logs) + rest * exp(logs)) / rows_of(logs)


def _slope_at(upstream: Any, logs: Any, places: Any) -> Any:
    """The same on arrays where the targets are class numbers: only their places are not p."""
    slopes = np.exp(logs.reshape(-1))
    slopes[places] = np.expm1(logs.reshape(-1)[places]) + 0.0  # never −0, as in a sum
    return upstream * slopes.reshape(logs.shape) / rows_of(logs)


def _direct_cross_entropy(shapes: tuple[Shape, ...], out: Shape) -> Direct | None:
    """The logarithms of the shares and where the targets are, worked out once for both directions."""
    left: list[Any] = [None, None]
    by_class = len(shapes[1]) == len(shapes[0]) - 1
    average, slope = (_average_at, _slope_at) if by_class else (_average, _slope)

    def forward(logits: Any, t: Any, room: Any) -> Any:
        left[:] = log_softmax.forward(logits, axis=-1), _places(logits, t) if by_class else t
        return average(*left)

    return Direct(
        forward,
        (
            lambda upstream, out, logits, t, room: slope(upstream, *left),
            lambda upstream, out, logits, t, room: _to_targets(upstream, out, logits, t),
        ),
    )


def _to_targets(upstream: Any, out: Any, logits: Any, t: Any) -> Any:
    if are_indices(logits, t):
        return zeros_of(t)
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
    selects=lambda logits, t: (1,) if are_indices(logits, t) else (), steps=composed(170),
    direct=_direct_cross_entropy,
    example="cross_entropy([x, 1, 2], 0)",
))  # fmt: skip


_LEAST_LOG = -100.0  # PyTorch's floor: a probability of 0 then costs much, but not infinitely much
_LEAST_SLOPE = 1e-12  # the same for p·(1 − p), by which the gradient is divided


def _common(p: Any, t: Any) -> Shape:
    return np.broadcast_shapes(shape_of(p), shape_of(t))


def _pairs(p: Any, t: Any) -> float:
    return float(np.prod(_common(p, t), dtype=float))


def _for_each_pair(slope: Any, p: Any, t: Any) -> Any:
    """A slope that p alone decides, once for every t that p meets."""
    shape = _common(p, t)
    return slope if shape_of(slope) == shape else broadcast_to(slope, shape=shape)


def _bce(p: Any, t: Any) -> Any:
    hit, miss = np.maximum(np.log(p), _LEAST_LOG), np.maximum(np.log1p(-p), _LEAST_LOG)
    return -mean.forward(np.asarray(t * hit + (1 - t) * miss), axis=None, keepdims=False)


def _fitted(share: Any, target: Any) -> Any:
    return share if shape_of(share) == shape_of(target) else sum_to(share, shape=shape_of(target))


def _bce_to_p(upstream: Any, out: Any, p: Any, t: Any) -> Any:
    return _fitted(upstream * (p - t) / maximum(p * (1 - p), _LEAST_SLOPE) / _pairs(p, t), p)


def _bce_to_t(upstream: Any, out: Any, p: Any, t: Any) -> Any:
    slope = upstream * (maximum(log1p(-p), _LEAST_LOG) - maximum(log(p), _LEAST_LOG)) / _pairs(p, t)
    return _fitted(_for_each_pair(slope, p, t), t)


def _symbolic_bce(sp: Any, p: Any, t: Any) -> Any:
    entries = t * sp.each(sp.log, p) + (1 - t) * sp.each(sp.log, 1 - p)
    return -np.sum(entries) / int(_pairs(p, t))


bce = define(Op(
    "bce", ("p", "t"), _bce, _symbolic_bce, Call("bce"), "loss",
    "Binary cross-entropy of a probability: mean of −log p where t is 1, −log(1 − p) where it is 0. "
    "bce_with_logits keeps more digits.",
    domain=Domain("0 ≤ p ≤ 1 (the logarithms stop at −100)", lambda p, t: (p >= 0) & (p <= 1)),
    vjp=(_bce_to_p, _bce_to_t), shown=(
        lambda upstream, out, p, t: _fitted(upstream * (p - t) / (p * (1 - p)) / _pairs(p, t), p),
        lambda upstream, out, p, t: _fitted(
            _for_each_pair(upstream * (log(1 - p) - log(p)) / _pairs(p, t), p, t), t
        ),
    ),
    example="bce(sigmoid(x), 1)",
))  # fmt: skip
