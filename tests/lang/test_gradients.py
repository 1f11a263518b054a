"""Gradients of programs of every kind, held against central differences of their values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_explain import explain

X = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
V = np.array([1.0, -2.0, 3.0, 0.5])
GRADIENT_PROGRAMS: list[tuple[str, dict[str, Any]]] = [
    ("(1 - sigmoid(w*x + b))**2", {"w": 0.3, "x": -0.4, "b": 1}),
    ("x*x + x", {"x": 3}),
    ("x**3/y - y/x", {"x": 1.3, "y": 0.7}),
    ("x**y", {"x": 1.3, "y": 2.2}),
    ("exp(sin(x)*y)", {"x": 0.3, "y": 1.1}),
    ("log(x**2 + y**2)", {"x": 0.3, "y": 1.1}),
    ("tanh(x)*softplus(y)", {"x": 0.3, "y": -1.1}),
    ("sqrt(x)/cbrt(y)", {"x": 2, "y": 3}),
    ("atan2(y, x)", {"x": 2, "y": 3}),
    ("hypot(x, y)*erf(x)", {"x": 0.2, "y": 0.3}),
    ("maximum(x, y)*minimum(x, y)", {"x": 0.2, "y": 0.3}),
    ("abs(x) + relu(y) + clip(x, -1, 1)", {"x": -0.2, "y": 0.3}),
    ("where(x > 0, x**2, -x)", {"x": -0.2}),
    ("gelu(x) + silu(x) + mish(x) + selu(x) + elu(x)", {"x": -0.2}),
    ("asin(x)*acos(x)*atan(x)", {"x": 0.2}),
    ("sinh(x)*cosh(x)/tan(x)", {"x": 0.2}),
    ("expm1(x)*log1p(x)*log2(x)*log10(x)", {"x": 0.4}),
    ("h = x\nfor i in range(4):\n    h = tanh(w*h + 0.1*i)\nh", {"x": 0.4, "w": 1.2}),
    ("def f(t): return t*t - c\nf(f(f(x)))", {"x": 0.4, "c": 0.2}),
    ("def p(n): return 1 if n == 0 else x*p(n - 1)\np(5)", {"x": 1.2}),
    ("if x > 0:\n    y = x**2\nelse:\n    y = x**3\ny*x", {"x": -1.2}),
    ("while x < 10:\n    x = x*x\nx", {"x": 1.5}),
    ("a, b = x, y\na, b = a*b, a + b\na*b", {"x": 1.5, "y": 2}),
    ("x += y*x\nx *= x\nx", {"x": 1.5, "y": 2}),
    ("sum(X**2 @ v)", {"X": X, "v": V[:3]}),
    ("sum(X*v)", {"X": X, "v": V[:3]}),
    ("mean((X @ v - 1)**2)", {"X": X, "v": V[:3]}),
    ("X[0, ::-1] @ v[1:]", {"X": X, "v": V}),
    ("sum(X[:, [0, 0, 2]]**2)", {"X": X}),
    ("sum(X.T @ X)", {"X": X}),
    ("softmax(v)[1]", {"v": V}),
    ("logsumexp(v)*max(v) - min(v)", {"v": V}),
    ("prod(v)*norm(v)", {"v": V}),
    ("var(v) + std(v, ddof=1)", {"v": V}),
    ("cumsum(v)[2]*sum(v)", {"v": V}),
    ("sum(outer(v, v)**2)", {"v": V}),
    ("sum(reshape(X, (3, 2)) @ X)", {"X": X}),
    ("sum(concat([v, v[:2]])**2)", {"v": V}),
    ("sum(stack([v, 2*v]) @ v)", {"v": V}),
    ("s = 0\nfor row in X:\n    s = s + sum(row)**2\ns", {"X": X}),
    ("[x, x**2] @ [y, x]", {"x": 1.5, "y": 2}),
    ("cross_entropy(X, [2, 0])", {"X": X / 3}),
    ("bce_with_logits(v, [0, 1, 1, 0])", {"v": V}),
    ("huber(v, 0.2)", {"v": V}),
    ("mse(X, 2*X) + mae(v, 0.1) + hinge(v, [-1, -1, 1, 1])", {"X": X, "v": V}),
]


def differences(at: Callable[[dict[str, Any]], float], values: dict[str, Any], name: str) -> Any:
    """Central differences of a program by each entry of one input."""
    base = np.asarray(values[name], float)
    slopes = np.zeros(base.shape)
    for place in np.ndindex(*base.shape):
        moved = []
        for sign in (1, -1):
            array = base.copy()
            array[place] += sign * 1e-6
            moved.append(at({**values, name: array if array.shape else float(array)}))
        slopes[place] = (moved[0] - moved[1]) / 2e-6
    return slopes


@pytest.mark.parametrize(("text", "values"), GRADIENT_PROGRAMS, ids=[text for text, _ in GRADIENT_PROGRAMS])
def test_gradients_are_those_of_differences(text: str, values: dict[str, Any]) -> None:
    run = explain(text, values)
    for name in values:
        expected = differences(lambda at: float(explain(text, at).value), values, name)
        np.testing.assert_allclose(run.gradients[name], expected, rtol=1e-5, atol=1e-7)
