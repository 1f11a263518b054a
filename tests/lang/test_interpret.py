"""What programs mean, held against plain Python and NumPy, and their gradients against central differences."""

from __future__ import annotations

import re
import sys
from typing import Any

import numpy as np
import pytest

from autograd_explain import explain
from autograd_explain.errors import ExplainError, LimitError
from autograd_explain.lang.interpret import evaluate
from autograd_explain.lang.program import bind_values, read_expression
from autograd_explain.limits import Limits
from autograd_explain.pipeline import explain_program

X = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
V = np.array([1.0, -2.0, 3.0, 0.5])


def value_of(text: str, **values: Any) -> Any:
    """The value of a program, given those of the values that it has names for."""
    return explain(text, {name: value for name, value in values.items() if name in _words(text)}).value


def _words(text: str) -> set[str]:
    return set("".join(c if c.isalnum() or c == "_" else " " for c in text).split())


def limited(text: str, limits: Limits, **values: Any) -> Any:
    program = read_expression(text, "", limits)
    given = {name: float(value) for name, value in values.items()}
    return explain_program(program, bind_values(program, given), limits=limits)


def in_python(text: str, **values: Any) -> Any:
    """What Python says a program leaves in `out`."""
    names: dict[str, Any] = {**values, "np": np}
    exec(text, names)  # noqa: S102 - the tests' own programs
    return names["out"]


SCALAR_PROGRAMS = [
    "out = x",
    "out = x + y*2 - -x",
    "out = -x**2",
    "out = 2**-x",
    "out = 2**3**x / 100",
    "out = x/y/2 - x/(y/2)",
    "a = x*y; b = a - x; out = a/b",
    "a = b = x*y\nout = a + b",
    "a, b = x, y\na, b = b, a + b\nout = a - 3*b",
    "out = x\nout += 2\nout *= y\nout -= x\nout /= 4\nout **= 2",
    "def f(t): return t*t + 1\nout = f(f(x))",
    "def f(t, s):\n    u = t*s\n    u = u + s\n    return u\nout = f(x, y) - f(y, x)",
    "def f(t, s=2): return t*s\nout = f(x) + f(x, y)",
    "def fact(n):\n    if n <= 1:\n        return 1\n    return n*fact(n - 1)\nout = fact(6)*x",
    "def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\nout = fib(12) + x",
    "k = 3\ndef f(t): return k*t\nk = 5\nout = f(x)",
    "def f(t):\n    k = t + 1\n    return k\nk = 10\nout = f(x) + k",
    (
        "def f(a):\n    for i in range(10):\n        a = a*1.5\n"
        "        if a > 4:\n            return a\n    return 0\nout = f(x)"
    ),
    "if x > y:\n    out = 1*x\nelif x == y:\n    out = 2*x\nelse:\n    out = 3*x",
    "if x > 100:\n    out = 1\nelif x > 50:\n    out = 2\nelif x > 0:\n    out = 3*y\nelse:\n    out = 4",
    "out = 0\nfor i in range(5):\n    out = out + i*x",
    "out = 0\nfor i in range(2, 11, 3):\n    out = out + i*x",
    "out = 0\nfor i in range(5, 0, -2):\n    out = 2*out + i",
    "out = y\nfor i in range(0):\n    out = 99",
    "out = 1\nfor c in [x, y, 3]:\n    out = out*c + c",
    "out = 0\nfor i in range(3):\n    for j in range(i):\n        out += i*j*x + j",
    "out = x\nwhile out < 20:\n    out = out*2 + 1",
    (
        "n = 27\nout = 0\nwhile n != 1:\n    if n/2 == round(n/2):\n        n = n/2\n"
        "    else:\n        n = 3*n + 1\n    out += 1"
    ),
    "out = x if x > y else y",
    "out = (x if x > 100 else y) if y > -100 else 3",
    "pass\nout = x  # a comment\n\n",
    "out = (x <\n       y) + 1",
]


@pytest.mark.parametrize("text", SCALAR_PROGRAMS)
@pytest.mark.parametrize(("x", "y"), [(1.5, -0.7), (0.25, 2.0)])
def test_programs_mean_what_python_means(text: str, x: float, y: float) -> None:
    assert pytest.approx(float(in_python(text, x=x, y=y)), rel=1e-12) == value_of(text + "\nout", x=x, y=y)


