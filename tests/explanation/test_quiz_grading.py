"""Answers as people type them: what counts, what does not, and that nothing typed is ever executed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from autograd_explain import explain
from autograd_explain.check.equal import is_same
from autograd_explain.explanation.quiz import Question, ask
from autograd_explain.explanation.quiz_grading import Grader, Verdict
from autograd_explain.explanation.quiz_words import Told


def question_of(run: Any, kind: str, op: str, argument: int | None = None) -> Question:
    """The question of this kind at an operation of this name."""
    nodes = run.tape.nodes
    return next(
        q for q in ask(run, 200)
        if q.kind == kind and nodes[q.node].op.name == op and argument in {None, q.argument}
    )  # fmt: skip


def judged(run: Any, question: Question, text: str) -> Verdict:
    return Grader(run, is_same).judge(question, text)


SIGMOID = explain("(1 - sigmoid(w*x + b))**2", x=2, w=3, b=1)
MATRICES = explain("sum(X @ W)", X=[[1, 2, 3], [4, 5, 6]], W=[[1, 0], [0, 2], [3, 1]])


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("0.999089", True),
        ("0.999", True),
        ("+1.0", True),
        ("1/(1 + exp(-7))", True),
        ("sigmoid(7)", True),
        ("σ(7)", True),
        ("99.9e-2", True),
        ("0.99", False),
        ("-0.999", False),
        ("−0.999", False),
        ("1.006", False),
        ("nan", False),
        ("inf", False),
    ],
)
def test_numbers_to_half_a_percent(text: str, right: bool) -> None:
    verdict = judged(SIGMOID, question_of(SIGMOID, "value", "sigmoid"), text)
    assert (right, "") == (verdict.correct, verdict.problem)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("sigmoid(v2)", "v2 is a name"),
        ("[1, 2]", "one number is asked for"),
        ("", "there is no answer"),
        ("2 3", "missing"),
        ("1; 2", "more than one expression"),
        ("x = 2", "more than one expression"),
        ("1,5 6", "missing"),
    ],
)
def test_what_is_no_number_is_told(text: str, problem: str) -> None:
    verdict = judged(SIGMOID, question_of(SIGMOID, "value", "sigmoid"), text)
    assert not verdict.correct
    assert problem in verdict.problem


def test_a_small_number_is_not_0() -> None:
    question = question_of(SIGMOID, "contribution", "sigmoid")
    assert abs(question.expected) < 1e-5
    assert not judged(SIGMOID, question, "0").correct
    assert judged(SIGMOID, question, "-1.658e-6").correct


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("(3, 2)", True), ("3, 2", True), ("3x2", True), ("[3, 2]", True), ("3 × 2", True), ("(3,2,)", True),
        ("(2, 3)", False), ("()", False), ("3", False), ("(3, 2, 1)", False),
    ],
)  # fmt: skip
def test_shapes(text: str, right: bool) -> None:
    verdict = judged(MATRICES, question_of(MATRICES, "shape", "matmul", 1), text)
    assert (right, "") == (verdict.correct, verdict.problem)


@pytest.mark.parametrize("text", ["three by two", "(3; 2)", "(-3, 2)", "3.0, 2", "9" * 400, "(((3, 2)))"])
def test_what_is_no_shape_is_told(text: str) -> None:
    assert "this is no shape" in judged(MATRICES, question_of(MATRICES, "shape", "matmul", 1), text).problem


@pytest.mark.parametrize(
    ("text", "proof"),
    [
        ("v3*(1 - v3)", "symbolic"),
        ("v3 - v3**2", "symbolic"),
        ("v3 − v3²", "symbolic"),
        ("(1-v3)*v3", "symbolic"),
        ("-(v3-1)*v3", "symbolic"),
        ("exp(-v2)/(1 + exp(-v2))^2", "points"),
        ("sigmoid(v2)*sigmoid(-v2)", "points"),
        ("sigmoid(w*x + b)*(1 - v3)", "points"),
    ],
)
def test_formulas_that_come_to_the_same_are_right(text: str, proof: str) -> None:
    verdict = judged(SIGMOID, question_of(SIGMOID, "formula", "sigmoid"), text)
    assert (True, proof) == (verdict.correct, verdict.proof)


@pytest.mark.parametrize(
    "text", ["v3*(1 + v3)", "v3", "1 - v3", "0.000910221", "v2*(1 - v2)", "v3*(1 - v3)*upstream", "v3*(1-v3) + 1e-4"]
)
def test_other_formulas_are_wrong(text: str) -> None:
    assert not judged(SIGMOID, question_of(SIGMOID, "formula", "sigmoid"), text).correct


def test_a_number_that_happens_to_agree_here_is_no_formula() -> None:
    run = explain("x*w", x=2, w=3)
    question = question_of(run, "formula", "mul", 0)
    assert judged(run, question, "w").correct
    assert not judged(run, question, "3").correct
    assert not judged(run, question, "x + 1").correct


def test_a_corner_is_more_than_one_side_of_it() -> None:
    run = explain("relu(w*x)", x=2, w=3)
    question = question_of(run, "formula", "relu")
    assert judged(run, question, "v1 > 0").correct
    assert judged(run, question, "where(v1 > 0, 1, 0)").correct
    assert not judged(run, question, "1").correct


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("upstream @ W.T", True), ("upstream @ transpose(W)", True), ("(W @ upstream.T).T", True),
        ("upstream @ W", False), ("W.T @ upstream", False), ("upstream * W", False), ("1", False),
    ],
)  # fmt: skip
def test_formulas_of_matrices(text: str, right: bool) -> None:
    assert right == judged(MATRICES, question_of(MATRICES, "formula", "matmul", 0), text).correct


def test_a_formula_of_a_mean_need_not_spread_its_number() -> None:
    run = explain("mean(x)", x=[1, 2, 4])
    question = question_of(run, "formula", "mean")
    assert judged(run, question, "upstream/3").correct
    assert not judged(run, question, "upstream").correct


HOSTILE = [
    "__import__('os').system('touch hit')",
    "().__class__.__bases__[0].__subclasses__()",
    "x.__class__",
    "open('hit', 'w')",
    "eval('1')",
    "exec(\"open('hit','w')\")",
    "lambda: 1",
    "[open for i in range(3)]",
    "f'{x}'",
    "9**9**9",
    "9**9**9**9**9",
    "10**(10**10)",
    "(" * 5000 + "1" + ")" * 5000,
    "[" * 400,
    "-" * 499 + "1",
    "while 1: pass",
    "def f(): return f()\nf()",
    "zeros(1000000, 1000000)",
    "rand(9999, 9999) @ rand(9999, 9999)",
    "sum(rand(90, 90))" + " + sum(rand(90, 90))" * 20,
    "[bold red]x[/]",
    "[/]",
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "1\x00",
    "\x00" * 50,
    "\udcff\ud800",
    "\u202e123",
    "@/etc/passwd",
    "@hit.csv",
    "1" * 499,
    "x" * 100_000,
    "import os",
    "print(1)",
    "grad(x, x, x, x)",
    ";",
    "#",
    "\\",
    "1e999999999",
    "0/0",
    "none\r\nand more",
    "=" * 20,
]


@pytest.mark.parametrize("kind", ["value", "formula", "shape", "target", "array"])
@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:24])
def test_hostile_answers_are_wrong_soon_and_never_executed(
    text: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hit.csv").write_text("1,2\n", encoding="utf-8")
    run, question = ASKED[kind]
    started = time.process_time()
    verdict = judged(run, question, text)
    assert not verdict.correct
    assert time.process_time() - started < 5
    assert ["hit.csv"] == [path.name for path in tmp_path.iterdir()]
    said = Told(run, question).feedback(verdict, 1, 3)
    assert said[0].startswith("Not so")


ORDER = explain("h = x*x\nh*y + h", x=3, y=2)
ASKED = {
    "value": (SIGMOID, question_of(SIGMOID, "value", "sigmoid")),
    "formula": (SIGMOID, question_of(SIGMOID, "formula", "sigmoid")),
    "shape": (MATRICES, question_of(MATRICES, "shape", "matmul", 1)),
    "target": (ORDER, question_of(ORDER, "target", "add")),
    "array": (MATRICES, question_of(MATRICES, "value", "matmul")),
}


def test_feedback_goes_from_a_hint_to_the_rule() -> None:
    question = question_of(SIGMOID, "local", "sigmoid")
    words = Told(SIGMOID, question)
    wrong = judged(SIGMOID, question, "17")
    first, second, last = (words.feedback(wrong, used, 3) for used in (1, 2, 3))
    assert "Hold everything else still" in first[1]
    assert "The rule is v3·(1 − v3)." == second[1]
    assert ["Not so."] == last
    slip = words.feedback(judged(SIGMOID, question, "-42"), 1, 3)
    assert "This is what stale-value gives." == slip[1]
    assert "In s·(1 − s), s is what came out" in slip[2]
    assert ["Right."] == words.feedback(judged(SIGMOID, question, "9.102e-4"), 1, 3)


def test_points_outside_the_domain_do_not_decide() -> None:
    run = explain("sum(where(x > 0, sqrt(x), 0))", x=[4, 0])
    question = question_of(run, "formula", "sqrt")
    assert judged(run, question, "1/(2*sqrt(x))").correct
    assert judged(run, question, "0.5*x**-0.5").correct
    assert not judged(run, question, "1/sqrt(x)").correct
    run = explain("log(log(x))", x=1.5)
    question = question_of(run, "formula", "log", 0)
    assert judged(run, question, question.expected).correct


def test_a_program_may_have_a_value_called_upstream() -> None:
    run = explain("sin(upstream)*2", {"upstream": 0.7})
    assert judged(run, question_of(run, "formula", "sin"), "cos(upstream)").correct
