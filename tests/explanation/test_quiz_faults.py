"""Wrong answers, worked out by hand as somebody with a misconception would, are recognised; others are not."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

from autograd_explain.explanation.faults import FAULTS
from autograd_explain.explanation.quiz import Question, ask
from autograd_explain.explanation.quiz_faults import every_misconception
from autograd_explain.explanation.quiz_grading import Grader
from autograd_explain.explanation.quiz_words import Told
from tests.programs import Case, case

SEEDS = range(20)
FAN_OUT = "x*x + x"


class Slip(NamedTuple):
    """A program drawn by a seed, which question of it is asked, and what the misconception answers."""

    draw: Callable[[Any], tuple[Case, Any]]
    kind: str
    op: str
    argument: int | None = 0


def number(random: Any) -> float:
    """A number that is neither near 0 nor near 1, nor like another one."""
    return round(float(random.uniform(1.2, 4)), 2)


def softmax(x: Any) -> Any:
    """The shares, by the definition."""
    return np.exp(x) / np.sum(np.exp(x))


def overwrite(random: Any) -> tuple[Case, Any]:
    x = number(random)
    return case(FAN_OUT, x=x), x


def depth_first(random: Any) -> tuple[Case, Any]:
    x, y = number(random), number(random)
    return case("h = x*x\nh*y + h", x=x, y=y), 2 * x * y


def no_unbroadcast(random: Any) -> tuple[Case, Any]:
    rows = int(random.integers(2, 9))
    values = random.normal(size=(rows, 2))
    return case("sum(X*X + b)", X=values, b=[1, 2]), (rows, 2)


def no_chain(random: Any) -> tuple[Case, Any]:
    a, x = number(random), number(random)
    return case("(a*x + 1)**2", a=a, x=x), x


def wrong_operand(random: Any) -> tuple[Case, Any]:
    w, x, c = number(random), number(random) + 3, number(random)  # equal factors would hide the slip
    return case("(w*x + 1)*c", w=w, x=x, c=c), c * w


def missing_minus(random: Any) -> tuple[Case, Any]:
    w, x = number(random), number(random)
    return case("(1 - w*x)**2", w=w, x=x), 2 * (1 - w * x)


def stale_value(random: Any) -> tuple[Case, Any]:
    x, c = number(random), number(random)
    return case("c*sigmoid(x)", x=x, c=c), c * x * (1 - x)


def no_transpose(random: Any) -> tuple[Case, Any]:
    x, w, c = (np.round(random.uniform(1, 4, (2, 2)), 2) for _ in range(3))
    return case("sum((X @ W)*C)", X=x, W=w, C=c), c @ w


def forgot_inner(random: Any) -> tuple[Case, Any]:
    x, c = number(random), number(random)
    return case("c*sin(x**2)", x=x, c=c), c * math.cos(x)


def power_kept(random: Any) -> tuple[Case, Any]:
    x, c = number(random), number(random)
    return case("c*x**3", x=x, c=c), c * 3 * x**3


def sum_for_mean(random: Any) -> tuple[Case, Any]:
    x, c = random.normal(size=3), number(random)
    return case("c*mean(x*x)", x=x, c=c), [c, c, c]


def diagonal(random: Any) -> tuple[Case, Any]:
    x = random.normal(size=3)
    p = softmax(x)
    return case("softmax(x)[0]", x=x), [p[0] * (1 - p[0]), 0, 0]


def relu_at_zero(random: Any) -> tuple[Case, Any]:
    c = number(random)
    return case("c*relu(x)", x=0, c=c), c


def kept(random: Any) -> tuple[Case, Any]:
    x = number(random)
    return case(FAN_OUT, x=x), 2 * (2 * x + 1)


SLIPS: dict[str, Slip] = {
    "overwrite": Slip(overwrite, "total", "input", None),
    "depth-first": Slip(depth_first, "total", "input", None),
    "no-unbroadcast": Slip(no_unbroadcast, "shape", "add", 1),
    "no-chain": Slip(no_chain, "contribution", "mul"),
    "wrong-operand": Slip(wrong_operand, "contribution", "mul"),
    "missing-minus": Slip(missing_minus, "contribution", "sub", 1),
    "stale-value": Slip(stale_value, "contribution", "sigmoid"),
    "no-transpose": Slip(no_transpose, "contribution", "matmul"),
    "forgot-inner": Slip(forgot_inner, "contribution", "sin"),
    "power-off-by-one": Slip(power_kept, "contribution", "pow"),
    "sum-for-mean": Slip(sum_for_mean, "contribution", "mean"),
    "diagonal-softmax": Slip(diagonal, "contribution", "softmax"),
    "relu-at-zero-one": Slip(relu_at_zero, "contribution", "relu"),
    "keep-gradients": Slip(kept, "total", "input", None),
}


def asked(program: Case, slip: Slip) -> tuple[Any, Question]:
    """The run, and the last question of the slip's kind at an operation of its name."""
    run = program.run()
    nodes = run.tape.nodes
    found = [
        q for q in ask(run, 200)
        if (q.kind, nodes[q.node].op.name, q.argument) == (slip.kind, slip.op, slip.argument)
    ]  # fmt: skip
    if slip.kind == "contribution":  # the innermost one: the first operation that was recorded
        found.sort(key=lambda q: -q.node)
    return run, found[-1]