@pytest.mark.parametrize(
    "text",
    [
        "x < y",
        "x <= x",
        "x > y",
        "x >= y",
        "x == x",
        "x != y",
        "0 < x < 2",
        "0 < x < 1 < y",
        "x < y > 0 < x",
        "not x",
        "not x - x",
        "not 0",
    ],
)
def test_conditions_are_one_or_zero(text: str) -> None:
    assert float(in_python(f"out = {text}", x=1.5, y=-0.7)) == value_of(text, x=1.5, y=-0.7)


@pytest.mark.parametrize(
    "text", ["x and y", "x and 0", "0 or y", "0 or 0", "not x or y", "x > 1 and y < 0", "x > 9 or y > 9"]
)
def test_connectives_are_one_or_zero_by_truth(text: str) -> None:
    assert float(bool(in_python(f"out = {text}", x=1.5, y=-0.7))) == value_of(text, x=1.5, y=-0.7)


def test_connectives_stop_early() -> None:
    assert 0.0 == value_of("def f(t): return t/0\nx > 5 and f(x) > 0", x=1)
    assert 1.0 == value_of("x < 5 or (1 if ids[7] else 0)", x=1, ids=[1.0])


def test_only_the_side_taken_runs() -> None:
    assert 2.0 == value_of("2 if x > 0 else ids[7]", x=1, ids=[1.0])


@pytest.mark.parametrize(
    "text",
    [
        "X[0]",
        "X[-1]",
        "X[0, 1]",
        "X[:, 1]",
        "X[0, ::-1]",
        "X[::-1, ::-1]",
        "X[:, 1:]",
        "X[1:, :-1]",
        "X[..., 0]",
        "X[None, :, 0]",
        "X[:, None, 1]",
        "v[1:3]",
        "v[-3:-1]",
        "v[::2]",
        "v[3:0:-1]",
        "v[::-2]",
        "v[10:]",
        "v[:0]",
        "X[:, [2, 0, 0]]",
        "v[[0, -1]]",
        "X.T",
        "X.T[1]",
        "X @ X.T",
        "X.T @ X",
        "X @ [1, 2, 3]",
        "[1, 2] @ X",
        "[X[0], X[1]*2]",
        "[[1, 2], [3, v[0]]]",
        "X + v[:3]",
        "X*X[0]",
        "X**2 - X/2",
        "-X",
        "X > 2",
        "v[0]*X[0, 0]",
    ],
)
def test_arrays_mean_what_numpy_means(text: str) -> None:
    listed = re.sub(r"(?<![\w\[, ])(\[[\d, ]+\])(?= @|$)", r"np.array(\1)", text)
    expected = eval(listed, {"X": X, "v": V, "np": np})  # noqa: S307 - the tests' own expressions
    np.testing.assert_allclose(value_of(text, X=X, v=V), np.asarray(expected, float), rtol=1e-13)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("len(x)", len(V)),
        ("sum(x)/len(x)", V.mean()),
        ("x[len(x) - 1]", V[-1]),
        ("i = 1\nx[i + 1]", V[2]),
        ("s = 0\nfor i in range(len(x)):\n    s = s + i*x[i]\ns", (np.arange(4) * V).sum()),
        ("s = 0\nfor t in x:\n    s = s + t**2\ns", (V**2).sum()),
        ("for t in x:\n    y = t\ny", V[-1]),
        ("a, b, c, d = x\na*b + c*d", V[0] * V[1] + V[2] * V[3]),
    ],
)
def test_arrays_in_programs(text: str, expected: float) -> None:
    assert pytest.approx(expected) == value_of(text, x=V)


def test_a_loop_over_a_matrix_goes_over_its_rows() -> None:
    assert [5.0, 7.0, 9.0] == value_of("s = 0\nfor row in X:\n    s = s + row\ns", X=X).tolist()


def test_functions_return_several_values() -> None:
    assert 3.0 * 4.0 - 7.0 == value_of("def f(a, b): return a*b, a + b\np, s = f(x, y)\np - s", x=3, y=4)


def test_functions_and_variables_are_two_namespaces() -> None:
    assert 12.0 == value_of("sum = 2*x\nsum([sum, sum])", x=3)


