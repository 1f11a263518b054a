"""Scripts of whole programs: every example of the gallery, and programs that are hard to write down."""

from __future__ import annotations

import ast
import json
from typing import Any

import numpy as np
import pytest

from autograd_explain import explain
from autograd_explain.code.names import Names, as_comment
from autograd_explain.errors import ExplainError
from autograd_explain.explanation.build import Explanation
from autograd_explain.lang.program import bind_values, example, gallery
from autograd_explain.lang.values import read_values
from autograd_explain.pipeline import explain_program
from autograd_explain.render.formats import BY_ENDING, BY_NAME
from tests.code.scripts import TARGETS, apart, needs, run
from tests.programs import run_example

OTHER_CONVENTIONS: dict[tuple[str, str], str] = {}
"""Examples at a corner where a library takes another derivative, with the reason: no example is."""
OWN_RULES = """def f(a, b): return a*b + exp(a)
@backward_of(f)
def g(upstream, out, a, b): return upstream*(b + exp(a)), upstream*a
def h(t):
    s = 0
    for i in range(20): s = s*t + t
    return s
@backward_of(h)
def hb(upstream, out, t):
    if t > 0: return upstream*t
    return upstream*2
f(x, 3) + f(y, x) + f(2, y) + h(x) + h(-x) + h(y)"""
LOOP = "a = x\nfor i in range(30):\n  a = a*1.01 + sin(a)\nif a > 3:\n  a = a*2\nelse:\n  a = a/2\na"
_NAMES = "np torch jax jnp F json math sum print float sigmoid norm d_np d_x x plain t1 v1 match type λ Δx"
NAMES = _NAMES.split()
THREE = np.arange(9.0).reshape(3, 3)
LOGITS = {
    "z": [[1.0, 2, 3], [0, 1, 0]],
    "t": [0, 2],
    "p": [[0.2, 0.3, 0.5], [1, 0, 0]],
}
HARD: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (" + ".join(f"{name}*{n + 2}" for n, name in enumerate(NAMES)) + " + x*sigmoid(x)", dict.fromkeys(NAMES, 1.5), {}),
    ("x**0.5/y", {"x": -8.0, "y": 0.0}, {}),
    ("exp(x)*y + 9**9**9", {"x": 1000.0, "y": -1.0}, {}),
    ("x/y", {"x": 1e-120, "y": 1e-130}, {}),
    ("(x > 1) + (x > 2) + (x > 0)*(y > 0) + where(x > 1, 2, 3)**-1 + x*y", {"x": 1.5, "y": 2.0}, {}),
    ("E[ids]**2", {"E": THREE, "ids": [2, 0, 2]}, {"upstream": THREE + 1}),
    ("x[::-1, :2]*x[:, ::-2] + x[-1, 2:0:-1] + x[..., None, 0]", {"x": THREE}, {}),
    (OWN_RULES, {"x": 0.5, "y": 0.25}, {}),
    ("x", {"x": 2.0}, {}),
    ("x.T*2 + (-x).T + x[...]*3", {"x": 2.0}, {}),
    ("x[None]*y", {"x": 1.0, "y": [2.0]}, {}),
    ("x*y", {"x": THREE, "y": 2.0}, {"wrt": ["y"], "upstream": THREE}),
    ("detach(x)*2", {"x": 2.0}, {}),
    ("pi*x + sqrt(2)*y", {"x": 2.0, "y": 1.0}, {"upstream": 3.0}),
    ("sum(x @ w) + 3*2", {"x": np.ones((2, 0)), "w": np.ones((0, 3))}, {}),
    ("cross_entropy(z, t) + cross_entropy(z, p) + bce(sigmoid(z), p)", LOGITS, {}),
    ("max(relu(x)) + norm(x) + maximum(x[0], x[1])", {"x": [0.5, 0.25, -1.0]}, {}),
    (LOOP, {"x": 0.3}, {}),
    ("logsigmoid(y) + softplus(x) + logsumexp([x, y])", {"x": 38.0, "y": -800.0}, {}),
]  # fmt: skip


def shown(name: str) -> Explanation:
    """An example of the gallery on its own values."""
    explanation: Explanation = run_example(name)
    return explanation


@pytest.mark.parametrize("target", TARGETS)
def test_every_example_of_the_gallery_gives_the_same_gradients(target: str) -> None:
    needs(target)
    broken, tried = {}, 0
    for name in gallery():
        if example(name).expect_error:
            continue
        explanation = shown(name)
        tried += 1
        names = apart(explanation, run(explanation.to_code(target)))
        if names and (name, target) not in OTHER_CONVENTIONS:
            broken[name] = names
    assert {} == broken
    assert tried >= 40


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("source", "values", "settings"), HARD, ids=[source[:30] for source, _, _ in HARD])
def test_hard_programs(source: str, values: dict[str, Any], settings: dict[str, Any], target: str) -> None:
    needs(target)
    explanation = explain(source, values, **settings)
    assert [] == apart(explanation, run(explanation.to_code(target)))


@pytest.mark.parametrize("target", TARGETS)
def test_text_of_the_program_stays_a_comment(target: str) -> None:
    needs(target)
    source = "# coding: rot13\n# \"\"\" ' \\ \r\n#\nx*2  # '''print('evil')"
    script = explain(source, x=2.0).to_code(target)
    assert [] == [line for line in script.splitlines() if line.startswith("print('evil")]
    assert [] == [line for line in script.split("\n")[:2] if "coding" in line]
    ran = run(script)
    assert 2.0 == ran.gradients["x"]