def typed(answer: Any) -> str:
    """An answer with four digits, as one would type it."""
    if isinstance(answer, tuple):
        return str(answer)
    listed = np.asarray(answer).tolist()
    return _typed(listed)


def _typed(value: Any) -> str:
    return "[" + ", ".join(map(_typed, value)) + "]" if isinstance(value, list) else f"{value:.5g}"


@pytest.mark.parametrize("name", SLIPS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_slip_is_recognised_by_its_answer(name: str, seed: int) -> None:
    slip = SLIPS[name]
    program, answer = slip.draw(np.random.default_rng(seed))
    run, question = asked(program, slip)
    verdict = Grader(run).judge(question, typed(answer))
    assert not verdict.correct
    assert not verdict.problem
    assert name in verdict.misconceptions
    said = " ".join(Told(run, question).feedback(verdict, 1, 3))
    assert all(other in said for other in verdict.misconceptions)


def test_every_fault_has_a_slip() -> None:
    assert set(every_misconception()) == set(SLIPS)
    assert set(SLIPS) >= set(FAULTS)


@pytest.mark.parametrize("name", SLIPS)
def test_an_answer_from_nowhere_is_nobodys_slip(name: str) -> None:
    slip = SLIPS[name]
    recognised = 0
    for seed in SEEDS:
        random = np.random.default_rng(seed)
        program, answer = slip.draw(random)
        run, question = asked(program, slip)
        if isinstance(answer, tuple):
            other: Any = tuple(int(size) for size in random.integers(20, 90, 2))
        else:
            other = random.normal(size=np.shape(answer)) * 50 + 100
        verdict = Grader(run).judge(question, typed(other))
        assert not verdict.correct
        recognised += bool(verdict.misconceptions)
    assert 0 == recognised


def test_slips_that_come_to_the_same_are_all_named() -> None:
    run = case("h = x*x\nh*y + h", x=3, y=2).run()
    question = next(q for q in ask(run, 99) if q.kind == "contribution" and run.tape.nodes[q.node].op.name == "mul"
                    and q.step == 3)  # fmt: skip
    verdict = Grader(run).judge(question, "6")
    assert {"overwrite", "depth-first"} == set(verdict.misconceptions)
    said = " ".join(Told(run, question).feedback(verdict, 1, 3))
    assert "either of them" in said


FORMULAS = [
    ("stale-value", case("sigmoid(w*x)", w=2, x=1), "sigmoid", 0, "v1*(1 - v1)"),
    ("stale-value", case("sigmoid(w*x)", w=2, x=1), "sigmoid", 0, "v1 - v1^2"),
    ("power-off-by-one", case("x**3", x=2), "pow", 0, "3*x*x*x"),
    ("wrong-operand", case("w*x + 1", w=3, x=2), "mul", 0, "w"),
    ("missing-minus", case("a/b", a=3, b=2), "div", 1, "a/b^2"),
    ("missing-minus", case("a/b", a=3, b=2), "div", 1, "v1/b"),
    ("forgot-inner", case("sin(x**2)", x=2), "sin", 0, "cos(x)"),
    ("no-transpose", case("sum(X @ W)", X=[[1, 2], [3, 4]], W=[[1, 2], [0, 1]]), "matmul", 0, "upstream @ W"),
    ("no-transpose", case("sum(X @ W)", X=[[1, 2], [3, 4]], W=[[1], [0]]), "matmul", 0, "upstream @ W"),
    ("diagonal-softmax", case("softmax(x)[0]", x=[1, 2, 3]), "softmax", 0, "upstream*v1*(1 - v1)"),
    ("sum-for-mean", case("mean(x)", x=[1, 2, 3]), "mean", 0, "upstream*ones(3)"),
]


@pytest.mark.parametrize(("name", "program", "op", "argument", "text"), FORMULAS, ids=lambda value: str(value)[:30])
def test_a_slip_is_recognised_by_its_formula(name: str, program: Case, op: str, argument: int, text: str) -> None:
    run = program.run()
    question = next(
        q for q in ask(run, 99)
        if q.kind == "formula" and q.argument == argument and run.tape.nodes[q.node].op.name == op
    )  # fmt: skip
    verdict = Grader(run).judge(question, text)
    assert (False, (name,)) == (verdict.correct, verdict.misconceptions)
    assert () == Grader(run).judge(question, "17.5").misconceptions


def test_taking_a_value_before_it_is_complete_is_depth_first() -> None:
    run = case("h = x*x\nh*y + h", x=3, y=2).run()
    question = next(q for q in ask(run, 99) if q.kind == "target")
    assert ("depth-first",) == Grader(run).judge(question, "h").misconceptions
    assert Grader(run).judge(question, "v1").correct
    assert () == Grader(run).judge(question, "x").misconceptions