def test_e_and_pi_are_numbers_until_they_are_given() -> None:
    assert pytest.approx(np.pi + np.e) == value_of("pi + e")
    assert 5.0 == value_of("pi + e", pi=2, e=3)
    assert pytest.approx(np.pi) == value_of("π")


@pytest.mark.parametrize("name", ["E", "I", "S", "N", "O", "Q", "beta", "gamma", "zeta", "λ", "sum", "w_1"])
def test_other_names_are_plain_variables(name: str) -> None:
    assert {name: 6.0} == explain(f"{name}**2", {name: 3}).gradients


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("2*x^2 + 1", "2*x**2 + 1"),
        ("-x^2", "-x**2"),
        ("2^3^x", "2**3**x"),
        ("x²", "x**2"),
        ("3·x − 1", "3*x - 1"),
        ("x × x ÷ 2", "x*x/2"),
        ("x₁", "x1"),
        ("ln(x)", "log(x)"),
        ("σ(x)", "sigmoid(x)"),
        ("arcsin(x/4)", "asin(x/4)"),
        ("swish(x)", "silu(x)"),
    ],
)
def test_other_spellings_mean_the_same(text: str, plain: str) -> None:
    given = {"x1" if "x1" in plain else "x": 1.5}
    assert explain(plain, given).value == explain(text, given).value


def test_integers_become_floats_and_never_truncate() -> None:
    assert 3.5 == value_of("7/2")
    assert 0.5 == value_of("[1, 2]/2")[0]
    assert float(2**60) * 2**60 == value_of("2**60*2**60")
    assert np.inf == value_of("9**9**9")


def test_the_last_assigned_name_is_the_result() -> None:
    assert 6.0 == value_of("y = 2*x", x=3)
    assert 9.0 == value_of("y = 2*x\ny += 3", x=3)
    assert 4.0 == value_of("for i in range(3):\n    y = i*x", x=2)
    assert 9.0 == value_of("a, b = 2*x, x*x", x=3)
    assert 3.0 == value_of("a, b = 2*x, x\na, b = b, a\nb, a = a, b\nb, a = a, b", x=3)
    assert 3.0 == value_of("a, b = v", v=[2, 3])
    assert 7.0 == value_of("a, b = x, 7", x=3)


def test_evaluate_takes_a_text_without_inputs() -> None:
    assert pytest.approx(np.pi / 4) == evaluate("pi/4")
    np.testing.assert_array_equal([[0, 2], [0, 2]], evaluate("zeros(2, 2) + [0, 2]"))
    with pytest.raises(ExplainError):
        evaluate("x + 1")


REFUSED = [
    ("x +", ""),
    ("sigmod(x)", "sigmoid"),
    ("y + x", "y"),
    ("x[5]", ""),
    ("[1, 2] + [1, 2, 3]", ""),
    ("X @ X", ""),
    ("if v:\n    x = 1\nx", "where"),
    ("1 if v else 2", "where"),
    ("f(x)\ndef f(t): return t", "def"),
    ("range(3)", ""),
    ("def f(t): t = 1\nf(x)", "return"),
    ("def f(a, b): return a\nf(x)", "f(a, b)"),
    ("for i in x:\n    y = i\ny", "range"),
    ("a, b = v", ""),
    ("v[x]", "whole"),
    ("for i in range(x):\n    pass\nx", "whole"),
    ("x.real", ".T"),
    ("import os", ""),
    ("lambda t: t", ""),
    ("x = 'text'", ""),
    ("print(x)", ""),
    ("__import__('os')", ""),
    ("x()", ""),
    ("pass", ""),
    ("sum(x, axis=3)", ""),
    ("exp(x, 2)", "exp(x)"),
    ("relu()", "relu(x)"),
    ("reshape(v, (3, 3))", ""),
    ("len(x)", ""),
    ("return x", ""),
    ("x[0] = 1", ""),
    ("del x", ""),
    ("x if", ""),
    ("while v:\n    pass\nx", "where"),
]


