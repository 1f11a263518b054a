"""A quiz in lines: widths, worked steps, results, and user text that stays data."""

from __future__ import annotations

import io

import pytest

from autograd_explain import explain
from autograd_explain.explanation.quiz import ask
from autograd_explain.explanation.quiz_grading import Course, Grader, graded
from autograd_explain.render.quiz import (
    page_lines,
    program_lines,
    question_lines,
    result_lines,
    status_text,
    worked_lines,
)
from autograd_explain.render.quiz_json import as_dict
from autograd_explain.render.quiz_sheet import fenced, plain, write_key, write_sheet
from autograd_explain.render.theme import Line, View
from autograd_explain.source import cell_width
from tests.programs import DEF_AND_FOR, EVERY, FAN_OUT, TWO_LAYERS, Case


def text_of(lines: object, view: View) -> str:
    return "\n".join(line.render(view) for line in lines)  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", [60, 80, 160])
@pytest.mark.parametrize("program", [FAN_OUT, TWO_LAYERS, DEF_AND_FOR], ids=str)
def test_everything_keeps_to_the_width(program: Case, width: int) -> None:
    view = View(width=width)
    run = program.run()
    questions = ask(run, 20)
    course = graded(run, questions, ["wrong answer " * 20] * len(questions), None)
    lines = [*program_lines(run, view), *result_lines(run, course, view)]
    for question in questions:
        lines += [*question_lines(run, question, view), *worked_lines(run, question, view)]
    assert [] == [line.render(view) for line in lines if cell_width(line.render(view)) > width]


@pytest.mark.parametrize("program", EVERY, ids=str)
def test_every_question_has_a_worked_step(program: Case) -> None:
    run = program.run()
    try:
        questions = ask(run, 12)
    except Exception:  # noqa: BLE001 - a program without anything to ask
        return
    for question in questions:
        answer, *worked = worked_lines(run, question, View())
        assert "answer: " in answer.render(View())
        assert worked


def test_the_worked_total_shows_every_contribution() -> None:
    run = FAN_OUT.run()
    [total] = [question for question in ask(run, 50) if question.kind == "total"]
    text = text_of(worked_lines(run, total, View()), View())
    assert "total at x: 1 + 3 + 3 = 7" in text
    assert "v2 = v1 + x" in text


def test_a_page_shows_what_was_said_and_in_the_end_the_results() -> None:
    run = FAN_OUT.run()
    course = Course(ask(run, 1, 0, ("values",)), Grader(run))
    course.answer("[bold]1")
    page = text_of(page_lines(run, course, View()), View())
    assert "> [bold]1" in page
    assert "✗ Not so" in page
    assert "question 1 of 1 · values · try 2 of 3 · 0 right so far" == status_text(course)
    course.pass_over()
    assert "answer: 9" in text_of(page_lines(run, course, View()), View())
    course.go_on()
    assert "SCORE" in text_of(page_lines(run, course, View()), View())
    assert "quiz · over · 0 of 1 right" == status_text(course)


def test_plain_is_ascii_but_for_what_the_user_typed() -> None:
    view = View(ascii=True)
    run = TWO_LAYERS.run()
    for question in ask(run, 20):
        assert text_of([*question_lines(run, question, view), *worked_lines(run, question, view)], view).isascii()


def test_the_questions_of_the_sheet_stand_in_the_key_and_in_the_json() -> None:
    run = TWO_LAYERS.run()
    questions = ask(run, 9)
    sheet, key = io.StringIO(), io.StringIO()
    write_sheet(run, questions, View(), sheet)
    write_key(run, questions, View(), key)
    data = as_dict(run, graded(run, questions, [], None), 0, 0)
    for question, told in zip(questions, data["questions"], strict=True):
        head = f"## {question.number}. {question.level}"
        assert head in sheet.getvalue()
        assert head in key.getvalue()
        assert told["question"].isascii()


def test_markdown_is_given_text_as_it_stands() -> None:
    assert r"a\_b \*c\* \<d\> \`e\` \[f\](g) \\x1b" == plain("a_b *c* <d> `e` [f](g) \x1b")
    block = fenced([Line("a ```` b")], View())
    assert ["`````text", "a ```` b", "`````"] == block


def test_a_program_with_many_operations_is_listed_in_part() -> None:
    run = explain("h = x\nfor i in range(50):\n    h = tanh(h)\nh", x=1)
    assert "… and 26 more operations" in text_of(program_lines(run, View()), View())
