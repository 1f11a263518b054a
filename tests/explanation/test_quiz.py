"""The questions of a quiz: a seed's choice, what is expected, and how it is worded."""

from __future__ import annotations

import re

import numpy as np
import pytest

from autograd_explain import explain
from autograd_explain.errors import InputError
from autograd_explain.explanation.quiz import KINDS, LEVELS, ask
from autograd_explain.explanation.quiz_grading import Course, Grader, graded
from autograd_explain.explanation.quiz_words import Told
from tests.programs import DEF_AND_FOR, EVERY, EXAMPLE, FAN_OUT, TWO_LAYERS, Case, run_example, sound_examples


def typed(question: object, value: object) -> str:
    """The expected answer as one would type it, in full."""
    return value if isinstance(value, str) else str(np.asarray(value).tolist())


@pytest.mark.parametrize("program", EVERY, ids=str)
def test_what_is_expected_is_right_and_every_question_can_be_put_into_words(program: Case) -> None:
    run = program.run()
    try:
        questions = ask(run, 30)
    except InputError:
        return
    grader = Grader(run)
    for question in questions:
        value = str(question.expected) if question.form == "shape" else typed(question, question.expected)
        verdict = grader.judge(question, value)
        assert verdict.correct, (question, verdict)
        words = Told(run, question)
        assert words.ask.endswith((".", "?"))
        assert all(words.hints())
        assert grader.judge(question, words.value_text(question.expected)).correct


@pytest.mark.parametrize("name", sound_examples())
def test_the_gallery_can_be_asked_about(name: str) -> None:
    run = run_example(name)
    questions = ask(run, 6)
    assert 1 <= len(questions) <= 6
    assert list(range(1, len(questions) + 1)) == [question.number for question in questions]
    assert all(Told(run, question).text() for question in questions)


def test_a_seed_settles_the_choice() -> None:
    run = TWO_LAYERS.run()
    chosen = [[(q.kind, q.node, q.argument, q.entry) for q in ask(run, 6, seed)] for seed in (0, 0, 1, 2)]
    assert chosen[0] == chosen[1]
    assert chosen[0] != chosen[2]
    assert chosen[2] != chosen[3]


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_asks_only_its_own_kinds(level: str) -> None:
    questions = ask(TWO_LAYERS.run(), 50, 0, (level,))
    assert {level} == {KINDS[question.kind] for question in questions}


def test_all_kinds_are_asked() -> None:
    kinds = {q.kind for program in (TWO_LAYERS, DEF_AND_FOR, FAN_OUT) for q in ask(program.run(), 200)}
    kinds |= {q.kind for q in ask(explain("h = x*x\nh*y + h", x=3, y=2), 200)}
    assert set(KINDS) == kinds


def test_a_few_questions_are_of_many_kinds() -> None:
    assert {"value", "local", "contribution", "formula"} <= {question.kind for question in ask(EXAMPLE.run(), 4)}


def test_questions_go_as_the_run_goes() -> None:
    questions = ask(TWO_LAYERS.run(), 40)
    steps = [question.step or 0 for question in questions]
    assert sorted(steps) == steps
    assert 0 in steps
    assert max(steps) > 1


def test_the_total_is_the_gradient() -> None:
    run = FAN_OUT.run()
    [total] = [question for question in ask(run, 50) if question.kind == "total"]
    assert 7.0 == total.expected == run.gradients["x"]
    words = Told(run, total)
    assert "x is used 3 times" in words.lead
    assert "The contributions are 1 and 3 and 3." == words.hints()[1]


def test_two_uses_that_are_alike_are_asked_about_once() -> None:
    parts = [(q.kind, q.argument) for q in ask(FAN_OUT.run(), 50) if q.kind == "contribution" and q.node == 1]
    assert [("contribution", 0)] == parts


@pytest.mark.parametrize(
    ("text", "values", "level", "said"),
    [
        ("x", {"x": 3}, "values", "computes nothing"),
        ("x + y", {"x": 3, "y": 1}, "formulas", "at the level formulas"),
    ],
)
def test_nothing_to_ask_is_said(text: str, values: dict[str, float], level: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        ask(explain(text, values), 5, 0, (level,))


def test_numbers_are_given_with_the_digits_that_the_answer_needs() -> None:
    run = explain("a - b", a=1.000000123, b=1)
    [question] = [q for q in ask(run, 9) if q.kind == "value"]
    given = re.search(r"a = ([\d.]+)", Told(run, question).text())
    assert given is not None
    assert Grader(run).judge(question, f"{given[1]} - 1").correct


def test_a_large_array_is_asked_about_by_one_entry() -> None:
    run = explain("exp(X)", X=np.arange(12.0).reshape(3, 4))
    [question] = [q for q in ask(run, 9) if q.kind == "value"]
    assert question.entry is not None
    row, column = question.entry
    assert np.exp(4 * row + column) == question.expected
    assert f"What is v1[{row}, {column}]?" == Told(run, question).ask


def test_a_long_run_is_asked_about_soon() -> None:
    run = explain("h = x\nfor i in range(20000):\n    h = h*0.9999 + 0.0001*w\nh", x=1, w=2)
    assert 8 == len(ask(run, 8))


def test_a_course_goes_through_tries_to_the_score() -> None:
    run = FAN_OUT.run()
    course = Course(ask(run, 3), Grader(run))
    for text in ("0", "1", "2"):
        assert not course.is_finished
        course.answer(text)
    assert course.is_finished
    course.go_on()
    course.pass_over()
    assert course.is_finished
    course.go_on()
    course.answer("no number")
    course.answer(typed(course.question, course.question.expected))
    assert course.is_finished
    course.go_on()
    assert course.is_over
    assert (1, 0, 1, 3) == (
        course.score.right, course.score.first_try, course.score.unanswered, course.score.asked
    )  # fmt: skip


def test_lines_are_graded_in_order_and_blanks_are_no_answers() -> None:
    run = FAN_OUT.run()
    questions = ask(run, 4)
    right = typed(questions[1], questions[1].expected)
    course = graded(run, questions, ["-1", right, "  "], None)
    assert [False, True, False, False] == [course.is_right(place) for place in range(4)]
    assert (1, 2) == (course.score.right, course.score.unanswered)
