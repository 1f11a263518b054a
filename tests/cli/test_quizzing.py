"""`quiz` without a terminal: answers from files and pipes, results as text and JSON, worksheets, what is refused."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.cli.conftest import Command, Ended

SCHEMA = json.loads(files("autograd_explain").joinpath("quiz-schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
EXAMPLE = ("quiz", "(1 - sigmoid(w*x + b))**2", "--x", "2", "--w", "3", "--b", "1")


def piped(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    """Let standard input be a pipe with these bytes in it."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), "utf-8"))


def answers(text: str | bytes) -> str:
    """A file of answers; returns its name."""
    Path("answers.txt").write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return "answers.txt"


def results(ended: Ended) -> Any:
    """The results as data, held against the schema."""
    assert 0 == ended.code
    data = json.loads(ended.out)
    VALIDATOR.validate(data)
    return data


def expected(command: Command, *words: str) -> list[str]:
    """The right answers to a quiz, as one would type them."""
    data = results(command(*words, "--answers", answers(""), "--format", "json"))
    return [_typed(question) for question in data["questions"]]


def _typed(question: Any) -> str:
    value = question["expected"]
    return value if isinstance(value, str) else str(tuple(value)) if question["form"] == "shape" else json.dumps(value)


@pytest.mark.parametrize("words", [EXAMPLE, ("quiz", "fan-out"), ("quiz", "two-layers"), ("quiz", "xor")],
                         ids=lambda words: words[1][:12])  # fmt: skip
def test_right_answers_are_all_right(words: tuple[str, ...], command: Command) -> None:
    right = expected(command, *words)
    ended = command(*words, "--answers", answers("\n".join(right) + "\n"))
    assert 0 == ended.code
    assert f"SCORE     {len(right)} of {len(right)} right\n" in ended.out
    assert "REVIEW" not in ended.out
    data = results(command(*words, "--answers", "answers.txt", "--format", "json"))
    assert len(right) == data["score"]["right"] == data["score"]["first_try"] == data["answers_read"]


def test_a_wrong_answer_is_reviewed_with_its_misconception(command: Command) -> None:
    words = ("quiz", "x*x + x", "--x", "3", "--level", "chain", "--questions", "3")
    right = expected(command, *words)
    assert "7.0" == right[-1]
    ended = command(*words, "--answers", answers("\n".join([*right[:-1], "3"])))
    assert (0, "") == (ended.code, ended.err)
    assert "SCORE     1 of 2 right" in ended.out or "of 3 right" in ended.out
    assert "✗ 3   overwrite" in ended.out
    assert "Count the uses" in ended.out
    assert "answer: 7" in ended.out
    question = results(command(*words, "--answers", "answers.txt", "--format", "json"))["questions"][-1]
    assert (["overwrite"], "3", False, 7.0) == (
        question["misconception"], question["given"], question["correct"], question["expected"]
    )  # fmt: skip
    assert {"relative": 0.005, "absolute": 1e-12} == question["tolerance"]


def test_blank_missing_and_superfluous_lines(command: Command) -> None:
    right = expected(command, *EXAMPLE, "--questions", "4")
    few = command(*EXAMPLE, "--questions", "4", "--answers", answers(f"\n{right[1]}"))
    assert "2 lines of answers for 4 questions: the rest counts as not answered" in few.err
    assert "1 of 4 right, 3 without an answer" in few.out
    many = command(*EXAMPLE, "--questions", "4", "--answers", answers("\n".join([*right, "5", "6"])))
    assert "6 lines of answers for 4 questions: the last ones are not read" in many.err
    assert "4 of 4 right" in many.out
    blank_end = command(*EXAMPLE, "--questions", "4", "--answers", answers("\n".join(right) + "\n\n\n"))
    assert "" == blank_end.err


def test_lines_may_end_as_on_windows_and_begin_with_a_mark(command: Command) -> None:
    right = expected(command, *EXAMPLE, "--questions", "4")
    ended = command(*EXAMPLE, "--questions", "4", "--answers", answers(b"\xef\xbb\xbf" + "\r\n".join(right).encode()))
    assert ("", True) == (ended.err, "4 of 4 right" in ended.out)


def test_hostile_answers_count_as_wrong(command: Command) -> None:
    program = b"__import__('os').system('touch hit')"
    lines = [program, b"9**9**9", b"(" * 9000, b"[red]x[/]", b"\x1b[31m\x00", b"\xff\xfe"]
    ended = command(*EXAMPLE, "--questions", "6", "--answers", answers(b"\n".join(lines)))
    assert 0 == ended.code
    assert "0 of 6 right" in ended.out
    assert "\x1b" not in ended.out
    assert "\x00" not in ended.out
    assert "[red]x[/]" in ended.out
    assert "\\x1b[31m\\x00" in ended.out
    assert not Path("hit").exists()
    data = results(command(*EXAMPLE, "--questions", "6", "--answers", "answers.txt", "--format", "json"))
    assert "9**9**9" == data["questions"][1]["given"]
    assert "\x1b[31m\x00" == data["questions"][4]["given"]


