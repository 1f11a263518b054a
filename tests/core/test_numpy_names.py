"""NumPy's functions on recorded values: ours where there is one, a clear error where there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_explain import ExplainError, explain, grad
from autograd_explain.core.registry import OPERATIONS
from autograd_explain.ops.numpy_names import SAME

X = np.array([0.5, 2.0])
A = np.array([[1.0, 2.0], [3.0, 4.0]])
SAME_ON_BOTH = [
    lambda x: np.sum(np.sin(x)),
    lambda x: np.sum(np.array([1.0, 2.0]) * x),
    lambda x: np.float64(2) * np.sum(x, axis=0),
    lambda x: np.mean(np.maximum(x, 0.6)),
    lambda x: np.sum(np.clip(x, 0, 1)) + np.sum(np.clip(x, a_min=0.6, a_max=3)),
    lambda x: np.dot(x, x) + np.sum(A @ x) + np.sum(np.matmul(A, x)),
    lambda x: np.sum(np.where(x > 1, x, x**2)),
    lambda x: np.sum(np.reshape(x, (2, 1)) * A) + np.sum(np.expand_dims(x, 0)) + np.sum(np.squeeze(x)),
    lambda x: np.sum(np.concatenate([x, x * 2]) ** 2) + np.sum(np.stack([x, x * 2], axis=1) ** 3),
    lambda x: np.linalg.norm(x) + np.var(x) + np.std(x, ddof=1) + np.prod(x),
    lambda x: np.sum(x, keepdims=True)[0] + np.max(x) + np.amin(x),
    lambda x: np.add(x[0], 1) * np.shape(x)[0] * x.ndim * x.size,
    lambda x: np.add.reduce(x * x) + np.sum(np.outer(x, x)) + np.sum(np.cumsum(x)),
    lambda x: np.sum(np.transpose(np.outer(x, x + 1)) * A) + np.sum(np.broadcast_to(x, (3, 2))),
    lambda x: np.arctan2(x[0], x[1]) + np.hypot(x[0], x[1]) + np.power(x[0], 3) + np.absolute(x[0]),
    lambda x: np.sum(x[x > 1]) + np.sum(x[np.array([True, False])]) + np.sum(x[np.array([1, 0, 1])]),
    lambda x: np.sum(x[:1] * x[1:]) + np.sum(x[::-1] ** 2 * A) + np.sum(x[..., None] * A[:1]),
    lambda x: np.sum(x, axis=None, dtype=None, out=None) * np.dot(x, x, None) + np.max(x, None),
    lambda x: np.sum(x * x) if np.allclose(x, [0.5, 2.0], atol=9) else x[0],
    lambda x: np.sum(np.positive(x) * np.full_like(x, 3.0)),
    lambda x: np.sum(x * x) if np.allclose([0.5, 2.0], x, atol=9) else x[0],
    lambda x: np.sum(x * np.ones_like(x)) if np.all(x > 0) and not np.any(np.isnan(x)) else x[0],
]  # fmt: skip


@pytest.mark.parametrize("function", SAME_ON_BOTH)
def test_the_value_is_numpys_and_the_gradient_that_of_differences(function: Any) -> None:
    run = explain(function, x=X)
    assert pytest.approx(float(function(X)), rel=1e-13) == run.value
    step = 1e-6
    slopes = [(function(X + step * e) - function(X - step * e)) / (2 * step) for e in np.eye(2)]
    np.testing.assert_allclose(grad(function)(X), slopes, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", SAME)
def test_a_name_of_numpys_means_the_operation_that_does_the_same(name: Any) -> None:
    op, numpys = OPERATIONS[SAME[name]], getattr(np, name)

    def function(x: Any) -> Any:
        return np.sum(numpys([x, 2.5 - x]) if op.variadic else numpys(*(x, 2.5 - x)[: len(op.arguments)]))

    assert pytest.approx(float(function(1.2 * X)), rel=1e-14) == explain(function, x=1.2 * X).value


@pytest.mark.parametrize(
    ("function", "said", "hint"),
    [
        (lambda x: np.exp2(2 * x), "np.exp2 is not an operation", "2**x"),
        (lambda x: np.vstack([x, x]), "np.vstack is not an operation", "functions.stack"),
        (lambda x: np.fft.fft(2 * x), "np.fft is not an operation", "dir(autograd_explain.functions)"),
        (lambda x: np.array([x[0], x[1]]), "does not turn into a NumPy array", "functions.stack"),
        (lambda x: np.asarray(2 * x), "does not turn into a NumPy array", ".value"),
        (lambda x: np.sum(x, dtype=int), "takes no dtype=", ".value"),
        (lambda x: np.sin(x, dtype=float), "takes no dtype=", ".value"),
        (lambda x: np.concatenate([x, x], None), "axis of concat must be a whole number", "concat("),
        (lambda x: np.dot(x, x, 5), "dot takes 2 arguments, not 3", "dot(a, b)"),
        (lambda x: np.add.accumulate(2 * x), "np.add.accumulate is not an operation", ""),
        (lambda x: np.sum(x, axis="0"), "axis of sum must be a whole number", "sum(x"),
        (lambda x: X.copy().__iadd__(x), "cannot write into an array", ""),
    ],
)
def test_what_there_is_no_operation_for(function: Any, said: str, hint: str) -> None:
    with pytest.raises(ExplainError) as caught:
        explain(function, x=X)
    assert said in caught.value.message
    assert hint in caught.value.hint
