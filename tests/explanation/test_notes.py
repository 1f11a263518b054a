"""Every kind of note: a program that raises its question, and one that does not."""

from __future__ import annotations

import pytest

from tests.explanation.told import told
from tests.programs import EVERY, Case, case

CUBE = """def cube(t): return t*t*t
@backward_of(cube)
def cube_back(upstream, out, t): return upstream*3*t**2
cube(x)"""

RAISED = {
    "seed": (case("x*2", x=1), "changes by exactly its own change"),
    "records-only": (case("x*2", x=1), "recorded 1 operation."),
    "meaning": (case("5*x", x=1), "raise x by 0.01 and the result changes by about 0.05"),
    "accumulation": (case("x*x", x=3), "x is used 2 times: each use is a path to the result, and the paths add up (3"),
    "uses-output": (case("exp(x)", x=1), "v1 is already known"),
    "subtraction": (case("a - b", a=1, b=2), "Raising b lowers a − b one for one"),
    "saturation": (case("sigmoid(x)", x=7), "passes 0.091 % of its upstream (at 0 it would pass 25 %)"),
    "dead-relu": (case("relu(x)", x=-2), "off here: x = -2 is below 0"),
    "kink": (case("abs(x)", x=0), "from the left is −1, from the right 1"),
    "tie": (case("maximum(x, y)", x=2, y=2), "has a tie"),
    "broadcast": (
        case("sum(X + b)", X=[[1, 2], [3, 4], [5, 6]], b=[1, 2]),
        "from (2) to (3,2): each entry was used 3 times",
    ),
    "matmul": (case("sum(X @ W)", X=[[1, 2, 3], [4, 5, 6]], W=[[1], [2], [3]]), "upstream (2,1) @ Wᵀ (1,3) → (2,3)"),
    "non-scalar": (case("2*x", x=[1, 2]), "2 entries, shape (2)"),
    "unused-input": (case("y = 2*u\nx + 1", x=1, u=2), "u gets 0: no path leads"),
    "non-finite": (case("log(x)", x=0), "first inf of the forward pass is made by log in v1, from x = 0"),
    "order": (
        case("y = x*x\ny*y + y", x=2),
        "y is used 3 times, so it waited until every use had sent its share, 9 in all",
    ),
    "saved": (case("w*exp(x)", w=1, x=2), "The rules will need 2 values, 16 bytes"),
    "exponent": (case("x**y", x=2, y=3), "the slope of x^y by y is x^y·log(x)"),
    "zero-slope": (case("floor(x)*x", x=2.5), "floor is flat between its jumps"),
    "reduction": (case("mean(x)", x=[1, 2, 3]), "divides by the 3 entries"),
    "softmax-cross-entropy": (case("cross_entropy(Z, t)", Z=[[1, 2]], t=[0]), "[0.2689, 0.7311] − [1, 0]"),
    "where": (case("where(x > 0, x, 2*x)", x=1), "all of it goes to x. The condition itself gets no gradient"),
    "where-nan": (case("where(x > 0, sqrt(x), 0)", x=0), "the slope of sqrt there is inf, and 0 × inf = nan"),
    "detached": (case("x*detach(x)", x=3), "detach cuts the path from v1 to x: without it, 3 would have come through"),
    "custom-rule": (case(CUBE, x=2), "cube has its own rule"),
    "vanishing": (case("exp(-20*x)*x", x=1), "2.554e+07 times smaller than its seed"),
    "exploding": (case("exp(20*x)", x=1), "9.703e+09 times larger than its seed"),
    "cancellation": (case("(x + 1e12) - 1e12", x=0.1), "about 12 of 16 digits are lost, and only 4 are left"),
    "branch": (case("if x > 1:\n    x = 2*x\nx", x=3), "The condition x > 1 was true (3 > 1)"),
}

NOT_RAISED = {
    "seed": case("2"),
    "records-only": case("x", x=1),
    "meaning": case("log(-x)", x=1),
    "accumulation": case("x*y", x=3, y=3),
    "uses-output": case("sin(x)", x=1),
    "subtraction": case("a - 1", a=1),
    "saturation": case("sigmoid(x)", x=1),
    "dead-relu": case("relu(x)", x=2),
    "kink": case("abs(x)", x=1e-300),
    "tie": case("maximum(x, y)", x=2, y=2.5),
    "broadcast": case("sum(X + b)", X=[[1, 2]], b=[[1, 2]]),
    "matmul": case("sum(X * W)", X=[[1, 2]], W=[[1, 2]]),
    "non-scalar": case("sum(2*x)", x=[1, 2]),
    "unused-input": case("x*u", x=1, u=0),
    "non-finite": case("log(x)", x=1e-300),
    "order": case("(2*x)*y", x=2, y=3),
    "saved": case("x", x=1),
    "exponent": case("x**2", x=2),
    "zero-slope": case("x*2.5", x=2.5),
    "reduction": case("sum(x)", x=[1, 2, 3]),
    "softmax-cross-entropy": case("softmax(x)[0]", x=[1, 2]),
    "where": case("x if x > 0 else 2*x", x=1),
    "where-nan": case("where(x > 0, sqrt(where(x > 0, x, 1)), 0)", x=0),
    "detached": case("x*x", x=3),
    "custom-rule": case("def cube(t): return t*t*t\ncube(x)", x=2),
    "vanishing": case("exp(-x)*x", x=1),
    "exploding": case("exp(2*x)", x=1),
    "cancellation": case("x - 1", x=3),
    "branch": case("where(x > 1, 2*x, x)", x=3),
}  # fmt: skip


def test_every_kind_has_both_programs() -> None:
    assert RAISED.keys() == NOT_RAISED.keys()


@pytest.mark.parametrize("kind", RAISED)
def test_a_note_where_its_question_arises(kind: str) -> None:
    program, part = RAISED[kind]
    first, *_ = told(program, kind)
    assert part in first.text


@pytest.mark.parametrize("kind", NOT_RAISED)
def test_no_note_where_it_does_not(kind: str) -> None:
    assert [] == told(NOT_RAISED[kind], kind)


@pytest.mark.parametrize("program", EVERY, ids=str)
def test_a_kind_is_told_in_full_once_and_sentences_are_whole(program: Case) -> None:
    notes = program.run().notes
    at_steps = [note.kind for note in notes if note.step is not None and not note.short]
    assert sorted(set(at_steps)) == sorted(at_steps)
    assert not [note.text for note in notes if not note.short and not note.text.endswith(".")]
    assert not [note.text for note in notes if "  " in note.text or note.text != note.text.strip()]


def test_the_second_time_refers_back() -> None:
    first, second = told(case("x*x + y*y", x=1, y=2), "accumulation")
    assert not first.short
    assert second.short
    assert second.text.endswith(f"(as at step {first.step})")


def test_what_nobody_asks_a_third_time() -> None:
    notes = told(case("exp(x) + exp(2*x) + exp(3*x)", x=1), "uses-output")
    assert [False, True] == [note.short for note in notes]