def test_answers_from_a_pipe(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    right = expected(command, *EXAMPLE, "--questions", "2")
    piped(monkeypatch, "\n".join(right).encode())
    ended = command(*EXAMPLE, "--questions", "2")
    assert (0, True) == (ended.code, "2 of 2 right" in ended.out)
    assert "standard input is not a terminal" in ended.err
    piped(monkeypatch, "\n".join(right).encode())
    asked_for = command(*EXAMPLE, "--questions", "2", "--answers", "-")
    assert (ended.out, "") == (asked_for.out, asked_for.err)


def test_nothing_at_all_on_standard_input(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    piped(monkeypatch, b"")
    ended = command(*EXAMPLE, "--questions", "2")
    assert (0, True) == (ended.code, "0 of 2 right, 2 without an answer" in ended.out)


def test_same_words_same_bytes(command: Command) -> None:
    first, second = (command(*EXAMPLE, "--seed", "5", "--answers", answers("1\n2"), "--format", "json") for _ in "ab")
    assert first.out == second.out
    assert first.out != command(*EXAMPLE, "--seed", "6", "--answers", "answers.txt", "--format", "json").out


def test_results_go_to_a_file(command: Command) -> None:
    name = answers("1")
    ended = command(*EXAMPLE, "--answers", name, "--format", "json", "-o", "results.json")
    assert (0, "") == (ended.code, ended.out)
    VALIDATOR.validate(json.loads(Path("results.json").read_text("utf-8")))
    assert 2 == command(*EXAMPLE, "--answers", name, "-o", "results.json").code
    assert 0 == command(*EXAMPLE, "--answers", name, "-o", "results.json", "--force").code


def test_a_run_with_few_questions_says_so(command: Command) -> None:
    ended = command("quiz", "x*y", "--x", "2", "--y", "3", "--questions", "50", "--answers", answers(""))
    assert "questions in it, not 50" in ended.err


def test_the_worksheet_has_blanks_and_the_key_has_the_answers(command: Command) -> None:
    ended = command(*EXAMPLE, "--questions", "5", "--worksheet", "quiz.md")
    assert (0, "") == (ended.code, ended.out)
    sheet, key = (Path(name).read_text("utf-8") for name in ("quiz.md", "quiz-key.md"))
    assert 5 == sheet.count("\n## ") == key.count("\n## ")
    assert sheet.count("\\_" * 40) >= 5
    assert "\\_" * 5 not in key
    assert "answer" not in sheet
    for value in expected(command, *EXAMPLE, "--questions", "5"):
        if value.startswith("0.0"):
            assert f"**{float(value):.6g}**" in key
    assert "wrote quiz.md" in ended.err
    assert "wrote quiz-key.md" in ended.err


def test_a_worksheet_takes_a_program_as_it_is(command: Command) -> None:
    text = "# `````\nx*x  # **bold** <b>\n"
    Path("odd.expr").write_text(text, encoding="utf-8")
    assert 0 == command("quiz", "odd.expr", "--x", "2", "--worksheet", "a.md", "--key", "b.md", "--plain").code
    sheet = Path("a.md").read_text("utf-8")
    assert "x*x  # **bold** <b>" in sheet
    assert sheet.isascii() or "±" in sheet


def refused(fails: Callable[..., str], *words: str) -> str:
    return fails(*EXAMPLE, *words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--answers", "none.txt"), "the answers in none.txt cannot be read"),
        (("--answers", "."), "cannot be read"),
        (("--key", "key.md"), "--key goes with --worksheet"),
        (("--worksheet", "no/where.md"), "there is no folder"),
        (("--worksheet", "a.md", "--key", "a.md"), "are one file"),
        (("--worksheet", "a.md", "--answers", "x"), "--answers cannot be given"),
        (("--worksheet", "a.md", "-o", "x"), "-o cannot be given"),
        (("--level", "values,locals"), "takes one of values, locals, chain, formulas"),
        (("--questions", "0"), "--questions"),
        (("--wrt", "q"), "no value is given"),
        (("--level",), "--level has no value"),
        (("--z", "3"), "z"),
    ],
)
def test_what_is_refused(words: tuple[str, ...], said: str, fails: Callable[..., str]) -> None:
    assert said in refused(fails, *words)


def test_nothing_to_ask_is_refused(fails: Callable[..., str]) -> None:
    assert "nothing to ask" in fails("quiz", "x", "--x", "3")


def test_a_missing_value_shows_the_command_to_copy(fails: Callable[..., str]) -> None:
    assert 'autograd-explain quiz "w*x" --x 2 --w ...' in fails("quiz", "w*x", "--x", "2")


def test_a_program_from_standard_input_leaves_none_for_the_answers(
    fails: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    piped(monkeypatch, b"x*x")
    assert "cannot hold the answers" in fails("quiz", "-", "--x", "3", "--answers", "-")
    piped(monkeypatch, b"x*x")
    assert "cannot hold the answers" in fails("quiz", "-", "--x", "3")


def test_a_key_that_exists_keeps_the_worksheet_from_being_written(command: Command) -> None:
    Path("quiz-key.md").write_text("mine", encoding="utf-8")
    ended = command(*EXAMPLE, "--worksheet", "quiz.md")
    assert (2, "") == (ended.code, ended.out)
    assert not Path("quiz.md").exists()
    assert "mine" == Path("quiz-key.md").read_text("utf-8")
