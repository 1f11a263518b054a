"""A quiz on paper, in Markdown: the questions with blanks to fill, and apart from them the key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TextIO

from autograd_explain.explanation.quiz import Question
from autograd_explain.render.quiz import fact_lines, program_lines, told, worked_lines
from autograd_explain.render.theme import Line, View
from autograd_explain.source import visible

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$])")
_IN_ORDER = "Answer in order: a question may state what an earlier one asks for."
_BLANKS = {"array": 2, "formula": 2}


def write_sheet(run: Explanation, questions: Sequence[Question], view: View, out: TextIO) -> None:
    """Write the questions with blanks."""
    view = replace(view, color=False)
    _write(out, [*_heading("Quiz", run, view), "", _IN_ORDER])
    for question in questions:
        words = told(run, question, view)
        _write(out, ["", f"## {question.number}. {question.level}", "", plain(words.lead)])
        facts = list(fact_lines(words, view))
        if facts:
            _write(out, ["", *fenced(facts, view)])
        _write(out, ["", f"**{plain(words.ask)}** {plain(words.how)}", ""])
        _write(out, ["\\_" * 40 + "  "] * _BLANKS.get(question.form, 1))


def write_key(run: Explanation, questions: Sequence[Question], view: View, out: TextIO) -> None:
    """Write the answers, each with the worked step."""
    view = replace(view, color=False)
    _write(out, _heading("Key", run, view))
    for question in questions:
        words = told(run, question, view)
        tolerance = " (±0.5 %)" if question.tolerance else ""
        answer = words.value_text(question.expected)
        _write(out, ["", f"## {question.number}. {question.level}", "", plain(f"{words.lead} {words.ask}")])
        _write(out, ["", f"**{plain(answer)}**{tolerance}", "", *fenced(_without_answer(run, question, view), view)])


def _without_answer(run: Explanation, question: Question, view: View) -> Iterator[Line]:
    lines = worked_lines(run, question, view)
    next(lines)
    yield from lines


def _heading(title: str, run: Explanation, view: View) -> list[str]:
    return [f"# {title}", "", *fenced(program_lines(run, view), view)]


def plain(text: str) -> str:
    """Text that Markdown takes as it stands."""
    return _SPECIAL.sub(r"\\\1", visible(text))


def fenced(lines: Iterable[Line], view: View) -> list[str]:
    """Lines as they are, in a block whose fence is longer than any in them."""
    texts = [line.render(view) for line in lines]
    while texts and not texts[0]:
        texts.pop(0)
    longest = max((len(run) for text in texts for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *texts, fence]


def _write(out: TextIO, lines: Iterable[str]) -> None:
    out.writelines(line + "\n" for line in lines)