def test_a_comment_is_one_line_whatever_is_in_it() -> None:
    text = "a\nprint(1)\r\x0c\x00\u2028print(2)\u202e\x1b[31m"
    assert "a print(1) \\x00 print(2)\\u202e\\x1b[31m" == as_comment(text)


def test_names_are_safe_and_never_twice() -> None:
    names = Names(["norm"])
    given = [names.give(n) for n in ("x", "x", "np", "norm", "lambda", "__debug__", "a b", "1", "", "print", "d_x")]
    assert ["x", "x_", "np_", "norm_", "lambda_", "name__debug__", "a_b", "x1", "x__", "print_", "d_x"] == given
    assert all(name.isidentifier() for name in given)


def test_a_name_that_is_no_python_name_keeps_its_key() -> None:
    explanation = explain(lambda **given: given["a b"] * given["1"], {"a b": 2.0, "1": 3.0})
    assert {"a b": 3.0, "1": 2.0} == run(explanation.to_code("numpy")).gradients


def test_the_numpy_script_needs_numpy_alone_and_nothing_of_ours() -> None:
    for name in ("attention-head", "cube", "where-nan"):
        tree = ast.parse(shown(name).to_code("numpy"))
        found = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        assert {"json", "math", "numpy"} >= found
        assert not any(isinstance(node, ast.ImportFrom) for node in ast.walk(tree))


def test_the_backward_pass_adds_a_contribution_a_line_and_says_why() -> None:
    script = explain("(1 - sigmoid(w*x + b))**2", w=3, x=2, b=1).to_code("numpy")
    assert "v3 = sigmoid(v2)" in script
    lines = [line for line in script.splitlines() if line.startswith("d_") and " += " in line]
    assert 1 + 7 == len(lines)
    assert "d_w += d_v1*x                                 # d_v1 × x, from v1 = w*x" in lines
    assert "d_v2 += d_v3*(v3*(1 - v3))                    # d_v3 × (v3*(1 - v3)), from v3 = sigmoid(v2)" in lines
    assert all("  # " in line for line in lines)


def test_loops_calls_and_conditions_are_told() -> None:
    script = explain(LOOP, x=0.3).to_code("numpy")
    assert "# for i in range(30), turn 30" in script
    assert "# a > 3 is " in script
    assert "a1 = v" in script
    assert "# quantize(w*x)" in shown("straight-through").to_code("numpy")


def test_helpers_are_there_only_where_they_are_called() -> None:
    assert "def " in explain("relu(x)", x=2.0).to_code("numpy")
    assert "def sigmoid" not in explain("relu(x)", x=2.0).to_code("numpy")
    script = explain("log_softmax(x)", x=[1.0, 2.0]).to_code("numpy")
    assert script.index("def first_largest") < script.index("def logsumexp") < script.index("def log_softmax")


def test_the_comparison_is_printed_before_the_last_line() -> None:
    needs("torch")
    printed = run(explain("w*x", w=3.0, x=2.0).to_code("torch")).printed
    assert ["value: largest difference 0.0e+00", "w: largest difference 0.0e+00"] == printed[:2]
    assert {"value": 6.0, "gradients": {"w": 2.0, "x": 3.0}} == json.loads(printed[-1])


def test_numbers_that_are_not_finite_are_words() -> None:
    printed = run(shown("where-nan").to_code("numpy")).printed
    assert '{"value": 2.0, "gradients": {"x": [0.25, "nan"]}}' == printed[-1]


@pytest.mark.parametrize("target", ["torch", "jax"])
def test_other_conventions_are_told_in_a_comment(target: str) -> None:
    library = {"torch": "PyTorch", "jax": "JAX"}[target]
    script = explain("hypot(x, y) + abs(x)", x=0.0, y=0.0).to_code(target)
    assert f"is at a corner of hypot (x = y = 0): 0 is taken here; {library}: " in script
    assert ("corner of abs" in script) == (target == "jax")


@pytest.mark.parametrize("target", TARGETS)
def test_long_runs_are_written_and_the_same_run_gives_the_same_text(target: str) -> None:
    source = "a = x\nfor i in range(700):\n  a = a*0.999 + sin(a)*0.001\na"
    explanation = explain(source, x=0.3)
    script = explanation.to_code(target)
    assert script == explain(source, x=0.3).to_code(target)
    if target != "jax":  # JAX runs each of the 2,800 steps, but takes long for it
        needs(target)
        assert [] == apart(explanation, run(script))


def test_a_choice_at_a_corner_is_kept() -> None:
    program = example("relu-at-zero")
    values = read_values(bind_values(program, {}))
    explanation = explain_program(program, values, wrt=program.wrt, at_kink={"relu": 1.0})
    assert explanation.gradients != shown("relu-at-zero").gradients
    assert [] == apart(explanation, run(explanation.to_code("numpy")))


def test_an_unknown_target_is_refused() -> None:
    with pytest.raises(ExplainError) as raised:
        explain("x", x=1.0).to_code("julia")
    assert "julia" in raised.value.message
    assert "numpy" in str(raised.value.hint)


def test_the_formats_are_in_the_table() -> None:
    assert "python" == BY_ENDING[".py"].name
    assert {"python", "torch", "jax"} <= set(BY_NAME)
    assert "" == BY_NAME["torch"].ending == BY_NAME["jax"].ending
