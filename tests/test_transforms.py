"""Derivatives of Python functions: values, nesting, shapes, and what is refused."""

from __future__ import annotations

import doctest
import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import autograd_explain
from autograd_explain import (
    check_gradients,
    detach,
    explain,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    no_grad,
    transforms,
    value_and_grad,
    vjp,
)
from autograd_explain import functions as F  # noqa: N812 - as users write it
from autograd_explain.errors import ExplainError, InputError, ShapeError


def rosenbrock(x: Any) -> Any:
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def two(w: Any, x: Any) -> Any:
    return F.sum(F.tanh(w @ x) ** 2)


POINT = [-1.2, 1.0]
W, X = np.array([[1.0, -0.5], [0.3, 0.2]]), np.array([0.7, -1.1])


def test_the_examples_in_the_docstrings_hold() -> None:
    assert 0 == doctest.testmod(transforms).failed
    assert doctest.testmod(transforms).attempted > 15


def test_a_gradient_of_a_gradient_to_any_depth() -> None:
    f: Any = F.sin
    expected = [math.sin, math.cos, lambda x: -math.sin(x), lambda x: -math.cos(x), math.sin]
    for by_hand in expected:
        value = f(0.7)
        assert pytest.approx(by_hand(0.7), abs=1e-15) == getattr(value, "value", value)
        f = grad(f)


def test_an_inner_gradient_counts_only_what_comes_through_its_argument() -> None:
    assert 1.0 == grad(lambda x: x * grad(lambda y: x + y)(x))(2.0)
    assert 6.0 == grad(lambda w: grad(lambda x: w * x * x)(3.0))(2.0)
    assert 6.0 == grad(lambda w: w * grad(lambda x: grad(lambda y: x * y * y)(3.0))(2.0))(1.0)


def test_an_inner_gradient_by_a_number_leaves_nothing_tracked_behind() -> None:
    run = explain(lambda w: w * grad(lambda x: x**3)(2.0), w=0.5)
    assert {"w": 12.0} == run.gradients
    assert all(any(a.tracked for a in node.inputs) for node in run.operations if node.tracked)


def test_a_gradient_penalty_is_differentiated_through() -> None:
    def penalised(w: Any) -> Any:
        return (grad(lambda x: w * x**3)(2.0) - 1) ** 2

    assert pytest.approx(2 * (12 * 0.5 - 1) * 12) == grad(penalised)(0.5)
    run = explain(penalised, w=0.5)
    assert pytest.approx(120.0) == run.gradients["w"]


@pytest.mark.parametrize("checker", ["symbolic", "finite"])
def test_a_gradient_inside_an_explained_function_is_checked(checker: str) -> None:
    run = explain(lambda w: (grad(lambda x: w * F.sin(x))(2.0) - 1) ** 2, w=0.5, check=[checker])
    assert ["agrees"] == [result.status for result in run.checks], run.checks


def test_value_and_grad() -> None:
    value, (by_w, by_x) = value_and_grad(two, argnums=(0, 1))(W, X)
    run = explain(two, w=W, x=X)
    assert run.value == value
    np.testing.assert_array_equal(run.gradients["w"], by_w)
    np.testing.assert_array_equal(run.gradients["x"], by_x)


def test_the_hessian_of_rosenbrock() -> None:
    x, y = POINT
    expected = [[1200 * x**2 - 400 * y + 2, -400 * x], [-400 * x, 200]]
    np.testing.assert_allclose(hessian(rosenbrock)(POINT), expected, rtol=1e-14)


def test_the_hessian_in_blocks() -> None:
    blocks = hessian(two, argnums=(0, 1))(W, X)
    assert [[(2, 2, 2, 2), (2, 2, 2)], [(2, 2, 2), (2, 2)]] == [[b.shape for b in row] for row in blocks]
    np.testing.assert_allclose(np.moveaxis(blocks[0][1], -1, 0), blocks[1][0], atol=1e-15)
    step = 1e-6
    for i in range(2):
        moved = [grad(two, argnums=1)(W, X + side * step * np.eye(2)[i]) for side in (1, -1)]
        np.testing.assert_allclose((moved[0] - moved[1]) / (2 * step), blocks[1][1][:, i], atol=1e-8)


def test_the_hessian_of_numbers_and_of_what_is_straight() -> None:
    assert pytest.approx(-math.sin(0.3)) == hessian(F.sin)(0.3)
    assert 0.0 == hessian(lambda x: 3 * x)(2.0)
    assert ((0.0, 1.0), (1.0, 0.0)) == hessian(lambda x, y: x * y, argnums=(0, 1))(2.0, 5.0)


def test_hvp_is_the_hessian_times_the_vector() -> None:
    v = [0.3, -2.0]
    np.testing.assert_allclose(hvp(rosenbrock, POINT, v), hessian(rosenbrock)(POINT) @ v, rtol=1e-14)
    by_w, by_x = hvp(two, (W, X), (np.ones((2, 2)), np.zeros(2)))
    blocks = hessian(two, argnums=(0, 1))(W, X)
    np.testing.assert_allclose(by_w, np.sum(blocks[0][0], axis=(2, 3)), atol=1e-14)
    np.testing.assert_allclose(by_x, np.sum(blocks[1][0], axis=(1, 2)), atol=1e-14)