@pytest.mark.parametrize(("text", "hint"), REFUSED)
def test_refusals_are_errors_of_the_input(text: str, hint: str) -> None:
    given = {"x": 1.5, "X": X, "v": V}
    with pytest.raises(ExplainError) as caught:
        explain(text, {n: v for n, v in given.items() if n in _words(text)})
    error = caught.value
    assert error.message
    assert hint in f"{error.message} {error.hint}"
    assert error.span is None or 0 <= error.span.start <= error.span.end <= len(text)
    assert error.exit_code == 2


def test_an_error_inside_a_function_points_into_the_function() -> None:
    text = "def f(t): return t[7]\nf(v)"
    with pytest.raises(ExplainError) as caught:
        explain(text, v=V)
    assert caught.value.span is not None
    assert "t[7]" == text[slice(*caught.value.span)]


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        ({"nodes": 50}, "for i in range(100):\n    x = x + x\nx"),
        ({"statements": 50}, "n = 0\nwhile n < 100:\n    n = n + 1\nn*x"),
        ({"statements": 50}, "for i in range(1000000000):\n    pass\nx"),
        ({"depth": 20}, "def f(n): return f(n - 1) if n > 0 else x\nf(50)"),
        ({"elements": 50}, "sum(ones(100))*x"),
        ({"elements": 50}, "u = x*ones(10)\nsum(outer(u, u))"),
        ({"nesting": 10}, "(" * 20 + "x" + ")" * 20),
        ({"text": 10}, "x + x + x + x + x"),
    ],
)
def test_limits_are_errors_that_name_their_option(limit: dict[str, int], text: str) -> None:
    with pytest.raises(LimitError) as caught:
        limited(text, Limits(**limit), x=1)
    [name] = limit
    assert f"--limit {name}=" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("while x > 0: y = 1\nx", "x > 0"),
        ("def f(n): return f(n - 1) if n > 0 else x\nf(150)", "f(n - 1)"),
    ],
)
def test_the_statement_limit_says_where(text: str, place: str) -> None:
    with pytest.raises(LimitError) as caught:
        limited(text, Limits(statements=100), x=1)
    assert caught.value.span is not None
    start, end = caught.value.span
    assert place == text[start:end]


def test_operations_after_the_last_statement_are_counted() -> None:
    with pytest.raises(LimitError):
        limited("x*x*x*x", Limits(nodes=3), x=1)


def test_a_not_is_told_by_the_condition_that_was_asked() -> None:
    [branch] = explain("not x", x=1).branches
    assert ("x", True) == (branch.condition, branch.taken)


def test_scatter_add_is_read_as_rules_print_it() -> None:
    run = explain("scatter_add(u, zeros(2, 3)[:, [0, 0]])", u=[[1, 2], [3, 4]])
    assert [[3, 0, 0], [7, 0, 0]] == run.value.tolist()
    assert [[1, 1], [1, 1]] == run.gradients["u"].tolist()


def test_what_is_promised_to_work_works() -> None:
    assert 1000.0 == value_of(" + ".join(["x"] * 1000), x=1)
    assert 5000.0 == value_of("y = 0*x\n" + "y = y + x\n" * 5000 + "y", x=1)
    assert 199.0 == value_of("def f(n): return x + f(n - 1) if n > 0 else 0*x\nf(199)", x=1)
    assert 1.0 == value_of("(" * 170 + "x" + ")" * 170, x=1)


def test_deep_recursion_does_not_ask_the_system_for_stack_at_each_call() -> None:
    resource = pytest.importorskip("resource")
    program = "def f(n, v): return f(n - 1, v*2) + f(n - 1, v) if n > 0 else v\n"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for depth in range(100, 110):  # where Python's pieces of stack end is chance
        with pytest.raises(LimitError, match="statements"):
            limited(f"{program}f({depth}, 3)*x", Limits(statements=100_000), x=1)  # some 6,000 calls
    assert resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before < 3_000


def test_a_loop_of_100_000_turns() -> None:
    run = explain("s = 0\nfor i in range(100000):\n    s = s + x\ns", x=1)
    assert (100000.0, 100000.0) == (run.value, run.gradients["x"])


def test_the_recursion_limit_is_put_back() -> None:
    before = sys.getrecursionlimit()
    explain("def f(n): return f(n - 1) if n > 0 else x\nf(150)", x=1)
    assert before == sys.getrecursionlimit()
