"""What is unusual and must work: long and deep programs, names of every kind, and every function of the language."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from autograd_explain import explain
from autograd_explain.cli.main import execute
from autograd_explain.errors import ExplainError
from autograd_explain.lang.calls import function_names

Shown = Callable[..., str]


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shown:
    """Run a command that must work; returns what it writes."""
    monkeypatch.setenv("COLUMNS", "80")

    def run(*words: str) -> str:
        capsys.readouterr()
        code = execute(words)
        out, err = capsys.readouterr()
        assert (0, "") == (code, err)
        return str(out)

    return run


def data(shown: Shown, *words: str) -> dict[str, Any]:
    """The data that a command writes, strict JSON."""

    def refuse(word: str) -> None:
        raise AssertionError(word)

    return dict(json.loads(shown("run", *words, "--format", "json"), parse_constant=refuse))


# Long and deep.


def test_a_sum_of_1000_terms(shown: Shown) -> None:
    assert {"x": 1000.0} == data(shown, " + ".join(["x"] * 1000), "--x", "2")["gradients"]
    assert {"x": 1.0} == data(shown, " - ".join(["x", *(f"{i}*1" for i in range(999))]), "--x", "2")["gradients"]


def test_5000_lines(shown: Shown) -> None:
    text = "\n".join(["y = x", *(f"y = y*{1 + (i % 3 - 1) / 100} + {i}" for i in range(4998)), "y"])
    assert 5000 == len(text.splitlines())
    assert "GRADIENTS" in shown("run", text, "--x", "2", "--brief")


@pytest.mark.parametrize(
    ("body", "gradient"),
    [
        ("s = s + x*i", 4_999_950_000.0),
        ("s = s*0.5 + x", 2.0),
        ("if i > 99998: s = s + x*x", 4.0),
        ("y = sin(i)\n    s = s + x", 1e5),
    ],
)
def test_100_000_turns(body: str, gradient: float) -> None:
    assert pytest.approx(gradient) == explain(f"s = 0\nfor i in range(100000):\n    {body}\ns", x=2).gradients["x"]


def test_100_000_turns_at_the_command_line(shown: Shown) -> None:
    assert "100000" in shown("run", "n = 0\nwhile n < 100000:\n    n += 1\nn*x", "--x", "1", "--brief")
    called = "def f(t): return t + 1\nn = 0\nfor i in range(100000): n = f(n)\nn*x"
    assert "100000" in shown("run", called, "--x", "1", "--brief")


def test_sharing_costs_no_more_than_its_operations(shown: Shown) -> None:
    shown("run", "x*x", "--x", "1", "--check", "--brief")  # SymPy is loaded once, whatever the program
    text = "e = x\n" + "e = e*(e + 1)\n" * 16 + "e"
    start = time.process_time()
    statuses = {check["status"] for check in data(shown, text, "--x", "0.01", "--check")["checks"]}
    assert time.process_time() - start < 3.0  # three times what is promised: machines that test are shared
    assert {"agrees"} == statuses


@pytest.mark.parametrize(
    "text",
    [
        "(" * 150 + "x" + ")" * 150,
        "sin(" * 150 + "x" + ")" * 150,
        "-" * 150 + "x",
        "x" + ".T" * 150,
        "def f(n):\n    if n < 1: return x\n    return f(n - 1)*1.5\nf(150)",
        "if x: y = x\n" + "elif x: y = 2\n" * 900 + "y",
        "+".join(f"(x*{i})" for i in range(1000)),
        "\n" * 5000 + "x",
        "x" + " " * 100_000,
        "x # " + "words " * 10_000,
        "a" * 5000 + " = x\n" + "a" * 5000,
        "".join(f"x{i} = x*{i}\n" for i in range(900)) + "x899",
        "[" + ", ".join(["x"] * 300) + "]",
        "sum([" + ", ".join(["x"] * 300) + "])",
        "1e-300*x*1e300",
        "0." + "0" * 400 + "1 + x",
    ],
    ids=lambda text: text[:20].replace("\n", ";"),
)
def test_long_and_deep_texts(shown: Shown, text: str) -> None:
    assert "GRADIENTS" in shown("run", "--set", "x=1.5", "--", text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("9**9**9**9*x", math.inf),
        ("9**9**9**9", math.inf),
        ("-9**9**9**9*x", -math.inf),
        ("x/0 - x/0", math.nan),
        ("exp(1000*x)", math.inf),
        ("(0 - x)**0.5", math.nan),
        ("x*10**400", math.inf),
        ("mean([])*x", math.nan),
    ],
)
def test_what_is_no_number_is_told_not_refused(shown: Shown, text: str, value: float) -> None:
    values = ["--x", "1"] if "x" in text else []
    found = data(shown, text, *values)
    assert repr(value) == found["value"]
    assert [] == values or "non-finite" in {note["kind"] for note in found["notes"]}


# Names.


@pytest.mark.parametrize(
    "name",
    [
        "check",
        "wrt",
        "seed",
        "set",
        "brief",
        "all",
        "format",
        "output",
        "limit",
        "help",
        "version",
        "program",
        "mode",
        "upstream",
        "run",
        "ops",
        "examples",
        "train",
        "sum",
        "exp",
        "sin",
        "range",
        "len",
        "where",
        "zeros",
        "pi",
        "e",
        *"EISNOQCD",
        "beta",
        "gamma",
        "zeta",
        "lamda",
        "Symbol",
        "oo",
        "nan",
        "inf",
        "Integer",
        "re",
        "im",
        "Abs",
        "Max",
        "π",
        "σ",
        "θ",
        "Ω",
        "β₁",
        "x₁",
        "v1",
        "out",
        "upstream_",
        "_",
        "_x",
        "print",
        "type",
        "self",
        "np",
        "x_1",
        "T",
        "if_",
        "x" * 200,
        "变量",
        "ñ",
        "𝐱",
        "ﬁ",
        "a\u0301",
    ],
)
def test_names_of_every_kind(shown: Shown, name: str) -> None:
    text = f"{name}² + 3·{name}"
    assert "agree" in shown("run", text, "--set", f"{name}=1.5", "--check", "--brief")
    found = data(shown, text, "--set", f"{name}=1.5", "--seed", "3")
    assert ([6.0], 6.75) == (list(found["gradients"].values()), found["value"])


def test_options_and_values_of_one_name(shown: Shown) -> None:
    line = (
        "check*digits + seed",
        "--set",
        "check=2",
        "--set=digits=3",
        "--set",
        "seed=1",
        "--seed",
        "5",
        "--digits",
        "4",
    )
    assert {"check": 3.0, "digits": 2.0, "seed": 1.0} == data(shown, *line, "--check=finite")["gradients"]


def test_functions_and_variables_are_two_namespaces(shown: Shown) -> None:
    found = data(shown, "sum = sum(exp*[1, 2]) + exp(exp)\nmax = sum\nmax", "--exp", "0.5")
    assert pytest.approx(3 + math.exp(0.5)) == found["gradients"]["exp"]


# Every function.

ONE = """exp expm1 log ln log1p log2 log10 sqrt cbrt sin cos tan asin acos atan sinh cosh tanh asinh atanh arcsin arccos
    arctan arcsinh arctanh sigmoid σ logsigmoid softplus relu leaky_relu elu selu gelu silu swish mish hardtanh abs sign
    square
    reciprocal erf erfc floor ceil round detach sum mean prod max min var std norm logsumexp
    flatten transpose squeeze"""
TWO = "atan2 hypot maximum minimum mse mae huber bce_with_logits hinge bce"
VECTORS = {
    "softmax": "softmax({})",
    "log_softmax": "log_softmax({})",
    "cumsum": "cumsum({})",
    "matmul": "matmul({}, [1, 2])",
    "dot": "dot({}, [1, 2])",
    "outer": "outer({}, [1, 2])",
    "reshape": "reshape({}, (2, 1))",
    "concat": "concat([{0}, 2*{0}])",
    "stack": "stack([{0}, 2*{0}], axis=1)",
    "expand_dims": "expand_dims({}, 0)",
    "cross_entropy": "cross_entropy({}, 1)",
}
MADE = {
    "acosh": "acosh(x + 1)",
    "arccosh": "arccosh(x + 1)",
    "clip": "clip(x, 0, 1)",
    "where": "where(x > 0.45, x, 2*x)",
    "zeros": "zeros(2) + x",
    "ones": "ones(2)*x",
    "full": "full((2,), 3)*x",
    "eye": "eye(2)*x",
    "arange": "arange(2)*x",
    "linspace": "linspace(0, 1, 2)*x",
    "rand": "rand(2)*x",
    "randn": "randn(2)*x",
    "len": "len([1, 2])*x",
}
SCALAR_CALLS = (
    [f"{name}(x)" for name in ONE.split()] + [f"{name}(x, 0.25)" for name in TWO.split()] + list(MADE.values())
)
CALLS = [
    *((call, "0.3") for call in SCALAR_CALLS),
    *((call, "[0.3, 0.65]") for call in SCALAR_CALLS),
    *((call.format("x"), "[0.3, 0.65]") for call in VECTORS.values()),
    *((call.format("[x, 2*x]"), "0.3") for call in VECTORS.values()),
]


def test_every_function_is_tried() -> None:
    tried = {*ONE.split(), *TWO.split(), *VECTORS, *MADE, "grad"}  # of a value by a name: tests/lang/test_gradients.py
    assert tried <= function_names()
    assert [] == sorted(name for name in function_names() - tried if not _internal(name))


def _internal(name: str) -> bool:
    """Whether this row is one that only recording makes."""
    from autograd_explain.core.registry import find

    op = find(name)
    return op is not None and (op.internal or op.family == "structural")


@pytest.mark.parametrize(("text", "value"), CALLS, ids=lambda part: part)
def test_every_function_on_a_number_and_on_an_array(shown: Shown, text: str, value: str) -> None:
    out = shown("run", text, "--x", value, "--check")
    assert "GRADIENTS" in out
    assert "CHECK" in out
    found = data(shown, text, "--x", value, "--check")
    statuses = {check["status"] for check in found["checks"]}
    assert statuses <= {"agrees", "convention"}
    assert "agrees" in statuses
    assert ["x"] == list(found["gradients"])


@pytest.mark.parametrize(
    "program",
    ["std(x)", "var(x)", "softmax(x)", "cross_entropy(x, t)", "cross_entropy(x, x)", "bce(x, x)", "prod(x)", "mean(x)"],
)
@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0)])
def test_an_array_without_entries_gives_a_result_or_one_error(program: str, shape: tuple[int, ...]) -> None:
    with suppress(ExplainError):
        run = explain(program, x=np.zeros(shape), **({"t": 0} if "t)" in program else {}))
        assert shape == run.gradients["x"].shape
        assert str(run)


def test_loops_of_100_000_turns_may_make_small_arrays(capsys: pytest.CaptureFixture[str]) -> None:
    program = "v = ones(3)\ni = 0\nwhile i < 100000:\n    i = i + 1\n    v = tanh(v)*0.5 + ones(3)\nsum(v)*x"
    assert 0 == execute(["run", program, "--x", "1", "--brief"]), capsys.readouterr().err