def test_jacobian_vjp_and_jvp_agree() -> None:
    def f(x: Any) -> Any:
        return F.exp(x) * x[0]

    table = jacobian(f)(X)
    u, v = np.array([0.5, 2.0]), np.array([-1.0, 0.25])
    value, back = vjp(f, X)
    np.testing.assert_allclose(back(u)[0], u @ table)
    np.testing.assert_allclose(np.exp(X) * X[0], value)
    same, change = jvp(f, X, v)
    np.testing.assert_allclose(change, table @ v)
    np.testing.assert_array_equal(value, same)


def test_transforms_can_be_nested() -> None:
    np.testing.assert_allclose(hessian(rosenbrock)(POINT), jacobian(grad(rosenbrock))(POINT))
    assert pytest.approx(6.0) == jvp(grad(lambda x: x**3), 1.0, 1.0)[1]
    assert pytest.approx(6.0) == grad(hessian(lambda y: y**3))(5.0)
    assert pytest.approx(24.0) == grad(lambda x: jvp(lambda y: y**4, x, 1.0)[1])(2.0) / 2
    assert pytest.approx(12.0) == grad(lambda x: vjp(lambda y: y**3, x)[1](1.0)[0])(2.0)
    assert pytest.approx(48.0) == grad(lambda x: hvp(lambda y: y**4, x, 1.0))(2.0)
    triple = grad(lambda x: F.sum(hessian(lambda y: y[0] ** 3 * y[1])(x)))(np.array([2.0, 3.0]))
    np.testing.assert_allclose([6 * 3.0 + 12 * 2.0, 6 * 2.0], triple)


@pytest.mark.parametrize("transform", [grad, value_and_grad, hessian])
def test_a_scalar_function_is_needed(transform: Any) -> None:
    with pytest.raises(InputError, match="single number") as caught:
        transform(lambda x: x * 2)([1.0, 2.0])
    assert "jacobian" in caught.value.hint


@pytest.mark.parametrize("transform", [grad, value_and_grad, hessian, jacobian])
def test_an_argument_that_is_not_there(transform: Any) -> None:
    with pytest.raises(InputError, match="there is no argument 1"):
        transform(lambda x: x, argnums=1)(2.0)


def test_vectors_that_do_not_fit() -> None:
    with pytest.raises(ShapeError, match=r"a tangent of shape \(3\) for an argument of shape \(2\)"):
        hvp(rosenbrock, POINT, [1.0, 2.0, 3.0])
    with pytest.raises(InputError, match="2 arguments and 1 tangents"):
        jvp(two, (W, X), (W,))
    with pytest.raises(ShapeError, match="upstream has shape"):
        vjp(lambda x: x, [1.0, 2.0])[1](1.0)


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (lambda x: (x, x), "returned a tuple of 2 values"),
        (lambda x: [x, x], "returned a list of 2 values"),
        (lambda x: {"a": x}, "returned a dict of 1 values"),
        (lambda x: (x, 3.0), "returned a tuple of 2 values"),
        (lambda x: None, "returned nothing"),
        (lambda x: "text", "^the result is not a number"),
    ],
)
def test_a_result_is_one_value(returned: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        grad(returned)(2.0)
    with pytest.raises(InputError, match=said):
        explain(returned, x=2.0)


def test_a_value_of_another_run_is_refused() -> None:
    kept: list[Any] = []
    grad(lambda x: kept.append(x) or x)(2.0)
    with pytest.raises(ExplainError, match="different runs"):
        grad(lambda x: kept[0])(2.0)


def test_no_grad_and_detach_cut_the_path() -> None:
    def held(x: Any) -> Any:
        with no_grad():
            scale = x * x
        return scale * x

    assert 9.0 == grad(held)(3.0) == grad(lambda x: detach(x * x) * x)(3.0)
    run = explain(held, x=3.0, check=True)
    assert {"symbolic": "agrees", "finite": "undecided"} == {c.checker: c.status for c in run.checks}
    assert ["mul"] == [node.op.name for node in run.operations]


def test_no_grad_ends_with_its_block_even_when_it_fails() -> None:
    def failing(x: Any) -> Any:
        try:
            with no_grad():
                inner = x * 2
                raise KeyError
        except KeyError:
            return inner + x * 5

    assert 5.0 == grad(failing)(1.0)


def test_check_gradients() -> None:
    assert ["agrees", "agrees"] == [result.status for result in check_gradients(two, W, X)]
    assert ["w", "x"] == [result.target for result in check_gradients(two, W, X)]
    (corner,) = check_gradients(F.relu, 0.0)
    assert "convention" == corner.status


def test_check_gradients_raises_where_they_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    from autograd_explain.check import run
    from autograd_explain.check.result import CheckResult

    wrong = CheckResult("finite", "x", "differs", 1.0, 2.0, why="apart")
    monkeypatch.setitem(run.CHECKERS, "finite", lambda recording, sweep: [wrong])
    with pytest.raises(ExplainError, match=r"gradient by x is 1\.0, the finite check says 2\.0"):
        check_gradients(lambda x: x, 1.0)


def test_public_names_survive_importing_every_submodule() -> None:
    script = (
        "import pkgutil, importlib, types, autograd_explain as a\n"
        "for m in pkgutil.walk_packages(a.__path__, 'autograd_explain.'):\n"
        "    if '__main__' not in m.name and '.app' not in m.name: importlib.import_module(m.name)\n"
        "bad = [n for n in a.__all__ if n != 'functions' and isinstance(getattr(a, n), types.ModuleType)]\n"
        "print(bad)"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "[]" == found.stdout.strip()
    assert set(autograd_explain.__all__) <= set(dir(autograd_explain))
